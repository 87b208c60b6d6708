"""Formats of serials: a hint at the state that issued a plate, and a ground for doubt.

A reading is judged and never changed. What a judgement holds are states, doubts and
numbers of places: there is no way here to give back another text. For owners choose
texts of their own, old plates stay on the road, and no list of formats is complete; a
text that fits nothing may be just what stands on the plate.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final

import attrs

from charteroak.core.alternatives import Alternatives
from charteroak.core.plate import PlateText
from charteroak.core.read import STATES
from charteroak.core.serial_format import DIGITS, LETTERS, Format

OTHER: Final = "other"
"""Stands for an issuer that is none of the states."""

WEIGHT: Final = 0.35
"""How much a format counts against what the recogniser saw: the power its likelihood is
raised to. Little: `@@@###` alone is issued by most states, the shares are estimates,
and a recogniser trained on such plates has seen the format already."""

_UNLISTED: Final = 0.2
"""Share of a state's plates that is spread as in the country as a whole: what the list
lacks in one state most likely has a format that another state uses too."""
_ANY_TEXT: Final = 0.01
"""Share of plates with any text, by choice of the owner."""

_TAKEN_FOR: Final = ("0ODQ", "1IL", "2Z", "4A", "5S", "6G", "7T", "8B")
"""Glyphs that are mistaken for each other: the classes that plate readers are sold with,
and 4 with A, 7 with T."""
_MOST_MISTAKEN: Final = 2
"""More look-alikes than that in one reading explain anything."""


class Doubt(StrEnum):
    """Why a person should look again. It is no proof that a reading is wrong."""

    LOOKALIKE = "a glyph stands where its look-alike is issued"
    NO_FORMAT = "it fits no format of any state"
    NOT_OF_STATE = "it fits no format of the state"


@attrs.frozen(kw_only=True)
class Judgement:
    """What the formats say about a reading.

    Attributes:
        states: postal codes and `OTHER`, most probable first; they sum to 1.
        doubts: empty where nothing is odd.
        places: places in the reading, from 0, that `Doubt.LOOKALIKE` speaks of.
    """

    states: tuple[tuple[str, float], ...]
    doubts: frozenset[Doubt] = frozenset()
    places: tuple[int, ...] = ()


@attrs.frozen(eq=False)
class Grammar:
    """The formats on the road in one year.

    Make it with `Grammar.of`.
    """

    _by_length: Mapping[int, Sequence[tuple[Format, float]]] = attrs.field(repr=False)

    @classmethod
    def of(cls, formats: Iterable[Format], *, year: int) -> "Grammar":
        """What is on the road in a year, of formats of any states and times."""
        found = [(each, each.on_the_road(year)) for each in formats]
        whole = dict.fromkeys(STATES, 0.0)
        for each, share in found:
            whole[each.state] += share
        by_length: dict[int, list[tuple[Format, float]]] = {}
        for each, share in found:
            if share > 0:
                known = by_length.setdefault(len(each.places), [])
                known.append((each, share / whole[each.state]))
        return cls(by_length)

    def judge(
        self,
        plate: PlateText,
        *,
        characters: Sequence[float],
        alternatives: Alternatives = (),
        states: Mapping[str, float],
        weight: float = WEIGHT,
    ) -> Judgement:
        """Rank the states for a reading, and say what is odd about it.

        Args:
            plate: as read. It stays what it is.
            characters: for each glyph, the probability that it is right.
            alternatives: for each glyph, what else it may be.
            states: what the recogniser gives each state, and `OTHER`; need not sum to
                1. A state it gives nothing stays at nothing.
            weight: what the formats count for, 0 (nothing) to 1.

        Raises:
            ValueError: states that are none, or nothing for any; or not one
                probability for each glyph.
        """
        total = sum(states.values())
        if not set(states) <= STATES | {OTHER} or not total > 0:
            raise ValueError("states: probabilities of states")
        if len(characters) != len(plate.glyphs):
            raise ValueError("characters: one for each glyph")
        likely = self._likelihoods(_chances(plate.glyphs, characters, alternatives))
        scores = {
            state: chance / total * likely[state] ** weight
            for state, chance in states.items()
        }
        whole = sum(scores.values())
        ranked = sorted(
            ((state, score / whole) for state, score in scores.items()),
            key=lambda each: (-each[1], each[0]),
        )
        doubts, places = self._doubts(plate.glyphs, ranked[0][0])
        return Judgement(states=tuple(ranked), doubts=doubts, places=places)

    def _likelihoods(self, chances: Sequence[Mapping[str, float]]) -> dict[str, float]:
        """Of the reading, whatever its glyphs really are, for each issuer.

        For a format each glyph that is issued at a place is as likely as another, so a
        format of many plates makes each of them less likely.
        """
        own = dict.fromkeys(STATES, 0.0)
        issued: dict[tuple[int, str], float] = {}
        for each, share in self._by_length.get(len(chances), ()):
            likely = share
            for number, place in enumerate(each.places):
                key = number, place
                if key not in issued:
                    fitting = sum(chances[number][glyph] for glyph in place)
                    issued[key] = fitting / len(place)
                likely *= issued[key]
            own[each.state] += likely
        country = sum(own.values()) / len(own)
        any_text = _ANY_TEXT * len(LETTERS + DIGITS) ** -len(chances)
        likely_of = {
            state: (1 - _UNLISTED) * likely + _UNLISTED * country + any_text
            for state, likely in own.items()
        }
        likely_of[OTHER] = country + any_text
        return likely_of

    def _doubts(
        self, glyphs: str, state: str
    ) -> tuple[frozenset[Doubt], tuple[int, ...]]:
        """What is odd about glyphs that seem to be of a state, and where."""
        known = [each for each, _ in self._by_length.get(len(glyphs), ())]
        own = [each for each in known if each.state == state]
        fitting = {each.state for each in known if each.fits(glyphs)}
        if state in fitting or (state == OTHER and fitting):
            return frozenset(), ()
        doubts = {Doubt.NOT_OF_STATE if fitting else Doubt.NO_FORMAT}
        mistaken = [each for each in (_mistaken(glyphs, form) for form in own) if each]
        if not mistaken:
            return frozenset(doubts), ()
        fewest = min(map(len, mistaken))
        places = {at for each in mistaken if len(each) == fewest for at in each}
        return frozenset(doubts | {Doubt.LOOKALIKE}), tuple(sorted(places))


def _chances(
    glyphs: str, characters: Sequence[float], alternatives: Alternatives
) -> list[dict[str, float]]:
    """For each place, a probability for every glyph there is; each place sums to 1."""
    everything = LETTERS + DIGITS
    places = []
    for number, (glyph, chance) in enumerate(zip(glyphs, characters, strict=True)):
        named = dict(alternatives[number]) if alternatives else {}
        named[glyph] = chance
        rest = max(1 - sum(named.values()), 0.0) / (len(everything) - len(named))
        whole = max(sum(named.values()), 1.0)
        places.append({each: named.get(each, rest) / whole for each in everything})
    return places


def _mistaken(glyphs: str, form: Format) -> tuple[int, ...]:
    """Where look-alikes would make glyphs fit a format; empty where they would not."""
    misfits = tuple(
        number
        for number, (glyph, place) in enumerate(zip(glyphs, form.places, strict=True))
        if glyph not in place
    )
    explained = len(misfits) <= _MOST_MISTAKEN and all(
        _has_lookalike(glyphs[number], form.places[number]) for number in misfits
    )
    return misfits if explained else ()


def _has_lookalike(glyph: str, place: str) -> bool:
    return any(glyph in group and set(group) & set(place) for group in _TAKEN_FOR)
