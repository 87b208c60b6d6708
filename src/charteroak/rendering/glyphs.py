"""Plate lettering of our own: condensed strokes, drawn as distances.

Each sign is a few polylines on a unit-high box. What is drawn is the distance of every
pixel to the nearest stroke, so one description gives a smooth edge at any size and the
height profile that plate.py lights as embossed metal.

Signs that plates and readers confuse are kept apart on purpose: `0` is a narrow
racetrack with a slash and `O` a wide oval (of 40 plates with zeros between letters
RapidOCR 3.10 read 26 without the slash and all 40 with it), `1` has a flag and no foot while `I` has both bars, `8`
is two round loops while `B` and `D` have a straight back with square corners.
"""

import math
from functools import lru_cache
from itertools import pairwise
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
Stroke = tuple[Point, ...]
Field = NDArray[np.float32]
"""Shape (height, width), float32."""

_STEP_DEG: Final = 9.0


def _arc(  # noqa: PLR0913, PLR0917 - an ellipse has four numbers and a span two
    x: float, y: float, rx: float, ry: float, start: float, end: float
) -> list[Point]:
    """Points on an ellipse; degrees, 0 is right, 90 is down (y grows downwards)."""
    steps = max(2, math.ceil(abs(end - start) / _STEP_DEG))
    angles = [math.radians(start + (end - start) * i / steps) for i in range(steps + 1)]
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles]


def _turned(strokes: list[list[Point]], width: float) -> list[list[Point]]:
    return [[(width - x, 1 - y) for x, y in stroke] for stroke in strokes]


_SIX: Final = [
    [*_arc(0.21, 0.26, 0.21, 0.26, -22, -180), *_arc(0.21, 0.71, 0.21, 0.29, 180, -180)]
]
_BACK: Final[list[Point]] = [(0.0, 0.0), (0.0, 1.0)]
_OVAL: Final = _arc(0.26, 0.5, 0.26, 0.5, 0, 360)
_CEE: Final = [
    *_arc(0.21, 0.25, 0.21, 0.25, -12, -180),
    *_arc(0.21, 0.75, 0.21, 0.25, 180, 12),
]
_BOWL: Final = [(0.0, 0.0), *_arc(0.19, 0.26, 0.22, 0.26, -90, 90), (0.0, 0.52)]

