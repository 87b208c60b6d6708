import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charteroak.rendering import glyphs

LETTERING = glyphs.Lettering(48)


def _picture(sign: str) -> glyphs.Field:
    field = glyphs.draw_line(sign, LETTERING, canvas=(64, 64), centre=(32, 32))
    return glyphs.coverage(field)


def _shifted_difference(one: glyphs.Field, other: glyphs.Field) -> float:
    """Least share of ink that differs, wherever one is slid over the other."""
    return min(
        float(np.abs(one - np.roll(other, shift, axis=1)).sum() / one.sum())
        for shift in range(-6, 7)
    )


def test_every_two_signs_differ_however_they_are_slid_over_each_other() -> None:
    pictures = {sign: _picture(sign) for sign in glyphs.ALPHABET}
    closest = min(
        (_shifted_difference(pictures[a], pictures[b]), a + b)
        for a, b in itertools.combinations(glyphs.ALPHABET, 2)
    )
    assert closest[0] > 0.08, closest


@pytest.mark.parametrize("pair", ["0O", "0D", "1I", "8B", "5S", "2Z", "6G", "UV"])
def test_signs_that_plates_confuse_are_far_apart(pair: str) -> None:
    assert _shifted_difference(_picture(pair[0]), _picture(pair[1])) > 0.15


@given(st.text(glyphs.ALPHABET, min_size=1, max_size=8), st.floats(12, 60))
def test_a_line_is_as_wide_as_it_says(text: str, height_px: float) -> None:
    lettering = glyphs.Lettering(height_px)
    wide = glyphs.text_width_px(text, lettering)
    canvas = (int(wide) + 40, int(height_px) + 20)
    field = glyphs.draw_line(
        text, lettering, canvas=canvas, centre=(canvas[0] / 2, canvas[1] / 2)
    )
    columns = np.flatnonzero(glyphs.coverage(field).max(axis=0) > 0.5)
    assert abs((columns[-1] - columns[0] + 1) - wide) <= 3


def test_the_field_is_negative_inside_the_ink_and_positive_outside() -> None:
    field = glyphs.draw_line("I", LETTERING, canvas=(64, 64), centre=(32, 32))
    assert field[32, 32] < 0 < field[32, 4]
