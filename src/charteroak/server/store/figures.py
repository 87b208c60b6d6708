"""Counts for people: how much was stored, deleted and turned away."""

from datetime import datetime
from typing import Final

import attrs

from charteroak.server.store.database import Changes


@attrs.frozen(kw_only=True)
class DayFigures:
    """What happened since a moment.

    Attributes:
        stored: reads stored, by whole hours of capture.
        deleted: reads that went with their buckets.
        refusals: what was turned away at the door, by kind.
        oldest_at: start of the oldest bucket that is there.
    """

    stored: int
    deleted: int
    refusals: dict[str, int]
    oldest_at: datetime | None


_STORED: Final = """
    SELECT coalesce(sum(reads), 0)::bigint FROM read_counts WHERE hour >= %(since)s
"""

_DELETED: Final = """
    SELECT coalesce(sum(reads + misdated), 0)::bigint
      FROM buckets WHERE dropped_at >= %(since)s
"""

_REFUSED: Final = """
    SELECT kind, sum(n)::bigint FROM refusals
     WHERE hour >= %(since)s
     GROUP BY kind
     ORDER BY kind
     LIMIT 50
"""

_OLDEST: Final = """
    SELECT min(starts_at) FROM buckets WHERE dropped_at IS NULL
"""


def of_a_day(tx: Changes, *, since: datetime) -> DayFigures:
    """Figures since a moment; nothing in them names a car or a person."""

    def one(statement: str) -> object:
        row = tx.connection.execute(statement, {"since": since}).fetchone()
        return None if row is None else row[0]

    refused = tx.connection.execute(_REFUSED, {"since": since}).fetchall()
    oldest = one(_OLDEST)
    return DayFigures(
        stored=int(str(one(_STORED))),
        deleted=int(str(one(_DELETED))),
        refusals={str(kind): int(str(n)) for kind, n in refused},
        oldest_at=oldest if isinstance(oldest, datetime) else None,
    )
