"""Become the service user, tie our life to the parent's, then turn into PostgreSQL.

A program of its own, run by path and on the standard library alone: as root the
interpreter may lie below a closed home, so everything that must be imported is
imported before the rights are given up.

    python -I -S launch.py run   UID GID GROUPS PARENT SIGNAL TIE PROGRAM ARGUMENT...
    python -I -S launch.py reach UID GID GROUPS FOLDER

UID `-` means: stay who you are. GROUPS is a comma-separated list of numbers. TIE is
`death-signal` (Linux: the kernel sends SIGNAL to us when the parent dies) or `watch`
(elsewhere: we stay in between and look at the parent twice a second).

The order matters. Linux clears the parent-death signal when credentials change
(prctl(2), PR_SET_PDEATHSIG), so it is set after the change of user and read back; a
parent that died before it was set is noticed by comparing parents afterwards.
"""

import ctypes
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

_PR_SET_PDEATHSIG = 1
_PR_GET_PDEATHSIG = 2
_PR_SET_NO_NEW_PRIVS = 38

PARENT_GONE = 70
NOT_TIED = 71
BLOCKED = 72

_LOOK_EVERY_S = 0.5


def main(arguments: list[str]) -> int:
    """Run one of the two commands above; `run` comes back only on failure."""
    command, uid, gid, groups, *rest = arguments
    os.umask(0o077)
    _become(uid, gid, groups)
    if command == "reach":
        return _reach(Path(rest[0]))
    parent, death, tie, *program = rest
    # A core file would hold plates.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Python ignores SIGPIPE; an ignored signal would stay ignored in the server.
    for inherited in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGPIPE):
        signal.signal(inherited, signal.SIG_DFL)
    if tie == "watch":
        return _watch(int(parent), signal.Signals(int(death)), program)
    _tie_by_death_signal(int(death))
    if os.getppid() != int(parent):
        return PARENT_GONE
    return os.execv(program[0], program)  # noqa: S606  # no shell is the point


def _become(uid: str, gid: str, groups: str) -> None:
    if uid == "-":
        return
    os.setgroups([int(group) for group in groups.split(",")])
    os.setgid(int(gid))
    os.setuid(int(uid))


def _tie_by_death_signal(death: int) -> None:
    """Ask the kernel for `death` when the parent dies, and check that it agreed."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_PDEATHSIG, death, 0, 0, 0)
    agreed = ctypes.c_int(0)
    libc.prctl(_PR_GET_PDEATHSIG, ctypes.byref(agreed), 0, 0, 0)
    if agreed.value != death:
        sys.stderr.write("launcher: the kernel refused the parent-death signal\n")
        sys.exit(NOT_TIED)


def _watch(parent: int, death: signal.Signals, program: list[str]) -> int:
    """Run `program` as a child, and pass on `death` when the parent is gone."""
    with subprocess.Popen(program) as child:  # noqa: S603  # argv from our supervisor

        def pass_on(number: int, _frame: FrameType | None) -> None:
            child.send_signal(number)

        for passed in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
            signal.signal(passed, pass_on)
        told = False
        while child.poll() is None:
            if os.getppid() != parent and not told:
                child.send_signal(death)
                told = True
            time.sleep(_LOOK_EVERY_S)
        return child.returncode if child.returncode >= 0 else 128 - child.returncode


def _reach(folder: Path) -> int:
    """Print the first folder on the way that we may not enter, if there is one."""
    for step in [*reversed(folder.parents), folder]:
        if not os.access(step, os.X_OK):
            sys.stdout.write(str(step))
            return BLOCKED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
