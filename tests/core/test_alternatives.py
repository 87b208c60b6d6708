"""What else a glyph may be: carried along, checked, and never printed."""

import pytest

from charteroak.core.alternatives import Alternatives
from charteroak.core.fusion import Look
from charteroak.core.plate import PlateText


def a_look(alternatives: Alternatives, text: str = "AB1") -> Look:
    return Look(
        plate=PlateText(text),
        confidence=0.5,
        characters=(0.8,) * len(text),
        alternatives=alternatives,
    )


@pytest.mark.parametrize(
    "alternatives",
    [
        (),
        ((), (("8", 0.15), ("E", 0.03)), ()),
        ((("4", 1.0),), (("8", 0.5), ("E", 0.5)), ()),
    ],
)
def test_alternatives_that_can_be(alternatives: Alternatives) -> None:
    assert a_look(alternatives).alternatives == alternatives


@pytest.mark.parametrize(
    "alternatives",
    [
        ((("4", 0.1),),),
        ((), (), (), ()),
        ((("A", 0.1),), (), ()),
        ((("a", 0.1),), (), ()),
        ((("_", 0.1),), (), ()),
        ((("44", 0.1),), (), ()),
        ((("4", 0.0),), (), ()),
        ((("4", 1.1),), (), ()),
        ((("4", float("nan")),), (), ()),
        ((("4", 0.1), ("4", 0.1)), (), ()),
        ((("4", 0.1), ("R", 0.2)), (), ()),
        ((("4", 0.6), ("R", 0.5)), (), ()),
        (tuple((glyph, 0.1) for glyph in "234567"), (), ()),
    ],
)
def test_alternatives_that_cannot_be_are_refused_without_their_plate(
    alternatives: Alternatives,
) -> None:
    with pytest.raises(ValueError, match="alternatives") as refused:
        a_look(alternatives)

    assert "AB1" not in str(refused.value)


def test_no_repr_tells_a_glyph() -> None:
    shown = repr(a_look(((("Q", 0.1),), (("Y", 0.1),), ())))

    assert "Q" not in shown
    assert "Y" not in shown
