"""Reads go in; who takes them in sees nothing of them but which were new."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

import attrs
from psycopg.errors import CheckViolation

from charteroak.core.plate import MatchKey
from charteroak.core.read import Read
from charteroak.server.store.buckets import BucketMissingError
from charteroak.server.store.database import Ingests

_COLUMNS: Final = """
           (read_id, camera_id, box_id, seen_at, received_at, plate, match_key,
            confidence, characters, state, state_confidence, plate_box, engine,
            clock_suspect, plate_picture, vehicle_picture)
    SELECT read_id, camera_id, %(box_id)s, seen_at, %(received_at)s, plate, match_key,
           confidence, characters::real[], state, state_confidence,
           plate_box::integer[], engine, %(clock_suspect)s, plate_picture,
           vehicle_picture
      FROM unnest(%(read_ids)s::uuid[], %(camera_ids)s::text[],
                  %(seen_ats)s::timestamptz[], %(plates)s::text[],
                  %(match_keys)s::text[], %(confidences)s::real[],
                  %(characters)s::text[], %(states)s::text[],
                  %(state_confidences)s::real[], %(plate_boxes)s::text[],
                  %(engines)s::text[], %(plate_pictures)s::text[],
                  %(vehicle_pictures)s::text[])
        AS n (read_id, camera_id, seen_at, plate, match_key, confidence, characters,
              state, state_confidence, plate_box, engine, plate_picture,
              vehicle_picture)
"""

_ADD: Final = f"""
    INSERT INTO reads {_COLUMNS}
    ON CONFLICT (read_id, seen_at) DO NOTHING
    RETURNING read_id, seen_at
"""

# A misdated read that comes again has another time of receipt, so its key differs.
_ADD_MISDATED: Final = f"""
    INSERT INTO reads_misdated {_COLUMNS}
     WHERE NOT EXISTS (
         SELECT FROM reads_misdated AS m WHERE m.read_id = n.read_id)
    ON CONFLICT (read_id, received_at) DO NOTHING
    RETURNING read_id
"""

_COUNT: Final = """
    INSERT INTO read_counts (camera_id, hour, reads, hits, due_on_arrival, misdated)
    SELECT camera_id, hour, reads, hits, due_on_arrival, misdated
      FROM unnest(%(camera_ids)s::text[], %(hours)s::timestamptz[],
                  %(reads)s::bigint[], %(hits)s::bigint[],
                  %(due_on_arrival)s::bigint[], %(misdated)s::bigint[])
        AS n (camera_id, hour, reads, hits, due_on_arrival, misdated)
    ON CONFLICT (camera_id, hour) DO UPDATE
       SET reads = read_counts.reads + EXCLUDED.reads,
           hits = read_counts.hits + EXCLUDED.hits,
           due_on_arrival = read_counts.due_on_arrival + EXCLUDED.due_on_arrival,
           misdated = read_counts.misdated + EXCLUDED.misdated
"""


_LEAST: Final = 1e-30


@attrs.frozen(kw_only=True, repr=False)
class NewRead:
    """A read with where its pictures lie in the vault (empty: it has none)."""

    read: Read
    match_key: MatchKey
    plate_picture: str
    vehicle_picture: str


@attrs.frozen(kw_only=True)
class Receipt:
    """What all reads of a batch have in common.

    Attributes:
        clock_suspect: the box's clock was off when it sent them.
    """

    box_id: UUID
    received_at: datetime
    clock_suspect: bool


@attrs.define(kw_only=True)
class Tally:
    """What is counted of a camera in an hour."""

    reads: int = 0
    hits: int = 0
    due_on_arrival: int = 0
    misdated: int = 0


def add(tx: Ingests, reads: Sequence[NewRead], receipt: Receipt) -> list[NewRead]:
    """Add reads whose buckets are there; may be done again.

    Returns:
        Those that were not known before.

    Raises:
        BucketMissingError: a bucket was dropped since it was looked up.
    """
    if not reads:
        return []
    rows = _insert(tx, _ADD, _columns(reads, receipt))
    if len(rows) == len(reads):
        return list(reads)
    waiting = {(row[0], row[1]) for row in rows}
    return [
        new for new in reads if _take(waiting, (new.read.read_id, new.read.seen_at))
    ]


def add_misdated(
    tx: Ingests, reads: Sequence[NewRead], receipt: Receipt
) -> list[NewRead]:
    """Add reads whose time cannot be right, apart from the others; see `add`."""
    if not reads:
        return []
    rows = _insert(tx, _ADD_MISDATED, _columns(reads, receipt))
    waiting: set[tuple[object, object]] = {(row[0], None) for row in rows}
    return [new for new in reads if _take(waiting, (new.read.read_id, None))]


def count(tx: Ingests, tallies: Mapping[tuple[str, datetime], Tally]) -> None:
    """Add to the counts of cameras.

    Args:
        tx: the transaction of what is counted.
        tallies: by camera and by the first moment of the hour.
    """
    if not tallies:
        return
    # In one order everywhere, so that two batches never wait for each other.
    items = sorted(tallies.items(), key=lambda item: item[0])
    tx.connection.execute(
        _COUNT,
        {
            "camera_ids": [camera for (camera, _), _ in items],
            "hours": [hour for (_, hour), _ in items],
            "reads": [tally.reads for _, tally in items],
            "hits": [tally.hits for _, tally in items],
            "due_on_arrival": [tally.due_on_arrival for _, tally in items],
            "misdated": [tally.misdated for _, tally in items],
        },
    )


def _insert(
    tx: Ingests, statement: LiteralString, columns: dict[str, object]
) -> list[tuple[object, ...]]:
    try:
        return tx.connection.execute(statement, columns).fetchall()
    except CheckViolation:
        # "No partition of relation found for row"; its text may tell of the row.
        raise BucketMissingError("a bucket was dropped meanwhile") from None


def _take(waiting: set[tuple[object, object]], key: tuple[object, object]) -> bool:
    """Whether a key was waiting; the second of two equal reads in a batch was not."""
    if key in waiting:
        waiting.remove(key)
        return True
    return False


def _columns(reads: Sequence[NewRead], receipt: Receipt) -> dict[str, object]:
    plain = [new.read for new in reads]
    return {
        **attrs.asdict(receipt),
        "read_ids": [read.read_id for read in plain],
        "camera_ids": [read.camera for read in plain],
        "seen_ats": [read.seen_at for read in plain],
        "plates": [read.plate.glyphs for read in plain],
        "match_keys": [new.match_key for new in reads],
        "confidences": [real(read.confidence) for read in plain],
        "characters": [_array(map(real, read.characters)) for read in plain],
        "states": [read.state for read in plain],
        "state_confidences": [
            None if read.state_confidence is None else real(read.state_confidence)
            for read in plain
        ],
        "plate_boxes": [
            _array((box.x, box.y, box.width, box.height))
            for box in (read.plate_box for read in plain)
        ],
        "engines": [read.engine for read in plain],
        "plate_pictures": [new.plate_picture for new in reads],
        "vehicle_pictures": [new.vehicle_picture for new in reads],
    }


def real(share: float) -> float:
    """A share that the four bytes of `real` can hold: what is too small is nothing."""
    return share if share > _LEAST else 0.0


def _array(numbers: Iterable[float]) -> str:
    """An array as PostgreSQL spells it: `unnest` would flatten an array of arrays."""
    return "{" + ",".join(map(repr, numbers)) + "}"
