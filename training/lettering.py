"""Letters of plates: dies drawn as strokes, no two alike, and printed typefaces.

Most American plates were stamped with dies whose letters are tall, narrow and of one
stroke width, as a pen of constant width would draw them. Nobody publishes those dies,
so a `Die` is drawn from strokes with everything random that differs between states and
decades: how square the rounds are, whether a 1 has a flag and a foot, a 4 is open, a 0
has a slash, a 6 is curled or straight, and all proportions. Printed ("flat") plates use
typefaces; free ones come from the system's font folders, squeezed to plate proportions.
"""

import functools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import attrs
import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from training.strokes import STROKES

Mask = npt.NDArray[np.uint8]
"""Height x width: how much of each pixel is ink, 0 to 255."""

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_FINE: Final = 2
"""Strokes are drawn so many times larger and averaged down."""
_SHIFT: Final = 4
"""Fractional bits of the coordinates given to OpenCV."""

FONT_FOLDERS: Final = (Path("/usr/share/fonts"),)
PRINTED: Final = (
    "DejaVuSansCondensed-Bold.ttf",
    "DejaVuSansMono-Bold.ttf",
    "FreeSansBold.ttf",
    "LiberationSansNarrow-Bold.ttf",
    "LiberationSans-Bold.ttf",
    "BebasNeue-Bold.otf",
    "BebasNeue-Regular.otf",
    "NationalPark-Heavy.otf",
    "NationalPark-Regular.otf",
    "OSP-DIN.ttf",
    "OpenSans-CondBold.ttf",
    "OpenSans-Semibold.ttf",
    "RobotoCondensed-Bold.ttf",
    "RobotoCondensed-Regular.ttf",
    "Roboto-Medium.ttf",
    "routed-gothic.ttf",
    "routed-gothic-narrow.ttf",
    "Lato-Bold.ttf",
    "Cabin-Bold.otf",
    "Play-Bold.ttf",
    "NimbusSansNarrow-Bold.otf",
    "YanoneKaffeesatz-Bold.otf",
    "LeagueSpartan-SemiBold.otf",
    "Jura-Bold.otf",
    "URWGothic-Demi.otf",
    "NimbusSans-Bold.otf",
    "D050000L.otf",
)[:-1]
"""Of serials on flat plates."""
WORDS: Final = {
    "sans": (
        "FreeSansBold.ttf",
        "LiberationSans-Bold.ttf",
        "OpenSans-Bold.ttf",
        "Roboto-Medium.ttf",
        "Lato-Bold.ttf",
        "Cabin-SemiBold.otf",
        "NimbusSansNarrow-Bold.otf",
    ),
    "serif": (
        "FreeSerifBold.ttf",
        "LiberationSerif-Bold.ttf",
        "DejaVuSerif-Bold.ttf",
        "C059-Bold.otf",
        "P052-Bold.otf",
        "URWBookman-Demi.otf",
        "NimbusRoman-Bold.otf",
    ),
    "script": (
        "lobster.otf",
        "Z003-MediumItalic.otf",
        "C059-BdIta.otf",
        "URWBookman-DemiItalic.otf",
        "FreeSerifBoldItalic.ttf",
    ),
}
"""Of state names, slogans and dealers' frames, by style."""


