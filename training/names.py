"""Words on plates whose letters are known: names of states, slogans, addresses.

The network of the states is taught to read them, so each letter's box comes with the
ink. Dozens of typefaces, set wide or narrow, leaning, bent, bold, in capitals of two
heights: no list of designs is complete, but every plate says where it is from.
"""

import functools
from typing import Final

import attrs
import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from training.art import HEIGHT, WIDTH, Face, Rgb, lay_ink
from training.lettering import WORDS, Mask, font_path, shrunk

Letter = tuple[str, float, float, float, float]
"""A capital, whatever was written, and its box: left, top, right, bottom."""

_CAPITAL: Final = 36
"""Height that lines are kept at, before they are shrunk to theirs."""
_ROOM: Final = 16
"""Above and below of it."""

TYPEFACES: Final = (
    "BebasNeue-Bold.otf", "BebasNeue-Regular.otf", "C059-Bold.otf", "C059-BdIta.otf",
    "C059-Italic.otf", "C059-Roman.otf", "Cabin-Bold.otf", "Cabin-BoldItalic.otf",
    "Cabin-Regular.otf", "DejaVuSans-Bold.ttf", "DejaVuSans-BoldOblique.ttf",
    "DejaVuSans.ttf", "DejaVuSansCondensed-Bold.ttf", "DejaVuSerif-Bold.ttf",
    "DejaVuSerifCondensed-Bold.ttf", "DejaVuSerifCondensed-BoldItalic.ttf",
    "FreeSansBold.ttf", "FreeSansBoldOblique.ttf", "FreeSerif.ttf",
    "FreeSerifBold.ttf", "FreeSerifBoldItalic.ttf", "FreeSerifItalic.ttf",
    "Jura-Bold.otf", "Lato-Black.ttf", "Lato-Bold.ttf", "Lato-HeavyItalic.ttf",
    "Lato-Regular.ttf", "LeagueSpartan-Bold.otf", "LeagueSpartan-Black.otf",
    "LiberationSans-Bold.ttf", "LiberationSans-BoldItalic.ttf",
    "LiberationSans-Regular.ttf", "LiberationSansNarrow-Bold.ttf",
    "LiberationSerif-Bold.ttf", "LiberationSerif-BoldItalic.ttf",
    "LiberationSerif-Regular.ttf", "NationalPark-Heavy.otf", "NationalPark-Regular.otf",
    "NimbusRoman-Bold.otf", "NimbusRoman-BoldItalic.otf", "NimbusSans-Bold.otf",
    "NimbusSans-BoldItalic.otf", "NimbusSansNarrow-Bold.otf", "OSP-DIN.ttf",
    "OpenSans-Bold.ttf", "OpenSans-CondBold.ttf", "OpenSans-ExtraBold.ttf",
    "OpenSans-SemiboldItalic.ttf", "P052-Bold.otf", "P052-BoldItalic.otf",
    "P052-Roman.otf", "Play-Bold.ttf", "Roboto-Black.ttf", "Roboto-Bold.ttf",
    "Roboto-BoldItalic.ttf", "Roboto-Medium.ttf", "RobotoCondensed-Bold.ttf",
    "RobotoCondensed-BoldItalic.ttf", "URWBookman-Demi.otf",
    "URWBookman-DemiItalic.otf", "URWBookman-Light.otf", "URWGothic-Book.otf",
    "URWGothic-Demi.otf", "URWGothic-DemiOblique.otf", "YanoneKaffeesatz-Bold.otf",
    "Z003-MediumItalic.otf", "lobster.otf", "routed-gothic.ttf",
    "routed-gothic-wide.ttf", "routed-gothic-half-italic.ttf",
)  # fmt: skip
HELD_OUT: Final = TYPEFACES[5::7]
"""Of the synthetic validation set alone."""
TAUGHT: Final = tuple(each for each in TYPEFACES if each not in HELD_OUT)


