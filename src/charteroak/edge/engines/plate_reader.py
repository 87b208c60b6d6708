"""What a plate says: our own reader, on plates straightened by their four corners.

The network takes plates of 144 x 64 pixels, and gives for each of nine slots a
probability for each sign; the slots after the last character hold the sign for nothing.
"""

from collections.abc import Sequence
from typing import Final

import attrs
import cv2
import numpy as np
import onnxruntime as ort  # type: ignore[import-untyped]  # it ships no types

from charteroak.core.alternatives import LEAST, MOST, Alternatives
from charteroak.edge.engines.open_family import agreed
from charteroak.edge.engines.plate_finder import Quad, extent
from charteroak.edge.engines.slot_reader import Chances
from charteroak.edge.onnx_file import UnusableWeightsError, open_session
from charteroak.edge.recognize import Image

WIDTH_PX, HEIGHT_PX = 144, 64
MARGIN: Final = 0.08
"""Of the input's width and height, between its edges and the plate's corners."""

SIGNS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
_SLOTS: Final = 9
_FOLDED: Final = [SIGNS.index("0"), SIGNS.index("O")]
_NOTHING: Final = len(SIGNS) - 1
_MOST_AT_ONCE: Final = 8
"""Plates in one run: a street full of them may not fill the memory."""
_SHARP: Final = 1.2
"""A plate so many times larger than it is read is averaged down first."""


@attrs.frozen(eq=False, repr=False)
class Reading:
    """What the network gave for one plate.

    Attributes:
        slots: slots x signs; rows sum to 1.
    """

    slots: Chances

    @property
    def places(self) -> list[int]:
        """The slots that hold a character."""
        return np.flatnonzero(self.slots.argmax(axis=1) != _NOTHING).tolist()

    @property
    def text(self) -> str:
        """The best character of each slot that holds one."""
        best = self.slots.argmax(axis=1)
        return "".join(SIGNS[best[place]] for place in self.places)

    @property
    def chance(self) -> float:
        """Of all slots together, the empty ones too: those say how long the text is.

        Right is what matches: many dies have one shape for the letter O and the digit
        0, and match keys fold them, so a doubt between the two is none here.
        """
        one = self.slots[:, _FOLDED].sum(axis=1)
        return min(float(np.maximum(self.slots.max(axis=1), one).prod()), 1.0)

    @property
    def characters(self) -> tuple[float, ...]:
        """The probability of each character of the text."""
        sure = self.slots.max(axis=1)
        return tuple(min(float(sure[place]), 1.0) for place in self.places)

    @property
    def alternatives(self) -> Alternatives:
        """For each character of the text, what else it may be."""
        return tuple(_others(self.slots[place, :_NOTHING]) for place in self.places)


def of_plates(
    file: str,
    content: bytes,
    *,
    threads: int,
    size: tuple[int, int],
    gives: tuple[str, list[int]],
) -> ort.InferenceSession:
    """A network that takes straightened plates, `plates`, and gives one thing.

    Args:
        file: its name, for the message of an error.
        content: the whole file.
        threads: cores one run may use.
        size: width and height of a plate, pixels.
        gives: the output's name, and its shape for one plate.

    Raises:
        UnusableWeightsError: it is another network, or none.
    """
    session = open_session(file, content, threads=threads)
    width, height = size
    taken = [
        (each.name, each.type, list(each.shape[1:])) for each in session.get_inputs()
    ]
    given = [(each.name, list(each.shape[1:])) for each in session.get_outputs()]
    if taken != [("plates", "tensor(uint8)", [height, width, 3])] or given != [gives]:
        raise UnusableWeightsError(
            file, f"it gives no {gives[0]} of straightened plates"
        )
    return session


