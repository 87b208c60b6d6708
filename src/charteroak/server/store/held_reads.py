"""The copies that holds keep: reads that outlive their term."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import attrs
from psycopg.rows import args_row

from charteroak.core.hold import HeldRead, HoldId
from charteroak.core.plate import PlatePattern, PlateText
from charteroak.core.policy import Permit
from charteroak.core.read import ReadId
from charteroak.core.sealed import LogReceipt
from charteroak.core.search import like
from charteroak.core.search_answer import Sighting
from charteroak.server.store.database import Changes

_KEEP: Final = """
    INSERT INTO held_reads
           (hold_id, read_id, camera_id, box_id, seen_at, received_at, plate,
            confidence, characters, state, state_confidence, engine, clock_suspect,
            plate_picture, vehicle_picture)
    VALUES (%(hold_id)s, %(read_id)s, %(camera_id)s, %(box_id)s, %(seen_at)s,
            %(received_at)s, %(plate)s, %(confidence)s, %(characters)s, %(state)s,
            %(state_confidence)s, %(engine)s, %(clock_suspect)s,
            %(plate_picture)s, %(vehicle_picture)s)
    ON CONFLICT (hold_id, read_id) DO NOTHING
"""

_COLUMNS: Final = """
    SELECT k.hold_id, k.read_id, k.camera_id, coalesce(c.name, k.camera_id),
           k.seen_at, k.plate, k.confidence, k.state, k.clock_suspect,
           k.plate_picture, k.vehicle_picture
      FROM held_reads AS k
      LEFT JOIN cameras AS c ON c.camera_id = k.camera_id
"""

_KEPT: Final = f"""
    {_COLUMNS}
     WHERE k.hold_id = ANY (%(holds)s)
     ORDER BY k.seen_at DESC, k.hold_id, k.read_id
     LIMIT %(most)s
"""

# The fold of `core.plate.match_key`; there is no index, because a hold is small.
_FIND: Final = f"""
    {_COLUMNS}
     WHERE k.hold_id = %(hold_id)s
       AND translate(k.plate, 'O', '0') LIKE %(like)s
     ORDER BY k.seen_at DESC, k.read_id
     LIMIT %(limit)s + 1
"""

_ONE: Final = f"""
    {_COLUMNS}
     WHERE k.hold_id = %(hold_id)s AND k.read_id = %(read_id)s
     LIMIT 1
"""

_COPIES: Final = """
    SELECT hold_id, count(*), count(*) FILTER (WHERE plate_picture <> '')
      FROM held_reads
     WHERE hold_id = ANY (%(holds)s)
     GROUP BY hold_id
     ORDER BY hold_id
     LIMIT 10000
"""


@attrs.frozen(kw_only=True)
class Copies:
    """How many reads a hold keeps, and how many with a picture of the plate."""

    reads: int = 0
    pictured: int = 0


def keep(
    tx: Changes,
    hold_id: HoldId,
    sighting: Sighting,
    *,
    plate_picture: str,
    vehicle_picture: str,
) -> bool:
    """Copy a read to its hold; a second time does nothing.

    Args:
        tx: the desk.
        hold_id: the hold.
        sighting: the read as it was found.
        plate_picture: the copy under the key of the hold; empty where it was gone.
        vehicle_picture: likewise.

    Returns:
        Whether it was not there before.
    """
    read = sighting.read
    done = tx.connection.execute(
        _KEEP,
        {
            "hold_id": hold_id,
            "read_id": read.read_id,
            "camera_id": read.camera,
            "box_id": sighting.box_id,
            "seen_at": read.seen_at,
            "received_at": sighting.received_at,
            "plate": read.plate.glyphs,
            "confidence": read.confidence,
            "characters": list(read.characters),
            "state": read.state,
            "state_confidence": read.state_confidence,
            "engine": read.engine,
            "clock_suspect": sighting.clock_suspect,
            "plate_picture": plate_picture,
            "vehicle_picture": vehicle_picture,
        },
    )
    return done.rowcount > 0


def copies(tx: Changes, holds: Sequence[HoldId]) -> dict[HoldId, Copies]:
    """How much each of some holds keeps; one that keeps nothing is missing."""
    rows = tx.connection.execute(_COPIES, {"holds": list(holds)})
    return {
        HoldId(UUID(str(hold))): Copies(reads=int(str(reads)), pictured=int(str(some)))
        for hold, reads, some in rows
    }


def kept(tx: Changes, holds: Sequence[HoldId], *, most: int = 200) -> list[HeldRead]:
    """The copies that holds keep, newest read first."""
    with tx.connection.cursor(row_factory=args_row(_held)) as cursor:
        return cursor.execute(_KEPT, {"holds": list(holds), "most": most}).fetchall()


def find(  # noqa: PLR0913  (two of them are proofs)
    tx: Changes,
    hold_id: HoldId,
    *,
    permit: Permit,
    logged: LogReceipt,
    pattern: PlatePattern | None,
    limit: int,
) -> list[HeldRead]:
    """Look into what a hold keeps; newest first, one more than `limit` where there are.

    Args:
        tx: the desk.
        hold_id: the hold.
        permit: of this search; not read here, see `searches.find`.
        logged: receipt of the question, committed before; not read here either.
        pattern: only these plates; None: all.
        limit: reads, at the most.
    """
    del permit, logged
    values = {
        "hold_id": hold_id,
        "like": "%" if pattern is None else like(pattern),
        "limit": limit,
    }
    with tx.connection.cursor(row_factory=args_row(_held)) as cursor:
        return cursor.execute(_FIND, values).fetchall()


def one(tx: Changes, hold_id: HoldId, read_id: ReadId) -> HeldRead | None:
    """One copy; None where the hold does not keep it."""
    values = {"hold_id": hold_id, "read_id": read_id}
    with tx.connection.cursor(row_factory=args_row(_held)) as cursor:
        return cursor.execute(_ONE, values).fetchone()


def _held(  # noqa: PLR0913, PLR0917  (one argument for each column of `_KEPT`)
    hold_id: UUID,
    read_id: UUID,
    camera_id: str,
    camera_name: str,
    seen_at: datetime,
    plate: str,
    confidence: float,
    state: str | None,
    clock_suspect: bool,  # noqa: FBT001  (a column)
    plate_picture: str,
    vehicle_picture: str,
) -> HeldRead:
    return HeldRead(
        hold_id=HoldId(hold_id),
        read_id=ReadId(read_id),
        camera_id=camera_id,
        camera_name=camera_name,
        seen_at=seen_at,
        plate=PlateText(plate),
        confidence=confidence,
        state=state,
        clock_suspect=clock_suspect,
        plate_picture=plate_picture,
        vehicle_picture=vehicle_picture,
    )
