"""Many looks at one plate become one reading, and its honest certainty.

The readings are aligned, and each place gets a posterior over all glyphs that any look
read or thought of there: log-linear pooling, the product of what the looks gave, raised
to weights. Whether there is a glyph at a place at all is pooled in the same way, for
engines lose one now and then.

Looks at one passing car are no independent witnesses: the glyph that dirt makes an 8 is
an 8 in each of them. So evidence adds up with falling weights: the strongest look for
something counts whole, the second a third, the third a sixth, and endlessly many count
as `MOST_LOOKS` independent ones. Five looks that are each 80 % sure of a glyph make it
91 % sure; if they were independent it would be 99.9 %.

The weights are those of the effective number of n observations that correlate by
`CORRELATION`, n / (1 + (n - 1) x CORRELATION). What speaks for one glyph against another
is weighed apart from what speaks against it, each from its strongest look on. From that
follows: the order of looks does not matter, one look is itself, and a look that agrees
never lowers the certainty.
"""

import math
import operator
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import attrs

from charteroak.core.alternatives import LEAST, MOST, Alternatives, fitting
from charteroak.core.likeness import aligned
from charteroak.core.plate import LONGEST, PlateText

CORRELATION: Final = 0.5
"""Of the errors of two looks at one car."""

MOST_LOOKS: Final = 1 / CORRELATION
"""As many independent looks is the most that any number of looks counts for."""

_CLEAREST: Final = 1 - 1e-6
"""Nothing is surer than that, or more doubtful than the reverse."""

_WEIGHTS: Final = tuple(
    rank / (1 + (rank - 1) * CORRELATION) - (rank - 1) / (1 + (rank - 2) * CORRELATION)
    for rank in range(1, 201)
)
"""What the look of a rank adds to the effective number of looks; later ones nothing."""

_GLYPHS: Final = 36
_STATES: Final = 51

_OUT_OF_MIND: Final = math.log(5e-4)
"""No look speaks more against a glyph than that: it may be of something else, such as a
passing pole, and would overrule all others."""

_LOST: Final = math.log(2)
"""Engines lose a glyph about twice as often as they make one up, in log odds."""


@attrs.frozen(kw_only=True)
class Look:
    """What one look at a plate gave.

    Attributes:
        plate: as read.
        confidence: probability that the whole plate is right.
        characters: for each glyph, that it is right if the others are.
        state: two letters, or None.
        state_confidence: None with it.
        alternatives: for each glyph, what else it may be; empty where nobody says.
    """

    plate: PlateText
    confidence: float
    characters: tuple[float, ...]
    state: str | None = None
    state_confidence: float | None = None
    # Not printed: beside doubtful glyphs the right one often stands.
    alternatives: Alternatives = attrs.field(default=(), validator=fitting, repr=False)


@attrs.define(eq=False)
class _Others:
    """Parts of the doubt in a glyph, in logarithms: of each other one, of the rest."""

    named: Mapping[str, float]
    rest: float


_NOBODY_SAYS: Final = _Others({}, 0.0)


@attrs.define(eq=False)
class _Given:
    """What one look gives at one place, in logarithms of probabilities.

    Attributes:
        named: for each glyph that it read or thought of.
        rest: for each other one.
        clear: how clear what it read is: less the logarithm of its doubt.
    """

    named: Mapping[str, float]
    rest: float
    clear: float


@attrs.define(eq=False)
class _Column:
    """One place of the aligned readings: who saw what there, and who saw nothing.

    Attributes:
        whole: chances that multiply to each look's confidence.
        alone: chances of the glyph if the others are right.
        within: for each look that has a glyph here, log odds that there is one.
        without: for each look that has none, log odds that there is none.
    """

    whole: list[_Given] = attrs.field(factory=list)
    alone: list[_Given] = attrs.field(factory=list)
    within: list[float] = attrs.field(factory=list)
    without: list[float] = attrs.field(factory=list)


