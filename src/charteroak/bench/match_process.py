"""The process of the benchmark `match`: a matcher that has nothing else in memory."""

import gc
import os
import time
from contextlib import suppress
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import attrs

from charteroak.bench.bench import Values
from charteroak.bench.site import Server
from charteroak.core import hotlist
from charteroak.core.plate import PlateText, match_key
from charteroak.core.wire import MOST_IN_A_BATCH
from charteroak.server.actions.ingest_reads.matching import listed
from charteroak.server.agency import Agency

_MEGABYTE: Final = 1e6


@attrs.frozen(kw_only=True, repr=False)
class Asked:
    """The reads: their plates, and their states, each with a space between."""

    plates: str
    states: str


@attrs.frozen(kw_only=True)
class Order:
    """What the process is to do.

    Attributes:
        folder: of a site whose database runs.
        asked: the reads that are held against its lists, each time.
    """

    folder: Path
    asked: Asked


@attrs.frozen(kw_only=True, repr=False)
class Matched:
    """What one round found.

    Attributes:
        hits: the place of each read that hit, with the id of the entry.
    """

    values: Values
    hits: list[tuple[int, str]]


def answer(line: "Connection[Matched, None]", order: Order) -> None:
    """Match all reads whenever asked to, until the other side hangs up.

    Args:
        line: gives a word for each round, and takes what it found.
        order: see there.
    """
    plates, states = order.asked.plates.split(), order.asked.states.split()
    gc.collect()
    before = _resident()
    # What a server does when it starts: the file is written anew from the database.
    with Server(order.folder).agency() as agency, suppress(EOFError):
        while True:
            line.recv()
            began = time.perf_counter()
            hits = _match(agency, plates, states, at=agency.clock())
            took = time.perf_counter() - began
            values = {
                "reads_per_s": len(plates) / took,
                "memory_mb": (_resident() - before) / _MEGABYTE,
            }
            line.send(Matched(values=values, hits=hits))


def _match(
    agency: Agency, plates: list[str], states: list[str], *, at: datetime
) -> list[tuple[int, str]]:
    """The place of each read that hits, with the entry, in batches as boxes send them."""
    found = []
    with agency.database.ingests() as tx:
        for first in range(0, len(plates), MOST_IN_A_BATCH):
            keys = [match_key(each) for each in plates[first : first + MOST_IN_A_BATCH]]
            on_lists = listed(agency, tx, keys)
            for place, key in enumerate(keys, first):
                for each in on_lists.get(key, ()):
                    plate = PlateText(plates[place])
                    if hotlist.match(plate, states[place], each.entry, at=at):
                        found.append((place, str(each.entry.entry_id)))
    return found


def _resident() -> int:
    """Resident set of this process, pages of mapped files too, bytes."""
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")
