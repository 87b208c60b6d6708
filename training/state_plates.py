"""Plates for the network that names states, with the letters of their words.

Half of them look as their state's plates do. The others carry its name in any lettering
on any colours, those of another state too, so that the name is what counts wherever it
can be read; and some are of no state.
"""

from collections.abc import Sequence
from typing import Final

import attrs
import cv2
import numpy as np

from charteroak.core.read import STATES
from training.art import HEIGHT, WIDTH, Face, Rgb, nearby, rgb, sticker
from training.designs import Design, Word, designs
from training.lettering import some_words
from training.names import (
    HELD_OUT,
    TAUGHT,
    TYPEFACES,
    Letter,
    Line,
    inscribed,
    line,
    narrowed,
    some_style,
    typefaces_of,
)
from training.plates import OTHER, Plate, draw_plate, free_design, some_design
from training.wear import Picture, degrade

_OF_NONE, _AS_ISSUED, _RESET = 0.1, 0.45, 0.17
"""Shares: of no state; as in the catalogue; that with its words set anew. The rest has
its name on other colours."""
_SPREADS: Final = (3.0, 7.0, 14.0, 22.0)

NAMES: Final = {
    "AL": "Alabama",
    "AK": "Alaska",
    "AZ": "Arizona",
    "AR": "Arkansas",
    "CA": "California",
    "CO": "Colorado",
    "CT": "Connecticut",
    "DE": "Delaware",
    "DC": "Washington, DC",
    "FL": "Florida",
    "GA": "Georgia",
    "HI": "Hawaii",
    "ID": "Idaho",
    "IL": "Illinois",
    "IN": "Indiana",
    "IA": "Iowa",
    "KS": "Kansas",
    "KY": "Kentucky",
    "LA": "Louisiana",
    "ME": "Maine",
    "MD": "Maryland",
    "MA": "Massachusetts",
    "MI": "Michigan",
    "MN": "Minnesota",
    "MS": "Mississippi",
    "MO": "Missouri",
    "MT": "Montana",
    "NE": "Nebraska",
    "NV": "Nevada",
    "NH": "New Hampshire",
    "NJ": "New Jersey",
    "NM": "New Mexico",
    "NY": "New York",
    "NC": "North Carolina",
    "ND": "North Dakota",
    "OH": "Ohio",
    "OK": "Oklahoma",
    "OR": "Oregon",
    "PA": "Pennsylvania",
    "RI": "Rhode Island",
    "SC": "South Carolina",
    "SD": "South Dakota",
    "TN": "Tennessee",
    "TX": "Texas",
    "UT": "Utah",
    "VT": "Vermont",
    "VA": "Virginia",
    "WA": "Washington",
    "WV": "West Virginia",
    "WI": "Wisconsin",
    "WY": "Wyoming",
}
assert frozenset(NAMES) == STATES  # noqa: S101 - a slip here would teach a wrong name
_ALSO: Final = {
    "DC": ("Washington, D.C.", "District of Columbia", "Washington DC"),
    "NM": ("New Mexico USA",),
    "WA": ("Washington State",),
    "HI": ("Hawai'i",),
}
_AROUND: Final = (
    "www.{}.gov", "{}.gov", "{}.com", "My{}.com", "visit{}.com", "www.{}.com",
    "Scenic {}", "Explore {}", "Pure {}", "Visit {}", "{} USA", "State of {}",
)  # fmt: skip
_ELSEWHERE: Final = (
    "Ontario", "Quebec", "Alberta", "Manitoba", "Nova Scotia", "British Columbia",
    "Saskatchewan", "New Brunswick", "Puerto Rico", "Guam", "Virgin Islands",
    "US Government", "Chihuahua", "Sonora", "Tamaulipas", "Mexico", "Baja California",
    "Bermuda", "Northwest Territories", "Yukon", "Newfoundland", "Navajo Nation",
)  # fmt: skip
SLOGANS: Final = (
    "First in Everything", "Beautiful", "Sunshine", "Historic", "Truck", "Trailer",
    "Commercial", "Dealer", "Veteran", "Disabled Veteran", "Fire Fighter", "Antique",
    "Centennial", "Bicentennial", "In God We Trust", "University", "Alumni",
    "Support Our Troops", "Wildlife", "Save the Whales", "Permanent", "Apportioned",
    "Municipal", "Exempt", "Farm", "Motorcycle", "Passenger", "National Guard",
)  # fmt: skip


