"""The worker: every duty in its time, no trouble silent, none in another's way."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import attrs
import pytest

from charteroak.core.duty import RETRY_AFTER, Duty, DutyState, every
from charteroak.server.actions.note_duty import standing
from charteroak.server.actions.see_status import see_status
from charteroak.server.agency import Agency
from charteroak.server.store.migrate import migrate
from charteroak.server.store.postgres.supervisor import EmbeddedPostgres
from charteroak.server.worker import Worker
from tests.support.agency import NOON, SettableClock, an_agency
from tests.support.postgres import TestAgency, reachable_folder
from tests.support.sightings import a_read, taken
from tests.support.tables import Tables

SECOND = timedelta(seconds=1)
PATIENCE_S = 30


def late(agency: Agency) -> set[Duty]:
    return {line.duty for line in see_status(agency).duties if line.late}


def stuck(agency: Agency) -> Path:
    """Make the deletion of pictures fail, in a way that also stops root."""
    place = agency.settings.data / "pictures"
    place.rename(agency.settings.data / "elsewhere")
    place.write_bytes(b"a file where a folder should be")
    return place


def freed(place: Path) -> None:
    place.unlink()
    (place.parent / "elsewhere").rename(place)


def until(done: Callable[[], bool]) -> None:
    begun = time.monotonic()
    while not done():
        assert time.monotonic() - begun < PATIENCE_S
        time.sleep(0.02)


def test_the_first_look_does_every_duty_and_the_next_none(
    agency: Agency, tables: Tables
) -> None:
    assert late(agency) == set(Duty)

    Worker(agency).look()

    book = standing(agency)
    assert set(book) == set(Duty)
    granule = agency.retention.granule
    for duty, state in book.items():
        assert state.last_success_at == NOON
        assert state.next_due_at == NOON + every(duty, granule)
    assert see_status(agency).well
    tables.change("UPDATE duties SET done = 77")
    Worker(agency).look()
    assert {state.done for state in standing(agency).values()} == {77}


def test_a_failed_duty_is_written_down_told_and_tried_again_and_stops_no_other(
    agency: Agency,
    agency_clock: SettableClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    place = stuck(agency)

    Worker(agency).look()

    failed = standing(agency)[Duty.PURGE_READS]
    assert failed.failures == 1
    assert failed.last_success_at is None
    assert failed.last_failure_at == NOON
    assert "pictures cannot be listed" in failed.trouble
    assert failed.next_due_at == NOON + RETRY_AFTER
    assert standing(agency)[Duty.TIDY_UP].last_success_at == NOON
    # Pictures of holds lie in the same place.
    assert late(agency) == {Duty.PURGE_READS, Duty.END_HOLDS}
    assert not see_status(agency).well
    assert "charteroak.purge.incomplete" in caplog.text

    agency_clock.advance(RETRY_AFTER - SECOND)
    Worker(agency).look()
    assert standing(agency)[Duty.PURGE_READS].failures == 1
    agency_clock.advance(SECOND)
    Worker(agency).look()
    assert standing(agency)[Duty.PURGE_READS].failures == 2
    freed(place)
    agency_clock.advance(RETRY_AFTER)
    Worker(agency).look()
    healed = standing(agency)[Duty.PURGE_READS]
    assert (healed.failures, healed.trouble) == (0, "")
    assert see_status(agency).well


def test_an_unexpected_trouble_is_named_by_its_kind_alone(
    agency: Agency, tables: Tables, caplog: pytest.LogCaptureFixture
) -> None:
    taken(agency, a_read(agency, "MARKER7XQ"))
    tables.change(
        "CREATE OR REPLACE FUNCTION analyze_bucket(bucket_name text) RETURNS void"
        " LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'MARKER7XQ' USING ERRCODE = 'data_exception'; END $$"
    )

    Worker(agency).look()

    assert standing(agency)[Duty.TIDY_UP].trouble == "unexpected: DataException"
    assert "MARKER7XQ" not in caplog.text
    assert late(agency) == {Duty.TIDY_UP}


def test_a_worker_that_is_gone_shows_by_lateness(
    agency: Agency, agency_clock: SettableClock
) -> None:
    Worker(agency).look()
    assert late(agency) == set()
    grace = timedelta(minutes=1)
    interval = every(Duty.PURGE_READS, agency.retention.granule)

    agency_clock.advance(interval + max(interval / 2, grace))
    assert Duty.PURGE_READS not in late(agency)
    agency_clock.advance(SECOND)

    assert {Duty.PURGE_READS, Duty.MAKE_BUCKETS} <= late(agency)


def test_with_a_limit_of_minutes_lateness_is_told_within_a_minute_or_two() -> None:
    state = DutyState(
        duty=Duty.PURGE_READS,
        last_success_at=NOON,
        last_failure_at=None,
        failures=0,
        trouble="",
        done=0,
        next_due_at=NOON + timedelta(seconds=15),
    )
    granule = timedelta(minutes=1)

    assert not state.late(NOON + timedelta(seconds=75), granule)
    assert state.late(NOON + timedelta(seconds=76), granule)


def test_the_thread_works_until_its_block_ends(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    taken(agency, a_read(agency, ago=20 * timedelta(days=1)))
    with Worker(agency):
        until(lambda: set(standing(agency)) == set(Duty))
        agency_clock.advance(timedelta(days=1))
        until(lambda: tables.count("reads") == 0)

    assert "worker" not in {thread.name for thread in threading.enumerate()}


def test_a_book_that_cannot_be_written_does_not_end_the_worker(
    agency: Agency, tables: Tables, caplog: pytest.LogCaptureFixture
) -> None:
    tables.change("ALTER TABLE duties RENAME TO duties_away")
    with Worker(agency):
        until(lambda: "duties: unexpected: UndefinedTable" in caplog.text)
        tables.change("ALTER TABLE duties_away RENAME TO duties")
        until(lambda: set(standing(agency)) == set(Duty))


def test_two_workers_do_no_harm(agency: Agency, tables: Tables) -> None:
    taken(agency, a_read(agency, ago=20 * timedelta(days=1)))
    later = SettableClock(NOON + timedelta(days=3))
    again = attrs.evolve(agency, clock=later)

    with Worker(again), Worker(again):
        until(lambda: set(standing(again)) == set(Duty))
        until(lambda: tables.count("reads") == 0)

    purged = tables.public_entries("bucket.purged")
    spans = [entry["from"] for entry in purged]
    assert len(spans) == len(set(spans))
    assert sum(int(str(entry["reads"])) for entry in purged) == 1
    assert see_status(again).well


def test_the_database_may_stop_and_is_started_again(
    agency_schema: TestAgency,
    agency_clock: SettableClock,
    postgres_programs: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with (
        reachable_folder("worker") as folder,
        EmbeddedPostgres(folder / "database", binaries_dir=postgres_programs) as server,
    ):
        schema = attrs.evolve(agency_schema, admin_dsn=server.dsn)
        migrate(server.dsn, schema.names, passwords=schema.passwords, applied_at=NOON)
        agency = an_agency(schema, agency_clock, tmp_path)
        agency.database.open()
        allowed = threading.Event()

        def revive() -> bool:
            if server.poll() is None or not allowed.is_set():
                return False
            server.restart()
            return True

        try:
            with Worker(agency, revive=revive):
                until(lambda: set(standing(agency)) == set(Duty))
                caplog.set_level(logging.WARNING)
                agency_clock.advance(timedelta(hours=1))
                server._halt()
                until(lambda: "charteroak.store.unavailable" in caplog.text)
                allowed.set()
                until(lambda: "was started again" in caplog.text)
                until(lambda: see_status(agency).well)
        finally:
            agency.database.close()
