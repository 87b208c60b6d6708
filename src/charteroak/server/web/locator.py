"""A small map without a map: where the cameras stand to each other, drawn by us.

No tile of anybody else's server is ever asked for.
"""

import math
from collections.abc import Sequence
from typing import Final, Protocol

import attrs

WIDTH: Final = 360.0
HEIGHT: Final = 220.0
_MARGIN: Final = 34.0
_METRES_A_DEGREE: Final = 111_320.0
"""Length of a degree of latitude: Earth's circumference of 40,075 km over 360."""

_SMALLEST_M: Final = 300.0
_WEDGE: Final = 46.0
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
class Dot:
    """One camera on the drawing, in its units.

    Attributes:
        wedge: path of what it looks at.
        here: whether it is the one that matters.
    """

    name: str
    x: float
    y: float
    wedge: str
    here: bool


@attrs.frozen(kw_only=True)
class Locator:
    """A drawing of cameras, north up.

    Attributes:
        bar: length of the scale bar in units of the drawing.
        bar_m: the same in metres, a round number.
        heading: direction that the camera looks, as a compass point; empty: not drawn.
    """

    dots: tuple[Dot, ...]
    bar: float
    bar_m: int
    heading: str
    width: float = WIDTH
    height: float = HEIGHT


def locate(cameras: Sequence[Placed], camera_id: str) -> Locator:
    """Draw the cameras; equirectangular, true enough for a town (under 100 km)."""
    if not cameras:
        return Locator(dots=(), bar=0, bar_m=0, heading="")
    middle = math.radians(sum(each.latitude for each in cameras) / len(cameras))
    east = [each.longitude * _METRES_A_DEGREE * math.cos(middle) for each in cameras]
    north = [each.latitude * _METRES_A_DEGREE for each in cameras]
    across = max(max(east) - min(east), _SMALLEST_M)
    upward = max(max(north) - min(north), _SMALLEST_M)
    scale = min((WIDTH - 2 * _MARGIN) / across, (HEIGHT - 2 * _MARGIN) / upward)
    centre_east = (max(east) + min(east)) / 2
    centre_north = (max(north) + min(north)) / 2
    dots = [
        Dot(
            name=each.name,
            x=(x := round(WIDTH / 2 + (at_east - centre_east) * scale, 1)),
            y=(y := round(HEIGHT / 2 - (at_north - centre_north) * scale, 1)),
            wedge=_wedge(x, y, each.heading_deg),
            here=each.camera_id == camera_id,
        )
        for each, at_east, at_north in zip(cameras, east, north, strict=True)
    ]
    bar_m = _round_length(_BAR_MOST / scale)
    here = next((each for each in cameras if each.camera_id == camera_id), None)
    return Locator(
        # The one that matters is drawn last, over the others.
        dots=tuple(sorted(dots, key=lambda dot: dot.here)),
        bar=round(bar_m * scale, 1),
        bar_m=bar_m,
        heading="" if here is None else compass(here.heading_deg),
    )


def compass(heading_deg: float) -> str:
    """The nearest of eight points of the compass.

    >>> compass(0), compass(350), compass(224)
    ('N', 'N', 'SW')
    """
    points = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
    return points[round(heading_deg / 45) % len(points)]


def _wedge(x: float, y: float, heading_deg: float) -> str:
    ends = []
    for turn in (-_HALF_ANGLE_DEG, _HALF_ANGLE_DEG):
        angle = math.radians(heading_deg + turn)
        ends.append(
            f"{x + _WEDGE * math.sin(angle):.1f} {y - _WEDGE * math.cos(angle):.1f}"
        )
    radius = f"{_WEDGE:.0f} {_WEDGE:.0f}"
    return f"M{x} {y}L{ends[0]}A{radius} 0 0 1 {ends[1]}Z"


def _round_length(most_m: float) -> int:
    """The longest of 1, 2, 5 times a power of ten that is not over `most_m`, metres.

    >>> _round_length(730.0), _round_length(199.0)
    (500, 100)
    """
    power = 10 ** math.floor(math.log10(most_m))
    return max(int(step * power) for step in (1, 2, 5) if step * power <= most_m)
