"""How long it takes to forget a day, and whether it is gone from every file.

A day of reads lies in its partition, with a plate that is nowhere else, and with the
segments of its pictures. When it is due, the worker's own action drops it: key,
partition, record in the log, write-ahead log, picture files. Before and after, every
byte of the data folder is searched for that plate.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import attrs
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
from charteroak.bench.byte_search import copies_below
from charteroak.bench.filling import fill
from charteroak.bench.site import BenchSite, a_site
from charteroak.core.retention import Bucket
from charteroak.server.actions.purge_reads import Purged, purge_reads

_READS: Final = {Scale.FULL: 300_000, Scale.SMALL: 3_000}
_SEGMENTS: Final = {Scale.FULL: 600, Scale.SMALL: 6}
"""Of pictures: as many as batches of 500 reads."""

_MARKER: Final = "XQJWVKZ3X7"
_PICTURE_BYTES: Final = 20_000

_PLANT: Final = sql.SQL(
    "WITH chosen AS (SELECT read_id FROM {} ORDER BY read_id LIMIT 100) UPDATE {} AS r"
    " SET plate = %(marker)s, match_key = %(marker)s FROM chosen"
    " WHERE r.read_id = chosen.read_id"
)


@contextmanager
def prepare(scale: Scale, steps: Steps) -> Iterator[Once]:
    """Make a site; each run fills the oldest day that is left."""
    steps.begin("starting a database")
    with a_site() as site:
        days = _Days(site)

        def once() -> Values:
            day = days.next()
            steps.begin("a day of reads")
            _fill(site, day, scale)
            steps.begin("looking for its plate")
            before = sum(copies_below(site.folder, _MARKER).values())
            steps.begin("purging the day")
            began = time.perf_counter()
            purged = days.purge(day)
            took = time.perf_counter() - began
            if purged.reads != _READS[scale] or purged.pictures != _SEGMENTS[scale]:
                raise BenchFailedError("the purge did not take that day alone")
            steps.begin("looking for its plate again")
            after = sum(copies_below(site.folder, _MARKER).values())
            return {"seconds": took, "copies_before": before, "copies_after": after}

        yield once


class _Days:
    """The days of a site, oldest first, each of which is due at its time."""

    def __init__(self, site: BenchSite) -> None:
        self._site = site
        self._now = site.agency.clock()
        self._next = site.agency.retention.ahead(self._now)[0]
        # Whatever is due already goes now, and costs no run anything.
        purge_reads(site.agency)

    def next(self) -> Bucket:
        """The oldest day that is there."""
        day = self._next
        self._next = self._site.agency.retention.bucket(day.ends_at)
        return day

    def purge(self, day: Bucket) -> Purged:
        """Purge at the first moment at which a day is due."""
        due_at = self._site.agency.retention.due_at(day)
        return purge_reads(attrs.evolve(self._site.agency, clock=lambda: due_at))


def _fill(site: BenchSite, day: Bucket, scale: Scale) -> None:
    agency = site.agency
    for _ in range(_SEGMENTS[scale]):
        agency.pictures.store(day.name, [agency.entropy(_PICTURE_BYTES)])
    partition = sql.Identifier(f"reads_{day.name}")
    with site.admin() as admin:
        fill(admin, day, _READS[scale], seed=0.5)
        admin.execute(_PLANT.format(partition, partition), {"marker": _MARKER})
        # The day was three weeks ago: its pages have long been written.
        admin.execute("CHECKPOINT")


BENCH: Final = Bench(
    name="purge",
    says="forgetting a day of 300,000 reads when it is due: key, partition, write-ahead "
    "log, pictures; copies of a plate in all files before and after",
    lasts="about three minutes",
    targets=(
        Target(name="seconds", unit="s", target=0.5, better=Better.LOWER),
        Target(name="copies_before", unit="copies", target=1, better=Better.HIGHER),
        Target(name="copies_after", unit="copies", target=0, better=Better.LOWER),
    ),
    prepare=prepare,
)
