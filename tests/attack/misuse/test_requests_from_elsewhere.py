"""Agencies of elsewhere that looked where they had no business, at the disclosure desk.

A search of somebody else's reads is no search here: it is a request, which a clerk
enters with its papers, the rules decide, and two persons release. Each test goes
through the pages of the desk.
"""

import io
import zipfile
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from tests.attack.misuse.a_town import (
    HER_CAR,
    a_desk,
    asked,
    cards,
    declared,
    everything_public,
    letter,
    log,
    registered,
    released,
    titles,
)
from tests.support.agency import SettableClock, a_fresh_agency
from tests.support.shelf import Shelf
from tests.support.sightings import placed, seen
from tests.support.web import Desk

from charteroak.core.people import Role
from charteroak.server.agency import Agency
from charteroak.server.web.app import create_app


@pytest.fixture(scope="module")
def agency(
    agencies: Shelf, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Agency]:
    """One town in Connecticut for all of them."""
    folder = tmp_path_factory.mktemp("agency")
    with a_fresh_agency(agencies, SettableClock(), folder) as made:
        placed(made, "main-st", "Main Street at the Green")
        seen(made, HER_CAR)
        seen(made, "OTHER12")
        yield made


@pytest.fixture(scope="module")
def app(agency: Agency) -> FastAPI:
    return create_app(agency)


@pytest.fixture(scope="module")
def clerk(agency: Agency, app: FastAPI) -> Desk:
    return a_desk(agency, app, Role.LIST_CLERK)


@pytest.fixture(scope="module")
def supervisor(agency: Agency, app: FastAPI) -> Desk:
    return a_desk(agency, app, Role.SUPERVISOR)


@pytest.fixture(scope="module")
def now(agency: Agency) -> datetime:
    return agency.clock().astimezone(ZoneInfo("America/New_York"))


def refused(agency: Agency, clerk: Desk, page: str) -> list[str]:
    """The rules against the newest request; it is in the log, and its letter is true."""
    asked_for, no = (
        log(agency, "disclosure.asked")[0],
        log(agency, "disclosure.refused")[0],
    )
    assert page.endswith(f"/{no['asked']}")
    for entry in (asked_for, no):
        assert entry["act"] == "disclose"
        assert entry["policy"] == agency.rules.fingerprint
    against = no["stands_against"]
    assert isinstance(against, list)
    sent = letter(clerk, page)
    assert all(str(rule) in sent for rule in against)
    assert HER_CAR not in sent
    assert HER_CAR not in everything_public(agency)
    return [str(rule) for rule in against]


# -------------------------------------------------------- Johnson County, Texas, May 2025


@pytest.fixture(scope="module")
def johnson_county(clerk: Desk) -> str:
    """A sheriff who searched 6,809 networks with 83,345 cameras for a month.

    The reason given was "had an abortion, search for female" (2025-05-09).
    """
    return registered(clerk, "Johnson County Sheriff", "TX", "sheriff")


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({}, {"CT-no-other-state"}),
        (
            {"purpose": "missing_person", "note": "had an abortion, search for female"},
            {"CT-no-other-state"},
        ),
        ({"paper": "warrant", "issuer": "agency"}, {"CT-no-other-state"}),
        ({"paper": "subpoena", "issuer": "attorney"}, {"CT-no-other-state"}),
        (
            {"purpose": "reproductive_care", "paper": "warrant", "issuer": "judge"},
            {"CT-no-reproductive-care"},
        ),
        (
            {
                "purpose": "homicide",
                "note": "had an abortion, search for female",
                "paper": "warrant",
                "issuer": "judge",
            },
            {"CT-no-reproductive-care", "CO-note-reproductive-care"},
        ),
    ],
    ids=["no-paper", "note", "own-warrant", "subpoena", "judge-banned", "judge-note"],
)  # fmt: skip
def test_a_sheriff_in_texas_gets_a_letter(  # noqa: PLR0913, PLR0917 - fixtures
    agency: Agency,
    clerk: Desk,
    johnson_county: str,
    now: datetime,
    changes: dict[str, str],
    rules: set[str],
) -> None:
    before = log(agency, "disclosure.answered")

    page, said = asked(clerk, johnson_county, now, **changes)

    assert said == "refused"
    assert rules <= set(refused(agency, clerk, page))
    assert log(agency, "disclosure.answered") == before


