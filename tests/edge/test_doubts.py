"""What a read says of itself where its serial is odd: told, and nothing changed."""

import pytest

from charteroak.core.plate import PlateText
from charteroak.edge.camera import Frame
from charteroak.edge.reading import Reader
from charteroak.edge.recognize import Image, Sighting
from tests.edge.test_one_read import a_frame


class _OnePlate:
    """An engine that reads the same plate in every picture."""

    name = "test"

    def __init__(self, text: str, state: str | None) -> None:
        self.sighting = Sighting(
            plate=PlateText(text),
            confidence=0.9,
            characters=(0.98,) * len(text),
            state=state,
            state_confidence=0.9 if state else None,
            box=(100, 150, 80, 40),
            engine=self.name,
        )

    def sightings(self, image: Image) -> list[Sighting]:
        """One."""
        assert image.size
        return [self.sighting]


@pytest.mark.parametrize(
    ("text", "state", "doubts", "places"),
    [
        ("JHF1109", "NY", (), ()),
        ("JHF11O9", "NY", ("lookalike", "no_format"), (5,)),
        ("JHF1109", "NJ", ("not_of_state",), ()),
        ("JHF1109", None, (), ()),
        ("CHOWDER", None, ("no_format",), ()),
    ],
)
def test_an_odd_serial_is_told_and_stays_as_it_was_read(
    text: str, state: str | None, doubts: tuple[str, ...], places: tuple[int, ...]
) -> None:
    frame: Frame = a_frame(0, (100, 150, 80, 40), blur=0)

    (line,) = Reader(engine=_OnePlate(text, state)).take(frame)

    assert line.plate == text
    assert (line.doubts, line.doubtful_places) == (doubts, places)
    assert line.confidence == pytest.approx(0.9)
