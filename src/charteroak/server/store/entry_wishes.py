"""Plates that wait for a second person, and who asked for which, by digest alone.

What is asked for stands in the log; see `audit.entry_wish`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from psycopg.rows import args_row

from charteroak.core.log_record import RecordId
from charteroak.core.own_entry import EntryWish
from charteroak.core.people import PersonId
from charteroak.core.search import Purpose
from charteroak.server.store.database import Changes, Purges

_ADD: Final = """
    INSERT INTO entry_wishes
           (record_id, asked_by, asked_at, purpose, by_hand, entries, expires_at)
    VALUES (%(record_id)s, %(asked_by)s, %(asked_at)s, %(purpose)s, %(by_hand)s,
            %(entries)s, %(expires_at)s)
"""

_COLUMNS: Final = """
    SELECT w.record_id, w.asked_by, w.asked_at, w.purpose, w.by_hand, w.entries,
           w.expires_at, w.decided_by, w.decided_at, w.approved,
           coalesce(a.name, '') AS asker, coalesce(d.name, '') AS decider
      FROM entry_wishes AS w
      LEFT JOIN people AS a ON a.person_id = w.asked_by
      LEFT JOIN people AS d ON d.person_id = w.decided_by
"""

_UNDECIDED: Final = f"""
    {_COLUMNS}
     WHERE w.decided_at IS NULL AND w.expires_at > %(at)s
     ORDER BY w.asked_at, w.record_id
     LIMIT %(most)s
"""

_DONE: Final = f"""
    {_COLUMNS}
     WHERE w.decided_at IS NOT NULL OR w.expires_at <= %(at)s
     ORDER BY coalesce(w.decided_at, w.expires_at) DESC, w.record_id
     LIMIT %(most)s
"""

_TO_CHANGE: Final = f"""
    {_COLUMNS}
     WHERE w.record_id = %(record_id)s
       FOR UPDATE OF w
"""

_DECIDE: Final = """
    UPDATE entry_wishes
       SET decided_by = %(by)s, decided_at = %(at)s, approved = %(approved)s
     WHERE record_id = %(record_id)s
"""

_END_ALL: Final = """
    UPDATE entry_wishes SET expires_at = %(at)s
     WHERE decided_at IS NULL AND expires_at > %(at)s
"""

_LAPSE: Final = """
    UPDATE entry_wishes
       SET lapsed_at = %(at)s
     WHERE decided_at IS NULL AND lapsed_at IS NULL AND expires_at <= %(at)s
    RETURNING record_id, entries
"""

_COUNT: Final = """
    SELECT count(*)
      FROM entry_wishes
     WHERE decided_at IS NULL AND expires_at > %(at)s AND asked_by <> %(but)s
"""

_FORGET: Final = """
    DELETE FROM entry_wishes WHERE asked_at < %(before)s
"""

_REMEMBER: Final = """
    INSERT INTO entries_asked (record_id, person_id, asked_at, plate_digest, rejected)
    SELECT %(record_id)s, %(person)s, %(at)s, digest, %(rejected)s
      FROM unnest(%(digests)s::bytea[]) AS d (digest)
    ON CONFLICT DO NOTHING
"""

_REJECTED: Final = """
    UPDATE entries_asked SET rejected = true WHERE record_id = %(record_id)s
"""

# No limit: one that is left out would be the one that is looked for.
_REJECTED_SINCE: Final = """
    SELECT DISTINCT plate_digest
      FROM entries_asked
     WHERE rejected AND asked_at > %(since)s
"""

_MOST_ASKED: Final = """
    SELECT plate_digest, count(DISTINCT record_id) AS times
      FROM entries_asked
     WHERE person_id = %(person)s AND asked_at > %(since)s
       AND plate_digest = ANY(%(digests)s)
     GROUP BY plate_digest
     ORDER BY times DESC, plate_digest
     LIMIT 1
"""

_FORGET_ASKED: Final = """
    DELETE FROM entries_asked WHERE asked_at < %(before)s
