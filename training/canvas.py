"""Flat things drawn in a plane of their own and put into a picture in perspective."""

from typing import Final

import attrs
import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""Shape (height, width, 3), RGB."""
Corners = NDArray[np.float32]
"""Shape (4, 2): x, y of top left, top right, bottom right, bottom left."""

_FULL: Final = 255


@attrs.frozen(kw_only=True, eq=False)
class Sheet:
    """A flat drawing; its unit is the width of the plate (or of the thing) on it.

    Attributes:
        paint: RGB.
        cover: uint8, shape (height, width): how much of what lies behind is hidden.
        unit_px: pixels per unit.
        origin: where the unit's origin (the plate's top left) lies, in pixels.
    """

    paint: Picture
    cover: NDArray[np.uint8]
    unit_px: float
    origin: tuple[float, float]


def new_sheet(
    box: tuple[float, float, float, float], unit_px: float, *, cover: int = 0
) -> Sheet:
    """Make an empty sheet over a box (left, top, right, bottom) in units."""
    left, top, right, bottom = (value * unit_px for value in box)
    height, width = max(round(bottom - top), 2), max(round(right - left), 2)
    return Sheet(
        paint=np.zeros((height, width, 3), np.uint8),
        cover=np.full((height, width), cover, np.uint8),
        unit_px=unit_px,
        origin=(-left, -top),
    )


def random_pose(
    rng: np.random.Generator, width_px: float, *, aspect: float = 2.0, calm: float = 1.0
) -> NDArray[np.float64]:
    """Look at a flat thing from somewhere.

    Args:
        rng: where the angles come from.
        width_px: width it would have seen straight on.
        aspect: its width over its height.
        calm: below 1 the angles become smaller.

    Returns:
        A homography, shape (3, 3), from units (x from 0 to 1, y from 0 to 1 / aspect)
        to pixels around the thing's middle.
    """
    steep = 1.7 if rng.random() < 0.25 else 1.0
    yaw = np.deg2rad(np.clip(rng.normal(0, 20 * calm * steep), -58, 58))
    pitch = np.deg2rad(np.clip(rng.normal(6, 10) * calm * steep, -22, 40))
    roll = np.deg2rad(np.clip(rng.normal(0, 4.5) * calm * steep, -20, 20))
    away = float(np.exp(rng.uniform(np.log(4), np.log(30))))
    turn = cv2.Rodrigues(np.array([0.0, yaw, 0.0]))[0]
    turn = cv2.Rodrigues(np.array([pitch, 0.0, 0.0]))[0] @ turn
    turn = cv2.Rodrigues(np.array([0.0, 0.0, roll]))[0] @ turn
    flat = np.array([[1, 0, -0.5], [0, 1, -0.5 / aspect], [0, 0, 0]], np.float64)
    placed = turn @ flat
    placed[2] += np.array([0.0, 0.0, away])
    camera = np.diag([width_px * away, width_px * away, 1.0])
    return np.asarray(camera @ placed, np.float64)


def moved(pose: NDArray[np.float64], x: float, y: float) -> NDArray[np.float64]:
    """Shift a homography by pixels."""
    shift = np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)
    return np.asarray(shift @ pose, np.float64)


def corners_of(pose: NDArray[np.float64], *, aspect: float = 2.0) -> Corners:
    """Where the four corners of the unit rectangle come to lie."""
    low = 1 / aspect
    unit = np.array([[0, 0, 1], [1, 0, 1], [1, low, 1], [0, low, 1]], np.float64)
    seen = unit @ pose.T
    return np.asarray(seen[:, :2] / seen[:, 2:], np.float32)


def put(picture: Picture, sheet: Sheet, pose: NDArray[np.float64]) -> None:
    """Blend a sheet into a picture, in place, seen in a pose."""
    origin_x, origin_y = sheet.origin
    to_units = np.array(
        [
            [1 / sheet.unit_px, 0, -origin_x / sheet.unit_px],
            [0, 1 / sheet.unit_px, -origin_y / sheet.unit_px],
            [0, 0, 1],
        ],
        np.float64,
    )
    whole = pose @ to_units
    height, width = sheet.cover.shape
    rim = np.array(
        [[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], np.float64
    )
    seen = rim @ whole.T
    if seen[:, 2].min() <= 0:
        return
    points = seen[:, :2] / seen[:, 2:]
    low = np.maximum(np.floor(points.min(axis=0)).astype(int) - 1, 0)
    high = np.minimum(
        np.ceil(points.max(axis=0)).astype(int) + 2,
        np.array([picture.shape[1], picture.shape[0]]),
    )
    if np.any(high - low < 1):
        return
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    here = moved(whole, -float(low[0]), -float(low[1]))
    # The middle of pixel 0 lies at 0.5 in our coordinates and at 0 in OpenCV's.
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]], np.float64)
    here = np.linalg.inv(half) @ here @ half
    cover = cv2.merge([sheet.cover] * 3)
    ink = cv2.multiply(sheet.paint, cover, scale=1 / _FULL)
    ink = cv2.warpPerspective(ink, here, size, flags=cv2.INTER_LINEAR)
    cover = cv2.warpPerspective(cover, here, size, flags=cv2.INTER_LINEAR)
    under = picture[low[1] : high[1], low[0] : high[0]]
    kept = cv2.multiply(under, _FULL - cover, scale=1 / _FULL)
    picture[low[1] : high[1], low[0] : high[0]] = cv2.add(kept, ink)


def rounded(
    shape: tuple[int, int],
    box: tuple[float, float, float, float],
    radius: float,
) -> NDArray[np.uint8]:
    """Draw a filled rectangle with round corners; 255 inside, soft at the edge.

    Args:
        shape: height and width of the mask.
        box: left, top, right, bottom in pixels.
        radius: of the corners, in pixels.
    """
    mask = np.zeros(shape, np.uint8)
    left, top, right, bottom = box
    radius = max(min(radius, (right - left) / 2, (bottom - top) / 2), 0.0)
    turns = np.linspace(0, np.pi / 2, 5)
    arcs = []
    for place, (x, y) in enumerate(
        [
            (right - radius, bottom - radius),
            (left + radius, bottom - radius),
            (left + radius, top + radius),
            (right - radius, top + radius),
        ]
    ):
        angle = turns + place * np.pi / 2
        arcs.append(np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)]))
    points = np.concatenate(arcs, axis=1).T - 0.5
    fixed = np.round(points * 16).astype(np.int32)
    cv2.fillPoly(mask, [fixed], (_FULL,), cv2.LINE_AA, 4)
    return mask


def blend(paint: Picture, mask: NDArray[np.uint8], colour: tuple[float, ...]) -> None:
    """Lay a colour over a drawing, in place, where a mask says."""
    x, y, width, height = cv2.boundingRect(mask)
    if not width:
        return
    room = paint[y : y + height, x : x + width]
    cover = cv2.merge([mask[y : y + height, x : x + width]] * 3)
    kept = cv2.multiply(room, _FULL - cover, scale=1 / _FULL)
    flat = [min(max(float(value), 0.0), 255.0) for value in colour]
    ink = cv2.multiply(cover, np.array([*flat, 0.0]), scale=1 / _FULL)
    room[:] = cv2.add(kept, ink)


def shaded(
    paint: Picture, factor: NDArray[np.float32] | NDArray[np.uint8], scale: float = 1.0
) -> None:
    """Multiply a drawing by a field of its size, in place."""
    paint[:] = cv2.multiply(
        paint, cv2.merge([factor] * 3), scale=scale, dtype=cv2.CV_8U
    )
