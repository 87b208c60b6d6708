"""What happens to a plate and to its picture: dirt, shadow, frame, lens, sensor, file.

Strengths are relative to the plate's width in the picture, so that a near plate can be
as unsharp as a far one.
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from training.art import Face
from training.lettering import WORDS, shrunk, some_words, word

Picture = npt.NDArray[np.uint8]
"""Height x width x 3, RGB."""

_QUALITY: Final = int(cv2.IMWRITE_JPEG_QUALITY)


def smooth_noise(
    rng: np.random.Generator, rows: int, columns: int, cells: int
) -> npt.NDArray[np.float32]:
    """Clouds between 0 and 1, about `cells` of them along the longer side."""
    coarse = rng.random((max(2, cells // 2), max(2, cells)), np.float32)
    return np.asarray(
        np.clip(
            cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_CUBIC), 0, 1
        ),
        np.float32,
    )


def soil(rng: np.random.Generator, face: Face) -> Face:
    """Dirt, a shadow across, a glare: what lies on the plate itself."""
    rows, columns = face.shape[:2]
    light = np.ones((rows, columns), np.float32)
    if rng.random() < 0.3:
        light *= 1 - rng.uniform(0.1, 0.45) * smooth_noise(
            rng, rows, columns, int(rng.choice([3, 4, 9, 16]))
        )
    if rng.random() < 0.4:
        # The edge of a bumper's shadow, or of a tree's, straight or leaning.
        angle, at = rng.normal(np.pi / 2, 0.25), rng.uniform(0.1, 0.9)
        y, x = _grid(rows, columns)
        side = (x / columns - 0.5) * np.cos(angle) + (y / rows - at) * np.sin(angle)
        edge = 1 / (1 + np.exp(np.clip(side * rng.choice([12, 40, 150]), -30, 30)))
        if rng.random() < 0.4:
            edge = 1 - edge
        light *= 1 - edge * rng.uniform(0.2, 0.65)
    soiled = face * light[:, :, None]
    if rng.random() < 0.06:
        mud = smooth_noise(rng, rows, columns, int(rng.choice([6, 14, 40])))
        cover = np.clip((mud - rng.uniform(0.55, 0.8)) * 6, 0, 0.9)[:, :, None]
        brown = np.array([90, 75, 60], np.float32) * np.float32(rng.uniform(0.4, 1.6))
        soiled = soiled * (1 - cover) + brown * cover
    if rng.random() < 0.12:
        y, x = _grid(rows, columns)
        away = ((x - rng.uniform(0, columns)) / (columns * rng.uniform(0.1, 0.5))) ** 2
        away = away + ((y - rng.uniform(0, rows)) / (rows * rng.uniform(0.2, 0.7))) ** 2
        soiled = (
            soiled
            + (rng.uniform(60, 190) * np.exp(-away)).astype(np.float32)[:, :, None]
        )
    return np.asarray(np.clip(soiled, 0, 255), np.uint8)


def _grid(
    rows: int, columns: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """A column of y and a row of x, to be broadcast."""
    return (
        np.arange(rows, dtype=np.float32)[:, None],
        np.arange(columns, dtype=np.float32)[None],
    )


def framed(rng: np.random.Generator, face: Face, margin: int) -> Face:
    """The plate with what surrounds it at once, `margin` pixels wider on each side.

    In half of the cases a frame, which may cover the words at the edges but never the
    serial.
    """
    shade = _shade(rng)
    rows, columns = (side + 2 * margin for side in face.shape[:2])
    wide = np.empty((rows, columns, 3), np.uint8)
    wide[:] = shade
    wide[margin:-margin, margin:-margin] = face
    kind = rng.random()
    if kind < 0.2:
        # Rounded corners: what is behind shows through.
        radius = int(rng.integers(6, 20))
        for x in (margin, columns - margin):
            for y in (margin, rows - margin):
                cv2.circle(wide, (x, y), radius // 2, shade, -1)
    if kind > 0.55:
        _frame(rng, wide, margin)
    return wide


def _frame(rng: np.random.Generator, wide: Face, margin: int) -> None:
    """A frame around the plate, with or without a dealer's name."""
    rows, columns = wide.shape[:2]
    colour = _shade(rng)
    out = margin - int(margin * rng.uniform(0.3, 0.95))
    top, bottom, left, right = (
        margin + int((rows - 2 * margin) * rng.uniform(-0.03, limit))
        for limit in (0.17, 0.16, 0.03, 0.03)
    )
    for x0, y0, x1, y1 in (
        (out, out, columns - out, top),
        (out, rows - bottom, columns - out, rows - out),
        (out, out, max(left, 1), rows - out),
        (columns - right, out, columns - out, rows - out),
    ):
        cv2.rectangle(wide, (x0, y0), (x1, y1), colour, -1)
    for high, low in ((out, top), (rows - bottom, rows - out)):
        if low - high > 16 and rng.random() < 0.6:
            _dealer(rng, wide, high, low, colour)


