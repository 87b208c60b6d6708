"""How long somebody who looks back waits, with ten million reads of thirty days.

Whole searches as the page makes them: decided by the rules, the question committed to
the log, a page of the newest reads looked up, the count committed. The plates that are
asked for are drawn from the reads, so that frequent ones are asked for often; the
patterns are cut from such plates.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import attrs
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
from charteroak.bench.filling import fill
from charteroak.bench.site import BenchSite, a_site
from charteroak.core.people import Person, PersonId, Role
from charteroak.core.plate import PlatePattern
from charteroak.core.retention import Bucket, Retention
from charteroak.core.search import Purpose, Search
from charteroak.core.search_answer import Found
from charteroak.server.actions.make_buckets import make_buckets
from charteroak.server.actions.search_reads import search_reads
from charteroak.server.agency import Agency

_READS: Final = {Scale.FULL: 10_000_000, Scale.SMALL: 20_000}
_SEARCHES: Final = {Scale.FULL: 200, Scale.SMALL: 10}
_DAYS: Final = 30
_LIMIT: Final = timedelta(days=_DAYS + 1)
"""Longer than Connecticut's law allows: this is a town in a state that allows it."""

_FREE_BYTES: Final = 8_000_000_000
_AT_ONCE: Final = 2

_INVESTIGATOR: Final = Person(
    person_id=PersonId(UUID(int=2)),
    login="bench",
    name="Benchmark",
    roles=frozenset({Role.INVESTIGATOR}),
)

_SAMPLE: Final = sql.SQL(
    "SELECT match_key FROM {} WHERE length(match_key) >= 6 ORDER BY read_id LIMIT %s"
)

_CUTS: Final[Sequence[Callable[[str], str]]] = (
    lambda plate: f"{plate[:2]}?{plate[3:6]}*",
    lambda plate: f"*{plate[3:6]}*",
    lambda plate: f"?{plate[1:4]}*",
    lambda plate: f"{plate[:3]}*",
    lambda plate: f"*{plate[-3:]}",
)
"""What a witness remembers of a plate: `AB?123*`, `*123*`, `?K47*`, `AB1*`, `*345`."""


@contextmanager
def prepare(scale: Scale, steps: Steps) -> Iterator[Once]:
    """Fill thirty days; each run makes the next searches."""
    if scale is Scale.FULL:
        _check_room()
    steps.begin("starting a database")
    with a_site() as site:
        agency = attrs.evolve(
            site.agency,
            retention=Retention(_LIMIT),
            profile=attrs.evolve(site.agency.profile, read_limit=_LIMIT),
        )
        make_buckets(agency)
        today = agency.retention.bucket(agency.clock())
        days = [
            agency.retention.bucket(today.starts_at - timedelta(days=ago))
            for ago in range(_DAYS, 0, -1)
        ]
        steps.begin(f"{_READS[scale]:,} reads", len(days))
        _fill(site, days, _READS[scale] // len(days), steps)
        asked = _asked(site, days, _SEARCHES[scale])

        def once() -> Values:
            plates = next(asked)
            patterns = [
                _CUTS[place % len(_CUTS)](plate) for place, plate in enumerate(plates)
            ]
            since = days[0].starts_at
            until = today.starts_at
            return {
                "exact_p95_ms": _p95_ms(agency, plates, since, until),
                "wildcard_p95_ms": _p95_ms(agency, patterns, since, until),
            }

        yield once


def _check_room() -> None:
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < _FREE_BYTES:
        msg = (
            f"ten million reads need {_FREE_BYTES / 1e9:.0f} GB in {folder}, and "
            f"{free / 1e9:.1f} GB are free; TMPDIR names another folder"
        )
        raise BenchFailedError(msg)


def _fill(site: BenchSite, days: Sequence[Bucket], n: int, steps: Steps) -> None:
    """Fill so many days with `n` reads each, some days at once."""
    with ExitStack() as stack:
        connections = [stack.enter_context(site.admin()) for _ in range(_AT_ONCE)]

        def fill_every(first: int) -> None:
            for place in range(first, len(days), _AT_ONCE):
                fill(connections[first], days[place], n, seed=place / len(days))
                steps.advance()

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            try:
                list(pool.map(fill_every, range(_AT_ONCE)))
            except BaseException:
                # Nobody waits for a day to be filled who has pressed Ctrl-C.
                for connection in connections:
                    connection.close()
                raise
        connections[0].execute("CHECKPOINT")


def _asked(site: BenchSite, days: Sequence[Bucket], n: int) -> Iterator[Sequence[str]]:
    """For each run `n` plates that were read, drawn by how often they were."""
    draw = np.random.default_rng(5)
    # Read ids are random: the first by id are reads of all hours.
    with site.admin() as admin:
        seen = [
            str(row[0])
            for day in days
            for row in admin.execute(
                _SAMPLE.format(sql.Identifier(f"reads_{day.name}")), [n]
            ).fetchall()
        ]
    while True:
        yield [str(each) for each in draw.choice(seen, n)]


def _p95_ms(
    agency: Agency, texts: Sequence[str], since: datetime, until: datetime
) -> float:
    took = []
    for text in texts:
        search = Search(
            plate=PlatePattern.parse(text),
            since=since,
            until=until,
            purpose=Purpose("robbery"),
            case_ref="26-1234",
        )
        began = time.perf_counter()
        answer = search_reads(agency, _INVESTIGATOR, search).open(agency.covered)
        took.append(time.perf_counter() - began)
        if not isinstance(answer, Found) or not answer.sightings:
            raise BenchFailedError("a search did not find what is there")
    return float(np.percentile(took, 95)) * 1000


BENCH: Final = Bench(
    name="search",
    says="a whole search over 30 days and 10,000,000 reads, newest first, with its two "
    "records in the log; by plate and by pattern",
    lasts="about seven minutes, and 6 GB of disk",
    targets=(
        Target(name="exact_p95_ms", unit="ms", target=30, better=Better.LOWER),
        Target(name="wildcard_p95_ms", unit="ms", target=150, better=Better.LOWER),
    ),
    prepare=prepare,
)
