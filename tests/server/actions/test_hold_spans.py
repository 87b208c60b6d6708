"""Spans: kept without being seen, in batches, for as long as the hold stands."""

import secrets
from datetime import timedelta

import attrs
import psycopg
import pytest
from tests.support.agency import SettableClock
from tests.support.holds import (
    CAMERA,
    CASE,
    HOUR,
    INES,
    SAM,
    a_span,
    ask_for,
    asked_for,
)
from tests.support.postgres import TestAgency
from tests.support.sightings import a_read, log_kinds, person, taken
from tests.support.tables import Tables

from charteroak.core.hold import HoldState, NoSuchHold, SamePerson
from charteroak.core.hold_span import HoldSpan, UnusableHoldSpanError
from charteroak.core.people import Role
from charteroak.core.plate import PlatePattern
from charteroak.core.search import EmptyPeriodError, Purpose
from charteroak.core.search_answer import Forbidden, ReadGone
from charteroak.server.actions.approve_hold import (
    NotAllKeptError,
    SpanBegun,
    approve_hold,
    keep_spans,
)
from charteroak.server.actions.count_span import SpanCounted, count_span
from charteroak.server.actions.end_hold import HoldEnded, end_hold
from charteroak.server.actions.end_holds import end_holds
from charteroak.server.actions.make_buckets import make_buckets
from charteroak.server.actions.request_hold import HoldRequested
from charteroak.server.actions.search_held import HeldFound, search_held
from charteroak.server.actions.see_case import CaseSeen, HoldLine, see_case
from charteroak.server.agency import Agency
from charteroak.server.vault.pictures import Pictures, PicturesUnavailableError

DAY = timedelta(days=1)
ROBBERY = Purpose("robbery")


def passing(
    agency: Agency,
    plate: str = "AB12345",
    *,
    ago: timedelta = HOUR,
    camera: str = CAMERA,
) -> None:
    read = a_read(agency, plate, ago=ago, camera=camera)
    taken(agency, read, pictures=[b"plate of it", b"vehicle of it"])


def line(agency: Agency) -> HoldLine:
    seen = see_case(agency, SAM, CASE)
    assert isinstance(seen, CaseSeen)
    return seen.lines[0]


def test_all_of_a_camera_is_kept_with_pictures_and_shown_to_nobody(
    agency: Agency, tables: Tables
) -> None:
    for hours in (1, 2, 3):
        passing(agency, ago=hours * HOUR)
    passing(agency, camera="mill-road")
    passing(agency, ago=2 * DAY)
    hold_id = asked_for(agency, a_span(agency))

    done = approve_hold(agency, SAM, hold_id)

    assert isinstance(done, SpanBegun)
    assert (done.copied, done.whole, done.gone) == (3, True, timedelta(0))
    assert tables.rows("SELECT DISTINCT camera_id FROM held_reads") == [(CAMERA,)]
    pictures = tables.rows("SELECT plate_picture, vehicle_picture FROM held_reads")
    kept = {agency.pictures.fetch(str(each)) for row in pictures for each in row}
    assert kept == {b"plate of it", b"vehicle of it"}
    seen = line(agency)
    assert seen.state is HoldState.KEPT
    assert seen.held is None
    assert seen.span is not None
    assert (seen.span.copied, seen.span.expected, seen.span.whole) == (3, 3, True)
    assert tables.public_entries("hold.kept") == [{"days": 90, "reads": 3}]
    (decided,) = tables.public_entries("hold.decided")
    assert decided["act"] == "hold"
    assert decided["decision"] == "permitted"
    assert decided["ground"] == "active_case"


