"""How long after a car was read the dispatcher's board shows the alert.

From the moment at which the read is safe in the box's spool, through the box's own
uplink, the server in its own process and its database, to the event's arrival at a
browser that is signed in and has the board open; while other cars pass all the time.
"""

import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import attrs
import msgspec
import numpy as np
from psycopg import sql

from charteroak.bench.alert_board import Board, a_board
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
from charteroak.bench.boxes import (
    ADMINISTRATOR,
    Traffic,
    invite,
    place_cameras,
    plate,
)
from charteroak.bench.site import Server, a_server
from charteroak.core.camera import CameraId
from charteroak.core.hotlist import ListClass
from charteroak.core.http_signature import NONCE_BYTES
from charteroak.core.wire import WireRead
from charteroak.edge.enrol import enrol
from charteroak.edge.identity import Identity, next_boot_epoch
from charteroak.edge.settings import DataFolder
from charteroak.edge.spool import Spool
from charteroak.edge.uplink import Sender, Uplink
from charteroak.edge.web_client import open_client
from charteroak.server.actions.load_hotlist import ListFile, Loaded, load_hotlist
from charteroak.server.bootstrap import present

_BOXES: Final = 8
_PER_S: Final = {Scale.FULL: 200, Scale.SMALL: 40}
_LASTS_S: Final = {Scale.FULL: 30, Scale.SMALL: 1}
_HIT_EVERY: Final = 20
"""One read in so many hits: 300 alerts in a run."""

_LISTED: Final = 10_000
_FIRST_LISTED: Final = 1_000_000
"""Vehicles from this number on are on the list, and pass once; no other one is."""

_PLATE_PICTURE_BYTES: Final = 4_000
_VEHICLE_PICTURE_BYTES: Final = 24_000
_KEEP: Final = timedelta(days=1)
_SPOOL_LIMIT_BYTES: Final = 1 << 30
_WITHIN_S: Final = 60.0
_LOOK_EVERY_S: Final = 0.05

_RAISED: Final = sql.SQL("SELECT read_id, alert_id FROM alert_evidence")


@attrs.frozen(kw_only=True)
class _Box:
    """A box with its spool and its uplink."""

    camera: CameraId
    spool: Spool
    uplink: Uplink


class _Run:
    """Has cars pass, and waits for the alerts."""

    def __init__(
        self, server: Server, board: Board, boxes: Sequence[_Box], scale: Scale
    ) -> None:
        self._server = server
        self._board = board
        self._boxes = boxes
        self._scale = scale
        self._traffic = Traffic(seed=17)
        self._listed = iter(range(_FIRST_LISTED, _FIRST_LISTED + _LISTED))

    def __call__(self) -> Values:
        """Give the time within which 95 of 100 alerts were there."""
        n = _PER_S[self._scale] * _LASTS_S[self._scale] // len(self._boxes)
        spooled: dict[UUID, float] = {}
        hits = [
            {place: plate(next(self._listed)) for place in range(0, n, _HIT_EVERY)}
            for _ in self._boxes
        ]
        reads = [self._reads(box, n) for box in self._boxes]
        begin = time.perf_counter()
        drivers = [
            threading.Thread(
                target=self._drive,
                args=(box, reads[number], hits[number], spooled, begin),
            )
            for number, box in enumerate(self._boxes)
        ]
        for driver in drivers:
            driver.start()
        for driver in drivers:
            driver.join()
        if len(spooled) != sum(map(len, hits)):
            raise BenchFailedError("a spool took no more reads")
        alerts = self._await(spooled)
        took = [self._board.seen[alerts[read]] - at for read, at in spooled.items()]
        return {"p95_ms": float(np.percentile(took, 95)) * 1000}

    def _reads(self, box: _Box, n: int) -> list[WireRead]:
        return self._traffic.reads(
            n,
            camera=box.camera,
            until=present(),
            plate_picture=secrets.token_bytes(_PLATE_PICTURE_BYTES),
            vehicle_picture=secrets.token_bytes(_VEHICLE_PICTURE_BYTES),
        )

    def _drive(
        self,
        box: _Box,
        reads: Sequence[WireRead],
        hits: dict[int, str],
        spooled: dict[UUID, float],
        begin: float,
    ) -> None:
        """Have cars pass one camera, evenly over the run."""
        for place, read in enumerate(reads):
            due = begin + _LASTS_S[self._scale] * place / len(reads)
            time.sleep(max(0.0, due - time.perf_counter()))
            now = present()
            hit = hits.get(place)
            box.spool.put(_seen(read, hit, at=now), now)
            if hit is not None:
                spooled[read.read_id] = time.perf_counter()

    def _await(self, spooled: dict[UUID, float]) -> dict[UUID, UUID]:
        """Wait until the board has shown all; gives the alert of each read."""
        until = time.monotonic() + _WITHIN_S
        while time.monotonic() < until:
            with self._server.admin() as admin:
                raised = {
                    UUID(str(read)): UUID(str(alert))
                    for read, alert in admin.execute(_RAISED).fetchall()
                }
            if all(raised.get(read) in self._board.seen for read in spooled):
                return raised
            time.sleep(_LOOK_EVERY_S)
        raise BenchFailedError("an alert did not come to the board within a minute")


