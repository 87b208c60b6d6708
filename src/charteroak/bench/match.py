"""How fast reads are held against a million entries, and what that costs in memory.

The matcher works as in the server, in a process of its own: the mapped file of digests
leaves the reads that may be on a list, the database gives their entries, and the rule
of `core.hotlist.match` decides. Every hit is compared with what was planted.
"""

import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Final

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
from charteroak.bench.boxes import ADMINISTRATOR, plate
from charteroak.bench.match_process import Asked, Matched, Order, answer
from charteroak.bench.site import BenchSite, a_site
from charteroak.core.hotlist import ListClass
from charteroak.server.actions.load_hotlist import ListFile, Loaded, load_hotlist

_ENTRIES: Final = {Scale.FULL: 1_000_000, Scale.SMALL: 2_000}
_READS: Final = {Scale.FULL: 500_000, Scale.SMALL: 5_000}
_LISTS: Final = 4
_HIT_EVERY: Final = 500
"""One read in so many is on a list; of those a third has an O where the list has a 0."""

_STATES: Final = ("CT", "CT", "CT", "CT", "NY", "MA", "RI", "NJ")
_VEHICLES: Final = 50_000_000

_IDS: Final = sql.SQL(
    "SELECT plate, entry_id FROM hotlist_entries WHERE plate = ANY (%s)"
)


@contextmanager
def prepare(scale: Scale, steps: Steps) -> Iterator[Once]:
    """Load the lists, draw the reads, and start the process that matches."""
    draw = np.random.default_rng(4)
    # Vehicles with even numbers may be listed, those with odd ones never are.
    listed = np.unique(draw.integers(0, _VEHICLES // 2, _ENTRIES[scale] * 2)) * 2
    listed = draw.permutation(listed)[: _ENTRIES[scale]]
    reads = draw.integers(0, _VEHICLES // 2, _READS[scale]) * 2 + 1
    reads[::_HIT_EVERY] = draw.choice(listed, len(reads[::_HIT_EVERY]))
    steps.begin("starting a database")
    with a_site() as site:
        steps.begin("loading hot lists", len(listed))
        for number, part in enumerate(np.array_split(listed, _LISTS)):
            _load(site, f"list {number}", part.tolist())
            steps.advance(len(part))
        asked, expected = _asked(site, reads.tolist())
        order = Order(folder=site.folder, asked=asked)
        steps.begin("starting the matcher")
        with closing(_Matcher(order)) as matcher:

            def checked() -> Values:
                found = matcher.once()
                if sorted(found.hits) != expected:
                    raise BenchFailedError("the matcher did not find what was planted")
                return found.values

            yield checked


def _load(site: BenchSite, name: str, vehicles: Sequence[int]) -> None:
    rows = "".join(
        f"{plate(each)},{_STATES[each % len(_STATES)]},stolen car\n"
        for each in vehicles
    )
    loaded = load_hotlist(
        site.agency,
        ADMINISTRATOR,
        ListFile(
            name=name,
            list_class=ListClass.VEHICLE,
            source="generator",
            authority="benchmark",
            content=f"plate,state,reason\n{rows}".encode(),
        ),
    )
    if not isinstance(loaded, Loaded) or loaded.entries != len(vehicles):
        raise BenchFailedError("a hot list could not be loaded")


def _asked(
    site: BenchSite, vehicles: Sequence[int]
) -> tuple[Asked, list[tuple[int, str]]]:
    """The reads, and by their places the entries that they must hit."""
    plates = [plate(each) for each in vehicles]
    states = [_STATES[each % len(_STATES)] for each in vehicles]
    hits = range(0, len(vehicles), _HIT_EVERY)
    with site.admin() as admin:
        rows = admin.execute(_IDS, [[plates[place] for place in hits]]).fetchall()
    ids = {str(listed): str(entry_id) for listed, entry_id in rows}
    expected = [(place, ids[plates[place]]) for place in hits]
    for place in hits[::3]:
        plates[place] = plates[place].replace("0", "O")
    return Asked(plates=" ".join(plates), states=" ".join(states)), expected


class _Matcher:
    """The process that matches, as this one sees it."""

    def __init__(self, order: Order) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._line, theirs = spawn.Pipe()
        self._process = spawn.Process(target=answer, args=(theirs, order), daemon=True)
        self._process.start()
        theirs.close()

    def once(self) -> Matched:
        """Match all reads once.

        Raises:
            BenchFailedError: the process ended.
        """
        try:
            self._line.send(None)
            found = self._line.recv()
        except (EOFError, OSError):
            raise BenchFailedError("the process that matches ended") from None
        assert isinstance(found, Matched)  # noqa: S101 - our own process
        return found

    def close(self) -> None:
        """Hang up, and wait until it is gone."""
        self._line.close()
        self._process.join()


BENCH: Final = Bench(
    name="match",
    says="plates in, ids of entries out, against a million entries; growth of the "
    "process (RSS, mapped pages too) with the list in place",
    lasts="about two minutes",
    targets=(
        Target(
            name="reads_per_s", unit="reads/s", target=500_000, better=Better.HIGHER
        ),
        Target(name="memory_mb", unit="MB", target=60, better=Better.LOWER),
    ),
    prepare=prepare,
)
