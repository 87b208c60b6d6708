"""A search before there is a case number, the case that it is bound to, and the records."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import attrs
import pytest
from tests.support.agency import SettableClock, a_fresh_agency
from tests.support.shelf import Shelf
from tests.support.sightings import a_search, person, seen

from charteroak.core.case_file import Cases
from charteroak.core.emergency import NoSuchEmergency
from charteroak.core.flag import FlagKind
from charteroak.core.hold import NotAllowed
from charteroak.core.log_record import RecordId, RecordKind
from charteroak.core.people import Person, Role
from charteroak.core.sealed import Sealed
from charteroak.core.search import Search, UnreadableCaseError, parse_case
from charteroak.core.search_answer import Found, Refused, Waits
from charteroak.server.actions.bind_emergency import (
    CaseNotKnown,
    EmergencyBound,
    bind_emergency,
)
from charteroak.server.actions.decide_search import decide_search
from charteroak.server.actions.report_emergencies import report_emergencies
from charteroak.server.actions.request_hold import HoldRequested, request_hold
from charteroak.server.actions.search_reads import open_approved, search_reads
from charteroak.server.actions.see_oversight import own_emergencies, see_oversight
from charteroak.server.actions.tidy_up import tidy_up
from charteroak.server.agency import Agency
from charteroak.server.outbound.case_csv import CsvCases
from charteroak.server.store import audit, holds

PLATE = "QX94A7"
HOUR = timedelta(hours=1)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def agency(
    agencies: Shelf,
    clock: SettableClock,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Agency]:
    """A new one for each test: they move the clock."""
    folder = tmp_path_factory.mktemp("agency")
    with a_fresh_agency(agencies, clock, folder) as made:
        yield made


@pytest.fixture
def checked(agency: Agency, tmp_path: Path) -> Agency:
    """The agency with a records system."""
    file = tmp_path / "cases.csv"
    file.write_text(
        "case,status,unit\n26-1,open,Patrol\n26-2,closed,\n26-3,open,Vice\n"
    )
    known = Cases(units=frozenset({"patrol"}), records=CsvCases(file))
    return attrs.evolve(agency, cases=known)


def urgent(agency: Agency, purpose: str = "missing_person") -> Search:
    search = a_search(agency, PLATE, purpose=purpose, case_ref="")
    return attrs.evolve(search, emergency=True)


def answer(agency: Agency, who: Person, search: Search) -> Found | Refused | Waits:
    return search_reads(agency, who, search).open(agency.covered)


def found(agency: Agency, who: Person, search: Search) -> Found:
    answered = answer(agency, who, search)
    assert isinstance(answered, Found), answered
    return answered


def kinds(agency: Agency, most: int = 3) -> list[str]:
    with agency.database.audits() as tx:
        return [
            each.kind for each in audit.newest(tx, kind=None, before=None, limit=most)
        ]


def test_an_emergency_is_searched_without_a_case_and_bound_later(
    agency: Agency,
) -> None:
    who = person(Role.INVESTIGATOR)
    read = seen(agency, PLATE)

    one = found(agency, who, urgent(agency))
    reference = one.search.case_ref
    assert kinds(agency)[:3] == ["search.answered", "emergency.opened", "search.asked"]
    # The same emergency again is bound once.
    assert found(agency, who, urgent(agency)).search.case_ref == reference
    assert [each.reference for each in own_emergencies(agency, who)] == [reference]
    held = request_hold(
        agency,
        who,
        asked_id=one.asked,
        read_id=read.read_id,
        reason="The missing boy's car",
        span=timedelta(days=30),
    )
    assert isinstance(held, HoldRequested)

    bound = bind_emergency(agency, who, reference, case_ref="26-04417")

    assert bound == EmergencyBound(case_ref="26-04417")
    assert own_emergencies(agency, who) == ()
    with agency.database.changes() as tx:
        assert [each.hold_id for each in holds.of_case(tx, "26-04417")] == [
            held.hold_id
        ]
    with agency.database.audits() as tx:
        stored = audit.newest(tx, kind=RecordKind.EMERGENCY_BOUND, before=None, limit=1)
    assert stored[0].public["late"] is False
    assert stored[0].public["holds"] == 1
    again = bind_emergency(agency, who, reference, case_ref="26-04418")
    assert isinstance(again, NoSuchEmergency)


def waiting_urgently(agency: Agency, who: Person) -> RecordId:
    doubtful = attrs.evolve(
        urgent(agency), note="not an immigration matter, missing boy"
    )
    waits = answer(agency, who, doubtful)
    assert isinstance(waits, Waits), waits
    return waits.asked


def test_an_emergency_that_a_second_person_rejects_needs_no_case(
    agency: Agency, clock: SettableClock
) -> None:
    who, chief = person(Role.OFFICER), person(Role.SUPERVISOR)
    asked = waiting_urgently(agency, who)

    decide_search(agency, chief, asked, approve=False, reason="No boy is missing here")

    assert own_emergencies(agency, who) == ()
    clock.advance(25 * HOUR)
    assert report_emergencies(agency) == 0


def test_an_emergency_that_a_second_person_approves_needs_its_case_from_the_look_on(
    agency: Agency, clock: SettableClock
) -> None:
    who, chief = person(Role.OFFICER), person(Role.SUPERVISOR)
    asked = waiting_urgently(agency, who)
    assert own_emergencies(agency, who) == ()
    clock.advance(HOUR)

    decide_search(agency, chief, asked, approve=True, reason="The boy is missing")
    opened = open_approved(agency, who, asked)

    assert isinstance(opened, Sealed)
    (own,) = own_emergencies(agency, who)
    assert own.bind_by == agency.clock() + 24 * HOUR
    clock.advance(24 * HOUR)
    assert report_emergencies(agency) == 1


def test_a_reference_is_given_and_never_typed() -> None:
    with pytest.raises(UnreadableCaseError):
        parse_case("emergency-261122-800000")


@pytest.mark.parametrize("purpose", ["larceny", "stolen_vehicle", "other"])
def test_what_is_no_emergency_needs_its_case(agency: Agency, purpose: str) -> None:
    who = person(Role.OFFICER)

    refused = answer(agency, who, urgent(agency, purpose))

    assert isinstance(refused, Refused)
    assert "CT-case-number" in [rule.rule_id for rule in refused.because]
    assert own_emergencies(agency, who) == ()


def test_a_refused_or_stopped_emergency_opens_none(agency: Agency) -> None:
    clerk, officer = person(Role.LIST_CLERK), person(Role.OFFICER)

    assert isinstance(answer(agency, clerk, urgent(agency)), Refused)
    vague = attrs.evolve(urgent(agency), note="inv")
    assert isinstance(answer(agency, officer, vague), Refused)

    assert own_emergencies(agency, clerk) == own_emergencies(agency, officer) == ()


def test_only_who_searched_or_a_supervisor_names_the_case(agency: Agency) -> None:
    who = person(Role.OFFICER)
    reference = found(agency, who, urgent(agency)).search.case_ref

    other = bind_emergency(agency, person(Role.OFFICER), reference, case_ref="26-04419")
    chief = bind_emergency(
        agency, person(Role.SUPERVISOR), reference, case_ref="26-04419"
    )

    assert isinstance(other, NotAllowed)
    assert isinstance(chief, EmergencyBound)


def test_one_that_nobody_binds_in_a_day_is_reported_once(
    agency: Agency, clock: SettableClock
) -> None:
    who = person(Role.OFFICER)
    reference = found(agency, who, urgent(agency)).search.case_ref
    clock.advance(24 * HOUR - timedelta(seconds=1))
    assert report_emergencies(agency) == 0

    clock.advance(timedelta(seconds=1))

    assert report_emergencies(agency) == 1
    assert report_emergencies(agency) == 0
    assert kinds(agency, 1) == ["emergency.reported"]
    seen_by = see_oversight(agency, person(Role.SUPERVISOR))
    assert not isinstance(seen_by, NotAllowed)
    flag = next(each.flag for each in seen_by.flags if each.flag.topic == reference)
    assert (flag.kind, flag.about) == (FlagKind.EMERGENCY_UNBOUND, who.person_id)
    late = bind_emergency(agency, who, reference, case_ref="26-04420")
    assert isinstance(late, EmergencyBound)
    # A new emergency after that is another one.
    assert found(agency, who, urgent(agency)).search.case_ref != reference


# ------------------------------------------------------------------------- the records


def test_a_case_that_the_records_know_is_searched(checked: Agency) -> None:
    search = a_search(checked, PLATE, case_ref="26-1")

    answered = found(checked, person(Role.OFFICER), search)

    with checked.database.audits() as tx:
        stored = audit.one(tx, answered.asked)
    assert stored is not None
    assert stored.public["case_file"] == "open"


@pytest.mark.parametrize(
    ("case_ref", "rule"),
    [
        ("26-99", "CO-case-unknown"),
        ("26-2", "CO-case-closed"),
        ("26-3", "CO-case-other-unit"),
    ],
)
def test_a_case_that_they_object_to_goes_to_a_second_person(
    checked: Agency, case_ref: str, rule: str
) -> None:
    who = person(Role.OFFICER)

    waits = answer(checked, who, a_search(checked, PLATE, case_ref=case_ref))

    assert isinstance(waits, Waits)
    assert [each.rule_id for each in waits.because] == [rule]
    chief = person(Role.SUPERVISOR)
    shown = see_oversight(checked, chief)
    assert not isinstance(shown, NotAllowed)
    line = next(e for e in shown.waiting if e.waiting.record_id == waits.asked)
    assert "records system" in line.doubt
    decide_search(checked, chief, waits.asked, approve=True, reason="It is ours, asked")
    opened = open_approved(checked, who, waits.asked)
    assert not isinstance(opened, (NotAllowed,))
    assert isinstance(getattr(opened, "_answer", None), Found)


def test_records_that_do_not_answer_stop_nobody(agency: Agency, tmp_path: Path) -> None:
    away = attrs.evolve(agency, cases=Cases(records=CsvCases(tmp_path / "none")))
    search = a_search(away, PLATE, case_ref="26-1")

    answered = found(away, person(Role.OFFICER), search)

    with away.database.audits() as tx:
        stored = audit.one(tx, answered.asked)
    assert stored is not None
    assert stored.public["case_file"] == "unreachable"


def test_an_emergency_is_not_bound_to_a_case_that_nobody_knows(
    checked: Agency,
) -> None:
    who = person(Role.OFFICER)
    reference = found(checked, who, urgent(checked)).search.case_ref

    unknown = bind_emergency(checked, who, reference, case_ref="26-99")

    assert isinstance(unknown, CaseNotKnown)
    assert [each.reference for each in own_emergencies(checked, who)] == [reference]


def test_what_was_searched_is_forgotten_after_ninety_days(
    agency: Agency, clock: SettableClock
) -> None:
    found(agency, person(Role.OFFICER), a_search(agency, PLATE))
    clock.advance(timedelta(days=91))

    assert tidy_up(agency) > 0
    assert tidy_up(agency) == 0
