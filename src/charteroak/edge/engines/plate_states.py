"""Which state a plate is of: a network of our own, on plates straightened for it.

It sees them twice as large as the reader does, for it is the state's name that it reads
where it can, and that is small. It is asked once for each plate.
"""

from typing import Final

import numpy as np

from charteroak.core.read import STATES as CODES
from charteroak.edge.engines.plate_finder import Quad
from charteroak.edge.engines.plate_reader import of_plates, straightened
from charteroak.edge.engines.slot_reader import Chances
from charteroak.edge.recognize import Image

WIDTH_PX, HEIGHT_PX = 288, 128

STATES: Final = tuple(sorted(CODES))
"""Postal codes of the 50 states and DC, in the order of the network; behind them, in it,
is the chance that the plate is of none."""


class PlateStates:
    """Tells states. One object serves any number of threads.

    Raises when made: `UnusableWeightsError`, where the bytes are no such network.
    """

    def __init__(self, file: str, content: bytes, *, threads: int) -> None:
        self._session = of_plates(
            file,
            content,
            threads=threads,
            size=(WIDTH_PX, HEIGHT_PX),
            gives=("states", [len(STATES) + 1]),
        )

    def chances(self, image: Image, corners: Quad) -> Chances:
        """One for each of `STATES`, and for none of them; they sum to 1.

        Args:
            image: height x width x 3, RGB, uint8.
            corners: of the plate in it.
        """
        plate = straightened(image, corners, size=(WIDTH_PX, HEIGHT_PX))
        (given,) = self._session.run(["states"], {"plates": plate[None]})
        chances = np.clip(np.nan_to_num(np.asarray(given[0], np.float64)), 1e-9, 1)
        return np.asarray(chances / chances.sum(), np.float64)