_DRAWN: Final[dict[str, list[list[Point]]]] = {
    "0": [
        [
            *_arc(0.19, 0.19, 0.19, 0.19, 180, 360),
            *_arc(0.19, 0.81, 0.19, 0.19, 0, 180),
            (0.0, 0.19),
        ],
        [(0.1, 0.72), (0.28, 0.28)],
    ],
    "1": [[(0.0, 0.24), (0.2, 0.0), (0.2, 1.0)]],
    "2": [[*_arc(0.21, 0.23, 0.21, 0.23, 190, 394), (0.0, 1.0), (0.43, 1.0)]],
    "3": [
        [
            *_arc(0.2, 0.24, 0.19, 0.24, 200, 450),
            *_arc(0.2, 0.74, 0.22, 0.26, 270, 520),
        ]
    ],
    "4": [[(0.33, 1.0), (0.33, 0.0), (0.0, 0.7), (0.47, 0.7)]],
    "5": [
        [(0.4, 0.0), (0.05, 0.0), (0.02, 0.47), *_arc(0.2, 0.69, 0.22, 0.31, 232, 514)]
    ],
    "6": _SIX,
    "7": [[(0.0, 0.0), (0.42, 0.0), (0.15, 1.0)]],
    "8": [
        _arc(0.21, 0.235, 0.18, 0.235, 0, 360),
        _arc(0.21, 0.735, 0.21, 0.265, 0, 360),
    ],
    "9": _turned(_SIX, 0.42),
    "A": [[(0.0, 1.0), (0.24, 0.0), (0.48, 1.0)], [(0.08, 0.68), (0.4, 0.68)]],
    "B": [
        _BACK,
        [(0.0, 0.0), *_arc(0.2, 0.24, 0.19, 0.24, -90, 90), (0.0, 0.48)],
        [(0.2, 0.48), *_arc(0.2, 0.74, 0.23, 0.26, -90, 90), (0.0, 1.0)],
    ],
    "C": [_CEE],
    "D": [
        [
            *_BACK,
            *_arc(0.16, 0.72, 0.27, 0.28, 90, 0),
            *_arc(0.16, 0.28, 0.27, 0.28, 0, -90),
            (0.0, 0.0),
        ]
    ],
    "E": [
        [(0.4, 0.0), (0.0, 0.0), (0.0, 1.0), (0.4, 1.0)],
        [(0.0, 0.48), (0.34, 0.48)],
    ],
    "F": [[(0.4, 0.0), (0.0, 0.0), (0.0, 1.0)], [(0.0, 0.49), (0.34, 0.49)]],
    "G": [[*_CEE, (0.42, 0.54), (0.23, 0.54)]],
    "H": [_BACK, [(0.43, 0.0), (0.43, 1.0)], [(0.0, 0.49), (0.43, 0.49)]],
    "I": [
        [(0.13, 0.0), (0.13, 1.0)],
        [(0.0, 0.0), (0.26, 0.0)],
        [(0.0, 1.0), (0.26, 1.0)],
    ],
    "J": [[(0.37, 0.0), (0.37, 0.77), *_arc(0.185, 0.77, 0.185, 0.23, 0, 168)]],
    "K": [_BACK, [(0.42, 0.0), (0.0, 0.58)], [(0.14, 0.4), (0.45, 1.0)]],
    "L": [[(0.0, 0.0), (0.0, 1.0), (0.38, 1.0)]],
    "M": [[(0.0, 1.0), (0.0, 0.0), (0.27, 0.62), (0.54, 0.0), (0.54, 1.0)]],
    "N": [[(0.0, 1.0), (0.0, 0.0), (0.44, 1.0), (0.44, 0.0)]],
    "O": [_OVAL],
    "P": [_BACK, _BOWL],
    "Q": [_OVAL, [(0.28, 0.7), (0.54, 1.03)]],
    "R": [_BACK, _BOWL, [(0.2, 0.52), (0.44, 1.0)]],
    "S": [
        [
            *_arc(0.21, 0.25, 0.21, 0.25, -18, -265),
            *_arc(0.21, 0.75, 0.21, 0.25, -85, 162),
        ]
    ],
    "T": [[(0.0, 0.0), (0.46, 0.0)], [(0.23, 0.0), (0.23, 1.0)]],
    "U": [[(0.0, 0.0), *_arc(0.21, 0.78, 0.21, 0.22, 180, 0), (0.42, 0.0)]],
    "V": [[(0.0, 0.0), (0.23, 1.0), (0.46, 0.0)]],
    "W": [[(0.0, 0.0), (0.14, 1.0), (0.3, 0.3), (0.46, 1.0), (0.6, 0.0)]],
    "X": [[(0.0, 0.0), (0.46, 1.0)], [(0.46, 0.0), (0.0, 1.0)]],
    "Y": [[(0.0, 0.0), (0.23, 0.5), (0.46, 0.0)], [(0.23, 0.5), (0.23, 1.0)]],
    "Z": [[(0.0, 0.0), (0.43, 0.0), (0.0, 1.0), (0.44, 1.0)]],
    "·": [[(0.07, 0.5), (0.072, 0.5)]],
}

ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
"""Every sign a plate may carry, in one string."""


@attrs.frozen
class Lettering:
    """How a line of text is set.

    Attributes:
        height_px: outer height of a letter, pixels.
        weight: stroke width over outer height, 0 to 1.
        stretch: horizontal scale; 1 is the condensed plate letter.
        tracking: clear space between letters over outer height.
        space: width of a space over outer height.
    """

    height_px: float
    weight: float = 0.145
    stretch: float = 1.0
    tracking: float = 0.1
    space: float = 0.3


