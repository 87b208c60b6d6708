"""Cameras and boxes, and how they do."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import attrs

from charteroak.core.box_report import BoxStanding, CameraStanding, Heard
from charteroak.core.camera import Camera
from charteroak.core.codes import DataKind, Store
from charteroak.core.keeping import Mode, keeping
from charteroak.core.policy import Denial, Rule
from charteroak.server.agency import Agency
from charteroak.server.store import (
    box_reports,
    boxes,
    camera_hours,
    cameras,
    misreads,
)
from charteroak.server.store.camera_hours import CameraHour
from charteroak.server.store.cameras import PlacedCamera
from charteroak.server.store.misreads import Misreads

HOURS: Final = 24
"""How many hours the picture of a camera's traffic covers."""
QUIET: Final = timedelta(hours=2)
"""A camera that has read nothing since the hour that began so long ago is quiet."""
QUIET_STREET: Final = timedelta(hours=24)
"""With a picture the street is quiet, and not the camera; but hardly for a whole day."""
CLOCK_OFF_S: Final = 5
"""A clock that is off by more is marked: hits would come with a wrong time."""
REVIEWED: Final = timedelta(days=30)
"""Alerts of so many days count for how often a camera misreads."""


class CameraState(StrEnum):
    """How a camera does; the first of these that is true of it."""

    RETIRED = "retired"
    NO_BOX = "no-box"
    NO_WORD = "no-word"
    NO_PICTURE = "no-picture"
    NEVER_READ = "never-read"
    QUIET = "quiet"
    CLOCK_OFF = "clock-off"
    QUIET_STREET = "quiet-street"
    WORKING = "working"


@attrs.frozen(kw_only=True)
class CameraShown:
    """A camera as the page Cameras shows it.

    Attributes:
        retired_at: since when it is no longer used; None: it is.
        read_hour: beginning of the last hour in which it read anything; None: never.
        hourly: reads in each of the last 24 hours, the oldest first, the present last.
        misdated: of the last 24 hours, how many reads had a time that cannot be.
        boxes: names of the trusted boxes that speak for it.
        standing: what its box said of it last; None: it has no trusted box.
        clock_offset_s: clock of the box that is furthest off, less the server's, in
            seconds; None: unknown.
        reviewed: its alerts of the last `REVIEWED` that a person compared.
        misread: of those, how many were rejected for wrong characters or state.
    """

    state: CameraState
    camera: Camera
    retired_at: datetime | None
    read_hour: datetime | None
    hourly: tuple[int, ...]
    misdated: int
    boxes: tuple[str, ...]
    standing: CameraStanding | None
    clock_offset_s: int | None
    reviewed: int
    misread: int


@attrs.frozen(kw_only=True)
class BoxShown:
    """A box as the page Cameras shows it.

    Attributes:
        revoked_at: since when nothing is taken from it; None: it is trusted.
        heard: when there was word from it.
        silent: whether there should have been word from it since.
        clock_offset_s: its clock less the server's then, seconds; None: unknown.
        standing: what it said of itself last; None: nothing yet.
        loses: whether it has lost reads lately.
    """

    box_id: UUID
    name: str
    cameras: tuple[str, ...]
    software: str
    enrolled_at: datetime
    revoked_at: datetime | None
    heard: Heard
    silent: bool
    clock_offset_s: int | None
    standing: BoxStanding | None
    loses: bool


@attrs.frozen(kw_only=True)
class CamerasShown:
    """All cameras by name, those in use first; all boxes by name, trusted first.

    Attributes:
        mode: what the rules let the boxes keep.
        because: the rules that let them keep less than everything; empty where none do.
    """

    cameras: tuple[CameraShown, ...]
    boxes: tuple[BoxShown, ...]
    mode: Mode = Mode.ORDINARY
    because: tuple[Rule, ...] = ()

    @property
    def tells_mode(self) -> bool:
        """Whether it is worth saying of each box what it keeps."""
        said = {each.standing.mode for each in self.boxes if each.standing}
        return self.mode is not Mode.ORDINARY or bool(said - {None, Mode.ORDINARY})


