"""A sighting carries what an engine thought of beside, and where the plate lies."""

from typing import Final

import attrs
import pytest

from charteroak.core.plate import PlateText
from charteroak.edge.recognize import Corners, Sighting

CORNERS: Final[Corners] = ((10.5, 5.0), (50.0, 7.0), (50.0, 27.0), (10.0, 25.0))


@pytest.fixture
def seen() -> Sighting:
    return Sighting(
        plate=PlateText("AB1"),
        confidence=0.5,
        characters=(0.9, 0.7, 0.8),
        box=(10, 5, 40, 22),
        engine="builtin",
        alternatives=((), (("8", 0.2), ("R", 0.01)), (("I", 0.1),)),
        corners=CORNERS,
    )


def test_its_alternatives_reach_the_fusion(seen: Sighting) -> None:
    assert seen.look.alternatives == seen.alternatives


def test_it_prints_no_glyph(seen: Sighting) -> None:
    assert "R" not in repr(seen).replace("PlateText", "")
    assert "AB1" not in repr(seen)


def test_alternatives_that_do_not_fit_are_refused(seen: Sighting) -> None:
    with pytest.raises(ValueError, match="alternatives"):
        attrs.evolve(seen, alternatives=((),))


@pytest.mark.parametrize(
    "corners",
    [CORNERS[:3], ((1.0,), *CORNERS[1:]), ((1.0, float("nan")), *CORNERS[1:])],
)
def test_corners_that_are_none_are_refused(seen: Sighting, corners: Corners) -> None:
    with pytest.raises(ValueError, match="corners"):
        attrs.evolve(seen, corners=corners)


def test_what_a_part_of_a_frame_shows_lies_in_the_frame(seen: Sighting) -> None:
    moved = seen.moved(100, 200)

    assert moved.box == (110, 205, 40, 22)
    assert moved.corners is not None
    assert moved.corners[0] == (110.5, 205.0)
    assert moved.corners[3] == (110.0, 225.0)
    assert moved.moved(-100, -200) == seen
    assert attrs.evolve(seen, corners=None).moved(1, 1).corners is None
