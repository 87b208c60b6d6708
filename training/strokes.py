"""The letters of dies as strokes of a pen, in the forms that they take on plates."""

import functools
import math
from collections.abc import Callable
from typing import Final, Protocol

import numpy as np

Point = tuple[float, float]
Stroke = list[Point]


class Manner(Protocol):
    """What shapes a set of letters; see `training.lettering.Die`."""

    @property
    def square(self) -> float:
        """Exponent of the superellipse of rounds."""
        ...

    @property
    def waist(self) -> float:
        """Height of the waist of two-storey letters, 0 at the top."""
        ...

    @property
    def forms(self) -> dict[str, int]:
        """Which of its shapes a sign takes."""
        ...


# Strokes, in a box one high; x from 0, 0.42 or so wide. Angles in degrees: 0 is right,
# 90 down.

_WIDE: Final = 0.43
_HALF: Final = _WIDE / 2


_ROUNDEST: Final = 2.5
"""Exponent that no 2 exceeds: a squarer one would be a Z, on plates too."""


def _arc(  # noqa: PLR0913, PLR0917 - an ellipse has four numbers and a span two
    die: Manner,
    x: float,
    y: float,
    rx: float,
    ry: float,
    start: float,
    end: float,
    most: float = 9.0,
) -> Stroke:
    power = 2 / min(die.square, most)
    count = max(3, math.ceil(abs(end - start) / 12) + 1)
    points = []
    for angle in np.radians(np.linspace(start, end, count)):
        c, s = math.cos(angle), math.sin(angle)
        points.append(
            (
                x + rx * math.copysign(abs(c) ** power, c),
                y + ry * math.copysign(abs(s) ** power, s),
            )
        )
    return points


def _oval(die: Manner, width: float = _WIDE) -> Stroke:
    """A racetrack: straight sides between two half rounds."""
    half = width / 2
    lift = 0.5 if die.square > 3 else 0.27
    return [
        *_arc(die, half, lift, half, lift, 180, 360),
        *_arc(die, half, 1 - lift, half, lift, 0, 180),
        (0.0, lift),
    ]


def _zero(die: Manner) -> list[Stroke]:
    strokes = [_oval(die)]
    if die.forms["0"] == 1:
        strokes.append([(0.1, 0.72), (0.33, 0.28)])
    return strokes


def _one(die: Manner) -> list[Stroke]:
    form = die.forms["1"]
    if form == 0:
        return [[(0.0, 0.0), (0.0, 1.0)]]
    strokes: list[Stroke] = [[(0.0, 0.2), (0.17, 0.0), (0.17, 1.0)]]
    if form == 2:
        strokes = [[(0.0, 0.22), (0.19, 0.0), (0.19, 1.0)], [(0.02, 1.0), (0.36, 1.0)]]
    if form == 3:
        strokes = [[(0.0, 0.1), (0.12, 0.06), (0.16, 0.0), (0.16, 1.0)]]
    if form == 4:
        strokes = [[(0.0, 0.08), (0.1, 0.05), (0.1, 0.0), (0.1, 1.0)]]
    if form == 5:
        strokes = [[(0.0, 0.14), (0.13, 0.0), (0.13, 1.0)], [(0.02, 1.0), (0.24, 1.0)]]
    return strokes


def _two(die: Manner) -> list[Stroke]:
    form = die.forms["2"]
    if form == 1:
        return [
            [
                *_arc(die, _HALF, 0.25, _HALF, 0.25, 185, 360, _ROUNDEST),
                (_WIDE, 0.33),
                (0.0, 0.92),
                (0.0, 1.0),
                (_WIDE, 1.0),
            ]
        ]
    # How far down the round goes before the long straight, and how it begins.
    high, first, last = {
        0: (0.24, 185, 400),
        2: (0.2, 190, 385),
        3: (0.28, 170, 375),
        4: (0.14, 190, 380),
        5: (0.17, 175, 395),
    }[form]
    return [
        [
            *_arc(die, _HALF, high, _HALF, high, first, last, _ROUNDEST),
            (0.0, 1.0),
            (_WIDE, 1.0),
        ]
    ]


