"""Scenes for the detector: streets and close views with plates whose corners are known.

A scene is 256 x 256 pixels at the scale the detector looks at, where plates are about
20 to 115 pixels wide. The streets are photographs; the plates in them and the
vehicles around these are drawn, and so is much that looks like a plate and is none.
"""

from typing import Final

import attrs
import cv2
import numpy as np
from numpy.typing import NDArray

from training.canvas import (
    Corners,
    Picture,
    Sheet,
    corners_of,
    moved,
    new_sheet,
    put,
    random_pose,
)
from training.exposure import expose
from training.fixtures import fix_plate
from training.lookalikes import Box, overlap, put_clock, put_lookalike
from training.lots import paint_lot
from training.scene_kit import Kit
from training.street_photos import HEIGHT, WIDTH
from training.vehicles import WHOLE, draw_vehicle, letter, soft_edged

SIDE: Final = 256
GREY: Final = 114
"""What the detector is shown where its picture ends."""
_NARROWEST: Final = 20.0
_WIDEST: Final = 118.0
_KEPT: Final = (17.0, 140.0)
"""Widths, in pixels, between which a plate counts; others are neither right nor wrong."""
_IN_SIGHT: Final = 0.67
"""Share of a plate that must be in the picture for it to count."""
_FAINT: Final = 4.5
"""Deviation of a plate's brightness, of 255, below which nobody could find it."""
_UPRIGHT_WEIGHT: Final = 0.15
"""How much the corners of an upright box are worth beside true corners."""


@attrs.frozen(kw_only=True, eq=False)
class Mark:
    """A plate in a scene.

    Attributes:
        corners: float32, shape (4, 2), in pixels; may lie outside the picture.
        weight: how much the corners are to be trusted, from 0 to 1.
        ignored: whether finding it is neither right nor wrong.
    """

    corners: Corners
    weight: float
    ignored: bool


@attrs.frozen(kw_only=True, eq=False)
class Scene:
    """A picture, uint8, shape (256, 256, 3), RGB, and the plates in it."""

    picture: Picture
    marks: tuple[Mark, ...]


def make_scene(rng: np.random.Generator, kit: Kit) -> Scene:
    """Make a scene; the same generator and kit make the same scene."""
    kind = rng.random()
    if kind < 0.52:
        return _street(rng, kit, crowded=kind > 0.43)
    if kind < 0.72:
        return _yard(rng, kit)
    views = [_close_view(rng, kit) for _ in range(2)]
    low = SIDE // 2
    marks = [*views[0].marks]
    for mark in views[1].marks:
        down = mark.corners + np.array([0, low], np.float32)
        marks.append(attrs.evolve(mark, corners=down))
    picture = np.concatenate([view.picture for view in views])
    return Scene(picture=picture, marks=tuple(marks))


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _box_of(corners: Corners) -> Box:
    low, high = corners.min(axis=0), corners.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _mark(corners: Corners, room: Box, *, weight: float = 1.0) -> Mark:
    """Decide whether a plate counts, by its size and by how much of it is in sight."""
    steps = np.linspace(0.06, 0.94, 8, dtype=np.float32)
    across, down = (part[..., None] for part in np.meshgrid(steps, steps))
    upper = corners[0] * (1 - across) + corners[1] * across
    lower = corners[3] * (1 - across) + corners[2] * across
    points = upper * (1 - down) + lower * down
    inside = (
        (points[..., 0] > room[0]) & (points[..., 0] < room[2])
        & (points[..., 1] > room[1]) & (points[..., 1] < room[3])
    )  # fmt: skip
    top = float(np.hypot(*(corners[1] - corners[0])))
    bottom = float(np.hypot(*(corners[2] - corners[3])))
    wide = (top + bottom) / 2
    counts = inside.mean() >= _IN_SIGHT and _KEPT[0] <= wide <= _KEPT[1]
    return Mark(corners=corners, weight=weight, ignored=not counts)


def _grey_outside(rng: np.random.Generator, picture: Picture, room: Box) -> None:
    left, top, right, bottom = (round(value) for value in room)
    grey = np.uint8(rng.integers(90, 142) if rng.random() < 0.3 else GREY)
    picture[: max(top, 0)] = grey
    picture[max(bottom, 0) :] = grey
    picture[:, : max(left, 0)] = grey
    picture[:, max(right, 0) :] = grey


