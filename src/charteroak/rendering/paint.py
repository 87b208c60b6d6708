"""A small painter: filled shapes in metres, with gradients, on a transparent sheet."""

from collections.abc import Sequence
from typing import Final

import attrs
import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

Rgb = tuple[int, int, int]
Point = tuple[float, float]
Stop = tuple[float, Rgb]

_SPLINE_STEPS: Final = 6


def shade(colour: Rgb, factor: float) -> Rgb:
    """Scale a colour towards black (below 1) or white (above 1).

    >>> shade((100, 100, 100), 0.5)
    (50, 50, 50)
    """
    if factor <= 1:
        red, green, blue = (round(c * factor) for c in colour)
    else:
        red, green, blue = (round(c + (255 - c) * min(factor - 1, 1)) for c in colour)
    return red, green, blue


def mix(first: Rgb, second: Rgb, share: float) -> Rgb:
    """Blend two colours; `share` is how much of the second, 0 to 1."""
    red, green, blue = (
        round(a + (b - a) * share) for a, b in zip(first, second, strict=True)
    )
    return red, green, blue


def mirrored(right: Sequence[Point]) -> list[Point]:
    """Close a right half, listed from the axis outwards and back, with its mirror."""
    # A point on the axis is its own mirror; twice in a row it would put a cusp there.
    return [*right, *((-x, y) for x, y in reversed(right) if x)]


def oval(x: float, y: float, rx: float, ry: float) -> list[Point]:
    """Points of an ellipse."""
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    return [(x + rx * float(np.cos(a)), y + ry * float(np.sin(a))) for a in angles]


def rectangle(x0: float, y0: float, x1: float, y1: float) -> list[Point]:
    """The four corners of a rectangle."""
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def smoothed(points: Sequence[Point]) -> list[Point]:
    """A closed Catmull-Rom curve through the points."""
    ring = np.asarray(points, float)
    before, after = np.roll(ring, 1, 0), np.roll(ring, -1, 0)
    beyond = np.roll(ring, -2, 0)
    curve: list[Point] = []
    for a, b, c, d in zip(before, ring, after, beyond, strict=True):
        for t in np.linspace(0, 1, _SPLINE_STEPS, endpoint=False):
            point = 0.5 * (
                2 * b
                + (c - a) * t
                + (2 * a - 5 * b + 4 * c - d) * t**2
                + (3 * b - a - 3 * c + d) * t**3
            )
            curve.append((float(point[0]), float(point[1])))
    return curve


@attrs.frozen
class Fill:
    """How a shape is filled.

    Attributes:
        stops: colours at heights (metres), interpolated between; one is flat.
        edge: how much darker the shape is at the far left and right of the sheet.
        opacity: 0 to 1.
        blur_m: softness of the outline, metres.
    """

    stops: tuple[Stop, ...]
    edge: float = 0.0
    opacity: float = 1.0
    blur_m: float = 0.0

    @classmethod
    def flat(cls, colour: Rgb, *, opacity: float = 1.0, blur_m: float = 0.0) -> "Fill":
        """One colour all over."""
        return cls(((0.0, colour),), opacity=opacity, blur_m=blur_m)


