"""The look that copies a span: reads go from the store to a hold, and to no page.

As every look it asks for the permit and for the receipt of the recorded decision, and
for the moment before which reads are due, so that none of them is copied.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import attrs
from psycopg.rows import args_row

from charteroak.core.hold import HoldId
from charteroak.core.hold_span import HoldSpan
from charteroak.core.policy import Permit
from charteroak.core.read import ReadId
from charteroak.core.sealed import LogReceipt
from charteroak.core.search_answer import Sighting
from charteroak.server.store.database import Looks
from charteroak.server.store.searches import COLUMNS, sighting

_IN_SPAN: Final = """
     WHERE r.seen_at >= %(since)s
       AND r.seen_at < %(until)s
       AND (cardinality(%(cameras)s::text[]) = 0
            OR r.camera_id = ANY (%(cameras)s::text[]))
       AND (cardinality(%(keys)s::text[]) = 0 OR r.match_key = ANY (%(keys)s::text[]))
"""

_COUNTED: Final = """
    SELECT count(*), count(DISTINCT r.camera_id)
      FROM reads AS r
"""

_COUNT: Final = f"""
    {_COUNTED}
    {_IN_SPAN}
"""

_BATCH: Final = f"""
    {COLUMNS}
    {_IN_SPAN}
       AND (r.seen_at, r.read_id) > (%(after)s, %(after_read)s)
       AND NOT EXISTS (SELECT FROM held_reads AS k
                        WHERE k.hold_id = %(hold_id)s AND k.read_id = r.read_id)
     ORDER BY r.seen_at, r.read_id
     LIMIT %(limit)s
"""


@attrs.frozen(kw_only=True)
class SpanCount:
    """How many reads lie in a span, and of how many cameras."""

    reads: int
    cameras: int


def count(
    tx: Looks,
    *,
    permit: Permit,
    logged: LogReceipt,
    span: HoldSpan,
    not_before: datetime,
) -> SpanCount:
    """Count the reads of a span that are not due; `permit` and `logged` are proofs."""
    del permit, logged
    row = tx.connection.execute(
        _COUNT, _values(span, not_before), prepare=False
    ).fetchone()
    reads, cameras = row if row is not None else (0, 0)
    return SpanCount(reads=int(str(reads)), cameras=int(str(cameras)))


def batch(  # noqa: PLR0913  (two of them are proofs)
    tx: Looks,
    *,
    permit: Permit,
    logged: LogReceipt,
    span: HoldSpan,
    hold_id: HoldId,
    not_before: datetime,
    after: tuple[datetime, ReadId],
    limit: int,
) -> list[Sighting]:
    """Fetch the next reads of a span that its hold does not keep yet, oldest first.

    Args:
        tx: as the role that may only read.
        permit: to keep them; not read here.
        logged: receipt of that decision, committed before; not read here.
        span: what is kept.
        hold_id: whose copies are left out.
        not_before: the present moment less the agency's limit.
        after: time and name of the last read that was fetched on this walk.
        limit: reads, at the most.
    """
    del permit, logged
    with tx.connection.cursor(row_factory=args_row(sighting)) as cursor:
        return cursor.execute(
            _BATCH,
            {
                **_values(span, not_before),
                "hold_id": hold_id,
                "after": after[0],
                "after_read": after[1],
                "limit": limit,
            },
            # Planned for its own buckets, never once for all.
            prepare=False,
        ).fetchall()


def _values(span: HoldSpan, not_before: datetime) -> dict[str, object]:
    keys: Sequence[str] = span.match_keys
    return {
        "since": max(span.since, not_before),
        "until": span.until,
        "cameras": sorted(span.cameras),
        "keys": list(keys),
    }
