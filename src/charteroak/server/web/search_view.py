"""What the page of results draws: a line for each camera with its reads, and the map."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import attrs

from charteroak.core.camera import Camera, CameraId
from charteroak.core.search_answer import Found, Sighting
from charteroak.server.web.map_view import MapView, Spot, draw_map
from charteroak.server.web.text import Words

WIDTH: Final = 360
"""Of the drawing, in its units: near the pixels of a phone, so that text stays legible."""
_SIDE: Final = 10
_TOP: Final = 6
_LANE: Final = 36
_FOOT: Final = 24
_MOST_TICKS: Final = 5
_MOST_LANES: Final = 14
_NAME: Final = 44

_MINUTES: Final = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 4320, 10080)
_DAY: Final = timedelta(days=1)
_MIDNIGHT: Final = time(0)


@attrs.frozen(kw_only=True)
class Mark:
    """One read, at a place in the drawing.

    Attributes:
        number: of the read in the list, from 1.
    """

    x: float
    y: float
    number: int
    camera: str
    at: datetime


@attrs.frozen(kw_only=True)
class Lane:
    """One camera's line, with how many reads are on it."""

    name: str
    y: float
    reads: int


@attrs.frozen(kw_only=True)
class Tick:
    """A round moment on the axis."""

    x: float
    label: str


@attrs.frozen(kw_only=True)
class Timeline:
    """Reads over time; numbers are units of the drawing.

    Attributes:
        hidden: cameras that had no lane left.
        zone: of the times on the axis, as it is called there.
    """

    width: int
    height: int
    side: int
    marks: tuple[Mark, ...]
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    hidden: int
    zone: str


def timeline(found: Found, zone: ZoneInfo) -> Timeline:
    """Draw the reads of a page, oldest on the left."""
    since, until = _span(found)
    reads = Counter(each.camera_name for each in found.sightings)
    busiest = sorted(reads, key=lambda name: (-reads[name], name))[:_MOST_LANES]
    lanes = {
        name: Lane(
            name=name if len(name) <= _NAME else f"{name[: _NAME - 1]}…",
            y=_TOP + _LANE * (at + 0.7),
            reads=reads[name],
        )
        for at, name in enumerate(sorted(busiest))
    }

    def across(moment: datetime) -> float:
        share = (moment - since) / (until - since)
        return round(_SIDE + (WIDTH - 2 * _SIDE) * share, 1)

    return Timeline(
        width=WIDTH,
        height=round(_TOP + _LANE * len(lanes) + _FOOT),
        side=_SIDE,
        marks=tuple(
            Mark(
                x=across(each.read.seen_at),
                y=lanes[each.camera_name].y,
                number=number,
                camera=each.read.camera,
                at=each.read.seen_at,
            )
            for number, each in enumerate(found.sightings, 1)
            if each.camera_name in lanes
        ),
        lanes=tuple(lanes.values()),
        ticks=tuple(
            Tick(x=across(moment), label=label)
            for moment, label in _ticks(since.astimezone(zone), until.astimezone(zone))
        ),
        hidden=len(reads) - len(lanes),
        zone=f"{until.astimezone(zone):%Z}",
    )


def _ticks(since: datetime, until: datetime) -> Iterable[tuple[datetime, str]]:
    """Round moments of the clock on the wall, each with its label."""
    wanted = (until - since) / _MOST_TICKS
    step = next(
        (
            timedelta(minutes=minutes)
            for minutes in _MINUTES
            if timedelta(minutes=minutes) >= wanted
        ),
        timedelta(minutes=_MINUTES[-1]),
    )
    midnight = since.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    # Counted on the wall, where midnight and noon are round, also when clocks change.
    for count in range((until - since) // step + _DAY // step + 2):
        moment = (midnight + step * count).replace(tzinfo=since.tzinfo)
        if since <= moment <= until:
            # Where the period goes over midnight, that is where it says the day.
            pattern = "%b %-d" if moment.time() == _MIDNIGHT else "%H:%M"
            yield moment, f"{moment:{pattern}}"


def results_map(
    found: Found, cameras: Sequence[Camera], *, thanks: str | None, words: Words
) -> tuple[MapView, int]:
    """Where the reads of a page are, and how many are at no camera that is placed."""
    reads = Counter(each.read.camera for each in found.sightings)
    first: dict[CameraId, int] = {}
    for number, each in enumerate(found.sightings, 1):
        first.setdefault(each.read.camera, number)
    spots = []
    for camera in cameras:
        n = reads.pop(camera.camera_id, 0)
        spots.append(
            Spot(
                camera=camera,
                kind="reads" if n else "bare",
                says=words.ngettext("%(n)d read", "%(n)d reads", n) % {"n": n},
                leads=f"read-{first[camera.camera_id]}" if n else "",
                reads=n,
            )
        )
    return draw_map(spots, thanks=thanks), reads.total()


def choosing_map(cameras: Sequence[Camera], *, thanks: str | None) -> MapView:
    """Where cameras can be chosen: each pin leads to its box to tick."""
    return draw_map(
        [
            Spot(camera=camera, kind="choice", leads=f"camera-{camera.camera_id}")
            for camera in cameras
        ],
        thanks=thanks,
    )


def plates(sightings: Sequence[Sighting]) -> int:
    """How many different plates were found, as they are matched."""
    return len({each.read.plate.match_key for each in sightings})


def _span(found: Found) -> tuple[datetime, datetime]:
    # A page that was cut covers only its newest part of the period.
    if found.cut and found.sightings:
        since = found.sightings[-1].read.seen_at
        return min(since, found.search.until - timedelta(seconds=1)), found.search.until
    return found.search.since, found.search.until
