"""Searches that wait for a second person; what they look for is in the log alone."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from psycopg.rows import args_row

from charteroak.core.log_record import RecordId
from charteroak.core.people import PersonId
from charteroak.core.search import Purpose
from charteroak.core.second_person import WAITS_FOR, Waiting
from charteroak.server.store.database import Changes, Purges

_ADD: Final = """
    INSERT INTO waiting_searches
           (record_id, asked_by, asked_at, purpose, note_rule, expires_at)
    VALUES (%(record_id)s, %(asked_by)s, %(asked_at)s, %(purpose)s, %(note_rule)s,
            %(expires_at)s)
"""

_COLUMNS: Final = """
    SELECT w.record_id, w.asked_by, w.asked_at, w.purpose, w.note_rule, w.expires_at,
           w.decided_by, w.decided_at, w.approved, w.opened_at,
           coalesce(a.name, '') AS asker, coalesce(d.name, '') AS decider
      FROM waiting_searches AS w
      LEFT JOIN people AS a ON a.person_id = w.asked_by
      LEFT JOIN people AS d ON d.person_id = w.decided_by
"""

_UNDECIDED: Final = f"""
    {_COLUMNS}
     WHERE w.decided_at IS NULL AND w.expires_at > %(at)s
     ORDER BY w.asked_at, w.record_id
     LIMIT %(most)s
"""

_OF_PERSON: Final = f"""
    {_COLUMNS}
     WHERE w.asked_by = %(person)s AND w.asked_at > %(since)s
       AND w.opened_at IS NULL
     ORDER BY w.asked_at DESC, w.record_id DESC
     LIMIT %(most)s
"""

_TO_CHANGE: Final = f"""
    {_COLUMNS}
     WHERE w.record_id = %(record_id)s
       FOR UPDATE OF w
"""

_DECIDE: Final = """
    UPDATE waiting_searches
       SET decided_by = %(by)s, decided_at = %(at)s, approved = %(approved)s
     WHERE record_id = %(record_id)s
"""

_OPENED: Final = """
    UPDATE waiting_searches SET opened_at = %(at)s WHERE record_id = %(record_id)s
"""

_COUNT: Final = """
    SELECT count(*)
      FROM waiting_searches
     WHERE decided_at IS NULL AND expires_at > %(at)s AND asked_by <> %(but)s
"""

_FORGET: Final = """
    DELETE FROM waiting_searches WHERE asked_at < %(before)s
"""


def add(  # noqa: PLR0913  (the columns, by name)
    tx: Changes,
    record_id: RecordId,
    *,
    by: PersonId,
    at: datetime,
    purpose: Purpose,
    note_rule: str,
) -> None:
    """Let a recorded search wait."""
    tx.connection.execute(
        _ADD,
        {
            "record_id": record_id,
            "asked_by": by,
            "asked_at": at,
            "purpose": purpose,
            "note_rule": note_rule,
            "expires_at": at + WAITS_FOR,
        },
    )


def undecided(tx: Changes, *, at: datetime, most: int = 200) -> list[Waiting]:
    """Those that wait for a decision, oldest first."""
    with tx.connection.cursor(row_factory=args_row(_waiting)) as cursor:
        return cursor.execute(_UNDECIDED, {"at": at, "most": most}).fetchall()


def of_person(
    tx: Changes, person: PersonId, *, since: datetime, most: int = 20
) -> list[Waiting]:
    """Those that somebody asked since a moment and has not opened, newest first."""
    with tx.connection.cursor(row_factory=args_row(_waiting)) as cursor:
        return cursor.execute(
            _OF_PERSON, {"person": person, "since": since, "most": most}
        ).fetchall()


def find_to_change(tx: Changes, record_id: RecordId) -> Waiting | None:
    """One of them, locked until the transaction ends."""
    with tx.connection.cursor(row_factory=args_row(_waiting)) as cursor:
        return cursor.execute(_TO_CHANGE, {"record_id": record_id}).fetchone()


def decide(
    tx: Changes, record_id: RecordId, *, by: PersonId, at: datetime, approved: bool
) -> None:
    """Write down what the second person said."""
    tx.connection.execute(
        _DECIDE, {"record_id": record_id, "by": by, "at": at, "approved": approved}
    )


def opened(tx: Changes, record_id: RecordId, *, at: datetime) -> None:
    """Write down that its results were opened."""
    tx.connection.execute(_OPENED, {"record_id": record_id, "at": at})


def count(tx: Changes, *, at: datetime, but: PersonId) -> int:
    """How many wait for a decision that somebody can make: not their own."""
    row = tx.connection.execute(_COUNT, {"at": at, "but": but}).fetchone()
    return row[0] if row is not None and isinstance(row[0], int) else 0


def forget(tx: Purges, *, at: datetime, after: timedelta) -> int:
    """Forget those asked long ago; the log keeps what was asked and decided."""
    return tx.connection.execute(_FORGET, {"before": at - after}).rowcount


def _waiting(  # noqa: PLR0913, PLR0917 - the columns, in order
    record_id: int,
    asked_by: UUID,
    asked_at: datetime,
    purpose: str,
    note_rule: str,
    expires_at: datetime,
    decided_by: UUID | None,
    decided_at: datetime | None,
    approved: bool | None,  # noqa: FBT001  (a column)
    opened_at: datetime | None,
    asker: str,
    decider: str,
) -> Waiting:
    return Waiting(
        record_id=RecordId(record_id),
        asked_by=PersonId(asked_by),
        asked_at=asked_at,
        purpose=Purpose(purpose),
        note_rule=note_rule,
        expires_at=expires_at,
        decided_by=None if decided_by is None else PersonId(decided_by),
        decided_at=decided_at,
        approved=approved,
        opened_at=opened_at,
        asker=asker,
        decider=decider,
    )