def _three(die: Manner) -> list[Stroke]:
    waist = die.waist
    lower = (1 - waist) / 2
    if die.forms["3"] == 2:
        return [
            [
                (0.0, 0.0),
                (_WIDE, 0.0),
                (0.18, waist - 0.06),
                *_arc(die, _HALF, 1 - lower, _HALF, lower, -80, 175),
            ]
        ]
    return [
        [
            *_arc(die, _HALF, waist / 2, _HALF * 0.96, waist / 2, 188, 440),
            (0.14, waist),
        ],
        [(0.14, waist), *_arc(die, _HALF, 1 - lower, _HALF, lower, -80, 172)],
    ]


_OPEN_FOURS: Final = {
    1: (0.24, 0.77, 0.5),
    2: (0.13, 0.7, 0.38),
    4: (0.3, 0.74, 0.56),
    6: (0.2, 0.83, 0.6),
    7: (0.26, 0.8, 0.64),
    8: (0.15, 0.85, 0.68),
}
"""Where the slope begins, and the heights of the bar and of the upright's upper end."""


def _four(die: Manner) -> list[Stroke]:
    form = die.forms["4"]
    if form in _OPEN_FOURS:
        # Stamped ones are open: the upright starts below the bend.
        top, bar, start = _OPEN_FOURS[form]
        return [
            [(top, 0.0), (0.0, bar), (_WIDE + 0.02, bar)],
            [(0.32, start), (0.32, 1.0)],
        ]
    bar = 0.7 if form == 0 else 0.78
    return [[(0.34, 1.0), (0.34, 0.0), (0.0, bar), (0.47, bar)]]


def _five(die: Manner) -> list[Stroke]:
    flat = 0.02 if die.forms["5"] else 0.0
    return [
        [
            (_WIDE - 0.02, 0.0),
            (flat, 0.0),
            (flat, 0.47),
            *_arc(die, _HALF, 0.68, _HALF, 0.32, 225, 535),
        ]
    ]


def _six_at(die: Manner, form: int) -> list[Stroke]:
    if form == 2:
        return [
            [(0.3, 0.0), (0.03, 0.6)],
            _arc(die, _HALF, 0.7, _HALF, 0.3, 0, 360),
        ]
    start = -10 if form == 0 else -60
    return [
        [
            *_arc(die, _HALF, 0.26, _HALF, 0.26, start, -180),
            *_arc(die, _HALF, 0.71, _HALF, 0.29, 180, -180),
        ]
    ]


def _six(die: Manner) -> list[Stroke]:
    return _six_at(die, die.forms["6"])


def _nine(die: Manner) -> list[Stroke]:
    return [
        [(_WIDE - x, 1 - y) for x, y in stroke]
        for stroke in _six_at(die, die.forms["9"])
    ]


def _seven(die: Manner) -> list[Stroke]:
    form = die.forms["7"]
    if form == 1:
        return [[(0.0, 0.0), (_WIDE, 0.0), (0.24, 0.42), (0.14, 1.0)]]
    if form == 2:
        return [[(0.0, 0.1), (0.0, 0.0), (_WIDE, 0.0), (0.17, 1.0)]]
    return [[(0.0, 0.0), (_WIDE, 0.0), (0.1, 1.0)]]


def _eight(die: Manner) -> list[Stroke]:
    waist = die.waist
    narrow = 0.94 if die.forms["8"] else 0.86
    lower = (1 - waist) / 2
    return [
        _arc(die, _HALF, waist / 2, _HALF * narrow, waist / 2, 0, 360),
        _arc(die, _HALF, 1 - lower, _HALF, lower, 0, 360),
    ]


def _a(die: Manner) -> list[Stroke]:
    flat = (0.0, 0.04, 0.1)[die.forms["A"]]
    if flat == 0.1 and die.square > 3:
        return [
            [
                (0.0, 1.0),
                (0.0, 0.3),
                *_arc(die, _HALF, 0.28, _HALF, 0.28, 180, 360),
                (_WIDE, 1.0),
            ],
            [(0.0, 0.6), (_WIDE, 0.6)],
        ]
    return [
        [(0.0, 1.0), (0.24 - flat, 0.0), (0.24 + flat, 0.0), (0.48, 1.0)],
        [(0.08, 0.68), (0.4, 0.68)],
    ]


def _bowl(die: Manner, top: float, bottom: float, width: float) -> Stroke:
    half = (bottom - top) / 2
    radius = min(half, 0.2)
    return [
        (0.0, top),
        *_arc(die, width - radius, top + half, radius, half, -90, 90),
        (0.0, bottom),
    ]