@attrs.frozen(kw_only=True)
class Style:
    """How a line is set.

    Attributes:
        file: of the typeface.
        small: capitals of two heights: initials, and the rest.
        spread: what is added after each letter, in hundredths of a capital's height.
        squeeze: width of letters, against the typeface's own.
        lean: how far a capital's top lies right of its foot, against its height.
        bend: how far the middle is above the ends, against a capital's height.
        bold: pixels of ink added at the height that lines are kept at.
    """

    file: str
    small: bool = False
    spread: int = 0
    squeeze: float = 1.0
    lean: float = 0.0
    bend: float = 0.0
    bold: int = 0


def some_style(rng: np.random.Generator, file: str, *, calm: bool) -> Style:
    """A way to set a line in a typeface; calm ones as most plates have them."""
    wild = 0.3 if calm else 1.0
    return Style(
        file=file,
        small=bool(rng.random() < 0.12 * wild),
        spread=int(rng.choice([0, 8, 20, 45])) if rng.random() < 0.4 * wild else 0,
        squeeze=float(np.exp(rng.normal(0, 0.07 + 0.15 * wild))),
        lean=float(rng.uniform(-0.05, 0.35)) if rng.random() < 0.25 * wild else 0.0,
        bend=float(rng.uniform(0.15, 0.9)) if rng.random() < 0.15 * wild else 0.0,
        bold=int(rng.integers(1, 4)) if rng.random() < 0.35 * wild else 0,
    )


@attrs.frozen(eq=False)
class Line:
    """A line of text: its ink, and its letters in pixels of that."""

    mask: Mask
    letters: tuple[Letter, ...]


def line(text: str, style: Style, height: float) -> Line:
    """A line of text; `height` is that of a capital, in pixels."""
    mask, letters = _kept(text, style.file, style.small, style.spread)
    if style.bold:
        mask = np.asarray(cv2.dilate(mask, np.ones((style.bold, style.bold))), np.uint8)
    if style.lean:
        mask, letters = _leaning(mask, letters, style.lean)
    if style.bend:
        mask, letters = _bent(mask, letters, style.bend)
    down = height / _CAPITAL
    across = down * style.squeeze
    size = max(4, round(mask.shape[1] * across)), max(4, round(mask.shape[0] * down))
    across, down = size[0] / mask.shape[1], size[1] / mask.shape[0]
    return Line(
        shrunk(mask, size),
        tuple(
            (sign, left * across, top * down, right * across, bottom * down)
            for sign, left, top, right, bottom in letters
        ),
    )


def narrowed(given: Line, widest: float) -> Line:
    """A line squeezed until it is no wider than that many pixels."""
    rows, columns = given.mask.shape
    if columns <= widest:
        return given
    across = int(widest) / columns
    return Line(
        shrunk(given.mask, (int(widest), rows)),
        tuple(
            (sign, left * across, top, right * across, bottom)
            for sign, left, top, right, bottom in given.letters
        ),
    )


@attrs.frozen(eq=False)
class _Glyph:
    """A sign's ink, where it lies from the pen's place on the foot line, and its step."""

    mask: Mask
    left: int
    top: int
    step: float


@functools.cache
def _glyph(file: str, capital: int, sign: str) -> _Glyph:
    font = _font(file, capital)
    left, top, right, bottom = (int(each) for each in font.getbbox(sign, anchor="ls"))
    picture = Image.new("L", (max(1, right - left), max(1, bottom - top)))
    ImageDraw.Draw(picture).text((-left, -top), sign, font=font, fill=255, anchor="ls")
    return _Glyph(np.array(picture), left, top, font.getlength(sign))


