"""`ingest-http`: how fast a server takes in what boxes send, from request to answer.

What happens in between is the whole of it: the signature of the request, that of the
batch, the envelopes opened, the reads held against a hot list, kept, counted, alerts
raised and logged, and the answer sent once all that is on the disk.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock
from time import perf_counter
from typing import Final

import attrs
import httpx2
import msgspec
import numpy as np
from psycopg import sql

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
    BenchBox,
    Traffic,
    enrol_boxes,
    plate,
)
from charteroak.bench.site import Server, a_server, one_number
from charteroak.core.hotlist import ListClass
from charteroak.core.wire import BatchAnswer
from charteroak.server.actions.load_hotlist import ListFile, Loaded, load_hotlist
from charteroak.server.agency import Agency
from charteroak.server.bootstrap import present

BOXES: Final = 4
KEEP: Final = timedelta(days=1)
"""Short, so that few partitions are made; each read goes to one of them all the same."""
IN_A_BATCH: Final = 100
PATH: Final = "/api/v1/batches"
PLATE_PICTURE_BYTES: Final = 4_000
VEHICLE_PICTURE_BYTES: Final = 15_000

_BATCHES: Final = {Scale.FULL: 200, Scale.SMALL: 8}
_BATCHES_WITH_PICTURES: Final = {Scale.FULL: 40, Scale.SMALL: 4}
_VEHICLES: Final = 100_000
_WANTED: Final = 10_000
_ONE_DRIVES_IN: Final = 1_000
_ANSWER_WITHIN_S: Final = 60.0

_KEPT: Final = sql.SQL("SELECT count(*)::int FROM reads")
_PICTURED: Final = sql.SQL(
    "SELECT count(*)::int FROM reads WHERE plate_picture <> '' AND vehicle_picture <> ''"
)


@attrs.frozen(kw_only=True)
class _Parcel:
    """A batch that waits to be sent, and by whom."""

    box: BenchBox
    body: bytes = attrs.field(repr=False)


class _Run:
    """Sends batches from several boxes at once."""

    def __init__(
        self, server: Server, boxes: Sequence[BenchBox], scale: Scale, steps: Steps
    ) -> None:
        self._url = server.address + PATH
        self._server = server
        self._boxes = boxes
        self._scale = scale
        self._steps = steps
        self._traffic = Traffic(seed=11, vehicles=_VEHICLES)
        self._sent = 0
        self._pictured = 0
        self._telling = Lock()

    def __call__(self) -> Values:
        """Without pictures, then with them."""
        plain = self._rate(_BATCHES[self._scale])
        with_pictures = self._rate(
            _BATCHES_WITH_PICTURES[self._scale],
            pictures=(_noise(PLATE_PICTURE_BYTES), _noise(VEHICLE_PICTURE_BYTES)),
        )
        self._check()
        return {"reads_per_s": plain, "reads_with_pictures_per_s": with_pictures}

    def _rate(
        self, batches: int, *, pictures: tuple[bytes, bytes] = (b"", b"")
    ) -> float:
        parcels = self._sealed(batches, pictures)
        what = "sending reads with pictures" if any(pictures) else "sending reads"
        with (
            httpx2.Client(timeout=_ANSWER_WITHIN_S, trust_env=False) as client,
            ThreadPoolExecutor(BOXES) as senders,
        ):
            self._steps.begin(what, batches)
            began = perf_counter()
            # As a box does: one batch at a time, the next after the answer.
            answers = senders.map(
                lambda box: [
                    self._send(client, parcel)
                    for parcel in parcels
                    if parcel.box is box
                ],
                self._boxes,
            )
            kept = sum(answer.kept for each in answers for answer in each)
            took_s = perf_counter() - began
        self._sent += batches * IN_A_BATCH
        self._pictured += batches * IN_A_BATCH if any(pictures) else 0
        if kept != batches * IN_A_BATCH:
            raise BenchFailedError("the server did not keep every read")
        return kept / took_s

    def _sealed(self, batches: int, pictures: tuple[bytes, bytes]) -> list[_Parcel]:
        self._steps.begin("sealing reads", batches)
        parcels = []
        for number in range(batches):
            box = self._boxes[number % BOXES]
            reads = self._traffic.reads(
                IN_A_BATCH,
                camera=box.cameras[0],
                until=present(),
                plate_picture=pictures[0],
                vehicle_picture=pictures[1],
            )
            envelopes = [box.seal(read) for read in reads]
            parcels.append(_Parcel(box=box, body=box.batch(envelopes)))
            self._steps.advance()
        return parcels

    def _send(self, client: httpx2.Client, parcel: _Parcel) -> BatchAnswer:
        request = parcel.box.request(self._url, parcel.body, created=present())
        answer = client.post(
            self._url, content=parcel.body, headers=dict(request.fields)
        )
        if not answer.is_success:
            msg = f"the server answered {answer.status_code}"
            raise BenchFailedError(msg)
        with self._telling:
            self._steps.advance()
        return msgspec.msgpack.decode(answer.content, type=BatchAnswer)

    def _check(self) -> None:
        with self._server.admin() as connection:
            kept = one_number(connection, _KEPT)
            pictured = one_number(connection, _PICTURED)
        if (kept, pictured) != (self._sent, self._pictured):
            raise BenchFailedError("what was acknowledged is not what is stored")


def _noise(size: int) -> bytes:
    """Bytes that nothing makes smaller, as those of a JPEG are, between its marks."""
    body = np.random.default_rng(size).bytes(size - 4)
    return b"\xff\xd8" + body + b"\xff\xd9"


def load_wanted(agency: Agency) -> None:
    """A hot list of which some vehicles drive here, as some do in every town."""
    here = [plate(n) for n in range(0, _VEHICLES, _ONE_DRIVES_IN)]
    elsewhere = [plate(_VEHICLES + n) for n in range(_WANTED - len(here))]
    rows = "".join(f"{each},,stolen\n" for each in [*here, *elsewhere])
    loaded = load_hotlist(
        agency,
        ADMINISTRATOR,
        ListFile(
            name="stolen",
            list_class=ListClass.VEHICLE,
            source="benchmark",
            authority="none",
            content=f"plate,state,reason\n{rows}".encode(),
        ),
    )
    if not isinstance(loaded, Loaded):
        raise BenchFailedError("the hot list could not be loaded")


@contextmanager
def prepare(scale: Scale, steps: Steps) -> Iterator[Once]:
    """A server with a hot list and enrolled boxes."""
    steps.begin("starting a server")
    with a_server(keep=KEEP) as server:
        with server.agency() as agency:
            boxes = enrol_boxes(agency, BOXES)
            load_wanted(agency)
        yield _Run(server, boxes, scale, steps)


BENCH: Final = Bench(
    name="ingest-http",
    says=(
        "Reads that a server takes in over HTTP from four boxes: signed batches of 100 "
        "sealed reads, alone and with 19 kB of pictures each."
    ),
    lasts="two minutes",
    targets=(
        Target(name="reads_per_s", unit="reads/s", target=5_000, better=Better.HIGHER),
        Target(
            name="reads_with_pictures_per_s",
            unit="reads/s",
            target=1_000,
            better=Better.HIGHER,
        ),
    ),
    prepare=prepare,
)
