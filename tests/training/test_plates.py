"""Plates drawn for training say what their labels say, and are the same each time."""

import itertools

import numpy as np
import pytest
from training.art import HEIGHT, WIDTH
from training.crops import COLUMNS, ROWS, sample
from training.designs import STATES, Design, designs
from training.lettering import ALPHABET, MissingFontsError, font_path, some_die
from training.plates import OTHER, draw_plate


@pytest.fixture(scope="module", autouse=True)
def _typefaces() -> None:
    try:
        font_path("FreeSansBold.ttf")
        font_path("lobster.otf")
    except MissingFontsError as missing:
        pytest.skip(f"typefaces for training are not installed: {missing}")


def _one_of(state: str) -> Design:
    return next(each for each in designs() if each.state == state)


@pytest.mark.parametrize("state", STATES)
def test_each_state_has_a_plate_with_ink_where_its_characters_are(state: str) -> None:
    plate = draw_plate(np.random.default_rng(3), _one_of(state))
    assert plate.state == state
    assert plate.face.shape == (HEIGHT, WIDTH, 3)
    assert set(plate.text) <= set(ALPHABET)
    assert len(plate.glyphs) == len(plate.text) > 0
    for left, top, right, bottom in plate.glyphs:
        assert 0 <= left < right <= WIDTH + 1
        assert 0 <= top < bottom <= HEIGHT
        inside = plate.face[int(top) : int(bottom) + 1, int(left) : int(right) + 1]
        assert inside.std() > 5, "nothing is drawn there"


def test_the_same_seed_is_the_same_plate_and_another_is_not() -> None:
    one, again, other = (
        draw_plate(np.random.default_rng(seed)) for seed in (11, 11, 12)
    )
    assert one.text == again.text
    assert np.array_equal(one.face, again.face)
    assert not np.array_equal(one.face, other.face)


def test_stacked_characters_stand_above_each_other_in_reading_order() -> None:
    rng = np.random.default_rng(5)
    seen = 0
    for _ in range(300):
        plate = draw_plate(rng)
        boxes = plate.glyphs
        for (left, top, right, _), (left2, top2, right2, _) in itertools.pairwise(
            boxes
        ):
            overlap = min(right, right2) - max(left, left2)
            if overlap > 0.6 * min(right - left, right2 - left2):
                assert top2 > top
                seen += 1
            else:
                assert left2 > left
    assert seen > 5


def test_a_look_keeps_its_characters_in_order_and_nearly_inside() -> None:
    rng = np.random.default_rng(8)
    for _ in range(60):
        look = sample(rng, draw_plate(rng))
        assert look.picture.shape == (ROWS, COLUMNS, 3)
        assert len(look.boxes) == len(look.text)
        middle = (look.boxes[:, :2] + look.boxes[:, 2:]) / 2
        assert (middle > -4).all()
        assert (middle < [COLUMNS + 4, ROWS + 4]).all()


def test_no_state_is_told_by_plates_of_none() -> None:
    rng = np.random.default_rng(1)
    states = {draw_plate(rng).state for _ in range(400)}
    assert OTHER in states
    assert len(states) > 40


def test_dies_differ_and_each_draws_every_sign() -> None:
    rng = np.random.default_rng(2)
    first, second = some_die(rng), some_die(rng)
    for sign in ALPHABET:
        mask = first.glyph(sign, 60)
        assert mask.shape[0] > 50
        assert mask.max() > 200
        assert not np.array_equal(mask, second.glyph(sign, 60))
