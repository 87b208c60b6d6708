"""Accounts that reached further than their holder's work: none of them does here.

Illinois, August 2025: an audit of the Secretary of State found that the vendor had
opened local reads to a federal pilot. Richmond, July 2025: a federal analyst worked in
the police's own system. St. Charles County, 2026: a civilian employee looked up cars.
Braselton, 2025: the chief was the administrator too.
"""

from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup
from fastapi import FastAPI
from tests.attack.misuse.a_town import (
    HER_CAR,
    a_desk,
    asked,
    declared,
    everything_public,
    log,
    registered,
    released,
    search,
)
from tests.server.a_state import under
from tests.support.agency import SettableClock, a_fresh_agency
from tests.support.shelf import Shelf
from tests.support.sightings import placed, seen
from tests.support.web import PASSWORD, Desk, browser

from charteroak.core.people import Role
from charteroak.server.agency import Agency
from charteroak.server.web.app import create_app
from charteroak.server.web.session import COOKIE


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
        seen(made, HER_CAR)
        yield made


@pytest.fixture(scope="module")
def app(agency: Agency) -> FastAPI:
    return create_app(agency)


@pytest.fixture(scope="module")
def administrator(agency: Agency, app: FastAPI) -> Desk:
    return a_desk(agency, app, Role.ADMINISTRATOR)


@pytest.fixture(scope="module")
def clerk(agency: Agency, app: FastAPI) -> Desk:
    return a_desk(agency, app, Role.LIST_CLERK)


@pytest.fixture(scope="module")
def supervisor(agency: Agency, app: FastAPI) -> Desk:
    return a_desk(agency, app, Role.SUPERVISOR)


# ----------------------------------- Illinois, 2025: whoever runs the system opens it


def test_who_runs_the_system_can_open_it_to_nobody(
    agency: Agency, administrator: Desk, clerk: Desk
) -> None:
    partner = registered(clerk, "Border Protection pilot", "US", "federal_agency")
    entries = len(log(agency, "partner.registered"))
    declarations = len(log(agency, "declaration.registered"))

    for path in ("/disclosure", "/disclosure/agencies", partner, "/log", "/oversight"):
        assert administrator.get(path).status_code == 403, path
    for path in (
        "/disclosure/agencies",
        "/disclosure/new",
        f"{partner}/declarations",
        f"{partner}/pause",
        "/disclosure/requests/1/decide",
        "/disclosure/requests/1/release",
    ):
        assert administrator.post(path, {"paused": "no"}).status_code == 403, path

    assert len(log(agency, "partner.registered")) == entries
    assert len(log(agency, "declaration.registered")) == declarations


def test_who_runs_the_system_cannot_search_nor_make_themselves_able_to(
    agency: Agency, administrator: Desk
) -> None:
    page = search(administrator, "robbery on Elm Street", case="26-900", status=403)

    assert not page.select(".co-found")
    entry = log(agency, "search.asked")[0]
    assert entry["decision"] == "refused"
    assert "CO-administrator-never-looks" in str(entry["rules"])
    assert entry["policy"] == agency.rules.fingerprint
    assert HER_CAR not in everything_public(agency)
    # Not by a second role on the own account, nor on a new one.
    assert administrator.person is not None
    own = f"/people/{administrator.person.person_id}/roles"
    both: dict[str, str | list[str]] = {"roles": ["administrator", "investigator"]}
    assert administrator.post(own, both).status_code == 422
    new = {**both, "login": "v.endor", "name": "V. Endor"}
    assert administrator.post("/people", new).status_code == 422


def test_a_change_of_what_an_agency_may_have_is_in_the_log_and_gives_nothing_alone(
    agency: Agency, clerk: Desk, supervisor: Desk
) -> None:
    # One person registers an agency and its paper; that releases nothing. Whatever
    # leaves takes a second person, under a rule, each time.
    now = agency.clock()
    before = log(agency, "disclosure.answered")
    partner = registered(clerk, "Pawtuxet Police", "RI", "municipal_police")
    declared(clerk, partner, now)
    page, said = asked(clerk, partner, now.astimezone(agency.zone))
    assert said == "entered"

    decide = {"answer": "approve", "reason": "I approve what I entered"}
    assert clerk.post(f"{page}/decide", decide).status_code == 403
    assert clerk.post(f"{page}/release").status_code == 403
    own, _ = asked(supervisor, partner, now.astimezone(agency.zone))
    same = supervisor.post(f"{own}/decide", decide)
    assert same.headers["location"].endswith("said=same")
    assert log(agency, "disclosure.answered") == before

    assert released(supervisor, page)
    assert log(agency, "partner.registered")[0]["requester"] == "RI"
    assert log(agency, "declaration.registered")[0]["declaration"] == "valid"
    assert log(agency, "disclosure.answered")[0]["reads"] == 1