class MissingFontsError(Exception):
    """The typefaces for printed plates are not installed."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            f"{len(names)} typefaces are missing, the first is {names[0]}. On Debian: "
            "apt-get install fonts-roboto-unhinted fonts-open-sans fonts-liberation "
            "fonts-dejavu-core fonts-dejavu-extra fonts-bebas-neue fonts-national-park "
            "fonts-opendin fonts-routed-gothic fonts-freefont-ttf fonts-lobster "
            "fonts-urw-base35 fonts-cabin fonts-lato fonts-play "
            "fonts-yanone-kaffeesatz fonts-league-spartan fonts-jura"
        )


class Lettering(Protocol):
    """A way to make letters."""

    def glyph(self, sign: str, height: int) -> Mask:
        """One sign, its ink reaching all four edges of the mask."""
        ...


@attrs.frozen(kw_only=True)
class Die:
    """A set of letters drawn with one pen.

    Attributes:
        weight: stroke width over height of a letter.
        stretch: width of letters; 1 is the usual narrow letter.
        square: exponent of the superellipse of rounds: 2 is an ellipse, 5 nearly a
            box.
        forms: for signs that have several shapes, which one.
        waist: height at which two-storey letters have their waist, 0 at the top.
        slant: horizontal shift of the top over height.
        butt: strokes end flat instead of round.
    """

    weight: float
    stretch: float
    square: float
    forms: dict[str, int]
    waist: float
    slant: float
    butt: bool
    widths: dict[str, float]

    def glyph(self, sign: str, height: int) -> Mask:
        """One sign, its ink reaching all four edges of the mask."""
        tall = height * _FINE
        pen = max(self.weight * tall, 2.0)
        span = tall - pen
        across = span * self.stretch * self.widths.get(sign, 1.0)
        strokes = STROKES[sign](self)
        reach = max(x for stroke in strokes for x, _ in stroke)
        lean = self.slant * span
        width = math.ceil(reach * across + pen + abs(lean)) + 2
        canvas = np.zeros((tall + 2, width), np.uint8)
        left = pen / 2 + 1 + (max(lean, 0.0) if lean > 0 else -lean)
        for stroke in strokes:
            points = np.array(
                [
                    (
                        left + x * across + lean * (0.5 - y),
                        pen / 2 + 1 + y * span,
                    )
                    for x, y in stroke
                ]
            )
            cv2.polylines(
                canvas,
                [np.round(points * (1 << _SHIFT)).astype(np.int32)],
                isClosed=False,
                color=255,
                thickness=max(1, round(pen)),
                lineType=cv2.LINE_AA,
                shift=_SHIFT,
            )
            if self.butt:
                _cut_ends(canvas, points, pen)
        return _trimmed(shrunk(canvas, (max(1, width // _FINE), height)))


def _cut_ends(canvas: Mask, points: npt.NDArray[np.float64], pen: float) -> None:
    """Square off the two ends of a stroke that stand free: fill their corners."""
    for end, before in ((points[0], points[1]), (points[-1], points[-2])):
        along = end - before
        length = float(np.hypot(*along))
        if length < pen * 0.2:
            continue
        along /= length
        across = np.array([-along[1], along[0]])
        box = np.array(
            [
                end - across * pen / 2,
                end + across * pen / 2,
                end + across * pen / 2 + along * pen / 2,
                end - across * pen / 2 + along * pen / 2,
            ]
        )
        cv2.fillPoly(
            canvas,
            [np.round(box * (1 << _SHIFT)).astype(np.int32)],
            255,
            lineType=cv2.LINE_AA,
            shift=_SHIFT,
        )


@attrs.frozen(kw_only=True)
class Typeface:
    """A printed typeface, squeezed.

    Attributes:
        file: of the typeface.
        squeeze: horizontal scale.
        bolder: the ink is grown by so many hundredths of the height.
    """

    file: str
    squeeze: float
    bolder: int = 0

    def glyph(self, sign: str, height: int) -> Mask:
        """One sign, its ink reaching all four edges of the mask."""
        mask = _printed(self.file, sign)
        width = max(2, round(mask.shape[1] * height / mask.shape[0] * self.squeeze))
        if self.bolder:
            grow = max(1, round(mask.shape[0] * self.bolder / 100))
            mask = np.asarray(cv2.dilate(mask, np.ones((1, grow))), np.uint8)
        return shrunk(mask, (width, height))


@functools.cache
def font_path(name: str) -> str:
    """Where a typeface lies.

    Raises:
        MissingFontsError: it is not installed.
    """
    for folder in FONT_FOLDERS:
        for found in folder.rglob(name):
            return str(found)
    raise MissingFontsError([name])


@functools.lru_cache(maxsize=4096)
def _printed(file: str, sign: str) -> Mask:
    font = ImageFont.truetype(font_path(file), 128)
    picture = Image.new("L", (320, 320))
    ImageDraw.Draw(picture).text((60, 60), sign, font=font, fill=255)
    return _trimmed(np.asarray(picture))


@functools.lru_cache(maxsize=8192)
def word(text: str, file: str, height: int) -> Mask:
    """A line of text: `height` is that of a capital, in pixels."""
    size = max(6, round(height * 1.4))
    font = ImageFont.truetype(font_path(file), size)
    left, top, right, bottom = font.getbbox(text)
    picture = Image.new(
        "L", (max(1, math.ceil(right - left) + 4), max(1, math.ceil(bottom - top) + 4))
    )
    ImageDraw.Draw(picture).text((2 - left, 2 - top), text, font=font, fill=255)
    return np.array(picture)


@functools.lru_cache(maxsize=1)
def _invented() -> tuple[str, ...]:
    """Words in nobody's language: to be seen on plates and not to be read."""
    rng = np.random.default_rng(3)
    letters = list("AAABCDEEEFGHIIJKLLMNNOOPQRRSSTTUVWXYZ    0123456789.-")
    return tuple(
        "".join(rng.choice(letters, int(rng.integers(4, 15)))).strip() or "ONE"
        for _ in range(250)
    )