def draw_state_plate(rng: np.random.Generator, *, held_out: bool = False) -> Plate:
    """A plate whose `text` and `glyphs` are the letters of its words.

    Args:
        rng: where all that varies comes from.
        held_out: use dies, and where typefaces are free those, that training never sees.
    """
    kind = rng.random()
    anew = kind >= _OF_NONE + _AS_ISSUED
    if kind < _OF_NONE:
        design = _of_none(rng)
        anew = True
    else:
        design = some_design(rng)
        if kind >= _OF_NONE + _AS_ISSUED + _RESET:
            design = _on_other_colours(rng, design.state)
    bare = attrs.evolve(design, words=(), stickers=())
    plate = draw_plate(rng, bare, held_out=held_out, spreads=_SPREADS)
    letters: list[Letter] = []
    for each in design.words:
        letters += _write(rng, plate.face, each, _file(rng, each, anew, held_out))
    for corner in design.stickers:
        if rng.random() < 0.75:
            sticker(rng, plate.face, corner)
    return attrs.evolve(
        plate,
        text="".join(each[0] for each in letters),
        glyphs=tuple(each[1:] for each in letters),
    )


def _file(
    rng: np.random.Generator,
    each: Word,
    anew: bool,  # noqa: FBT001 - private
    held_out: bool,  # noqa: FBT001 - private
) -> str:
    if anew:
        return str(rng.choice(HELD_OUT if held_out else TAUGHT))
    usual = typefaces_of(each.style)
    if each.style == "script" or rng.random() < 0.6:
        return str(rng.choice(usual))
    return str(rng.choice(TYPEFACES if held_out else TAUGHT))


def _of_none(rng: np.random.Generator) -> Design:
    """With words that name no state, some of them of other countries."""
    design = free_design(rng)
    name = (
        str(rng.choice(_ELSEWHERE)) if rng.random() < 0.6 else some_words(rng).title()
    )
    return _named(rng, design, name, OTHER)


def _on_other_colours(rng: np.random.Generator, state: str) -> Design:
    """A state's name on free colours, or on those of another one."""
    design = free_design(rng)
    if rng.random() < 0.45:
        other = some_design(rng)
        design = attrs.evolve(
            other, serials=design.serials, county_name=bool(rng.random() < 0.1)
        )
    name = str(rng.choice([NAMES[state], *_ALSO.get(state, ())]))
    if rng.random() < 0.12:
        around = str(rng.choice(_AROUND))
        name = around.format(name if " " in around else name.replace(" ", ""))
    return _named(rng, design, name, state)


def _named(rng: np.random.Generator, design: Design, name: str, state: str) -> Design:
    at = str(
        rng.choice(
            ["top", "top-left", "top-right", "bottom", "bottom-left", "bottom-right"],
            p=[0.5, 0.06, 0.04, 0.32, 0.03, 0.05],
        )
    )
    words = [_word(rng, name, at, float(rng.uniform(0.09, 0.2)))]
    if rng.random() < 0.65:
        away = "bottom" if at.startswith("top") else "top"
        words.append(
            _word(rng, _slogan(rng, state), away, float(rng.uniform(0.06, 0.13)))
        )
    return attrs.evolve(design, state=state, words=tuple(words))


def _slogan(rng: np.random.Generator, state: str) -> str:
    kind = rng.random()
    own = [
        word.text
        for design in designs()
        if design.state == state
        for word in design.words
        if word.text.lower() != NAMES.get(state, "").lower()
    ]
    if own and kind < 0.3:
        return str(rng.choice(own))
    if kind < 0.65:
        return str(rng.choice(SLOGANS))
    return some_words(rng)


def _word(rng: np.random.Generator, text: str, at: str, size: float) -> Word:
    kind = rng.random()
    text = text.upper() if kind < 0.5 else text.lower() if kind > 0.97 else text
    low, high = (0, 110) if rng.random() < 0.7 else (140, 256)
    colour = "#" + "".join(f"{int(c):02x}" for c in rng.integers(low, high, 3))
    return Word(text=text, at=at, style="sans", colour=colour, size=size / 0.82)