def test_a_vendor_gets_nothing_whatever_it_brings(agency: Agency, clerk: Desk) -> None:
    now = agency.clock().astimezone(agency.zone)
    vendor = registered(clerk, "Camera Systems, Inc.", "CT", "vendor")
    for papers in (
        {},
        {"paper": "order", "issuer": "attorney"},
        {"paper": "warrant", "issuer": "judge"},
    ):
        _page, said = asked(clerk, vendor, now, **papers)
        assert said == "refused"
        assert "CT-no-vendor" in str(log(agency, "disclosure.refused")[0])


# ------------------------------------ Richmond, 2025: somebody else's agency has no account


def test_an_account_is_of_this_agency_and_of_no_other(  # noqa: PLR0913, PLR0917
    agency: Agency,
    app: FastAPI,
    administrator: Desk,
    agencies: Shelf,
    clock: SettableClock,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    # What adding a person asks: nothing of it names another agency.
    form = administrator.page("/people").select_one('form[action="/people"]')
    assert form is not None
    fields = {str(each["name"]) for each in form.select("[name]")}
    assert fields == {"csrf", "login", "name", "roles"}

    officer = a_desk(agency, app, Role.INVESTIGATOR, login="r.analyst")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with a_fresh_agency(agencies, clock, elsewhere) as other:
        there = browser(create_app(other))
        there.http.cookies.set(
            COOKIE, officer.http.cookies[COOKIE], domain="localhost.local"
        )
        answer = there.get("/search")
        assert answer.status_code in {303, 401}, answer.status_code
        assert "Sign in" in answer.text or "/sign-in" in answer.headers["location"]
        there.http.cookies.clear()
        tried = there.http.post(
            "/sign-in", data={"login": "r.analyst", "password": PASSWORD}
        )
        assert tried.status_code != 303
        assert not there.http.cookies.get(COOKIE)
        assert not log(other, "person.signed_in")


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({}, "VA-no-other-state"),
        ({"paper": "warrant", "issuer": "agency"}, "VA-no-other-state"),
        ({"paper": "subpoena", "issuer": "agency"}, "VA-no-other-state"),
        (
            {"purpose": "immigration", "paper": "subpoena", "issuer": "attorney"},
            "VA-no-immigration",
        ),
        (
            {"purpose": "immigration", "paper": "warrant", "issuer": "judge"},
            "VA-no-immigration",
        ),
        (
            {"note": "assist ICE", "paper": "warrant", "issuer": "judge"},
            "VA-no-immigration",
        ),
    ],
)
def test_under_the_law_of_virginia_a_federal_analyst_is_refused(
    agency: Agency, changes: dict[str, str], rule: str
) -> None:
    virginia = under(agency, "us_va")
    clerk = a_desk(virginia, create_app(virginia), Role.LIST_CLERK)
    name = f"Federal agency of {rule} {len(log(virginia, 'partner.registered'))}"
    now = virginia.clock().astimezone(virginia.zone)

    _page, said = asked(
        clerk, registered(clerk, name, "US", "federal_agency"), now, **changes
    )

    assert said == "refused"
    no = log(virginia, "disclosure.refused")[0]
    assert rule in str(no["stands_against"])
    assert no["custodian"] == "VA"
    assert no["policy"] == virginia.rules.fingerprint


# -------------------------------------------- St. Charles County, 2026: a civilian employee


@pytest.mark.parametrize(
    ("role", "permitted"),
    [
        (Role.ADMINISTRATOR, False),
        (Role.AUDITOR, False),
        (Role.LIST_CLERK, False),
        (Role.DISPATCHER, True),
        (Role.OFFICER, True),
    ],
)
def test_what_a_civilian_can_search(
    agency: Agency,
    app: FastAPI,
    role: Role,
    permitted: bool,  # noqa: FBT001
) -> None:
    desk = a_desk(agency, app, role)
    before = len(log(agency, "search.asked"))

    answer = desk.post(
        "/search", {"purpose": "robbery", "case": "26-77", "plate": HER_CAR}
    )

    shown = bool(BeautifulSoup(answer.text, "html.parser").select(".co-found"))
    assert shown is permitted
    assert answer.status_code == (200 if permitted else 403)
    entries = log(agency, "search.asked")
    if role is Role.AUDITOR:
        # There is no form to ask by.
        assert len(entries) == before
        return
    assert entries[0]["decision"] == ("permitted" if permitted else "refused")
    # Nobody looks up a car for nothing, or for themselves.
    for purpose, case in (("personal_use", "26-77"), ("robbery", "")):
        asks = {"purpose": purpose, "case": case, "plate": HER_CAR, "note": "robbery"}
        assert desk.post("/search", asks).status_code == 403
        assert log(agency, "search.asked")[0]["decision"] == "refused"