def some_words(rng: np.random.Generator) -> str:
    """Words as on a dealer's frame, of a stock of 250."""
    stock = _invented()
    return stock[int(rng.integers(len(stock)))]


def shrunk(picture: Mask, size: tuple[int, int]) -> Mask:
    """A mask or picture averaged down to so many columns and rows."""
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _trimmed(mask: Mask) -> Mask:
    rows = np.flatnonzero(mask.max(axis=1) > 40)
    columns = np.flatnonzero(mask.max(axis=0) > 40)
    if not rows.size or not columns.size:
        return mask
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()


def some_die(rng: np.random.Generator) -> Die:
    """A set of letters as one state's dies might look."""
    bold = rng.uniform(0.09, 0.185)
    # A plain bar may be a 1 or an I, never both on one set of dies.
    one = int(rng.choice(6, p=[0.12, 0.3, 0.16, 0.13, 0.13, 0.16]))
    eye = int(rng.choice(4, p=[0.07, 0.38, 0.3, 0.25]) if one else rng.integers(1, 4))
    forms = {
        "0": int(rng.choice(3, p=[0.84, 0.1, 0.06])),
        "1": one,
        "I": eye,
        **{
            sign: int(rng.integers(count))
            for sign, count in {
                "2": 6,
                "3": 3,
                "4": 9,
                "5": 2,
                "6": 3,
                "7": 3,
                "8": 2,
                "9": 3,
                "A": 3,
                "G": 4,
                "J": 3,
                "K": 2,
                "M": 6,
                "N": 2,
                "O": 2,
                "Q": 4,
                "R": 2,
                "U": 2,
                "V": 2,
                "W": 7,
                "Y": 2,
            }.items()
        },
    }
    if rng.random() < 0.5:
        forms["9"] = forms["6"]
    return Die(
        weight=bold,
        stretch=rng.uniform(0.85, 1.3),
        square=rng.choice([2.0, 2.3, 2.7, 3.2, 4.0]) + rng.uniform(-0.1, 0.3),
        forms=forms,
        waist=rng.uniform(0.44, 0.52),
        slant=0.0 if rng.random() < 0.93 else rng.uniform(-0.05, 0.12),
        butt=bool(rng.random() < 0.4),
        # Many dies give M and W no more room than others, with strokes as bold.
        widths={
            sign: rng.uniform(0.72 if sign in "MW" else 0.9, 1.12) for sign in ALPHABET
        },
    )


def some_typeface(rng: np.random.Generator) -> Typeface:
    """A printed typeface as a flat plate might have."""
    file = str(rng.choice(PRINTED))
    narrow = any(
        part in file for part in ("Cond", "Narrow", "narrow", "Bebas", "Yanone")
    )
    return Typeface(
        file=file,
        squeeze=rng.uniform(0.75, 1.15) if narrow else rng.uniform(0.52, 0.85),
        bolder=int(rng.choice([0, 0, 3, 6])),
    )
