"""Plates drawn for the network of the states: their letters stand where they say."""

import itertools

import numpy as np
import pytest
from training.art import HEIGHT, WIDTH
from training.figures import FIGURES, paint_figure
from training.lettering import MissingFontsError, font_path
from training.names import HELD_OUT, TAUGHT, TYPEFACES, Style, line, narrowed
from training.plates import OTHER
from training.state_plates import draw_state_plate

from charteroak.core.read import STATES


@pytest.fixture(scope="module", autouse=True)
def _typefaces() -> None:
    try:
        for each in TYPEFACES:
            font_path(each)
    except MissingFontsError as missing:
        pytest.skip(f"typefaces for training are not installed: {missing}")


def test_letters_of_a_line_hold_its_ink_in_reading_order() -> None:
    plain = Style(file="FreeSansBold.ttf")
    bent = Style(file="P052-Bold.otf", lean=0.3, bend=0.6, spread=20, squeeze=0.8)
    for style in (plain, bent):
        given = narrowed(line("North Dakota", style, 24), 200)
        assert "".join(each[0] for each in given.letters) == "NORTHDAKOTA"
        assert given.mask.shape[1] <= 200
        for _, left, top, right, bottom in given.letters:
            inside = given.mask[round(top) : round(bottom), round(left) : round(right)]
            assert inside.max() > 150, "no ink where a letter is said to be"
        for one, next_one in itertools.pairwise(given.letters):
            assert one[1] < next_one[1]


def test_small_capitals_are_lower_than_initials() -> None:
    given = line("Iowa", Style(file="P052-Bold.otf", small=True), 30)
    tall = [bottom - top for _, _, top, _, bottom in given.letters]
    assert tall[0] > max(tall[1:]) * 1.1


def test_plates_carry_names_of_states_and_of_none() -> None:
    rng = np.random.default_rng(4)
    plates = [draw_state_plate(rng) for _ in range(250)]
    states = {each.state for each in plates}
    assert OTHER in states
    assert len(states - {OTHER}) > 40
    assert states <= STATES | {OTHER}
    for each in plates:
        assert len(each.text) == len(each.glyphs)
        for left, top, right, bottom in each.glyphs:
            assert -3 <= left < right <= WIDTH + 3
            assert -3 <= top < bottom <= HEIGHT + 3


def test_the_same_seed_is_the_same_state_plate() -> None:
    one, again = (draw_state_plate(np.random.default_rng(9)) for _ in range(2))
    assert one.text == again.text
    assert np.array_equal(one.face, again.face)


def test_typefaces_that_are_held_out_are_not_taught() -> None:
    assert not set(HELD_OUT) & set(TAUGHT)
    assert set(HELD_OUT) | set(TAUGHT) == set(TYPEFACES)


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_each_figure_leaves_a_mark(name: str) -> None:
    face = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    paint_figure(np.random.default_rng(1), face, name)
    changed = (face != 128).any(axis=2).mean()
    assert 0.001 < changed < 0.8
