"""Painted places in daylight: a road or a yard, and what stands behind it."""

from typing import Final

import cv2
import numpy as np

from training.canvas import Picture, blend, shaded
from training.scene_kit import Kit

_SKIES: Final = ((150, 190, 235), (215, 225, 235), (120, 160, 210), (240, 240, 240))
_WALLS: Final = (
    (150, 80, 60), (190, 180, 165), (120, 120, 125), (225, 220, 210), (90, 100, 110),
    (60, 90, 60), (40, 70, 35), (90, 110, 60),
)  # fmt: skip
_GROUNDS: Final = (
    (120, 120, 122), (90, 92, 95), (160, 158, 152), (185, 180, 170), (70, 70, 74),
    (110, 125, 80), (140, 130, 110),
)  # fmt: skip


def paint_lot(rng: np.random.Generator, kit: Kit, side: int) -> Picture:
    """Paint a place without vehicles: uint8, shape (side, side, 3), RGB."""
    picture = np.empty((side, side, 3), np.uint8)
    horizon = round(rng.uniform(0.05, 0.6) * side)
    picture[:horizon] = _one_of(rng, _SKIES)
    for _ in range(int(rng.integers(1, 6))):
        _wall(rng, kit, picture[:horizon])
    picture[horizon:] = _one_of(rng, _GROUNDS)
    if rng.random() < 0.6:  # a kerb, a strip of grass, a pavement
        high = round(rng.uniform(0.01, 0.12) * side)
        picture[horizon : horizon + high] = _one_of(rng, _GROUNDS)
    shaded(picture, kit.field(rng, (side, side), rng.uniform(0.1, 0.5)), 1 / 128)
    for _ in range(int(rng.integers(0, 4))):
        _line(rng, picture[horizon:])
    if rng.random() < 0.25:
        _shadow(rng, kit, picture)
    return picture


def _one_of(
    rng: np.random.Generator, colours: tuple[tuple[int, int, int], ...]
) -> Picture:
    colour = np.array(colours[int(rng.integers(len(colours)))])
    return np.clip(colour * rng.uniform(0.7, 1.15), 0, 255).astype(np.uint8)


def _wall(rng: np.random.Generator, kit: Kit, room: Picture) -> None:
    """Stand a house with windows, a hedge or a fence on the lower edge of a room."""
    high, wide = room.shape[:2]
    left, right = np.sort(rng.integers(0, wide + 1, 2))
    part = room[high - int(rng.uniform(0.2, 1) * high) :, left:right]
    if min(part.shape[:2]) < 6:
        return
    part[:] = _one_of(rng, _WALLS)
    kind = rng.random()
    step = int(rng.integers(5, 30))
    if kind < 0.4:
        tone, gap = _one_of(rng, _SKIES) // 2, max(step // 3, 2)
        for row in range(gap, part.shape[0] - gap, step):
            for column in range(gap, part.shape[1] - gap, step):
                part[row : row + step - gap, column : column + step - gap] = tone
    elif kind < 0.6:
        part[:, :: max(step // 3, 3)] = np.uint8(rng.uniform(10, 120))
    else:
        shaded(part, kit.field(rng, (part.shape[0], part.shape[1]), 1.0), 1 / 128)


def _line(rng: np.random.Generator, ground: Picture) -> None:
    """Paint a white or yellow line on the road, wider where it is near."""
    high, wide = ground.shape[:2]
    far, near = rng.uniform(-0.2, 1.2) * wide, rng.uniform(-0.8, 1.8) * wide
    thick = rng.uniform(0.01, 0.06) * wide
    points = [(far, 0), (far + thick * 0.3, 0), (near + thick, high), (near, high)]
    mask = np.zeros((high, wide), np.uint8)
    cv2.fillPoly(mask, [np.array(points, np.int32)], (220,), cv2.LINE_AA)
    yellow = rng.random() < 0.3
    blend(ground, mask, (225, 190, 60) if yellow else (230, 230, 228))


def _shadow(rng: np.random.Generator, kit: Kit, picture: Picture) -> None:
    """Let the shade of trees or of a house fall over everything."""
    field = kit.field(rng, picture.shape[:2], 1.0)
    shade = np.where(field > rng.uniform(100, 160), rng.uniform(0.35, 0.8), 1.0)
    soft = cv2.blur(shade.astype(np.float32), (3, 3))
    shaded(picture, np.asarray(soft, np.float32))
