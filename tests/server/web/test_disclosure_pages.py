"""The disclosure desk's pages: what a clerk and a supervisor see, send and get."""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI
from tests.support.a_partner import SCAN, asked_by, declare, entered, partner
from tests.support.agency import SettableClock, a_fresh_agency
from tests.support.shelf import Shelf
from tests.support.sightings import placed, seen
from tests.support.web import ClientAs, Desk

from charteroak.core.codes import AgencyKind
from charteroak.core.partner import Partner
from charteroak.core.people import Role
from charteroak.server.actions.decide_disclosure import decide_disclosure
from charteroak.server.agency import Agency
from charteroak.server.web.app import create_app

PLATE = "BK47193"
PDF = ("scan.pdf", SCAN.content, "application/pdf")


@pytest.fixture(scope="module")
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture(scope="module")
def agency(
    agencies: Shelf, clock: SettableClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Agency]:
    """One town for all of them."""
    folder = tmp_path_factory.mktemp("agency")
    with a_fresh_agency(agencies, clock, folder) as made:
        placed(made, "main-st", "Main Street at the Green")
        seen(made, PLATE)
        yield made


@pytest.fixture(scope="module")
def app(agency: Agency) -> FastAPI:
    return create_app(agency)


@pytest.fixture(scope="module")
def yonkers(agency: Agency) -> Partner:
    made = partner(agency, "Yonkers Police Department", "NY")
    declare(agency, made)
    return made


def form(who: Partner, **changes: str) -> dict[str, str | list[str]]:
    return {
        "partner": str(who.partner_id),
        "person": "Det. Maya Lind",
        "contact": "914-555-0147",
        "reference": "YPD 26-118",
        "paper": "none",
        "purpose": "robbery",
        "note": "robbery at the pharmacy on Elm Street",
        "data_kind": "nonhit",
        "plate": PLATE,
        "since": "2026-10-14T08:00",
        "until": "2026-10-15T08:00",
        **changes,
    }


def number_in(answer: httpx2.Response, said: str) -> str:
    assert answer.status_code == 303, answer.text
    found = re.fullmatch(
        r"/disclosure/requests/(\d+)\?said=(.*)", answer.headers["location"]
    )
    assert found is not None
    assert found[2] == said
    return found[1]


def refused_by(desk: Desk, number: str) -> str:
    """The letter of a refused request, as the desk opens it."""
    page = desk.page(f"/disclosure/requests/{number}")
    link = next(
        a for a in page.select("a") if a.get_text(strip=True) == "Letter of refusal"
    )
    answer = desk.get(str(link["href"]))
    assert answer.status_code == 200
    assert "style-src 'sha256-" in answer.headers["content-security-policy"]
    saved = desk.get(f"{link['href']}?save=yes")
    assert saved.content == answer.content
    assert "attachment" in saved.headers["content-disposition"]
    return answer.text


# ----------------------------------------------------------------- from request to file


def test_from_the_form_to_the_package(client_as: ClientAs, yonkers: Partner) -> None:
    clerk, supervisor = client_as(Role.LIST_CLERK), client_as(Role.SUPERVISOR)

    number = number_in(clerk.post("/disclosure/new", form(yonkers)), "entered")
    seen_by_clerk = clerk.page(f"/disclosure/requests/{number}")
    assert not seen_by_clerk.select("button[value=approve]")
    shown = supervisor.page(f"/disclosure/requests/{number}")
    assert "CT-share-neighbors" in shown.text
    path = f"/disclosure/requests/{number}"
    unsaid = supervisor.post(f"{path}/decide", {"answer": "approve", "reason": "ok"})
    assert unsaid.status_code == 422
    said = {"answer": "approve", "reason": "The declaration is in force"}
    number_in(supervisor.post(f"{path}/decide", said), "approved")
    answer = supervisor.post(f"{path}/release")

    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == (
        f'attachment; filename="disclosure-{number}.zip"'
    )
    assert answer.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        folder = f"disclosure-{number}"
        assert PLATE in archive.read(f"{folder}/reads.csv").decode()
    assert "1 read" in supervisor.page("/disclosure?show=all").text
    assert clerk.post(f"{path}/release").status_code == 403


