"""`deliver`: whether every read arrives exactly once, whatever happens on the way.

Four boxes, with the spool and the uplink of real ones, deliver to a server whose process
is killed in the midst, over a network that is cut once, and send one batch in seven
twice.
"""

import itertools
import logging
import secrets
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Final

import attrs
import httpx2
from psycopg import sql
from typing_extensions import override

from charteroak.bench.bench import (
    Bench,
    BenchFailedError,
    Better,
    Once,
    Scale,
    Steps,
    Target,
    Values,
)
from charteroak.bench.boxes import Traffic, invite, place_cameras
from charteroak.bench.relay import Relay
from charteroak.bench.site import Server, a_server, one_number
from charteroak.core.http_signature import NONCE_BYTES
from charteroak.core.wire import WireRead
from charteroak.edge.enrol import enrol
from charteroak.edge.identity import Identity, next_boot_epoch
from charteroak.edge.settings import DataFolder
from charteroak.edge.spool import Outgoing, Spool
from charteroak.edge.uplink import Sender, Uplink
from charteroak.edge.web_client import open_client
from charteroak.server.bootstrap import present

BOXES: Final = 4
_READS: Final = {Scale.FULL: 80_000, Scale.SMALL: 800}
_CUT_S: Final = {Scale.FULL: 5.0, Scale.SMALL: 0.3}
_ONE_IN: Final = 7
_KILLED_AT: Final = 1 / 3
_CUT_AT: Final = 2 / 3
_KEEP: Final = timedelta(days=1)
_SPOOL_LIMIT_BYTES: Final = 1 << 30
_LOOK_EVERY_S: Final = {Scale.FULL: 0.5, Scale.SMALL: 0.02}
"""Counting what a spool holds takes milliseconds."""
_WITHIN_S: Final = 900.0

_DELIVERED: Final = sql.SQL("SELECT count(*)::int FROM reads")
_DISTINCT: Final = sql.SQL("SELECT count(DISTINCT read_id)::int FROM reads")
_COUNTED: Final = sql.SQL("SELECT coalesce(sum(reads), 0)::int FROM read_counts")


@attrs.frozen(kw_only=True)
class _Stutterer(Sender):
    """Sends one batch in seven twice, as a box does that lost the first answer."""

    numbers: Iterator[int] = attrs.field(factory=itertools.count)

    @override
    def post(self, batch: Outgoing, now: datetime) -> httpx2.Response:
        if next(self.numbers) % _ONE_IN == 0:
            super().post(batch, now)
        return super().post(batch, now)


@attrs.frozen(kw_only=True)
class _Box:
    """A box: its spool, its uplink, and the reads that it will see."""

    spool: Spool
    uplink: Uplink
    reads: Sequence[WireRead]

    def see(self, stop: threading.Event) -> None:
        """Spool the reads, each on the disk before the next."""
        for read in self.reads:
            if stop.is_set():
                return
            self.spool.put(read, present())

    @property
    def delivered(self) -> int:
        """How many reads were acknowledged."""
        return self.spool.stats(present()).delivered


