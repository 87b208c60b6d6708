"""One sheet to paint a street on, in metres of the world."""

import math
from itertools import pairwise
from typing import Final

import attrs
import numpy as np
from PIL import Image, ImageDraw

from charteroak.rendering.camera import Camera
from charteroak.rendering.light import Ambience
from charteroak.rendering.paint import Point, Rgb, mix, oval, shade

World = tuple[float, float, float]
"""x to the right, y up, z away from the camera, metres."""

OVER: Final = 2
"""Oversampling: PIL's polygons have hard edges."""
WHITE: Final = (244, 243, 238)
"""Painted wood."""
FAR_M: Final = 330.0
"""Where the street ends."""
NEAR_M: Final = 6.0
"""Where the ground begins, before the lower edge of the picture."""

_LONG_STRIP: Final = 3.0


class Artist:
    """Paints the daylight layer and collects what shines."""

    def __init__(
        self, camera: Camera, rng: np.random.Generator, ambience: Ambience
    ) -> None:
        self.camera = camera
        self.rng = rng
        self.ambience = ambience
        self.size = (camera.width_px * OVER, camera.height_px * OVER)
        self.picture = Image.new("RGBA", self.size)
        self.pen = ImageDraw.Draw(self.picture)
        self.shine = Image.new("RGB", self.size)
        self.pools = Image.new("L", (camera.width_px, camera.height_px))
        self.shadows = Image.new("L", (camera.width_px, camera.height_px))
        self._shine_pen = ImageDraw.Draw(self.shine)
        self._lit = attrs.evolve(camera, width_px=self.size[0], height_px=self.size[1])

    def at(self, x: float, y: float, z: float) -> Point:
        """Project to the oversampled sheet."""
        return self._lit.project(x, y, z)

    def scale(self, z: float) -> float:
        """Pixels of the oversampled sheet per metre at `z`."""
        return self._lit.px_per_m(z)

    def haze(self, colour: Rgb, z: float) -> Rgb:
        """Air between: far things go towards a pale blue."""
        return mix(colour, (196, 210, 220), 1 - math.exp(-z / 620))

    def shape(self, points: list[World], colour: Rgb) -> None:
        """Fill a flat polygon of the world."""
        depth = sum(z for _, _, z in points) / len(points)
        outline = [self.at(*p) for p in points]
        self.pen.polygon(outline, fill=self.haze(colour, depth))
        self._shine_pen.polygon(outline, fill=(0, 0, 0))  # hides lights behind it

    def strip(
        self, x0: float, x1: float, colour: Rgb, *, near: float, far: float
    ) -> None:
        """A band on the ground, in steps so that haze grows with distance."""
        edges = np.geomspace(near, far, 10 if far / near > _LONG_STRIP else 2)
        for a, b in pairwise(float(edge) for edge in edges):
            self.shape([(x0, 0, a), (x1, 0, a), (x1, 0, b), (x0, 0, b)], colour)

    def glow(self, points: list[World], colour: Rgb) -> None:
        """Light of a window or lamp, in daylight invisible."""
        colour = shade(colour, self.ambience.lamps)
        self._shine_pen.polygon([self.at(*p) for p in points], fill=colour)

    def blot(self, centre: Point, rx: float, ry: float, colour: Rgb) -> None:
        """An ellipse in pixels of the sheet."""
        x, y = centre
        box = (x - rx, y - ry, x + rx, y + ry)
        self.pen.ellipse(box, fill=colour)
        self._shine_pen.ellipse(box, fill=(0, 0, 0))

    def _disc(self, x: float, z: float, rx: float, rz: float) -> list[Point]:
        return [self._camera_at(px, pz) for px, pz in oval(x, z, rx, rz)]

    def _camera_at(self, x: float, z: float) -> Point:
        return self.camera.project(x, 0, z)

    def pool(self, x: float, z: float, rx: float, rz: float) -> None:
        """Lamp light on the ground."""
        ImageDraw.Draw(self.pools).polygon(self._disc(x, z, rx, rz), fill=110)

    def shadow(self, x: float, z: float, rx: float, rz: float) -> None:
        """A soft shadow on the ground."""
        ImageDraw.Draw(self.shadows).polygon(self._disc(x, z, rx, rz), fill=120)

    def pick(self, colours: tuple[Rgb, ...]) -> Rgb:
        """One of the colours, by the scene's seed."""
        return colours[int(self.rng.integers(len(colours)))]


def panel(  # noqa: PLR0913 - a rectangle, its plane and which way that stands
    plane: float, low: float, high: float, u0: float, u1: float, *, side: bool
) -> list[World]:
    """A rectangle on a wall: across the view at z = plane, or along it at x = plane."""
    corners = ((u0, low), (u1, low), (u1, high), (u0, high))
    if side:
        return [(plane, y, u) for u, y in corners]
    return [(u, y, plane) for u, y in corners]
