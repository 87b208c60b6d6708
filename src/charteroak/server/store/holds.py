"""Holds, and the copies that they keep."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import attrs
from psycopg.rows import args_row, class_row

from charteroak.core.hold import HeldRead, Hold, HoldId
from charteroak.core.people import PersonId
from charteroak.core.plate import PlateText
from charteroak.core.search_answer import Sighting
from charteroak.server.store.database import Changes


@attrs.frozen(kw_only=True)
class CaseLine:
    """A case that has holds, with how many of them stand, and how many wait."""

    case_ref: str
    holds: int
    waiting: int
    last_at: datetime


_ADD: Final = """
    INSERT INTO holds
           (hold_id, case_ref, purpose, reason, read_id, seen_at,
            requested_by, requested_at, ends_at)
    VALUES (%(hold_id)s, %(case_ref)s, %(purpose)s, %(reason)s, %(read_id)s,
            %(seen_at)s, %(requested_by)s, %(requested_at)s, %(ends_at)s)
"""

_COLUMNS: Final = """
    SELECT h.hold_id, h.case_ref, h.purpose, h.reason, h.read_id, h.seen_at,
           h.requested_by, h.requested_at, h.approved_by, h.approved_at,
           h.ends_at, h.ended_at,
           coalesce(q.name, '') AS requester, coalesce(a.name, '') AS approver
      FROM holds AS h
      LEFT JOIN people AS q ON q.person_id = h.requested_by
      LEFT JOIN people AS a ON a.person_id = h.approved_by
"""

_TO_CHANGE: Final = f"""
    {_COLUMNS}
     WHERE h.hold_id = %(hold_id)s
       FOR UPDATE OF h
"""

_OF_CASE: Final = f"""
    {_COLUMNS}
     WHERE h.case_ref = %(case_ref)s
     ORDER BY h.requested_at DESC, h.hold_id
     LIMIT %(most)s
"""

_SAME: Final = """
    SELECT hold_id
      FROM holds
     WHERE case_ref = %(case_ref)s
       AND read_id = %(read_id)s
       AND ended_at IS NULL
     LIMIT 1
"""

_CASES: Final = """
    SELECT case_ref, holds, waiting, last_at
      FROM (SELECT case_ref,
                   count(*) FILTER (WHERE ended_at IS NULL) AS holds,
                   count(*) FILTER (
                       WHERE ended_at IS NULL AND approved_at IS NULL) AS waiting,
                   max(requested_at) AS last_at
              FROM holds
             GROUP BY case_ref) AS c
     ORDER BY waiting = 0, last_at DESC, case_ref
     LIMIT %(most)s
"""

_APPROVE: Final = """
    UPDATE holds
       SET approved_by = %(by)s, approved_at = %(at)s
     WHERE hold_id = %(hold_id)s
"""

_END: Final = """
    UPDATE holds SET ended_at = %(at)s WHERE hold_id = %(hold_id)s
"""

_KEEP: Final = """
    INSERT INTO held_reads
           (hold_id, read_id, camera_id, box_id, seen_at, received_at, plate,
            confidence, characters, state, state_confidence, engine, clock_suspect,
            plate_picture, vehicle_picture)
    VALUES (%(hold_id)s, %(read_id)s, %(camera_id)s, %(box_id)s, %(seen_at)s,
            %(received_at)s, %(plate)s, %(confidence)s, %(characters)s, %(state)s,
            %(state_confidence)s, %(engine)s, %(clock_suspect)s,
            %(plate_picture)s, %(vehicle_picture)s)
    ON CONFLICT (hold_id) DO NOTHING
"""

_KEPT: Final = """
    SELECT k.hold_id, k.camera_id, coalesce(c.name, k.camera_id), k.seen_at, k.plate,
           k.confidence, k.state, k.clock_suspect, k.plate_picture, k.vehicle_picture
      FROM held_reads AS k
      LEFT JOIN cameras AS c ON c.camera_id = k.camera_id
     WHERE k.hold_id = ANY (%(holds)s)
     ORDER BY k.seen_at DESC, k.hold_id
     LIMIT %(most)s
"""


def add(tx: Changes, hold: Hold) -> None:
    """Write down that somebody asks for a hold."""
    tx.connection.execute(
        _ADD,
        {
            "hold_id": hold.hold_id,
            "case_ref": hold.case_ref,
            "purpose": hold.purpose,
            "reason": hold.reason,
            "read_id": hold.read_id,
            "seen_at": hold.seen_at,
            "requested_by": hold.requested_by,
            "requested_at": hold.requested_at,
            "ends_at": hold.ends_at,
        },
    )


def find_to_change(tx: Changes, hold_id: HoldId) -> Hold | None:
    """One hold, locked until the transaction ends."""
    with tx.connection.cursor(row_factory=class_row(Hold)) as cursor:
        return cursor.execute(_TO_CHANGE, {"hold_id": hold_id}).fetchone()


def of_case(tx: Changes, case_ref: str, *, most: int = 200) -> list[Hold]:
    """Holds of a case, newest first, ended ones too."""
    with tx.connection.cursor(row_factory=class_row(Hold)) as cursor:
        return cursor.execute(_OF_CASE, {"case_ref": case_ref, "most": most}).fetchall()


def standing(tx: Changes, case_ref: str, read_id: UUID) -> HoldId | None:
    """The hold of this read for this case that has not ended, if there is one."""
    row = tx.connection.execute(
        _SAME, {"case_ref": case_ref, "read_id": read_id}
    ).fetchone()
    return HoldId(UUID(str(row[0]))) if row is not None else None


def cases(tx: Changes, *, most: int = 200) -> list[CaseLine]:
    """Cases with holds: those that wait for an approval first, then the newest."""
    with tx.connection.cursor(row_factory=class_row(CaseLine)) as cursor:
        return cursor.execute(_CASES, {"most": most}).fetchall()


def approve(tx: Changes, hold_id: HoldId, *, by: PersonId, at: datetime) -> None:
    """Write down who approved."""
    tx.connection.execute(_APPROVE, {"hold_id": hold_id, "by": by, "at": at})


def end(tx: Changes, hold_id: HoldId, *, at: datetime) -> None:
    """Write down that a hold has ended; the worker then deletes its copy."""
    tx.connection.execute(_END, {"hold_id": hold_id, "at": at})


def keep(
    tx: Changes,
    hold_id: HoldId,
    sighting: Sighting,
    *,
    plate_picture: str,
    vehicle_picture: str,
) -> None:
    """Copy a read to its hold; a second time does nothing.

    Args:
        tx: the desk.
        hold_id: the hold.
        sighting: the read as it was found.
        plate_picture: the copy under the key of the hold; empty where it was gone.
        vehicle_picture: likewise.
    """
    read = sighting.read
    tx.connection.execute(
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


def kept(tx: Changes, holds: Sequence[HoldId], *, most: int = 200) -> list[HeldRead]:
    """The copies that holds keep, newest read first."""
    with tx.connection.cursor(row_factory=args_row(_held)) as cursor:
        return cursor.execute(_KEPT, {"holds": list(holds), "most": most}).fetchall()


def _held(  # noqa: PLR0913, PLR0917  (one argument for each column of `_KEPT`)
    hold_id: UUID,
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