def test_even_with_a_judges_warrant_it_is_one_car_at_one_agency(
    agency: Agency, clerk: Desk, supervisor: Desk, johnson_county: str, now: datetime
) -> None:
    # What remains possible: a judge of Texas signs on a purpose that is lawful here.
    # Then it is one plate, of these cameras, released by two persons by name.
    for plate in ("*", "BK4*", "??????", ""):
        page, said = asked(
            clerk, johnson_county, now, plate=plate, paper="warrant", issuer="judge"
        )
        assert not page
        assert "whole plate" in said or "two letters" in said

    page, said = asked(
        clerk, johnson_county, now, purpose="homicide", note="homicide on Main Street",
        paper="warrant", issuer="judge",
    )  # fmt: skip
    assert said == "entered"
    made = released(supervisor, page)

    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        text = b"".join(archive.read(name) for name in archive.namelist())
    assert HER_CAR.encode() in text
    assert b"OTHER12" not in text
    assert log(agency, "disclosure.released")[0]["rules"] == ["CT-share-warrant"]
    assert log(agency, "disclosure.answered")[0]["reads"] == 1
    assert HER_CAR not in everything_public(agency)


def test_no_address_of_the_server_answers_for_others(app: FastAPI) -> None:
    # There is nothing to be searched across. What machines may ask is this, and all of
    # it is for boxes of this agency; whoever adds to it must come past here.
    paths: frozenset[str] = app.state.paths

    assert {path for path in paths if path.startswith("/api/")} == {
        f"/api/v1/{name}"
        for name in ("batches", "box-list", "enrolments", "health", "orders", "reports")
    }
    assert {path for path in paths if path.startswith("/search")} == {
        "/search",
        "/search/explain",
        "/search/waiting/{asked}/open",
        "/searches/{asked}/reads/{read_id}/hold",
        "/searches/{asked}/reads/{read_id}/{which}.jpg",
    }


# -------------------------------------------------- the federal analyst, Richmond, 2025


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({}, "CT-no-other-state"),
        ({"paper": "warrant", "issuer": "agency"}, "CT-no-other-state"),
        ({"paper": "subpoena", "issuer": "attorney"}, "CT-no-other-state"),
        ({"paper": "order", "issuer": "attorney"}, "CT-no-other-state"),
        ({"purpose": "immigration"}, "CT-no-immigration"),
        (
            {"purpose": "immigration", "paper": "warrant", "issuer": "judge"},
            "CT-no-immigration",
        ),
        (
            {"note": "ERO operation", "paper": "warrant", "issuer": "judge"},
            "CT-no-immigration",
        ),
    ],
)
def test_a_federal_agency_is_refused_short_of_a_judge(  # noqa: PLR0913, PLR0917
    agency: Agency,
    clerk: Desk,
    atf: str,
    now: datetime,
    changes: dict[str, str],
    rule: str,
) -> None:
    page, said = asked(clerk, atf, now, **changes)

    assert said == "refused"
    assert rule in refused(agency, clerk, page)


@pytest.fixture(scope="module")
def atf(clerk: Desk) -> str:
    """An analyst of a federal agency used the Richmond police's own system (July 2025)."""
    return registered(clerk, "Federal agency in Richmond", "US", "federal_agency")


# -------------------------------------------- the side door, towns of Connecticut, 2026


@pytest.fixture(scope="module")
def lowell(clerk: Desk, now: datetime) -> str:
    """A department of Massachusetts, its declaration in force, all pledges given.

    Towns of Connecticut were searched thousands of times with reasons such as "ICE" and
    "ICE-assist" by departments of elsewhere, on behalf of agents who had no access.
    """
    page = registered(clerk, "Mill City Police", "MA", "municipal_police")
    declared(clerk, page, now)
    return page


