"""Many looks at one plate become one reading, and its honest certainty.

Looks at one passing car are no independent witnesses: the glyph that dirt makes an 8 is
an 8 in each of them. So evidence adds up with falling weights: the strongest look for
something counts whole, the second a third, the third a sixth, and endlessly many count
as `MOST_LOOKS` independent ones. Five looks that are each 80 % sure of a glyph make it
91 % sure; if they were independent it would be 99.9 %.

The weights are those of the effective number of n observations that correlate by
`CORRELATION`, n / (1 + (n - 1) x CORRELATION). What follows from falling weights: the
order of looks does not matter, one look is itself, and a look that agrees never lowers
the certainty.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeVar

import attrs

from charteroak.core.alternatives import Alternatives, fitting
from charteroak.core.likeness import aligned
from charteroak.core.plate import PlateText

CORRELATION: Final = 0.5
"""Of the errors of two looks at one car."""

MOST_LOOKS: Final = 1 / CORRELATION
"""As many independent looks is the most that any number of looks counts for."""

_CLEAREST: Final = 1 - 1e-6
"""Nothing is surer than that, or more doubtful than the reverse."""

_BY_CHANCE: Final = -math.log(35)
"""Log odds of any one glyph before anybody looked: one of 36."""

_Claim = TypeVar("_Claim", str, int)


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


def fused(looks: Sequence[Look]) -> Look:
    """One reading from looks at one plate.

    The most supported length wins; looks of that length and, aligned to them, the
    others vote on each place. A glyph is only ever one that some look read at that
    place; no grammar and no dictionary has a say. The reading as a whole can be one
    that no single look gave.

    Args:
        looks: at least one, in any order.

    Raises:
        ValueError: no look.
    """
    if not looks:
        raise ValueError("nothing to fuse")
    if len(looks) == 1:
        return looks[0]
    length, length_chance = _length(looks)
    # The looks' own order must not matter, so ties fall to the alphabet.
    backbone = max(
        (look for look in looks if len(look.plate.glyphs) == length),
        key=lambda look: (look.confidence, look.plate.glyphs),
    ).plate.glyphs
    whole: list[dict[str, list[float]]] = [defaultdict(list) for _ in backbone]
    alone: list[dict[str, list[float]]] = [defaultdict(list) for _ in backbone]
    for look in looks:
        glyphs, shares = look.plate.glyphs, _shares(look)
        for place, at in aligned(backbone, glyphs):
            if place is not None and at is not None:
                whole[place][glyphs[at]].append(shares[at])
                alone[place][glyphs[at]].append(look.characters[at])
    winners = [_winner(claims) for claims in whole]
    together = length_chance * math.prod(chance for _, chance in winners)
    state = _state(looks)
    return Look(
        plate=PlateText("".join(glyph for glyph, _ in winners)),
        confidence=min(together, _if_all_agreed(looks)),
        characters=tuple(
            _chances(claims)[glyph]
            for claims, (glyph, _) in zip(alone, winners, strict=True)
        ),
        state=state and state[0],
        state_confidence=state and state[1],
    )


def _if_all_agreed(looks: Iterable[Look]) -> float:
    """The most that looks of such confidence can make sure.

    Glyph by glyph the doubt would melt faster than in the plate as a whole, although
    what spoils a look spoils many of its glyphs.
    """
    odds = math.exp(_support(look.confidence for look in looks))
    return odds / (1 + odds)


def _shares(look: Look) -> list[float]:
    """Each glyph's part of the doubt in the whole; their product is its confidence."""
    doubts = [-math.log(_clear(chance)) for chance in look.characters]
    total, doubt = sum(doubts), -math.log(_clear(look.confidence))
    return [math.exp(-doubt * each / total) for each in doubts]


def _length(looks: Iterable[Look]) -> tuple[int, float]:
    """The most supported length, and its probability among those that were seen."""
    claims: dict[int, list[float]] = defaultdict(list)
    for look in looks:
        claims[len(look.plate.glyphs)].append(look.confidence)
    support = {length: math.exp(_support(each)) for length, each in claims.items()}
    length, _ = _winner(claims)
    return length, support[length] / sum(support.values())


def _state(looks: Iterable[Look]) -> tuple[str, float] | None:
    claims: dict[str, list[float]] = defaultdict(list)
    for look in looks:
        if look.state is not None and look.state_confidence is not None:
            claims[look.state].append(look.state_confidence)
    return _winner(claims) if claims else None


def _winner(claims: Mapping[_Claim, Sequence[float]]) -> tuple[_Claim, float]:
    """What most evidence speaks for, and its probability.

    Looks that disagree are not the same opinion over again: to choose, all of the
    evidence counts; to say how sure the choice is, only its discounted part.
    """
    evidence = {claim: _evidence(given) for claim, given in claims.items()}
    winner = max(evidence, key=lambda claim: (evidence[claim], claim))
    return winner, _chances(claims)[winner]


def _evidence(given: Iterable[float]) -> float:
    """How far looks lift a claim above chance, in log odds."""
    return sum(sorted(max(_log_odds(each) - _BY_CHANCE, 0.0) for each in given))


def _chances(claims: Mapping[_Claim, Sequence[float]]) -> dict[_Claim, float]:
    """Probability of each claim, from the probabilities that looks gave it.

    Something that nobody claimed may be true too; it keeps the weight that makes one
    look's own probability come out unchanged.
    """
    odds = {claim: math.exp(_support(given)) for claim, given in claims.items()}
    return {claim: each / (1 + sum(odds.values())) for claim, each in odds.items()}


def _support(given: Iterable[float]) -> float:
    """Log odds for what several looks claim, by falling weights."""
    strongest, *others = sorted((_log_odds(each) for each in given), reverse=True)
    # A weak agreeing look is no evidence against.
    return strongest + sum(
        _weight(rank) * max(odds, 0.0) for rank, odds in enumerate(others, start=2)
    )


def _weight(rank: int) -> float:
    """What the look of a rank, from 1, adds to the effective number of looks."""

    def effective(count: int) -> float:
        return count / (1 + (count - 1) * CORRELATION)

    return effective(rank) - effective(rank - 1)


def _log_odds(chance: float) -> float:
    clear = _clear(chance)
    return math.log(clear / (1 - clear))


def _clear(chance: float) -> float:
    return min(max(chance, 1 - _CLEAREST), _CLEAREST)
