"""The engine `builtin`: the project's own detector and reader, which come with it.

The detector gives a plate's four corners, from a picture made small; the plate is then
straightened out of the picture's own pixels and read. What is unsure is looked at again:
small or doubtful plates by the detector, close by; doubtful readings by the reader, with
the corners of both looks and other sizes, then a little beside the best of these. The
state is told at the end, from the corners that read best.
"""

from collections.abc import Sequence
from typing import Final

import attrs
import numpy as np
from typing_extensions import override

from charteroak.core.plate import LONGEST, PlateText
from charteroak.core.serials import OTHER
from charteroak.edge.engines.bundled import (
    DETECTOR,
    READER,
    STATES,
    bundled,
    load,
)
from charteroak.edge.engines.plate_finder import (
    ONE,
    Found,
    PlateFinder,
    Quad,
    extent,
    in_sight,
    shared,
)
from charteroak.edge.engines.plate_reader import (
    PlateReader,
    Reading,
    grown,
    share_of_length,
    straightened,
    together,
)
from charteroak.edge.engines.plate_states import STATES as CODES
from charteroak.edge.engines.plate_states import PlateStates
from charteroak.edge.recognize import (
    Box,
    Corners,
    EngineOptions,
    Image,
    Sighting,
    checked,
)
from charteroak.edge.serial_formats import grammar

NAME: Final = "builtin"

_SHORTEST: Final = 2
"""One character on what looks like a plate is a badge."""
_MOST_PLATES: Final = 32
"""A frame full of plates may not stall the camera: the surest are read."""
_MOST_AGAIN: Final = 16
_SMALL_PX: Final = 48.0
"""Of a plate where it was found: below that its corners are coarse."""
_WHOLE, _LEGIBLE = 0.95, 0.85
"""So much of a plate is in the picture if it is not cut, and if no character is: what is
left of the others would be read as another plate."""
_FILLS: Final = 0.6
"""A plate so wide in its picture fills it: a closer look shows grey around it, where the
detector knows vehicles, and is no reason to take it for none."""
_STICKER: Final = 1 / 3
"""Something on such a plate that is so much narrower is a sticker or a badge, and may
say something that reads well..."""
_LEAST_AROUND: Final = 1 / 3
"""...if the plate itself reads as well as that, against the sticker."""
_LIKELY: Final = 0.45
"""A plate so probable at the first look keeps the corners of that beside closer ones."""
_SURE: Final = 0.98
"""A reading so probable is not read again: most of the reading."""
_HOPELESS: Final = 0.005
"""What reads so badly is no plate, unless the detector takes it for one (`_LIKELY`)."""
_DOUBTFUL: Final = 0.6
"""Below that the plate may be larger or smaller than it was taken for."""
_SIZES: Final = (-0.12, -0.24, 0.12)
_VARIATIONS: Final = (0.04, -0.03)
_PLATE_LIKE: Final = (1.6, 2.6)
"""Width by height of a picture that may be one plate."""
_WHOLE_PX: Final = (32, 640)
"""Width of such a picture: fewer pixels hold no plate, more are a photo of a street."""
_WHOLE_MARGINS: Final = (0.0, -0.06)
"""Such a picture ends with the plate, or a little beyond it."""


@attrs.frozen(eq=False, repr=False)
class _Plate:
    """A plate as it was read.

    Attributes:
        again: whether no closer look is to come.
        fills: whether it fills its picture.
        readings: of this plate with several corners.
    """

    found: Found
    again: bool
    fills: bool = False
    readings: tuple[Reading, ...] = ()

    @property
    def raw(self) -> float:
        return together(self.readings).chance * share_of_length(self.readings)