def fused(looks: Sequence[Look]) -> Look:
    """One reading from looks at one plate.

    A glyph is only ever one that some look read or thought of at that place; no grammar
    and no dictionary has a say. The reading as a whole can be one that no single look
    gave.

    Args:
        looks: at least one, in any order.

    Raises:
        ValueError: no look.
    """
    if not looks:
        raise ValueError("nothing to fuse")
    if len(looks) == 1:
        return looks[0]
    # Their own order must not matter, to the last bit of a sum.
    looks = sorted(looks, key=_rank)
    columns, length_chance = _kept(_columns(looks))
    together = length_chance
    glyphs, characters, alternatives = [], [], []
    for column in columns:
        glyph, chances = _pooled(column.whole, _GLYPHS)
        together *= chances[glyph]
        alone = _against(glyph, column.alone, _GLYPHS)
        glyphs.append(glyph)
        characters.append(alone.pop(glyph))
        alternatives.append(_probable(alone))
    state = _state(looks)
    return Look(
        plate=PlateText("".join(glyphs)),
        confidence=min(together, _if_all_agreed(looks)),
        characters=tuple(characters),
        state=state and state[0],
        state_confidence=state and state[1],
        alternatives=tuple(alternatives),
    )


def _rank(look: Look) -> tuple[object, ...]:
    """The surest first, then by all that it says."""
    state = look.state or "", look.state_confidence or 0.0
    said = look.plate.glyphs, look.characters, look.alternatives
    return -look.confidence, *said, *state


