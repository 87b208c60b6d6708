"""The engine `open`: weights of the fast-alpr family, given by path and pinned.

The weights are not the project's and do not come with it: a plate detector of
open-image-models and a plate reader of fast-plate-ocr (both MIT), as files that somebody
has vouched for; see `charteroak.edge.models`. The steps around them are ours: the
detector looks at the frame small, characters are read from the frame's own pixels, and
each plate is cut out with several margins whose readings are put together. A margin at
all is worth 6 to 9 points over the detector's own box: it cuts off the outer characters.
"""

import os
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from typing_extensions import override

from charteroak.core.plate import LONGEST, PlateText
from charteroak.edge.engines.plate_detector import Found, PlateDetector
from charteroak.edge.engines.slot_reader import Chances, SlotReader
from charteroak.edge.models import Kind, Models, config_of, default_folder
from charteroak.edge.recognize import Box, EngineOptions, Image, Sighting, checked

NAME: Final = "open"

MARGINS: Final = (0.0, 0.1, 0.2)
"""Of the box's width and height on each side: a tenth, where one margin reads best, and
as much less and more."""

_LEAST_CERTAIN: Final = 0.4
"""Of a detection: what fast-alpr takes."""
_SHORTEST: Final = 2
"""One character on what looks like a plate is a badge."""
_MOST_PLATES: Final = 32
"""A frame full of plates may not stall the camera: the surest are read."""
_FAINTEST: Final = 1e-6
"""No reading may veto a sign for good."""
_SAME: Final = 0.5
"""Two boxes that share so much of the smaller one are one plate."""


class OpenEngine:
    """Reads plates with the fast-alpr family; see `Recognizer` for the promises.

    The search runs at the detector's own size, 416 pixels for the usual one:
    `longest_side_px` can make it smaller, not larger. Does not name the state: the
    newest reader names a country, and no more.

    Raises when made: `MissingModelsError`, `UnpinnedModelError`, `ChangedModelError`,
    `UnusablePinsError`, `UnusableWeightsError`.
    """

    def __init__(self, options: EngineOptions) -> None:
        models = Models(options.models or default_folder(os.environ))
        detector, reader = models.choose(Kind.DETECTOR), models.choose(Kind.READER)
        config = config_of(reader)
        self._side_px = options.longest_side_px
        self._detector = PlateDetector(
            detector, models.load(detector), threads=options.threads
        )
        self._reader = SlotReader(
            (reader, models.load(reader)),
            (config, models.load(config)),
            threads=options.threads,
        )

    @property
    def name(self) -> str:
        """`open`."""
        return NAME

    def sightings(self, image: Image) -> list[Sighting]:
        """Find and read the plates in a picture, most confident first."""
        found = self._detector.plates(
            checked(image), least=_LEAST_CERTAIN, side_px=self._side_px
        )
        plates = _apart(found)[:_MOST_PLATES]
        crops = [_cut(image, each, margin) for each in plates for margin in MARGINS]
        chances = self._reader.read(crops)
        seen = []
        for number, plate in enumerate(plates):
            views = chances[number * len(MARGINS) :][: len(MARGINS)]
            text, characters, chance = self._reader.spelled(agreed(views))
            if _SHORTEST <= len(text) <= LONGEST:
                seen.append(
                    Sighting(
                        plate=PlateText(text),
                        confidence=min(chance, 1.0),
                        characters=tuple(min(each, 1.0) for each in characters),
                        box=_box(image, plate),
                        engine=NAME,
                    )
                )
        return sorted(seen, key=lambda each: -each.confidence)

    @override
    def __repr__(self) -> str:
        """Name and search size."""
        return f"OpenEngine(longest_side_px={self._side_px})"


def agreed(views: Sequence[Chances]) -> Chances:
    """Several readings of one plate as one: the geometric mean, sign by sign.

    Its product over the slots is the probability that the whole plate is right, as it
    is: readers of this family are too sure of one cut-out, and cuts that disagree say
    so. Expected calibration error, nothing fitted: 0.042 on 114 photos of cars in the
    United States (openalpr/benchmarks `endtoend/us`, first half), 0.019 on 383
    close-ups (`seg_and_ocr/usimages`, first half), 0.038 on 148 frames of a street
    camera in New York (WayneXiuHayden/alpr-benchmark, first half).

    Args:
        views: at least one; all slots x signs.
    """
    logs = np.mean([np.log(np.clip(view, _FAINTEST, 1)) for view in views], axis=0)
    mean = np.exp(logs)
    return np.asarray(mean / mean.sum(axis=1, keepdims=True), np.float64)


def _apart(found: Iterable[Found]) -> list[Found]:
    """The surest first; of two that lie on each other, the surer one alone."""
    kept: list[Found] = []
    for each in sorted(found, key=lambda found: -found.certainty):
        if all(_shared(each, other) < _SAME for other in kept):
            kept.append(each)
    return kept


def _shared(one: Found, other: Found) -> float:
    """The part of the smaller plate that both cover."""
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    smaller = min(
        (each.right - each.left) * (each.bottom - each.top) for each in (one, other)
    )
    return max(across, 0.0) * max(down, 0.0) / smaller


def _cut(image: Image, plate: Found, margin: float) -> Image:
    """The plate with a margin, in the frame's own pixels; at least one of them."""
    across = (plate.right - plate.left) * margin
    down = (plate.bottom - plate.top) * margin
    left, top, width, height = _box(
        image,
        Found(
            plate.left - across,
            plate.top - down,
            plate.right + across,
            plate.bottom + down,
            plate.certainty,
        ),
    )
    return image[top : top + height, left : left + width]


def _box(image: Image, plate: Found) -> Box:
    """Whole pixels, inside the frame, at least one wide and high."""
    rows, columns = image.shape[:2]
    left = min(max(round(plate.left), 0), columns - 1)
    top = min(max(round(plate.top), 0), rows - 1)
    right = min(max(round(plate.right), left + 1), columns)
    bottom = min(max(round(plate.bottom), top + 1), rows)
    return left, top, right - left, bottom - top
