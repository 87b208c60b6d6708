"""A plate on its vehicle: frame, bolts, shadows, light; or something in its place."""

from typing import Final

import cv2
import numpy as np

from training.canvas import Picture, Sheet, blend, rounded, shaded
from training.scene_kit import Kit

_GREY: Final = np.array([0.299, 0.587, 0.114])


def fix_plate(rng: np.random.Generator, kit: Kit, sheet: Sheet, aspect: float) -> None:
    """Mount a plate at the origin of a sheet, in place.

    Args:
        rng: chooses the plate, its frame and its light.
        kit: plates and words.
        sheet: what the plate is mounted on; its cover grows by plate and frame.
        aspect: width of the plate over its height.
    """
    width = round(sheet.unit_px)
    height = max(round(sheet.unit_px / aspect), 4)
    face = _temporary(rng, kit) if rng.random() < 0.05 else kit.face(rng)
    if rng.random() < 0.12:
        face = _infrared(rng, face)
    face = np.asarray(
        cv2.resize(face, (width, height), interpolation=cv2.INTER_AREA), np.uint8
    )
    if rng.random() < 0.4:
        _rim(rng, face)
    _light(rng, kit, face)
    if rng.random() < 0.2:
        _blend_in(rng, sheet, face)
    if rng.random() < 0.03:
        _behind(rng, kit, sheet, height)
    framed = rng.random() < 0.55
    if framed:
        _frame(rng, kit, sheet, height)
    elif rng.random() < 0.5:
        _drop_shadow(rng, sheet, height)
    _mount(rng, sheet, face)
    if framed:
        _lip(rng, sheet, height)
    if rng.random() < 0.15:
        _over_the_edge(rng, sheet, height)


def fix_blank(rng: np.random.Generator, kit: Kit, sheet: Sheet, aspect: float) -> None:
    """Draw a dealer's frame without a plate at the origin of a sheet, in place."""
    height = max(round(sheet.unit_px / aspect), 4)
    _frame(rng, kit, sheet, height)
    inside = _span(sheet, 0.0, height, 0.0)
    mask = rounded((*sheet.cover.shape,), inside, 0.03 * sheet.unit_px)
    shine = rng.uniform(10, 120)
    blend(sheet.paint, mask, (shine, shine, shine * rng.uniform(0.9, 1.1)))
    np.maximum(sheet.cover, mask, out=sheet.cover)


def _span(
    sheet: Sheet, out: float, height: int, below: float
) -> tuple[float, float, float, float]:
    """Box around the plate in pixels, `out` units further out, `below` further down."""
    x, y = sheet.origin
    grow = out * sheet.unit_px
    low = y + height + grow + below * sheet.unit_px
    return x - grow, y - grow, x + sheet.unit_px + grow, low


def _temporary(rng: np.random.Generator, kit: Kit) -> Picture:
    """Draw a plate of paper: a printed number, and small print below or above."""
    face = np.empty((192, 384, 3), np.uint8)
    face[:] = (rng.uniform(190, 255) * rng.uniform(0.9, 1, 3)).astype(np.uint8)
    ink = float(rng.uniform(10, 70))
    top = rng.uniform(0.1, 0.35) * 192
    large = rng.uniform(0.28, 0.5) * 192
    _line(face, kit.stamp(rng, "serial"), (20, top, 364, top + large), ink)
    small = rng.uniform(0.09, 0.18) * 192
    for y in (top - small - 4, top + large + 8, top + large + 12 + small):
        if 0 < y < 184 - small and rng.random() < 0.7:
            stamp = kit.stamp(rng, "words", "clock", "number", "serial")
            _line(face, stamp, (20, y, 364, y + small), ink)
    return face


def _rim(rng: np.random.Generator, face: Picture) -> None:
    """Press a rim into the sheet, in place: a darker or brighter line near its edge."""
    height, width = face.shape[:2]
    inset, thick = rng.uniform(0.008, 0.03) * width, rng.uniform(0.006, 0.015) * width
    radius = rng.uniform(0.01, 0.04) * width
    outer = (inset, inset, width - inset, height - inset)
    inset += max(thick, 0.7)
    inner = (inset, inset, width - inset, height - inset)
    line = cv2.subtract(
        rounded((height, width), outer, radius), rounded((height, width), inner, radius)
    )
    line = cv2.convertScaleAbs(line, alpha=float(rng.uniform(0.2, 0.9)))
    shine = rng.uniform(0, 90) if rng.random() < 0.7 else rng.uniform(200, 255)
    blend(face, np.asarray(line, np.uint8), (shine, shine, shine))


def _blend_in(rng: np.random.Generator, sheet: Sheet, face: Picture) -> None:
    """Make a plate nearly as bright as what it is mounted on, in place."""
    x, y = (round(value) for value in sheet.origin)
    height, width = face.shape[:2]
    under = sheet.paint[y : y + height, x : x + width]
    gain = (float(under.mean()) + 4) / (float(face.mean()) + 4)
    gain = float(np.clip(gain, 0.15, 1.5)) * rng.uniform(0.85, 1.3)
    face[:] = cv2.convertScaleAbs(face, alpha=gain)


