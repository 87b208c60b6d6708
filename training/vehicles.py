"""Rears of vehicles with a place for a plate, drawn flat around it."""

from typing import Final

import attrs
import cv2
import numpy as np

from training.canvas import Picture, Sheet, blend, new_sheet, rounded, shaded
from training.scene_kit import Kit

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in plate widths; the plate's top left is the origin."""

_PAINTS: Final = (
    (225, 226, 226), (205, 207, 210), (170, 174, 178), (120, 124, 130), (70, 74, 80),
    (34, 35, 38), (20, 20, 22), (150, 30, 32), (110, 20, 28), (40, 60, 110),
    (60, 100, 160), (30, 70, 60), (90, 110, 80), (180, 160, 130), (210, 190, 60),
    (200, 100, 40), (90, 60, 50),
)  # fmt: skip
_INKS: Final = (
    (15, 15, 18), (20, 20, 22), (30, 40, 120), (170, 25, 30), (20, 90, 50),
    (245, 245, 245), (235, 200, 40), (220, 110, 30),
)  # fmt: skip
_LOW: Final = 0.5
"""Height of a plate in plate widths."""


WHOLE: Final[Box] = (-3.0, -4.6, 4.0, 2.2)
"""Reach of a whole vehicle."""


def draw_vehicle(
    rng: np.random.Generator, kit: Kit, unit_px: float, reach: Box
) -> Sheet:
    """Draw part of a vehicle around the place for a plate.

    Args:
        rng: chooses what it looks like.
        kit: textures and words.
        unit_px: pixels per plate width.
        reach: how far around the plate to draw; `WHOLE` for all of it.
    """
    if reach is WHOLE or rng.random() < 0.25:
        return _from_sprite(rng, kit, unit_px, reach)
    sheet = new_sheet(reach, unit_px, cover=255)
    paint = sheet.paint
    height, width = sheet.cover.shape
    colour = np.array(_PAINTS[int(rng.integers(len(_PAINTS)))]) * rng.uniform(0.7, 1.15)
    fall = np.linspace(rng.uniform(0.6, 1.25), rng.uniform(0.6, 1.25), height)
    column = np.clip(fall[:, None, None] * colour, 0, 255).astype(np.uint8)
    cv2.resize(column, (width, height), dst=paint, interpolation=cv2.INTER_NEAREST)
    _creases(rng, sheet)
    if rng.random() < 0.5:
        _bumper(rng, sheet)
    if rng.random() < 0.3:
        _reflect(rng, kit, paint)
    shaded(paint, kit.field(rng, (height, width), rng.uniform(0.05, 0.4)), 1 / 128)
    for draw, share in ((_slats, 0.3), (_lamps, 0.5), (_strip, 0.25)):
        if rng.random() < share:
            draw(rng, sheet)
    for _ in range(int(rng.integers(0, 4))):
        _badge(rng, kit, sheet)
    if rng.random() < 0.2:
        letter(rng, kit, sheet)
    if rng.random() < 0.6:
        _recess(rng, sheet)
    return sheet


def letter(rng: np.random.Generator, kit: Kit, sheet: Sheet) -> None:
    """Paint a firm's lines on a vehicle, in place: names, telephone and fleet numbers."""
    paint = sheet.paint
    height, width = paint.shape[:2]
    ink = np.array(_INKS[int(rng.integers(len(_INKS)))], np.float64)
    if abs(float(ink.mean()) - float(paint.mean())) < 60:
        ink[:] = 20 if paint.mean() > 110 else 235
    y = rng.uniform(0, 0.7) * height
    wide = rng.uniform(0.4, 1.6) * sheet.unit_px
    left = rng.uniform(-0.2, max(width - wide * 0.6, 1) / width) * width
    for _ in range(int(rng.integers(1, 4))):
        stamp = kit.stamp(rng, "phone", "phone", "fleet", "words", "dealer", "number")
        high = wide * rng.uniform(0.6, 1) * stamp.shape[0] / stamp.shape[1]
        high = round(min(max(high, 3), 0.4 * sheet.unit_px))
        long = max(round(high * stamp.shape[1] / stamp.shape[0]), 3)
        x = round(left + (wide - long) * rng.choice([0.0, 0.5]))
        _stamp(paint, stamp, (x, round(y), long, high), tuple(ink))
        y += high * rng.uniform(1.1, 1.6)
        if rng.random() < 0.25:  # a rule between the lines
            thick = max(round(high * rng.uniform(0.05, 0.3)), 1)
            first, last = max(round(left), 0), max(round(left + wide), 0)
            paint[round(y) : round(y) + thick, first:last] = ink.astype(np.uint8)
            y += thick + high * 0.2


