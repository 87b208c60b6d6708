"""Searches that were in the news, made again here: each stopped, or shown to somebody.

The chief of Sedgwick, Kansas, looked for one woman's car 228 times in four months, each
time with a reason that looked lawful. Officers typed "ICE" into the systems of other
towns for agents who had no access. A quarter of all recorded reasons were empty words.
A sheriff's office in Texas searched 83,345 cameras for "had an abortion, search for
female". Each test goes through the pages, as an officer would.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from bs4 import Tag
from tests.attack.misuse.a_town import (
    HER_CAR,
    a_desk,
    again,
    cards,
    everything_public,
    log,
    search,
    the_next_day,
    titles,
)
from tests.support.agency import SettableClock, a_fresh_agency
from tests.support.shelf import Shelf
from tests.support.sightings import placed, seen
from tests.support.web import PASSWORD, ClientAs, somebody

from charteroak.core.people import Role
from charteroak.server.actions.sign_in import SignedInAs, sign_in
from charteroak.server.agency import Agency
from charteroak.server.web.app import create_app


@pytest.fixture(scope="module")
def clock() -> SettableClock:
    return SettableClock(datetime(2026, 10, 15, 14, tzinfo=UTC))


@pytest.fixture(scope="module")
def agency(
    agencies: Shelf,
    clock: SettableClock,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Agency]:
    """One town for all of them."""
    folder = tmp_path_factory.mktemp("agency")
    with a_fresh_agency(agencies, clock, folder) as made:
        seen(made, HER_CAR)
        yield made


# -------------------------------------------------------------------------- side doors


@pytest.mark.parametrize(
    "note", ["ICE", "ICE-assist", "ice/ero", "assist HSI", "immigration", "1CE hold"]
)
def test_a_search_for_agents_who_may_not_search(
    agency: Agency, client_as: ClientAs, note: str
) -> None:
    officer, supervisor = client_as(Role.OFFICER), client_as(Role.SUPERVISOR)
    assert officer.person is not None
    answered = len(log(agency, "search.answered"))

    page = search(officer, note, status=403)

    assert not page.select(".co-found")
    assert len(log(agency, "search.answered")) == answered
    assert titles(cards(supervisor, officer.person.name)) == [
        "A note says what is forbidden"
    ]
    stopped = log(agency, "search.stopped")[0]
    assert str(stopped["note_rule"]).startswith(
        ("CO-note-immigration", "CO-note-homeland")
    )
    assert stopped["policy"] == agency.rules.fingerprint
    assert HER_CAR not in everything_public(agency)


def test_the_search_for_a_woman_who_had_an_abortion(
    agency: Agency, client_as: ClientAs
) -> None:
    page = search(
        client_as(Role.INVESTIGATOR), "had an abortion, search for female", status=403
    )

    refusal = page.select_one(".co-refusal")
    assert refusal is not None
    assert "reproductive health care" in refusal.text
    stopped = log(agency, "search.stopped")[0]
    # The purpose that was chosen is lawful; what was written decides.
    assert stopped["decision"] == "permitted"
    assert stopped["rules"] == ["CT-search-listed"]
    assert stopped["policy"] == agency.rules.fingerprint
    assert stopped["note"] == "block"
    assert stopped["note_rule"] == "CO-note-reproductive-care"
    assert HER_CAR not in everything_public(agency)


# ----------------------------------------------------------------------- vague reasons


@pytest.mark.parametrize(
    "note", [".", "inv", "investigation", "x", "le", "patrol investigation", "test"]
)
def test_a_reason_that_is_none(agency: Agency, client_as: ClientAs, note: str) -> None:
    answered = len(log(agency, "search.answered"))

    page = search(client_as(Role.OFFICER), note, status=403)

    assert "What crime or person?" in page.text
    assert len(log(agency, "search.answered")) == answered
    assert log(agency, "search.stopped")[0]["note"] == "vague"


# ------------------------------------------------------------ the chiefs who stalked


def test_a_chief_who_looks_for_one_car_again_and_again(
    agency: Agency, client_as: ClientAs, clock: SettableClock
) -> None:
    reasons = ["robbery suspect", "narcotics", "missing child", "larceny"]
    login = "chief-of-police"
    chief = client_as(Role.SUPERVISOR, Role.INVESTIGATOR, login=login)
    assert chief.person is not None
    name = chief.person.name
    for night, reason in enumerate(reasons):
        # Another plausible case each time; the session is a new one every day.
        search(chief, reason, case=f"26-1{night}", status=200)
        the_next_day(agency, clock, chief)

    other = client_as(Role.SUPERVISOR)
    flagged = cards(other, name)

    assert any("The same plate again and again" in card.text for card in flagged)
    assert all(HER_CAR not in card.text for card in flagged)
    assert not any(card.select("form") for card in cards(chief, name))
    action = str(_form(flagged)["action"])
    own = chief.post(action, {"outcome": "explained", "reason": "It is my own case"})
    assert own.headers["location"] == "/oversight?said=yourself"
    # Each single one was permitted: what tells is the habit.
    single = log(agency, "search.asked")[0]
    assert single["decision"] == "permitted"
    assert single["policy"] == agency.rules.fingerprint
    assert HER_CAR not in everything_public(agency)
    raised = log(agency, "flag.raised")
    assert raised[0]["flag"] == "plate_repeated"
    assert HER_CAR not in json.dumps(raised[0])
    seen_to = other.post(
        action, {"outcome": "referred", "reason": "Sent to the state's attorney"}
    )
    assert seen_to.headers["location"] == "/oversight?said=looked"
    assert log(agency, "flag.looked_at")[0] == {
        "flag": "plate_repeated",
        "outcome": "referred",
    }


def _form(flagged: list[Tag]) -> Tag:
    card = next(each for each in flagged if "again and again" in each.text)
    form = card.select_one("form")
    assert form is not None
    return form


def test_a_chief_who_is_the_only_supervisor_is_seen_by_the_auditor(
    agency: Agency, client_as: ClientAs, clock: SettableClock
) -> None:
    # Braselton, Georgia, 2025: the chief was the administrator, and nobody was above.
    chief, auditor = client_as(Role.SUPERVISOR), client_as(Role.AUDITOR)
    assert chief.person is not None
    for night in range(4):
        search(chief, "narcotics", plate="BR45310", case=f"26-4{night}", status=200)
        the_next_day(agency, clock, chief, auditor)

    flagged = cards(auditor, chief.person.name)

    assert titles(flagged) == ["The same plate again and again"]
    assert "to look at" in auditor.get("/oversight/count").text
    action = str(_form(flagged)["action"])
    own = chief.post(action, {"outcome": "explained", "reason": "It is my own case"})
    assert own.headers["location"] == "/oversight?said=yourself"
    done = auditor.post(
        action, {"outcome": "referred", "reason": "Sent to the state's attorney"}
    )
    assert done.headers["location"] == "/oversight?said=looked"
    assert log(agency, "flag.looked_at")[0]["outcome"] == "referred"
    # An auditor sees flags, and neither the searches that wait nor any car.
    search(client_as(Role.OFFICER), "the rally downtown", plate="BR45310", status=200)
    seen_by = auditor.page("/oversight?show=all")
    assert "wait for a second person" not in seen_by.text
    assert "BR45310" not in seen_by.text


def test_a_town_whose_only_supervisor_nobody_sees_is_told(
    agencies: Shelf, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("alone")
    with a_fresh_agency(agencies, SettableClock(), folder) as town:
        app = create_app(town)
        administrator = a_desk(town, app, Role.ADMINISTRATOR)
        told = "would be seen by nobody"
        assert told in administrator.page("/people").text
        somebody(town, Role.SUPERVISOR)
        assert told in administrator.page("/people").text
        somebody(town, Role.AUDITOR)
        assert told not in administrator.page("/people").text


@pytest.mark.parametrize(
    "patterns",
    [
        ["BK4719?", "BK4719*", "B?47193", "BK47*93"],
        ["BK47193", "BK*193", "?K47193", "BK47193"],
        # A neighbor's car is shown as well: hers is the one that comes again.
        ["BK4719?", "BK47?9?", "BK47*", "BK4719*"],
    ],
)
def test_patterns_that_show_one_car_are_that_car(
    agency: Agency, client_as: ClientAs, clock: SettableClock, patterns: list[str]
) -> None:
    # What a chief would do who knows that plates typed again are counted.
    chief, other = client_as(Role.INVESTIGATOR), client_as(Role.SUPERVISOR)
    assert chief.person is not None

    for day, pattern in enumerate(patterns):
        assert not cards(other, chief.person.name)
        for plate in (HER_CAR, HER_CAR, "BK47555"):
            seen(agency, plate)
        search(chief, "fraud", plate=pattern, case=f"26-2{day}", status=200)
        the_next_day(agency, clock, chief, other)

    flagged = cards(other, chief.person.name)
    assert titles(flagged) == ["The same plate again and again"]


def test_a_period_that_was_kept_is_no_place_to_look_for_one_car_unseen(
    agency: Agency, client_as: ClientAs, clock: SettableClock
) -> None:
    chief, other = client_as(Role.INVESTIGATOR), client_as(Role.SUPERVISOR)
    assert chief.person is not None
    placed(agency, "main-st", "Main Street at the Green")
    seen(agency, HER_CAR)
    now = agency.clock().astimezone(agency.zone)
    asked = chief.post(
        "/keep/ask",
        {
            "case": "26-KEPT1",
            "purpose": "robbery",
            "camera": "main-st",
            "since": f"{now - timedelta(days=2):%Y-%m-%dT%H:%M}",
            "until": f"{now:%Y-%m-%dT%H:%M}",
            "reason": "the whole street on the day of the robbery",
        },
    )
    assert asked.status_code == 303, asked.text[:3000]
    waits = other.page("/cases/26-KEPT1").select_one("form[action$=approve]")
    assert waits is not None
    approve = str(waits["action"])
    assert "kept" in other.post(approve, {}).headers["location"]

    look = approve.replace("approve", "search")
    for pattern in (HER_CAR, "BK4719?", "BK47*93", "?K47193"):
        form = {"plate": pattern, "note": "robbery on Elm Street"}
        answer = chief.post(look, form)
        assert answer.status_code == 200
        assert HER_CAR in answer.text
        the_next_day(agency, clock, chief, other)

    assert titles(cards(other, chief.person.name)) == ["The same plate again and again"]
    assert HER_CAR not in everything_public(agency)


def test_a_partial_plate_of_a_witness_is_no_habit(
    agency: Agency, client_as: ClientAs, clock: SettableClock
) -> None:
    # Each of these shows more cars than anybody follows; the pattern is another one.
    officer, supervisor = client_as(Role.OFFICER), client_as(Role.SUPERVISOR)
    assert officer.person is not None

    for day, pattern in enumerate(["HR55*", "HR551*", "H?55*", "*5512?"]):
        for number in range(6):
            seen(agency, f"HR5512{number}")
        search(officer, "hit and run", plate=pattern, case=f"26-3{day}", status=200)
        the_next_day(agency, clock, officer, supervisor)

    assert not cards(supervisor, officer.person.name)


@pytest.mark.parametrize("pattern", ["*", "?", "??????", "*?*", "A*", "*7", "%", "_"])
def test_no_pattern_lists_everybody(
    agency: Agency, client_as: ClientAs, pattern: str
) -> None:
    asked = len(log(agency, "search.asked"))

    page = search(client_as(Role.INVESTIGATOR), "fraud", plate=pattern, status=422)

    assert not page.select(".co-found")
    assert len(log(agency, "search.asked")) == asked


def test_a_login_that_was_lent_to_a_federal_analyst(
    agency: Agency, client_as: ClientAs, clock: SettableClock
) -> None:
    # An analyst of the ATF searched in Richmond's system under a lent login.
    officer, supervisor = client_as(Role.OFFICER), client_as(Role.SUPERVISOR)
    assert officer.person is not None
    search(officer, "robbery suspect", plate="WW10001", case="26-501", status=200)
    assert not cards(supervisor, officer.person.name)

    lent = sign_in(agency, officer.person.login, PASSWORD)
    assert isinstance(lent, SignedInAs)
    search(officer, "robbery suspect", plate="WW10002", case="26-501", status=200)

    flagged = cards(supervisor, officer.person.name)
    assert titles(flagged) == ["One account in two browsers at once"]
    # One who signs in anew after a pause is not flagged: the same account, one browser.
    alone = client_as(Role.OFFICER)
    assert alone.person is not None
    clock.advance(timedelta(hours=1))
    search(again(alone, agency), "fraud", plate="WW10003", case="26-502", status=200)
    assert not cards(client_as(Role.SUPERVISOR), alone.person.name)


def test_one_case_number_as_a_key_to_every_car(client_as: ClientAs) -> None:
    officer, supervisor = client_as(Role.OFFICER), client_as(Role.SUPERVISOR)
    assert officer.person is not None

    for number in range(8):
        search(officer, "larceny", plate=f"ZZ1000{number}", case="26-KEY7", status=200)

    flagged = cards(supervisor, officer.person.name)
    assert titles(flagged) == ["One case, many plates"]
    assert "26-KEY7" in flagged[0].text


def test_searches_at_an_hour_at_which_somebody_never_searches(
    agency: Agency, client_as: ClientAs, clock: SettableClock
) -> None:
    officer, supervisor = client_as(Role.OFFICER), client_as(Role.SUPERVISOR)
    assert officer.person is not None
    for number in range(40):
        search(
            officer, "fraud", plate=f"YY2{number:04}", case=f"26-{number}", status=200
        )

    clock.advance(timedelta(hours=13))
    search(again(officer, agency), "fraud", plate="YY30000", case="26-99", status=200)

    flagged = cards(again(supervisor, agency), officer.person.name)
    assert titles(flagged) == ["Searches at an unusual hour"]


def test_ordinary_work_raises_no_flag(client_as: ClientAs) -> None:
    officer, supervisor = client_as(Role.OFFICER), client_as(Role.SUPERVISOR)
    assert officer.person is not None
    for number, note in enumerate(["gta", "26-13287", "burglary at mosque", "211pc"]):
        page = search(
            officer, note, plate=f"XX3000{number}", case=f"26-7{number}", status=200
        )
        assert "No read fits" in page.text

    assert not cards(supervisor, officer.person.name)
