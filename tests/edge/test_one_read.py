"""One car gives one read: fused character by character and state, with its best crop."""

from collections.abc import Sequence

import cv2
import numpy as np

from charteroak.core.plate import PlateText
from charteroak.edge.camera import Frame
from charteroak.edge.recognize import Sighting
from charteroak.edge.track import Passed, Tracker

TRUE = "AB12345"
WIDE, HIGH = 640, 360


def a_frame(index: int, box: tuple[int, int, int, int], *, blur: float) -> Frame:
    """A street with a striped plate in it, more or less in focus."""
    image = np.full((HIGH, WIDE, 3), 90, np.uint8)
    left, top, width, height = box
    image[top : top + height, left : left + width] = 230
    image[top + 3 : top + height - 3, left + 4 : left + width - 4 : 7] = 20
    if blur:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), blur), np.uint8)
    return Frame(image=image, source="camera", index=index)


def a_sighting(
    text: str, box: tuple[int, int, int, int], state: str | None, *, doubtful: int
) -> Sighting:
    """A reading that is unsure of one glyph and thought of the true one there."""
    read, true = text[doubtful], TRUE[doubtful]
    other = true if read != true else "8"
    return Sighting(
        plate=PlateText(text),
        confidence=0.5,
        characters=tuple(0.55 if n == doubtful else 0.98 for n in range(len(text))),
        state=state,
        state_confidence=0.7 if state else None,
        box=box,
        engine="test",
        alternatives=tuple(
            ((other, 0.35),) if n == doubtful else () for n in range(len(text))
        ),
    )


def passed(
    looks: Sequence[tuple[str, str | None, int, float]],
) -> list[Passed]:
    """Show a car that comes nearer; each look is a text, a state, a place and a blur."""
    tracker = Tracker()
    told: list[Passed] = []
    for number, (text, state, doubtful, blur) in enumerate(looks):
        box = (100 + 30 * number, 150, 80 + 6 * number, 40 + 3 * number)
        sighting = a_sighting(text, box, state, doubtful=doubtful)
        tracker.see([sighting], a_frame(number, box, blur=blur), time_s=0.2 * number)
        told += tracker.due(0.2 * number, (WIDE, HIGH))
    return told + tracker.finish()


def test_a_car_no_look_at_which_was_right_is_read_and_told_of_once() -> None:
    told = passed(
        [
            ("A812345", "CT", 1, 2.0),
            ("AB1Z345", "NY", 3, 2.0),
            ("AB12S45", "CT", 4, 0.0),
            ("AB12346", None, 6, 2.0),
        ]
    )

    (car,) = told
    assert car.look.plate.glyphs == TRUE
    assert car.looks == 4
    assert car.look.state == "CT"
    assert car.look.state_confidence is not None
    assert len(car.look.characters) == len(car.look.alternatives) == len(TRUE)


def test_the_crop_is_the_sharp_one_and_not_the_last() -> None:
    sharp = 2

    (car,) = passed(
        [(TRUE, None, 1, 0.0 if number == sharp else 2.5) for number in range(4)]
    )

    assert car.view.index == sharp


def test_a_look_that_lost_a_glyph_is_of_the_same_car() -> None:
    (car,) = passed(
        [
            (TRUE, "CT", 2, 0.0),
            (TRUE[1:], "CT", 2, 0.0),
            (TRUE[:-1], "CT", 2, 0.0),
        ]
    )

    assert car.look.plate.glyphs == TRUE
