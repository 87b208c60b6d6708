"""All the ways to disguise a word come out as the word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charteroak.core.folding import disguises, one_apart, shortened, words


@pytest.mark.parametrize(
    "note",
    [
        "ice hold",
        "ICE HOLD",
        "I.C.E. hold",
        "i c e hold",
        "I-C-E/hold",
        "\uff29\uff23\uff25 hold",
        "\N{CYRILLIC SMALL LETTER BYELORUSSIAN-UKRAINIAN I}ce hold",
        "i\N{ZERO WIDTH SPACE}c\N{SOFT HYPHEN}e hold",
        "íçé hold",
        "(ice) 'hold'!",
        "the ice's hold",
    ],
)
def test_one_spelling(note: str) -> None:
    assert [word.text for word in words(note)] == ["ice", "hold"]


def test_a_case_number_is_one_word() -> None:
    assert [word.text for word in words("case 26-13287 / 245(a)(2)pc")] == [
        "case",
        "26-13287",
        "245",
        "2",
        "pc",
    ]


@given(st.text(max_size=60))
def test_every_word_lies_in_the_note(note: str) -> None:
    found = words(note)

    assert all(0 <= word.start < word.end <= len(note) for word in found)
    assert [word.start for word in found] == sorted(word.start for word in found)


def test_digits_for_letters() -> None:
    assert "immigration" in list(disguises("1mm1grat10n"))
    assert "illegal" in list(disguises("i11egal"))
    assert not list(disguises("1326"))


def slow_distance(one: str, other: str) -> int:
    """Optimal string alignment, by its definition."""
    table = {(-1, n): n + 1 for n in range(-1, len(other))}
    table |= {(n, -1): n + 1 for n in range(-1, len(one))}
    for a in range(len(one)):
        for b in range(len(other)):
            table[a, b] = min(
                table[a - 1, b] + 1,
                table[a, b - 1] + 1,
                table[a - 1, b - 1] + (one[a] != other[b]),
            )
            if a and b and one[a] == other[b - 1] and one[a - 1] == other[b]:
                table[a, b] = min(table[a, b], table[a - 2, b - 2] + 1)
    return table[len(one) - 1, len(other) - 1]


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_one_apart_is_what_the_definition_says(one: str, other: str) -> None:
    assert one_apart(one, other) == (slow_distance(one, other) <= 1)


@given(st.text("abc", min_size=1, max_size=6), st.text("abc", min_size=1, max_size=6))
def test_words_one_apart_share_a_shortened_form(one: str, other: str) -> None:
    if one_apart(one, other):
        assert shortened(one) & shortened(other)