@functools.lru_cache(maxsize=2048)
def _kept(
    text: str,
    file: str,
    small: bool,  # noqa: FBT001 - private
    spread: int,
) -> tuple[Mask, tuple[Letter, ...]]:
    low = round(_CAPITAL * 0.8) if small else _CAPITAL
    placed, x = [], 4.0
    for number, sign in enumerate(text.upper() if small else text):
        initial = number == 0 or not text[number - 1].isalnum()
        glyph = _glyph(file, _CAPITAL if initial else low, sign)
        placed.append((sign, round(x) + glyph.left, glyph))
        x += glyph.step + spread * _CAPITAL / 100
    start = min(0, *(left for _, left, _ in placed))
    end = max(left + glyph.mask.shape[1] for _, left, glyph in placed)
    picture = np.zeros((_CAPITAL + 2 * _ROOM, end - start + 4), np.uint8)
    letters = []
    for sign, far, glyph in placed:
        left, top = far - start, max(_ROOM + _CAPITAL + glyph.top, 0)
        rows, columns = glyph.mask.shape
        spot = picture[top : top + rows, left : left + columns]
        np.maximum(spot, glyph.mask[: len(spot)], out=spot)
        if sign.isascii() and sign.isalpha():
            letters.append((sign.upper(), left, top, left + columns, top + rows))
    return picture, tuple(letters)


@functools.cache
def _font(file: str, capital: int) -> ImageFont.FreeTypeFont:
    """A typeface whose capitals are so many pixels high."""
    path = font_path(file)
    top = ImageFont.truetype(path, 100).getbbox("H", anchor="ls")[1]
    return ImageFont.truetype(path, max(6, round(100 * capital / max(-top, 30))))


def _leaning(
    mask: Mask, letters: tuple[Letter, ...], lean: float
) -> tuple[Mask, tuple[Letter, ...]]:
    rows, columns = mask.shape
    foot = _ROOM + _CAPITAL
    shift = max(0.0, -lean) * _CAPITAL
    turn = np.array([[1, -lean, lean * foot + shift], [0, 1, 0]])
    size = columns + int(abs(lean) * rows), rows
    moved = cv2.warpAffine(mask, turn, size, flags=cv2.INTER_LINEAR)
    return np.asarray(moved, np.uint8), tuple(
        (
            sign,
            left + lean * (foot - (top + bottom) / 2) + shift,
            top,
            right + lean * (foot - (top + bottom) / 2) + shift,
            bottom,
        )
        for sign, left, top, right, bottom in letters
    )


def _bent(
    mask: Mask, letters: tuple[Letter, ...], bend: float
) -> tuple[Mask, tuple[Letter, ...]]:
    rows, columns = mask.shape
    much = bend * _CAPITAL

    def down(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(much * (2 * x / columns - 1) ** 2, np.float64)

    x, y = np.meshgrid(np.arange(columns), np.arange(rows + int(much) + 1))
    moved = cv2.remap(
        mask,
        x.astype(np.float32),
        (y - down(x.astype(np.float64))).astype(np.float32),
        cv2.INTER_LINEAR,
    )
    bent = []
    for sign, left, top, right, bottom in letters:
        by = float(down(np.array((left + right) / 2)))
        bent.append((sign, left, top + by, right, bottom + by))
    return np.asarray(moved, np.uint8), tuple(bent)


def inscribed(
    face: Face,
    given: Line,
    at: tuple[float, float],
    colour: Rgb,
    halo: Rgb | None = None,
) -> list[Letter]:
    """Put a line onto a face.

    Args:
        face: to write on.
        given: what to write.
        at: where its left top corner comes to lie.
        colour: of its ink.
        halo: of an outline, if it has one.

    Returns:
        Its letters, in pixels of the face; those cut off by its edge are left out.
    """
    x, y = at
    if halo is not None:
        wide = np.asarray(cv2.dilate(given.mask, np.ones((3, 3))), np.uint8)
        lay_ink(face, wide, x, y, halo)
    lay_ink(face, given.mask, x, y, colour)
    moved = (
        (sign, left + x, top + y, right + x, bottom + y)
        for sign, left, top, right, bottom in given.letters
    )
    return [
        each
        for each in moved
        if each[1] > -2
        and each[2] > -2
        and each[3] < WIDTH + 2
        and each[4] < HEIGHT + 2
    ]


def typefaces_of(style: str) -> tuple[str, ...]:
    """Of a style of the catalogue."""
    return WORDS.get(style, WORDS["sans"])