def test_what_is_held_is_seen_by_a_permitted_search_with_its_record(
    agency: Agency, tables: Tables
) -> None:
    passing(agency, "AB12345")
    passing(agency, "CO98765")
    hold_id = asked_for(agency, a_span(agency))
    approve_hold(agency, SAM, hold_id)
    note = "robbery of the pharmacy on Friday"

    answer = search_held(agency, INES, hold_id, pattern=None, note=note)
    some = search_held(
        agency, INES, hold_id, pattern=PlatePattern.parse("c0*"), note=note
    )

    assert not isinstance(answer, NoSuchHold)
    found = answer.open(agency.covered)
    assert isinstance(found, HeldFound)
    assert {each.read.plate.glyphs for each in found.sightings} == {
        "AB12345",
        "CO98765",
    }
    assert {each.jpeg for each in found.sightings} == {b"plate of it"}
    assert not isinstance(some, NoSuchHold)
    few = some.open(agency.covered)
    assert isinstance(few, HeldFound)
    assert [each.read.plate.glyphs for each in few.sightings] == ["CO98765"]
    first, _second = tables.public_entries("hold.searched")
    assert first["act"] == "search_reads"
    assert "AB12345" not in tables.text_of("log")


@pytest.mark.parametrize(
    ("note", "rule"),
    [
        ("inv", "CO-note-"),
        ("ICE assist", "CT-"),
        ("the rally downtown", "CO-note-"),
    ],
)
def test_a_hold_is_not_searched_for_what_a_note_gives_away(
    agency: Agency, note: str, rule: str
) -> None:
    passing(agency)
    hold_id = asked_for(agency, a_span(agency))
    approve_hold(agency, SAM, hold_id)

    answer = search_held(agency, INES, hold_id, pattern=None, note=note)

    assert not isinstance(answer, NoSuchHold)
    refused = answer.open(agency.covered)
    assert isinstance(refused, Forbidden)
    assert refused.because[0].rule_id.startswith(rule)
    assert log_kinds(agency)[-1] in {"hold.searched", "flag.raised"}


def test_an_auditor_does_not_search_a_hold(agency: Agency) -> None:
    passing(agency)
    hold_id = asked_for(agency, a_span(agency))
    approve_hold(agency, SAM, hold_id)

    answer = search_held(
        agency,
        person(Role.AUDITOR),
        hold_id,
        pattern=None,
        note="robbery of the pharmacy",
    )

    assert not isinstance(answer, NoSuchHold)
    assert isinstance(answer.open(agency.covered), Forbidden)


def test_plates_are_kept_wherever_they_pass_and_stand_in_no_table(
    agency: Agency, tables: Tables
) -> None:
    passing(agency, "QX10234")
    passing(agency, "QX10234", camera="mill-road")
    passing(agency, "ZZ99999")
    span = a_span(agency, cameras=(), plates=("qx-1o234",))
    hold_id = asked_for(agency, span)

    done = approve_hold(agency, SAM, hold_id)

    assert isinstance(done, SpanBegun)
    assert done.copied == 2
    assert tables.rows("SELECT DISTINCT plate FROM held_reads") == [("QX10234",)]
    for table in ("holds", "hold_spans", "log"):
        assert "QX1" not in tables.text_of(table)
    seen = line(agency).span
    assert seen is not None
    assert (seen.copied, seen.expected) == (None, None)  # that would be a search


def test_the_count_comes_before_the_wish_and_says_what_is_too_old(
    agency: Agency, tables: Tables
) -> None:
    for hours in (1, 2):
        passing(agency, ago=hours * HOUR)
    limit = agency.retention.limit
    span = a_span(agency, back=limit + 3 * DAY, ahead=2 * DAY)

    def counted(which: HoldSpan) -> object:
        sealed = count_span(agency, INES, which, case_ref=CASE, purpose=ROBBERY)
        return sealed.open(agency.covered)

    answer = counted(span)

    assert isinstance(answer, SpanCounted)
    assert (answer.reads, answer.cameras) == (2, 1)
    assert answer.gone == 3 * DAY
    assert answer.ahead == 2 * DAY + timedelta(seconds=1)
    by_plate = counted(a_span(agency, cameras=(), plates=("AB12345",)))
    assert isinstance(by_plate, SpanCounted)
    assert by_plate.reads is None
    assert [each["gone_days"] for each in tables.public_entries("hold.counted")] == [
        3,
        0,
    ]
    old = HoldSpan(since=span.since, until=span.since + DAY, cameras=span.cameras)
    assert counted(old) == ReadGone()


