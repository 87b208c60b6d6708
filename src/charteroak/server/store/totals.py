"""Sums over everything that was ever counted, for who watches the machines."""

from datetime import datetime
from typing import Final

import attrs

from charteroak.server.store.database import Changes

_READS: Final = """
    SELECT coalesce(sum(reads), 0)::bigint, coalesce(sum(hits), 0)::bigint,
           coalesce(sum(due_on_arrival), 0)::bigint, coalesce(sum(misdated), 0)::bigint
      FROM read_counts
"""

_PURGED: Final = """
    SELECT coalesce(sum(reads + misdated), 0)::bigint,
           count(*) FILTER (WHERE dropped_at IS NOT NULL),
           count(*) FILTER (WHERE dropped_at IS NULL),
           min(starts_at) FILTER (WHERE dropped_at IS NULL)
      FROM buckets
"""

_ALERTS: Final = """
    SELECT status, count(*) FROM alerts GROUP BY status ORDER BY status LIMIT 50
"""

_REFUSALS: Final = """
    SELECT kind, sum(n)::bigint FROM refusals GROUP BY kind ORDER BY kind LIMIT 100
"""


@attrs.frozen(kw_only=True)
class Totals:
    """Numbers, and names of our own vocabulary; nothing that anybody typed.

    Attributes:
        reads: stored; `hits` of them on a list.
        due_on_arrival: acknowledged and not stored.
        misdated: with an impossible time.
        purged: reads that were deleted on schedule, misdated ones too.
        buckets_purged: spans of time that were deleted whole.
        buckets: spans of time that are there.
        oldest_at: start of the oldest that is there.
        alerts: by status.
        refusals: by code.
    """

    reads: int
    hits: int
    due_on_arrival: int
    misdated: int
    purged: int
    buckets_purged: int
    buckets: int
    oldest_at: datetime | None
    alerts: dict[str, int]
    refusals: dict[str, int]


def of_all(tx: Changes) -> Totals:
    """Sum up what the tables of counts hold."""
    reads, hits, due, misdated = _numbers(tx, _READS)
    *purged, oldest = _row(tx, _PURGED)
    deleted, dropped, there = (int(str(value)) for value in purged)
    return Totals(
        reads=reads,
        hits=hits,
        due_on_arrival=due,
        misdated=misdated,
        purged=deleted,
        buckets_purged=dropped,
        buckets=there,
        oldest_at=oldest if isinstance(oldest, datetime) else None,
        alerts=_by_name(tx, _ALERTS),
        refusals=_by_name(tx, _REFUSALS),
    )


def _row(tx: Changes, statement: str) -> tuple[object, ...]:
    row = tx.connection.execute(statement.encode()).fetchone()
    return () if row is None else tuple(row)


def _numbers(tx: Changes, statement: str) -> list[int]:
    return [int(str(value)) for value in _row(tx, statement)]


def _by_name(tx: Changes, statement: str) -> dict[str, int]:
    rows = tx.connection.execute(statement.encode()).fetchall()
    return {str(name): int(str(n)) for name, n in rows}