class BuiltinEngine:
    """Reads plates with the project's own weights; see `Recognizer` for the promises.

    Raises when made: `DamagedWeightsError`, `UnusableWeightsError`.
    """

    def __init__(self, options: EngineOptions) -> None:
        bundle = load(options.models or bundled())
        self._lines = bundle.calibration
        self._grammar = grammar()
        self._side_px = options.longest_side_px
        self._finder = PlateFinder(DETECTOR, bundle.detector, threads=options.threads)
        self._reader = PlateReader(READER, bundle.reader, threads=options.threads)
        self._states = PlateStates(STATES, bundle.states, threads=options.threads)

    @property
    def name(self) -> str:
        """`builtin`."""
        return NAME

    def sightings(self, image: Image) -> list[Sighting]:
        """Find and read the plates in a picture, most confident first."""
        found = self._finder.plates(
            checked(image), least=self._lines.found_least, side_px=self._side_px
        )
        plates = self._read(image, self._confirmed(image, found[:_MOST_PLATES]))
        plates = self._read_again(image, _best_of_each(plates))
        seen = [
            self._sighting(image, each.found.corners, each.readings)
            for each in plates
            if each.raw >= self._lines.read_least
        ] or [self._whole(image)]
        return sorted(
            (each for each in seen if each is not None),
            key=lambda each: -each.confidence,
        )

    def _confirmed(self, image: Image, found: Sequence[Found]) -> list[_Plate]:
        """Small, doubtful and cut plates after a closer look.

        What then is no plate, or lacks characters, is gone. Where both looks found one
        the reader decides later whose corners are better.
        """
        sure = self._lines.found_sure
        plates = []
        for number, each in enumerate(found):
            is_whole = in_sight(each.corners, image) >= _WHOLE
            is_clear = each.certainty >= sure and each.seen_px >= _SMALL_PX
            fills = _fills(each, image)
            if is_clear and is_whole:
                plates.append(_Plate(each, again=False, fills=fills))
                continue
            closer = (
                self._finder.again(image, each, least=self._lines.found_least)
                if number < _MOST_AGAIN
                else None
            )
            if closer is not None:
                plates.append(_Plate(closer, again=True, fills=fills))
            if fills or each.certainty >= (sure if closer is None else _LIKELY):
                plates.append(_Plate(each, again=True, fills=fills))
        return [
            each for each in plates if in_sight(each.found.corners, image) >= _LEGIBLE
        ]

    def _read(self, image: Image, plates: Sequence[_Plate]) -> list[_Plate]:
        readings = self._reader.read(
            [straightened(image, plate.found.corners) for plate in plates]
        )
        return [
            attrs.evolve(plate, readings=(reading,))
            for plate, reading in zip(plates, readings, strict=True)
        ]

    def _read_again(self, image: Image, plates: Sequence[_Plate]) -> list[_Plate]:
        """Doubtful readings again: with the size that reads best, then beside that."""
        doubtful = [
            each.raw < _DOUBTFUL
            and (each.raw > _HOPELESS or each.found.certainty >= _LIKELY)
            for each in plates
        ]
        sized = self._with(
            image,
            plates,
            [
                self._sizes(image, each) if doubt else []
                for each, doubt in zip(plates, doubtful, strict=True)
            ],
        )
        best = [max(each, key=lambda plate: plate.raw) for each in sized]
        around = self._with(
            image,
            best,
            [
                [grown(each.found.corners, by) for by in _VARIATIONS]
                if _HOPELESS < each.raw < _SURE
                else []
                for each in best
            ],
        )
        return [
            attrs.evolve(
                each[0], readings=tuple(one for way in each for one in way.readings)
            )
            for each in around
        ]

    def _with(
        self, image: Image, plates: Sequence[_Plate], corners: Sequence[Sequence[Quad]]
    ) -> list[list[_Plate]]:
        """Each plate as it was read, and as it reads with other corners."""
        readings = iter(
            self._reader.read(
                [straightened(image, each) for tried in corners for each in tried]
            )
        )
        return [
            [
                plate,
                *(
                    attrs.evolve(
                        plate,
                        found=attrs.evolve(plate.found, corners=each),
                        readings=(next(readings),),
                    )
                    for each in tried
                ),
            ]
            for plate, tried in zip(plates, corners, strict=True)
        ]

    def _sizes(self, image: Image, plate: _Plate) -> list[Quad]:
        closer = (
            None
            if plate.again
            else self._finder.again(image, plate.found, least=self._lines.found_least)
        )
        corners = [] if closer is None else [closer.corners]
        return [*corners, *(grown(plate.found.corners, by) for by in _SIZES)]

    def _whole(self, image: Image) -> Sighting | None:
        """The picture as one plate, if that is what it is beyond doubt."""
        height, width = image.shape[:2]
        like = _PLATE_LIKE[0] <= width / height <= _PLATE_LIKE[1]
        if not like or not _WHOLE_PX[0] <= width <= _WHOLE_PX[1]:
            return None
        edges = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
        tried = [grown(edges, by) for by in _WHOLE_MARGINS]
        readings = self._reader.read([straightened(image, each) for each in tried])
        best, corners = max(
            zip(readings, tried, strict=True), key=lambda pair: pair[0].chance
        )
        if best.chance < self._lines.whole_least:
            return None
        return self._sighting(image, corners, [best])

    def _sighting(
        self, image: Image, corners: Quad, readings: Sequence[Reading]
    ) -> Sighting | None:
        reading = together(readings)
        box = _box(image, corners)
        if not _SHORTEST <= len(reading.text) <= LONGEST or box is None:
            return None
        raw = reading.chance * share_of_length(readings)
        state, state_confidence = self._state(image, corners, reading)
        return Sighting(
            plate=PlateText(reading.text),
            confidence=self._lines.confidence(raw),
            characters=reading.characters,
            state=state,
            state_confidence=state_confidence,
            box=box,
            engine=NAME,
            alternatives=reading.alternatives,
            corners=_points(corners),
        )

    def _state(
        self, image: Image, corners: Quad, reading: Reading
    ) -> tuple[str | None, float | None]:
        """The state that looks and serial speak for, if they do clearly."""
        seen = self._states.chances(image, corners)
        judged = self._grammar.judge(
            PlateText(reading.text),
            characters=reading.characters,
            alternatives=reading.alternatives,
            states=dict(zip((*CODES, OTHER), seen.tolist(), strict=True)),
        )
        best, chance = judged.states[0]
        if best == OTHER or chance < self._lines.state_least:
            return None, None
        return best, min(chance, 1.0)

    @override
    def __repr__(self) -> str:
        """Name and search size."""
        return f"BuiltinEngine(longest_side_px={self._side_px})"


