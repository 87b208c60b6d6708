"""Entries of the agency's own, in force: each with who asked for it and who approved."""

from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.rows import args_row

from charteroak.core.hotlist import Entry, EntryId, HotListId
from charteroak.core.own_entry import OwnEntry, Standing
from charteroak.core.plate import PlateText
from charteroak.core.search import Purpose
from charteroak.server.store import hotlists, owed
from charteroak.server.store.database import Changes
from charteroak.server.store.owed import Owed

_COLUMNS: Final = """
    SELECT e.entry_id, h.name AS list_name, e.plate, e.state, e.reason, e.vehicle,
           e.case_ref, coalesce(e.purpose, '') AS purpose, e.entered_at, e.expires_at,
           coalesce(a.name, '') AS asker, coalesce(s.name, '') AS approver,
           e.approved_by IS NOT NULL AS approved
      FROM hotlist_entries AS e
      JOIN hotlists AS h ON h.list_id = e.list_id
      LEFT JOIN people AS a ON a.person_id = e.asked_by
      LEFT JOIN people AS s ON s.person_id = e.approved_by
     WHERE h.list_class = 'local'
"""

_IN_FORCE: Final = f"""
    {_COLUMNS}
       AND (e.expires_at IS NULL OR e.expires_at > %(at)s)
     ORDER BY e.expires_at, e.entered_at, e.entry_id
     LIMIT %(most)s
"""

_ONE: Final = f"""
    {_COLUMNS}
       AND e.entry_id = %(entry_id)s
       AND (e.expires_at IS NULL OR e.expires_at > %(at)s)
"""

_SAME: Final = """
    DELETE FROM hotlist_entries
     WHERE list_id = %(list_id)s
       AND match_key = %(match_key)s
       AND state IS NOT DISTINCT FROM %(state)s
       AND case_ref = %(case_ref)s
"""

_END: Final = """
    DELETE FROM hotlist_entries WHERE entry_id = %(entry_id)s RETURNING list_id
"""

_SOME_EXPIRED: Final = """
    SELECT EXISTS (
        SELECT FROM hotlist_entries AS e
          JOIN hotlists AS h ON h.list_id = e.list_id
         WHERE h.list_class = 'local' AND e.expires_at <= %(at)s)
"""

_EXPIRED: Final = """
    DELETE FROM hotlist_entries AS e
     USING hotlists AS h
     WHERE h.list_id = e.list_id
       AND h.list_class = 'local' AND e.expires_at <= %(at)s
    RETURNING e.entry_id
"""

_COUNT: Final = """
    UPDATE hotlists AS h
       SET entries = (SELECT count(*) FROM hotlist_entries AS e
                       WHERE e.list_id = h.list_id)
     WHERE h.list_class = 'local'
"""


def add(tx: Changes, entry: Entry, standing: Standing) -> None:
    """Put an entry on a list, in the place of one of the same plate and case."""
    owed.add(tx, Owed.HOTLIST_ENTRIES)
    tx.connection.execute(
        _SAME,
        {
            "list_id": entry.list_id,
            "match_key": entry.plate.match_key,
            "state": entry.state,
            "case_ref": entry.case_ref,
        },
    )
    hotlists.fill(tx, entry.list_id, [entry], at=entry.entered_at, standing=standing)
    tx.connection.execute(_COUNT)


def in_force(tx: Changes, *, at: datetime, most: int = 1000) -> list[OwnEntry]:
    """Those that have not ended, the one that ends first at the top."""
    with tx.connection.cursor(row_factory=args_row(_entry)) as cursor:
        return cursor.execute(_IN_FORCE, {"at": at, "most": most}).fetchall()


def find(tx: Changes, entry_id: EntryId, *, at: datetime) -> OwnEntry | None:
    """One that has not ended."""
    with tx.connection.cursor(row_factory=args_row(_entry)) as cursor:
        return cursor.execute(_ONE, {"entry_id": entry_id, "at": at}).fetchone()


def end(tx: Changes, entry_id: EntryId) -> HotListId | None:
    """Take one off its list, and owe the rewriting of the table; None: it is gone."""
    owed.add(tx, Owed.HOTLIST_ENTRIES)
    row = tx.connection.execute(_END, {"entry_id": entry_id}).fetchone()
    tx.connection.execute(_COUNT)
    return HotListId(UUID(str(row[0]))) if row is not None else None


def some_expired(tx: Changes, *, at: datetime) -> bool:
    """Whether the day of one has come."""
    row = tx.connection.execute(_SOME_EXPIRED, {"at": at}).fetchone()
    return row is not None and row[0] is True


def end_expired(tx: Changes, *, at: datetime) -> list[EntryId]:
    """Take those whose day has come off their lists, and owe the rewriting."""
    owed.add(tx, Owed.HOTLIST_ENTRIES)
    rows = tx.connection.execute(_EXPIRED, {"at": at}).fetchall()
    tx.connection.execute(_COUNT)
    return [EntryId(UUID(str(row[0]))) for row in rows]


def _entry(  # noqa: PLR0913, PLR0917 - the columns, in order
    entry_id: UUID,
    list_name: str,
    plate: str,
    state: str | None,
    reason: str,
    vehicle: str,
    case_ref: str,
    purpose: str,
    entered_at: datetime,
    expires_at: datetime | None,
    asker: str,
    approver: str,
    approved: bool,  # noqa: FBT001  (a column)
) -> OwnEntry:
    return OwnEntry(
        entry_id=EntryId(entry_id),
        list_name=list_name,
        plate=PlateText(plate),
        state=state,
        reason=reason,
        vehicle=vehicle,
        case_ref=case_ref,
        purpose=Purpose(purpose),
        entered_at=entered_at,
        expires_at=expires_at,
        asker=asker,
        approver=approver,
        approved=approved,
    )
