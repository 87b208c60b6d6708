"""Flat faces of American plates, drawn: ground, art, words, and the serial.

Half of them follow a design of a state, with everything varied that varies between
batches and years; the others are of no state: random colours, words and art, so that
the reader learns glyphs and not designs.
"""

import functools
from collections.abc import Sequence
from typing import Final

import attrs
import cv2
import numpy as np
import numpy.typing as npt

from training.art import (
    HEIGHT,
    UNPAINTED,
    WIDTH,
    Face,
    Rgb,
    bolts,
    ground,
    lay_ink,
    nearby,
    paint_art,
    rgb,
    sticker,
)
from training.designs import Design, Piece, Word, designs, serial
from training.emblems import emblem, mark, posts
from training.layout import Placed, lay_out
from training.lettering import (
    ALPHABET,
    WORDS,
    Lettering,
    shrunk,
    some_die,
    some_typeface,
    some_words,
    word,
)

OTHER: Final = "other"
_DIES: Final = 500
_PRINTED: Final = 160
_BANK: Final = 96
"""Height in pixels that glyphs are kept at."""
_SLOTS: Final = 9
_SPREADS: Final = (4.0, 14.0, 30.0)


@attrs.frozen(kw_only=True, eq=False)
class Plate:
    """A flat plate.

    Attributes:
        face: HEIGHT x WIDTH x 3, RGB, uint8.
        text: what is to be read, stacked characters in reading order.
        glyphs: of each character of the text: left, top, right, bottom, face pixels.
        state: two letters, or `OTHER`.
    """

    face: Face
    text: str
    glyphs: tuple[tuple[float, float, float, float], ...]
    state: str


@functools.cache
def _by_state() -> dict[str, list[Design]]:
    found: dict[str, list[Design]] = {}
    for design in designs():
        found.setdefault(design.state, []).append(design)
    return found


def some_design(rng: np.random.Generator) -> Design:
    """A design of a state: states evenly, its designs by how common they are."""
    by_state = _by_state()
    state = str(rng.choice(sorted(by_state)))
    choices = by_state[state]
    weights = np.array([each.weight for each in choices], float)
    return choices[int(rng.choice(len(choices), p=weights / weights.sum()))]


_GRAMMARS: Final = (
    "@@@ ####", "@@@-####", "@@@.####", "@@@ ###", "###-@@@", "### @@@", "#@@@###",
    "@@-#####", "@## #@#", "@@# @#@", "@@#.@#@", "####@@", "### ####", "######",
    "{@@}####", "{@@}#####", "{@@}### ##", "####{@@}", "{@@@}####", "{##}####",
    "{@}#####", "[##] ####", "[@@]#####", "#-@####", "##-####", "@######", "T######C",
    "@@@@@@@", "#  ####", "##  ####", "#  ###@", "@@@  ###", "###  @@@", "#  ###{@@}",
    "{##}  ###@", "*", "*", "*", "*", "*", "*", "*", "*",
)  # fmt: skip


_LARGE: Final = 0.4
"""A picture between the halves is large if so wide, by the letters' height."""
_COMMON: Final = "ABCDEFGHJKLMNPRSTUVWXYZ"
"""Most serials are without the letters that digits look like."""
_FREE_ART: Final = (
    "none", "none", "none", "none", "none", "mountains", "hills", "skyline", "trees", "waves",
    "sunburst", "stripes", "diagonal", "clouds", "bird", "flower", "palm", "seal-left",
    "seal-right", "emblem-left", "circle-centre",
)  # fmt: skip


def free_design(rng: np.random.Generator) -> Design:
    """Of no state: any colours that can be read, any words, any art."""
    light = rng.random() < 0.72
    count = int(rng.choice([1, 2, 3], p=[0.5, 0.3, 0.2]))

    def colour(low: int, high: int) -> str:
        return "#" + "".join(f"{int(c):02x}" for c in rng.integers(low, high, 3))

    grounds = [colour(150, 256) if light else colour(0, 110) for _ in range(count)]
    if rng.random() < 0.35 and light:
        grounds = ["#f2f2ee"]
    ink = colour(0, 90) if light else colour(170, 256)
    letters = some_words(rng)
    words = [
        Word(
            text=letters if rng.random() < 0.5 else letters.capitalize(),
            at=at,
            style=str(rng.choice(sorted(WORDS))),
            colour=colour(0, 256),
            size=float(rng.uniform(0.08, 0.2)),
        )
        for at in ("top", "bottom")
        if rng.random() < 0.75
    ]
    return Design(
        state=OTHER,
        era=(1990, 2026),
        weight=1,
        ground=tuple(grounds),
        bands=(),
        ink=ink,
        lettering=str(rng.choice(["die", "die", "flat"])),
        words=tuple(words),
        county_name=bool(rng.random() < 0.1),
        art=(str(rng.choice(_FREE_ART)),),
        art_colour=(colour(0, 256),),
        stickers=tuple(c for c in ("tl", "tr", "bl", "br") if rng.random() < 0.25),
        serials=(str(rng.choice(_GRAMMARS)),),
        letters=ALPHABET[10:] if rng.random() < 0.06 else _COMMON,
    )


