"""Holds: who asked for them, who approved, when they end."""

from datetime import datetime
from typing import Final
from uuid import UUID

import attrs
from psycopg.rows import class_row, kwargs_row

from charteroak.core.codes import Ground
from charteroak.core.hold import Extension, Hold, HoldId
from charteroak.core.log_record import RecordId
from charteroak.core.people import PersonId
from charteroak.core.read import ReadId
from charteroak.core.search import Purpose
from charteroak.server.store.database import Changes


@attrs.frozen(kw_only=True)
class CaseLine:
    """A case that has holds, with how many of them stand, and how many wait.

    Attributes:
        ends_at: when the next of them ends; None where none stands.
    """

    case_ref: str
    holds: int
    waiting: int
    last_at: datetime
    ends_at: datetime | None


_ADD: Final = """
    INSERT INTO holds
           (hold_id, case_ref, purpose, ground, reason, read_id, seen_at,
            requested_by, requested_at, ends_at, unfinished)
    VALUES (%(hold_id)s, %(case_ref)s, %(purpose)s, %(ground)s, %(reason)s,
            %(read_id)s, %(seen_at)s, %(requested_by)s, %(requested_at)s, %(ends_at)s,
            %(unfinished)s)
"""

_COLUMNS: Final = """
    SELECT h.hold_id, h.case_ref, h.purpose, h.ground, h.reason, h.read_id, h.seen_at,
           h.requested_by, h.requested_at, h.approved_by, h.approved_at,
           h.ends_at, h.ended_at, h.unfinished, h.decided_record,
           h.extend_to, h.extend_reason, h.extend_by, h.extend_asked_at,
           coalesce(q.name, '') AS requester, coalesce(a.name, '') AS approver,
           coalesce(e.name, '') AS extender
      FROM holds AS h
      LEFT JOIN people AS q ON q.person_id = h.requested_by
      LEFT JOIN people AS a ON a.person_id = h.approved_by
      LEFT JOIN people AS e ON e.person_id = h.extend_by
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

_STANDING: Final = f"""
    {_COLUMNS}
     WHERE h.ended_at IS NULL AND h.ends_at > %(at)s
     ORDER BY h.ends_at, h.hold_id
     LIMIT %(most)s
"""

_STANDING_OF_CASE: Final = f"""
    {_COLUMNS}
     WHERE h.case_ref = %(case_ref)s AND h.ended_at IS NULL
     ORDER BY h.ends_at, h.hold_id
     LIMIT 10000
       FOR UPDATE OF h
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
    SELECT case_ref, holds, waiting, last_at, ends_at
      FROM (SELECT case_ref,
                   count(*) FILTER (WHERE ended_at IS NULL) AS holds,
                   count(*) FILTER (
                       WHERE ended_at IS NULL AND approved_at IS NULL) AS waiting,
                   max(requested_at) AS last_at,
                   min(ends_at) FILTER (WHERE ended_at IS NULL) AS ends_at
              FROM holds
             GROUP BY case_ref) AS c
     ORDER BY waiting = 0, last_at DESC, case_ref
     LIMIT %(most)s
"""

_APPROVE: Final = """
    UPDATE holds
       SET approved_by = %(by)s, approved_at = %(at)s, decided_record = %(decided)s
     WHERE hold_id = %(hold_id)s
"""

_FINISHED: Final = """
    UPDATE holds SET unfinished = false WHERE hold_id = %(hold_id)s
"""

_ASK_TO_EXTEND: Final = """
    UPDATE holds
       SET extend_to = %(to)s, extend_reason = %(reason)s, extend_by = %(asked_by)s,
           extend_asked_at = %(asked_at)s
     WHERE hold_id = %(hold_id)s
"""

_EXTEND: Final = """
    UPDATE holds
       SET ends_at = %(to)s, extend_to = NULL, extend_reason = NULL, extend_by = NULL,
           extend_asked_at = NULL
     WHERE hold_id = %(hold_id)s
"""

_END: Final = """
    UPDATE holds SET ended_at = %(at)s WHERE hold_id = %(hold_id)s
