"""A server's process that takes batches in, and is killed before a step of its choosing.

One process waits, with everything imported; for each batch it forks one that lives no
longer than its ingest. So a death costs milliseconds, and is a real one: SIGKILL, with
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
from tests.support.box import ingested
from tests.support.postgres import TestAgency

from charteroak.core.http_signature import HttpMessage
from charteroak.core.wire import BatchAnswer
from charteroak.server.actions.ingest_reads import Taken
from charteroak.server.agency import Agency
from charteroak.server.store.roles import AgencySchema, Passwords
from charteroak.server.vault import files

_ROOT = Path(__file__).parents[2]
_LENGTH = 4
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


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """The agency that the batches are for."""

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


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A batch as it comes over the network, and before which step its server dies."""

    method: str
    url: str
    fields: tuple[tuple[str, str], ...]
    body: bytes
    dies_before: int


@attrs.define
class MortalServer:
    """Takes batches in, in processes of their own."""

    _process: "subprocess.Popen[bytes]"

    def ingest(
        self, request: HttpMessage, body: bytes, *, dies_before: int
    ) -> BatchAnswer | None:
        """Have a batch taken in; None where the server died of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = Order(**attrs.asdict(request), body=body, dies_before=dies_before)
        _write(self._process.stdin.fileno(), msgspec.msgpack.encode(order))
        told = _read(self._process.stdout.fileno())
        assert told is not None, "the server is gone"
        return msgspec.msgpack.decode(told, type=BatchAnswer) if told else None


@contextmanager
def mortal_server(schema: TestAgency, agency: Agency) -> Iterator[MortalServer]:
    """A server for the agency of a test, for the length of a block."""
    where = Where(
        admin_dsn=schema.admin_dsn,
        slug=schema.slug,
        root_secret=schema.passwords._secret,
        data=str(agency.settings.data),
        now=agency.clock(),
    )
    with subprocess.Popen(
        [sys.executable, "-m", "tests.attack.a_mortal_server"],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        _write(process.stdin.fileno(), msgspec.msgpack.encode(where))
        # Its standard input ends with the block, and the process with that.
        yield MortalServer(process)


def main() -> None:
    """Take orders until there are no more."""
    told = _read(sys.stdin.fileno())
    assert told is not None
    where = msgspec.msgpack.decode(told, type=Where)
    while (told := _read(sys.stdin.fileno())) is not None:
        _carry_out(where, msgspec.msgpack.decode(told, type=Order))


def _carry_out(where: Where, order: Order) -> None:
    child = os.fork()
    if child == 0:
        try:
            _live(where, order)
        finally:
            # Not back into the loop of its parent, whatever happened.
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        _write(sys.stdout.fileno(), b"")
    else:
        # It has answered.
        assert os.waitstatus_to_exitcode(status) == 0


def _live(where: Where, order: Order) -> None:
    agency = where.agency()
    agency.database.open()
    _die_before(order.dies_before)
    request = HttpMessage(method=order.method, url=order.url, fields=order.fields)
    taken = ingested(agency, request, order.body)
    assert isinstance(taken, Taken), taken
    _write(sys.stdout.fileno(), msgspec.msgpack.encode(taken.answer))
    os._exit(0)


def _die_before(number: int) -> None:
    """Count the steps from now on, and die before one of them, counted from 1."""
    steps = itertools.count(1)

    def mortal(step: Callable[P, T]) -> Callable[P, T]:
        def call(*given: P.args, **named: P.kwargs) -> T:
            if next(steps) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(*given, **named)

        return call

    for owner, name in STEPS:
        setattr(owner, name, mortal(getattr(owner, name)))


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


if __name__ == "__main__":
    main()
