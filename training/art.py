"""What stands behind and around a serial: grounds, art, marks, stickers, bolts."""

import math
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from training.figures import FIGURES, paint_figure

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


def paint_art(rng: np.random.Generator, face: Face, kind: str, colour: Rgb) -> None:
    """One kind of art, drawn faintly or strongly, onto a face."""
    layer = face.copy()
    if kind in FIGURES:
        paint_figure(rng, layer, kind)
        blend(face, layer, rng.uniform(0.6, 1))
        return
    _PAINTERS[kind.split("-", maxsplit=1)[0]](rng, layer, kind, colour)
    blend(face, layer, rng.uniform(0.25, 0.95))


def _land(rng: np.random.Generator, layer: Face, kind: str, colour: Rgb) -> None:
    """Mountains, hills, trees or roofs along a line."""
    base = HEIGHT * rng.uniform(0.45, 0.95)
    tall = HEIGHT * rng.uniform(0.1, 0.35)
    count = int(rng.integers(5, 16)) if kind != "hills" else 4
    x = np.linspace(0, WIDTH, count + 2)
    y = base - rng.uniform(0, tall, count + 2)
    if kind == "skyline":
        x, y = np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]
    if kind == "hills":
        fine = np.linspace(0, WIDTH, 40)
        y = np.interp(fine, x, y) + tall * 0.2 * np.sin(fine / 31)
        x = fine
    outline = np.vstack([np.stack([x, y], 1), [[WIDTH, HEIGHT], [0, HEIGHT]]])
    cv2.fillPoly(layer, [outline.astype(np.int32)], colour, cv2.LINE_AA)


def _waves(rng: np.random.Generator, layer: Face, _kind: str, colour: Rgb) -> None:
    """Waves from edge to edge."""
    for row in range(3):
        x = np.linspace(0, WIDTH, 60)
        y = HEIGHT * (0.3 + 0.22 * row) + 12 * np.sin(x / rng.uniform(18, 60) + row)
        cv2.polylines(
            layer,
            [np.stack([x, y], 1).astype(np.int32)],
            isClosed=False,
            color=colour,
            thickness=int(rng.integers(2, 16)),
            lineType=cv2.LINE_AA,
        )


def _rays(rng: np.random.Generator, layer: Face, _kind: str, colour: Rgb) -> None:
    """Rays from a point."""
    centre = np.array([WIDTH * rng.uniform(0.2, 0.8), HEIGHT * rng.uniform(0.4, 1)])
    for angle in np.linspace(0, 2 * math.pi, int(rng.integers(8, 20))):
        far = centre + 500 * np.array([math.cos(angle), math.sin(angle)])
        side = centre + 500 * np.array([math.cos(angle + 0.12), math.sin(angle + 0.12)])
        cv2.fillPoly(layer, [np.array([centre, far, side]).astype(np.int32)], colour)


def _stripes(rng: np.random.Generator, layer: Face, kind: str, colour: Rgb) -> None:
    """Stripes, level or leaning."""
    step = int(rng.integers(10, 34))
    lean = 0 if kind != "diagonal" else 120
    for at in range(-lean, HEIGHT + lean, 2 * step):
        cv2.fillPoly(
            layer,
            [
                np.array(
                    [
                        [0, at],
                        [WIDTH, at - lean],
                        [WIDTH, at - lean + step],
                        [0, at + step],
                    ]
                )
            ],
            colour,
            cv2.LINE_AA,
        )


def _spots(rng: np.random.Generator, layer: Face, kind: str, colour: Rgb) -> None:
    """Something round: a cloud, a flower, a bird; some on a stem."""
    x0, y0 = WIDTH * rng.uniform(0.1, 0.9), HEIGHT * rng.uniform(0.3, 0.75)
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
            (int(x0 + rng.normal(0, 8)), HEIGHT),
            colour,
            int(rng.integers(5, 16)),
            cv2.LINE_AA,
        )


def _seal(rng: np.random.Generator, layer: Face, kind: str, colour: Rgb) -> None:
    """A roundel at one side."""
    left = kind.endswith("left")
    radius = int(rng.integers(18, 36))
    x0 = int(WIDTH * (0.1 if left else 0.9) + rng.normal(0, 6))
    y0 = int(HEIGHT * 0.5 + rng.normal(0, 8))
    roundel(rng, layer, (x0, y0), radius, colour)


UNPAINTED: Final = frozenset(("none", "circle-centre", "outline-centre", "star-centre"))
"""Left to the pictures that stand in the gap of a serial."""

_PAINTERS: Final = {
    **dict.fromkeys(("mountains", "hills", "skyline", "trees"), _land),
    **dict.fromkeys(("stripes", "flag", "diagonal"), _stripes),
    **dict.fromkeys(
        ("arch", "desert", "lighthouse", "bird", "flower", "palm", "clouds"), _spots
    ),
    **dict.fromkeys(("seal", "emblem", "mark"), _seal),
    "waves": _waves,
    "sunburst": _rays,
}
"""By the first word of a kind of art in `designs.ART`."""


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


def roundel(
    rng: np.random.Generator,
    layer: Face,
    at: tuple[int, int],
    radius: int,
    colour: Rgb,
) -> None:
    """A disc with a few spots."""
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


def lay_ink(
    face: Face, mask: npt.NDArray[np.uint8], left: float, top: float, colour: Rgb
) -> None:
    """Put a colour onto a face where a mask says so."""
    x, y = int(left), int(top)
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + mask.shape[1], WIDTH), min(y + mask.shape[0], HEIGHT)
    if x1 <= x0 or y1 <= y0:
        return
    part = mask[y0 - y : y1 - y, x0 - x : x1 - x]
    inked = np.flatnonzero(part.any(axis=1))
    if not inked.size:
        return
    y0, y1 = y0 + int(inked[0]), y0 + int(inked[-1]) + 1
    part = part[inked[0] : inked[-1] + 1]
    above = np.empty((*part.shape, 3), np.uint8)
    above[:] = colour
    weight = part.astype(np.float32) * np.float32(1 / 255)
    below = np.ascontiguousarray(face[y0:y1, x0:x1])
    face[y0:y1, x0:x1] = cv2.blendLinear(above, below, weight, 1 - weight)


def blend(face: Face, layer: Face, strength: float) -> None:
    """Lay a layer over a face, 0 to 1 strong."""
    cv2.addWeighted(layer, strength, face, 1 - strength, 0, dst=face)
