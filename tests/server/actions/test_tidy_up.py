"""What has served goes; what is still needed stays."""

from datetime import timedelta

import pytest
from tests.support.agency import SettableClock
from tests.support.box import FakeBox, a_box, wanted
from tests.support.tables import Tables
from tests.support.web import PASSWORD, somebody

from charteroak.core.people import Role
from charteroak.server.actions.ingest_reads import Taken
from charteroak.server.actions.make_buckets import make_buckets
from charteroak.server.actions.purge_reads import purge_reads
from charteroak.server.actions.sign_in import SignedInAs, sign_in
from charteroak.server.actions.tidy_up import tidy_up
from charteroak.server.agency import Agency
from charteroak.server.senders import TurnedAway, Why

DAY = timedelta(days=1)


def test_what_has_served_goes_when_it_has(
    agency: Agency, agency_clock: SettableClock, tables: Tables, box: FakeBox
) -> None:
    box.send(box.read())
    dana = somebody(agency, Role.DISPATCHER)
    assert isinstance(sign_in(agency, dana.login, PASSWORD), SignedInAs)
    left = {"invitations": 1, "nonces": 1, "sessions": 1, "batches": 1}

    def there() -> dict[str, int]:
        return {table: tables.count(table) for table in left}

    assert tidy_up(agency) == 0
    assert there() == left
    agency_clock.advance(8 * DAY + timedelta(seconds=1))
    assert tidy_up(agency) == 3
    assert there() == {**left, "invitations": 0, "nonces": 0, "sessions": 0}
    # The answer to a batch is remembered for twice the limit.
    agency_clock.advance(34 * DAY)
    assert tidy_up(agency) == 1
    assert tables.count("batches") == 0


def test_a_batch_is_known_for_as_long_as_a_box_may_send_it_again(
    agency: Agency, agency_clock: SettableClock, tables: Tables, box: FakeBox
) -> None:
    batch = box.batch(box.seal(box.read()))
    assert isinstance(box.deliver(batch), Taken)
    agency_clock.advance(agency.retention.limit)
    tidy_up(agency)

    again = box.deliver(batch)

    assert isinstance(again, Taken)
    assert again.answer.kept == 1
    assert tables.count("reads") == 1
    other = box.batch(box.seal(box.read()), sequence=batch.sequence)
    assert isinstance(box.deliver(other), TurnedAway)


@pytest.mark.parametrize("replaced", [True, False])
def test_a_list_is_written_anew_once_after_it_was_replaced(
    agency: Agency, tables: Tables, *, replaced: bool
) -> None:
    wanted(agency, "BK47193")
    tidy_up(agency)
    ((before,),) = tables.rows("SELECT pg_relation_filenode('hotlist_entries')")
    if replaced:
        wanted(agency, "AM60824")

    tidy_up(agency)

    ((after,),) = tables.rows("SELECT pg_relation_filenode('hotlist_entries')")
    assert (after != before) is replaced
    assert tables.rows("SELECT what FROM erasures_owed") == []
    plates = tables.rows("SELECT plate FROM hotlist_entries")
    assert plates == [("AM60824" if replaced else "BK47193",)]


def test_the_planner_knows_cameras_and_times_and_no_plate(
    agency: Agency, tables: Tables, box: FakeBox
) -> None:
    box.send(*(box.read("BK47193") for _ in range(20)))

    tidy_up(agency)

    known = tables.rows(
        "SELECT DISTINCT attname FROM pg_stats"
        " WHERE schemaname = current_schema() AND tablename ~ '^(reads|hotlist_e|held)'"
        " ORDER BY attname"
    )
    assert known == [("camera_id",), ("seen_at",)]


def test_a_batch_that_was_forgotten_brings_no_read_back(
    agency: Agency, agency_clock: SettableClock, tables: Tables, box: FakeBox
) -> None:
    old = box.batch(box.seal(box.read()))
    never_sent = box.batch(box.seal(box.read("OTHER1")))
    newest = box.batch(box.seal(box.read("OTHER2")))
    for batch in (old, newest):
        assert isinstance(box.deliver(batch), Taken)
    agency_clock.advance(400 * DAY)
    make_buckets(agency)
    purge_reads(agency)
    tidy_up(agency)
    # Nothing to forget a second time, and the number that is kept does not sink.
    tidy_up(agency)
    assert tables.count("batches") == 0

    for batch in (old, never_sent, newest):
        turned = box.deliver(batch)
        assert isinstance(turned, TurnedAway)
        assert turned.why is Why.CONFLICT

    assert tables.count("reads_misdated") == 0
    assert tables.rows("SELECT kind, n FROM refusals") == [
        ("charteroak.batch.conflict", 3)
    ]
    assert tables.log_kinds()[-3:] == ["batch.conflicted"] * 3
    # The box goes on, with the next number or in a new boot epoch; others begin at 1.
    assert box.send(box.read()).kept == 1
    box.boot_epoch, box.sequence = 2, 0
    assert box.send(box.read()).kept == 1
    other = a_box(agency, "elm-st")
    assert other.send(other.read(camera="elm-st")).kept == 1


def test_an_older_batch_taken_late_does_not_lower_what_was_forgotten(
    agency: Agency, agency_clock: SettableClock, tables: Tables, box: FakeBox
) -> None:
    box.boot_epoch = 2
    high = box.batch(box.seal(box.read()), sequence=7)
    assert isinstance(box.deliver(high), Taken)
    agency_clock.advance(30 * DAY)
    make_buckets(agency)
    box.boot_epoch = 1
    low = box.batch(box.seal(box.read()), sequence=9)
    assert isinstance(box.deliver(low), Taken)

    for _ in range(2):
        agency_clock.advance(30 * DAY)
        tidy_up(agency)

    assert tables.count("batches") == 0
    assert tables.rows(
        "SELECT forgotten_boot_epoch, forgotten_sequence FROM boxes"
    ) == [(2, 7)]
