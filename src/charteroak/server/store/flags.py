"""What supervisors should look at."""

from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.rows import args_row

from charteroak.core.flag import QUIET_FOR, Flag, FlagId, FlagKind, Outcome
from charteroak.core.log_record import RecordId
from charteroak.core.people import PersonId
from charteroak.server.store.database import Changes, Purges

# What was raised within a month, looked at or not, is not raised again.
_RAISE: Final = """
    INSERT INTO flags (flag_id, kind, topic, about, record_id, raised_at, times)
    SELECT %(flag_id)s, %(kind)s, %(topic)s, %(about)s, %(record_id)s, %(at)s, %(times)s
     WHERE NOT EXISTS (
           SELECT FROM flags
            WHERE kind = %(kind)s AND topic = %(topic)s AND about = %(about)s
              AND raised_at > %(quiet_since)s)
"""

_COLUMNS: Final = """
    SELECT f.flag_id, f.kind, f.topic, f.about, f.record_id, f.raised_at, f.times,
           f.looked_by, f.looked_at, f.outcome,
           coalesce(a.name, '') AS name, coalesce(l.name, '') AS looker
      FROM flags AS f
      LEFT JOIN people AS a ON a.person_id = f.about
      LEFT JOIN people AS l ON l.person_id = f.looked_by
"""

_NEWEST: Final = f"""
    {_COLUMNS}
     WHERE %(all)s OR f.looked_at IS NULL
     ORDER BY f.looked_at IS NOT NULL, f.raised_at DESC, f.flag_id
     LIMIT %(most)s
"""

_TO_CHANGE: Final = f"""
    {_COLUMNS}
     WHERE f.flag_id = %(flag_id)s
       FOR UPDATE OF f
"""

_LOOKED: Final = """
    UPDATE flags
       SET looked_by = %(by)s, looked_at = %(at)s, outcome = %(outcome)s
     WHERE flag_id = %(flag_id)s
"""

_COUNT: Final = """
    SELECT count(*) FROM flags WHERE looked_at IS NULL AND about <> %(but)s
"""


def hoist(  # noqa: PLR0913  (what is raised, by name)
    tx: Changes | Purges,
    kind: FlagKind,
    topic: str,
    *,
    flag_id: UUID,
    about: PersonId,
    record_id: RecordId | None,
    at: datetime,
    times: int = 1,
) -> bool:
    """Raise a flag, unless the same was raised within `QUIET_FOR`.

    Returns:
        Whether it was raised.
    """
    done = tx.connection.execute(
        _RAISE,
        {
            "flag_id": flag_id,
            "kind": kind,
            "topic": topic,
            "about": about,
            "record_id": record_id,
            "at": at,
            "times": times,
            "quiet_since": at - QUIET_FOR,
        },
    )
    return done.rowcount == 1


def newest(tx: Changes, *, looked_at_too: bool, most: int = 200) -> list[Flag]:
    """Flags, those that nobody looked at first, then the newest."""
    with tx.connection.cursor(row_factory=args_row(_flag)) as cursor:
        return cursor.execute(_NEWEST, {"all": looked_at_too, "most": most}).fetchall()


def find_to_change(tx: Changes, flag_id: FlagId) -> Flag | None:
    """One flag, locked until the transaction ends."""
    with tx.connection.cursor(row_factory=args_row(_flag)) as cursor:
        return cursor.execute(_TO_CHANGE, {"flag_id": flag_id}).fetchone()


def looked(
    tx: Changes, flag_id: FlagId, *, by: PersonId, at: datetime, outcome: Outcome
) -> None:
    """Write down that somebody looked, and what came of it."""
    tx.connection.execute(
        _LOOKED, {"flag_id": flag_id, "by": by, "at": at, "outcome": outcome}
    )


def count(tx: Changes, *, but: PersonId) -> int:
    """How many nobody has looked at, without those about one person."""
    row = tx.connection.execute(_COUNT, {"but": but}).fetchone()
    return row[0] if row is not None and isinstance(row[0], int) else 0


def _flag(  # noqa: PLR0913, PLR0917 - the columns, in order
    flag_id: UUID,
    kind: str,
    topic: str,
    about: UUID,
    record_id: int | None,
    raised_at: datetime,
    times: int,
    looked_by: UUID | None,
    looked_at: datetime | None,
    outcome: str | None,
    name: str,
    looker: str,
) -> Flag:
    return Flag(
        flag_id=FlagId(flag_id),
        kind=FlagKind(kind),
        topic=topic,
        about=PersonId(about),
        record_id=None if record_id is None else RecordId(record_id),
        raised_at=raised_at,
        times=times,
        looked_by=None if looked_by is None else PersonId(looked_by),
        looked_at=looked_at,
        outcome=None if outcome is None else Outcome(outcome),
        name=name,
        looker=looker,
    )
