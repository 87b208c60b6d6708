"""Processes of a server whose owner is gone.

A killed owner leaves a server that is still shutting down; a killed server leaves
sessions that may run their last statement to its end. Both work on the same files, so
the next start waits until they are gone. The caller holds the data folder's lock:
whatever still runs there belongs to nobody.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

_LOOK_EVERY_S: Final = 0.05


def wait_until_gone(pgdata: Path, *, waiting: Callable[[float], None]) -> None:
    """Send home the processes that work on `pgdata`, and wait for them.

    A server is asked for a fast shutdown (again: the kernel has asked already when
    its owner died). Sessions without their server are told to quit at once; what they
    had not committed is undone by the recovery that follows.

    Args:
        pgdata: PostgreSQL's data directory.
        waiting: called with the seconds waited so far, many times a second.
    """
    note = pgdata / "postmaster.pid"
    if not note.exists():
        return  # removed last in an orderly shutdown
    begun = time.monotonic()
    asked: set[int] = set()
    while found := _processes(pgdata):
        server = noted_process(note)
        if server in found:
            _signal({server} - asked, signal.SIGINT)
            asked.add(server)
        else:
            _signal(found - asked, signal.SIGQUIT)
            asked |= found
        waiting(time.monotonic() - begun)
        time.sleep(_LOOK_EVERY_S)
    _forget_reused_number(note)


def clear_sockets(folder: Path) -> None:
    """Remove sockets that a killed server left, with their lock files.

    PostgreSQL would refuse to start where the number in a lock file still belongs to
    some process, be it a zombie that nobody has reaped or another program by now. The
    caller holds the data folder's lock, and no server works on it any more.
    """
    for left in folder.glob(".s.PGSQL.*"):
        left.unlink(missing_ok=True)


def noted_process(note: Path) -> int | None:
    """The process number in a `postmaster.pid`, or None if there is none."""
    try:
        first, *_ = note.read_text(errors="replace").splitlines() or [""]
    except (FileNotFoundError, PermissionError):
        return None
    return int(first) if first.isdigit() else None


def _signal(processes: set[int], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)


def _processes(pgdata: Path) -> set[int]:
    """Every process of the server on this folder: each has it as working directory."""
    if not sys.platform.startswith("linux"):
        return _by_ps(pgdata)
    wanted = str(pgdata.resolve())
    found = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            # Processes of other users cannot be looked at, and are not ours.
            if str((entry / "cwd").readlink()) == wanted:
                found.add(int(entry.name))
    return found


def _by_ps(pgdata: Path) -> set[int]:
    """Without /proc: the noted process, if it is a `postgres` on this folder."""
    noted = noted_process(pgdata / "postmaster.pid")
    if noted is None:
        return set()
    shown = subprocess.run(  # noqa: S603  # fixed program, a number as argument
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(noted)],
        capture_output=True,
        check=False,
        text=True,
    ).stdout
    return {noted} if "postgres" in shown and str(pgdata) in shown else set()


def _forget_reused_number(note: Path) -> None:
    """Remove a `postmaster.pid` whose number now belongs to another program.

    PostgreSQL would take any living process of the same user for the old server.
    Where no process has that number it removes the file itself, after a check of
    shared memory that we leave to it.
    """
    noted = noted_process(note)
    if noted is None:
        return
    try:
        # Somebody else's process, which we may not signal, has the number too.
        with contextlib.suppress(PermissionError):
            os.kill(noted, 0)
    except ProcessLookupError:
        return
    note.unlink(missing_ok=True)
