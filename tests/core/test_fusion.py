"""Fusion is honest: it invents nothing, and repeats of one opinion are one opinion."""

import math

import attrs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from charteroak.core.fusion import MOST_LOOKS, Look, fused
from charteroak.core.likeness import aligned, likeness
from charteroak.core.plate import LONGEST, PlateText

_GLYPHS = "AB8C0OD1I2Z5S37"
_CHANCES = st.floats(0.02, 0.99)


def look(text: str, confidence: float = 0.8, each: float | None = None) -> Look:
    share = confidence ** (1 / len(text)) if each is None else each
    return Look(
        plate=PlateText(text),
        confidence=confidence,
        characters=(share,) * len(text),
    )


@st.composite
def some_looks(draw: st.DrawFn, *, fewest: int = 1) -> list[Look]:
    """Looks at one plate: most glyphs right, some mistaken, one lost or made up."""
    plate = draw(st.text(_GLYPHS, min_size=4, max_size=8))
    looks = []
    for _ in range(draw(st.integers(fewest, 6))):
        glyphs = list(plate)
        for place in draw(st.lists(st.integers(0, len(plate) - 1), max_size=2)):
            glyphs[place] = draw(st.sampled_from(_GLYPHS))
        if draw(st.integers(0, 4)) == 0:
            glyphs = glyphs[1:] if draw(st.booleans()) else [*glyphs, "1"]
        characters = tuple(draw(_CHANCES) for _ in glyphs)
        thinks = draw(st.booleans())
        looks.append(
            Look(
                plate=PlateText("".join(glyphs)),
                confidence=draw(_CHANCES),
                characters=characters,
                state=draw(st.sampled_from(["CT", "NY"])),
                state_confidence=draw(_CHANCES),
                alternatives=tuple(
                    draw(others(glyph, min(chance, 1 - chance)))
                    for glyph, chance in zip(glyphs, characters, strict=True)
                )
                if thinks
                else (),
            )
        )
    return looks


@st.composite
def others(draw: st.DrawFn, glyph: str, doubt: float) -> tuple[tuple[str, float], ...]:
    """Up to three other glyphs that share out most of a doubt."""
    names = draw(
        st.lists(
            st.sampled_from([each for each in _GLYPHS if each != glyph]),
            max_size=3,
            unique=True,
        )
    )
    shares = sorted((draw(st.floats(0.02, 0.3)) for _ in names), reverse=True)
    return tuple(
        (name, doubt * share) for name, share in zip(names, shares, strict=True)
    )


def given_at(look: Look, place: int) -> set[str]:
    """What a look read or thought of at a place."""
    thought = look.alternatives[place] if look.alternatives else ()
    return {look.plate.glyphs[place], *(name for name, _ in thought)}


@given(some_looks(), st.randoms(use_true_random=False))
def test_the_order_of_looks_does_not_matter(looks: list[Look], dice: object) -> None:
    shuffled = sorted(looks, key=lambda _: dice.random())  # type: ignore[attr-defined]

    assert fused(looks) == fused(shuffled)


@given(some_looks())
def test_one_look_is_itself(looks: list[Look]) -> None:
    assert fused(looks[:1]) == looks[0]


@given(some_looks())
def test_every_glyph_was_given_by_some_look_and_all_is_probable(
    looks: list[Look],
) -> None:
    made = fused(looks)

    said = [given_at(x, place) for x in looks for place in range(len(x.plate.glyphs))]
    assert set(made.plate.glyphs) <= set().union(*said)
    assert len(made.characters) == len(made.plate.glyphs)
    assert all(0 <= each <= 1 for each in (*made.characters, made.confidence))
    for chance, thought in zip(
        made.characters, made.alternatives or [()] * 10, strict=False
    ):
        assert chance + sum(each for _, each in thought) <= 1 + 1e-9


@given(some_looks(fewest=2))
def test_every_glyph_was_given_at_its_place(looks: list[Look]) -> None:
    first = looks[0]
    level = [x for x in looks if _level(x, first)]
    assume(all(_level(x, y) for x in level for y in level))

    made = fused(level)

    assert len(made.plate.glyphs) == len(first.plate.glyphs)
    for place, glyph in enumerate(made.plate.glyphs):
        assert any(glyph in given_at(x, place) for x in level)


@st.composite
def agreeing_looks(draw: st.DrawFn) -> list[Look]:
    """Looks that read the same, each surest of what it reads, thinking of others."""
    text = draw(st.text(_GLYPHS, min_size=2, max_size=4))
    looks = []
    for _ in range(draw(st.integers(2, 4))):
        chance = draw(st.floats(0.5, 0.99))
        looks.append(
            attrs.evolve(
                look(text, chance, each=chance),
                alternatives=tuple(draw(others(glyph, 1 - chance)) for glyph in text),
            )
        )
    return looks


@given(agreeing_looks())
def test_agreement_never_lowers_the_certainty_of_looks_that_think(
    looks: list[Look],
) -> None:
    less, more = fused(looks[1:]), fused(looks)

    assert more.plate == less.plate
    assert more.confidence >= less.confidence - 1e-9
    for surer, before in zip(more.characters, less.characters, strict=True):
        assert surer >= before - 1e-9