def _behind(rng: np.random.Generator, kit: Kit, sheet: Sheet, height: int) -> None:
    """Draw a long plate of another country under the plate, in place."""
    x, y = sheet.origin
    unit = sheet.unit_px
    side, top = rng.uniform(0.1, 0.45) * unit, rng.uniform(0.0, 0.3) * height
    box = (x - side, y + top, x + unit + side, y + top + rng.uniform(0.6, 0.8) * height)
    mask = rounded((*sheet.cover.shape,), box, 0.03 * unit)
    blend(sheet.paint, mask, (235, 235, 230))
    np.maximum(sheet.cover, mask, out=sheet.cover)
    rim = 0.1 * height
    inner = (box[0] + rim, box[1] + rim, box[2] - rim, box[3] - rim)
    _line(sheet.paint, kit.stamp(rng, "serial"), inner, 20.0)


def _infrared(rng: np.random.Generator, face: Picture) -> Picture:
    """See a plate as infrared light shows it: inks pale or dark whatever their hue."""
    weights = rng.dirichlet([2.0, 1.0, 0.6])
    grey = cv2.transform(face, weights[None, :].astype(np.float32))
    if rng.random() < 0.3:
        mean = float(grey.mean())
        grey = cv2.convertScaleAbs(grey, alpha=0.6, beta=0.4 * mean)
    return np.asarray(cv2.merge([grey, grey, grey]), np.uint8)


def _light(rng: np.random.Generator, kit: Kit, face: Picture) -> None:
    height, width = face.shape[:2]
    light = np.ones((height, width), np.float32)
    if rng.random() < 0.5:
        ends = rng.uniform(0.65, 1.2, 4)
        light *= np.linspace(ends[0], ends[1], width, dtype=np.float32)[None, :]
        light *= np.linspace(ends[2], ends[3], height, dtype=np.float32)[:, None]
    if rng.random() < 0.25:  # the edge of a shadow crosses the plate
        points = rng.uniform(-0.5, 1.5, (2, 2)) * (width, height)
        normal = np.array([points[1, 1] - points[0, 1], points[0, 0] - points[1, 0]])
        normal /= max(float(np.hypot(*normal)), 1e-3)
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        side = (x - points[0, 0]) * normal[0] + (y - points[0, 1]) * normal[1]
        dark = rng.uniform(0.25, 0.8)
        light *= dark + (1 - dark) * np.clip(side / rng.uniform(1, 6), 0, 1)
    gain = float(np.exp(rng.normal(0.0, 0.18)))
    shaded(face, (light * gain).astype(np.float32))
    if rng.random() < 0.1:  # glare
        spot = kit.field(rng, (height, width), 1.0)
        glow = cv2.convertScaleAbs(np.maximum(spot, 140) - 140, alpha=3)
        face[:] = cv2.add(face, cv2.merge([glow] * 3))


def _frame(rng: np.random.Generator, kit: Kit, sheet: Sheet, height: int) -> None:
    thick = rng.random() < 0.35  # a dealer's frame, with room for words
    out = rng.uniform(0.025, 0.09) if thick else rng.uniform(0.012, 0.055)
    most = 0.15 if thick else 0.07
    below = rng.choice([0.0, rng.uniform(0.01, most)])
    above = rng.choice([0.0, 0.0, rng.uniform(0.01, most)])
    style = rng.random()
    if style < 0.6:
        shine = rng.uniform(5, 60)
    elif style < 0.9:
        shine = rng.uniform(120, 250)
    else:
        shine = rng.uniform(60, 120)
    tint = np.ones(3)
    if rng.random() < 0.25:
        tint = (
            rng.uniform(0.8, 1.2, 3) if rng.random() < 0.6 else rng.uniform(0.2, 1.6, 3)
        )
    colour = shine * tint
    shape = (*sheet.cover.shape,)
    left, top, right, bottom = _span(sheet, out, height, float(below))
    box = (left, top - above * sheet.unit_px, right, bottom)
    mask = rounded(shape, box, rng.uniform(0.01, 0.06) * sheet.unit_px)
    blend(sheet.paint, mask, tuple(colour))
    np.maximum(sheet.cover, mask, out=sheet.cover)
    if style >= 0.6:  # chrome: a bright and a dark line
        inner = rounded(shape, _span(sheet, out / 2, height, below / 2), 2)
        dark = rng.uniform(0.4, 1.3) * colour
        blend(sheet.paint, inner, tuple(dark))
    ink = 235.0 if shine < 128 else 20.0
    for share, bar in (
        (below, (left, bottom - (below + out) * sheet.unit_px * 0.9, right, bottom)),
        (above, (left, box[1], right, box[1] + (above + out) * sheet.unit_px * 0.9)),
    ):
        if share > 0.02 and rng.random() < 0.8:
            _line(sheet.paint, kit.stamp(rng, "dealer", "words"), bar, ink)


