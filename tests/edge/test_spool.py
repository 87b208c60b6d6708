"""The spool's promises, attacked."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from charteroak.edge.spool import Spool, look
from charteroak.edge.spool_file import (
    CorruptSpoolError,
    SpoolDiskFullError,
    SpoolFullError,
    SpoolUnavailableError,
    forget_aside,
    move_aside,
)
from tests.edge.a_box import (
    CAMERA,
    KEEP,
    NOON,
    PICTURE,
    PLATE,
    a_read,
    a_spool,
    bytes_of,
    opened,
    secrets_of,
    stored,
)

SECOND = timedelta(seconds=1)


def numbers(spool: Spool, count: int, start: int = 0) -> None:
    for number in range(start, start + count):
        spool.put(a_read(number), NOON)


def test_gives_back_what_was_put_in_order(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    numbers(spool, 3)

    batch = spool.next_batch(NOON)

    assert batch is not None
    assert (batch.boot_epoch, batch.sequence) == (1, 1)
    assert opened(batch.envelopes) == [a_read(0), a_read(1), a_read(2)]


def test_the_same_batch_again_until_it_is_acknowledged(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    numbers(spool, 2)
    first = spool.next_batch(NOON)
    numbers(spool, 1, start=2)

    assert first is not None
    assert spool.next_batch(NOON) == first

    spool.acknowledge(first)
    second = spool.next_batch(NOON)
    assert second is not None
    assert second.sequence == 2
    assert opened(second.envelopes) == [a_read(2)]


def test_the_same_batch_again_after_a_restart(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    numbers(spool, 2)
    before = spool.next_batch(NOON)
    spool.close()

    again = a_spool(tmp_path, boot_epoch=2)
    assert again.next_batch(NOON) == before
    assert before is not None
    again.acknowledge(before)
    numbers(again, 1)
    after = again.next_batch(NOON)
    assert after is not None
    assert (after.boot_epoch, after.sequence) == (2, 1)


def test_an_empty_spool_has_no_batch(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)

    assert spool.next_batch(NOON) is None
    assert not spool.arrived.is_set()
    numbers(spool, 1)
    assert spool.arrived.is_set()


def test_a_batch_ends_at_its_number_and_its_bytes(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    numbers(spool, 5)
    by_number = spool.next_batch(NOON, most=2)
    assert by_number is not None
    assert len(by_number.envelopes) == 2
    spool.acknowledge(by_number)

    size = len(by_number.envelopes[0])
    by_bytes = spool.next_batch(NOON, most_bytes=2 * size + 1)
    assert by_bytes is not None
    assert len(by_bytes.envelopes) == 2
    spool.acknowledge(by_bytes)

    # One envelope larger than the limit still goes, alone.
    alone = spool.next_batch(NOON, most_bytes=1)
    assert alone is not None
    assert len(alone.envelopes) == 1


def test_no_secret_is_in_any_file(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    numbers(spool, 30)
    spool.next_batch(NOON)

    live = bytes_of(tmp_path)
    spool.close()

    assert len(live) > 30 * len(PICTURE)
    for content in [live, bytes_of(tmp_path)]:
        assert not [found for found in secrets_of(a_read(3)) if found in content]
        assert PLATE.encode() not in content
        assert CAMERA.encode() not in content


def test_the_file_is_for_its_user_only(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    numbers(spool, 1)

    modes = {
        stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("spool.sqlite3*")
    }
    assert modes == {0o600}


def test_due_envelopes_are_gone_from_every_file(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    numbers(spool, 3)
    old = spool.next_batch(NOON)
    assert old is not None
    marks = stored(tmp_path)
    spool.put(a_read(9, seen_at=NOON + KEEP), NOON + KEEP)

    assert spool.forget_due(NOON + KEEP - SECOND) == 0
    assert all(mark in bytes_of(tmp_path) for mark in marks)

    assert spool.forget_due(NOON + KEEP) == 3

    left = bytes_of(tmp_path)
    assert not [mark for mark in marks if mark in left]
    stats = spool.stats(NOON + KEEP)
    assert (stats.forgotten, stats.waiting) == (3, 1)
    rest = spool.next_batch(NOON + KEEP)
    assert rest is not None
    assert opened(rest.envelopes) == [a_read(9, seen_at=NOON + KEEP)]


def test_acknowledged_envelopes_leave_no_copy_either(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    numbers(spool, 3)
    batch = spool.next_batch(NOON)
    assert batch is not None
    marks = stored(tmp_path)
    assert [mark for mark in marks if mark in bytes_of(tmp_path)] == marks
    spool.acknowledge(batch)
    assert spool.forget_due(NOON) == 0

    left = bytes_of(tmp_path)
    assert not [mark for mark in marks if mark in left]


def test_a_batch_with_one_due_envelope_is_given_up_whole(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    spool.put(a_read(0), NOON)
    spool.put(a_read(1, seen_at=NOON + SECOND), NOON + SECOND)
    batch = spool.next_batch(NOON + SECOND)
    assert batch is not None
    assert len(batch.envelopes) == 2

    assert spool.forget_due(NOON + KEEP) == 1

    rest = spool.next_batch(NOON + KEEP)
    assert rest is not None
    assert rest.sequence == batch.sequence + 1
    assert opened(rest.envelopes) == [a_read(1, seen_at=NOON + SECOND)]
    # The old batch arrived after all: what it held is delivered and not sent again.
    spool.acknowledge(batch)
    assert spool.next_batch(NOON + KEEP) is None
    assert spool.stats(NOON).delivered == 1


def test_a_read_is_due_by_its_capture_not_by_its_sealing(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    spool.put(a_read(seen_at=NOON - KEEP + SECOND), NOON)

    assert spool.forget_due(NOON) == 0
    assert spool.forget_due(NOON + SECOND) == 1


@pytest.mark.parametrize(
    ("seen", "kept"),
    [
        (timedelta(days=-400), timedelta(hours=1)),
        (timedelta(days=400), KEEP),
    ],
)
def test_an_unbelievable_time_is_left_to_the_server(
    tmp_path: Path, seen: timedelta, kept: timedelta
) -> None:
    spool = a_spool(tmp_path)
    spool.put(a_read(seen_at=NOON + seen), NOON)

    assert spool.next_batch(NOON) is not None
    assert spool.forget_due(NOON + kept - SECOND) == 0
    assert spool.forget_due(NOON + kept) == 1


def test_a_full_spool_refuses_and_counts_and_keeps_the_rest(tmp_path: Path) -> None:
    spool = a_spool(tmp_path, limit_bytes=2500)
    numbers(spool, 2)
    for number in [2, 3]:
        with pytest.raises(SpoolFullError):
            spool.put(a_read(number), NOON)

    stats = spool.stats(NOON)
    assert (stats.waiting, stats.dropped) == (2, 2)
    batch = spool.next_batch(NOON)
    assert batch is not None
    assert opened(batch.envelopes) == [a_read(0), a_read(1)]

    spool.acknowledge(batch)
    spool.put(a_read(4), NOON)
    spool.close()
    assert look(tmp_path / "spool.sqlite3", NOON).dropped == 2


def test_the_limit_holds_after_a_restart(tmp_path: Path) -> None:
    spool = a_spool(tmp_path, limit_bytes=2500)
    numbers(spool, 2)
    spool.close()

    with pytest.raises(SpoolFullError):
        numbers(a_spool(tmp_path, limit_bytes=2500, boot_epoch=2), 1)


def test_a_full_disk_refuses_and_keeps_the_rest(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    numbers(spool, 1)
    pages = spool._connection.execute("PRAGMA page_count").fetchone()[0]
    # SQLite's own "database or disk is full", as by an exhausted disk.
    spool._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(SpoolDiskFullError) as refused:
        numbers(spool, 20, start=1)

    assert refused.value.hint
    accepted = spool.stats(NOON)
    assert accepted.dropped == 1
    batch = spool.next_batch(NOON)
    assert batch is not None
    assert opened(batch.envelopes) == [a_read(n) for n in range(accepted.waiting)]


def test_a_damaged_file_is_told_and_moved_aside_whole(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    numbers(spool, 10)
    spool.close()
    path = tmp_path / "spool.sqlite3"
    damaged = bytearray(path.read_bytes())
    damaged[4096 * 2 : 4096 * 3] = os.urandom(4096)
    path.write_bytes(damaged)

    with pytest.raises(CorruptSpoolError):
        a_spool(tmp_path)
    aside = move_aside(path, NOON)

    assert aside.read_bytes() == bytes(damaged)
    fresh = a_spool(tmp_path, boot_epoch=2)
    assert fresh.next_batch(NOON) is None
    assert forget_aside(tmp_path, keep=KEEP, now=NOON + KEEP - SECOND) == 0
    assert forget_aside(tmp_path, keep=KEEP, now=NOON + KEEP) == 1
    assert not aside.exists()


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "spool.sqlite3").write_bytes(b"not a database" * 500)

    with pytest.raises(CorruptSpoolError):
        a_spool(tmp_path)


def test_no_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(SpoolUnavailableError):
        a_spool(tmp_path / "nowhere")
    with pytest.raises(SpoolUnavailableError):
        look(tmp_path / "spool.sqlite3", NOON)


def test_released_envelopes_get_another_number(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    numbers(spool, 1)
    batch = spool.next_batch(NOON)
    assert batch is not None

    spool.release(batch)
    spool.begin_epoch(7)

    again = spool.next_batch(NOON)
    assert again is not None
    assert (again.boot_epoch, again.sequence) == (7, 1)
    assert again.envelopes == batch.envelopes


def test_envelopes_set_aside_wait_for_their_time(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    numbers(spool, 1)
    batch = spool.next_batch(NOON)
    assert batch is not None
    spool.release(batch, not_before=NOON + 60 * SECOND)
    numbers(spool, 1, start=1)

    other = spool.next_batch(NOON)
    assert other is not None
    assert opened(other.envelopes) == [a_read(1)]
    spool.acknowledge(other)
    assert spool.next_batch(NOON) is None
    assert spool.stats(NOON).set_aside == 1
    assert spool.next_batch(NOON + 60 * SECOND) is not None


def test_a_look_from_another_process_changes_nothing(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    numbers(spool, 4)

    seen = look(tmp_path / "spool.sqlite3", NOON)

    assert seen == spool.stats(NOON)
    assert seen.oldest_at == NOON
    numbers(spool, 1, start=4)
    assert spool.stats(NOON).waiting == 5


def test_reader_and_uplink_threads_lose_and_double_nothing(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    done = threading.Event()
    taken: list[bytes] = []

    def read() -> None:
        numbers(spool, 200)
        done.set()

    reader = threading.Thread(target=read)
    reader.start()
    while True:
        finished = done.is_set()
        batch = spool.next_batch(NOON, most=7)
        if batch is not None:
            taken.extend(batch.envelopes)
            spool.acknowledge(batch)
        elif finished:
            break
    reader.join()

    assert opened(taken) == [a_read(number) for number in range(200)]
    stats = spool.stats(NOON)
    assert (stats.delivered, stats.waiting, stats.size_bytes) == (200, 0, 0)


_PUTS_FOR_EVER = """
import itertools, sys
from pathlib import Path
from tests.edge.a_box import NOON, a_read, a_spool
spool = a_spool(Path(sys.argv[1]))
for number in itertools.count():
    spool.put(a_read(number), NOON)
    print(number, flush=True)