"""


def add(tx: Changes, wish: EntryWish) -> None:
    """Let recorded plates wait."""
    tx.connection.execute(
        _ADD,
        {
            "record_id": wish.asked,
            "asked_by": wish.asked_by,
            "asked_at": wish.asked_at,
            "purpose": wish.purpose,
            "by_hand": wish.by_hand,
            "entries": wish.entries,
            "expires_at": wish.expires_at,
        },
    )


def undecided(tx: Changes, *, at: datetime, most: int = 200) -> list[EntryWish]:
    """Those that wait for a decision, oldest first."""
    with tx.connection.cursor(row_factory=args_row(_wish)) as cursor:
        return cursor.execute(_UNDECIDED, {"at": at, "most": most}).fetchall()


def done(tx: Changes, *, at: datetime, most: int = 20) -> list[EntryWish]:
    """Those that were decided, or waited too long; the latest first."""
    with tx.connection.cursor(row_factory=args_row(_wish)) as cursor:
        return cursor.execute(_DONE, {"at": at, "most": most}).fetchall()


def find_to_change(tx: Changes, asked: RecordId) -> EntryWish | None:
    """One of them, locked until the transaction ends."""
    with tx.connection.cursor(row_factory=args_row(_wish)) as cursor:
        return cursor.execute(_TO_CHANGE, {"record_id": asked}).fetchone()


def decide(
    tx: Changes, asked: RecordId, *, by: PersonId, at: datetime, approved: bool
) -> None:
    """Write down what the second person said."""
    values = {"record_id": asked, "by": by, "at": at, "approved": approved}
    tx.connection.execute(_DECIDE, values)


def end_all(tx: Changes, *, at: datetime) -> int:
    """Let none wait any longer; `lapse` writes each down. How many did."""
    return tx.connection.execute(_END_ALL, {"at": at}).rowcount


def lapse(tx: Changes, *, at: datetime) -> list[tuple[RecordId, int]]:
    """Write down, once, which waited too long; each with how many plates it had."""
    rows = tx.connection.execute(_LAPSE, {"at": at}).fetchall()
    return [(RecordId(int(str(asked))), int(str(count))) for asked, count in rows]


def count(tx: Changes, *, at: datetime, but: PersonId) -> int:
    """How many wait for a decision that somebody can make: not their own."""
    row = tx.connection.execute(_COUNT, {"at": at, "but": but}).fetchone()
    return row[0] if row is not None and isinstance(row[0], int) else 0


def remember(  # noqa: PLR0913  (the columns, by name)
    tx: Changes,
    asked: RecordId,
    *,
    person: PersonId,
    at: datetime,
    digests: Sequence[bytes],
    rejected: bool,
) -> None:
    """Remember which plates somebody asked to list, and whether that was refused."""
    tx.connection.execute(
        _REMEMBER,
        {
            "record_id": asked,
            "person": person,
            "at": at,
            "digests": list(digests),
            "rejected": rejected,
        },
    )


def reject(tx: Changes, asked: RecordId) -> None:
    """Remember that the plates of a wish were rejected."""
    tx.connection.execute(_REJECTED, {"record_id": asked})


def rejected_since(tx: Changes, since: datetime) -> frozenset[bytes]:
    """Digests of all plates that were refused or rejected since a moment."""
    rows = tx.connection.execute(_REJECTED_SINCE, {"since": since}).fetchall()
    return frozenset(row[0] for row in rows if isinstance(row[0], bytes))


def most_asked(
    tx: Changes, *, person: PersonId, digests: Sequence[bytes], since: datetime
) -> tuple[bytes, int] | None:
    """Of some plates the one that somebody asked for most often, and how often."""
    row = tx.connection.execute(
        _MOST_ASKED, {"person": person, "digests": list(digests), "since": since}
    ).fetchone()
    if row is None or not isinstance(row[0], bytes) or not isinstance(row[1], int):
        return None
    return row[0], row[1]


def forget(
    tx: Purges, *, at: datetime, wishes_after: timedelta, asked_after: timedelta
) -> int:
    """Forget those asked long ago; the log keeps what was asked and decided."""
    gone = tx.connection.execute(_FORGET, {"before": at - wishes_after}).rowcount
    values = {"before": at - asked_after}
    return gone + tx.connection.execute(_FORGET_ASKED, values).rowcount


def _wish(  # noqa: PLR0913, PLR0917 - the columns, in order
    record_id: int,
    asked_by: UUID,
    asked_at: datetime,
    purpose: str,
    by_hand: bool,  # noqa: FBT001  (a column)
    entries: int,
    expires_at: datetime,
    decided_by: UUID | None,
    decided_at: datetime | None,
    approved: bool | None,  # noqa: FBT001  (a column)
    asker: str,
    decider: str,
) -> EntryWish:
    return EntryWish(
        asked=RecordId(record_id),
        asked_by=PersonId(asked_by),
        asked_at=asked_at,
        purpose=Purpose(purpose),
        by_hand=by_hand,
        entries=entries,
        expires_at=expires_at,
        decided_by=None if decided_by is None else PersonId(decided_by),
        decided_at=decided_at,
        approved=approved,
        asker=asker,
        decider=decider,
    )
