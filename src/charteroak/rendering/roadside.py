"""What stands beside the road: trees, lamps, fences, a sign."""

import math
from typing import Final

import numpy as np

from charteroak.rendering.artist import FAR_M, WHITE, Artist, World, panel
from charteroak.rendering.paint import Point, Rgb, shade

_LEAVES: Final[tuple[Rgb, ...]] = (
    (84, 122, 58), (66, 106, 56), (104, 134, 62), (206, 120, 44), (190, 80, 40), (218, 164, 62),
)  # fmt: skip
_CHURCH_HALF_M: Final = 6.5
_TREE_FROM_M: Final = 2.0
_FLECKED_TO_M: Final = 140.0


def far_trees(artist: Artist, *, gap: bool) -> None:
    """Paint the wood that closes the view, with a gap where the church stands."""
    for _ in range(150):
        x = float(artist.rng.uniform(-75, 75))
        z = float(artist.rng.uniform(FAR_M - 10, FAR_M + 60))
        if gap and abs(x - 1.5) < _CHURCH_HALF_M:
            continue
        blobs(
            artist,
            (x, float(artist.rng.uniform(1.5, 4.5)), z),
            2.6,
            artist.pick(_LEAVES),
            12,
        )


def blobs(
    artist: Artist, centre: World, radius: float, colour: Rgb, count: int
) -> None:
    """A leafy mass: dark heart, lighter towards the upper left, where the sun is."""
    x, y, z = centre
    scale = artist.scale(z)
    turns = artist.rng.uniform(0, 2 * math.pi, count)
    reach = np.sqrt(artist.rng.uniform(0, 1, count)) * radius
    sizes = artist.rng.uniform(0.12, 0.3, count) * radius
    spots = [
        (float(np.cos(t) * r * 1.12), float(np.sin(t) * r * 0.86), float(s))
        for t, r, s in zip(turns, reach, sizes, strict=True)
    ]
    spots.sort(key=lambda spot: spot[1] - 0.4 * spot[0])
    for dx, dy, size in spots:
        lift = (dy - 0.55 * dx) / radius
        tone = shade(colour, min(1.0 + 0.24 * lift, 1.3) - 0.10)
        px, py = artist.at(x + dx, y + dy, z)
        artist.blot((px, py), size * scale, size * scale * 0.84, artist.haze(tone, z))
        if radius > _TREE_FROM_M and z < _FLECKED_TO_M:
            _leaves(artist, (px, py), size * scale, artist.haze(tone, z), scale * 0.09)


def _leaves(
    artist: Artist, centre: Point, reach: float, colour: Rgb, leaf: float
) -> None:
    """Flecks on one mass of leaves, so that near trees are not smooth."""
    for _ in range(5):
        dx, dy = artist.rng.uniform(-1.05, 1.05, 2)
        tone = shade(colour, float(artist.rng.uniform(0.84, 1.12)))
        artist.blot(
            (centre[0] + dx * reach, centre[1] + dy * reach * 0.85),
            leaf * 1.2,
            leaf,
            tone,
        )


def tree(artist: Artist, x: float, z: float) -> None:
    """Paint a street tree."""
    colour = artist.pick(_LEAVES)
    height = float(artist.rng.uniform(4.6, 5.6))
    bark: Rgb = (78, 66, 56)
    artist.shape(
        [(x - 0.2, 0, z), (x + 0.17, 0, z), (x + 0.1, height, z), (x - 0.1, height, z)],
        bark,
    )
    artist.shape(
        [
            (x - 0.2, 0, z),
            (x - 0.06, 0, z),
            (x - 0.04, height, z),
            (x - 0.1, height, z),
        ],
        (112, 96, 80),
    )
    for dx in (-1, 1):
        artist.shape(
            [
                (x, 2.2, z),
                (x + 0.08, 2.2, z),
                (x + dx * 1.3, height, z),
                (x + dx * 1.2, height, z),
            ],
            bark,
        )
    blobs(artist, (x, height, z), 2.15, colour, 420)


def lamp(artist: Artist, x: float, z: float) -> None:
    """Paint a street lamp and the light below it."""
    iron: Rgb = (38, 42, 42)
    artist.pool(x * 0.7, z, 2.6, 5.5)
    artist.shape(panel(z, 0, 0.5, x - 0.12, x + 0.12, side=False), iron)
    artist.shape(panel(z, 0, 3.3, x - 0.05, x + 0.05, side=False), iron)
    artist.shape(
        [(x - 0.1, 3.3, z), (x + 0.1, 3.3, z), (x + 0.19, 3.8, z), (x - 0.19, 3.8, z)],
        (222, 220, 204),
    )
    artist.shape([(x - 0.24, 3.8, z), (x + 0.24, 3.8, z), (x, 4.1, z)], iron)
    artist.glow(
        [(x - 0.1, 3.3, z), (x + 0.1, 3.3, z), (x + 0.19, 3.8, z), (x - 0.19, 3.8, z)],
        (255, 226, 170),
    )


def fence(artist: Artist, side: int, near: float, far: float) -> None:
    """Paint a picket fence along the pavement, from `near` to `far` metres away."""
    x = side * 6.5
    for y in (0.35, 0.8):
        artist.shape(panel(x, y, y + 0.09, near, far, side=True), shade(WHITE, 0.9))
    for z in np.arange(near, far, 0.28):
        picket = panel(x, 0.1, 1.05, float(z), float(z) + 0.12, side=True)
        artist.shape(picket, WHITE)


def sign(artist: Artist, x: float, z: float) -> None:
    """A yellow diamond with a bend: a shape, no lettering a reader could take."""
    artist.shape(panel(z, 0, 2.6, x - 0.035, x + 0.035, side=False), (128, 132, 134))
    for size, colour in ((0.46, (30, 30, 30)), (0.43, (238, 190, 44))):
        artist.shape(
            [
                (x - size, 2.5, z),
                (x, 2.5 + size, z),
                (x + size, 2.5, z),
                (x, 2.5 - size, z),
            ],
            colour,
        )
    bend = [
        artist.at(x + dx, 2.5 + dy, z)
        for dx, dy in ((0.06, -0.22), (0.06, 0.0), (-0.08, 0.12), (-0.08, 0.24))
    ]
    artist.pen.line(
        bend,
        fill=(34, 32, 28),
        width=max(2, int(artist.scale(z) * 0.07)),
        joint="curve",
    )