def test_a_warrant_that_no_judge_signed_is_refused_with_a_letter(
    agency: Agency, client_as: ClientAs
) -> None:
    federal = partner(agency, "Removal", "US", kind=AgencyKind.FEDERAL_AGENCY)
    clerk = client_as(Role.LIST_CLERK)
    sent = form(federal, paper="warrant", issuer="agency")

    panel = clerk.post("/disclosure/explain", sent, headers={"hx-request": "true"})
    assert panel.status_code == 200
    assert "<html" not in panel.text
    assert "No judge signed this paper" in panel.text
    assert "CT-no-other-state" in panel.text
    whole = clerk.post("/disclosure/explain", sent)
    assert "<html" in whole.text
    assert "CT-no-other-state" in whole.text
    unscanned = clerk.post("/disclosure/new", sent)
    assert unscanned.status_code == 422
    assert "Choose the scan of the paper" in unscanned.text
    assert PLATE in unscanned.text
    number = number_in(
        clerk.post("/disclosure/new", sent, files={"scan": PDF}), "refused"
    )

    # Who asks and from where is read as the note is, before the click as well.
    beside = clerk.post(
        "/disclosure/explain",
        form(partner(agency, "Troy Police", "CT"), contact="x@ice.dhs.gov"),
        headers={"hx-request": "true"},
    )
    assert "CT-no-immigration" in beside.text
    letter = refused_by(clerk, number)
    assert "P.A. 26-14" in letter
    assert "Bring a warrant that a judge signed" in letter
    assert PLATE not in letter


def test_a_declaration_that_ends_before_the_release(
    agency: Agency, clock: SettableClock, client_as: ClientAs
) -> None:
    rye = partner(agency, "Rye Police Department", "NY")
    declare(agency, rye, ends_in=timedelta(minutes=20))
    clerk, supervisor = client_as(Role.LIST_CLERK), client_as(Role.SUPERVISOR)
    number = number_in(clerk.post("/disclosure/new", form(rye)), "entered")
    path = f"/disclosure/requests/{number}"
    said = {"answer": "approve", "reason": "The declaration is in force"}
    number_in(supervisor.post(f"{path}/decide", said), "approved")
    clock.advance(timedelta(minutes=20))

    number_in(supervisor.post(f"{path}/release"), "refused")

    assert "CT-no-declaration" in refused_by(supervisor, number)


# ------------------------------------------------------------------ what is not taken


def test_what_is_missing_is_told_at_its_field(
    client_as: ClientAs, yonkers: Partner
) -> None:
    clerk = client_as(Role.LIST_CLERK)

    empty = clerk.post("/disclosure/new", {})
    for text in ("Choose the agency", "Name who asks", "Give the whole plate"):
        assert text in empty.text
    wild = clerk.post("/disclosure/new", form(yonkers, plate="BK4*"))
    reversed_ = clerk.post("/disclosure/new", form(yonkers, until="2026-10-01T00:00"))
    vague = clerk.post("/disclosure/new", form(yonkers, note="inv"))
    nobody = clerk.post(
        "/disclosure/new", form(yonkers, partner="00000000-0000-4000-8000-000000000000")
    )
    program = ("scan.pdf", b"MZ not a paper", "application/pdf")
    not_a_scan = clerk.post(
        "/disclosure/new",
        form(yonkers, paper="warrant", issuer="judge"),
        files={"scan": program},
    )

    assert {
        each.status_code for each in (empty, wild, reversed_, vague, nobody, not_a_scan)
    } == {422}
    assert "Give the whole plate, without ? and *." in wild.text
    assert "ends before it begins" in reversed_.text
    assert "Choose a PDF, JPEG or PNG" in not_a_scan.text


def test_whoever_has_no_business_there_is_told_so(
    agency: Agency, client_as: ClientAs, yonkers: Partner
) -> None:
    number = entered(agency, asked_by(agency, yonkers, plate=PLATE))
    for role in set(Role) - {Role.LIST_CLERK, Role.SUPERVISOR}:
        desk = client_as(role)
        for path in (
            "/disclosure",
            "/disclosure/new",
            "/disclosure/owners/new",
            "/disclosure/agencies",
            f"/disclosure/requests/{number}",
        ):
            assert desk.get(path).status_code == 403
        assert desk.post("/disclosure/new", form(yonkers)).status_code == 403
    assert (
        client_as(Role.SUPERVISOR).get("/disclosure/requests/999999").status_code == 404
    )


def test_without_its_form_token_nothing_is_entered_or_released(
    agency: Agency, client_as: ClientAs, yonkers: Partner
) -> None:
    number = entered(agency, asked_by(agency, yonkers, plate=PLATE))
    supervisor = client_as(Role.SUPERVISOR)
    assert supervisor.person is not None
    decide_disclosure(
        agency, supervisor.person, number, approve=True, reason="It is in force now"
    )

    for path in ("/disclosure/new", f"/disclosure/requests/{number}/release"):
        answer = supervisor.post(path, {**form(yonkers), "csrf": "wrong"})
        assert answer.status_code == 403


# ------------------------------------------------------------------------- the register


