"""Where a box keeps hits alone, all else that waits is destroyed, in every copy."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from charteroak.edge.spool import Spool
from charteroak.edge.spool_file import CorruptSpoolError
from charteroak.edge.uptime import Uptime
from tests.edge.a_box import (
    KEEP,
    NOON,
    a_read,
    a_spool,
    bytes_of,
    opened,
    stored,
)

SECOND = timedelta(seconds=1)


def numbers(spool: Spool, count: int, start: int = 0) -> None:
    for number in range(start, start + count):
        spool.put(a_read(number), NOON)


def test_all_that_is_no_hit_is_destroyed_with_its_key(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    numbers(spool, 250)
    assert spool.next_batch(NOON) is not None
    marks, old_key = stored(tmp_path), (tmp_path / "spool.key").read_bytes()
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in tmp_path.glob("spool.sqlite3*"):
        (copy / path.name).write_bytes(path.read_bytes())

    assert spool.keep_hits_only() == 250

    left = bytes_of_spool(tmp_path)
    assert not [mark for mark in marks if mark in left]
    assert old_key not in left
    stats = spool.stats(NOON)
    assert (stats.waiting, stats.size_bytes, stats.destroyed) == (0, 0, 250)
    assert spool.next_batch(NOON) is None
    assert spool.keep_hits_only() == 0
    # A copy of the file that somebody made before tells nothing, and is emptied.
    (copy / "spool.key").write_bytes((tmp_path / "spool.key").read_bytes())
    with closing(a_spool(copy)) as stolen:
        assert stolen.next_batch(NOON) is None


def test_a_hit_waits_where_nothing_else_may(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    spool.put(a_read(1), NOON)
    spool.put(a_read(2), NOON, hit=True)
    spool.put(a_read(3), NOON)
    assert spool.next_batch(NOON) is not None

    assert spool.keep_hits_only() == 2

    batch = spool.next_batch(NOON)
    assert batch is not None
    assert opened(batch.envelopes) == [a_read(2)]
    spool.close()
    again = a_spool(tmp_path, boot_epoch=2).next_batch(NOON)
    assert again == batch


def test_a_shorter_time_counts_for_what_waits_already(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    spool.put(a_read(1), NOON, hit=True)

    spool.shorten(timedelta(seconds=180))
    spool.put(a_read(2, seen_at=NOON + SECOND), NOON + SECOND, hit=True)

    assert spool.forget_due(NOON + timedelta(seconds=179)) == 0
    assert spool.forget_due(NOON + timedelta(seconds=180)) == 1
    # And a longer one brings nothing back.
    spool.shorten(KEEP)
    assert spool.forget_due(NOON + timedelta(seconds=181)) == 1


def test_a_shorter_time_counts_by_the_uptime_too(tmp_path: Path) -> None:
    up = Uptime("this start", 1_000_000)
    spool = a_spool(tmp_path, uptime=lambda: up)
    spool.put(a_read(1), NOON, hit=True)
    spool.shorten(timedelta(seconds=180))

    up = Uptime("this start", 1_179_999)
    assert spool.forget_due(NOON) == 0
    up = Uptime("this start", 1_180_000)
    assert spool.forget_due(NOON) == 1


def test_a_spool_of_before_is_destroyed_like_any_other(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    numbers(spool, 2)
    batch = spool.next_batch(NOON)
    assert batch is not None
    # As an earlier release wrote it: sealed, and not locked.
    rows = [(sealed, number) for number, sealed in enumerate(batch.envelopes, 1)]
    spool._connection.executemany(
        "UPDATE envelopes SET envelope = ? WHERE id = ?", rows
    )
    spool._connection.execute("UPDATE envelopes SET lock = NULL")
    spool._connection.executescript(
        "ALTER TABLE envelopes DROP COLUMN hit; ALTER TABLE envelopes DROP COLUMN lock"
    )
    spool.close()

    with closing(a_spool(tmp_path, boot_epoch=2)) as newer:
        assert newer.next_batch(NOON) == batch
        numbers(newer, 1, start=7)
        assert newer.keep_hits_only() == 3
        assert not [e for e in batch.envelopes if e[40:72] in bytes_of(tmp_path)]


def test_an_altered_envelope_is_told(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    numbers(spool, 1)
    spool._connection.execute("UPDATE envelopes SET envelope = zeroblob(400)")

    with pytest.raises(CorruptSpoolError):
        spool.next_batch(NOON)


def bytes_of_spool(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("spool*"))
