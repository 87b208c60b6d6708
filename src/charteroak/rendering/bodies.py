"""Cars seen from behind: four bodies in plain paint, without badges or people."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

import attrs
from PIL import Image

from charteroak.rendering.car import OUTLINE_M, PAINT, RUBBER, Body, Colour
from charteroak.rendering.paint import (
    Fill,
    Rgb,
    Sheet,
    mirrored,
    mix,
    oval,
    rectangle,
    shade,
)

_TRIM: Final = (40, 42, 45)
_LAMP: Final = (176, 18, 24)
_SKY: Final = (206, 220, 232)


@attrs.frozen
class Rear:
    """The rear of a body in one paint, without its plate, in daylight.

    Attributes:
        base: RGBA picture; its bottom edge is the road, its middle the car's middle.
        lamps: RGBA picture of the same size with what shines by itself.
        px_per_m: scale of both.
        plate_height_m: height of the plate's middle above the road.
        outline_m: half width and height of the body.
    """

    base: Image.Image
    lamps: Image.Image
    px_per_m: float
    plate_height_m: float
    outline_m: tuple[float, float]


@attrs.frozen
class _Painter:
    base: Sheet
    lamps: Sheet
    paint: Rgb

    def body(self, low: float, shoulder: float, high: float) -> Fill:
        """Paint lit by the sky above and the road below."""
        return Fill(
            (
                (low, shade(self.paint, 0.42)),
                (low + (shoulder - low) * 0.42, shade(self.paint, 0.74)),
                (low + (shoulder - low) * 0.50, shade(self.paint, 0.86)),
                (shoulder - 0.1, self.paint),
                (shoulder, mix(self.paint, _SKY, 0.42)),
                (high, mix(self.paint, _SKY, 0.12)),
            ),
            edge=0.5,
        )

    def glass(self, low: float, high: float) -> Fill:
        return Fill(
            (
                (low, (26, 31, 36)),
                (low + (high - low) * 0.45, (44, 53, 61)),
                (low + (high - low) * 0.5, (74, 90, 102)),
                (high, (122, 144, 160)),
            ),
            edge=0.35,
        )

    def ground(self, *, track: float, clearance: float, wheel: float) -> None:
        """Tyres and the dark underneath."""
        outer, inner = track + 0.12, track - 0.15
        self.base.fill(
            rectangle(-track, clearance - 0.09, track, clearance + 0.12),
            Fill.flat((14, 15, 17), blur_m=0.02),
        )
        self.base.fill(
            oval(0, clearance - 0.07, track, 0.05), Fill.flat((18, 19, 21), blur_m=0.01)
        )
        tyre = [
            (inner, 0.03), (inner + 0.04, 0.0), (outer - 0.04, 0.0),
            (outer, 0.03), (outer, wheel), (inner, wheel),
        ]  # fmt: skip
        self.base.fill_both(tyre, Fill(((0, (16, 16, 18)), (wheel, RUBBER))))
        for groove in (0.05, 0.125, 0.20):
            x = inner + groove
            self.base.fill_both(
                rectangle(x, 0.01, x + 0.012, wheel), Fill.flat((9, 9, 10))
            )

    def headrests(self, y: float, spread: float) -> None:
        """Seat backs behind the glass; the seats are always empty."""
        for x in (-spread, 0.0, spread):
            self.base.fill(
                oval(x, y, 0.13, 0.085),
                Fill.flat((16, 19, 22), opacity=0.4, blur_m=0.015),
            )

    def lamp(self, points: list[tuple[float, float]]) -> None:
        """A tail light on both sides: lens below, shine above."""
        low, high = min(y for _, y in points), max(y for _, y in points)
        lens = Fill(((low, shade(_LAMP, 0.5)), (high, shade(_LAMP, 0.95))))
        self.base.fill_both(points, lens, round_off=True)
        middle_x = sum(x for x, _ in points) / len(points)
        middle_y = (low + high) / 2
        inner = [
            (middle_x + (x - middle_x) * 0.78, middle_y + (y - middle_y) * 0.62)
            for x, y in points
        ]
        self.base.fill_both(
            inner, Fill(((low, (196, 30, 34)), (high, (228, 60, 58)))), round_off=True
        )
        self.lamps.fill_both(
            inner,
            Fill.flat((255, 54, 44), opacity=0.95, blur_m=0.008),
            round_off=True,
        )
        core = [
            (middle_x + (x - middle_x) * 0.5, middle_y + (y - middle_y) * 0.22)
            for x, y in points
        ]
        self.lamps.fill_both(
            core, Fill.flat((255, 168, 140), blur_m=0.012), round_off=True
        )

    def line(self, points: list[tuple[float, float]], opacity: float = 0.6) -> None:
        """A shut line with the light that its lower lip catches."""
        under = [(x, y - 0.010) for x, y in points]
        self.base.fill(under, Fill.flat(mix(self.paint, _SKY, 0.45), opacity=0.4))
        self.base.fill(points, Fill.flat(shade(self.paint, 0.3), opacity=opacity))

    def recess(self, y: float, *, dark: Rgb) -> None:
        """The niche a plate is screwed into."""
        niche = [
            (-0.22, y - 0.115),
            (0.22, y - 0.115),
            (0.25, y + 0.115),
            (-0.25, y + 0.115),
        ]
        self.base.fill(
            niche, Fill(((y - 0.11, shade(dark, 1.1)), (y + 0.11, shade(dark, 0.55))))
        )
        for x in (-0.09, 0.09):
            self.lamps.fill(
                rectangle(x - 0.025, y + 0.100, x + 0.025, y + 0.112),
                Fill.flat((255, 246, 220), blur_m=0.004),
            )

    def mirrors(self, y: float, x: float) -> None:
        """Side mirrors, further ahead and therefore behind everything else."""
        shell = [
            (x, y),
            (x + 0.13, y + 0.01),
            (x + 0.14, y + 0.11),
            (x + 0.03, y + 0.13),
        ]
        self.base.fill_both(shell, Fill.flat(shade(self.paint, 0.6)), round_off=True)


def _sedan(p: _Painter) -> float:
    p.ground(track=0.70, clearance=0.27, wheel=0.45)
    p.mirrors(0.98, 0.82)
    roof = mirrored([
        (0, 1.0), (0.80, 1.0), (0.74, 1.09), (0.60, 1.37), (0.50, 1.435), (0.28, 1.465), (0, 1.47),
    ])  # fmt: skip
    p.base.fill(roof, p.body(0.6, 1.40, 1.47), round_off=True)
    pane = mirrored(
        [
            (0, 1.085),
            (0.63, 1.07),
            (0.665, 1.11),
            (0.53, 1.335),
            (0.45, 1.38),
            (0, 1.40),
        ]
    )
    p.base.fill(pane, p.glass(1.07, 1.40), round_off=True)
    p.headrests(1.12, 0.36)
    body = mirrored([
        (0, 0.27), (0.74, 0.27), (0.84, 0.31), (0.885, 0.42), (0.90, 0.60), (0.905, 0.80),
        (0.885, 0.94), (0.82, 1.03), (0.40, 1.065), (0, 1.07),
    ])  # fmt: skip
    p.base.fill(body, p.body(0.27, 0.99, 1.07), round_off=True)
    p.line(mirrored([(0, 0.985), (0.80, 0.965), (0.80, 0.972), (0, 0.994)]), 0.35)
    p.line(rectangle(-0.89, 0.565, 0.89, 0.575))
    for x in (-0.46, 0.453):
        p.base.fill(
            rectangle(x, 0.575, x + 0.007, 0.97),
            Fill.flat(shade(p.paint, 0.3), opacity=0.6),
        )
    p.lamp(
        [
            (0.44, 0.80),
            (0.86, 0.775),
            (0.885, 0.86),
            (0.86, 0.935),
            (0.70, 0.935),
            (0.46, 0.90),
        ]
    )
    p.recess(0.725, dark=shade(p.paint, 0.5))
    skirt = mirrored([(0, 0.26), (0.70, 0.27), (0.76, 0.33), (0.70, 0.41), (0, 0.42)])
    p.base.fill(skirt, Fill(((0.26, (20, 21, 23)), (0.42, _TRIM))))
    for x in (0.50, 0.62):
        p.base.fill_both(oval(x, 0.30, 0.045, 0.032), Fill.flat((128, 132, 136)))
        p.base.fill_both(oval(x, 0.297, 0.034, 0.023), Fill.flat((12, 12, 13)))
    p.base.fill_both(rectangle(0.66, 0.475, 0.80, 0.50), Fill.flat((150, 26, 28)))
    return 0.725


def _suv(p: _Painter) -> float:
    p.ground(track=0.71, clearance=0.33, wheel=0.52)
    p.mirrors(1.12, 0.84)
    roof = mirrored([
        (0, 1.05), (0.87, 1.05), (0.83, 1.22), (0.71, 1.60), (0.61, 1.69), (0.40, 1.73), (0, 1.74),
    ])  # fmt: skip
    p.base.fill_both(
        [(0.46, 1.66), (0.54, 1.66), (0.525, 1.755), (0.475, 1.765)], Fill.flat(_TRIM)
    )
    p.base.fill(roof, p.body(0.7, 1.66, 1.74), round_off=True)
    pane = mirrored(
        [(0, 1.19), (0.68, 1.175), (0.72, 1.21), (0.61, 1.53), (0.53, 1.58), (0, 1.60)]
    )
    p.base.fill(pane, p.glass(1.17, 1.60), round_off=True)
    p.headrests(1.24, 0.38)
    p.line(mirrored([(0, 1.625), (0.60, 1.60), (0.60, 1.608), (0, 1.634)]))
    body = mirrored([
        (0, 0.34), (0.78, 0.34), (0.87, 0.40), (0.905, 0.55), (0.915, 0.85), (0.905, 1.06),
        (0.86, 1.14), (0.40, 1.165), (0, 1.17),
    ])  # fmt: skip
    p.base.fill(body, p.body(0.34, 1.10, 1.17), round_off=True)
    p.line(mirrored([(0, 0.645), (0.90, 0.645), (0.90, 0.655), (0, 0.655)]))
    p.line(mirrored([(0, 1.045), (0.66, 1.035), (0.66, 1.043), (0, 1.053)]), 0.35)
    p.lamp(
        [
            (0.56, 1.0),
            (0.86, 0.93),
            (0.905, 1.0),
            (0.885, 1.11),
            (0.80, 1.13),
            (0.58, 1.07),
        ]
    )
    p.recess(0.845, dark=shade(p.paint, 0.5))
    cladding = mirrored(
        [(0, 0.34), (0.80, 0.34), (0.88, 0.41), (0.895, 0.52), (0.60, 0.50), (0, 0.50)]
    )
    p.base.fill(
        cladding, Fill(((0.34, (22, 23, 25)), (0.52, (52, 54, 57)))), round_off=True
    )
    plate = mirrored([(0, 0.345), (0.36, 0.345), (0.42, 0.42), (0, 0.43)])
    p.base.fill(plate, Fill(((0.34, (92, 96, 100)), (0.43, (164, 168, 172)))))
    p.base.fill_both(rectangle(0.66, 0.555, 0.82, 0.58), Fill.flat((150, 26, 28)))
    p.base.fill(
        [(0.0, 1.205), (0.30, 1.225), (0.30, 1.237), (0.0, 1.225)],
        Fill.flat((10, 11, 12)),
    )
    return 0.845


def _pickup(p: _Painter) -> float:
    p.ground(track=0.74, clearance=0.42, wheel=0.60)
    p.mirrors(1.22, 0.88)
    cab = mirrored([
        (0, 1.05), (0.83, 1.05), (0.81, 1.30), (0.71, 1.72), (0.62, 1.80), (0.40, 1.83), (0, 1.84),
    ])  # fmt: skip
    p.base.fill(cab, p.body(0.8, 1.75, 1.84), round_off=True)
    pane = mirrored(
        [(0, 1.24), (0.68, 1.235), (0.70, 1.27), (0.61, 1.64), (0.54, 1.685), (0, 1.70)]
    )
    p.base.fill(pane, p.glass(1.23, 1.70), round_off=True)
    p.headrests(1.36, 0.36)
    p.base.fill(rectangle(-0.86, 1.12, 0.86, 1.24), Fill.flat((20, 21, 23)))
    bed = mirrored([
        (0, 0.52), (0.88, 0.52), (0.935, 0.60), (0.945, 0.85), (0.945, 1.12), (0.925, 1.195), (0, 1.20),
    ])  # fmt: skip
    p.base.fill(bed, p.body(0.52, 1.16, 1.20))
    p.base.fill_both(
        rectangle(0.785, 0.70, 0.793, 1.18), Fill.flat(shade(p.paint, 0.25))
    )
    p.line(mirrored([(0, 1.125), (0.78, 1.125), (0.78, 1.133), (0, 1.133)]), 0.4)
    panel = mirrored([(0, 0.78), (0.64, 0.78), (0.68, 0.82), (0.66, 1.00), (0, 1.02)])
    p.base.fill(
        panel,
        Fill(((0.78, shade(p.paint, 0.94)), (1.02, shade(p.paint, 0.76)))),
        round_off=True,
    )
    handle = mirrored([(0, 1.045), (0.12, 1.045), (0.13, 1.10), (0, 1.10)])
    p.base.fill(
        handle, Fill(((1.04, (60, 62, 65)), (1.10, (26, 27, 29)))), round_off=True
    )
    p.lamp(
        [
            (0.815, 0.80),
            (0.925, 0.80),
            (0.935, 0.97),
            (0.925, 1.13),
            (0.825, 1.13),
            (0.815, 0.97),
        ]
    )
    steel = mirrored([
        (0, 0.46), (0.84, 0.46), (0.925, 0.52), (0.935, 0.62), (0.90, 0.685), (0.30, 0.70), (0, 0.70),
    ])  # fmt: skip
    chrome: tuple[tuple[float, Rgb], ...] = (
        (0.46, (70, 73, 77)), (0.55, (118, 122, 127)), (0.57, (176, 181, 186)),
        (0.66, (212, 216, 220)), (0.70, (150, 155, 160)),
    )  # fmt: skip
    p.base.fill(steel, Fill(chrome, edge=0.35))
    p.recess(0.585, dark=(66, 68, 72))
    p.base.fill(rectangle(-0.07, 0.36, 0.07, 0.43), Fill.flat((12, 12, 13)))
    return 0.585


def _van(p: _Painter) -> float:
    p.ground(track=0.72, clearance=0.30, wheel=0.50)
    p.mirrors(1.26, 0.92)
    body = mirrored([
        (0, 0.30), (0.82, 0.30), (0.92, 0.37), (0.95, 0.60), (0.95, 1.20), (0.905, 1.70),
        (0.85, 1.92), (0.74, 2.00), (0.40, 2.03), (0, 2.035),
    ])  # fmt: skip
    p.base.fill(body, p.body(0.30, 1.94, 2.03), round_off=True)
    pane = [
        (0.05, 1.27),
        (0.68, 1.26),
        (0.715, 1.30),
        (0.67, 1.72),
        (0.61, 1.775),
        (0.05, 1.79),
    ]
    p.base.fill_both(pane, p.glass(1.26, 1.79))
    p.line(mirrored([(0, 1.885), (0.78, 1.86), (0.78, 1.869), (0, 1.895)]))
    p.base.fill(
        rectangle(-0.005, 0.56, 0.005, 1.88),
        Fill.flat(shade(p.paint, 0.25), opacity=0.8),
    )
    for low, high in ((1.12, 1.20),):
        p.line(
            mirrored([(0, low), (0.80, low), (0.80, low + 0.008), (0, low + 0.008)]),
            0.3,
        )
        p.line(
            mirrored(
                [(0, high), (0.80, high), (0.80, high + 0.008), (0, high + 0.008)]
            ),
            0.2,
        )
    for y in (0.74, 1.62):
        p.base.fill_both(
            rectangle(0.775, y, 0.83, y + 0.07), Fill.flat(shade(p.paint, 0.5))
        )
    p.base.fill(rectangle(0.04, 0.98, 0.10, 1.08), Fill.flat((30, 31, 33)))
    p.lamp(
        [
            (0.835, 0.80),
            (0.935, 0.80),
            (0.945, 0.98),
            (0.935, 1.20),
            (0.85, 1.20),
            (0.84, 0.98),
        ]
    )
    p.recess(0.80, dark=shade(p.paint, 0.5))
    step = mirrored(
        [(0, 0.30), (0.80, 0.30), (0.915, 0.37), (0.935, 0.52), (0.30, 0.54), (0, 0.54)]
    )
    p.base.fill(
        step,
        Fill(((0.30, (24, 25, 27)), (0.50, (62, 64, 67)), (0.54, (88, 90, 93)))),
        round_off=True,
    )
    p.base.fill_both(rectangle(0.72, 0.40, 0.86, 0.425), Fill.flat((150, 26, 28)))
    return 0.80


_DRAW: Final[dict[Body, Callable[[_Painter], float]]] = {
    "sedan": _sedan,
    "suv": _suv,
    "pickup": _pickup,
    "van": _van,
}


@lru_cache(maxsize=8)
def draw_rear(body: Body, colour: Colour, *, px_per_m: int = 480) -> Rear:
    """Draw the rear of a body in one paint; takes a fifth of a second."""
    half, height = 1.12, OUTLINE_M[body][1] + 0.06
    base = Sheet(half_width_m=half, height_m=height, px_per_m=px_per_m)
    lamps = Sheet(half_width_m=half, height_m=height, px_per_m=px_per_m)
    plate_height_m = _DRAW[body](_Painter(base, lamps, PAINT[colour]))
    return Rear(
        base=base.finished(),
        lamps=lamps.finished(),
        px_per_m=px_per_m,
        plate_height_m=plate_height_m,
        outline_m=OUTLINE_M[body],
    )
