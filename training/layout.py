"""Where the characters of a serial stand on a plate, and what stands between them."""

from collections.abc import Sequence
from typing import Final

import attrs
import numpy as np

from training.art import HEIGHT, WIDTH
from training.designs import Piece

_LARGE: Final = 0.12
"""Of the gaps: with a picture as wide as a letter or two."""


@attrs.frozen
class Placed:
    """A character, and its place in pixels of the face."""

    sign: str
    left: float
    top: float
    width: float
    height: float


@attrs.frozen
class Layout:
    """A serial laid out.

    Attributes:
        placed: its characters in reading order.
        marks: dashes and dots: centre and width.
        emblems: gaps that hold a picture: centre and width.
        left: where it begins.
        middle: its height on the plate.
        tall: of a full character.
    """

    placed: tuple[Placed, ...]
    marks: tuple[tuple[float, float], ...]
    emblems: tuple[tuple[float, float], ...]
    left: float
    middle: float
    tall: float


class _Row:
    """Takes pieces one after the other; all measures from the left of the first."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.tall = tall = HEIGHT * rng.uniform(0.38, 0.53)
        self.middle = HEIGHT * rng.uniform(0.47, 0.57)
        self.wide = tall * rng.uniform(0.38, 0.62)
        self.gap = tall * rng.uniform(0.05, 0.24)
        self.broad = rng.uniform(0.92, 1.25)
        # Many dies give a 1 and an I with feet as much room as any letter.
        self.one = float(rng.choice([0.6, 0.6, 0.8, 1.0]))
        self.eye = float(rng.choice([0.55, 0.75, 1.0]))
        self.stack_wide = tall * rng.uniform(0.24, 0.36)
        self.small = rng.uniform(0.42, 0.75)
        self.small_at = float(rng.choice([0.0, 0.5, 1.0]))
        self.placed: list[Placed] = []
        self.marks: list[tuple[float, float]] = []
        self.emblems: list[tuple[float, float]] = []
        self.x = 0.0
        self.last = ""

    def add(self, piece: Piece) -> None:
        """The next piece."""
        rng = self.rng
        match piece.kind:
            case "gap":
                self._space()
            case "dash" | "dot":
                wide = self.tall * rng.uniform(0.12, 0.5)
                self.marks.append((self.x + wide / 2, wide))
                self.x += wide + self.gap
            case "stacked":
                self._stack(piece.text)
            case "full" | "small":
                self._line(piece.text, self.small if piece.kind == "small" else 1.0)
        self.last = piece.kind

    def _space(self) -> None:
        """A gap, often with a picture; two gaps in a row hold a large one."""
        rng = self.rng
        wide = self.tall * rng.uniform(0.1, 0.5)
        if self.last == "gap" or rng.random() < _LARGE:
            wide = self.tall * rng.uniform(0.55, 1.15)
            self.emblems.append((self.x + wide / 2, wide))
        elif rng.random() < 0.5:
            wide *= 1.4
            self.emblems.append((self.x + wide / 2, wide))
        self.x += wide

    def _stack(self, text: str) -> None:
        high = self.tall / len(text) * self.rng.uniform(0.82, 0.96)
        step = (self.tall - high) / max(len(text) - 1, 1)
        top = self.middle - self.tall / 2
        for row, sign in enumerate(text):
            self.placed.append(
                Placed(sign, self.x, top + row * step, self.stack_wide, high)
            )
        self.x += self.stack_wide + self.gap * self.rng.uniform(0.8, 2)

    def _line(self, text: str, scale: float) -> None:
        top = self.middle - self.tall / 2 + self.tall * (1 - scale) * self.small_at
        for sign in text:
            wide = self.wide * scale * self._width(sign)
            self.placed.append(Placed(sign, self.x, top, wide, self.tall * scale))
            self.x += wide + self.gap * scale
        self.x += self.gap * 0.2

    def _width(self, sign: str) -> float:
        """Of a letter against the usual one; many dies give M and W no more room."""
        special = {"I": self.eye, "1": self.one, "M": self.broad, "W": self.broad}
        return special.get(sign, 1.0)


def lay_out(
    rng: np.random.Generator, pieces: Sequence[Piece], *, beside: bool
) -> Layout:
    """Lay a serial out, squeezed or stretched until it fits.

    Args:
        rng: chance.
        pieces: of the serial.
        beside: whether a picture stands left of it.
    """
    row = _Row(rng)
    for piece in pieces:
        row.add(piece)
    total = max(each.left + each.width for each in row.placed)
    start = 0.05
    if beside:
        start = 0.2 if total < WIDTH * 0.7 else 0.12
    room = WIDTH * (0.97 - start)
    squeeze = min(1.0, room / total)
    if rng.random() < 0.5 and total < room:
        squeeze = min(room / total, rng.uniform(1.0, 1.35))
    left = WIDTH * start + (room - total * squeeze) * rng.uniform(0.3, 0.7)
    return Layout(
        tuple(
            Placed(
                each.sign,
                left + each.left * squeeze,
                each.top,
                each.width * squeeze,
                each.height,
            )
            for each in row.placed
        ),
        tuple((left + at * squeeze, wide * squeeze) for at, wide in row.marks),
        tuple((left + at * squeeze, wide * squeeze) for at, wide in row.emblems),
        left,
        row.middle,
        row.tall,
    )
