"""What the page of results draws: a lane for each camera, a mark for each read."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import attrs

from charteroak.core.search_answer import Found, Sighting

WIDTH: Final = 960
_LEFT: Final = 190
_RIGHT: Final = 24
_TOP: Final = 14
_LANE: Final = 26
_TICKS: Final = 4
_MOST_LANES: Final = 14
_NAME: Final = 26


@attrs.frozen(kw_only=True)
class Mark:
    """One read, at a place in the drawing."""

    x: float
    y: float
    number: int


@attrs.frozen(kw_only=True)
class Lane:
    """One camera's line, with how many reads are on it."""

    name: str
    y: float
    reads: int


@attrs.frozen(kw_only=True)
class Tick:
    """A moment on the axis."""

    x: float
    label: str


@attrs.frozen(kw_only=True)
class Timeline:
    """Reads over time; numbers are units of the drawing.

    Attributes:
        hidden: cameras that had no lane left, with their reads.
    """

    width: int
    height: int
    left: int
    marks: tuple[Mark, ...]
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    hidden: int


def timeline(found: Found, zone: ZoneInfo) -> Timeline:
    """Draw the reads of a page, oldest on the left."""
    since, until = _span(found)
    names: dict[str, int] = {}
    for each in found.sightings:
        names[each.camera_name] = names.get(each.camera_name, 0) + 1
    busiest = sorted(names, key=lambda name: (-names[name], name))[:_MOST_LANES]
    lanes = {
        name: Lane(
            name=name if len(name) <= _NAME else f"{name[: _NAME - 1]}…",
            y=_TOP + _LANE * (at + 0.5),
            reads=names[name],
        )
        for at, name in enumerate(sorted(busiest))
    }
    wide = WIDTH - _LEFT - _RIGHT

    def across(moment: datetime) -> float:
        return round(_LEFT + wide * ((moment - since) / (until - since)), 1)

    step = (until - since) / _TICKS
    pattern = "%b %-d %H:%M" if until - since > timedelta(hours=20) else "%H:%M:%S"
    return Timeline(
        width=WIDTH,
        height=round(_TOP + _LANE * len(lanes) + 30),
        left=_LEFT,
        marks=tuple(
            Mark(
                x=across(each.read.seen_at),
                y=lanes[each.camera_name].y,
                number=number,
            )
            for number, each in enumerate(found.sightings, 1)
            if each.camera_name in lanes
        ),
        lanes=tuple(lanes.values()),
        ticks=tuple(
            Tick(
                x=across(since + step * at),
                label=f"{(since + step * at).astimezone(zone):{pattern}}",
            )
            for at in range(_TICKS + 1)
        ),
        hidden=len(names) - len(lanes),
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
