"""How fresh the cameras and the hot lists are, for the strip on the board.

The desk never sees a read: a camera's freshness is when its box last brought reads,
and the last hour in which reads of this camera were counted.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

import attrs
from psycopg.rows import class_row

from charteroak.server.store.database import Changes


@attrs.frozen(kw_only=True)
class CameraHealth:
    """One camera in use.

    Attributes:
        heading_deg: direction it looks, degrees clockwise from north.
        heard_at: when a box of it last brought reads; None: never.
        read_hour: start of the last hour with a read of it; None: none.
        clock_offset_s: the box's clock less the server's, seconds; None: unknown.
    """

    camera_id: str
    name: str
    latitude: float
    longitude: float
    heading_deg: float
    heard_at: datetime | None
    read_hour: datetime | None
    clock_offset_s: int | None


@attrs.frozen(kw_only=True)
class ListHealth:
    """One hot list in use; `entries` is how many plates it had when it was loaded."""

    list_id: UUID
    name: str
    list_class: str
    loaded_at: datetime
    entries: int


_CAMERAS: Final = """
    SELECT c.camera_id, c.name, c.latitude, c.longitude, c.heading_deg,
           b.heard_at, b.clock_offset_s,
           greatest((SELECT n.hour FROM read_counts AS n
                      WHERE n.camera_id = c.camera_id AND n.reads > 0
                      ORDER BY n.hour DESC
                      LIMIT 1),
                    (SELECT max(f.hour) FROM forgotten_counts AS f
                      WHERE f.camera_id = c.camera_id AND f.n > 0)) AS read_hour
      FROM cameras AS c
      LEFT JOIN LATERAL (
           SELECT x.last_batch_at AS heard_at, x.clock_offset_s
             FROM box_cameras AS bc
             JOIN boxes AS x ON x.box_id = bc.box_id
            WHERE bc.camera_id = c.camera_id AND x.revoked_at IS NULL
            ORDER BY x.last_batch_at DESC NULLS LAST, x.box_id
            LIMIT 1
      ) AS b ON true
     WHERE c.retired_at IS NULL
     ORDER BY c.name, c.camera_id
     LIMIT %(most)s
"""

_LISTS: Final = """
    SELECT list_id, name, list_class, loaded_at, entries
      FROM hotlists
     ORDER BY name, list_id
     LIMIT %(most)s
"""


def cameras(tx: Changes, *, most: int) -> list[CameraHealth]:
    """Cameras in use, by name."""
    with tx.connection.cursor(row_factory=class_row(CameraHealth)) as cursor:
        return cursor.execute(_CAMERAS, {"most": most}).fetchall()


def lists(tx: Changes, *, most: int) -> list[ListHealth]:
    """Hot lists, by name."""
    with tx.connection.cursor(row_factory=class_row(ListHealth)) as cursor:
        return cursor.execute(_LISTS, {"most": most}).fetchall()
