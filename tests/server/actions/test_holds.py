"""Holds: asked for out of one's own search, approved by another, copied, ended."""

import secrets
from datetime import timedelta

import attrs
import psycopg
from tests.support.agency import SettableClock
from tests.support.postgres import TestAgency
from tests.support.sightings import a_read, a_search, log_kinds, person, taken
from tests.support.tables import Tables

from charteroak.core.hold import HoldId, HoldState, NoSuchHold, NotAllowed, SamePerson
from charteroak.core.people import Person, Role
from charteroak.core.read import Read
from charteroak.core.search_answer import Forbidden, NotShown, ReadGone
from charteroak.core.search_record import SHOWN_FOR
from charteroak.server.actions.approve_hold import HoldKept, approve_hold
from charteroak.server.actions.end_hold import HoldEnded, end_hold
from charteroak.server.actions.open_record import RecordOpened, open_record
from charteroak.server.actions.request_hold import HoldRequested, request_hold
from charteroak.server.actions.search_reads import search_reads
from charteroak.server.actions.see_case import (
    CaseSeen,
    HeldPicture,
    HeldPictureGone,
    HoldLine,
    list_cases,
    see_case,
    see_held_picture,
)
from charteroak.server.agency import Agency
from charteroak.server.store import audit
from charteroak.server.vault.pictures import Pictures

CASE = "26-1234"
INES = person(Role.INVESTIGATOR)
SAM = person(Role.SUPERVISOR)


def a_hit(agency: Agency, *, ago: timedelta = timedelta(hours=1)) -> Read:
    return taken(agency, a_read(agency, ago=ago), pictures=[b"plate", b"vehicle"])


def ask(
    agency: Agency, read: Read, who: Person = INES
) -> HoldRequested | Forbidden | NotShown | ReadGone:
    search = a_search(agency, back=timedelta(days=21))
    asked = search_reads(agency, who, search).until.record_id
    return request_hold(
        agency,
        who,
        asked_id=asked,
        read_id=read.read_id,
        reason="the car at the pump",
        span=timedelta(days=90),
    )


def asked_for(agency: Agency, read: Read) -> HoldId:
    answer = ask(agency, read)
    assert isinstance(answer, HoldRequested)
    return answer.hold_id


def lines(agency: Agency, who: Person = SAM) -> tuple[HoldLine, ...]:
    seen = see_case(agency, who, CASE)
    assert isinstance(seen, CaseSeen)
    return seen.lines


def test_a_hold_is_asked_for_approved_and_kept(agency: Agency) -> None:
    read = a_hit(agency)
    hold_id = asked_for(agency, read)
    assert [line.state for line in lines(agency)] == [HoldState.REQUESTED]
    assert lines(agency)[0].may_approve

    kept = approve_hold(agency, SAM, hold_id)

    assert isinstance(kept, HoldKept)
    assert kept.ends_at == agency.clock() + timedelta(days=90)
    (line,) = lines(agency)
    assert line.state is HoldState.KEPT
    assert line.held is not None
    assert line.held.plate == read.plate
    picture = see_held_picture(agency, INES, hold_id)
    assert isinstance(picture, HeldPicture)
    assert picture.jpeg == b"plate"
    kinds = [kind for kind in log_kinds(agency) if kind != "case.seen"]
    assert kinds == [
        "search.asked",
        "search.answered",
        "hold.requested",
        "hold.approved",
        "hold.decided",
        "hold.kept",
    ]


def test_the_copy_outlives_the_read_and_its_key(
    agency: Agency, agency_schema: TestAgency
) -> None:
    read = a_hit(agency)
    hold_id = asked_for(agency, read)
    approve_hold(agency, SAM, hold_id)
    bucket = agency.retention.bucket(read.seen_at).name
    agency.pictures.drop_bucket(bucket)
    with psycopg.connect(agency_schema.dsn("purge")) as connection:
        connection.execute(
            "SELECT reads FROM drop_bucket(%s, %s)", [bucket, agency.clock()]
        )

    picture = see_held_picture(agency, SAM, hold_id)

    assert isinstance(picture, HeldPicture)
    assert lines(agency)[0].held is not None


def test_a_hold_that_is_ended_while_it_is_copied_keeps_nothing(
    agency: Agency, tables: Tables
) -> None:
    hold_id = asked_for(agency, a_hit(agency))

    def meanwhile(size: int) -> bytes:
        # Called for the copy's segment: after the approval, before the copy's row.
        end_hold(agency, INES, hold_id, named=CASE)
        return secrets.token_bytes(size)

    folder = agency.settings.data / "pictures"
    slow = Pictures(folder, keys=agency.keys, entropy=meanwhile)
    answer = approve_hold(attrs.evolve(agency, pictures=slow), SAM, hold_id)

    assert answer == NoSuchHold()
    assert log_kinds(agency)[-2:] == ["hold.decided", "hold.ended"]
    assert tables.count("held_reads") == 0
    assert list(agency.keys.holds()) == []
    assert list(agency.pictures.holds()) == []


def test_nobody_approves_their_own_wish(agency: Agency) -> None:
    both = person(Role.INVESTIGATOR, Role.SUPERVISOR)
    answer = ask(agency, a_hit(agency), both)
    assert isinstance(answer, HoldRequested)

    assert approve_hold(agency, both, answer.hold_id) == SamePerson()
    assert not lines(agency, both)[0].may_approve


def test_an_investigator_cannot_approve_and_that_is_recorded(agency: Agency) -> None:
    hold_id = asked_for(agency, a_hit(agency))

    answer = approve_hold(agency, person(Role.INVESTIGATOR), hold_id)

    assert isinstance(answer, Forbidden)
    assert [rule.rule_id for rule in answer.because] == ["CT-hold-by-supervisor"]
    assert log_kinds(agency)[-1] == "hold.approved"
    assert lines(agency)[0].state is HoldState.REQUESTED


