"""The disk of the data folder fills up: a real one, small, in a mount of its own."""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from charteroak.core.people import Role
from tests.attack.a_running_server import Running, running
from tests.faults.boxes import (
    a_batch,
    check_nothing_lost,
    check_sent_away,
    delivering,
    post,
    stored,
    takes_reads,
    until,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]

_NEW_MOUNTS = 0x00020000  # CLONE_NEWNS, sched.h
SIZE_MB = 300
MEBIBYTE = 1 << 20
FULL = "charteroak.vault.disk-full"
UNAVAILABLE = "charteroak.store.unavailable"


def in_a_mount_namespace(body: Callable[[], None]) -> None:
    """Run something in a thread that sees mounts of its own.

    They end with the last process that sees them, whatever becomes of this one.
    """
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root on Linux can make a small disk")

    def alone() -> bool:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_NEW_MOUNTS) != 0:
            return False
        made = subprocess.run(["mount", "--make-rprivate", "/"], check=False)
        if made.returncode != 0:
            return False
        body()
        return True

    with ThreadPoolExecutor(1) as thread:
        if not thread.submit(alone).result():
            pytest.skip("this machine lets nobody mount a small disk")


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(folder)],
        check=True,
    )
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(server: Running, *, but: int) -> Path:
    """Something else fills the disk, but for so many bytes."""
    filler = server.data / "something-else"
    with filler.open("ab") as file:
        while (room := shutil.disk_usage(server.data).free - but) > 0:
            file.write(b"x" * min(room, MEBIBYTE))
            file.flush()
    return filler


def purge_is_due(server: Running) -> None:
    """Make the worker purge at its next look."""
    with server.admin() as connection:
        connection.execute("UPDATE duties SET next_due_at = last_success_at")


def purged(server: Running) -> bool:
    with server.admin() as connection:
        row = connection.execute(
            "SELECT next_due_at > last_success_at AND trouble = '' "
            "FROM duties WHERE duty = 'purge_reads'"
        ).fetchone()
    return row == (True,)


def test_reads_stop_before_the_room_for_deleting_is_gone() -> None:
    in_a_mount_namespace(reads_stop)


def reads_stop() -> None:
    with running(small_disk) as server:
        desk = server.at_the_desk(Role.SUPERVISOR)
        with delivering(server) as box:
            box.more()
            filler = fill(server, but=20 * MEBIBYTE)

            check_sent_away(box.unavailable(), FULL)
            page = desk.get("/status")
            assert page.status_code == 200
            assert "The disk is full" in page.text
            assert "boxes keep their reads" in page.text
            board = server.at_the_desk(Role.DISPATCHER).get("/board")
            assert "disk is full: no new read is taken in" in board.text
            purge_is_due(server)
            until(lambda: purged(server), "nothing is purged on a full disk")

            filler.unlink()
            box.more()
        check_nothing_lost(server, box)
        assert "The disk is full" not in desk.get("/status").text

        overflow(server)


def overflow(server: Running) -> None:
    """Somebody else takes even the last byte: the database may stop altogether."""
    desk = server.at_the_desk(Role.DISPATCHER)
    batch, numbers = a_batch(server.box)
    with httpx2.Client(timeout=60, trust_env=False) as http:
        filler = fill(server, but=0)
        answer = post(http, server, batch)
        assert answer.status_code == 503
        assert answer.json()["code"] in {FULL, UNAVAILABLE}
        with_no_room_for_its_log(server)
        until(lambda: desk.get("/status").status_code == 503, "it still answers")
        page = desk.get("/status")
        assert "The disk is full" in page.text
        assert "Nothing is lost" in page.text
        assert "make room on that disk" in page.text
        until(lambda: "disk-full" in server.said, "the log does not say why")
        assert post(http, server, batch).status_code == 503

        filler.unlink()
        until(lambda: takes_reads(server), "it stays away")
        assert stored(server, numbers) == (0, 0)
        until(lambda: post(http, server, batch).status_code == 200, "it stays away")
    assert stored(server, numbers) == (len(numbers), len(numbers))
    until(lambda: desk.get("/board").status_code == 200, "the board stays away")
    assert "Traceback" not in server.said


def with_no_room_for_its_log(server: Running) -> None:
    """Write until the write-ahead log cannot grow, which ends the database."""
    with server.admin() as connection:
        connection.execute("SELECT pg_switch_wal()")
