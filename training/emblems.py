"""Pictures and marks between and beside the characters of a serial."""

import math
from typing import Final, TypeAlias

import cv2
import numpy as np

from training.art import HEIGHT, WIDTH, Face, Rgb, blend, nearby, roundel
from training.lettering import WORDS, shrunk, word

_Spot: TypeAlias = tuple[float, float, float, float]
"""Middle, width and height."""


def mark(
    rng: np.random.Generator,
    face: Face,
    at: tuple[float, float],
    size: float,
    colour: Rgb,
) -> None:
    """A roundel, star, state outline or dot between the halves of a serial."""
    layer = face.copy()
    x, y = at
    kind = rng.integers(5)
    if kind == 0:
        roundel(rng, layer, (int(x), int(y)), max(3, int(size / 2)), colour)
    elif kind == 1:
        angles = np.linspace(-math.pi / 2, 1.5 * math.pi, 11)[:-1]
        radii = np.where(np.arange(10) % 2, size * 0.2, size * 0.5)
        star = np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], 1)
        cv2.fillPoly(layer, [star.astype(np.int32)], colour, cv2.LINE_AA)
    elif kind == 2:
        angles = np.sort(rng.uniform(0, 2 * math.pi, int(rng.integers(5, 10))))
        radii = rng.uniform(0.25, 0.6, angles.size) * size
        shape = np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], 1)
        cv2.fillPoly(layer, [shape.astype(np.int32)], colour, cv2.LINE_AA)
    elif kind == 3:
        half = size * rng.uniform(0.25, 0.5)
        tall = size * rng.uniform(0.4, 1.1)
        cv2.rectangle(
            layer,
            (int(x - half), int(y - tall / 2)),
            (int(x + half), int(y + tall / 2)),
            nearby(rng, colour, 60),
            -1,
        )
        cv2.rectangle(
            layer,
            (int(x - half * 0.7), int(y - tall / 4)),
            (int(x + half * 0.7), int(y + tall / 4)),
            nearby(rng, colour, 90),
            -1,
        )
    else:
        cv2.circle(
            layer, (int(x), int(y)), max(2, int(size / 6)), colour, -1, cv2.LINE_AA
        )
    blend(face, layer, rng.uniform(0.6, 1))


def emblem(
    rng: np.random.Generator,
    face: Face,
    at: tuple[float, float],
    wide: float,
    tall: float,
) -> None:
    """A picture between the halves of a serial or beside it, faint or strong.

    A block with stripes, a tree, a head, a fruit, a map, a beast: what it is does not
    matter, only that it is none of the characters.
    """
    layer = face.copy()
    colours = [(int(r), int(g), int(b)) for r, g, b in rng.integers(0, 256, (4, 3))]
    if rng.random() < _BLACK:
        r, g, b = rng.integers(0, 70, 3)
        colours[0] = (int(r), int(g), int(b))
    # A figure is often several things on each other.
    for _ in range(1 + int(rng.random() < _SEVERAL)):
        _KINDS[rng.integers(len(_KINDS))](rng, layer, (*at, wide, tall), colours)
    blend(face, layer, min(rng.uniform(0.2, 1.4), 1.0))


def _block(
    rng: np.random.Generator, layer: Face, spot: _Spot, colours: list[Rgb]
) -> None:
    """A block of stripes."""
    x, y, wide, tall = spot
    high = tall * rng.uniform(0.3, 1.0)
    rows = int(rng.integers(2, 6))
    for row in range(rows):
        top = y - high / 2 + high * row / rows
        half = wide * rng.uniform(0.25, 0.5)
        cv2.rectangle(
            layer,
            (int(x - half), int(top)),
            (int(x + half), int(top + high / rows * rng.uniform(0.5, 1))),
            colours[int(rng.integers(4))],
            -1,
        )


def _blobs(
    rng: np.random.Generator, layer: Face, spot: _Spot, colours: list[Rgb]
) -> None:
    """A fruit, a head, a tree."""
    x, y, wide, tall = spot
    for _ in range(int(rng.integers(3, 12))):
        cv2.ellipse(
            layer,
            (int(x + rng.normal(0, wide / 4)), int(y + rng.normal(0, tall / 5))),
            (
                max(1, int(wide * rng.uniform(0.05, 0.4))),
                max(1, int(tall * rng.uniform(0.04, 0.3))),
            ),
            float(rng.uniform(0, 180)),
            0,
            360,
            colours[int(rng.integers(4))],
            int(rng.choice([-1, -1, 2])),
            cv2.LINE_AA,
        )