def test_an_officer_may_search_and_not_hold(agency: Agency) -> None:
    answer = ask(agency, a_hit(agency), person(Role.OFFICER))

    assert isinstance(answer, Forbidden)
    assert [rule.rule_id for rule in answer.because] == ["CO-hold-by-investigator"]
    assert lines(agency) == ()


def test_what_was_deleted_on_schedule_is_not_held(
    agency: Agency, agency_schema: TestAgency
) -> None:
    read = a_hit(agency)
    hold_id = asked_for(agency, read)
    with psycopg.connect(agency_schema.dsn("purge")) as connection:
        connection.execute(
            "SELECT reads FROM drop_bucket(%s, %s)",
            [agency.retention.bucket(read.seen_at).name, agency.clock()],
        )

    assert approve_hold(agency, SAM, hold_id) == ReadGone()
    assert lines(agency)[0].state is HoldState.ENDED
    assert approve_hold(agency, SAM, hold_id) == NoSuchHold()


def test_the_search_of_somebody_else_or_of_long_ago_holds_nothing(
    agency: Agency, agency_clock: SettableClock
) -> None:
    read = a_hit(agency)
    asked = search_reads(agency, INES, a_search(agency)).until.record_id

    def hold(who: Person) -> object:
        return request_hold(
            agency,
            who,
            asked_id=asked,
            read_id=read.read_id,
            reason="the car at the pump",
            span=timedelta(days=30),
        )

    assert hold(SAM) == NotShown()
    agency_clock.advance(SHOWN_FOR + timedelta(seconds=1))
    assert hold(INES) == NotShown()
    assert "hold.requested" not in log_kinds(agency)


def test_asking_twice_is_one_hold(agency: Agency) -> None:
    read = a_hit(agency)
    first = asked_for(agency, read)

    again = ask(agency, read)

    assert again == HoldRequested(hold_id=first, case_ref=CASE, again=True)
    assert len(lines(agency)) == 1


def test_a_hold_ends_by_hand_or_by_itself(
    agency: Agency, agency_clock: SettableClock
) -> None:
    by_hand = asked_for(agency, a_hit(agency))
    itself = asked_for(agency, a_hit(agency, ago=timedelta(hours=2)))
    for hold_id in [by_hand, itself]:
        approve_hold(agency, SAM, hold_id)

    assert end_hold(agency, INES, by_hand, named=CASE) == HoldEnded(case_ref=CASE)
    assert end_hold(agency, INES, by_hand, named=CASE) == NoSuchHold()
    assert see_held_picture(agency, INES, by_hand) == HeldPictureGone()
    agency_clock.advance(timedelta(days=90))
    assert {line.state for line in lines(agency)} == {HoldState.ENDED}
    assert all(line.held is None for line in lines(agency))


def test_on_its_day_nothing_is_shown_or_kept_before_the_worker_comes(
    agency: Agency, agency_clock: SettableClock
) -> None:
    kept, waits = (asked_for(agency, a_hit(agency)) for _ in range(2))
    approve_hold(agency, SAM, kept)
    agency_clock.advance(timedelta(days=90))

    assert see_held_picture(agency, SAM, kept) == HeldPictureGone()
    assert approve_hold(agency, SAM, waits) == NoSuchHold()
    assert {line.state for line in lines(agency)} == {HoldState.ENDED}


def test_only_those_who_may_hold_see_a_case(agency: Agency) -> None:
    hold_id = asked_for(agency, a_hit(agency))
    approve_hold(agency, SAM, hold_id)

    for role in [Role.DISPATCHER, Role.AUDITOR, Role.ADMINISTRATOR]:
        who = person(role)
        assert see_case(agency, who, CASE) == NotAllowed()
        assert list_cases(agency, who) == NotAllowed()
        assert end_hold(agency, who, hold_id, named=CASE) == NotAllowed()
        assert see_held_picture(agency, who, hold_id) == NotAllowed()
    both = person(Role.ADMINISTRATOR, Role.INVESTIGATOR)
    assert see_case(agency, both, CASE) == NotAllowed()


def test_a_case_that_is_refused_is_in_the_log_with_its_rule(
    agency: Agency, tables: Tables
) -> None:
    hold_id = asked_for(agency, a_hit(agency))
    approve_hold(agency, SAM, hold_id)
    both = person(Role.ADMINISTRATOR, Role.INVESTIGATOR)

    assert see_case(agency, both, CASE) == NotAllowed()
    assert see_held_picture(agency, both, hold_id) == NotAllowed()
    assert see_case(agency, person(Role.AUDITOR), "26-9") == NotAllowed()

    case, picture, unknown = tables.public_entries("case.seen")
    assert case == picture
    assert case["decision"] == "refused"
    assert case["rules"]
    assert case["holds"] == 0
    assert unknown == {"decision": "refused", "holds": 0}
    # The record replays to the same refusal.
    with agency.database.audits() as tx:
        (record, *_) = audit.newest(tx, kind=None, before=None, limit=3)[1:]
    opened = open_record(agency, person(Role.AUDITOR), record.record_id)
    assert isinstance(opened, RecordOpened)
    assert opened.replay is not None
    assert opened.replay.agrees
    assert not opened.replay.permitted


def test_cases_that_wait_come_first(agency: Agency) -> None:
    approve_hold(agency, SAM, asked_for(agency, a_hit(agency)))
    asked_for(agency, a_hit(agency))

    cases = list_cases(agency, SAM)

    assert not isinstance(cases, NotAllowed)
    assert [(each.case_ref, each.holds, each.waiting) for each in cases] == [
        (CASE, 2, 1)
    ]
