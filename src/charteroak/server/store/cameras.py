"""Cameras: where they stand, and whether anything speaks for them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import attrs
from psycopg.rows import class_row

from charteroak.core.camera import Camera, CameraId, Location, Mount, Place
from charteroak.server.store.database import Changes, Ingests, Looks

_PLACE: Final = """
    INSERT INTO cameras (camera_id, name, latitude, longitude, heading_deg, place,
                         mount, location, placed_at)
    VALUES (%(camera_id)s, %(name)s, %(latitude)s, %(longitude)s, %(heading_deg)s,
            %(place)s, %(mount)s, %(location)s, %(placed_at)s)
    ON CONFLICT (camera_id) DO UPDATE
       SET name = EXCLUDED.name, latitude = EXCLUDED.latitude,
           longitude = EXCLUDED.longitude, heading_deg = EXCLUDED.heading_deg,
           place = EXCLUDED.place, mount = EXCLUDED.mount,
           location = EXCLUDED.location, retired_at = NULL
"""

_ALL: Final = """
    SELECT camera_id, name, latitude, longitude, heading_deg, place, mount, location,
           placed_at, retired_at
      FROM cameras
     ORDER BY name, camera_id
     LIMIT 5000
"""

_KNOWN: Final = """
    SELECT camera_id
      FROM cameras
     WHERE camera_id = ANY(%(cameras)s) AND retired_at IS NULL
     ORDER BY camera_id
     LIMIT 5000
"""


@attrs.frozen(kw_only=True)
class PlacedCamera:
    """A camera with its history.

    Attributes:
        retired_at: since when it is no longer used; None: it is.
    """

    camera_id: str
    name: str
    latitude: float
    longitude: float
    heading_deg: float
    place: str
    mount: str
    location: str
    placed_at: datetime
    retired_at: datetime | None

    def to_camera(self) -> Camera:
        """The camera as the agency publishes it."""
        return Camera(
            camera_id=CameraId(self.camera_id),
            name=self.name,
            latitude=self.latitude,
            longitude=self.longitude,
            heading_deg=self.heading_deg,
            place=Place(self.place),
            mount=Mount(self.mount),
            location=Location(self.location),
        )


def place(tx: Changes, camera: Camera, *, at: datetime) -> None:
    """Add a camera, or correct one that is there; a retired one comes back."""
    tx.connection.execute(_PLACE, {**attrs.asdict(camera), "placed_at": at})


def everything(tx: Changes | Ingests | Looks) -> list[PlacedCamera]:
    """All cameras, retired ones too, by name; 5,000 at the most."""
    with tx.connection.cursor(row_factory=class_row(PlacedCamera)) as cursor:
        return cursor.execute(_ALL).fetchall()


def known(tx: Changes | Ingests, cameras: Sequence[str]) -> set[str]:
    """Those of some short names that name a camera in use."""
    rows = tx.connection.execute(_KNOWN, {"cameras": list(cameras)}).fetchall()
    return {str(row[0]) for row in rows}