@functools.cache
def _bank(number: int) -> Lettering:
    rng = np.random.default_rng([7, abs(number), int(number < 0)])
    return some_typeface(rng) if number < 0 else some_die(rng)


@functools.lru_cache(maxsize=40_000)
def _kept(number: int, sign: str) -> npt.NDArray[np.uint8]:
    return _bank(number).glyph(sign, _BANK)


def draw_plate(
    rng: np.random.Generator,
    design: Design | None = None,
    *,
    held_out: bool = False,
    spreads: tuple[float, ...] = _SPREADS,
) -> Plate:
    """Draw a plate.

    Args:
        rng: where all that varies comes from; the same state, the same plate.
        design: to draw; None for any, four in ten of them of no state.
        held_out: use dies that training never sees.
        spreads: how far batches of paint differ, one of these.
    """
    if design is None:
        design = some_design(rng) if rng.random() < 0.65 else free_design(rng)
    spread = float(rng.choice(spreads))
    face = _blank(rng, design, spread)
    art = design.art_colour or (design.ink,)
    pieces = _fitting(rng, design)
    placed = _laid_out(rng, design, pieces, face, nearby(rng, rgb(art[0]), spread))
    printed = design.lettering == "flat" or rng.random() < 0.06
    # Many printed serials keep the shapes of the old dies.
    if printed and rng.random() < 0.5:
        number = -1 - int(rng.integers(_PRINTED)) - held_out * _PRINTED
    else:
        number = int(rng.integers(_DIES)) + held_out * _DIES
    _stamp(rng, face, placed, number, nearby(rng, rgb(design.ink), spread), printed)
    if rng.random() < 0.6:
        bolts(rng, face)
    glyphs = [each for each in placed if each.sign in ALPHABET]
    return Plate(
        face=face,
        text="".join(each.sign for each in glyphs),
        glyphs=tuple(
            (each.left, each.top, each.left + each.width, each.top + each.height)
            for each in glyphs
        ),
        state=design.state,
    )


def _blank(rng: np.random.Generator, design: Design, spread: float) -> Face:
    """A plate before its serial; `spread` is how far batches of paint differ."""
    face = ground(rng, [nearby(rng, rgb(c), spread) for c in design.ground])
    for band in design.bands:
        top, bottom = int(band.top * HEIGHT), int(band.bottom * HEIGHT)
        face[top:bottom] = nearby(rng, rgb(band.colour), spread)
    art = design.art_colour or (design.ink,)
    for number, kind in enumerate(design.art):
        if kind not in UNPAINTED:
            paint_art(rng, face, kind, nearby(rng, rgb(art[number % len(art)]), spread))
    for each in design.words:
        _write(rng, face, each)
    if rng.random() < 0.08:
        posts(rng, face, rgb(art[0]))
    if design.county_name:
        _county(rng, face)
    for corner in design.stickers:
        if rng.random() < 0.75:
            sticker(rng, face, corner)
    return face


def _fitting(rng: np.random.Generator, design: Design) -> tuple[Piece, ...]:
    """A serial that fits the reader's slots."""
    while True:
        pieces = serial(rng, design)
        count = sum(
            len(p.text) for p in pieces if p.kind in {"full", "stacked", "small"}
        )
        if 1 <= count <= _SLOTS:
            return pieces


def _write(rng: np.random.Generator, face: Face, each: Word) -> None:
    file = str(rng.choice(WORDS.get(each.style, WORDS["sans"])))
    height = 2 * max(4, round(each.size * HEIGHT * rng.uniform(0.85, 1.15) / 2))
    ink = word(each.text, file, height)
    widest = int(WIDTH * rng.uniform(0.55, 0.94))
    if ink.shape[1] > widest:
        ink = shrunk(ink, (widest, ink.shape[0]))
    rows, columns = ink.shape
    edge, _, side = each.at.partition("-")
    top = {
        "top": rng.uniform(0.01, 0.06) * HEIGHT,
        "bottom": HEIGHT * rng.uniform(0.94, 0.99) - rows,
    }.get(edge, HEIGHT * 0.5 - rows / 2)
    room = WIDTH - columns
    left = {"left": room * 0.1, "right": room * 0.9}.get(side, room / 2)
    left += rng.normal(0, 6)
    lay_ink(face, ink, left, top, rgb(each.colour))


def _county(rng: np.random.Generator, face: Face) -> None:
    letters = rng.choice(list(ALPHABET[10:]), int(rng.integers(4, 11)))
    ink = word(
        "".join(letters), str(rng.choice(WORDS["sans"])), int(rng.integers(12, 20))
    )
    left, top = (WIDTH - ink.shape[1]) / 2, HEIGHT * 0.95 - ink.shape[0]
    if rng.random() < 0.5:
        cv2.rectangle(
            face,
            (int(left) - 14, int(top) - 3),
            (int(left) + ink.shape[1] + 14, HEIGHT - 6),
            (250, 250, 250),
            -1,
        )
    lay_ink(face, ink, left, top, (20, 20, 20))


