"""Reads go in; who takes them in sees nothing of them but which were new."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

import attrs
import msgspec
from psycopg.errors import CheckViolation
from typing_extensions import override

from charteroak.core.plate import MatchKey
from charteroak.core.read import Read
from charteroak.server.store.buckets import BucketMissingError
from charteroak.server.store.database import Ingests

# One parameter for all rows: a driver's arrays cost more than the insertion itself.
_COLUMNS: Final = """
           (read_id, camera_id, box_id, seen_at, received_at, plate, match_key,
            confidence, characters, state, state_confidence, plate_box, engine,
            clock_suspect, plate_picture, vehicle_picture)
    SELECT read_id, camera_id, %(box_id)s, seen_at, %(received_at)s, plate, match_key,
           confidence, characters, state, state_confidence, plate_box, engine,
           %(clock_suspect)s, plate_picture, vehicle_picture
      FROM json_to_recordset(%(rows)s::json)
        AS n (read_id uuid, camera_id text, seen_at timestamptz, plate text,
              match_key text, confidence real, characters real[], state text,
              state_confidence real, plate_box integer[], engine text,
              plate_picture text, vehicle_picture text)
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
_JSON: Final = msgspec.json.Encoder()


@attrs.frozen(kw_only=True, repr=False)
class NewRead:
    """A read with where its pictures lie in the vault (empty: it has none)."""

    read: Read
    match_key: MatchKey
    plate_picture: str
    vehicle_picture: str


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    """A read as `_COLUMNS` takes it apart."""

    read_id: UUID
    camera_id: str
    seen_at: datetime
    plate: str
    match_key: str
    confidence: float
    characters: tuple[float, ...]
    state: str | None
    state_confidence: float | None
    plate_box: tuple[int, int, int, int]
    engine: str
    plate_picture: str
    vehicle_picture: str

    @override
    def __repr__(self) -> str:
        """Masked: not the plate."""
        return f"_Row({self.read_id})"


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
    rows = _insert(tx, _ADD, _values(reads, receipt))
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
    rows = _insert(tx, _ADD_MISDATED, _values(reads, receipt))
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
    tx: Ingests, statement: LiteralString, values: dict[str, object]
) -> list[tuple[object, ...]]:
    try:
        return tx.connection.execute(statement, values).fetchall()
    except CheckViolation:
        # "No partition of relation found for row"; its text may tell of the row.
        raise BucketMissingError("a bucket was dropped meanwhile") from None


def _take(waiting: set[tuple[object, object]], key: tuple[object, object]) -> bool:
    """Whether a key was waiting; the second of two equal reads in a batch was not."""
    if key in waiting:
        waiting.remove(key)
        return True
    return False


def _values(reads: Sequence[NewRead], receipt: Receipt) -> dict[str, object]:
    return {
        **attrs.asdict(receipt),
        "rows": _JSON.encode([_row(new) for new in reads]).decode(),
    }


def _row(new: NewRead) -> _Row:
    read, box = new.read, new.read.plate_box
    return _Row(
        read_id=read.read_id,
        camera_id=read.camera,
        seen_at=read.seen_at,
        plate=read.plate.glyphs,
        match_key=new.match_key,
        confidence=real(read.confidence),
        characters=tuple(map(real, read.characters)),
        state=read.state,
        state_confidence=(
            None if read.state_confidence is None else real(read.state_confidence)
        ),
        plate_box=(box.x, box.y, box.width, box.height),
        engine=read.engine,
        plate_picture=new.plate_picture,
        vehicle_picture=new.vehicle_picture,
    )


def real(share: float) -> float:
    """A share that the four bytes of `real` can hold: what is too small is nothing."""
    return share if share > _LEAST else 0.0
