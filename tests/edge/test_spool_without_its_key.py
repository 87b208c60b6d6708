"""A spool whose key is gone goes on with another one, and tells what went with it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from charteroak.edge.spool import Spool
from charteroak.edge.spool_file import SpoolUnavailableError
from tests.edge.a_box import NOON, a_read, a_spool, opened


def test_where_no_new_key_can_be_made_no_read_is_accepted(tmp_path: Path) -> None:
    with closing(a_spool(tmp_path)) as spool:
        spool.put(a_read(1), NOON)
        # The disk takes no new key.
        blocked = tmp_path / "spool.key.new"
        blocked.mkdir()
        with pytest.raises(SpoolUnavailableError):
            spool.keep_hits_only()
        for hit in (False, True):
            with pytest.raises(SpoolUnavailableError):
                spool.put(a_read(2), NOON, hit=hit)
        with pytest.raises(SpoolUnavailableError):
            spool.next_batch(NOON)
        blocked.rmdir()
        spool.put(a_read(3), NOON, hit=True)
        stats = spool.stats(NOON)
        assert (stats.waiting, stats.destroyed, stats.dropped) == (1, 1, 2)
    assert waiting(a_spool(tmp_path, boot_epoch=2)) == [3]


def test_what_could_not_be_deleted_with_its_key_is_not_sent_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(a_spool(tmp_path)) as spool:
        spool.put(a_read(1), NOON)
        spool.put(a_read(2), NOON)
        spool._connection.execute("PRAGMA busy_timeout = 1")
        with closing(sqlite3.connect(tmp_path / "spool.sqlite3")) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(SpoolUnavailableError):
                spool.keep_hits_only()
            with pytest.raises(SpoolUnavailableError):
                spool.put(a_read(3), NOON, hit=True)

        spool.put(a_read(4), NOON, hit=True)

        assert "2 reads that waited were destroyed" in caplog.text
        stats = spool.stats(NOON)
        assert (stats.waiting, stats.destroyed, stats.dropped) == (1, 2, 1)
    assert waiting(a_spool(tmp_path, boot_epoch=2)) == [4]


@pytest.mark.parametrize("new_process", [False, True])
def test_a_key_that_is_gone_is_told_with_what_went_with_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, new_process: bool
) -> None:
    spool = a_spool(tmp_path)
    for number in range(250):
        spool.put(a_read(number), NOON)
    assert spool.next_batch(NOON) is not None
    (tmp_path / "spool.key").unlink()
    if new_process:
        spool.close()
        spool = a_spool(tmp_path, boot_epoch=2)

    assert spool.next_batch(NOON) is None

    assert "250 reads that waited were destroyed" in caplog.text
    stats = spool.stats(NOON)
    assert (stats.waiting, stats.size_bytes, stats.destroyed) == (0, 0, 250)
    spool.put(a_read(1), NOON)
    spool.close()
    assert waiting(a_spool(tmp_path, boot_epoch=3)) == [1]


def waiting(spool: Spool) -> list[int]:
    with closing(spool):
        batch = spool.next_batch(NOON)
        known = {a_read(number).read_id: number for number in range(10)}
        return (
            [] if batch is None else [known[r.read_id] for r in opened(batch.envelopes)]
        )
