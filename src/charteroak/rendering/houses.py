"""Clapboard houses with their gable towards us, and the church the street leads to."""

import math
from typing import Final

import attrs
import numpy as np

from charteroak.rendering.artist import FAR_M, WHITE, Artist, World, panel
from charteroak.rendering.paint import Rgb, shade

WALLS: Final[tuple[Rgb, ...]] = (
    (238, 237, 230), (232, 222, 196), (148, 62, 52), (120, 142, 158),
    (150, 164, 140), (188, 186, 178), (226, 200, 132), (92, 106, 120),
)  # fmt: skip
_SHUTTERS: Final[tuple[Rgb, ...]] = (
    (34, 50, 44),
    (38, 44, 58),
    (96, 34, 32),
    (30, 30, 32),
)
_LIT_SHARE: Final = 0.34
_ATTIC_FROM_M: Final = 2.0
_BOARDS_FROM_PX: Final = 50.0
"""Boards are drawn where a metre covers at least so many pixels."""


@attrs.frozen
class _House:
    inner: float
    outer: float
    near: float
    far: float
    eave: float
    ridge: float
    wall: Rgb
    shutter: Rgb
    roof: Rgb


def house(artist: Artist, side: int, z: float, wall: Rgb) -> None:
    """Paint a house whose near wall is at `z`; side is -1 left, 1 right."""
    rng = artist.rng
    inner = float(rng.uniform(7.6, 8.6))
    width, depth = float(rng.uniform(6.5, 8.5)), float(rng.uniform(9, 13))
    eave = float(rng.uniform(4.4, 5.6))
    house = _House(
        inner=side * inner,
        outer=side * (inner + width),
        near=z,
        far=z + depth,
        eave=eave,
        ridge=eave + width * 0.42,
        wall=wall,
        shutter=artist.pick(_SHUTTERS),
        roof=artist.pick(((92, 92, 98), (104, 92, 86), (76, 82, 90))),
    )
    # The sun stands left of the street: right-hand houses show it their street side.
    lit, dim = (1.0, 0.8) if side > 0 else (0.9, 0.72)
    _shell(artist, house, street_wall=shade(house.wall, lit if side > 0 else dim))
    _gable(artist, house, shade(house.wall, dim if side > 0 else lit))


def _shell(artist: Artist, house: _House, *, street_wall: Rgb) -> None:
    middle = (house.inner + house.outer) / 2
    out = math.copysign(0.35, house.inner)
    artist.shape(
        panel(house.inner, 0, house.eave, house.near, house.far, side=True),
        street_wall,
    )
    artist.shape(
        panel(house.inner, 0, 0.5, house.near, house.far, side=True), (140, 138, 134)
    )
    artist.shape(
        [
            (house.inner - out, house.eave - 0.15, house.near - 0.3),
            (house.inner - out, house.eave - 0.15, house.far + 0.3),
            (middle, house.ridge, house.far + 0.3),
            (middle, house.ridge, house.near - 0.3),
        ],
        house.roof,
    )
    stack: list[World] = panel(
        house.near + 4,
        house.ridge - 1.2,
        house.ridge + 1.1,
        middle - 0.45,
        middle + 0.45,
        side=False,
    )
    artist.shape(stack, (132, 74, 60))
    step = (house.far - house.near) / 4
    for floor in (1.0, 3.1):
        if floor + 1.2 > house.eave:
            continue
        for index in range(4):
            u = house.near + step * (index + 0.5)
            if floor < _ATTIC_FROM_M and index == 1:
                artist.shape(
                    panel(house.inner, 0.4, 2.7, u - 0.8, u + 0.8, side=True), WHITE
                )
                artist.shape(
                    panel(house.inner, 0.4, 2.5, u - 0.5, u + 0.5, side=True),
                    house.shutter,
                )
            else:
                _window(artist, house, house.inner, u, floor, side=True)