@given(
    st.text(_GLYPHS, min_size=4, max_size=8), st.lists(_CHANCES, min_size=1), _CHANCES
)
def test_agreement_never_lowers_the_certainty(
    text: str, chances: list[float], another: float
) -> None:
    before = [look(text, each) for each in chances]

    more, less = fused([*before, look(text, another)]), fused(before)

    assert more.confidence >= less.confidence - 1e-9
    assert all(
        one >= other - 1e-9
        for one, other in zip(more.characters, less.characters, strict=True)
    )


@settings(max_examples=40)
@given(some_looks(fewest=2))
def test_a_look_that_agrees_with_the_fused_reading_makes_it_surer(
    looks: list[Look],
) -> None:
    before = fused(looks)
    # Looks that lost a glyph may be aligned anew; those of one length may not.
    assume(len({len(x.plate.glyphs) for x in looks}) == 1)
    assume(all(_level(x, before) for x in looks))

    after = fused([*looks, look(before.plate.glyphs, 0.9)])

    assert after.plate == before.plate
    assert after.confidence >= before.confidence - 1e-9


def _level(one: Look, other: Look) -> bool:
    pairs = aligned(one.plate.glyphs, other.plate.glyphs)
    return all(here == there for here, there in pairs)


def test_looks_of_one_car_are_no_independent_witnesses() -> None:
    five = fused([look("AB12345", 0.8)] * 5)
    hundred = fused([look("AB12345", 0.8)] * 100)

    # Independent looks would make it 4^5 to 1, that is 0.999.
    assert 0.85 < five.confidence < 0.95
    assert hundred.confidence < 0.96
    # On one glyph: at most as sure as so many independent looks.
    glyph = fused([look("A", 0.8)] * 100).confidence
    assert math.log(glyph / (1 - glyph)) < MOST_LOOKS * math.log(4) + 1e-9


def test_the_majority_of_places_wins_even_if_no_look_is_wholly_right() -> None:
    made = fused([look("A812345"), look("AB1Z345"), look("AB123A5")])

    assert made.plate.glyphs == "AB12345"
    assert made.confidence < 0.8


def test_a_lost_glyph_is_outvoted_and_helps_the_others() -> None:
    made = fused([look("AB12345", 0.6), look("AB12345", 0.6), look("B12345", 0.6)])

    assert made.plate.glyphs == "AB12345"
    assert made.characters[-1] > made.characters[0]


def test_what_looks_thought_of_can_win_over_what_they_read() -> None:
    """Each look is misled in another way, and all thought of the one true glyph."""
    text, place = "AB12345", 1
    misled = [("8", "BR"), ("R", "BP"), ("P", "B8")]
    looks = [
        attrs.evolve(
            look(text[:place] + read + text[place + 1 :], 0.45, each=0.9),
            characters=(0.95, 0.5, *[0.95] * 5),
            alternatives=((), ((thought[0], 0.4), (thought[1], 0.03)), *[()] * 5),
        )
        for read, thought in misled
    ]

    made = fused(looks)

    assert made.plate.glyphs == text
    assert made.characters[place] > 0.4


def test_looks_that_lost_different_ends_make_the_whole() -> None:
    made = fused([look("AB1234", 0.7), look("B12345", 0.7)])

    assert made.plate.glyphs == "AB12345"
    assert made.confidence < 0.7


def test_a_glyph_that_one_look_made_up_is_outvoted() -> None:
    made = fused([look("AB12345", 0.7), look("1AB12345", 0.7), look("AB12345", 0.7)])

    assert made.plate.glyphs == "AB12345"
    assert made.confidence < fused([look("AB12345", 0.7)] * 3).confidence


@given(st.lists(st.text("AB1", min_size=1, max_size=10), min_size=2, max_size=5))
def test_whatever_is_fused_is_a_plate(texts: list[str]) -> None:
    made = fused([look(text, 0.6) for text in texts])

    assert 1 <= len(made.plate.glyphs) <= LONGEST


def test_a_doubt_stays_a_doubt() -> None:
    made = fused([look("AB12345", 0.9), look("A812345", 0.9)])

    assert made.confidence < 0.55


def test_states_vote() -> None:
    said = [("CT", 0.6), ("CT", 0.6), ("NY", 0.7)]
    looks = [
        attrs.evolve(look("AB12345"), state=state, state_confidence=chance)
        for state, chance in said
    ]

    assert fused([*looks, look("AB12345")]).state == "CT"
    assert fused([look("AB12345")] * 2).state is None


def test_nothing_cannot_be_fused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        fused([])


@given(st.text(_GLYPHS, max_size=9), st.text(_GLYPHS, max_size=9))
def test_likeness_is_a_measure_and_alignment_keeps_all(one: str, other: str) -> None:
    assert likeness(one, other) == likeness(other, one)
    assert (likeness(one, other) == 1) == (one == other)
    pairs = aligned(one, other)
    assert [here for here, _ in pairs if here is not None] == list(range(len(one)))
    assert [there for _, there in pairs if there is not None] == list(range(len(other)))


def test_what_is_easily_mistaken_is_more_alike() -> None:
    assert likeness("AB12345", "A812345") > likeness("AB12345", "AX12345")