def _shade(rng: np.random.Generator) -> tuple[int, int, int]:
    level = float(rng.choice([15, 30, 60, 120, 190, 235]))
    tint = rng.normal(0, 30 if rng.random() < 0.4 else 6, 3)
    r, g, b = np.clip(level + tint, 0, 255)
    return int(r), int(g), int(b)


def _dealer(
    rng: np.random.Generator,
    wide: Face,
    top: int,
    bottom: int,
    colour: tuple[int, int, int],
) -> None:
    mask = word(some_words(rng), str(rng.choice(WORDS["sans"])), 14)
    height = max(6, int((bottom - top) * rng.uniform(0.5, 0.85)))
    width = int(min(mask.shape[1] * height / mask.shape[0], wide.shape[1] * 0.8))
    mask = shrunk(mask, (max(8, width), height))
    x = (wide.shape[1] - mask.shape[1]) // 2
    y = top + (bottom - top - height) // 2
    part = mask[:, :, None] / 255.0
    ink = 245.0 if sum(colour) < 380 else 15.0
    spot = wide[y : y + height, x : x + mask.shape[1]]
    part = part[: spot.shape[0], : spot.shape[1]]
    spot[:] = (spot * (1 - part) + ink * part).astype(np.uint8)


def degrade(rng: np.random.Generator, picture: Picture, width: float) -> Picture:
    """What lens, sensor and file make of a picture.

    Args:
        rng: chance.
        picture: height x width x 3, RGB, uint8.
        width: of the plate in it, pixels.
    """
    seen = picture
    # Most pictures are fair; a quarter are bad in several ways at once.
    bad = rng.random() < 0.24
    if rng.random() < (0.8 if bad else 0.45):
        sigma = rng.uniform(0.3, 1.1) + width * rng.uniform(0, 0.009 if bad else 0.004)
        seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), sigma), np.uint8)
    if rng.random() < (0.4 if bad else 0.12):
        seen = _moved(rng, seen, width * rng.uniform(0.01, 0.05))
    if rng.random() < 0.25:
        # Cheap cameras sharpen what they have blurred.
        soft = cv2.GaussianBlur(seen, (0, 0), rng.uniform(0.7, 2.2))
        much = rng.uniform(0.4, 2.2)
        sharp = cv2.addWeighted(seen, 1 + much, soft, -much, 0)
        seen = np.asarray(sharp, np.uint8)
    seen = _exposed(rng, seen)
    if rng.random() < 0.6:
        grain = np.float32(rng.uniform(1, 14 if bad else 6))
        shape = seen.shape if rng.random() < 0.3 else (*seen.shape[:2], 1)
        noise = (rng.standard_normal(shape, np.float32) * grain).astype(np.int16)
        seen = np.clip(seen + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.7:
        quality = int(rng.uniform(12, 60) if bad else rng.uniform(45, 95))
        _, packed = cv2.imencode(".jpg", seen, [_QUALITY, quality])
        seen = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    return np.asarray(seen, np.uint8)


def _exposed(rng: np.random.Generator, picture: Picture) -> Picture:
    """Light, contrast and colour; a third of the cameras see no colour."""
    gains, mix = rng.normal(1, 0.09, 3), np.eye(3)
    if rng.random() < 0.36:
        # Infrared is nearest to red; other monochrome sensors weigh all three.
        weights = rng.dirichlet([2.0, 2.5, 1.0])
        if rng.random() < 0.3:
            weights = np.array([0.85, 0.1, 0.05])
        mix = np.repeat(weights[None], 3, axis=0)
        gains[:] = 1
    elif rng.random() < 0.3:
        keep = rng.uniform(0.2, 1.6)
        mix = np.full((3, 3), (1 - keep) / 3) + np.eye(3) * keep
    picture = np.asarray(cv2.transform(picture, mix), np.uint8)
    level = np.arange(256) / 255
    level = 255 * level ** float(np.exp(rng.normal(0, 0.3)))
    kind = rng.random()
    if kind < 0.16:
        level = level * rng.uniform(0.15, 0.5)  # night, under-exposed
    elif kind < 0.23:
        level = level * rng.uniform(1.2, 1.7)  # burnt out
    elif kind < 0.34:
        level = rng.uniform(20, 120) + level * rng.uniform(0.2, 0.6)  # haze
    else:
        level = level * rng.uniform(0.6, 1.2) + rng.normal(0, 12)
    table = np.clip(level[:, None] * gains, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(picture, table[None]), np.uint8)


def _moved(rng: np.random.Generator, picture: Picture, length: float) -> Picture:
    size = int(max(length, 1)) * 2 + 1
    kernel = np.zeros((size, size), np.float32)
    angle = rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)])
    half = length / 2
    middle = size // 2
    end = (
        round(middle + half * float(np.cos(angle))),
        round(middle + half * float(np.sin(angle))),
    )
    start = (2 * middle - end[0], 2 * middle - end[1])
    cv2.line(kernel, start, end, 1.0, 1)
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.uint8)
