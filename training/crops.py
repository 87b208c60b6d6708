"""Samples for the reader: a plate as a camera saw it, cut out as the engine cuts it."""

from collections.abc import Callable
from typing import Final, TypeAlias

import attrs
import cv2
import numpy as np
import numpy.typing as npt

from training.art import HEIGHT, WIDTH
from training.lettering import shrunk
from training.plates import Plate
from training.wear import Picture, degrade, framed, smooth_noise, soil

ROWS: Final = 64
COLUMNS: Final = 144
MARGIN: Final = 0.08
"""The plate's corners lie so far inside the reader's input, of its sides."""

_BORDER: Final = 28
"""Of what surrounds a plate at once, in pixels of the flat face."""

_ON_FACE: Final = np.array(
    [[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float64
)

Homography = npt.NDArray[np.float64]
Weather: TypeAlias = Callable[[np.random.Generator, Picture, float], Picture]


@attrs.frozen(kw_only=True, eq=False)
class Sample:
    """What the reader sees, and what it should say.

    Attributes:
        picture: rows x columns x 3, RGB.
        text: characters in reading order.
        boxes: of each: left, top, right, bottom, pixels of the picture.
        state: two letters or `other`.
        width: of the plate in the camera's picture, pixels.
    """

    picture: Picture
    text: str
    boxes: npt.NDArray[np.float32]
    state: str
    width: float


def inner_corners(columns: int = COLUMNS, rows: int = ROWS) -> npt.NDArray[np.float32]:
    """Where a plate's corners come to lie: TL, TR, BR, BL."""
    left, right = MARGIN * columns, (1 - MARGIN) * columns
    top, bottom = MARGIN * rows, (1 - MARGIN) * rows
    return np.array(
        [[left, top], [right, top], [right, bottom], [left, bottom]], np.float32
    )


def plate_corners(
    rng: np.random.Generator, width: float, *, steep: float = 1.0
) -> npt.NDArray[np.float64]:
    """Corners of a plate seen from somewhere, about `width` wide, around the origin."""
    yaw = np.clip(rng.normal(0, 20 * steep), -55, 55)
    pitch = np.clip(rng.normal(0, 12 * steep), -40, 40)
    roll = np.clip(rng.normal(0, 5 * steep), -20, 20)
    a, b, c = np.radians([yaw, pitch, roll])
    flat = np.array([[-1, -0.5, 0], [1, -0.5, 0], [1, 0.5, 0], [-1, 0.5, 0]]) / 2
    turn_y = np.array(
        [[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]]
    )
    turn_x = np.array(
        [[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]]
    )
    turn_z = np.array(
        [[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]]
    )
    space = flat @ (turn_z @ turn_x @ turn_y).T
    away = rng.uniform(3, 14)
    seen = space[:, :2] * (away / (away + space[:, 2:]))
    return np.asarray(seen * width, np.float64)


@attrs.frozen(kw_only=True, eq=False)
class View:
    """A plate in a camera's picture.

    Attributes:
        picture: rows x columns x 3, RGB.
        corners: of the plate in it, TL, TR, BR, BL.
        width: of the plate in it, pixels.
    """

    picture: Picture
    corners: npt.NDArray[np.float64]
    width: float


def some_width(rng: np.random.Generator) -> float:
    """Of a plate in a picture, pixels: seven in ten are as small as on the street."""
    low, high = (52, 165) if rng.random() < 0.7 else (150, 300)
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def view(
    rng: np.random.Generator,
    plate: Plate,
    *,
    width: float,
    size: tuple[int, int] | None = None,
    weather: Weather = degrade,
) -> View:
    """A plate as a camera sees it, worn, framed, turned, lit and filed.

    Args:
        rng: chance.
        plate: to show.
        width: about as wide as this, pixels.
        size: columns and rows of the picture; None for little more than the plate.
        weather: what lens, sensor and file make of a picture with a plate that wide.
    """
    face = framed(rng, plate.face, _BORDER)
    # Shrunk to about its size in the picture first, or the warp would alias.
    scale = min(1.0, width * 1.25 / WIDTH)
    if scale < 1:
        face = shrunk(
            face, (round(face.shape[1] * scale), round(face.shape[0] * scale))
        )
    face = soil(rng, face)
    corners = plate_corners(rng, width, steep=0.9)
    size = size or (int(width * 1.42) + 8, int(width * 0.95) + 8)
    corners += np.array(size) / 2 + rng.normal(0, 1, 2)
    flat = (_ON_FACE + _BORDER) * (
        np.array(face.shape[1::-1]) / (WIDTH + 2 * _BORDER, HEIGHT + 2 * _BORDER)
    )
    canvas = _surroundings(rng, *size)
    cv2.warpPerspective(
        face,
        _homography(flat, corners),
        size,
        dst=canvas,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_TRANSPARENT,
    )
    return View(picture=weather(rng, canvas, width), corners=corners, width=width)


def sample(
    rng: np.random.Generator,
    plate: Plate,
    *,
    size: tuple[int, int] = (COLUMNS, ROWS),
    widths: Callable[[np.random.Generator], float] = some_width,
    weather: Weather = degrade,
) -> Sample:
    """One look at a plate.

    Args:
        rng: chance.
        plate: to look at.
        size: columns and rows of what is seen.
        widths: how wide a plate is in the camera's picture, pixels.
        weather: as in `view`.
    """
    seen = view(rng, plate, width=widths(rng), weather=weather)
    to_input = _homography(_guessed(rng, seen.corners), inner_corners(*size))
    picture = cv2.warpPerspective(
        seen.picture,
        to_input,
        size,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    whole = to_input @ _homography(_ON_FACE, seen.corners)
    return Sample(
        picture=np.asarray(picture, np.uint8),
        text=plate.text,
        boxes=_boxes(plate, whole),
        state=plate.state,
        width=seen.width,
    )


def _guessed(
    rng: np.random.Generator, corners: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Corners as a detector finds them: not quite right, and sometimes an upright box."""
    width = float(np.hypot(*(corners[1] - corners[0])))
    guess = corners
    kind = rng.random()
    if kind < 0.1:
        left, top = corners.min(axis=0)
        right, bottom = corners.max(axis=0)
        guess = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    middle = guess.mean(axis=0)
    spread = 0.05 if kind < 0.85 else 0.1
    guess = middle + (guess - middle) * np.exp(rng.normal(0.01, spread, 2) * 0.8)
    guess = guess + rng.normal(0, 0.018, 2) * width
    return np.asarray(guess + rng.normal(0, 0.014, (4, 2)) * width, np.float64)


def _homography(
    here: npt.NDArray[np.float32 | np.float64],
    there: npt.NDArray[np.float32 | np.float64],
) -> Homography:
    return np.asarray(
        cv2.getPerspectiveTransform(here.astype(np.float32), there.astype(np.float32)),
        np.float64,
    )


def _boxes(plate: Plate, whole: Homography) -> npt.NDArray[np.float32]:
    glyphs = np.array(plate.glyphs, np.float64).reshape(-1, 4)
    points = glyphs[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 1, 2)
    seen = cv2.perspectiveTransform(points, whole).reshape(-1, 4, 2)
    return np.concatenate([seen.min(axis=1), seen.max(axis=1)], axis=1).astype(
        np.float32
    )


def _surroundings(rng: np.random.Generator, columns: int, rows: int) -> Picture:
    """What is behind a plate: a bumper, a recess; only its light and texture matter."""
    base = np.clip(rng.choice([12, 40, 90, 150, 220]) + rng.normal(0, 18, 3), 0, 255)
    base = base.astype(np.float32)
    cloud = smooth_noise(rng, rows, columns, int(rng.choice([2, 3, 6, 20])))
    back = base * (1 + (cloud[:, :, None] - 0.5) * np.float32(rng.uniform(0, 1.4)))
    return np.asarray(np.clip(back, 0, 255), np.uint8)
