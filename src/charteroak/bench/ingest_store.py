"""`ingest-store`: how fast the store takes reads in, durable and counted once."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, timedelta
from time import perf_counter
from typing import Final

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
from charteroak.bench.boxes import Traffic, enrol_boxes
from charteroak.bench.site import BenchSite, a_site
from charteroak.server.agency import Agency
from charteroak.server.store import reads
from charteroak.server.store.reads import NewRead, Receipt, Tally

IN_A_BATCH: Final = 1_000
CONNECTIONS: Final = 2
KEEP: Final = timedelta(days=1)
"""Short, so that few partitions are made; each read goes to one of them all the same."""
_BATCHES: Final = {Scale.FULL: 50, Scale.SMALL: 4}

_KEPT: Final = sql.SQL("SELECT count(*)::int FROM reads")
_COUNTED: Final = sql.SQL("SELECT coalesce(sum(reads), 0)::int FROM read_counts")


class _Run:
    """Fills a site's store, and counts what is in it."""

    def __init__(self, site: BenchSite, scale: Scale, steps: Steps) -> None:
        self._site = site
        self._steps = steps
        self._batches = _BATCHES[scale]
        (box,) = enrol_boxes(site.agency, 1)
        self._box = box
        self._traffic = Traffic(seed=7)
        self._added = 0

    def __call__(self) -> Values:
        """Add batches from two connections at once, then all of them again."""
        agency = self._site.agency
        batches = self._prepared()
        receipt = Receipt(
            box_id=self._box.device, received_at=agency.clock(), clock_suspect=False
        )
        with ThreadPoolExecutor(CONNECTIONS) as connections:
            self._steps.begin("storing", len(batches))
            began = perf_counter()
            new = sum(connections.map(lambda batch: self._add(batch, receipt), batches))
            took_s = perf_counter() - began
            self._steps.begin("storing the same again", len(batches))
            again = sum(
                connections.map(lambda batch: self._add(batch, receipt), batches)
            )
        self._added += new
        self._check(new, again)
        return {"reads_per_s": new / took_s}

    def _prepared(self) -> list[list[NewRead]]:
        self._steps.begin("making reads", self._batches)
        batches = []
        for _ in range(self._batches):
            wires = self._traffic.reads(
                IN_A_BATCH,
                camera=self._box.cameras[0],
                until=self._site.agency.clock(),
            )
            plain = [wire.to_read() for wire in wires]
            batches.append(
                [
                    NewRead(
                        read=read,
                        match_key=read.plate.match_key,
                        plate_picture="",
                        vehicle_picture="",
                    )
                    for read in plain
                ]
            )
            self._steps.advance()
        return batches

    def _add(self, batch: Sequence[NewRead], receipt: Receipt) -> int:
        new = add(self._site.agency, batch, receipt)
        self._steps.advance()
        return new

    def _check(self, new: int, again: int) -> None:
        kept, counted = self._site.count(_KEPT), self._site.count(_COUNTED)
        if (new, again) != (self._batches * IN_A_BATCH, 0):
            raise BenchFailedError("a read was lost, or counted twice")
        if not kept == counted == self._added:
            raise BenchFailedError("what is stored is not what was counted")


def add(agency: Agency, batch: Sequence[NewRead], receipt: Receipt) -> int:
    """Rows, indexes, counts and commit: what the store does for a batch.

    Returns:
        How many were new.
    """
    with agency.database.ingests() as tx:
        new = reads.add(tx, batch, receipt)
        if new:
            first = new[0].read
            hour = first.seen_at.astimezone(UTC).replace(
                minute=0, second=0, microsecond=0
            )
            reads.count(tx, {(first.camera, hour): Tally(reads=len(new))})
    return len(new)


@contextmanager
def prepare(scale: Scale, steps: Steps) -> Iterator[Once]:
    """A site with nothing in it."""
    steps.begin("starting a database")
    with a_site(keep=KEEP) as site:
        yield _Run(site, scale, steps)


BENCH: Final = Bench(
    name="ingest-store",
    says=(
        "Reads that the store takes in: batches of 1,000 from two connections, with "
        "every index, each committed to the disk; sent twice they count once."
    ),
    lasts="a minute",
    targets=(
        Target(name="reads_per_s", unit="reads/s", target=25_000, better=Better.HIGHER),
    ),
    prepare=prepare,
)
