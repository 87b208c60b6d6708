"""Buckets go when due, wherever a run breaks off, and whoever else is at work."""

from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from threading import Barrier, Thread

import attrs
import pytest
from tests.support.agency import NOON, SettableClock
from tests.support.box import FakeBox, wanted
from tests.support.sightings import a_read, taken
from tests.support.tables import Tables

from charteroak.core.read import Read
from charteroak.core.retention import Bucket, Retention
from charteroak.server.actions.make_buckets import make_buckets
from charteroak.server.actions.purge_reads import (
    NotAllPurgedError,
    Purged,
    purge_reads,
)
from charteroak.server.agency import Agency
from charteroak.server.store import buckets
from charteroak.server.store.buckets import StoredBucket

DAY = timedelta(days=1)
BOTH = [b"plate", b"vehicle"]
OLDEST = NOON.replace(hour=0) - 20 * DAY
DUE = timedelta(hours=12)
"""After this the oldest bucket is due: 21 days after it began."""


def old_read(agency: Agency) -> Read:
    """A read in the oldest bucket, an hour after that began."""
    read = a_read(agency, ago=NOON - OLDEST - timedelta(hours=1))
    return taken(agency, read, pictures=BOTH)


def owed(tables: Tables) -> list[tuple[object, ...]]:
    return tables.rows("SELECT what FROM erasures_owed ORDER BY what")


def first_segment(tables: Tables) -> str:
    ((name,),) = tables.rows("SELECT min(name) FROM pg_ls_waldir()")
    return str(name)


def folder_of(agency: Agency) -> Path:
    return agency.settings.data


