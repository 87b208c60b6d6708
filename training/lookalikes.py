"""Things in a street that are no plates but look a little like one."""

from typing import Final

import cv2
import numpy as np

from training.canvas import (
    Picture,
    Sheet,
    blend,
    corners_of,
    moved,
    new_sheet,
    put,
    random_pose,
    rounded,
    shaded,
)
from training.fixtures import fix_blank
from training.parts import draw_branches, draw_pipes, draw_tailgate, draw_wheel
from training.scene_kit import Kit

_SIGNS: Final = (
    (245, 245, 240), (250, 250, 250), (230, 60, 50), (30, 110, 60), (30, 60, 150),
    (240, 200, 40), (20, 20, 24), (230, 130, 40), (200, 205, 210), (90, 60, 40),
)  # fmt: skip
Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""


def draw_lookalike(
    rng: np.random.Generator, kit: Kit, size_px: float
) -> tuple[Sheet, float]:
    """Draw something that is no plate.

    Args:
        rng: chooses what.
        kit: words and textures.
        size_px: its width.

    Returns:
        A sheet whose unit is the thing's width, and its width over its height.
    """
    width = max(size_px * 1.2, 12)
    return _DRAWS[int(rng.integers(len(_DRAWS)))](rng, kit, width)


def put_lookalike(
    rng: np.random.Generator, kit: Kit, picture: Picture, taken: list[Box]
) -> None:
    """Put something that is no plate into a picture, in place, clear of what is taken."""
    width = float(np.exp(rng.uniform(np.log(16), np.log(150))))
    sheet, aspect = draw_lookalike(rng, kit, width)
    pose = random_pose(rng, width, aspect=aspect)
    corners = corners_of(pose, aspect=aspect)
    low, high = corners.min(axis=0), corners.max(axis=0)
    for _ in range(6):
        x, y = rng.uniform(0, picture.shape[1]), rng.uniform(0, picture.shape[0])
        box = (low[0] + x, low[1] + y, high[0] + x, high[1] + y)
        if not any(overlap(box, other) for other in taken):
            put(picture, sheet, moved(pose, x, y))
            return


def overlap(one: Box, other: Box, gap: float = 3.0) -> bool:
    """Say whether two boxes touch or nearly so."""
    return (
        one[0] < other[2] + gap
        and other[0] < one[2] + gap
        and one[1] < other[3] + gap
        and other[1] < one[3] + gap
    )


def put_clock(rng: np.random.Generator, kit: Kit, picture: Picture, room: Box) -> Box:
    """Burn date and time into a corner of a picture, in place; the box it takes."""
    stamp = kit.stamp(rng, "clock", "clock", "number")
    left, top, right, bottom = (int(value) for value in room)
    high = int(rng.integers(6, 22))
    wide = min(round(stamp.shape[1] * high / stamp.shape[0]), right - left)
    gap = int(rng.integers(1, 10))
    x = left + gap if rng.random() < 0.5 else right - wide - gap
    y = top + gap if rng.random() < 0.5 else bottom - high - gap
    x, y = max(x, left), max(y, top)
    space = picture[y : y + high, x : x + wide]
    if space.shape[:2] == (high, wide) and wide > 1:
        ink = float(rng.choice([255, 255, 250, 20]))
        if rng.random() < 0.4:
            space[:] = np.uint8(255 - ink if rng.random() < 0.8 else 128)
        mask = cv2.resize(stamp, (wide, high), interpolation=cv2.INTER_AREA)
        blend(space, np.asarray(mask, np.uint8), (ink, ink, ink * rng.uniform(0.3, 1)))
    return x, y, x + wide, y + high


def _ink(rng: np.random.Generator, ground: Picture) -> tuple[float, ...]:
    ink = np.array(_SIGNS[int(rng.integers(len(_SIGNS)))], np.float64)
    if abs(float(ink.mean() - ground.mean())) < 70:
        ink = np.full(3, 20.0 if ground.mean() > 128 else 240.0)
    return tuple(ink)


def _letters(rng: np.random.Generator, kit: Kit, width: float) -> tuple[Sheet, float]:
    stamp = kit.stamp(
        rng, "badge", "words", "number", "dealer", "phone", "phone", "fleet", "fleet"
    )
    aspect = float(np.clip(stamp.shape[1] / stamp.shape[0], 0.5, 12))
    sheet = new_sheet((0, 0, 1, 1 / aspect), width)
    size = sheet.cover.shape[::-1]
    mask = np.asarray(cv2.resize(stamp, size, interpolation=cv2.INTER_AREA), np.uint8)
    sheet.cover[:] = mask
    sheet.paint[:] = np.array(_SIGNS[int(rng.integers(len(_SIGNS)))], np.uint8)
    if rng.random() < 0.3:  # with a soft dark edge, as raised letters have
        np.maximum(sheet.cover, cv2.dilate(mask, np.ones((3, 3))), out=sheet.cover)
        blend(sheet.paint, 255 - mask, (20, 20, 20))
    return sheet, aspect