def test_what_is_due_is_not_kept_whether_it_was_purged_or_not(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    passing(agency, "AAA1111", ago=2 * DAY)
    agency_clock.advance(agency.retention.limit - DAY)  # now it is due by a day
    make_buckets(agency)
    passing(agency, "BBB2222", ago=HOUR)
    assert tables.count("reads") == 2
    hold_id = asked_for(agency, a_span(agency, back=agency.retention.limit + 2 * DAY))
    (asked,) = tables.public_entries("hold.requested")

    done = approve_hold(agency, SAM, hold_id)

    assert asked["gone_days"] == 2
    assert isinstance(done, SpanBegun)
    assert done.gone == 2 * DAY
    assert tables.rows("SELECT plate FROM held_reads") == [("BBB2222",)]
    seen = line(agency).span
    assert seen is not None
    assert seen.gone == 2 * DAY


def test_a_span_that_is_due_as_a_whole_is_answered_and_recorded(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    span = a_span(agency)
    agency_clock.advance(agency.retention.limit + DAY)

    assert ask_for(agency, span) == ReadGone()

    (asked,) = tables.public_entries("hold.requested")
    assert asked["gone_days"] == asked["span_days"] == 2
    assert tables.count("holds") == 0


def test_a_span_that_becomes_due_before_it_is_approved_is_gone(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    passing(agency)
    hold_id = asked_for(agency, a_span(agency))
    agency_clock.advance(agency.retention.limit + HOUR)

    assert approve_hold(agency, SAM, hold_id) == ReadGone()

    assert tables.public_entries("hold.ended") == [{"why": "read_gone"}]
    assert tables.count("held_reads") == 0


def test_reads_that_come_later_are_kept_too_late_ones_as_well(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    passing(agency)
    hold_id = asked_for(agency, a_span(agency, ahead=2 * DAY))
    approve_hold(agency, SAM, hold_id)
    assert tables.count("held_reads") == 1

    agency_clock.advance(DAY)
    passing(agency, ago=HOUR)
    passing(agency, ago=30 * HOUR)  # came late: it lies in what was walked before
    assert keep_spans(agency) == 2
    assert keep_spans(agency) == 0
    agency_clock.advance(2 * DAY)
    passing(agency, ago=timedelta(0))  # after the end of the span
    assert keep_spans(agency) == 0

    assert tables.count("held_reads") == 3
    assert [each.get("reads") for each in tables.public_entries("hold.kept")] == [1, 2]


def test_a_long_span_goes_on_by_itself(
    agency: Agency, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    approving = "charteroak.server.actions.approve_hold"
    monkeypatch.setattr(f"{approving}._MOST_AT_ONCE", 4)
    monkeypatch.setattr(f"{approving}.walking._BATCH", 3)
    for minutes in range(10):
        passing(agency, ago=timedelta(minutes=minutes + 1))
    hold_id = asked_for(agency, a_span(agency))

    done = approve_hold(agency, SAM, hold_id)

    assert isinstance(done, SpanBegun)
    assert (done.copied, done.whole) == (4, False)
    seen = line(agency)
    assert seen.state is HoldState.APPROVED
    assert not seen.may_approve
    assert seen.span is not None
    assert (seen.span.copied, seen.span.expected) == (4, 10)
    assert keep_spans(agency) == 6
    assert line(agency).state is HoldState.KEPT
    reads = [each["reads"] for each in tables.public_entries("hold.kept")]
    assert reads == [3, 1, 3, 3]


def test_a_vault_that_breaks_off_in_the_middle_is_taken_up_again(
    agency: Agency, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    approving = "charteroak.server.actions.approve_hold"
    monkeypatch.setattr(f"{approving}.walking._BATCH", 2)
    for minutes in range(6):
        passing(agency, ago=timedelta(minutes=minutes + 1))
    hold_id = asked_for(agency, a_span(agency))
    calls = 0

    def tired(size: int) -> bytes:
        nonlocal calls
        calls += 1
        if calls > 8:
            raise PicturesUnavailableError("the disk stands still")
        return secrets.token_bytes(size)

    folder = agency.settings.data / "pictures"
    broken = Pictures(folder, keys=agency.keys, entropy=tired)
    with pytest.raises(PicturesUnavailableError):
        approve_hold(attrs.evolve(agency, pictures=broken), SAM, hold_id)
    assert 0 < tables.count("held_reads") < 6
    with pytest.raises(NotAllKeptError, match="stands still"):
        keep_spans(attrs.evolve(agency, pictures=broken))

    keep_spans(agency)

    assert tables.count("held_reads") == 6
    assert tables.rows("SELECT count(DISTINCT read_id) FROM held_reads") == [(6,)]
    assert line(agency).state is HoldState.KEPT


def test_the_copy_of_a_span_outlives_the_purge_and_not_its_hold(
    agency: Agency,
    agency_schema: TestAgency,
    agency_clock: SettableClock,
    tables: Tables,
) -> None:
    passing(agency)
    hold_id = asked_for(agency, a_span(agency))
    approve_hold(agency, SAM, hold_id)
    bucket = agency.retention.bucket(agency.clock() - HOUR).name
    agency.pictures.drop_bucket(bucket)
    with psycopg.connect(agency_schema.dsn("purge")) as connection:
        connection.execute("SELECT drop_bucket(%s, %s)", [bucket, agency.clock()])
    answer = search_held(
        agency, INES, hold_id, pattern=None, note="robbery of the pharmacy"
    )
    assert not isinstance(answer, NoSuchHold)
    found = answer.open(agency.covered)
    assert isinstance(found, HeldFound)
    assert [each.jpeg for each in found.sightings] == [b"plate of it"]

    agency_clock.advance(timedelta(days=90))
    assert end_holds(agency) == 1

    assert tables.count("held_reads") == 0
    assert agency.keys.holds() == agency.pictures.holds() == []
    gone = search_held(agency, INES, hold_id, pattern=None, note="robbery at noon")
    assert gone == NoSuchHold()


def test_a_span_that_ended_is_not_copied_any_further(
    agency: Agency, tables: Tables
) -> None:
    passing(agency)
    hold_id = asked_for(agency, a_span(agency, ahead=DAY))
    approve_hold(agency, SAM, hold_id)
    assert isinstance(end_hold(agency, INES, hold_id, named=CASE), HoldEnded)
    end_holds(agency)
    passing(agency)

    assert keep_spans(agency) == 0
    assert tables.count("held_reads") == 0


def test_two_people_are_needed(agency: Agency) -> None:
    both = person(Role.INVESTIGATOR, Role.SUPERVISOR)
    answer = ask_for(agency, a_span(agency), who=both)
    assert isinstance(answer, HoldRequested)

    assert approve_hold(agency, both, answer.hold_id) == SamePerson()
    refused = approve_hold(agency, person(Role.INVESTIGATOR), answer.hold_id)
    assert isinstance(refused, Forbidden)
    officer = ask_for(agency, a_span(agency), who=person(Role.OFFICER))
    assert isinstance(officer, Forbidden)
    assert [rule.rule_id for rule in officer.because] == ["CO-hold-by-investigator"]


def test_a_banned_purpose_keeps_nothing(agency: Agency, tables: Tables) -> None:
    answer = ask_for(agency, a_span(agency), purpose="immigration")

    assert isinstance(answer, Forbidden)
    assert tables.count("holds") == 0
    assert tables.public_entries("hold.requested")[0]["decision"] == "refused"


def test_a_span_names_something_and_is_not_endless(agency: Agency) -> None:
    now = agency.clock()
    with pytest.raises(UnusableHoldSpanError):
        HoldSpan(since=now - DAY, until=now)
    with pytest.raises(UnusableHoldSpanError):
        a_span(agency, back=timedelta(days=93))
    with pytest.raises(EmptyPeriodError):
        HoldSpan(since=now, until=now)