def see_cameras(agency: Agency) -> CamerasShown:
    """Look at cameras and boxes; nothing here is a read."""
    now = agency.clock()
    until = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    since = until - timedelta(hours=HOURS)
    with agency.database.changes() as tx:
        placed = cameras.everything(tx)
        stored = boxes.everything(tx)
        hours = camera_hours.between(tx, since=since, until=until)
        last = camera_hours.last(tx)
        wrong = misreads.by_camera(tx, since=now - REVIEWED, until=now)
        said = box_reports.of_boxes(tx)
        seen = box_reports.of_cameras(tx, now=now)
    by_camera: dict[str, list[CameraHour]] = {}
    for hour in hours:
        by_camera.setdefault(hour.camera_id, []).append(hour)
    speakers: dict[str, list[boxes.StoredBox]] = {}
    for box in stored:
        for camera_id in box.cameras if box.revoked_at is None else ():
            speakers.setdefault(camera_id, []).append(box)
    shown = [
        _shown(
            found,
            now=now,
            since=since,
            hours=by_camera.get(found.camera_id, []),
            read_hour=last.get(found.camera_id),
            speakers=speakers.get(found.camera_id, []),
            standing=seen.get(found.camera_id),
            reviews=wrong.get(found.camera_id),
        )
        for found in placed
    ]
    return CamerasShown(
        cameras=tuple(sorted(shown, key=lambda each: each.retired_at is not None)),
        boxes=_boxes(
            stored, said, {found.camera_id: found.name for found in placed}, now
        ),
        mode=agency.mode,
        because=_because(agency),
    )


def _because(agency: Agency) -> tuple[Rule, ...]:
    answer = keeping(
        agency.rules, agency.profile.custodian, DataKind.NONHIT, Store.SERVER
    )
    return answer.because if isinstance(answer, Denial) else ()


def _shown(  # noqa: PLR0913  what is known of one camera, by name
    found: PlacedCamera,
    *,
    now: datetime,
    since: datetime,
    hours: Sequence[CameraHour],
    read_hour: datetime | None,
    speakers: Sequence[boxes.StoredBox],
    standing: CameraStanding | None,
    reviews: Misreads | None,
) -> CameraShown:
    offsets = [box.clock_offset_s for box in speakers if box.clock_offset_s is not None]
    offset = max(offsets, key=abs, default=None)
    if found.retired_at is not None:
        state = CameraState.RETIRED
    elif standing is None:
        state = CameraState.NO_BOX
    else:
        state = _state(standing, now=now, read_hour=read_hour, offset_s=offset or 0)
    return CameraShown(
        state=state,
        camera=found.to_camera(),
        retired_at=found.retired_at,
        read_hour=read_hour,
        hourly=_hourly(hours, since),
        misdated=sum(hour.misdated for hour in hours),
        boxes=tuple(box.name for box in speakers),
        standing=standing,
        clock_offset_s=offset,
        reviewed=0 if reviews is None else reviews.reviewed,
        misread=0 if reviews is None else reviews.misread,
    )


def _state(
    standing: CameraStanding,
    *,
    now: datetime,
    read_hour: datetime | None,
    offset_s: int,
) -> CameraState:
    if standing.heard.silent(now):
        return CameraState.NO_WORD
    if standing.blind(now):
        return CameraState.NO_PICTURE
    if read_hour is None:
        return CameraState.NEVER_READ
    quiet_for = now - read_hour
    if quiet_for >= (QUIET_STREET if standing.sees(now) else QUIET):
        return CameraState.QUIET
    if abs(offset_s) > CLOCK_OFF_S:
        return CameraState.CLOCK_OFF
    return CameraState.QUIET_STREET if quiet_for >= QUIET else CameraState.WORKING


def _hourly(hours: Sequence[CameraHour], since: datetime) -> tuple[int, ...]:
    counts = [0] * HOURS
    for hour in hours:
        counts[(hour.hour - since) // timedelta(hours=1)] += hour.reads
    return tuple(counts)


def _boxes(
    stored: Sequence[boxes.StoredBox],
    said: Mapping[UUID, BoxStanding],
    names: Mapping[str, str],
    now: datetime,
) -> tuple[BoxShown, ...]:
    shown = []
    for box in sorted(stored, key=lambda each: each.revoked_at is not None):
        standing = said.get(box.box_id)
        heard = Heard(
            last_batch_at=box.last_batch_at,
            reported_at=None if standing is None else standing.reported_at,
        )
        shown.append(
            BoxShown(
                box_id=box.box_id,
                name=box.name,
                cameras=tuple(names.get(each, each) for each in box.cameras),
                software=box.software if standing is None else standing.software,
                enrolled_at=box.enrolled_at,
                revoked_at=box.revoked_at,
                heard=heard,
                silent=heard.silent(now),
                clock_offset_s=box.clock_offset_s,
                standing=standing,
                loses=standing is not None and standing.loses(now),
            )
        )
    return tuple(shown)
