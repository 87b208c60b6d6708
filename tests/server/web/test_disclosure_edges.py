"""The disclosure desk's pages where something is not as it should be."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from tests.support.a_partner import SCAN, asked_by, entered, partner
from tests.support.agency import SettableClock, a_fresh_agency
from tests.support.shelf import Shelf
from tests.support.sightings import a_read, taken
from tests.support.web import ClientAs, Desk

from charteroak.core import package
from charteroak.core.partner import Partner
from charteroak.core.people import Role
from charteroak.server.agency import Agency
from charteroak.server.web.app import create_app

PLATE = "BK47193"
PDF = ("scan.pdf", SCAN.content, "application/pdf")
NOBODY = "00000000-0000-4000-8000-000000000000"
YES = {"answer": "approve", "reason": "The papers bear it out"}


@pytest.fixture(scope="module")
def agency(
    agencies: Shelf, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Agency]:
    """One town for all of them."""
    folder = tmp_path_factory.mktemp("agency")
    with a_fresh_agency(agencies, SettableClock(), folder) as made:
        taken(made, a_read(made, PLATE), pictures=(b"plate", b"car"))
        yield made


@pytest.fixture(scope="module")
def app(agency: Agency) -> FastAPI:
    return create_app(agency)


@pytest.fixture(scope="module")
def here(agency: Agency) -> Partner:
    return partner(agency, "Hartford Police", "CT")


def said(desk: Desk, path: str, form: dict[str, str | list[str]] | None = None) -> str:
    """What the page that a form leads to is told to say."""
    answer = desk.post(path, form or {})
    assert answer.status_code == 303, answer.text
    location = str(answer.headers["location"])
    assert "usa-alert" in desk.get(location).text
    return location.rpartition("said=")[2]


def waiting(agency: Agency, here: Partner) -> str:
    number = entered(agency, asked_by(agency, here, plate=PLATE))
    return f"/disclosure/requests/{number}"


def test_what_is_turned_down_is_settled(
    agency: Agency, client_as: ClientAs, here: Partner
) -> None:
    supervisor, path = client_as(Role.SUPERVISOR), waiting(agency, here)
    no: dict[str, str | list[str]] = {"answer": "turn-down", "reason": "Not their case"}

    assert supervisor.post(f"{path}/decide", {**no, "answer": ""}).status_code == 422
    assert said(supervisor, f"{path}/decide", no) == "refused"
    assert said(supervisor, f"{path}/decide", {**YES}) == "settled"
    assert said(supervisor, f"{path}/release") == "settled"
    assert "Not their case" not in supervisor.page(path).text


def test_a_package_is_made_again_until_something_stands_against_it(
    agency: Agency, client_as: ClientAs
) -> None:
    rival = partner(agency, "Windsor Police", "CT")
    supervisor, path = client_as(Role.SUPERVISOR), waiting(agency, rival)
    assert said(supervisor, f"{path}/decide", {**YES}) == "approved"
    first, second = (supervisor.post(f"{path}/release") for _ in range(2))
    assert first.content == second.content

    switch = f"/disclosure/agencies/{rival.partner_id}/pause"
    why: dict[str, str | list[str]] = {"paused": "yes", "reason": "Found in the press"}
    assert said(supervisor, switch, why) == "paused"
    assert said(supervisor, switch, why) == "paused"

    assert said(supervisor, f"{path}/release") == "not-again"
    assert "A package with 1 read was made" in supervisor.page(path).text


def test_a_package_that_would_be_too_large_is_not_made(
    agency: Agency,
    client_as: ClientAs,
    here: Partner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    supervisor, path = client_as(Role.SUPERVISOR), waiting(agency, here)
    assert said(supervisor, f"{path}/decide", {**YES}) == "approved"

    monkeypatch.setattr(package, "LARGEST_BYTES", 10)

    assert said(supervisor, f"{path}/release") == "too-large"
    assert "Approved" in supervisor.page(path).text


def test_an_agency_that_is_not_there_is_no_page(client_as: ClientAs) -> None:
    clerk = client_as(Role.LIST_CLERK)
    path = f"/disclosure/agencies/{NOBODY}"

    assert clerk.get(path).status_code == 404
    for form in ("declarations", "pause"):
        sent = {"paused": "yes", "reason": "Found in the press"}
        assert clerk.post(f"{path}/{form}", sent).status_code == 404


def test_the_register_takes_nothing_that_is_no_declaration(
    client_as: ClientAs, here: Partner
) -> None:
    clerk = client_as(Role.LIST_CLERK)
    path = f"/disclosure/agencies/{here.partner_id}"
    good: dict[str, str | list[str]] = {
        "signer": "Chief A. Moreno",
        "signed_at": "2026-10-01",
        "ends_at": "2027-10-01",
        "pledge": ["immigration"],
    }
    for wrong, told in (
        ({"signer": ""}, "Give a name"),
        ({"signed_at": "yesterday"}, "Give a date"),
        ({"ends_at": "2026-09-01"}, "It ends before it was signed."),
    ):
        sent = clerk.post(
            f"{path}/declarations", {**good, **wrong}, files={"scan": PDF}
        )
        assert sent.status_code == 422
        assert told in sent.text
    known = {"name": here.name, "kind": "sheriff", "jurisdiction": "CT"}
    assert "in the register already" in clerk.post("/disclosure/agencies", known).text
    gone = f"{path}/declarations/{NOBODY}/withdraw"
    assert said(clerk, gone, {"reason": "They wrote to us"}) == "gone"
    assert said(clerk, gone, {"reason": "short"}) == "why"


def test_a_declaration_without_all_pledges_is_shown_as_none(
    client_as: ClientAs, here: Partner
) -> None:
    clerk = client_as(Role.LIST_CLERK)
    path = f"/disclosure/agencies/{here.partner_id}"
    form = {"signer": "Chief", "signed_at": "2026-10-01", "ends_at": "2027-10-01"}

    clerk.post(
        f"{path}/declarations", {**form, "pledge": ["immigration"]}, files={"scan": PDF}
    )

    page = clerk.page(path)
    assert "None that counts" in page.text
    assert page.text.count("not promised") == 2


def test_the_owners_form_says_what_is_missing(client_as: ClientAs) -> None:
    clerk = client_as(Role.LIST_CLERK)
    assert clerk.get("/disclosure/owners/new").status_code == 200

    empty = clerk.post("/disclosure/owners/new", {"camera": ["no such camera!"]})

    assert empty.status_code == 422
    for text in (
        "Name who asks",
        "Choose whose car",
        "Choose the state",
        "what was shown",
    ):
        assert text in empty.text


def test_the_header_counts_what_waits_for_whoever_decides(
    agency: Agency, client_as: ClientAs, here: Partner
) -> None:
    waiting(agency, here)

    assert "co-tell" in client_as(Role.SUPERVISOR).get("/disclosure/count").text
    assert "co-tell" not in client_as(Role.LIST_CLERK).get("/disclosure/count").text