def _probable(chances: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    ranked = sorted(chances.items(), key=lambda each: (-each[1], each[0]))
    return tuple(each for each in ranked[:MOST] if each[1] >= LEAST)


def _if_all_agreed(looks: Iterable[Look]) -> float:
    """The most that looks of such confidence can make sure.

    Glyph by glyph the doubt would melt faster than in the plate as a whole, although
    what spoils a look spoils many of its glyphs.
    """
    return _chance(_agreement([_log_odds(look.confidence) for look in looks]))


# ------------------------------------------------------------------ alignment


def _columns(looks: Sequence[Look]) -> list[_Column]:
    """The looks side by side, aligned to the surest one of the most supported length."""
    length = _usual_length(looks)
    backbone = next(
        look.plate.glyphs for look in looks if len(look.plate.glyphs) == length
    )
    placed = [dict(_placed(backbone, look.plate.glyphs)) for look in looks]
    columns = {key: _Column() for each in placed for key in each}
    for look, places in zip(looks, placed, strict=True):
        shares = _shares(look)
        # What is lost is one more thing that may be wrong, beside each of its glyphs.
        nothing = _there(look.confidence ** (1 / (len(shares) + 1)))
        for key, column in columns.items():
            at = places.get(key)
            if at is None:
                column.without.append(nothing)
            else:
                column.within.append(_there(shares[at]))
                glyph, others = look.plate.glyphs[at], _others(look, at)
                for given, chance in (
                    (column.whole, shares[at]),
                    (column.alone, look.characters[at]),
                ):
                    given.append(_given(glyph, chance, others, kinds=_GLYPHS))
    return [columns[key] for key in sorted(columns)]


def _placed(backbone: str, glyphs: str) -> Iterator[tuple[tuple[int, int], int]]:
    """Where each glyph belongs: at a place of the backbone, or so many behind it."""
    before, behind = -1, 0
    for place, at in aligned(backbone, glyphs):
        if place is None:
            behind += 1
        else:
            before, behind = place, 0
        if at is not None:
            yield (before, behind), at


def _usual_length(looks: Iterable[Look]) -> int:
    support: dict[int, list[float]] = defaultdict(list)
    for look in looks:
        support[len(look.plate.glyphs)].append(look.confidence)
    return max(support, key=lambda length: (sum(support[length]), length))


def _kept(columns: Sequence[_Column]) -> tuple[list[_Column], float]:
    """The columns where there is a glyph, and the probability that it is just those.

    Looks that disagree are not the same opinion over again: to choose, all of the
    evidence counts; to say how sure the choice is, only its discounted part.
    """
    support = [_LOST + sum(each.within) - sum(each.without) for each in columns]
    ranked = sorted(range(len(columns)), key=lambda place: (-support[place], place))
    chosen = {place for place in ranked[:LONGEST] if support[place] >= 0} or {ranked[0]}
    sure = 1.0
    for place, column in enumerate(columns):
        if column.without:
            there = _agreement(column.within) + _LOST - _agreement(column.without)
            sure *= _chance(there if place in chosen else -there)
    return [columns[place] for place in sorted(chosen)], sure


def _there(chance: float) -> float:
    """Log odds that a look errs not in whether there is a glyph.

    Half of what spoils a glyph makes it another one.
    """
    return _log_odds((1 + chance) / 2)


# ------------------------------------------------------------------ one place


def _given(name: str, chance: float, others: _Others, *, kinds: int) -> _Given:
    """What a look gives that is so sure of a name, and shares out its doubt so."""
    chance = _clear(chance)
    doubtful = math.log(1 - chance)
    named = {other: doubtful + share for other, share in others.named.items()}
    named[name] = math.log(chance)
    rest = doubtful + others.rest - math.log(kinds - len(named))
    return _Given(named, rest, -doubtful)


def _others(look: Look, at: int) -> _Others:
    """What else a glyph may be."""
    others = look.alternatives[at] if look.alternatives else ()
    if not others:
        return _NOBODY_SAYS
    total = sum(each for _, each in others)
    # Never all of the doubt: it may be something that nobody thought of.
    doubt = max(1 - look.characters[at], total / _CLEAREST)
    return _Others(
        {name: math.log(each / doubt) for name, each in others},
        math.log(1 - total / doubt),
    )


def _shares(look: Look) -> list[float]:
    """Each glyph's part of the doubt in the whole; their product is its confidence."""
    doubts = [-math.log(_clear(chance)) for chance in look.characters]
    total, doubt = sum(doubts), -math.log(_clear(look.confidence))
    return [math.exp(-doubt * each / total) for each in doubts]


def _pooled(looks: Sequence[_Given], kinds: int) -> tuple[str, dict[str, float]]:
    """What most evidence speaks for, and the probability of all that was thought of.

    To choose, a look counts as much as it is clear: where errors correlate, a clear one
    holds nearly all that a dim one knows.
    """

    def evidence(name: str) -> float:
        total = 0.0
        for look in looks:
            chance = look.named.get(name, look.rest)
            total += look.clear * max(chance, _OUT_OF_MIND)
        return total

    names = {name for look in looks for name in look.named}
    winner = max(names, key=lambda name: (evidence(name), name))
    return winner, _against(winner, looks, kinds)


def _against(winner: str, looks: Sequence[_Given], kinds: int) -> dict[str, float]:
    """Probabilities of all names that some look gave, by their odds to the winner.

    What none of them named may be true too; it keeps the weight that makes one look's
    own probabilities come out unchanged.
    """
    names = sorted({name for look in looks for name in look.named} - {winner})
    tops = [(look, look.named.get(winner, look.rest)) for look in looks]
    against = {
        name: math.exp(
            -_balance([top - look.named.get(name, look.rest) for look, top in tops])
        )
        for name in names
    }
    unnamed = math.log(max(kinds - len(names) - 1, 1))
    others = math.exp(-_agreement([top - look.rest - unnamed for look, top in tops]))
    total = 1 + sum(against.values()) + others
    return {winner: 1 / total} | {name: each / total for name, each in against.items()}


def _state(looks: Iterable[Look]) -> tuple[str, float] | None:
    named = [
        _given(look.state, look.state_confidence, _NOBODY_SAYS, kinds=_STATES)
        for look in looks
        if look.state is not None and look.state_confidence is not None
    ]
    if not named:
        return None
    state, chances = _pooled(named, _STATES)
    return state, chances[state]


# ------------------------------------------------------------------ weights


def _balance(odds: Iterable[float]) -> float:
    """Log odds for one thing against another: what speaks for it less what against."""
    ranked = sorted(odds, reverse=True)
    speaking = [each for each in ranked if each > 0]
    against = [each for each in reversed(ranked) if each < 0]
    return _weighed(speaking) + _weighed(against)


def _agreement(odds: Iterable[float]) -> float:
    """Log odds for what several looks agree in; a weak look is no evidence against."""
    ranked = sorted(odds, reverse=True)
    return ranked[0] if ranked[0] <= 0 else _weighed([x for x in ranked if x > 0])


def _weighed(ranked: Sequence[float]) -> float:
    """Their sum by falling weights, the strongest first."""
    return math.fsum(map(operator.mul, ranked, _WEIGHTS))


def _log_odds(chance: float) -> float:
    clear = _clear(chance)
    return math.log(clear / (1 - clear))


def _chance(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def _clear(chance: float) -> float:
    return min(max(chance, 1 - _CLEAREST), _CLEAREST)
