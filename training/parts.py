"""Parts of vehicles and streets that a detector takes for plates: none of them is one."""

import attrs
import cv2
import numpy as np

from training.canvas import Sheet, blend, new_sheet, rounded, shaded
from training.scene_kit import Kit
from training.vehicles import draw_vehicle, letter


def draw_pipes(rng: np.random.Generator, kit: Kit, width: float) -> tuple[Sheet, float]:
    """Draw the ends of two exhausts, dark holes with bright rims.

    Args:
        rng: chooses what they look like.
        kit: textures.
        width: in pixels.

    Returns:
        A sheet whose unit is the thing's width, and its width over its height; so it is
        for each function here.
    """
    aspect = float(rng.uniform(1.6, 2.6))
    sheet = new_sheet((0, 0, 1, 1 / aspect), width, cover=255)
    height, wide = sheet.cover.shape
    sheet.paint[:] = np.uint8(rng.uniform(8, 60))
    shaded(sheet.paint, kit.field(rng, (height, wide), 0.5), 1 / 128)
    rim = float(rng.uniform(0.04, 0.14))
    shine = rng.uniform(110, 250)
    for middle in (0.26, 0.74):
        for share, tone in ((1.0, shine), (1 - 2 * rim, rng.uniform(0, 25))):
            half = 0.22 * wide * share, 0.4 * height * share
            box = (
                middle * wide - half[0], height / 2 - half[1],
                middle * wide + half[0], height / 2 + half[1],
            )  # fmt: skip
            mask = rounded((height, wide), box, min(half))
            blend(sheet.paint, mask, (tone, tone, tone))
    return sheet, aspect


def draw_wheel(rng: np.random.Generator, kit: Kit, width: float) -> tuple[Sheet, float]:
    """Draw a wheel, or the part of one below a wing: dark tyre, bright spokes."""
    aspect = float(rng.uniform(1.0, 1.8))
    sheet = new_sheet((0, 0, 1, 1 / aspect), width)
    height, wide = sheet.cover.shape
    sheet.paint[:] = np.uint8(rng.uniform(5, 45))
    middle = (wide // 2, height - wide // 2)
    cv2.circle(sheet.cover, middle, wide // 2, (255,), -1, cv2.LINE_AA)
    shine = float(rng.uniform(90, 235))
    rim = round(wide * rng.uniform(0.3, 0.4))
    thick = max(round(wide * rng.uniform(0.02, 0.06)), 1)
    spokes = int(rng.integers(5, 13))
    turn = rng.uniform(0, np.pi)
    for spoke in range(spokes):
        angle = turn + 2 * np.pi * spoke / spokes
        end = (
            round(middle[0] + rim * np.cos(angle)), round(middle[1] + rim * np.sin(angle)),
        )  # fmt: skip
        cv2.line(sheet.paint, middle, end, (shine,) * 3, thick, cv2.LINE_AA)
    cv2.circle(sheet.paint, middle, rim, (shine,) * 3, thick, cv2.LINE_AA)
    cv2.circle(sheet.paint, middle, max(rim // 5, 1), (shine,) * 3, -1, cv2.LINE_AA)
    shaded(sheet.paint, kit.field(rng, (height, wide), 0.4), 1 / 128)
    return sheet, aspect


def draw_branches(
    rng: np.random.Generator, kit: Kit, width: float
) -> tuple[Sheet, float]:
    """Draw boughs, as panes and bodies mirror them, or cracks in a road."""
    aspect = float(np.exp(rng.uniform(np.log(0.8), np.log(3))))
    bare = rng.random() < 0.5
    sheet = new_sheet((0, 0, 1, 1 / aspect), width, cover=0 if bare else 255)
    height, wide = sheet.cover.shape
    lines = np.zeros((height, wide), np.uint8)
    for _ in range(int(rng.integers(2, 9))):
        at = rng.uniform(0, 1, 2) * (wide, height)
        heading = rng.uniform(0, 2 * np.pi)
        thick = rng.uniform(0.01, 0.07) * wide
        for _ in range(int(rng.integers(3, 9))):
            heading += rng.normal(0, 0.6)
            step = np.array([np.cos(heading), np.sin(heading)]) * wide
            to = at + step * rng.uniform(0.05, 0.2)
            start, end = ((round(x), round(y)) for x, y in (at, to))
            cv2.line(lines, start, end, (255,), max(round(thick), 1), cv2.LINE_AA)
            at, thick = to, thick * 0.85
    dark = float(rng.uniform(5, 70))
    if bare:
        sheet.paint[:] = np.uint8(dark)
        sheet.cover[:] = cv2.convertScaleAbs(lines, alpha=float(rng.uniform(0.3, 1)))
        return sheet, aspect
    sheet.paint[:] = np.uint8(rng.uniform(90, 250))
    shaded(sheet.paint, kit.field(rng, (height, wide), 0.5), 1 / 128)
    blend(sheet.paint, lines, (dark, dark, dark))
    radius = rng.uniform(0, 0.4) * height
    sheet.cover[:] = rounded((height, wide), (0, 0, wide, height), radius)
    return sheet, aspect


def draw_tailgate(
    rng: np.random.Generator, kit: Kit, width: float
) -> tuple[Sheet, float]:
    """Draw the side or the rear of a vehicle with a firm's lines, and no plate."""
    aspect = float(rng.uniform(0.8, 3))
    share = rng.uniform(0.4, 1.1)
    reach = (0.0, 0.0, 1 / share, 1 / share / aspect)
    sheet = draw_vehicle(rng, kit, max(width * share, 12.0), reach)
    if rng.random() < 0.3:  # vans are mostly white
        sheet.paint[:] = np.uint8(rng.uniform(190, 250))
    for _ in range(int(rng.integers(1, 3))):
        letter(rng, kit, sheet)
    sheet.cover[:] = 255
    whole = float(sheet.cover.shape[1])
    return attrs.evolve(sheet, unit_px=whole), whole / sheet.cover.shape[0]