def _write(rng: np.random.Generator, face: Face, each: Word, file: str) -> list[Letter]:
    """A word, where it belongs and in ink that can be seen there."""
    calm = each.style != "sans" or rng.random() < 0.6
    style = some_style(rng, file, calm=calm)
    # Sizes of the catalogue are those of the whole line, with what hangs below it.
    height = max(8.0, each.size * 0.82 * HEIGHT * float(np.exp(rng.normal(0, 0.12))))
    lines = _lines(rng, each.text)
    widest = WIDTH * float(rng.uniform(0.62, 0.94))
    set_lines = [
        narrowed(line(one, style, height / len(lines) ** 0.5), widest) for one in lines
    ]
    letters: list[Letter] = []
    at = _places(rng, each.at, set_lines)
    for one, (x, y) in zip(set_lines, at, strict=True):
        colour, halo = _seen(rng, face, one, (x, y), rgb(each.colour))
        letters += inscribed(face, one, (x, y), colour, halo)
    return letters


def _lines(rng: np.random.Generator, text: str) -> list[str]:
    """One line, or for a text of two words sometimes two."""
    parts = text.split(" ")
    if len(parts) == 2 and text != text.lower() and rng.random() < 0.1:
        return parts
    return [text]


def _places(
    rng: np.random.Generator, at: str, lines: Sequence[Line]
) -> list[tuple[float, float]]:
    """Left top corners of lines."""
    edge, _, side = at.partition("-")
    places = []
    for number, one in enumerate(lines):
        rows, columns = one.mask.shape
        inside = [letter[2] for letter in one.letters] or [0.0]
        foot = max((letter[4] for letter in one.letters), default=float(rows))
        y = HEIGHT * rng.uniform(0.02, 0.08) - min(inside)
        if edge == "bottom":
            y = HEIGHT * rng.uniform(0.93, 0.985) - foot
        y += number * rows * 0.5 * (1 if edge == "top" else 0)
        y -= (len(lines) - 1 - number) * rows * 0.5 * (edge == "bottom")
        room = WIDTH - columns
        x = {"left": 0.06 * room, "right": 0.94 * room}.get(side, room / 2)
        places.append((x + float(rng.normal(0, 5)), float(y)))
    return places


def _seen(
    rng: np.random.Generator,
    face: Face,
    one: Line,
    at: tuple[float, float],
    colour: Rgb,
) -> tuple[Rgb, Rgb | None]:
    """The colour, or black or white where nobody would see it; and an outline."""
    rows, columns = one.mask.shape
    x, y = (max(0, int(each)) for each in at)
    under = face[y : y + rows, x : x + columns].reshape(-1, 3)
    if not under.size:
        return colour, None
    light = float(under.mean())
    colour = nearby(rng, colour, 8)
    if abs(light - sum(colour) / 3) < 45 and np.ptp(colour) < 110:
        shade = int(rng.integers(0, 60)) if light > 120 else int(rng.integers(200, 256))
        colour = (shade, shade, shade)
    halo = None
    if rng.random() < 0.1:
        halo = (250, 250, 250) if sum(colour) < 380 else (20, 20, 20)
    return colour, halo


def some_width(rng: np.random.Generator) -> float:
    """Of a plate in a picture, pixels: names are read on large ones."""
    low, high = (170, 400) if rng.random() < 0.7 else (60, 180)
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def weather(rng: np.random.Generator, picture: Picture, width: float) -> Picture:
    """As for the reader, or fair: a name that nobody can read teaches nothing."""
    if rng.random() < 0.35:
        return degrade(rng, picture, width)
    if rng.random() < 0.5:
        sigma = float(rng.uniform(0.3, 0.6) + width * rng.uniform(0, 0.003))
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)
    light = rng.uniform(0.55, 1.25) * rng.normal(1, 0.06, 3)
    lit = picture * light.astype(np.float32) + np.float32(rng.normal(0, 12))
    seen: Picture = np.asarray(np.clip(lit, 0, 255), np.uint8)
    if rng.random() < 0.6:
        quality = int(rng.uniform(40, 95))
        _, packed_up = cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, quality])
        seen = np.asarray(cv2.imdecode(packed_up, cv2.IMREAD_COLOR), np.uint8)
    return seen