def test_what_is_due_goes_and_nothing_else(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    old_read(agency)
    taken(agency, a_read(agency), pictures=BOTH)
    agency_clock.advance(DUE - timedelta(microseconds=1))
    assert purge_reads(agency) == Purged()

    agency_clock.advance(timedelta(microseconds=1))

    assert purge_reads(agency) == Purged(buckets=1, reads=1, pictures=1)
    assert tables.count("reads") == 1
    assert agency.pictures.buckets() == [agency.retention.bucket(NOON).name]
    assert purge_reads(agency) == Purged()
    assert owed(tables) == []


def test_the_record_counts_and_names_nobody(
    agency: Agency, agency_clock: SettableClock, tables: Tables, box: FakeBox
) -> None:
    wanted(agency, "BK47193")
    box.send(
        box.read("BK47193", picture=b"one"),
        box.read("AM60824"),
        box.read("AM60825", seen_at=NOON + timedelta(days=2)),
    )
    agency_clock.now = agency.retention.due_at(agency.retention.bucket(NOON))

    purged = purge_reads(agency)

    assert (purged.reads, purged.evidence) == (3, 1)
    *_, public = tables.public_entries("bucket.purged")
    assert public == {
        "from": "2026-10-15T00:00:00+00:00",
        "until": "2026-10-16T00:00:00+00:00",
        "reads": 2,
        "misdated": 1,
        "evidence": 1,
        "limit_minutes": 21 * 24 * 60,
    }
    assert "BK47193" not in tables.text_of("log")
    assert tables.count("alerts") == 1


def test_a_run_that_died_after_the_key_is_finished_by_the_next(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    old_read(agency)
    agency_clock.advance(DUE)
    agency.keys.destroy_bucket(agency.retention.bucket(OLDEST).name)

    assert purge_reads(agency) == Purged(buckets=1, reads=1, pictures=1)
    assert tables.count("reads") == 0


def test_a_run_that_died_after_the_drop_is_finished_by_the_next(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    old_read(agency)
    agency_clock.advance(DUE)
    name = agency.retention.bucket(OLDEST).name
    agency.keys.destroy_bucket(name)
    tables.drop_bucket(name, agency_clock())
    before = first_segment(tables)
    assert owed(tables) == [("wal",)]

    # Nothing is due any more, and the log and the files are emptied all the same.
    assert purge_reads(agency) == Purged(pictures=1)

    assert owed(tables) == []
    assert first_segment(tables) > before
    assert agency.pictures.buckets() == []


def test_a_key_that_cannot_be_destroyed_is_told_and_stops_nothing_else(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    old_read(agency)
    taken(agency, a_read(agency, ago=18 * DAY), pictures=BOTH)
    agency_clock.advance(DUE + 3 * DAY)
    key = folder_of(agency) / "keys" / "pictures" / f"{stored(agency)[0].bucket}.key"
    key.unlink()
    key.mkdir()  # not a file: it can be neither opened nor unlinked, by root either

    with pytest.raises(NotAllPurgedError, match="a key cannot be opened") as told:
        purge_reads(agency)

    assert len(told.value.troubles) == 1
    assert tables.count("reads") == 1
    key.rmdir()
    assert purge_reads(agency).reads == 1
    assert tables.count("reads") == 0


def test_pictures_that_cannot_be_deleted_are_told_and_tried_again(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    old_read(agency)
    agency_clock.advance(DUE)
    place = folder_of(agency) / "pictures"
    away = place.rename(folder_of(agency) / "elsewhere")
    place.write_bytes(b"a file where a folder should be")

    with pytest.raises(NotAllPurgedError, match="pictures cannot be listed"):
        purge_reads(agency)

    assert tables.count("reads") == 0
    assert owed(tables) == []
    place.unlink()
    away.rename(place)
    assert purge_reads(agency).pictures == 1


def test_what_a_broken_off_write_left_goes_too(
    agency: Agency, agency_clock: SettableClock
) -> None:
    old_read(agency)
    place = folder_of(agency) / "pictures" / agency.retention.bucket(OLDEST).name
    (place / f"{'a' * 32}#1").write_bytes(b"half a segment, which no listing shows")
    (folder_of(agency) / "pictures" / "notes").mkdir()  # somebody else's: let alone
    agency_clock.advance(DUE)

    purge_reads(agency)

    assert [each.name for each in place.parent.iterdir()] == ["notes"]


def test_a_key_that_came_back_is_destroyed(
    agency: Agency, agency_clock: SettableClock
) -> None:
    agency_clock.advance(DUE)
    purge_reads(agency)
    name = agency.retention.bucket(OLDEST).name
    agency.keys.make_bucket(name)  # as a slow second worker would

    purge_reads(agency)

    assert not agency.keys.has_bucket(name)


def test_a_key_that_the_database_does_not_know_is_destroyed_when_due(
    agency: Agency, agency_clock: SettableClock
) -> None:
    # As after a restore from a backup that is older than these buckets.
    due, alive = (
        Bucket(start, start + timedelta(hours=6)).name
        for start in [OLDEST - 30 * DAY, NOON]
    )
    for each in [due, alive, "b20261399t0000m60"]:
        agency.keys.make_bucket(each)

    purge_reads(agency)

    assert not agency.keys.has_bucket(due)
    assert agency.keys.has_bucket(alive)
    agency_clock.advance(agency.retention.limit)
    purge_reads(agency)
    assert not agency.keys.has_bucket(alive)


def test_a_partition_that_is_gone_already_stops_nothing(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    old_read(agency)
    agency_clock.advance(DUE)
    tables.change(f"DROP TABLE reads_misdated_{agency.retention.bucket(OLDEST).name}")

    assert purge_reads(agency).reads == 1


def test_a_database_that_forbids_emptying_its_log_is_purged_all_the_same(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    old_read(agency)
    agency_clock.advance(DUE)
    tables.change(f"REVOKE pg_checkpoint FROM {tables.schema.schema}_purge")

    assert purge_reads(agency).reads == 1

    assert owed(tables) == [("wal",)]


def test_two_workers_at_once_drop_and_count_each_bucket_once(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    old_read(agency)
    agency_clock.advance(DUE + 4 * DAY)
    together, purged = Barrier(2), list[Purged]()

    def work() -> None:
        together.wait()
        purged.append(purge_reads(agency))
        make_buckets(agency)

    both = [Thread(target=work) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()

    assert sum(each.buckets for each in purged) == 5
    assert sum(each.reads for each in purged) == 1
    assert len(tables.public_entries("bucket.purged")) == 5
    assert_one_bucket_each(agency)


# ------------------------------------------------------------------- a changed limit


def stored(agency: Agency) -> list[StoredBucket]:
    with agency.database.purges() as tx:
        return buckets.spanning(tx, since=NOON - 999 * DAY, until=NOON + 999 * DAY)


def limited(agency: Agency, limit: timedelta) -> Agency:
    return attrs.evolve(agency, retention=Retention(limit))


def worked(agency: Agency) -> Agency:
    """What the worker does with the buckets, in its order."""
    make_buckets(agency)
    if purge_reads(agency).opened:
        make_buckets(agency)
    return agency


def assert_one_bucket_each(agency: Agency) -> None:
    """No two buckets overlap; every moment that may still be kept has one; the present
    and what is to come have one that is alive, with its key."""
    there = stored(agency)
    for one, other in pairwise(there):
        assert one.ends_at <= other.starts_at
    ahead = agency.retention.ahead(agency.clock())
    spans = [each for each in there if each.ends_at > ahead[0].starts_at]
    assert spans[0].starts_at <= ahead[0].starts_at
    assert spans[-1].ends_at >= ahead[-1].ends_at
    for one, other in pairwise(spans):
        assert one.ends_at == other.starts_at
    for each in spans:
        if each.ends_at > agency.clock():
            assert each.dropped_at is None
            assert agency.keys.has_bucket(each.bucket)


def test_a_limit_cut_to_minutes_takes_reads_at_once_and_drops_them_in_time(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    taken(agency, a_read(agency))
    shorter = worked(limited(agency, timedelta(minutes=10)))

    # The day's bucket was due at ten past midnight under the new limit.
    assert tables.count("reads") == 0
    assert_one_bucket_each(shorter)
    taken(shorter, a_read(shorter, ago=timedelta(seconds=1)))
    agency_clock.advance(timedelta(minutes=9) - timedelta(microseconds=1))
    worked(shorter)
    assert tables.count("reads") == 1
    agency_clock.advance(timedelta(microseconds=1))
    worked(shorter)
    # It was seen in the last second of its minute, which is due ten minutes after it
    # began: so it lives ten minutes less one at the least.
    assert tables.count("reads") == 0


@pytest.mark.parametrize(
    "limits",
    [
        [timedelta(minutes=10), timedelta(days=21)],
        [timedelta(hours=5), timedelta(minutes=3), timedelta(hours=5)],
    ],
)
def test_every_live_moment_keeps_exactly_one_bucket(
    agency: Agency,
    agency_clock: SettableClock,
    limits: list[timedelta],
) -> None:
    for limit in limits:
        changed = worked(limited(agency, limit))
        assert_one_bucket_each(changed)
        agency_clock.advance(timedelta(minutes=77))
        assert_one_bucket_each(worked(changed))
        taken(changed, a_read(changed, ago=timedelta(seconds=1)))


def test_a_bucket_to_come_that_is_not_empty_is_not_taken_back(
    agency: Agency, tables: Tables
) -> None:
    tomorrow = Bucket(NOON.replace(hour=0) + DAY, NOON.replace(hour=0) + 2 * DAY)
    taken(agency, a_read(agency, ago=-DAY))

    with agency.database.purges() as tx:
        assert not buckets.unmake(tx, tomorrow.name)

    assert tables.count("reads") == 1