class PlateReader:
    """Reads straightened plates. One object serves any number of threads.

    Raises when made: `UnusableWeightsError`, where the bytes are no such network.
    """

    def __init__(self, file: str, content: bytes, *, threads: int) -> None:
        self._session = of_plates(
            file,
            content,
            threads=threads,
            size=(WIDTH_PX, HEIGHT_PX),
            gives=("characters", [_SLOTS, len(SIGNS)]),
        )

    def read(self, plates: Sequence[Image]) -> list[Reading]:
        """Read plates, in order.

        Args:
            plates: each as `straightened` gives it.
        """
        read: list[Reading] = []
        for start in range(0, len(plates), _MOST_AT_ONCE):
            batch = np.stack(plates[start : start + _MOST_AT_ONCE])
            (slots,) = self._session.run(["characters"], {"plates": batch})
            read.extend(Reading(_shares(each)) for each in slots)
        return read


def straightened(
    image: Image, corners: Quad, *, size: tuple[int, int] = (WIDTH_PX, HEIGHT_PX)
) -> Image:
    """A plate as the networks take it, from the picture's own pixels.

    Args:
        image: height x width x 3, RGB, uint8.
        corners: of the plate in it; they may lie outside of it.
        size: width and height of what is wanted.
    """
    left, top = np.floor(corners.min(axis=0) - _around(corners)).astype(int)
    right, bottom = np.ceil(corners.max(axis=0) + _around(corners)).astype(int)
    # What lies outside is taken to be like the picture's edge.
    rows = slice(min(max(top, 0), image.shape[0] - 1), max(bottom, 1))
    columns = slice(min(max(left, 0), image.shape[1] - 1), max(right, 1))
    part = image[rows, columns]
    at = corners - (columns.start, rows.start)
    width, height = extent(corners)
    inset = np.array(size) * MARGIN
    far = size - inset
    gain = float(min(np.array([width, height]) / (far - inset)))
    if gain > _SHARP:
        small = [max(1, round(each / gain)) for each in part.shape[1::-1]]
        at = at * (np.array(small) / part.shape[1::-1])
        part = np.asarray(
            cv2.resize(part, small, interpolation=cv2.INTER_AREA), np.uint8
        )
    onto = [inset, (far[0], inset[1]), far, (inset[0], far[1])]
    # Half a pixel: OpenCV counts from the middle of the first one.
    turn = cv2.getPerspectiveTransform(
        (at - 0.5).astype(np.float32), (np.array(onto) - 0.5).astype(np.float32)
    )
    return np.asarray(
        cv2.warpPerspective(
            part,
            turn,
            size,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.uint8,
    )


def grown(corners: Quad, by: float) -> Quad:
    """The same plate, taken to be larger by that much in each direction."""
    middle = corners.mean(axis=0)
    return np.asarray(middle + (corners - middle) * (1 + by), np.float64)


def together(readings: Sequence[Reading]) -> Reading:
    """Several readings of one plate as one.

    The surest one says how long the text is. Those of its length are put together, sign
    by sign; and as much as others saw another length the whole is less probable, which
    `share_of_length` says.

    Args:
        readings: at least one.
    """
    return Reading(agreed([each.slots for each in _of_one_length(readings)]))


def share_of_length(readings: Sequence[Reading]) -> float:
    """How much of what readings give is for the length that `together` takes."""
    for_it = sum(each.chance for each in _of_one_length(readings))
    return for_it / max(sum(each.chance for each in readings), 1e-12)


def _of_one_length(readings: Sequence[Reading]) -> list[Reading]:
    surest = max(readings, key=lambda each: each.chance)
    return [each for each in readings if each.places == surest.places]


def _around(corners: Quad) -> Quad:
    """How far the reader sees beyond the corners, and a little more."""
    return np.asarray(np.ptp(corners, axis=0) * 0.15 + 2, np.float64)


def _shares(given: Chances) -> Chances:
    chances = np.clip(np.nan_to_num(np.asarray(given, np.float64)), 1e-9, 1)
    return np.asarray(chances / chances.sum(axis=-1, keepdims=True), np.float64)


def _others(chances: Chances) -> tuple[tuple[str, float], ...]:
    best, *others = np.argsort(-chances, kind="stable").tolist()[: MOST + 1]
    del best
    return tuple(
        (SIGNS[sign], float(chances[sign])) for sign in others if chances[sign] >= LEAST
    )