def _seen(read: WireRead, hit: str | None, *, at: datetime) -> WireRead:
    return msgspec.structs.replace(read, seen_at=at, plate=hit or read.plate)


@contextmanager
def prepare(scale: Scale, steps: Steps) -> Iterator[Once]:
    """A server with a hot list, boxes that deliver, and a dispatcher at the board."""
    steps.begin("starting a server")
    with ExitStack() as stack:
        server = stack.enter_context(a_server())
        with server.agency() as agency:
            loaded = load_hotlist(agency, ADMINISTRATOR, _list())
            if not isinstance(loaded, Loaded):
                raise BenchFailedError("the hot list could not be loaded")
            codes = {
                camera: invite(agency, [camera])
                for camera in place_cameras(agency, _BOXES)
            }
        steps.begin("enrolling boxes")
        boxes = [_box(stack, server, camera, code) for camera, code in codes.items()]
        steps.begin("opening the board")
        board = stack.enter_context(a_board(server))
        # Before the board is closed: a stream ends at once when its server stops.
        stack.callback(server.end)
        stack.enter_context(_delivering(boxes))
        yield _Run(server, board, boxes, scale)


def _list() -> ListFile:
    rows = "".join(
        f"{plate(_FIRST_LISTED + number)},stolen car\n" for number in range(_LISTED)
    )
    return ListFile(
        name="stolen",
        list_class=ListClass.VEHICLE,
        source="generator",
        authority="benchmark",
        content=f"plate,reason\n{rows}".encode(),
    )


def _box(stack: ExitStack, server: Server, camera: CameraId, code: str) -> _Box:
    folder = DataFolder(server.folder / f"box-{camera}")
    enrolment = enrol(
        folder, server=server.address, code=code, software="bench"
    ).enrolment
    spool = Spool.open(
        folder.spool,
        agency_key=enrolment.agency_key,
        keep=_KEEP,
        limit_bytes=_SPOOL_LIMIT_BYTES,
        boot_epoch=next_boot_epoch(folder),
    )
    stack.callback(spool.close)
    uplink = Uplink(
        spool,
        Sender(
            client=stack.enter_context(open_client(server.address, None)),
            server=server.address,
            device=enrolment.device,
            identity=Identity.load(folder),
            nonce=lambda: secrets.token_bytes(NONCE_BYTES),
        ),
        next_boot_epoch=lambda: next_boot_epoch(folder),
        clock=present,
    )
    return _Box(camera=camera, spool=spool, uplink=uplink)


@contextmanager
def _delivering(boxes: Sequence[_Box]) -> Iterator[None]:
    """Each box delivers, in a thread of its own, for the length of a block."""
    stop = threading.Event()
    threads = [
        threading.Thread(target=box.uplink.run, args=(stop,), name="uplink")
        for box in boxes
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


BENCH: Final = Bench(
    name="alert",
    says="from a read in a box's spool, through uplink, server and database, to the "
    "event at a browser that shows the board, while 200 reads a second come in",
    lasts="about three minutes",
    targets=(Target(name="p95_ms", unit="ms", target=1_000, better=Better.LOWER),),
    prepare=prepare,
)
