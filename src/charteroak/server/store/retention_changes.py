"""Which limit was in force, from when on, and who decided it."""

from datetime import date, datetime
from typing import Final

import attrs
from psycopg.rows import class_row

from charteroak.core.log_record import RecordId
from charteroak.server.store.database import Changes

_ADD: Final = """
    INSERT INTO retention_changes
           (changed_at, before_minutes, after_minutes, because, statute, decided_by,
            decided_on, record_id)
    VALUES (%(changed_at)s, %(before_minutes)s, %(after_minutes)s, %(because)s,
            %(statute)s, %(decided_by)s, %(decided_on)s, %(record_id)s)
"""

_NEWEST: Final = """
    SELECT changed_at, before_minutes, after_minutes, because, statute, decided_by,
           decided_on, record_id
      FROM retention_changes
     ORDER BY record_id DESC
     LIMIT %(most)s
"""


@attrs.frozen(kw_only=True)
class RetentionChange:
    """A limit that came into force.

    Attributes:
        before_minutes: the one before; None: it is the first that was recorded.
        because: code of the statute or policy that sets it, or `agency setting`.
        statute: where it is written; empty for a setting.
        decided_by: who decided; empty where nobody is named.
        decided_on: on which day; None where none is named.
        record_id: its record of the log.
    """

    changed_at: datetime
    before_minutes: int | None
    after_minutes: int
    because: str
    statute: str
    decided_by: str
    decided_on: date | None
    record_id: int


def newest(tx: Changes, *, most: int) -> list[RetentionChange]:
    """What came into force, the newest first."""
    with tx.connection.cursor(row_factory=class_row(RetentionChange)) as cursor:
        return cursor.execute(_NEWEST, {"most": most}).fetchall()


def add(tx: Changes, change: RetentionChange, *, recorded: RecordId) -> None:
    """Write down a limit that came into force."""
    values = {**attrs.asdict(change), "record_id": recorded}
    tx.connection.execute(_ADD, values)
