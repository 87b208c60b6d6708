"""How often people found that a camera had read a plate wrongly, from their reviews."""

from datetime import datetime
from typing import Final

import attrs
from psycopg.rows import class_row

from charteroak.core.alert import Rejection
from charteroak.server.store.database import Changes

_BY_CAMERA: Final = """
    SELECT camera_id, count(*) AS reviewed,
           count(*) FILTER (WHERE rejection = ANY(%(misread)s)) AS misread
      FROM alerts
     WHERE raised_at >= %(since)s
       AND raised_at <  %(until)s
       AND reviewed_at IS NOT NULL
     GROUP BY camera_id
     ORDER BY camera_id
     LIMIT 5000
"""

_MISREAD: Final = (Rejection.WRONG_CHARACTERS.value, Rejection.WRONG_STATE.value)


@attrs.frozen(kw_only=True)
class Misreads:
    """One camera's alerts that people reviewed, and those that were misread."""

    camera_id: str
    reviewed: int
    misread: int


def by_camera(tx: Changes, *, since: datetime, until: datetime) -> dict[str, Misreads]:
    """Of the alerts raised in a half-open period, by camera."""
    values = {"since": since, "until": until, "misread": list(_MISREAD)}
    with tx.connection.cursor(row_factory=class_row(Misreads)) as cursor:
        return {each.camera_id: each for each in cursor.execute(_BY_CAMERA, values)}
