"""Cameras on a map: drawn by us, so that it is there without scripts, and on paper.

Where a browser can, the script `map.js` lays a map that moves over the drawing and
takes its pins from it. No tile of anybody else's server is ever asked for.
"""

import math
from collections.abc import Sequence
from typing import Final, Protocol

import attrs

STREETS: Final = "/map/streets.pmtiles"
"""Address of the street map's file."""

_MARGIN: Final = 36.0
_METRES_A_DEGREE: Final = 111_320.0
"""Length of a degree of latitude: Earth's circumference of 40,075 km over 360."""

_SMALLEST_M: Final = 300.0
_WEDGE: Final = 40.0
_HALF_ANGLE_DEG: Final = 20.0
_BAR_MOST: Final = 110.0


class Placed(Protocol):
    """What is drawn of a camera."""

    @property
    def camera_id(self) -> str:
        """Its short name."""
        ...

    @property
    def name(self) -> str:
        """Where it stands, in words."""
        ...

    @property
    def latitude(self) -> float:
        """Degrees north."""
        ...

    @property
    def longitude(self) -> float:
        """Degrees east."""
        ...

    @property
    def heading_deg(self) -> float:
        """Direction it looks, degrees clockwise from north."""
        ...


@attrs.frozen(kw_only=True)
class Spot:
    """One camera that goes on a map.

    Attributes:
        kind: its shape: one of `good`, `waiting`, `attention`, `off` as everywhere;
            `here`, the one that matters; `reads`, with their number; `choice`, that can be
            ticked; `bare`, a dot.
        says: what is so about it, in words; may be empty.
        leads: id of the part of the page that says the same; may be empty.
    """

    camera: Placed
    kind: str
    says: str = ""
    leads: str = ""
    reads: int = 0


@attrs.frozen(kw_only=True)
class Pin:
    """A spot in the drawing, in its units.

    Attributes:
        wedge: path of what it looks at, around the pin.
    """

    spot: Spot
    x: float
    y: float
    wedge: str

    @property
    def label(self) -> str:
        """The pin in words."""
        name = self.spot.camera.name
        return f"{name}: {self.spot.says}" if self.spot.says else name


@attrs.frozen(kw_only=True)
class MapView:
    """A drawing of cameras, north up.

    Attributes:
        bar: length of the scale bar in units of the drawing.
        bar_m: the same in metres, a round number.
        streets: address of the street map's file; empty: there is none.
        thanks: whom the street map owes thanks to; may be empty.
    """

    pins: tuple[Pin, ...]
    bar: float
    bar_m: int
    width: int
    height: int
    streets: str
    thanks: str


def draw_map(
    spots: Sequence[Spot],
    *,
    thanks: str | None,
    width: int = 480,
    height: int = 300,
) -> MapView:
    """Draw cameras; equirectangular, true enough for a town (under 100 km).

    Args:
        spots: the ones that matter more are drawn over the others.
        thanks: of the street map; None: there is no street map.
        width: of the drawing, in its units.
        height: likewise.
    """
    pins: list[Pin] = []
    bar, bar_m = 0.0, 0
    if spots:
        cameras = [spot.camera for spot in spots]
        middle = math.radians(sum(each.latitude for each in cameras) / len(cameras))
        metres = _METRES_A_DEGREE * math.cos(middle)
        east = [each.longitude * metres for each in cameras]
        north = [each.latitude * _METRES_A_DEGREE for each in cameras]
        across = max(max(east) - min(east), _SMALLEST_M)
        upward = max(max(north) - min(north), _SMALLEST_M)
        scale = min((width - 2 * _MARGIN) / across, (height - 2 * _MARGIN) / upward)
        centre_east = (max(east) + min(east)) / 2
        centre_north = (max(north) + min(north)) / 2
        pins = [
            Pin(
                spot=spot,
                x=round(width / 2 + (at_east - centre_east) * scale, 1),
                y=round(height / 2 - (at_north - centre_north) * scale, 1),
                wedge=_wedge(spot.camera.heading_deg),
            )
            for spot, at_east, at_north in zip(spots, east, north, strict=True)
        ]
        bar_m = _round_length(_BAR_MOST / scale)
        bar = round(bar_m * scale, 1)
    return MapView(
        pins=tuple(sorted(pins, key=lambda pin: _RANK.index(pin.spot.kind))),
        bar=bar,
        bar_m=bar_m,
        width=width,
        height=height,
        streets=STREETS if thanks is not None else "",
        thanks=thanks or "",
    )


_RANK: Final = (
    "bare",
    "choice",
    "off",
    "waiting",
    "good",
    "attention",
    "reads",
    "here",
)


def compass(heading_deg: float) -> str:
    """The nearest of eight points of the compass.

    >>> compass(0), compass(350), compass(224)
    ('N', 'N', 'SW')
    """
    points = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
    return points[round(heading_deg / 45) % len(points)]


def _wedge(heading_deg: float) -> str:
    ends = []
    for turn in (-_HALF_ANGLE_DEG, _HALF_ANGLE_DEG):
        angle = math.radians(heading_deg + turn)
        ends.append(f"{_WEDGE * math.sin(angle):.1f} {-_WEDGE * math.cos(angle):.1f}")
    radius = f"{_WEDGE:.0f} {_WEDGE:.0f}"
    return f"M0 0L{ends[0]}A{radius} 0 0 1 {ends[1]}Z"


def _round_length(most_m: float) -> int:
    """The longest of 1, 2, 5 times a power of ten that is not over `most_m`, metres.

    >>> _round_length(730.0), _round_length(199.0)
    (500, 100)
    """
    power = 10 ** math.floor(math.log10(most_m))
    return max(int(step * power) for step in (1, 2, 5) if step * power <= most_m)