def _fills(found: Found, image: Image) -> bool:
    return bool(np.ptp(found.corners[:, 0]) >= _FILLS * image.shape[1])


def _best_of_each(plates: Sequence[_Plate]) -> list[_Plate]:
    """Of plates that lie on each other the one that reads best; no stickers."""
    kept: list[_Plate] = []
    for each in sorted(plates, key=lambda plate: -plate.raw):
        corners = each.found.corners
        on_one = any(_is_sticker(each, around) for around in plates)
        if not on_one and all(
            shared(corners, other.found.corners) < ONE for other in kept
        ):
            kept.append(each)
    return kept


def _is_sticker(each: _Plate, around: _Plate) -> bool:
    one, other = each.found.corners, around.found.corners
    return (
        around.fills
        and around.raw >= _LEAST_AROUND * each.raw
        and extent(one)[0] <= _STICKER * extent(other)[0]
        and shared(one, other) >= ONE
    )


def _points(corners: Quad) -> Corners:
    one, two, three, four = ((float(x), float(y)) for x, y in corners)
    return one, two, three, four


def _box(image: Image, corners: Quad) -> Box | None:
    """The upright box around the plate, whole pixels inside the frame; None outside."""
    rows, columns = image.shape[:2]
    left, top = (max(round(float(each)), 0) for each in corners.min(axis=0))
    right = min(round(float(corners[:, 0].max())), columns)
    bottom = min(round(float(corners[:, 1].max())), rows)
    if right <= left or bottom <= top:
        return None
    return left, top, right - left, bottom - top
