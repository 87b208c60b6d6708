"""Emergencies that were searched for without a case, until they are bound to one."""

from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.rows import args_row

from charteroak.core.emergency import Emergency
from charteroak.core.people import PersonId
from charteroak.core.search import Purpose
from charteroak.server.store.database import Changes, Purges

_ADD: Final = """
    INSERT INTO emergencies (reference, opened_by, opened_at, purpose, bind_by)
    VALUES (%(reference)s, %(opened_by)s, %(opened_at)s, %(purpose)s, %(bind_by)s)
"""

_OPEN_NOW: Final = """
    SELECT reference
      FROM emergencies
     WHERE opened_by = %(person)s AND purpose = %(purpose)s
       AND case_ref IS NULL AND bind_by > %(at)s
     ORDER BY opened_at DESC
     LIMIT 1
"""

_COLUMNS: Final = """
    SELECT e.reference, e.opened_by, e.opened_at, e.purpose, e.bind_by, e.case_ref,
           e.reported_at, coalesce(p.name, '')
      FROM emergencies AS e
      LEFT JOIN people AS p ON p.person_id = e.opened_by
"""

_UNBOUND: Final = f"""
    {_COLUMNS}
     WHERE e.case_ref IS NULL
       AND (%(person)s::uuid IS NULL OR e.opened_by = %(person)s::uuid)
     ORDER BY e.bind_by, e.reference
     LIMIT %(most)s
"""

_TO_CHANGE: Final = f"""
    {_COLUMNS}
     WHERE e.reference = %(reference)s
       FOR UPDATE OF e
"""

_BIND: Final = """
    UPDATE emergencies
       SET case_ref = %(case_ref)s, bound_by = %(by)s, bound_at = %(at)s
     WHERE reference = %(reference)s
"""

# Reads that are held for the emergency belong to the case from now on.
_MOVE_HOLDS: Final = """
    UPDATE holds SET case_ref = %(case_ref)s WHERE case_ref = %(reference)s
"""

_REPORT: Final = """
    UPDATE emergencies
       SET reported_at = %(at)s
     WHERE case_ref IS NULL AND reported_at IS NULL AND bind_by <= %(at)s
 RETURNING reference, opened_by, purpose
"""


def add(tx: Changes, emergency: Emergency) -> None:
    """Write down that somebody searches without a case."""
    tx.connection.execute(
        _ADD,
        {
            "reference": emergency.reference,
            "opened_by": emergency.opened_by,
            "opened_at": emergency.opened_at,
            "purpose": emergency.purpose,
            "bind_by": emergency.bind_by,
        },
    )


def open_now(
    tx: Changes, person: PersonId, purpose: Purpose, *, at: datetime
) -> str | None:
    """The reference of somebody's emergency that is not bound yet and not overdue."""
    row = tx.connection.execute(
        _OPEN_NOW, {"person": person, "purpose": purpose, "at": at}
    ).fetchone()
    return None if row is None else str(row[0])


def unbound(
    tx: Changes, *, person: PersonId | None = None, most: int = 200
) -> list[Emergency]:
    """Those without a case, the most urgent first; of one person, or of everybody."""
    with tx.connection.cursor(row_factory=args_row(_emergency)) as cursor:
        return cursor.execute(_UNBOUND, {"person": person, "most": most}).fetchall()


def find_to_change(tx: Changes, reference: str) -> Emergency | None:
    """One of them, locked until the transaction ends."""
    with tx.connection.cursor(row_factory=args_row(_emergency)) as cursor:
        return cursor.execute(_TO_CHANGE, {"reference": reference}).fetchone()


def bind(
    tx: Changes, reference: str, *, case_ref: str, by: PersonId, at: datetime
) -> int:
    """Bind an emergency to its case, with what is held for it.

    Returns:
        How many holds went over to the case.
    """
    named = {"reference": reference, "case_ref": case_ref, "by": by, "at": at}
    tx.connection.execute(_BIND, named)
    return tx.connection.execute(_MOVE_HOLDS, named).rowcount


def report(tx: Purges, *, at: datetime) -> list[tuple[str, PersonId, Purpose]]:
    """Note as reported what should be bound by now; its reference, person, purpose."""
    rows = tx.connection.execute(_REPORT, {"at": at}).fetchall()
    return [
        (str(reference), PersonId(UUID(str(person))), Purpose(str(purpose)))
        for reference, person, purpose in rows
    ]


def _emergency(  # noqa: PLR0913, PLR0917 - the columns, in order
    reference: str,
    opened_by: UUID,
    opened_at: datetime,
    purpose: str,
    bind_by: datetime,
    case_ref: str | None,
    reported_at: datetime | None,
    opener: str,
) -> Emergency:
    return Emergency(
        reference=reference,
        opened_by=PersonId(opened_by),
        opened_at=opened_at,
        purpose=Purpose(purpose),
        bind_by=bind_by,
        case_ref=case_ref,
        reported_at=reported_at,
        opener=opener,
    )