def _map(
    rng: np.random.Generator, layer: Face, spot: _Spot, colours: list[Rgb]
) -> None:
    """A map, or several on each other."""
    x, y, wide, tall = spot
    for part in range(int(rng.integers(1, 4))):
        angles = np.sort(rng.uniform(0, 2 * math.pi, int(rng.integers(4, 12))))
        radii = rng.uniform(0.3, 1, angles.size) / (part + 1)
        shape = np.stack(
            [
                x + radii * wide / 2 * np.cos(angles),
                y + radii * tall / 2 * np.sin(angles),
            ],
            1,
        )
        cv2.fillPoly(layer, [shape.astype(np.int32)], colours[part], cv2.LINE_AA)


def _lines(
    rng: np.random.Generator, layer: Face, spot: _Spot, colours: list[Rgb]
) -> None:
    """A sketch of lines."""
    x, y, wide, tall = spot
    for _ in range(int(rng.integers(2, 9))):
        ends = rng.normal([x, y], [wide / 4, tall / 4], (2, 2)).astype(int)
        cv2.line(
            layer,
            (int(ends[0, 0]), int(ends[0, 1])),
            (int(ends[1, 0]), int(ends[1, 1])),
            colours[int(rng.integers(4))],
            int(rng.integers(1, 8)),
            cv2.LINE_AA,
        )


def _badge(
    rng: np.random.Generator, layer: Face, spot: _Spot, colours: list[Rgb]
) -> None:
    """A club's, a unit's or a jubilee's badge: characters that nobody is to read."""
    x, y, wide, tall = spot
    half = max(4, int(wide * rng.uniform(0.35, 0.6)))
    high = max(4, int(min(tall * 0.5, half * rng.uniform(0.8, 1.5))))
    place = (int(x), int(y + tall * rng.normal(0, 0.08)))
    if rng.random() < 0.6:
        cv2.ellipse(layer, place, (half, high), 0, 0, 360, colours[0], -1, cv2.LINE_AA)
    else:
        cv2.rectangle(
            layer,
            (place[0] - half, place[1] - high),
            (place[0] + half, place[1] + high),
            colours[0],
            -1,
        )
    text = "".join(rng.choice(list(_SIGNS), int(rng.integers(1, 4))))
    ink = word(text, str(rng.choice(WORDS["sans"])), 24)
    fits = min(1.5 * half / ink.shape[1], 1.3 * high / ink.shape[0])
    ink = shrunk(ink, (max(2, int(ink.shape[1] * fits)), max(2, int(24 * fits))))
    top, left = place[1] - ink.shape[0] // 2, place[0] - ink.shape[1] // 2
    spots = layer[max(top, 0) : top + ink.shape[0], max(left, 0) : left + ink.shape[1]]
    part = ink[-spots.shape[0] :, -spots.shape[1] :][: spots.shape[0]]
    if part.shape == spots.shape[:2] and part.size:
        spots[part > _INKED] = colours[1]


def _tower(
    rng: np.random.Generator, layer: Face, spot: _Spot, colours: list[Rgb]
) -> None:
    """A lighthouse, a steeple, a cactus: an upright that narrows."""
    x, y, wide, tall = spot
    foot, head = wide * rng.uniform(0.1, 0.35), wide * rng.uniform(0.05, 0.2)
    top, bottom = y - tall * rng.uniform(0.3, 0.7), y + tall * rng.uniform(0.3, 0.7)
    outline = [(x - foot, bottom), (x + foot, bottom), (x + head, top), (x - head, top)]
    cv2.fillPoly(layer, [np.array(outline, np.int32)], colours[0], cv2.LINE_AA)
    for at in rng.uniform(0.1, 0.9, int(rng.integers(0, 4))):
        half = foot + (head - foot) * at
        level = int(bottom + (top - bottom) * at)
        cv2.line(
            layer,
            (int(x - half), level),
            (int(x + half), level),
            colours[1],
            int(rng.integers(2, 9)),
        )