"""


def test_what_was_accepted_survives_kill_9(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _PUTS_FOR_EVER, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        accepted = [writer.stdout.readline() for _ in range(50)]
        writer.send_signal(signal.SIGKILL)
        accepted += writer.stdout.readlines()

    spool = a_spool(tmp_path, boot_epoch=2)
    batch = spool.next_batch(NOON, most=100_000, most_bytes=10**9)

    assert batch is not None
    found = opened(batch.envelopes)
    last = max(int(line) for line in accepted if line.endswith("\n"))
    # One more may have been written and not yet told.
    assert len(found) in {last + 1, last + 2}
    assert found == [a_read(number) for number in range(len(found))]


def test_every_commit_is_flushed_to_the_disk(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)

    def pragma(name: str) -> object:
        return spool._connection.execute(f"PRAGMA {name}").fetchone()[0]

    assert pragma("journal_mode") == "wal"
    assert pragma("synchronous") == 2
    assert pragma("secure_delete") == 1


def test_a_reader_in_the_way_delays_the_emptying_of_the_log(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    spool._connection.execute("PRAGMA busy_timeout = 10")
    numbers(spool, 3)
    marks = stored(tmp_path)
    looker = sqlite3.connect(tmp_path / "spool.sqlite3")
    looker.execute("BEGIN")
    looker.execute("SELECT count(*) FROM envelopes").fetchone()

    assert spool.forget_due(NOON + KEEP) == 3
    looker.close()
    assert spool.forget_due(NOON + KEEP) == 0

    left = bytes_of(tmp_path)
    assert not [mark for mark in marks if mark in left]