def _sign(rng: np.random.Generator, kit: Kit, width: float) -> tuple[Sheet, float]:
    """Draw a sign, a sticker, a window or a side of a van with lines of words."""
    lines = int(rng.integers(1, 5))
    aspect = float(np.exp(rng.uniform(np.log(0.6), np.log(6))))
    if lines == 1 and 1.5 < aspect < 2.7:
        aspect = float(rng.choice([1.2, 3.4, 4.5]))
    sheet = new_sheet((0, 0, 1, 1 / aspect), width, cover=255)
    ground = np.array(_SIGNS[int(rng.integers(len(_SIGNS)))], np.float64)
    ground *= rng.uniform(0.5, 1)
    sheet.paint[:] = ground.astype(np.uint8)
    height, wide = sheet.cover.shape
    if rng.random() < 0.4:
        rim = max(height // 14, 1)
        sheet.paint[rim:-rim, rim:-rim] = ground[::-1].astype(np.uint8)
    ink = _ink(rng, sheet.paint[height // 2, wide // 2])
    row = height * 0.08
    while row < height * 0.85 and lines:
        high = int(
            min(height * 0.84 / lines * rng.uniform(0.5, 0.95), height - row - 1)
        )
        stamp = kit.stamp(rng, "words", "dealer", "number", "badge", "phone", "fleet")
        long = min(round(stamp.shape[1] * high / stamp.shape[0]), int(wide * 0.92))
        if high < 2 or long < 2:
            break
        mask = cv2.resize(stamp, (long, high), interpolation=cv2.INTER_AREA)
        x = (wide - long) // 2 if rng.random() < 0.7 else int(wide * 0.04)
        room = sheet.paint[int(row) : int(row) + high, x : x + long]
        blend(room, np.asarray(mask, np.uint8), ink)
        row += height * 0.84 / lines
        if rng.random() < 0.2:
            break
    shaded(sheet.paint, kit.field(rng, (height, wide), rng.uniform(0.05, 0.3)), 1 / 128)
    if rng.random() < 0.4:
        shape = rounded(
            (height, wide), (0, 0, wide, height), rng.uniform(0, height / 2)
        )
        sheet.cover[:] = shape
    return sheet, aspect


def _bars(rng: np.random.Generator, kit: Kit, width: float) -> tuple[Sheet, float]:
    """Draw a vent, a grille, a striped post, a crossing."""
    aspect = float(np.exp(rng.uniform(np.log(0.3), np.log(5))))
    sheet = new_sheet((0, 0, 1, 1 / aspect), width, cover=255)
    height, wide = sheet.cover.shape
    dark, bright = rng.uniform(0, 90), rng.uniform(90, 250)
    pattern = np.full((height, wide), dark, np.float32)
    step = max(int(rng.uniform(0.06, 0.3) * min(height, wide)), 3)
    thick = max(int(step * rng.uniform(0.2, 0.6)), 1)
    slant = rng.choice([0.0, 0.0, 0.7])
    y, x = np.mgrid[0:height, 0:wide]
    along = (x if rng.random() < 0.5 else y) + slant * (x + y)
    pattern[(along % step) < thick] = bright
    if rng.random() < 0.25:
        pattern[((x + y - along) % step) < thick] = bright
    tint = rng.uniform(0.6, 1, 3) if rng.random() < 0.5 else np.ones(3)
    sheet.paint[:] = np.clip(pattern[..., None] * tint, 0, 255).astype(np.uint8)
    shaded(sheet.paint, kit.field(rng, (height, wide), 0.3), 1 / 128)
    sheet.cover[:] = rounded(
        (height, wide), (0, 0, wide, height), rng.uniform(0, 0.5) * height
    )
    return sheet, aspect


def _lamp(rng: np.random.Generator, kit: Kit, width: float) -> tuple[Sheet, float]:
    aspect = float(np.exp(rng.uniform(np.log(0.4), np.log(4))))
    sheet = new_sheet((0, 0, 1, 1 / aspect), width)
    height, wide = sheet.cover.shape
    colours = ((190, 20, 25), (240, 80, 60), (240, 235, 220), (230, 150, 40))
    sheet.paint[:] = np.array(colours[int(rng.integers(len(colours)))], np.uint8)
    shaded(sheet.paint, kit.field(rng, (height, wide), 0.6), 1 / 110)
    sheet.cover[:] = rounded(
        (height, wide), (0, 0, wide, height), rng.uniform(0.1, 0.5) * height
    )
    for _ in range(int(rng.integers(0, 4))):
        x, y = rng.uniform(0.1, 0.9) * wide, rng.uniform(0.1, 0.9) * height
        box = (
            x,
            y,
            x + rng.uniform(0.1, 0.4) * wide,
            y + rng.uniform(0.1, 0.4) * height,
        )
        shine = rng.uniform(150, 255)
        blend(sheet.paint, rounded((height, wide), box, 3), (shine, shine, shine))
    return sheet, aspect


def _empty(rng: np.random.Generator, kit: Kit, width: float) -> tuple[Sheet, float]:
    aspect = float(rng.uniform(1.9, 2.1))
    sheet = new_sheet((-0.15, -0.15, 1.15, 1 / aspect + 0.15), width)
    fix_blank(rng, kit, sheet, aspect)
    return sheet, aspect


def _plain(rng: np.random.Generator, kit: Kit, width: float) -> tuple[Sheet, float]:
    """Draw a pale board without words, of any shape but a plate's."""
    aspect = float(rng.choice([rng.uniform(0.4, 1.4), rng.uniform(2.8, 8)]))
    sheet = new_sheet((0, 0, 1, 1 / aspect), width, cover=255)
    sheet.paint[:] = np.uint8(rng.uniform(140, 250))
    height, wide = sheet.cover.shape
    shaded(sheet.paint, kit.field(rng, (height, wide), 0.25), 1 / 128)
    return sheet, aspect


_DRAWS: Final = (
    _letters, _letters, _letters, _sign, _sign, _sign, _bars, _lamp, _empty, _plain,
    draw_branches, draw_pipes, draw_tailgate, draw_tailgate, draw_wheel,
)  # fmt: skip
