"""Cameras and boxes, and how they do."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import attrs

from charteroak.core.camera import Camera
from charteroak.server.agency import Agency
from charteroak.server.store import boxes, camera_hours, cameras
from charteroak.server.store.camera_hours import CameraHour

HOURS: Final = 24
"""How many hours the picture of a camera's traffic covers."""


@attrs.frozen(kw_only=True)
class CameraShown:
    """A camera as the page Cameras shows it.

    Attributes:
        retired_at: since when it is no longer used; None: it is.
        read_hour: beginning of the last hour in which it read anything; None: never.
        hourly: reads in each of the last 24 hours, the oldest first, the present last.
        misdated: of the last 24 hours, how many reads had a time that cannot be.
        boxes: names of the trusted boxes that speak for it.
    """

    camera: Camera
    retired_at: datetime | None
    read_hour: datetime | None
    hourly: tuple[int, ...]
    misdated: int
    boxes: tuple[str, ...]


@attrs.frozen(kw_only=True)
class BoxShown:
    """A box as the page Cameras shows it.

    Attributes:
        revoked_at: since when nothing is taken from it; None: it is trusted.
        last_batch_at: when it last brought reads; None: never.
        clock_offset_s: its clock less the server's then, seconds; None: unknown.
    """

    box_id: UUID
    name: str
    cameras: tuple[str, ...]
    software: str
    enrolled_at: datetime
    revoked_at: datetime | None
    last_batch_at: datetime | None
    clock_offset_s: int | None


@attrs.frozen(kw_only=True)
class CamerasShown:
    """All cameras by name, those in use first; all boxes by name, trusted first."""

    cameras: tuple[CameraShown, ...]
    boxes: tuple[BoxShown, ...]


def see_cameras(agency: Agency) -> CamerasShown:
    """Look at cameras and boxes; nothing here is a read."""
    this_hour = agency.clock().replace(minute=0, second=0, microsecond=0)
    until = this_hour + timedelta(hours=1)
    since = until - timedelta(hours=HOURS)
    with agency.database.changes() as tx:
        placed = cameras.everything(tx)
        stored = boxes.everything(tx)
        hours = camera_hours.between(tx, since=since, until=until)
        last = camera_hours.last(tx)
    by_camera: dict[str, list[CameraHour]] = {}
    for hour in hours:
        by_camera.setdefault(hour.camera_id, []).append(hour)
    speakers: dict[str, list[str]] = {}
    for box in stored:
        for camera_id in box.cameras if box.revoked_at is None else ():
            speakers.setdefault(camera_id, []).append(box.name)
    shown = [
        CameraShown(
            camera=found.to_camera(),
            retired_at=found.retired_at,
            read_hour=last.get(found.camera_id),
            hourly=_hourly(by_camera.get(found.camera_id, []), since),
            misdated=sum(hour.misdated for hour in by_camera.get(found.camera_id, [])),
            boxes=tuple(speakers.get(found.camera_id, [])),
        )
        for found in placed
    ]
    return CamerasShown(
        cameras=tuple(sorted(shown, key=lambda each: each.retired_at is not None)),
        boxes=_boxes(stored, {found.camera_id: found.name for found in placed}),
    )


def _hourly(hours: Sequence[CameraHour], since: datetime) -> tuple[int, ...]:
    counts = [0] * HOURS
    for hour in hours:
        counts[(hour.hour - since) // timedelta(hours=1)] += hour.reads
    return tuple(counts)


def _boxes(
    stored: Sequence[boxes.StoredBox], names: Mapping[str, str]
) -> tuple[BoxShown, ...]:
    return tuple(
        BoxShown(
            box_id=box.box_id,
            name=box.name,
            cameras=tuple(names.get(each, each) for each in box.cameras),
            software=box.software,
            enrolled_at=box.enrolled_at,
            revoked_at=box.revoked_at,
            last_batch_at=box.last_batch_at,
            clock_offset_s=box.clock_offset_s,
        )
        for box in sorted(stored, key=lambda each: each.revoked_at is not None)
    )