def _b(die: Manner) -> list[Stroke]:
    return [
        [(0.0, 0.0), (0.0, 1.0)],
        _bowl(die, 0.0, die.waist, _WIDE * 0.94),
        _bowl(die, die.waist, 1.0, _WIDE),
    ]


def _cee(die: Manner, end: float = 8) -> Stroke:
    return [
        *_arc(die, _HALF, 0.26, _HALF, 0.26, -8, -180),
        *_arc(die, _HALF, 0.74, _HALF, 0.26, 180, end),
    ]


def _d(die: Manner) -> list[Stroke]:
    return [
        [
            (0.0, 1.0),
            (0.0, 0.0),
            *_arc(die, 0.17, 0.28, _WIDE - 0.17, 0.28, -90, 0),
            *_arc(die, 0.17, 0.72, _WIDE - 0.17, 0.28, 0, 90),
            (0.0, 1.0),
        ]
    ]


def _g(die: Manner) -> list[Stroke]:
    form = die.forms["G"]
    strokes = [[*_cee(die, 0), (_WIDE, 0.55), (0.23, 0.55)]]
    if form == 1:
        strokes = [[*_cee(die, 0), (_WIDE, 0.55)], [(0.26, 0.55), (_WIDE, 0.55)]]
        strokes.append([(_WIDE, 0.55), (_WIDE, 1.0)])
    if form == 2:
        strokes = [[*_cee(die, 0), (_WIDE, 0.52), (0.3, 0.52)]]
    if form == 3:
        # Its end is an upright with a short bar, and stands on the line.
        strokes = [_cee(die, 30), [(0.3, 0.52), (_WIDE, 0.52), (_WIDE, 1.0)]]
    return strokes


_EYES: Final = {1: 0.28, 2: 0.34, 3: 0.4}
"""How wide an I with bars is."""


def _i(die: Manner) -> list[Stroke]:
    if die.forms["I"]:
        wide = _EYES[die.forms["I"]]
        return [
            [(wide / 2, 0.0), (wide / 2, 1.0)],
            [(0.0, 0.0), (wide, 0.0)],
            [(0.0, 1.0), (wide, 1.0)],
        ]
    return [[(0.0, 0.0), (0.0, 1.0)]]


def _j(die: Manner) -> list[Stroke]:
    hook = [(0.37, 0.0), *_arc(die, 0.185, 0.77, 0.185, 0.23, 0, 175)]
    if die.forms["J"] == 1:
        return [hook, [(0.18, 0.0), (0.37, 0.0)]]
    if die.forms["J"] == 2:
        return [hook, [(0.2, 0.0), (0.5, 0.0)]]
    return [hook]


def _k(die: Manner) -> list[Stroke]:
    back: Stroke = [(0.0, 0.0), (0.0, 1.0)]
    if die.forms["K"]:
        return [back, [(0.43, 0.0), (0.03, 0.52), (0.45, 1.0)]]
    return [back, [(0.42, 0.0), (0.0, 0.58)], [(0.14, 0.4), (0.45, 1.0)]]


def _m(die: Manner) -> list[Stroke]:
    deep, splay = (
        (0.45, 0.0),
        (0.58, 0.0),
        (0.7, 0.0),
        (0.95, 0.0),
        (0.8, 0.05),
        (0.65, 0.03),
    )[die.forms["M"]]
    return [[(0.0, 1.0), (splay, 0.0), (0.26, deep), (0.52 - splay, 0.0), (0.52, 1.0)]]


def _n(die: Manner) -> list[Stroke]:
    inset = 0.03 if die.forms["N"] else 0.0
    return [
        [(0.0, 1.0), (0.0, 0.0), (0.44, 1.0 - inset), (0.44, 0.0)],
        [(0.44, 1.0), (0.44, 0.0)],
    ]


def _o(die: Manner) -> list[Stroke]:
    if die.forms["O"]:
        return [_arc(die, 0.25, 0.5, 0.25, 0.5, 0, 360)]
    return [_oval(die)]


def _q(die: Manner) -> list[Stroke]:
    tail: Stroke = (
        [(0.24, 0.7), (0.46, 1.0)],
        [(0.2, 0.62), (0.4, 0.96)],
        [(0.24, 0.82), (0.42, 1.0)],
        [(0.28, 0.78), (0.34, 0.86), (0.47, 1.0)],
    )[die.forms["Q"]]
    return [*_o(die), tail]