def _stamp(
    paint: Picture,
    stamp: Picture,
    box: tuple[int, int, int, int],
    ink: tuple[float, ...],
) -> None:
    """Print words into a box (left, top, width, height), cut where the paint ends."""
    x, y, wide, high = box
    mask = np.asarray(cv2.resize(stamp, (wide, high), interpolation=cv2.INTER_AREA))
    mask = mask[max(-y, 0) :, max(-x, 0) :]
    room = paint[max(y, 0) :, max(x, 0) :][: mask.shape[0], : mask.shape[1]]
    if room.size:
        blend(room, mask[: room.shape[0], : room.shape[1]].astype(np.uint8), ink)


def soft_edged(rng: np.random.Generator, sheet: Sheet) -> Sheet:
    """Let a vehicle fade into what stands around it, or end sharply."""
    height, width = sheet.cover.shape
    if rng.random() < 0.5:
        radius = rng.uniform(0, 0.5) * min(height, width)
        shape = rounded((height, width), (1, 1, width - 1, height - 1), radius)
    else:
        rim = 0.12 * min(height, width)
        shape = rounded(
            (height, width), (rim, rim, width - rim, height - rim), height / 4
        )
        around = int(rim) * 2 + 1
        shape = np.asarray(cv2.blur(shape, (around, around)), np.uint8)
    return attrs.evolve(sheet, cover=np.minimum(sheet.cover, shape))


def _from_sprite(
    rng: np.random.Generator, kit: Kit, unit_px: float, reach: Box
) -> Sheet:
    """Cut what is within reach out of a drawn vehicle."""
    sprite = kit.sprites[int(rng.integers(len(kit.sprites)))]
    sheet = new_sheet(reach, unit_px)
    grow = unit_px / sprite.unit_px
    moves = np.array(
        [
            [grow, 0, sheet.origin[0] - sprite.origin[0] * grow],
            [0, grow, sheet.origin[1] - sprite.origin[1] * grow],
        ]
    )
    size = sheet.cover.shape[::-1]
    paint = cv2.warpAffine(sprite.paint, moves, size, flags=cv2.INTER_LINEAR)
    cover = cv2.warpAffine(sprite.cover, moves, size, flags=cv2.INTER_LINEAR)
    paint = cv2.convertScaleAbs(paint, alpha=float(rng.uniform(0.7, 1.2)))
    return attrs.evolve(
        sheet, paint=np.asarray(paint, np.uint8), cover=np.asarray(cover, np.uint8)
    )


def _row(sheet: Sheet, y: float) -> int:
    return int(np.clip(sheet.origin[1] + y * sheet.unit_px, 0, sheet.cover.shape[0]))


def _column(sheet: Sheet, x: float) -> int:
    return int(np.clip(sheet.origin[0] + x * sheet.unit_px, 0, sheet.cover.shape[1]))


def _mask(sheet: Sheet, box: Box, radius: float) -> Picture:
    x, y = sheet.origin
    unit = sheet.unit_px
    left, top, right, bottom = box
    inside = (x + left * unit, y + top * unit, x + right * unit, y + bottom * unit)
    return rounded((*sheet.cover.shape,), inside, radius * unit)