@lru_cache(maxsize=512)
def _strokes(sign: str) -> tuple[Stroke, ...]:
    return tuple(tuple(stroke) for stroke in _DRAWN[sign])


@lru_cache(maxsize=1024)
def _distance(sign: str, lettering: Lettering, margin: int) -> Field:
    """Distance in pixels to the strokes of a sign, negative inside the ink."""
    half = lettering.height_px * lettering.weight / 2
    tall = lettering.height_px - 2 * half
    width, height = _cell(sign, lettering, margin)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) + np.float32(0.5)
    nearest = np.full((height, width), np.inf, np.float32)
    for stroke in _strokes(sign):
        points = [
            (margin + half + px * tall * lettering.stretch, margin + half + py * tall)
            for px, py in stroke
        ]
        for (ax, ay), (bx, by) in pairwise(points):
            dx, dy = bx - ax, by - ay
            length = dx * dx + dy * dy
            if not length:
                continue
            along = np.clip(((x - ax) * dx + (y - ay) * dy) / length, 0, 1)
            gap = np.hypot(x - ax - along * dx, y - ay - along * dy)
            nearest = np.minimum(nearest, gap.astype(np.float32))
    nearest -= np.float32(half)
    nearest.flags.writeable = False
    return nearest


def _ink_width(sign: str, lettering: Lettering) -> float:
    half = lettering.height_px * lettering.weight / 2
    widest = max(x for stroke in _strokes(sign) for x, _ in stroke)
    tall = lettering.height_px - 2 * half
    return widest * tall * lettering.stretch + 2 * half


def _cell(sign: str, lettering: Lettering, margin: int) -> tuple[int, int]:
    return (
        math.ceil(_ink_width(sign, lettering)) + 2 * margin,
        math.ceil(lettering.height_px) + 2 * margin,
    )


def text_width_px(text: str, lettering: Lettering) -> float:
    """Width of the ink of a line, in pixels."""
    return _places(text, lettering)[1]


def _places(text: str, lettering: Lettering) -> tuple[list[tuple[str, float]], float]:
    places: list[tuple[str, float]] = []
    pen = 0.0
    for sign in text:
        if sign == " ":
            pen += lettering.space * lettering.height_px
            continue
        places.append((sign, pen))
        gap = lettering.tracking * lettering.height_px
        pen += _ink_width(sign, lettering) + gap
    return places, max(pen - lettering.tracking * lettering.height_px, 0.0)


def draw_line(
    text: str,
    lettering: Lettering,
    *,
    canvas: tuple[int, int],
    centre: tuple[float, float],
) -> Field:
    """Distance field of a centred line of text.

    Args:
        text: signs of ALPHABET, the middle dot and spaces.
        lettering: how it is set.
        canvas: (width, height) of the field, pixels.
        centre: middle of the line's ink, pixels.

    Returns:
        Signed distance to the ink, pixels, negative inside, capped at the margin
        that embossing looks at; shape (height, width).
    """
    margin = max(3, round(lettering.height_px * 0.08))
    width, height = canvas
    field = np.full((height, width), margin, np.float32)
    places, length = _places(text, lettering)
    top = round(centre[1] - lettering.height_px / 2) - margin
    for sign, pen in places:
        left = round(centre[0] - length / 2 + pen) - margin
        cell = _distance(sign, lettering, margin)
        y0, x0 = max(top, 0), max(left, 0)
        y1, x1 = min(top + cell.shape[0], height), min(left + cell.shape[1], width)
        if y1 > y0 and x1 > x0:
            part = cell[y0 - top : y1 - top, x0 - left : x1 - left]
            field[y0:y1, x0:x1] = np.minimum(field[y0:y1, x0:x1], part)
    return field


def coverage(field: Field) -> Field:
    """Share of each pixel that is ink, 0 to 1."""
    covered: Field = np.clip(0.5 - field, 0, 1).astype(np.float32)
    return covered