def _p(die: Manner) -> list[Stroke]:
    return [[(0.0, 0.0), (0.0, 1.0)], _bowl(die, 0.0, 0.53, _WIDE)]


def _r(die: Manner) -> list[Stroke]:
    leg: Stroke = [(0.2, 0.53), (0.44, 1.0)]
    if die.forms["R"]:
        leg = [(0.24, 0.53), (0.4, 0.62), (_WIDE, 0.74), (_WIDE, 1.0)]
    return [*_p(die), leg]


def _s(die: Manner) -> list[Stroke]:
    return [
        [
            *_arc(die, _HALF, 0.25, _HALF, 0.25, -10, -250),
            *_arc(die, _HALF, 0.74, _HALF, 0.26, -70, 170),
        ]
    ]


def _u(die: Manner) -> list[Stroke]:
    lift = 0.26 if die.forms["U"] else 0.2
    return [
        [
            (0.0, 0.0),
            *_arc(die, _HALF, 1 - lift, _HALF, lift, 180, 0),
            (_WIDE, 0.0),
        ]
    ]


def _v(die: Manner) -> list[Stroke]:
    if die.forms["V"]:
        return [[(0.0, 0.0), (0.0, 0.35), (0.22, 1.0), (0.44, 0.35), (0.44, 0.0)]]
    return [[(0.0, 0.0), (0.23, 1.0), (0.46, 0.0)]]


def _w(die: Manner) -> list[Stroke]:
    form = die.forms["W"]
    if form == 2:
        return [[(0.0, 0.0), (0.0, 1.0), (0.26, 0.4), (0.52, 1.0), (0.52, 0.0)]]
    if form == 3:
        return [[(0.0, 0.0), (0.07, 1.0), (0.26, 0.45), (0.45, 1.0), (0.52, 0.0)]]
    inset, top = {
        0: (0.13, 0.05),
        1: (0.13, 0.3),
        4: (0.1, 0.2),
        5: (0.09, 0.55),
        6: (0.04, 0.3),
    }[form]
    return [[(0.0, 0.0), (inset, 1.0), (0.29, top), (0.58 - inset, 1.0), (0.58, 0.0)]]


def _y(die: Manner) -> list[Stroke]:
    fork = 0.55 if die.forms["Y"] else 0.42
    return [[(0.0, 0.0), (0.23, fork), (0.46, 0.0)], [(0.23, fork), (0.23, 1.0)]]


def _same(*strokes: Stroke) -> "functools.partial[list[Stroke]]":
    return functools.partial(_constant, list(strokes))


def _constant(strokes: list[Stroke], die: Manner) -> list[Stroke]:  # noqa: ARG001
    return strokes


STROKES: Final[dict[str, Callable[[Manner], list[Stroke]]]] = {
    "0": _zero,
    "1": _one,
    "2": _two,
    "3": _three,
    "4": _four,
    "5": _five,
    "6": _six,
    "7": _seven,
    "8": _eight,
    "9": _nine,
    "A": _a,
    "B": _b,
    "C": lambda die: [_cee(die)],
    "D": _d,
    "E": lambda die: [
        [(0.4, 0.0), (0.0, 0.0), (0.0, 1.0), (0.4, 1.0)],
        [(0.0, die.waist), (0.34, die.waist)],
    ],
    "F": lambda die: [
        [(0.4, 0.0), (0.0, 0.0), (0.0, 1.0)],
        [(0.0, die.waist), (0.34, die.waist)],
    ],
    "G": _g,
    "H": lambda die: [
        [(0.0, 0.0), (0.0, 1.0)],
        [(0.43, 0.0), (0.43, 1.0)],
        [(0.0, die.waist), (0.43, die.waist)],
    ],
    "I": _i,
    "J": _j,
    "K": _k,
    "L": _same([(0.0, 0.0), (0.0, 1.0), (0.39, 1.0)]),
    "M": _m,
    "N": _n,
    "O": _o,
    "P": _p,
    "Q": _q,
    "R": _r,
    "S": _s,
    "T": _same([(0.0, 0.0), (0.44, 0.0)], [(0.22, 0.0), (0.22, 1.0)]),
    "U": _u,
    "V": _v,
    "W": _w,
    "X": _same([(0.0, 0.0), (0.46, 1.0)], [(0.46, 0.0), (0.0, 1.0)]),
    "Y": _y,
    "Z": _same([(0.0, 0.0), (0.43, 0.0), (0.0, 1.0), (0.44, 1.0)]),
}
