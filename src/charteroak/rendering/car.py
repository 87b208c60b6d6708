"""What a car of our street is: its body, its paint, its sizes."""

from typing import Final, Literal, get_args

import attrs

from charteroak.core.plate import PlateText
from charteroak.rendering.paint import Rgb, shade

Body = Literal["sedan", "suv", "pickup", "van"]
Colour = Literal[
    "white", "silver", "grey", "black", "navy", "blue", "red", "green", "sand"
]
BODIES: Final[tuple[Body, ...]] = get_args(Body)
COLOURS: Final[tuple[Colour, ...]] = get_args(Colour)

PLATE_WIDTH_M: Final = 0.346
"""A little larger than the true 0.305 m, so that two lanes fit beside readable plates."""

PAINT: Final[dict[Colour, Rgb]] = {
    "white": (226, 228, 228),
    "silver": (172, 177, 182),
    "grey": (98, 104, 110),
    "black": (38, 40, 44),
    "navy": (34, 52, 92),
    "blue": (62, 108, 160),
    "red": (150, 34, 36),
    "green": (46, 84, 66),
    "sand": (178, 160, 130),
}
RUBBER: Final = (24, 25, 27)
"""Colour of tyres."""


@attrs.frozen
class Vehicle:
    """A vehicle of our street.

    Attributes:
        plate: its serial.
        state: two letters; one of `plate.STATES`.
        body: what kind of vehicle.
        colour: its paint.
    """

    plate: PlateText
    state: str = "CT"
    body: Body = "sedan"
    colour: Colour = "silver"


OUTLINE_M: Final[dict[Body, tuple[float, float]]] = {
    "sedan": (0.905, 1.47),
    "suv": (0.915, 1.765),
    "pickup": (0.945, 1.84),
    "van": (0.95, 2.035),
}
"""Half width and height of each body, metres."""
LAMPS_M: Final[dict[Body, tuple[float, float]]] = {
    "sedan": (0.67, 0.86),
    "suv": (0.75, 1.03),
    "pickup": (0.875, 0.965),
    "van": (0.89, 1.0),
}
"""Middle of the right tail light, metres right of the axis and above the road."""


@attrs.frozen
class Part:
    """A part of the body seen beside and above its rear: the hull of two outlines.

    Attributes:
        outline: right half of the outline, metres.
        depths: how far ahead of the rear it begins and ends, metres.
        tone: the paint's brightness; None is glass or rubber, in `fixed`.
        fixed: colour where it is not paint.
        inner_only: whether only the side towards the camera is drawn.
        taper: width and height of the far end over those of the near end.
    """

    outline: tuple[tuple[float, float], ...]
    depths: tuple[float, float]
    tone: float | None = None
    fixed: Rgb = RUBBER
    inner_only: bool = False
    taper: tuple[float, float] = (1.0, 1.0)

    def far_outline(self) -> tuple[tuple[float, float], ...]:
        """The outline at the far end, drawn in by the taper."""
        across, up = self.taper
        return tuple((x * across, y * up) for x, y in self.outline)

    def colour(self, colour: Colour) -> Rgb:
        """What it is filled with on a car of this paint."""
        return self.fixed if self.tone is None else shade(PAINT[colour], self.tone)

    def sides(self, x_m: float) -> tuple[int, ...]:
        """Which sides take part, for a car at `x_m`: 1 is right, -1 left."""
        if not self.inner_only:
            return (-1, 1)
        return (-1,) if x_m > 0 else (1,)


def _parts(
    upper: tuple[tuple[float, float], ...],
    pane: tuple[tuple[float, float], ...],
    lower: tuple[tuple[float, float], ...],
    *,
    length: float,
    cabin: float,
) -> tuple[Part, ...]:
    tyre = ((0.60, 0.02), (0.84, 0.02), (0.60, 0.45), (0.84, 0.45))
    return (
        Part(tyre, (length - 1.3, length - 0.7), inner_only=True),
        Part(lower, (0.0, length), tone=0.6, taper=(0.93, 0.93)),
        Part(upper, (0.15, cabin), tone=0.8, taper=(0.97, 0.99)),
        Part(
            pane,
            (0.5, cabin - 0.2),
            fixed=(40, 48, 56),
            inner_only=True,
            taper=(0.975, 1),
        ),
        Part(tyre, (0.0, 0.5), inner_only=True),
    )


HULLS: Final[dict[Body, tuple[Part, ...]]] = {
    "sedan": _parts(
        ((0.79, 1.02), (0.60, 1.36), (0.45, 1.44)),
        ((0.77, 1.05), (0.63, 1.31)),
        ((0.86, 0.34), (0.90, 0.8), (0.82, 1.02)),
        length=4.4, cabin=2.7,
    ),
    "suv": _parts(
        ((0.85, 1.14), (0.71, 1.59), (0.5, 1.71)),
        ((0.83, 1.19), (0.735, 1.53)),
        ((0.86, 0.40), (0.91, 0.85), (0.86, 1.13)),
        length=4.5, cabin=3.1,
    ),
    "pickup": _parts(
        ((0.82, 1.19), (0.71, 1.71), (0.5, 1.81)),
        ((0.80, 1.30), (0.73, 1.63)),
        ((0.93, 0.56), (0.945, 1.12), (0.92, 1.19)),
        length=5.2, cabin=2.2,
    ),
    "van": _parts(
        ((0.93, 1.2), (0.90, 1.7), (0.84, 1.91), (0.6, 2.01)),
        ((0.92, 1.30), (0.895, 1.68)),
        ((0.92, 0.38), (0.95, 0.8), (0.95, 1.2)),
        length=5.0, cabin=4.4,
    ),
}  # fmt: skip
"""The parts of each body ahead of its rear, in drawing order."""