class Sheet:
    """A transparent picture addressed in metres, y up, x = 0 in the middle.

    Drawn at twice its size, because PIL's polygons have hard edges; `finished`
    halves it.
    """

    def __init__(
        self, *, half_width_m: float, height_m: float, px_per_m: float
    ) -> None:
        self.half_width_m = half_width_m
        self.height_m = height_m
        self._scale = px_per_m * 2
        width = 2 * round(half_width_m * self._scale)
        height = 2 * round(height_m * self._scale / 2)
        self._image = Image.new("RGBA", (width, height))

    def fill(
        self, points: Sequence[Point], how: Fill, *, round_off: bool = False
    ) -> None:
        """Fill a polygon; `round_off` passes a smooth curve through its points."""
        outline = smoothed(points) if round_off else points
        pixels = [
            ((x + self.half_width_m) * self._scale, (self.height_m - y) * self._scale)
            for x, y in outline
        ]
        blur = how.blur_m * self._scale
        pad = int(blur * 3) + 2
        left = max(int(min(x for x, _ in pixels)) - pad, 0)
        top = max(int(min(y for _, y in pixels)) - pad, 0)
        right = min(int(max(x for x, _ in pixels)) + pad, self._image.width)
        bottom = min(int(max(y for _, y in pixels)) + pad, self._image.height)
        if right <= left or bottom <= top:
            return
        mask = Image.new("L", (right - left, bottom - top))
        ImageDraw.Draw(mask).polygon(
            [(x - left, y - top) for x, y in pixels], fill=round(255 * how.opacity)
        )
        if blur:
            mask = mask.filter(ImageFilter.BoxBlur(blur / 1.5)).filter(
                ImageFilter.BoxBlur(blur / 1.5)
            )
        colour = self._colours(how, left, top, right, bottom)
        under = self._image.crop((left, top, right, bottom))
        over = Image.merge("RGBA", (*colour.split(), mask))
        under.alpha_composite(over)
        self._image.paste(under, (left, top))

    def fill_both(
        self, points: Sequence[Point], how: Fill, *, round_off: bool = False
    ) -> None:
        """Fill a polygon and its mirror image."""
        self.fill(points, how, round_off=round_off)
        self.fill([(-x, y) for x, y in points], how, round_off=round_off)

    def _colours(
        self, how: Fill, left: int, top: int, right: int, bottom: int
    ) -> Image.Image:
        y = self.height_m - (np.arange(top, bottom) + 0.5) / self._scale
        heights = [height for height, _ in how.stops]
        column = np.stack(
            [
                np.interp(y, heights, [colour[channel] for _, colour in how.stops])
                for channel in range(3)
            ],
            axis=-1,
        )
        x = (np.arange(left, right) + 0.5) / self._scale - self.half_width_m
        fall = 1 - how.edge * np.abs(x / self.half_width_m) ** 4
        return Image.fromarray(
            (column[:, None, :] * fall[None, :, None]).astype(np.uint8), "RGB"
        )

    def finished(self) -> Image.Image:
        """The picture at its real size."""
        return self._image.reduce(2)


def tinted(picture: Image.Image, light: tuple[float, float, float]) -> Image.Image:
    """A picture under coloured light (1 leaves a channel as it is); alpha is kept."""
    bands = picture.split()
    lit = [
        band.point([min(255, round(v * gain)) for v in range(256)])
        for band, gain in zip(bands[:3], light, strict=True)
    ]
    return Image.merge(picture.mode, (*lit, *bands[3:]))


def add_light(picture: Image.Image, glow: Image.Image, at: tuple[int, int]) -> None:
    """Add an RGB glow to a picture, its upper left corner at `at`; may overhang."""
    left, top = max(at[0], 0), max(at[1], 0)
    right = min(at[0] + glow.width, picture.width)
    bottom = min(at[1] + glow.height, picture.height)
    if right <= left or bottom <= top:
        return
    part = glow.crop((left - at[0], top - at[1], right - at[0], bottom - at[1]))
    under = picture.crop((left, top, right, bottom))
    picture.paste(ImageChops.add(under, part), (left, top))


def hull(points: Sequence[Point]) -> list[Point]:
    """Convex hull, by Andrew's monotone chain."""
    ordered = sorted(set(points))

    def chain(way: Sequence[Point]) -> list[Point]:
        kept: list[Point] = []
        for x, y in way:
            while len(kept) > 1 and (
                (kept[-1][0] - kept[-2][0]) * (y - kept[-2][1])
                <= (kept[-1][1] - kept[-2][1]) * (x - kept[-2][0])
            ):
                kept.pop()
            kept.append((x, y))
        return kept

    return [*chain(ordered)[:-1], *chain(ordered[::-1])[:-1]]
