"""How many reads cameras gave in a period: counts that identify nobody."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

import attrs
from psycopg.rows import class_row

from charteroak.server.store.database import Changes

_OF_CAMERAS: Final = """
    SELECT coalesce(c.name, r.camera_id) AS camera,
           sum(r.reads)::bigint AS reads, sum(r.hits)::bigint AS hits
      FROM read_counts AS r
      LEFT JOIN cameras AS c ON c.camera_id = r.camera_id
     WHERE r.hour >= %(since)s AND r.hour < %(until)s
       AND (cardinality(%(cameras)s::text[]) = 0
            OR r.camera_id = ANY (%(cameras)s::text[]))
     GROUP BY coalesce(c.name, r.camera_id)
     ORDER BY 1
     LIMIT 5000
"""


@attrs.frozen(kw_only=True)
class CameraCount:
    """One camera's sums over a period; `hits` of the reads were on a list."""

    camera: str
    reads: int
    hits: int


def of_cameras(
    tx: Changes, *, since: datetime, until: datetime, cameras: Collection[str]
) -> list[CameraCount]:
    """The sums of each camera, by name; whole hours that begin in the period.

    Args:
        tx: the desk, which sees counts and no reads.
        since: first moment, inclusive.
        until: last moment, exclusive.
        cameras: only these; empty for all.
    """
    with tx.connection.cursor(row_factory=class_row(CameraCount)) as cursor:
        return cursor.execute(
            _OF_CAMERAS, {"since": since, "until": until, "cameras": sorted(cameras)}
        ).fetchall()