"""


def add(tx: Changes, hold: Hold) -> None:
    """Write down that somebody asks for a hold."""
    tx.connection.execute(
        _ADD,
        {
            "hold_id": hold.hold_id,
            "case_ref": hold.case_ref,
            "purpose": hold.purpose,
            "ground": hold.ground,
            "reason": hold.reason,
            "read_id": hold.read_id,
            "seen_at": hold.seen_at,
            "requested_by": hold.requested_by,
            "requested_at": hold.requested_at,
            "ends_at": hold.ends_at,
            "unfinished": hold.unfinished,
        },
    )


def find_to_change(tx: Changes, hold_id: HoldId) -> Hold | None:
    """One hold, locked until the transaction ends."""
    with tx.connection.cursor(row_factory=kwargs_row(_hold)) as cursor:
        return cursor.execute(_TO_CHANGE, {"hold_id": hold_id}).fetchone()


def of_case(tx: Changes, case_ref: str, *, most: int = 200) -> list[Hold]:
    """Holds of a case, newest first, ended ones too."""
    with tx.connection.cursor(row_factory=kwargs_row(_hold)) as cursor:
        return cursor.execute(_OF_CASE, {"case_ref": case_ref, "most": most}).fetchall()


def all_standing(tx: Changes, *, at: datetime, most: int = 500) -> list[Hold]:
    """Every hold that stands, the one that ends first at the top."""
    with tx.connection.cursor(row_factory=kwargs_row(_hold)) as cursor:
        return cursor.execute(_STANDING, {"at": at, "most": most}).fetchall()


def of_case_to_end(tx: Changes, case_ref: str) -> list[Hold]:
    """The holds of a case that have not ended, locked until the transaction ends."""
    with tx.connection.cursor(row_factory=kwargs_row(_hold)) as cursor:
        return cursor.execute(_STANDING_OF_CASE, {"case_ref": case_ref}).fetchall()


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


def approve(
    tx: Changes, hold_id: HoldId, *, by: PersonId, at: datetime, decided: RecordId
) -> None:
    """Write down who approved, and the record of the decision to keep."""
    values = {"hold_id": hold_id, "by": by, "at": at, "decided": decided}
    tx.connection.execute(_APPROVE, values)


def finished(tx: Changes, hold_id: HoldId) -> None:
    """Write down that all that belongs into the vault is there."""
    tx.connection.execute(_FINISHED, {"hold_id": hold_id})


def ask_to_extend(tx: Changes, hold_id: HoldId, asked: Extension) -> None:
    """Write down that somebody asks for a later end."""
    tx.connection.execute(
        _ASK_TO_EXTEND,
        {
            "hold_id": hold_id,
            "to": asked.to,
            "reason": asked.reason,
            "asked_by": asked.asked_by,
            "asked_at": asked.asked_at,
        },
    )


def extend(tx: Changes, hold_id: HoldId, *, to: datetime) -> None:
    """Set the later end; what was asked is done with."""
    tx.connection.execute(_EXTEND, {"hold_id": hold_id, "to": to})


def end(tx: Changes, hold_id: HoldId, *, at: datetime) -> None:
    """Write down that a hold has ended; the worker then deletes its copy."""
    tx.connection.execute(_END, {"hold_id": hold_id, "at": at})


def _hold(  # noqa: PLR0913  (one argument for each column of `_COLUMNS`)
    *,
    hold_id: UUID,
    case_ref: str,
    purpose: str,
    ground: str,
    reason: str,
    read_id: UUID | None,
    seen_at: datetime | None,
    requested_by: UUID,
    requested_at: datetime,
    approved_by: UUID | None,
    approved_at: datetime | None,
    ends_at: datetime,
    ended_at: datetime | None,
    unfinished: bool,
    decided_record: int | None,
    extend_to: datetime | None,
    extend_reason: str | None,
    extend_by: UUID | None,
    extend_asked_at: datetime | None,
    requester: str,
    approver: str,
    extender: str,
) -> Hold:
    extension = None
    if extend_to is not None and extend_by is not None and extend_asked_at is not None:
        extension = Extension(
            to=extend_to,
            reason=extend_reason or "",
            asked_by=PersonId(extend_by),
            asked_at=extend_asked_at,
            asker=extender,
        )
    return Hold(
        hold_id=HoldId(hold_id),
        case_ref=case_ref,
        purpose=Purpose(purpose),
        ground=Ground(ground),
        reason=reason,
        read_id=None if read_id is None else ReadId(read_id),
        seen_at=seen_at,
        requested_by=PersonId(requested_by),
        requested_at=requested_at,
        approved_by=None if approved_by is None else PersonId(approved_by),
        approved_at=approved_at,
        ends_at=ends_at,
        ended_at=ended_at,
        requester=requester,
        approver=approver,
        unfinished=unfinished,
        decided_record=decided_record,
        extension=extension,
    )