def _line(
    paint: Picture,
    stamp: Picture,
    box: tuple[float, float, float, float],
    ink: float,
) -> None:
    left, top, right, bottom = (round(value) for value in box)
    high = bottom - top
    wide = min(round(stamp.shape[1] * high / stamp.shape[0]), right - left)
    x = (left + right - wide) // 2
    room = paint[max(top, 0) : max(bottom, 0), max(x, 0) : max(x + wide, 0)]
    if high < 2 or wide < 2 or room.shape[:2] != (high, wide):
        return
    mask = np.asarray(cv2.resize(stamp, (wide, high), interpolation=cv2.INTER_AREA))
    blend(room, mask.astype(np.uint8), (ink, ink, ink))


def _drop_shadow(rng: np.random.Generator, sheet: Sheet, height: int) -> None:
    left, top, right, bottom = _span(sheet, rng.uniform(0, 0.03), height, 0.0)
    move_x, move_y = rng.uniform(-0.03, 0.03), rng.uniform(-0.01, 0.06)
    shift_x, shift_y = move_x * sheet.unit_px, move_y * sheet.unit_px
    box = (left + shift_x, top + shift_y, right + shift_x, bottom + shift_y)
    shape = (*sheet.cover.shape,)
    mask = rounded(shape, box, 0.02 * sheet.unit_px)
    around = int(0.015 * sheet.unit_px) * 2 + 1
    mask = np.asarray(cv2.blur(mask, (around, around)), np.uint8)
    mask = (mask * rng.uniform(0.3, 0.9)).astype(np.uint8)
    blend(sheet.paint, mask, (8, 8, 10))
    np.maximum(sheet.cover, mask, out=sheet.cover)


def _mount(rng: np.random.Generator, sheet: Sheet, face: Picture) -> None:
    height, width = face.shape[:2]
    x, y = (round(value) for value in sheet.origin)
    edge = rounded(
        (height, width), (0, 0, width, height), rng.uniform(0.015, 0.045) * width
    )
    room = sheet.paint[y : y + height, x : x + width]
    kept = cv2.multiply(room, 255 - cv2.merge([edge] * 3), scale=1 / 255)
    room[:] = cv2.add(kept, cv2.multiply(face, cv2.merge([edge] * 3), scale=1 / 255))
    cover = sheet.cover[y : y + height, x : x + width]
    np.maximum(cover, edge, out=cover)


def _lip(rng: np.random.Generator, sheet: Sheet, height: int) -> None:
    """Let the frame reach over the plate's rim; its paint is what lies just outside."""
    x, y = (round(value) for value in sheet.origin)
    width = round(sheet.unit_px)
    paint = sheet.paint
    for share, rows in (
        (_reach(rng), (y - 1, y, 1)),
        (_reach(rng), (y + height, y + height - 1, -1)),
    ):
        outside, first, step = rows
        thick = round(share * sheet.unit_px)
        if 0 <= outside < len(paint):
            for place in range(thick):
                paint[first + step * place, x : x + width] = paint[
                    outside, x : x + width
                ]
    side = round(rng.uniform(0, 0.02) * sheet.unit_px)
    if side and x >= 1 and x + width < paint.shape[1]:
        paint[y : y + height, x : x + side] = paint[y : y + height, x - 1 : x]
        far = paint[y : y + height, x + width : x + width + 1]
        paint[y : y + height, x + width - side : x + width] = far


def _reach(rng: np.random.Generator) -> float:
    """How far a frame's upper or lower bar reaches over the plate; seldom far."""
    return float(rng.uniform(0, 0.045) if rng.random() < 0.85 else rng.uniform(0, 0.09))


def _over_the_edge(rng: np.random.Generator, sheet: Sheet, height: int) -> None:
    """Hide a little of the plate: a hitch, a bicycle rack, a bumper's edge."""
    x, y = sheet.origin
    unit = sheet.unit_px
    shine = rng.uniform(5, 70)
    if rng.random() < 0.5:
        middle, half = rng.uniform(0.1, 0.9), rng.uniform(0.02, 0.06)
        tall = rng.uniform(0.05, 0.25)
        box = (
            x + (middle - half) * unit, y + height - tall * height,
            x + (middle + half) * unit, y + height * 2,
        )  # fmt: skip
    else:
        box = (x - unit, y - unit, x + 2 * unit, y + rng.uniform(0.02, 0.14) * height)
        dark = rounded((*sheet.cover.shape,), box, 0)
        dark = (dark * rng.uniform(0.3, 0.8)).astype(np.uint8)
        blend(sheet.paint, dark, (5, 5, 8))
        return
    blend(sheet.paint, rounded((*sheet.cover.shape,), box, 3), (shine, shine, shine))
