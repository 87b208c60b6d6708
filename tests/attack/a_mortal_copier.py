"""A worker's process that copies spans to their holds, and dies before a chosen step.

As `a_mortal_server`: one process waits with everything imported, and forks one that
lives no longer than its walk.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import attrs
import msgspec
from tests.attack.a_mortal_server import (
    _ROOT,
    Where,
    _die_before,
    _read,
    _write,
)
from tests.support.postgres import TestAgency

from charteroak.server.actions.approve_hold import keep_spans, walking
from charteroak.server.agency import Agency

_DIED, _DONE = b"died", b"done"


@attrs.define
class MortalCopier:
    """Copies in processes of their own."""

    _process: "subprocess.Popen[bytes]"

    def copy(self, *, dies_before: int) -> bool:
        """Have it walk through every span; False where it died of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        _write(self._process.stdin.fileno(), str(dies_before).encode())
        told = _read(self._process.stdout.fileno())
        assert told in {_DIED, _DONE}, "the copier is gone"
        return told == _DONE


@contextmanager
def mortal_copier(schema: TestAgency, agency: Agency) -> Iterator[MortalCopier]:
    """A copier for the agency of a test, for the length of a block."""
    where = Where(
        admin_dsn=schema.admin_dsn,
        slug=schema.slug,
        root_secret=schema.passwords._secret,
        data=str(agency.settings.data),
        now=agency.clock(),
    )
    with subprocess.Popen(
        [sys.executable, "-m", "tests.attack.a_mortal_copier"],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        _write(process.stdin.fileno(), msgspec.msgpack.encode(where))
        yield MortalCopier(process)


def main() -> None:
    """Take orders until there are no more."""
    told = _read(sys.stdin.fileno())
    assert told is not None
    where = msgspec.msgpack.decode(told, type=Where)
    # So that a few reads are several batches.
    setattr(walking, "_BATCH", 2)  # noqa: B010  (it is final for everybody else)
    while (told := _read(sys.stdin.fileno())) is not None:
        _carry_out(where, int(told))


def _carry_out(where: Where, dies_before: int) -> None:
    child = os.fork()
    if child == 0:
        try:
            agency = where.agency()
            agency.database.open()
            _die_before(dies_before)
            keep_spans(agency)
            os._exit(0)
        finally:
            # Not back into the loop of its parent, whatever happened.
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        _write(sys.stdout.fileno(), _DIED)
    else:
        assert os.waitstatus_to_exitcode(status) == 0
        _write(sys.stdout.fileno(), _DONE)


if __name__ == "__main__":
    main()