def _laid_out(
    rng: np.random.Generator,
    design: Design,
    pieces: Sequence[Piece],
    face: Face,
    art: Rgb,
) -> tuple[Placed, ...]:
    """Where each character stands; what stands between them is drawn at once."""
    pictured = rng.random() < 0.24
    beside = pictured or bool({"emblem-left", "seal-left"} & set(design.art))
    layout = lay_out(rng, pieces, beside=beside)
    middle, tall = layout.middle, layout.tall
    for at, wide in layout.emblems:
        # Some are larger than their gap and lie under the letters.
        large = wide > layout.tall * _LARGE
        size = wide * (
            rng.uniform(0.8, 1.15) if large else float(rng.choice([0.7, 1.0, 2.2]))
        )
        emblem(rng, face, (at, middle), size, tall)
    if pictured:
        wide = rng.uniform(30, 92)
        emblem(rng, face, (layout.left - wide * 0.6, middle), wide, tall * 1.2)
    for at, wide in layout.marks:
        _mark(rng, face, (at, middle), wide, tall, design, art)
    return layout.placed


def _mark(  # noqa: PLR0913, PLR0917 - where, how large, and what colours
    rng: np.random.Generator,
    face: Face,
    at: tuple[float, float],
    wide: float,
    tall: float,
    design: Design,
    art: Rgb,
) -> None:
    x, y = at
    kind = rng.random()
    if kind < 0.3:
        thick = tall * rng.uniform(0.06, 0.13)
        y += tall * rng.uniform(-0.1, 0.1)
        cv2.rectangle(
            face,
            (int(x - wide / 2.4), int(y - thick / 2)),
            (int(x + wide / 2.4), int(y + thick / 2)),
            rgb(design.ink),
            -1,
        )
    elif kind < 0.65:
        emblem(rng, face, (x, y), wide * rng.uniform(0.7, 1.4), tall)
    else:
        colour = art if rng.random() < 0.5 else rgb(design.ink)
        mark(rng, face, (x, y), wide * rng.uniform(0.7, 1.1), colour)


def _stamp(  # noqa: PLR0913, PLR0917 - what, where and how
    rng: np.random.Generator,
    face: Face,
    placed: Sequence[Placed],
    number: int,
    ink: Rgb,
    printed: bool,  # noqa: FBT001 - private
) -> None:
    """Press or print the serial onto the face."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for each in placed:
        glyph = _kept(number, each.sign)
        wide, high = max(2, round(each.width)), max(4, round(each.height))
        # A 1 or I keeps its stroke's width, the others fill their place.
        natural = glyph.shape[1] / glyph.shape[0] * high
        narrow = int(min(wide, natural * 1.15)) if each.sign in "1I" else wide
        glyph = shrunk(glyph, (max(2, narrow), high))
        x, y = round(each.left + (wide - narrow) / 2), round(each.top)
        x0, y0, x1, y1 = (
            max(x, 0),
            max(y, 0),
            min(x + glyph.shape[1], WIDTH),
            min(y + high, HEIGHT),
        )
        if x1 > x0 and y1 > y0:
            spot = mask[y0:y1, x0:x1]
            np.maximum(spot, glyph[y0 - y : y1 - y, x0 - x : x1 - x], out=spot)
    if rng.random() < 0.07:
        _worn(rng, mask)
    if rng.random() < 0.15:
        halo = np.asarray(cv2.dilate(mask, np.ones((5, 5))), np.uint8)
        lay_ink(face, halo, 0, 0, (250, 250, 250) if sum(ink) < 330 else (10, 10, 10))
    lay_ink(face, mask, 0, 0, ink)
    if not printed and rng.random() < 0.85:
        _emboss(rng, face, mask)


def _worn(rng: np.random.Generator, mask: npt.NDArray[np.uint8]) -> None:
    """Paint that came off the raised letters."""
    coarse = rng.integers(0, 256, (24, 48), np.uint8)
    noise = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    mask[noise < rng.integers(20, 70)] //= 2


def _emboss(rng: np.random.Generator, face: Face, mask: npt.NDArray[np.uint8]) -> None:
    """Light and shadow on the slopes of raised letters, light from one side."""
    soft = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(1.2, 3))).astype(np.int16)
    down, right = int(rng.integers(1, 4)), int(rng.integers(-2, 3))
    slope = np.roll(soft, (down, right), (0, 1)) - soft
    strength = rng.uniform(0.1, 0.55) * (1 if rng.random() < 0.8 else -1)
    lit = face + (slope * strength).astype(np.int16)[:, :, None]
    np.clip(lit, 0, 255, out=lit)
    face[:] = lit.astype(np.uint8)
