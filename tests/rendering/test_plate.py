import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charteroak.core.plate import PlateText, UnreadablePlateError
from charteroak.rendering import glyphs
from charteroak.rendering.plate import STATES, UnknownStateError, render_plate

SERIALS = st.text(glyphs.ALPHABET, min_size=1, max_size=10)


@pytest.mark.parametrize("state", STATES)
def test_a_plate_is_twice_as_wide_as_high_with_clear_corners(state: str) -> None:
    picture = render_plate("AB12345", state=state, width_px=300)
    assert picture.size == (300, 150)
    assert picture.mode == "RGBA"
    alpha = np.asarray(picture)[..., 3]
    assert alpha[0, 0] == 0
    assert alpha[75, 150] == 255


def test_states_do_not_look_alike() -> None:
    pictures = {
        state: np.asarray(render_plate("AB1234", state=state, width_px=200), float)
        for state in STATES
    }
    for one in STATES:
        for other in STATES:
            if one < other:
                assert np.abs(pictures[one] - pictures[other]).mean() > 2, (one, other)


@given(SERIALS, st.sampled_from(STATES))
@settings(max_examples=30, deadline=None)
def test_ink_stays_inside_the_rim(serial: str, state: str) -> None:
    bare = np.asarray(render_plate(serial, state=state, width_px=200), float)
    other = np.asarray(render_plate("X", state=state, width_px=200), float)
    changed = np.abs(bare - other).max(axis=2) > 8
    assert not changed[:, :4].any()
    assert not changed[:, -4:].any()
    assert not changed[:20].any()
    assert not changed[-12:].any()


@given(SERIALS, SERIALS)
@settings(max_examples=30, deadline=None)
def test_different_serials_give_different_plates(one: str, other: str) -> None:
    first = render_plate(one, width_px=200).tobytes()
    assert (first == render_plate(other, width_px=200).tobytes()) == (one == other)


def test_wear_follows_from_the_generator() -> None:
    def worn(seed: int) -> bytes:
        rng = np.random.default_rng(seed)
        return render_plate("AB12345", rng=rng).tobytes()

    assert worn(1) == worn(1)
    assert worn(1) != worn(2)


def test_text_and_plate_text_are_the_same() -> None:
    spelled = PlateText("AB12345")
    assert render_plate("ab·12345").tobytes() == render_plate(spelled).tobytes()


def test_unknown_states_and_texts_are_refused() -> None:
    with pytest.raises(UnknownStateError):
        render_plate("AB12345", state="ZZ")
    with pytest.raises(UnreadablePlateError):
        render_plate("no plate at all")
