"""Boxes that deliver as real ones do: the same batch again until it is acknowledged."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import attrs
import httpx2
import msgspec

from charteroak.core.wire import Batch
from tests.attack.a_running_server import Running
from tests.support.box import FakeBox

PATIENCE_S = 120.0
_PAUSE_S = 0.05
_READS = 3


def until(done: Callable[[], bool], what: str) -> float:
    """Wait for something; gives how long it took, in seconds."""
    begun = time.monotonic()
    while not done():
        assert time.monotonic() - begun < PATIENCE_S, what
        time.sleep(_PAUSE_S)
    return time.monotonic() - begun


def post(http: httpx2.Client, server: Running, batch: Batch) -> httpx2.Response:
    """One attempt, signed anew."""
    body = msgspec.msgpack.encode(batch)
    url = f"{server.address}/api/v1/batches"
    fields = dict(server.box.request(body, url=url).fields)
    return http.post(url, content=body, headers=fields)


def a_batch(box: FakeBox, plate: str = "PLAIN1") -> tuple[Batch, list[UUID]]:
    """A batch, and the numbers of its reads."""
    reads = [box.read(plate) for _ in range(_READS)]
    return box.batch(*(box.seal(read) for read in reads)), [r.read_id for r in reads]


@attrs.define(kw_only=True)
class Deliveries:
    """What a box delivered under load.

    Attributes:
        acknowledged: numbers of the reads that were answered with 200.
        refused: answers other than that, in their order.
    """

    acknowledged: list[UUID] = attrs.field(factory=list)
    refused: list[httpx2.Response] = attrs.field(factory=list)

    def more(self, by: int = 5 * _READS) -> float:
        """Wait until so many more are acknowledged; gives how long it took."""
        wanted = len(self.acknowledged) + by
        return until(
            lambda: len(self.acknowledged) >= wanted, "nothing is taken in any more"
        )

    def unavailable(self) -> httpx2.Response:
        """The next answer that sends a box away."""
        seen = len(self.refused)
        until(lambda: len(self.refused) > seen, "nothing is refused")
        return self.refused[-1]


@contextmanager
def delivering(server: Running) -> Iterator[Deliveries]:
    """Deliver without a pause, for the length of a block; all is delivered at its end."""
    found = Deliveries()
    stop, abandoned = threading.Event(), threading.Event()

    def deliver() -> None:
        with httpx2.Client(timeout=60, trust_env=False) as http:
            while not stop.is_set():
                batch, numbers = a_batch(server.box)
                while not _taken(http, server, batch, found):
                    if abandoned.wait(_PAUSE_S):
                        return
                found.acknowledged += numbers

    thread = threading.Thread(target=deliver)
    thread.start()
    try:
        yield found
    except BaseException:
        abandoned.set()
        raise
    finally:
        stop.set()
        thread.join(PATIENCE_S)
    assert not thread.is_alive(), "a delivery does not end"


def _taken(
    http: httpx2.Client, server: Running, batch: Batch, found: Deliveries
) -> bool:
    answer = post(http, server, batch)
    if answer.status_code != httpx2.codes.OK:
        found.refused.append(answer)
    return answer.status_code == httpx2.codes.OK


def takes_reads(server: Running) -> bool:
    """Whether a batch is taken now."""
    with httpx2.Client(timeout=60, trust_env=False) as http:
        batch, _ = a_batch(server.box)
        return post(http, server, batch).status_code == httpx2.codes.OK


def stored(server: Running, numbers: list[UUID]) -> tuple[int, int]:
    """How many rows some reads have, and how many of the reads have one."""
    with server.admin() as connection:
        row = connection.execute(
            "SELECT count(*), count(DISTINCT read_id) FROM reads "
            "WHERE read_id = ANY (%s)",
            [numbers],
        ).fetchone()
    assert row is not None
    rows, reads = row
    assert isinstance(rows, int)
    assert isinstance(reads, int)
    return rows, reads


def check_nothing_lost(server: Running, found: Deliveries) -> None:
    """All that was acknowledged is there, once."""
    assert len(found.acknowledged) == len(set(found.acknowledged))
    n = len(found.acknowledged)
    assert stored(server, found.acknowledged) == (n, n)


def check_sent_away(answer: httpx2.Response, code: str) -> None:
    """A box was told to keep its reads and come again."""
    assert answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE, answer.text
    assert answer.headers["retry-after"] == "3"
    assert answer.json()["code"] == code