def _creases(rng: np.random.Generator, sheet: Sheet) -> None:
    for _ in range(int(rng.integers(0, 5))):
        y = _row(sheet, rng.uniform(-1.2, 1.6))
        thick = max(round(rng.uniform(0.01, 0.08) * sheet.unit_px), 1)
        part = sheet.paint[y : y + thick]
        if not part.size:
            continue
        part[:] = cv2.convertScaleAbs(
            part, alpha=float(rng.uniform(0.3, 1.5)), beta=float(rng.uniform(0, 30))
        ).reshape(part.shape)


def _bumper(rng: np.random.Generator, sheet: Sheet) -> None:
    above = rng.random() < 0.4
    y = rng.uniform(-0.4, -0.04) if above else rng.uniform(0.54, 0.9)
    part = sheet.paint[_row(sheet, y) :]
    colour = rng.uniform(15, 80) if rng.random() < 0.6 else rng.uniform(80, 230)
    part[:] = np.uint8(colour)
    edge = sheet.paint[
        _row(sheet, y) : _row(sheet, y) + max(int(sheet.unit_px / 40), 1)
    ]
    edge[:] = np.uint8(np.clip(colour * rng.uniform(0.3, 2), 0, 255))


def _reflect(rng: np.random.Generator, kit: Kit, paint: Picture) -> None:
    street = kit.photographs.pictures[int(rng.choice(kit.allowed))]
    width = int(rng.integers(150, 600))
    height = min(int(width * paint.shape[0] / paint.shape[1]) + 1, street.shape[0])
    x = int(rng.integers(0, street.shape[1] - width))
    y = int(rng.integers(0, street.shape[0] - height + 1))
    part = street[y : y + height, x : x + width]
    seen = cv2.resize(part, paint.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    seen = cv2.blur(seen, (5, 5))
    share = rng.uniform(0.08, 0.4)
    paint[:] = cv2.addWeighted(paint, 1 - share, seen, share, 0)


def _slats(rng: np.random.Generator, sheet: Sheet) -> None:
    """Draw a grille or a vent: stripes, some with bars across."""
    y0 = rng.choice([rng.uniform(-1.2, -0.3), rng.uniform(0.55, 1.0), -0.2])
    top, bottom = _row(sheet, y0), _row(sheet, y0 + rng.uniform(0.2, 0.9))
    left, right = (
        _column(sheet, rng.uniform(-1.5, -0.05)), _column(sheet, rng.uniform(1.05, 2.5))
    )  # fmt: skip
    part = sheet.paint[top:bottom, left:right]
    if not part.size:
        return
    part[:] = np.uint8(rng.uniform(5, 60))
    step = max(round(rng.uniform(0.04, 0.14) * sheet.unit_px), 2)
    thick = max(round(step * rng.uniform(0.15, 0.5)), 1)
    colour = np.uint8(rng.uniform(30, 220))
    for row in range(0, part.shape[0], step):
        part[row : row + thick] = colour
    if rng.random() < 0.4:
        step = max(round(rng.uniform(0.04, 0.3) * sheet.unit_px), 2)
        for column in range(0, part.shape[1], step):
            part[:, column : column + thick] = colour


def _lamps(rng: np.random.Generator, sheet: Sheet) -> None:
    y = rng.uniform(-1.2, 0.2)
    high, wide = rng.uniform(0.2, 0.9), rng.uniform(0.2, 1.0)
    gap = rng.uniform(0.5, 1.6)
    colours = ((180, 15, 20), (110, 10, 15), (235, 60, 50), (220, 220, 215))
    colour = colours[int(rng.integers(len(colours)))]
    for left in (-gap - wide, 1 + gap):
        box = (left, y, left + wide, y + high)
        blend(sheet.paint, _mask(sheet, box, 0.08), colour)
        inner = (left + wide * 0.2, y + high * 0.3, left + wide * 0.8, y + high * 0.55)
        blend(sheet.paint, _mask(sheet, inner, 0.05), (235, 225, 215))


def _strip(rng: np.random.Generator, sheet: Sheet) -> None:
    """Draw the bright strip or handle over a plate."""
    y = rng.uniform(-0.3, -0.05)
    half = rng.uniform(0.4, 1.5)
    box = (0.5 - half, y, 0.5 + half, y + rng.uniform(0.03, 0.12))
    shine = rng.uniform(20, 240)
    blend(sheet.paint, _mask(sheet, box, 0.03), (shine, shine, shine))


def _badge(rng: np.random.Generator, kit: Kit, sheet: Sheet) -> None:
    stamp = kit.stamp(rng, "badge", "badge", "words", "dealer")
    high = max(round(rng.uniform(0.06, 0.22) * sheet.unit_px), 3)
    wide = max(round(stamp.shape[1] * high / stamp.shape[0]), 3)
    y = _row(sheet, rng.choice([rng.uniform(-1.0, -0.25), rng.uniform(0.56, 1.0)]))
    x = _column(sheet, rng.uniform(-1.5, 1.8))
    room = sheet.paint[y : y + high, x : x + wide]
    if room.shape[:2] != (high, wide):
        return
    mask = cv2.resize(stamp, (wide, high), interpolation=cv2.INTER_AREA)
    ink = rng.uniform(180, 255) if rng.random() < 0.6 else rng.uniform(0, 70)
    blend(room, np.asarray(mask, np.uint8), (ink, ink, ink))


def _recess(rng: np.random.Generator, sheet: Sheet) -> None:
    side, up, down = (
        rng.uniform(0.03, 0.45),
        rng.uniform(0.02, 0.3),
        rng.uniform(0.02, 0.2),
    )
    box = (-side, -up, 1 + side, _LOW + down)
    mask = _mask(sheet, box, rng.uniform(0.02, 0.2))
    dark = float(rng.uniform(0.25, 0.95))
    if rng.random() < 0.5:
        around = int(rng.uniform(0.01, 0.08) * sheet.unit_px) * 2 + 1
        mask = np.asarray(cv2.blur(mask, (around, around)), np.uint8)
    if rng.random() < 0.3:  # sunlight on its ground
        pale = np.asarray(cv2.convertScaleAbs(mask, alpha=rng.uniform(0.1, 0.6)))
        blend(sheet.paint, pale.astype(np.uint8), (250, 248, 240))
    else:
        shade = np.asarray(255 - cv2.convertScaleAbs(mask, alpha=1 - dark), np.uint8)
        shaded(sheet.paint, shade, 1 / 255)
    if rng.random() < 0.45:
        _edge(rng, sheet, box)
    if rng.random() < 0.35:  # the shade falls from the upper edge
        top, bottom = _row(sheet, -up), _row(sheet, -up + rng.uniform(0.1, 0.3))
        part = sheet.paint[top:bottom, _column(sheet, -side) : _column(sheet, 1 + side)]
        if part.size:
            fall = np.linspace(rng.uniform(0.2, 0.8), 1, len(part))[:, None, None]
            part[:] = (part * fall).astype(np.uint8)


def _edge(rng: np.random.Generator, sheet: Sheet, box: Box) -> None:
    """Let the walls of a recess catch the light: its whole outline, or some sides."""
    wall = rng.uniform(0.01, 0.09)
    keep = rng.random(4) < 0.6
    inner = (
        box[0] + wall * keep[0], box[1] + wall * keep[1],
        box[2] - wall * keep[2], box[3] - wall * keep[3],
    )  # fmt: skip
    outline = cv2.subtract(_mask(sheet, box, 0.06), _mask(sheet, inner, 0.04))
    shine = rng.uniform(150, 255) if rng.random() < 0.7 else rng.uniform(0, 40)
    part = cv2.convertScaleAbs(outline, alpha=float(rng.uniform(0.3, 1.0)))
    blend(sheet.paint, np.asarray(part, np.uint8), (shine, shine, shine))