def _gable(artist: Artist, house: _House, colour: Rgb) -> None:
    z, a, b = house.near, house.inner, house.outer
    middle = (a + b) / 2
    artist.shape(
        [
            (a, 0, z),
            (b, 0, z),
            (b, house.eave, z),
            (middle, house.ridge, z),
            (a, house.eave, z),
        ],
        colour,
    )
    if artist.scale(z) > _BOARDS_FROM_PX:
        board = shade(colour, 0.9)
        for y in np.arange(0.7, house.ridge, 0.24):
            run = (
                1.0
                if y <= house.eave
                else 1 - (y - house.eave) / (house.ridge - house.eave)
            )
            left, right = middle + (a - middle) * run, middle + (b - middle) * run
            artist.shape(
                panel(
                    z, float(y), float(y) + 0.045, float(left), float(right), side=False
                ),
                board,
            )
    artist.shape(panel(z, 0, 0.5, a, b, side=False), (128, 126, 122))
    inward = math.copysign(0.22, b - a)
    for edge, step in ((a, inward), (b, -inward)):
        artist.shape(
            panel(z, 0.5, house.eave, edge, edge + step, side=False),
            shade(WHITE, 0.95),
        )
        lip = edge - step * 1.6
        artist.shape(
            [
                (lip, house.eave - 0.35, z),
                (middle, house.ridge - 0.1, z),
                (middle, house.ridge + 0.2, z),
                (lip, house.eave - 0.05, z),
            ],
            WHITE,
        )
    for share in (0.27, 0.73):
        u = a + (b - a) * share
        for floor in (1.0, 3.1):
            if floor + 1.2 <= house.eave:
                _window(artist, house, z, u, floor, side=False)
    _window(artist, house, z, middle, house.eave + 0.5, side=False)


def _window(  # noqa: PLR0913 - where on which wall of which house
    artist: Artist, house: _House, plane: float, u: float, y: float, *, side: bool
) -> None:
    high = y + 1.45
    for offset in (-0.68, 0.68):
        artist.shape(
            panel(plane, y, high, u + offset - 0.2, u + offset + 0.2, side=side),
            house.shutter,
        )
    artist.shape(panel(plane, y - 0.1, high + 0.1, u - 0.5, u + 0.5, side=side), WHITE)
    pane = panel(plane, y, high, u - 0.4, u + 0.4, side=side)
    artist.shape(pane, (70, 84, 98))
    artist.shape(
        panel(plane, y + 0.75, high, u - 0.4, u + 0.4, side=side), (110, 130, 148)
    )
    lit = artist.rng.uniform() < _LIT_SHARE
    if lit:
        artist.glow(
            pane, artist.pick(((236, 180, 104), (240, 196, 130), (206, 150, 84)))
        )
    for bar in (
        panel(plane, y, high, u - 0.03, u + 0.03, side=side),
        panel(plane, y + 0.7, y + 0.76, u - 0.4, u + 0.4, side=side),
    ):
        artist.shape(bar, WHITE)
        if lit:
            artist.glow(bar, (60, 44, 26))


def church(artist: Artist) -> None:
    """Paint the white church at the end of the street."""
    z, x = FAR_M + 12, 1.5
    wall, side = (240, 239, 234), (206, 210, 212)
    for x0, x1, colour in ((x - 5, x, side), (x, x + 5, wall)):
        artist.shape([(x0, 0, z), (x1, 0, z), (x1, 6.5, z), (x0, 6.5, z)], colour)
    artist.shape([(x - 5.4, 6.4, z), (x, 10.4, z), (x + 5.4, 6.4, z)], (96, 98, 104))
    artist.shape([(x - 4.4, 6.4, z), (x, 9.6, z), (x + 4.4, 6.4, z)], wall)
    for low, high, half in ((0, 12, 1.5), (12, 14.2, 1.15)):
        artist.shape(
            [(x - half, low, z), (x, low, z), (x, high, z), (x - half, high, z)], side
        )
        artist.shape(
            [(x, low, z), (x + half, low, z), (x + half, high, z), (x, high, z)], wall
        )
    artist.shape([(x - 1.2, 14.2, z), (x, 20.0, z), (x, 14.2, z)], (138, 144, 150))
    artist.shape([(x, 14.2, z), (x, 20.0, z), (x + 1.2, 14.2, z)], (176, 182, 186))
    artist.shape(
        [(x - 0.7, 0, z), (x + 0.7, 0, z), (x + 0.7, 2.8, z), (x - 0.7, 2.8, z)],
        (66, 40, 34),
    )
    for at in (-3.3, 3.3):
        pane: list[World] = [
            (x + at - 0.5, 1.8, z),
            (x + at + 0.5, 1.8, z),
            (x + at + 0.5, 5, z),
            (x + at - 0.5, 5, z),
        ]
        artist.shape(pane, (74, 88, 100))
        artist.glow(pane, (255, 206, 132))
    louvre: list[World] = [
        (x - 0.5, 12.4, z),
        (x + 0.5, 12.4, z),
        (x + 0.5, 13.8, z),
        (x - 0.5, 13.8, z),
    ]
    artist.shape(louvre, (70, 82, 86))