@pytest.mark.parametrize(
    "changes",
    [
        {"note": "ICE assist"},
        {"note": "assist HSI"},
        {"note": "ERO"},
        {"note": "vehicle of interest, immigration"},
        # A lawful note, and the truth beside it.
        {"reference": "HSI 26-118"},
        {"contact": "m.lind@ice.dhs.gov"},
        {"person": "Officer Lind for ICE"},
    ],
    ids=lambda changes: next(iter(changes.values())),
)
def test_the_side_door_is_shut_by_what_is_written(  # noqa: PLR0913, PLR0917
    agency: Agency,
    clerk: Desk,
    supervisor: Desk,
    lowell: str,
    now: datetime,
    changes: dict[str, str],
) -> None:
    assert clerk.person is not None
    before = len(cards(supervisor, clerk.person.name))

    page, said = asked(clerk, lowell, now, **changes)

    assert said == "refused"
    rules = refused(agency, clerk, page)
    assert "CT-no-immigration" in rules
    assert any(rule.startswith("CO-note-") for rule in rules)
    assert log(agency, "disclosure.asked")[0]["note"] == "block"
    assert log(agency, "disclosure.asked")[0]["declaration"] == "valid"
    assert log(agency, "disclosure.refused")[0]["why"] == "note"
    # It stands before a supervisor, and stays there until one has looked.
    flagged = cards(supervisor, clerk.person.name)
    assert len(flagged) == before + 1
    assert "A request of another agency says what is forbidden" in titles(flagged)


def test_a_department_that_is_a_task_force_by_name_is_told_so_before_the_click(
    agency: Agency, clerk: Desk, now: datetime
) -> None:
    force = registered(clerk, "ICE task force, Mill City", "CT", "municipal_police")

    panel = clerk.post(
        "/disclosure/explain",
        {
            "partner": force.rpartition("/")[2],
            "purpose": "robbery",
            "data_kind": "nonhit",
            "paper": "none",
            "note": "robbery on Elm Street",
        },
        headers={"hx-request": "true"},
    )
    page, said = asked(clerk, force, now)

    assert "CT-no-immigration" in panel.text
    assert said == "refused"
    assert "CT-no-immigration" in refused(agency, clerk, page)


def test_one_person_stops_an_agency_at_once(
    agency: Agency, clerk: Desk, supervisor: Desk, lowell: str, now: datetime
) -> None:
    waits, said = asked(clerk, lowell, now)
    assert said == "entered"
    why = "Searches for ICE were found in its notes"

    paused = clerk.post(f"{lowell}/pause", {"paused": "yes", "reason": why})

    assert paused.headers["location"].endswith("said=paused")
    # What waited does not leave either, and nothing new comes in.
    answered = len(log(agency, "disclosure.answered"))
    assert not released(supervisor, waits)
    _later, said = asked(clerk, lowell, now)
    assert said == "refused"
    assert log(agency, "disclosure.refused")[0]["why"] == "paused"
    assert len(log(agency, "disclosure.answered")) == answered
    assert log(agency, "partner.paused")[0]["requester"] == "MA"
    # Beginning again is a supervisor's.
    again = {"paused": "no", "reason": "Their chief has explained it"}
    assert clerk.post(f"{lowell}/pause", again).status_code == 403
    assert supervisor.post(f"{lowell}/pause", again).status_code == 303
    assert log(agency, "partner.resumed")[0]["requester"] == "MA"


@pytest.mark.parametrize("note", [".", "inv", "investigation", "x", "test"])
def test_a_vague_note_is_asked_about(
    agency: Agency, clerk: Desk, lowell: str, now: datetime, note: str
) -> None:
    entered = len(log(agency, "disclosure.asked"))

    page, said = asked(clerk, lowell, now, note=note)

    assert not page
    assert "which crime or which person" in said
    assert len(log(agency, "disclosure.asked")) == entered


def test_a_pledge_that_is_missing_makes_it_no_declaration(
    agency: Agency, clerk: Desk, now: datetime
) -> None:
    page = registered(clerk, "Bay Town Police", "RI", "municipal_police")
    declared(clerk, page, now, pledges=["immigration"])

    request, said = asked(clerk, page, now)

    assert said == "refused"
    assert refused(agency, clerk, request) == ["CT-no-declaration"]
    assert log(agency, "declaration.registered")[0]["declaration"] == "none"
