"""A process that does a piece of work, and is killed before a step of our choosing.

One process waits, with everything imported; for each order it forks one that lives no
longer than its work. So a death costs milliseconds, and is a real one: SIGKILL, with
connections open and files half written.
"""

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import ParamSpec, TypeVar

import attrs
import msgspec
import obstore
import psycopg
from tests.support.agency import SettableClock, an_agency
from tests.support.postgres import TestAgency

from charteroak.server.agency import Agency
from charteroak.server.store.roles import AgencySchema, Passwords
from charteroak.server.vault import files

_ROOT = Path(__file__).parents[2]
_LENGTH = 4
_DIED = b""
P = ParamSpec("P")
T = TypeVar("T")
STEPS: tuple[tuple[object, str], ...] = (
    (psycopg.Cursor, "execute"),
    (psycopg.Connection, "commit"),
    (obstore, "put"),
    (files, "sync_file"),
    (files, "sync_folder"),
)
"""Whatever leaves a mark outside the process: between two of these nothing happens that
anybody could find afterwards."""


class _Where(msgspec.Struct, frozen=True, kw_only=True):
    """The agency that the work is for."""

    admin_dsn: str
    slug: str
    root_secret: bytes
    data: str
    now: datetime

    def agency(self) -> Agency:
        schema = TestAgency(
            names=AgencySchema(self.slug),
            passwords=Passwords(self.root_secret),
            admin_dsn=self.admin_dsn,
        )
        return an_agency(schema, SettableClock(self.now), Path(self.data))


class _Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to do, as bytes, and before which step to die, counted from 1."""

    body: bytes
    dies_before: int


@attrs.define
class Mortal:
    """Works in processes of their own."""

    _process: "subprocess.Popen[bytes]"

    def do(self, body: bytes, *, dies_before: int) -> bytes | None:
        """Have an order carried out: its answer; None where the process died of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = _Order(body=body, dies_before=dies_before)
        _write(self._process.stdin.fileno(), msgspec.msgpack.encode(order))
        told = _read(self._process.stdout.fileno())
        assert told is not None, "the process that waits for orders is gone"
        return None if told == _DIED else told


@contextmanager
def mortal(module: str, schema: TestAgency, agency: Agency) -> Iterator[Mortal]:
    """What a module does with `obey`, for the agency of a test, for a block's length."""
    where = _Where(
        admin_dsn=schema.admin_dsn,
        slug=schema.slug,
        root_secret=schema.passwords._secret,
        data=str(agency.settings.data),
        now=agency.clock(),
    )
    with subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        _write(process.stdin.fileno(), msgspec.msgpack.encode(where))
        # Its standard input ends with the block, and the process with that.
        yield Mortal(process)


def obey(work: Callable[[Agency, bytes], bytes]) -> None:
    """Take orders from standard input until there are no more.

    Args:
        work: does what one order says, and gives an answer of at least a byte.
    """
    told = _read(sys.stdin.fileno())
    assert told is not None
    where = msgspec.msgpack.decode(told, type=_Where)
    while (told := _read(sys.stdin.fileno())) is not None:
        _carry_out(work, where, msgspec.msgpack.decode(told, type=_Order))


def _carry_out(
    work: Callable[[Agency, bytes], bytes], where: _Where, order: _Order
) -> None:
    child = os.fork()
    if child == 0:
        try:
            agency = where.agency()
            agency.database.open()
            _die_before(order.dies_before)
            _write(sys.stdout.fileno(), work(agency, order.body))
            os._exit(0)
        finally:
            # Not back into the loop of its parent, whatever happened.
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        _write(sys.stdout.fileno(), _DIED)
    else:
        # It has answered.
        assert os.waitstatus_to_exitcode(status) == 0


def _die_before(number: int) -> None:
    """Count the steps from now on, and die before one of them."""
    steps = itertools.count(1)

    def counted(step: Callable[P, T]) -> Callable[P, T]:
        def call(*given: P.args, **named: P.kwargs) -> T:
            if next(steps) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(*given, **named)

        return call

    for owner, name in STEPS:
        setattr(owner, name, counted(getattr(owner, name)))


def _write(to: int, content: bytes) -> None:
    left = memoryview(len(content).to_bytes(_LENGTH) + content)
    while left:
        left = left[os.write(to, left) :]


def _read(source: int) -> bytes | None:
    """What was written at once; None at the end."""
    head = _exactly(source, _LENGTH)
    return None if head is None else _exactly(source, int.from_bytes(head))


def _exactly(source: int, size: int) -> bytes | None:
    content = b""
    while len(content) < size:
        part = os.read(source, size - len(content))
        if not part:
            return None
        content += part
    return content