def test_an_agency_is_registered_declares_is_paused_and_begins_again(
    client_as: ClientAs,
) -> None:
    clerk, supervisor = client_as(Role.LIST_CLERK), client_as(Role.SUPERVISOR)
    new = {"name": "Rhode Island State Police", "kind": "state_police"}
    assert clerk.post("/disclosure/agencies", new).status_code == 422
    added = clerk.post("/disclosure/agencies", {**new, "jurisdiction": "RI"})
    path = added.headers["location"].partition("?")[0]
    paper: dict[str, str | list[str]] = {
        "signer": "Col. A. Weaver, superintendent",
        "signed_at": "2026-10-01",
        "ends_at": "2027-10-01",
        "pledge": ["immigration", "reproductive_care", "gender_affirming_care"],
    }
    assert clerk.post(f"{path}/declarations", paper).status_code == 422
    taken = clerk.post(f"{path}/declarations", paper, files={"scan": PDF})
    assert taken.headers["location"].endswith("said=declared")
    shown = clerk.page(path)
    assert "In force" in shown.text

    assert (
        clerk.post(f"{path}/pause", {"paused": "yes", "reason": "short"})
        .headers["location"]
        .endswith("said=why")
    )
    clerk.post(f"{path}/pause", {"paused": "yes", "reason": "Found in the press"})
    assert "Paused: gets nothing" in clerk.page("/disclosure/agencies").text
    again = {"paused": "no", "reason": "It was cleared up"}
    assert clerk.post(f"{path}/pause", again).status_code == 403
    assert (
        supervisor.post(f"{path}/pause", again)
        .headers["location"]
        .endswith("said=resumed")
    )
    form_of = next(
        each for each in shown.select("form") if "withdraw" in str(each.get("action"))
    )
    withdrawn = supervisor.post(str(form_of["action"]), {"reason": "They wrote to us"})
    assert withdrawn.headers["location"].endswith("said=withdrawn")
    assert "Ended or withdrawn" in clerk.page(path).text


def test_the_scan_of_a_paper_is_a_file_and_never_a_page(
    client_as: ClientAs, yonkers: Partner
) -> None:
    clerk = client_as(Role.LIST_CLERK)
    shown = clerk.page(f"/disclosure/agencies/{yonkers.partner_id}")
    link = next(a for a in shown.select("a") if a.text == "Open the scan")

    answer = clerk.get(str(link["href"]))

    assert answer.content == SCAN.content
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert clerk.get(f"/disclosure/papers/{yonkers.partner_id}").status_code == 404
    assert client_as(Role.OFFICER).get(str(link["href"])).status_code == 403


# --------------------------------------------------------------------------- the owner


def owner(**changes: str) -> dict[str, str | list[str]]:
    return {
        "person": "Rosa Lindqvist",
        "contact": "860-555-0119",
        "identity": "Driver's license and registration",
        "standing": "sole_owner",
        "plate": PLATE,
        "state": "CT",
        "since": "2026-10-01T00:00",
        "until": "2026-10-15T08:00",
        **changes,
    }


def test_an_owner_asks_and_two_persons_answer(client_as: ClientAs) -> None:
    clerk, supervisor = client_as(Role.LIST_CLERK), client_as(Role.SUPERVISOR)
    agreed = owner(standing="joint_owner_agreed", co_owner="Per Lindqvist")
    without = clerk.post("/disclosure/owners/new", agreed)
    assert without.status_code == 422
    sent = clerk.post("/disclosure/owners/new", agreed, files={"scan": PDF})

    path = f"/disclosure/requests/{number_in(sent, 'entered')}"
    said = {"answer": "approve", "reason": "License and registration were shown"}
    number_in(supervisor.post(f"{path}/decide", said), "approved")
    answer = supervisor.post(f"{path}/release")

    assert answer.status_code == 200
    assert 'filename="owner-' in answer.headers["content-disposition"]


def test_who_is_not_the_owner_is_told_before_and_after_the_click(
    client_as: ClientAs,
) -> None:
    clerk = client_as(Role.LIST_CLERK)
    sent = owner(standing="other")

    panel = clerk.post(
        "/disclosure/owners/explain", sent, headers={"hx-request": "true"}
    )
    assert "CT-owner-other" in panel.text
    number = number_in(clerk.post("/disclosure/owners/new", sent), "refused")

    assert "CT-owner-other" in refused_by(clerk, number)


def test_a_period_that_is_not_over_is_told_at_its_field(
    client_as: ClientAs, yonkers: Partner
) -> None:
    clerk = client_as(Role.LIST_CLERK)

    for path, sent in (
        ("/disclosure/new", form(yonkers, until="2027-01-01T00:00")),
        ("/disclosure/owners/new", owner(until="2027-01-01T00:00")),
    ):
        answer = clerk.post(path, sent)
        assert answer.status_code == 422
        assert "nobody can ask for what is still to be read" in answer.text
