"""What stands behind and around a serial: grounds, art, marks, stickers, bolts."""

import math
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Face = npt.NDArray[np.uint8]
"""Height x width x 3, RGB: a flat plate, edge to edge."""
Rgb = tuple[int, int, int]

_MONTHS: Final = (
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
)  # fmt: skip

HEIGHT: Final = 192
WIDTH: Final = 384
"""American plates are 6 by 12 inches."""


def rgb(colour: str) -> Rgb:
    """From `#rrggbb`."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def nearby(rng: np.random.Generator, colour: Rgb, spread: float = 14) -> Rgb:
    """A colour as another batch of paint, or other light, would have it."""
    moved = np.clip(np.array(colour) + rng.normal(0, spread, 3), 0, 255)
    return int(moved[0]), int(moved[1]), int(moved[2])


def ground(rng: np.random.Generator, colours: list[Rgb]) -> Face:
    """A field of colour, or a gradient from top to bottom through several."""
    if len(colours) == 1:
        face = np.empty((HEIGHT, WIDTH, 3), np.uint8)
        face[:] = colours[0]
        return face
    stops = np.linspace(0, 1, len(colours)) + rng.normal(0, 0.04, len(colours))
    at = np.linspace(0, 1, HEIGHT)
    table = np.array(colours, float)
    column = np.stack(
        [np.interp(at, np.sort(stops), table[:, c]) for c in range(3)], axis=1
    )
    return np.broadcast_to(column.astype(np.uint8)[:, None], (HEIGHT, WIDTH, 3)).copy()


def paint_art(  # noqa: C901, PLR0912 - one short picture after the other
    rng: np.random.Generator, face: Face, kind: str, colour: Rgb
) -> None:
    """One kind of art, drawn faintly or strongly, onto a face."""
    layer = face.copy()
    height, width = HEIGHT, WIDTH
    if kind in {"mountains", "hills", "skyline", "trees"}:
        base = height * rng.uniform(0.45, 0.95)
        tall = height * rng.uniform(0.1, 0.35)
        count = int(rng.integers(5, 16)) if kind != "hills" else 4
        x = np.linspace(0, width, count + 2)
        y = base - rng.uniform(0, tall, count + 2)
        if kind == "skyline":
            x, y = np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]
        if kind == "hills":
            fine = np.linspace(0, width, 40)
            y = np.interp(fine, x, y) + tall * 0.2 * np.sin(fine / 31)
            x = fine
        outline = np.vstack([np.stack([x, y], 1), [[width, height], [0, height]]])
        cv2.fillPoly(layer, [outline.astype(np.int32)], colour, cv2.LINE_AA)
    elif kind == "waves":
        for row in range(3):
            x = np.linspace(0, width, 60)
            y = height * (0.3 + 0.22 * row) + 12 * np.sin(x / rng.uniform(18, 60) + row)
            cv2.polylines(
                layer,
                [np.stack([x, y], 1).astype(np.int32)],
                isClosed=False,
                color=colour,
                thickness=int(rng.integers(2, 16)),
                lineType=cv2.LINE_AA,
            )
    elif kind == "sunburst":
        centre = np.array([width * rng.uniform(0.2, 0.8), height * rng.uniform(0.4, 1)])
        for angle in np.linspace(0, 2 * math.pi, int(rng.integers(8, 20))):
            far = centre + 500 * np.array([math.cos(angle), math.sin(angle)])
            side = centre + 500 * np.array(
                [math.cos(angle + 0.12), math.sin(angle + 0.12)]
            )
            cv2.fillPoly(
                layer, [np.array([centre, far, side]).astype(np.int32)], colour
            )
    elif kind in {"stripes", "flag", "diagonal"}:
        step = int(rng.integers(10, 34))
        lean = 0 if kind != "diagonal" else 120
        for at in range(-lean, height + lean, 2 * step):
            cv2.fillPoly(
                layer,
                [
                    np.array(
                        [
                            [0, at],
                            [width, at - lean],
                            [width, at - lean + step],
                            [0, at + step],
                        ]
                    )
                ],
                colour,
                cv2.LINE_AA,
            )
    elif kind in {"arch", "desert", "lighthouse", "bird", "flower", "palm", "clouds"}:
        x0, y0 = width * rng.uniform(0.1, 0.9), height * rng.uniform(0.3, 0.75)
        for _ in range(int(rng.integers(2, 7))):
            cv2.ellipse(
                layer,
                (
                    int(x0 + rng.normal(0, 26)),
                    int(y0 + rng.normal(0, 20)),
                ),
                (int(rng.integers(6, 60)), int(rng.integers(4, 34))),
                float(rng.uniform(0, 180)),
                0,
                360,
                nearby(rng, colour, 20),
                -1,
                cv2.LINE_AA,
            )
        if kind in {"lighthouse", "palm"}:
            cv2.line(
                layer,
                (int(x0), int(y0)),
                (int(x0 + rng.normal(0, 8)), height),
                colour,
                int(rng.integers(5, 16)),
                cv2.LINE_AA,
            )
    elif kind.startswith(("seal", "emblem")):
        left = kind.endswith("left")
        radius = int(rng.integers(18, 36))
        x0 = int(width * (0.1 if left else 0.9) + rng.normal(0, 6))
        y0 = int(height * 0.5 + rng.normal(0, 8))
        _roundel(rng, layer, (x0, y0), radius, colour)
    _blend(face, layer, rng.uniform(0.25, 0.95))


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
        _roundel(rng, layer, (int(x), int(y)), max(3, int(size / 2)), colour)
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
    _blend(face, layer, rng.uniform(0.6, 1))


def emblem(
    rng: np.random.Generator,
    face: Face,
    at: tuple[float, float],
    wide: float,
    tall: float,
) -> None:
    """A picture between the halves of a serial or beside it, faint or strong.

    A block with stripes, a tree, a head, a fruit, a map: what it is does not matter,
    only that it is none of the characters.
    """
    layer = face.copy()
    x, y = at
    colours = [tuple(int(c) for c in each) for each in rng.integers(0, 256, (4, 3))]
    kind = rng.integers(4)
    if kind == 0:
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
    elif kind == 1:
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
    elif kind == 2:
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
    else:
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
    _blend(face, layer, rng.uniform(0.2, 1))


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
    _blend(face, layer, rng.uniform(0.3, 1))


def sticker(rng: np.random.Generator, face: Face, corner: str) -> None:
    """A validation sticker with a month or a year."""
    high, wide = int(rng.integers(20, 36)), int(rng.integers(26, 52))
    inset = int(rng.integers(2, 14))
    top = inset if "t" in corner else HEIGHT - high - inset
    left = inset + 8 if "l" in corner else WIDTH - wide - inset - 8
    paper = tuple(int(c) for c in rng.integers(0, 256, 3))
    ink = (0, 0, 0) if sum(paper) > 300 else (255, 255, 255)
    cv2.rectangle(face, (left, top), (left + wide, top + high), paper, -1)
    text = (
        str(rng.choice(_MONTHS)) if rng.random() < 0.5 else f"{rng.integers(0, 100):02}"
    )
    scale = wide / (11 * len(text)) * rng.uniform(0.4, 0.6)
    cv2.putText(
        face,
        text,
        (left + 3, top + high - 6),
        cv2.FONT_HERSHEY_SIMPLEX,
        max(scale, 0.3),
        ink,
        1 + int(rng.random() < 0.5),
        cv2.LINE_AA,
    )


def bolts(rng: np.random.Generator, face: Face) -> None:
    """Two or four screws, or the empty holes."""
    rows = [0.1] if rng.random() < 0.5 else [0.1, 0.9]
    inner = rng.uniform(0.2, 0.27)
    radius = int(rng.integers(3, 9))
    shade = int(rng.choice([20, 60, 120, 200]))
    for row in rows:
        for column in (inner, 1 - inner):
            at = (
                int(WIDTH * column + rng.normal(0, 2)),
                int(HEIGHT * row + rng.normal(0, 2)),
            )
            cv2.circle(face, at, radius, (shade, shade, shade), -1, cv2.LINE_AA)
            if shade > 100:
                cv2.circle(face, at, radius, (40, 40, 40), 1, cv2.LINE_AA)


def _roundel(
    rng: np.random.Generator,
    layer: Face,
    at: tuple[int, int],
    radius: int,
    colour: Rgb,
) -> None:
    cv2.circle(layer, at, radius, colour, -1, cv2.LINE_AA)
    for _ in range(int(rng.integers(1, 5))):
        spot = (
            int(at[0] + rng.normal(0, radius / 2)),
            int(at[1] + rng.normal(0, radius / 2)),
        )
        cv2.circle(
            layer,
            spot,
            max(1, int(radius * rng.uniform(0.15, 0.5))),
            nearby(rng, colour, 80),
            -1,
            cv2.LINE_AA,
        )


def _blend(face: Face, layer: Face, strength: float) -> None:
    cv2.addWeighted(layer, strength, face, 1 - strength, 0, dst=face)
