"""Designs of American plates as data, and serials of the kind that each carries."""

import functools
import re
import tomllib
from pathlib import Path
from typing import Final, Literal

import attrs
import msgspec
import numpy as np

from charteroak.core import read
from charteroak.core.errors import CharterOakError
from charteroak.core.serial_format import DIGITS, LETTERS, RunKind, glyphs_of, runs
from training.figures import FIGURES

_FILE: Final = Path(__file__).with_name("jurisdictions.toml")
_FIRST_YEAR, _LAST_YEAR = 1950, 2030
_SHORT: Final = 4
"""A vanity text shorter than this is one word."""
_VANITY: Final = "*"
_VANITY_SHARE: Final = 0.07
"""Of the serials of any design: no glyph is rare, no grammar is certain."""

STATES: Final = tuple(sorted(read.STATES))
"""Postal codes, in alphabetical order."""

_KINDS_OF_ART: Final = (
    "none sunburst mountains hills trees skyline waves arch bird flag circle-centre "
    "outline-centre star-centre seal-left seal-right emblem-left palm flower lighthouse "
    "desert clouds stripes diagonal mark-left"
)
ART: Final = frozenset((*_KINDS_OF_ART.split(), *FIGURES))
"""What the renderer can draw; `mark-left` is small and does not move the serial."""

_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")


class BrokenDesignError(CharterOakError):
    """The catalogue of designs has a mistake."""

    code = "charteroak.training.broken-design"
    hint = "Repair the entry that is named in training/jurisdictions.toml."


@attrs.frozen
class Piece:
    """A run of a serial.

    Attributes:
        text: its characters; none in a gap, a dash or a dot.
        kind: large as the serial, stacked one above the other, small in a row, or
            what stands between.
    """

    text: str
    kind: RunKind


@attrs.frozen(kw_only=True)
class Word:
    """A text that is not the serial.

    Attributes:
        text: as printed.
        at: top or bottom, and there the left or the right where not the middle.
        style: serif, sans, script or block.
        colour: `#rrggbb`.
        size: height, as a share of the plate's.
    """

    text: str
    at: str
    style: str
    colour: str
    size: float


@attrs.frozen(kw_only=True)
class Band:
    """A solid band of colour from `top` to `bottom`, shares of the plate's height."""

    top: float
    bottom: float
    colour: str


@attrs.frozen(kw_only=True)
class Design:
    """How one kind of plate looks.

    Attributes:
        state: two letters.
        era: years it was issued in, first and last, about.
        weight: how common on the road, against the others of its state.
        ground: colours from top to bottom, blended; one where the ground is plain.
        bands: solid bands over the ground.
        ink: the serial's colour.
        lettering: "die" (embossed), "flat" (printed) or "wide".
        words: texts that are not the serial.
        county_name: whether a county stands at the bottom.
        art: what is drawn behind the serial, of `ART`.
        art_colour: its colours.
        stickers: corners where stickers sit: tl, tr, bl, br.
        serials: formats, as `serial` reads them; one that stands twice is twice as
            common.
        letters: the letters that `@` may become.
    """

    state: str
    era: tuple[int, int]
    weight: float
    ground: tuple[str, ...]
    bands: tuple[Band, ...]
    ink: str
    lettering: str
    words: tuple[Word, ...]
    county_name: bool
    art: tuple[str, ...]
    art_colour: tuple[str, ...]
    stickers: tuple[str, ...]
    serials: tuple[str, ...]
    letters: str


class _Word(msgspec.Struct, forbid_unknown_fields=True):
    text: str
    at: Literal["top", "bottom", "top-left", "top-right", "bottom-left", "bottom-right"]
    style: Literal["serif", "sans", "script", "block"]
    colour: str | None = None
    size: float | None = None


class _Band(msgspec.Struct, forbid_unknown_fields=True):
    top: float
    bottom: float
    colour: str


class _Design(msgspec.Struct, forbid_unknown_fields=True):
    state: str
    era: tuple[int, int]
    ground: list[str]
    ink: str
    serials: list[str]
    weight: float = 1.0
    bands: list[_Band] = []
    lettering: Literal["die", "flat", "wide"] = "die"
    words: list[_Word] = []
    county_name: bool = False
    art: list[str] = []
    art_colour: list[str] = []
    stickers: list[Literal["tl", "tr", "bl", "br"]] = []
    letters: str = LETTERS