class _Run:
    """Has boxes deliver, and does what it can to disturb them."""

    def __init__(self, server: Server, scale: Scale, steps: Steps) -> None:
        self._server = server
        self._scale = scale
        self._steps = steps
        self._reads = _READS[scale]
        self._runs = itertools.count(1)
        self._traffic = Traffic(seed=13)
        with server.agency() as agency:
            self._cameras = place_cameras(agency, BOXES)

    def __call__(self) -> Values:
        """Deliver everything, then count what is there."""
        before = self._counted()
        with ExitStack() as stack:
            relay = stack.enter_context(Relay(self._server.port))
            boxes = self._boxes(stack, relay)
            with _at_work(boxes):
                self._disturb(boxes, relay)
        after = self._counted()
        delivered, distinct, told = (
            now - then for now, then in zip(after, before, strict=True)
        )
        if not self._reads >= delivered == told:
            raise BenchFailedError("a read was counted twice")
        return {"delivered": delivered, "distinct": distinct}

    def _boxes(self, stack: ExitStack, relay: Relay) -> list[_Box]:
        run = next(self._runs)
        self._steps.begin("enrolling boxes", BOXES)
        with self._server.agency() as agency:
            codes = {camera: invite(agency, [camera]) for camera in self._cameras}
        boxes = []
        for camera, code in codes.items():
            folder = DataFolder(self._server.folder / f"run-{run}-{camera}")
            boxes.append(self._box(stack, folder, relay.address, code))
            self._steps.advance()
        return boxes

    def _box(
        self, stack: ExitStack, folder: DataFolder, server: str, code: str
    ) -> _Box:
        enrolment = enrol(folder, server=server, code=code, software="bench").enrolment
        spool = Spool.open(
            folder.spool,
            agency_key=enrolment.agency_key,
            keep=_KEEP,
            limit_bytes=_SPOOL_LIMIT_BYTES,
            boot_epoch=next_boot_epoch(folder),
        )
        stack.callback(spool.close)
        sender = _Stutterer(
            client=stack.enter_context(open_client(server, None)),
            server=server,
            device=enrolment.device,
            identity=Identity.load(folder),
            nonce=lambda: secrets.token_bytes(NONCE_BYTES),
        )
        uplink = Uplink(
            spool,
            sender,
            next_boot_epoch=lambda: next_boot_epoch(folder),
            clock=present,
        )
        reads = self._traffic.reads(
            self._reads // BOXES, camera=enrolment.cameras[0], until=present()
        )
        return _Box(spool=spool, uplink=uplink, reads=reads)

    def _disturb(self, boxes: Sequence[_Box], relay: Relay) -> None:
        self._await(boxes, self._reads * _KILLED_AT, "delivering")
        self._server.end(signal.SIGKILL)
        self._server.start()
        self._await(
            boxes, self._reads * _CUT_AT, "delivering after the server was killed"
        )
        relay.cut()
        time.sleep(_CUT_S[self._scale])
        relay.mend()
        self._await(boxes, self._reads, "delivering after the network was cut")

    def _await(self, boxes: Sequence[_Box], wanted: float, what: str) -> None:
        """Wait until so many reads were acknowledged."""
        self._steps.begin(what, self._reads)
        until = time.monotonic() + _WITHIN_S
        shown = 0
        while (delivered := sum(box.delivered for box in boxes)) < wanted:
            self._steps.advance(delivered - shown)
            shown = delivered
            if any(box.uplink.trouble for box in boxes):
                raise BenchFailedError("an uplink gave up")
            if time.monotonic() > until:
                raise BenchFailedError("the boxes did not deliver in time")
            time.sleep(_LOOK_EVERY_S[self._scale])

    def _counted(self) -> tuple[int, int, int]:
        with self._server.admin() as connection:
            return (
                one_number(connection, _DELIVERED),
                one_number(connection, _DISTINCT),
                one_number(connection, _COUNTED),
            )


@contextmanager
def _at_work(boxes: Sequence[_Box]) -> Iterator[None]:
    """Each box sees and delivers, in two threads, for the length of a block."""
    stop = threading.Event()
    threads = [
        thread
        for box in boxes
        for thread in (
            threading.Thread(target=box.see, args=(stop,), name="camera"),
            threading.Thread(target=box.uplink.run, args=(stop,), name="uplink"),
        )
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@contextmanager
def _quiet_boxes() -> Iterator[None]:
    """What boxes say of a lost server, which is lost on purpose, is not said."""
    log = logging.getLogger("charteroak.edge")
    nobody = logging.NullHandler()
    log.addHandler(nobody)
    try:
        yield
    finally:
        log.removeHandler(nobody)


@contextmanager
def prepare(scale: Scale, steps: Steps) -> Iterator[Once]:
    """A server, with cameras placed."""
    steps.begin("starting a server")
    with a_server(keep=_KEEP) as server, _quiet_boxes():
        yield _Run(server, scale, steps)


def _exactly(name: str) -> Target:
    return Target(
        name=name, unit="reads", target=_READS[Scale.FULL], better=Better.HIGHER
    )


BENCH: Final = Bench(
    name="deliver",
    says=(
        "Of 80,000 reads from four boxes, how many arrive, and how many of them are "
        "different: the server is killed, the network is cut, and one batch in seven "
        "is sent twice."
    ),
    lasts="two minutes",
    targets=(_exactly("delivered"), _exactly("distinct")),
    prepare=prepare,
    # An exact count has no median.
    runs=1,
)
