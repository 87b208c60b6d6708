"""How many reads each camera gave in each hour; the reads themselves are gone sooner.

What a box forgot at once, because it hit nothing, is counted with them: the camera saw.
"""

from datetime import datetime
from typing import Final

import attrs
from psycopg.rows import class_row

from charteroak.server.store.database import Changes

_HOURS: Final = """
    SELECT camera_id, hour, sum(reads)::bigint AS reads,
           sum(misdated)::bigint AS misdated
      FROM (SELECT camera_id, hour, reads, misdated
              FROM read_counts
             UNION ALL
            SELECT camera_id, hour, n, 0
              FROM forgotten_counts) AS seen
     WHERE hour >= %(since)s
       AND hour <  %(until)s
     GROUP BY camera_id, hour
     ORDER BY camera_id, hour
     LIMIT 200000
"""

_LAST: Final = """
    SELECT camera_id, max(hour) AS hour, 0::bigint AS reads, 0::bigint AS misdated
      FROM (SELECT camera_id, hour FROM read_counts WHERE reads > 0
             UNION ALL
            SELECT camera_id, hour FROM forgotten_counts WHERE n > 0) AS seen
     GROUP BY camera_id
     ORDER BY camera_id
     LIMIT 5000
"""


@attrs.frozen(kw_only=True)
class CameraHour:
    """One hour of one camera; `hour` is its beginning."""

    camera_id: str
    hour: datetime
    reads: int
    misdated: int


def between(tx: Changes, *, since: datetime, until: datetime) -> list[CameraHour]:
    """The hours in a half-open period in which something was counted."""
    with tx.connection.cursor(row_factory=class_row(CameraHour)) as cursor:
        return cursor.execute(_HOURS, {"since": since, "until": until}).fetchall()


def last(tx: Changes) -> dict[str, datetime]:
    """The beginning of the last hour in which each camera read anything."""
    with tx.connection.cursor(row_factory=class_row(CameraHour)) as cursor:
        return {found.camera_id: found.hour for found in cursor.execute(_LAST)}