class _Catalogue(msgspec.Struct, forbid_unknown_fields=True):
    design: list[_Design]


@functools.cache
def designs() -> tuple[Design, ...]:
    """All designs, from the catalogue.

    Raises:
        BrokenDesignError: naming the entry and what is wrong with it.
    """
    try:
        found = msgspec.convert(tomllib.loads(_FILE.read_text("utf-8")), _Catalogue)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as mistake:
        message = f"The catalogue cannot be read: {mistake}"
        raise BrokenDesignError(message) from mistake
    for number, each in enumerate(found.design, 1):
        _check(each, f"Design {number} ({each.state})")
    missing = read.STATES - {each.state for each in found.design}
    if missing:
        message = f"No design for: {', '.join(sorted(missing))}"
        raise BrokenDesignError(message)
    return tuple(_design(each) for each in found.design)


def _check(each: _Design, name: str) -> None:
    colours = [
        *each.ground,
        each.ink,
        *each.art_colour,
        *(band.colour for band in each.bands),
        *(word.colour for word in each.words if word.colour is not None),
    ]
    for form in each.serials:
        if form != _VANITY:
            runs(form)
    wrong = {
        "state": each.state not in read.STATES,
        "era": not _FIRST_YEAR <= each.era[0] <= each.era[1] <= _LAST_YEAR,
        "weight": each.weight <= 0,
        "ground": not each.ground,
        "colour": not all(_COLOUR.fullmatch(colour) for colour in colours),
        "bands": not all(0 <= band.top < band.bottom <= 1 for band in each.bands),
        "art": not ART.issuperset(each.art),
        "serials": not each.serials,
        "letters": not each.letters or not set(each.letters) <= set(LETTERS),
    }
    if any(wrong.values()):
        at_fault = ", ".join(key for key, is_wrong in wrong.items() if is_wrong)
        message = f"{name}: wrong {at_fault}"
        raise BrokenDesignError(message)


def _design(each: _Design) -> Design:
    return Design(
        state=each.state,
        era=each.era,
        weight=each.weight,
        ground=tuple(each.ground),
        bands=tuple(Band(**msgspec.structs.asdict(band)) for band in each.bands),
        ink=each.ink,
        lettering=each.lettering,
        words=tuple(
            Word(
                text=word.text,
                at=word.at,
                style=word.style,
                colour=word.colour or each.ink,
                size=word.size or (0.16 if word.at.startswith("top") else 0.10),
            )
            for word in each.words
        ),
        county_name=each.county_name,
        art=tuple(each.art) or ("none",),
        art_colour=tuple(each.art_colour),
        stickers=tuple(each.stickers),
        serials=tuple(each.serials),
        letters=each.letters,
    )


_PLAIN: Final = "ABCDEFGHJKLMNPRSTUVWXYZ"
_PLAIN_SHARE: Final = 0.75
"""Of the serials of a design that says nothing of its letters: without I, O and Q, which
most states leave out of most series."""


def serial(rng: np.random.Generator, design: Design) -> tuple[Piece, ...]:
    """A serial of one of the design's formats, or now and then a vanity text.

    Formats are those of `charteroak.core.serial_format`, and `*`, a vanity text.
    """
    form = _VANITY if rng.random() < _VANITY_SHARE else str(rng.choice(design.serials))
    if form == _VANITY:
        return _vanity(rng)
    letters = design.letters
    if letters == LETTERS and rng.random() < _PLAIN_SHARE:
        letters = _PLAIN
    return tuple(
        Piece(
            "".join(_any(rng, glyphs_of(sign, letters)) for sign in run.signs),
            run.kind,
        )
        for run in runs(form)
    )


def _any(rng: np.random.Generator, signs: str) -> str:
    return signs[int(rng.integers(len(signs)))]


def _vanity(rng: np.random.Generator) -> tuple[Piece, ...]:
    """Two to seven of any character, each as likely; sometimes in two words."""
    length = int(rng.integers(2, 8))
    text = "".join(_any(rng, LETTERS + DIGITS) for _ in range(length))
    if length < _SHORT or rng.random() < 0.7:
        return (Piece(text, "full"),)
    cut = int(rng.integers(1, length))
    return (Piece(text[:cut], "full"), Piece("", "gap"), Piece(text[cut:], "full"))