def _plate_width(rng: np.random.Generator) -> float:
    """Plates are mostly far away."""
    widest = 36.0 if rng.random() < 0.25 else _WIDEST
    return _log_uniform(rng, _NARROWEST, widest)


def _relit(rng: np.random.Generator, sheet: Sheet, picture: Picture) -> None:
    """Bring a drawn thing near to the light of the photograph it goes into.

    The plate on it may throw more light back than it does, or lie in the dark.
    """
    around = float(np.mean(cv2.mean(picture)[:3]))
    gain = (max(around, 12.0) / 110) ** rng.uniform(0.2, 0.9)
    gain *= np.exp(rng.normal(0.05, 0.25))
    x, y = (max(round(value), 0) for value in sheet.origin)
    unit = round(sheet.unit_px)
    plate = sheet.paint[y : y + unit // 2, x : x + unit]
    its = gain * float(np.exp(rng.uniform(-0.9, 0.9))) if rng.random() < 0.3 else gain
    kept = cv2.convertScaleAbs(plate, alpha=float(its))
    sheet.paint[:] = cv2.convertScaleAbs(sheet.paint, alpha=float(gain))
    plate[:] = kept


def _plate_sheet(
    rng: np.random.Generator,
    kit: Kit,
    width: float,
    *,
    aspect: float,
    reach: Box | None,
) -> Sheet:
    """Draw a plate, on a vehicle that reaches as far as told or on nothing."""
    unit = max(width * rng.uniform(1.0, 1.4), 24.0)
    if reach is None:
        sheet = new_sheet((-0.15, -0.15, 1.15, 1 / aspect + 0.22), unit)
    else:
        sheet = draw_vehicle(rng, kit, unit, reach)
        if reach is not WHOLE and rng.random() < 0.8:
            sheet = soft_edged(rng, sheet)
    fix_plate(rng, kit, sheet, aspect)
    return sheet


def _aspect(rng: np.random.Generator) -> float:
    return float(rng.uniform(1.9, 2.1))


def _street(rng: np.random.Generator, kit: Kit, *, crowded: bool) -> Scene:
    """A part of a photograph, its plates replaced, painted over or left as they are."""
    chosen = int(rng.choice(kit.allowed))
    picture, room, boxes = _cut(rng, kit, chosen)
    marks: list[Mark] = []
    for box in boxes:
        fate = rng.random()
        narrow = box[2] - box[0] < _KEPT[0] or box[2] - box[0] > _KEPT[1] * 1.2
        if narrow or fate > (0.4 if crowded else 0.8):
            corners = np.array(
                [
                    [box[0], box[1]],
                    [box[2], box[1]],
                    [box[2], box[3]],
                    [box[0], box[3]],
                ],
                np.float32,
            )
            marks.append(_mark(corners, room, weight=_UPRIGHT_WEIGHT))
            continue
        _paint_over(rng, picture, box)
        if fate < (0.15 if crowded else 0.7):
            marks.append(_replace(rng, kit, picture, box, room))
    taken = [_box_of(mark.corners) for mark in marks]
    for _ in range(int(rng.poisson(3.5 if crowded else 1.2))):
        put_lookalike(rng, kit, picture, taken)
    if rng.random() < (0.15 if crowded else 0.55):
        added = _add(rng, kit, picture, room, taken)
        if added is not None:
            marks.append(added)
            taken.append(_box_of(added.corners))
    picture = expose(rng, kit, picture)
    seen = _visible(picture, marks)
    if rng.random() < 0.15:
        _burn_in(rng, kit, picture, room, taken)
    _grey_outside(rng, picture, room)
    return Scene(picture=picture, marks=seen)


def _burn_in(
    rng: np.random.Generator, kit: Kit, picture: Picture, room: Box, taken: list[Box]
) -> None:
    before = picture.copy()
    box = put_clock(rng, kit, picture, room)
    if any(overlap(box, other) for other in taken):
        picture[:] = before


def _cut(
    rng: np.random.Generator, kit: Kit, chosen: int
) -> tuple[Picture, Box, list[Box]]:
    """Cut a square out of a photograph at a scale at which its plates are right."""
    known = kit.photographs.boxes[chosen]
    if len(known) and rng.random() < 0.7:
        x, y, wide, high = known[int(rng.integers(len(known)))]
        scale = _plate_width(rng) / (wide * rng.uniform(0.6, 1.1))
        scale = float(np.clip(scale, 0.2, 1.6))
        window = SIDE / scale
        left = x + wide / 2 - rng.uniform(0.12, 0.88) * window
        top = y + high / 2 - rng.uniform(0.12, 0.88) * window
    else:
        scale = _log_uniform(rng, 0.22, 1.2)
        window = SIDE / scale
        left = rng.uniform(min(0, WIDTH - window), max(0, WIDTH - window))
        top = rng.uniform(min(0, HEIGHT - window), max(0, HEIGHT - window))
    if rng.random() < 0.85:  # stay inside the photograph where that is possible
        left = float(np.clip(left, min(0, WIDTH - window), max(0, WIDTH - window)))
        top = float(np.clip(top, min(0, HEIGHT - window), max(0, HEIGHT - window)))
    low_x, low_y = max(int(left), 0), max(int(top), 0)
    high_x, high_y = min(int(left + window), WIDTH), min(int(top + window), HEIGHT)
    half = 2 if scale < 0.5 else 1
    stock = kit.photographs.halves if half > 1 else kit.photographs.pictures
    rows = slice(low_y // half, max(high_y // half, low_y // half + 1))
    columns = slice(low_x // half, max(high_x // half, low_x // half + 1))
    part = stock[chosen, rows, columns]
    size = (
        max(min(round((high_x - low_x) * scale), SIDE), 1),
        max(min(round((high_y - low_y) * scale), SIDE), 1),
    )
    part = np.asarray(cv2.resize(np.asarray(part), size), np.uint8)
    x = int(np.clip(round((low_x - left) * scale), 0, SIDE - size[0]))
    y = int(np.clip(round((low_y - top) * scale), 0, SIDE - size[1]))
    picture = np.full((SIDE, SIDE, 3), 90, np.uint8)
    mirror = rng.random() < 0.5
    picture[y : y + size[1], x : x + size[0]] = part
    boxes = []
    for left_px, top_px, wide, high in known:
        left_here = (float(left_px) - low_x) * scale + x
        top_here = (float(top_px) - low_y) * scale + y
        boxes.append(
            (left_here, top_here, left_here + wide * scale, top_here + high * scale)
        )
    room = (float(x), float(y), float(x + size[0]), float(y + size[1]))
    if mirror:
        picture = np.ascontiguousarray(picture[:, ::-1])
        room = (SIDE - room[2], room[1], SIDE - room[0], room[3])
        boxes = [(SIDE - box[2], box[1], SIDE - box[0], box[3]) for box in boxes]
    seen = [box for box in boxes if overlap(box, room, gap=0.0)]
    return picture, room, seen


def _paint_over(rng: np.random.Generator, picture: Picture, box: Box) -> None:
    """Paint a plate over, in place, with what is above and below it."""
    wide, high = box[2] - box[0], box[3] - box[1]
    left, right = int(max(box[0] - 0.1 * wide, 0)), int(min(box[2] + 0.1 * wide, SIDE))
    top, bottom = int(box[1] - 0.3 * high) - 1, int(box[3] + 0.3 * high) + 2
    first, last = max(top, 0), min(bottom, SIDE)
    if right - left < 2 or last - first < 2:
        return
    above = picture[max(first - 1, 0), left:right].astype(np.float32)
    below = picture[min(last, SIDE - 1), left:right].astype(np.float32)
    share = np.linspace(0, 1, last - first, dtype=np.float32)[:, None, None]
    filled = above[None] * (1 - share) + below[None] * share
    filled = cv2.blur(filled, (5, 1)) + rng.normal(0, 2, (*filled.shape[:2], 1))
    picture[first:last, left:right] = np.clip(filled, 0, 255).astype(np.uint8)


def _replace(
    rng: np.random.Generator, kit: Kit, picture: Picture, box: Box, room: Box
) -> Mark:
    """Put a drawn plate where another was."""
    width = (box[2] - box[0]) * rng.uniform(0.6, 1.1)
    aspect = _aspect(rng)
    pose = random_pose(rng, width, aspect=aspect, calm=0.7)
    middle_x, middle_y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    pose = moved(pose, middle_x, middle_y + rng.uniform(-0.1, 0.1) * width)
    reach = None
    if rng.random() < 0.5:
        side, up, down = rng.uniform(0.05, 0.5, 3)
        reach = (-side, -up * 0.6, 1 + side, 0.6 + down * 0.6)
    sheet = _plate_sheet(rng, kit, width, aspect=aspect, reach=reach)
    _relit(rng, sheet, picture)
    put(picture, sheet, pose)
    return _mark(corners_of(pose, aspect=aspect), room)


def _add(
    rng: np.random.Generator, kit: Kit, picture: Picture, room: Box, taken: list[Box]
) -> Mark | None:
    """Put a plate on a drawn vehicle into a picture, clear of what is taken."""
    width = _plate_width(rng)
    aspect = _aspect(rng)
    whole = rng.random() < 0.35
    pose = random_pose(rng, width, aspect=aspect, calm=0.7 if whole else 1.0)
    left, right = rng.uniform(0.05, 2.2, 2)
    reach = (-left, -rng.uniform(0.05, 1.6), 1 + right, rng.uniform(0.6, 1.7))
    if whole:
        reach = WHOLE
    for _ in range(8):
        x, y = rng.uniform(room[0], room[2]), rng.uniform(room[1], room[3])
        box = (
            x + (reach[0] - 0.5) * width, y + (reach[1] - 0.25) * width,
            x + (reach[2] - 0.5) * width, y + (reach[3] - 0.25) * width,
        )  # fmt: skip
        if not any(overlap(box, other) for other in taken):
            sheet = _plate_sheet(rng, kit, width, aspect=aspect, reach=reach)
            _relit(rng, sheet, picture)
            here = moved(pose, x, y)
            put(picture, sheet, here)
            return _mark(corners_of(here, aspect=aspect), room)
    return None


def _yard(rng: np.random.Generator, kit: Kit) -> Scene:
    """A painted place with things in it, and often a plate."""
    picture = paint_lot(rng, kit, SIDE)
    room = (0.0, 0.0, float(SIDE), float(SIDE))
    taken: list[Box] = []
    marks: list[Mark] = []
    for _ in range(int(rng.choice([0, 1, 1, 2]))):
        added = _add(rng, kit, picture, room, taken)
        if added is not None:
            marks.append(added)
            taken.append(_box_of(added.corners))
    for _ in range(int(rng.integers(1, 6))):
        put_lookalike(rng, kit, picture, taken)
    picture = expose(rng, kit, picture)
    seen = _visible(picture, marks)
    if rng.random() < 0.3:
        _burn_in(rng, kit, picture, room, taken)
    return Scene(picture=picture, marks=seen)


def _close_view(rng: np.random.Generator, kit: Kit) -> Scene:
    """Half a scene (128 x 256): a picture that a plate nearly fills, with grey around."""
    high, wide = SIDE // 2, SIDE
    width = _log_uniform(rng, 34, _WIDEST)
    aspect = _aspect(rng)
    pose = random_pose(rng, width, aspect=aspect, calm=0.6)
    corners = corners_of(pose, aspect=aspect)
    x = rng.uniform(0.3, 0.7) * wide
    y = high / 2 + rng.uniform(-0.5, 0.5) * max(high - width / 2 - 8, 4)
    pose = moved(pose, x, y)
    corners = corners_of(pose, aspect=aspect)
    tight = rng.random() < 0.5
    margin = rng.uniform(-0.02, 0.12, 4) if tight else rng.uniform(0.05, 1.5, 4)
    box = _box_of(corners)
    room = (
        float(max(round(box[0] - margin[0] * width), 0)),
        float(max(round(box[1] - margin[1] * width), 0)),
        float(min(round(box[2] + margin[2] * width), wide)),
        float(min(round(box[3] + margin[3] * width), high)),
    )
    reach_x, reach_y = wide * 0.8 / width + 0.3, high * 0.9 / width + 0.3
    reach = (-reach_x, -reach_y, 1 + reach_x, 0.5 + reach_y)
    picture = np.full((high, wide, 3), int(rng.integers(30, 200)), np.uint8)
    empty = rng.random() < 0.12
    unit = max(width * rng.uniform(1.0, 1.3), 24.0)
    sheet = draw_vehicle(rng, kit, unit, reach)
    if not empty:
        fix_plate(rng, kit, sheet, aspect)
    else:
        letter(rng, kit, sheet)
    put(picture, sheet, pose)
    picture = expose(rng, kit, picture)
    if rng.random() < 0.15:
        room = (0.0, 0.0, float(wide), float(high))
    marks = () if empty else _visible(picture, [_mark(corners, room)])
    _grey_outside(rng, picture, room)
    return Scene(picture=picture, marks=marks)


def _visible(picture: Picture, marks: list[Mark]) -> tuple[Mark, ...]:
    """Let a plate not count that the light or the dark has swallowed."""
    height, width = picture.shape[:2]
    seen = []
    for mark in marks:
        left, top, right, bottom = (int(value) for value in _box_of(mark.corners))
        part = picture[
            max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)
        ]
        # Noise of single pixels shows nobody a plate.
        faint = part.size == 0 or np.std(cv2.blur(part[..., 1], (3, 3))) < _FAINT
        seen.append(attrs.evolve(mark, ignored=mark.ignored or bool(faint)))
    return tuple(seen)


@attrs.frozen(kw_only=True, eq=False)
class Targets:
    """What the network is to answer for a scene, in cells of 8 x 8 pixels.

    Attributes:
        heat: float32, shape (32, 32); 1 where a plate's centre lies, less around it.
        offsets: float32, shape (8, 32, 32): corners from the cell's centre in pixels.
        weights: float32, shape (32, 32): how much the offsets count, over the width.
        counted: float32, shape (32, 32); 0 where any answer will do.
    """

    heat: NDArray[np.float32]
    offsets: NDArray[np.float32]
    weights: NDArray[np.float32]
    counted: NDArray[np.float32]


def targets_of(marks: tuple[Mark, ...], *, side: int = SIDE, cell: int = 8) -> Targets:
    """Work out what the network is to answer for the plates of a scene."""
    count = side // cell
    heat = np.zeros((count, count), np.float32)
    offsets = np.zeros((8, count, count), np.float32)
    weights = np.zeros((count, count), np.float32)
    counted = np.ones((count, count), np.float32)
    at = (np.arange(count, dtype=np.float32) + 0.5) * cell
    for mark in marks:
        left, top, right, bottom = _box_of(mark.corners)
        if mark.ignored:
            rows = (at > top - cell) & (at < bottom + cell)
            columns = (at > left - cell) & (at < right + cell)
            counted[np.ix_(rows, columns)] = 0
    for mark in marks:
        if mark.ignored:
            continue
        middle = centre_of(mark.corners)
        column, row = (int(value) for value in np.clip(middle // cell, 0, count - 1))
        left, top, right, bottom = _box_of(mark.corners)
        wide, high = right - left, bottom - top
        away_x, away_y = at - at[column], at - at[row]
        spread_x, spread_y = max(wide * 0.07, 4.0), max(high * 0.09, 4.0)
        glow = np.exp(
            -0.5
            * ((away_x[None, :] / spread_x) ** 2 + (away_y[:, None] / spread_y) ** 2)
        )
        np.maximum(heat, glow, out=heat)
        counted[row, column] = 1
        near = (np.abs(at - middle[0])[None, :] < wide / 6) & (
            np.abs(at - middle[1])[:, None] < high / 6
        )
        near[row, column] = True
        at_rows, at_columns = np.nonzero(near)
        flat = mark.corners.reshape(8)
        offsets[0::2, at_rows, at_columns] = flat[0::2, None] - at[at_columns][None]
        offsets[1::2, at_rows, at_columns] = flat[1::2, None] - at[at_rows][None]
        weights[at_rows, at_columns] = mark.weight / max(wide, 1.0)
    return Targets(heat=heat, offsets=offsets, weights=weights, counted=counted)


def centre_of(corners: Corners) -> NDArray[np.float32]:
    """Where the diagonals of a plate cross: its centre as it is seen."""
    first, second, third, fourth = corners.astype(np.float64)
    one, two = third - first, fourth - second
    cross = one[0] * two[1] - one[1] * two[0]
    if abs(cross) < 1e-6:  # no area at all
        return np.asarray(corners.mean(axis=0), np.float32)
    gap = second - first
    share = (gap[0] * two[1] - gap[1] * two[0]) / cross
    return np.asarray(first + share * one, np.float32)