def _beast(
    rng: np.random.Generator, layer: Face, spot: _Spot, colours: list[Rgb]
) -> None:
    """A beast or a rider in one colour, as tall as the letters or taller."""
    x, y, wide, tall = spot
    tall *= rng.uniform(0.8, 1.25)

    def at(right: float, down: float) -> tuple[int, int]:
        return int(x + right * wide), int(y + down * tall)

    body = (
        max(2, int(wide * rng.uniform(0.18, 0.36))),
        max(2, int(tall * rng.uniform(0.1, 0.22))),
    )
    lean = float(rng.normal(0, 35))
    middle = at(rng.normal(0, 0.06), rng.normal(0, 0.06))
    cv2.ellipse(layer, middle, body, lean, 0, 360, colours[0], -1, cv2.LINE_AA)
    for part in range(int(rng.integers(3, 8))):
        # Legs hang, heads and riders stand out anywhere; all have a knee or a neck.
        low, high = (0.1, 0.5) if part < int(rng.integers(2, 6)) else (-0.5, 0.0)
        knee = at(rng.uniform(-0.4, 0.4), rng.uniform(low, high) * 0.6)
        end = at(rng.uniform(-0.5, 0.5), rng.uniform(low, high))
        limb = np.array([middle, knee, end], np.int32)
        pen = max(2, int(wide * rng.uniform(0.05, 0.16)))
        cv2.polylines(layer, [limb], False, colours[0], pen, cv2.LINE_AA)
        if rng.random() < 0.4:
            cv2.circle(
                layer,
                end,
                max(2, int(wide * rng.uniform(0.04, 0.14))),
                colours[0],
                -1,
                cv2.LINE_AA,
            )


def _sun(
    rng: np.random.Generator, layer: Face, spot: _Spot, colours: list[Rgb]
) -> None:
    """A sun, a star of lines, a wheel."""
    x, y, wide, tall = spot
    reach = min(wide, tall) * rng.uniform(0.35, 0.55)
    groups, lines = int(rng.choice([4, 4, 6, 8])), int(rng.integers(1, 5))
    pen = max(1, int(reach * rng.uniform(0.05, 0.14)))
    step = reach * rng.uniform(0.1, 0.2)
    for group in range(groups):
        angle = 2 * math.pi * group / groups
        along = np.array([math.cos(angle), math.sin(angle)])
        across = np.array([-along[1], along[0]])
        for line in range(lines):
            aside = across * step * (line - (lines - 1) / 2)
            start, end = (
                np.array([x, y]) + along * reach * far + aside
                for far in (0.3, rng.uniform(0.8, 1.0))
            )
            cv2.line(
                layer,
                (int(start[0]), int(start[1])),
                (int(end[0]), int(end[1])),
                colours[0],
                pen,
                cv2.LINE_AA,
            )
    round_ = int(reach * rng.uniform(0.2, 0.6))
    cv2.circle(layer, (int(x), int(y)), round_, colours[1], -1, cv2.LINE_AA)
    if rng.random() < 0.6:
        cv2.circle(layer, (int(x), int(y)), round_, colours[0], pen, cv2.LINE_AA)


_BLACK: Final = 0.3
_SEVERAL: Final = 0.4
_SIGNS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_INKED: Final = 110
_KINDS: Final = (_block, _blobs, _map, _lines, _badge, _tower, _beast, _beast, _sun)


def posts(rng: np.random.Generator, face: Face, colour: Rgb) -> None:
    """Towers, trunks, cacti: uprights that are no 1."""
    layer = face.copy()
    for _ in range(int(rng.integers(1, 5))):
        x = int(
            WIDTH
            * (rng.uniform(0, 0.16) if rng.random() < 0.5 else rng.uniform(0.8, 1))
        )
        top = int(HEIGHT * rng.uniform(0.2, 0.6))
        cv2.rectangle(
            layer,
            (x, top),
            (x + int(rng.integers(3, 14)), int(HEIGHT * rng.uniform(0.7, 1))),
            nearby(rng, colour, 25),
            -1,
        )
    blend(face, layer, rng.uniform(0.3, 1))
