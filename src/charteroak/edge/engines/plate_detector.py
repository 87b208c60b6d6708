"""Where plates are: an end-to-end YOLOv9 of open-image-models, at its own resolution.

The network takes a square, 8-bit RGB as 0 to 1, the picture inside it level and grey
beside it, and gives a row for each plate, overlaps already resolved: number in the
batch, left, top, right, bottom in pixels of the square, class, certainty.
"""

from typing import Final

import attrs
import cv2
import numpy as np

from charteroak.edge.onnx_file import UnusableWeightsError, open_session
from charteroak.edge.recognize import Image

_GREY: Final = 114
"""What the network was trained to see beside a picture."""
_COLUMNS: Final = 7
_LEAST_SIDE: Final = 1e-3


@attrs.frozen
class Found:
    """A plate in a picture: edges in its pixels, and how sure the detector is."""

    left: float
    top: float
    right: float
    bottom: float
    certainty: float


class PlateDetector:
    """Finds plates. One object serves any number of threads.

    Raises when made: `UnusableWeightsError`, where the bytes are no such network.
    """

    def __init__(self, file: str, content: bytes, *, threads: int) -> None:
        self._file = file
        self._session = open_session(file, content, threads=threads)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        shape = inputs[0].shape if len(inputs) == 1 else []
        match shape:
            case [_, 3, int(rows), int(columns)] if rows == columns:
                self._side = rows
            case _:
                raise UnusableWeightsError(file, "it does not take a square picture")
        if (
            inputs[0].type != "tensor(float)"
            or len(outputs) != 1
            or list(outputs[0].shape[1:]) != [_COLUMNS]
        ):
            raise UnusableWeightsError(file, "it does not give end-to-end detections")
        self._input = inputs[0].name

    def plates(
        self, image: Image, *, least: float, side_px: int | None = None
    ) -> list[Found]:
        """Find the plates in a picture that are at least so certain.

        Args:
            image: height x width x 3, RGB, uint8.
            least: detections less certain than this are dropped, 0 to 1.
            side_px: the longer side is scaled to this, at most the network's own.
        """
        side = min(side_px or self._side, self._side)
        height, width = image.shape[:2]
        scale = side / max(height, width)
        columns, rows = max(1, round(width * scale)), max(1, round(height * scale))
        left, top = (self._side - columns) // 2, (self._side - rows) // 2
        square = np.full((self._side, self._side, 3), _GREY, np.uint8)
        # Linear, as in training: averaging would blur small plates into their cars.
        square[top : top + rows, left : left + columns] = cv2.resize(
            image, (columns, rows), interpolation=cv2.INTER_LINEAR
        )
        planes = np.ascontiguousarray(square.transpose(2, 0, 1)[None], np.float32)
        planes /= 255
        (given,) = self._session.run(None, {self._input: planes})
        # By axis: a very long picture is a line of one pixel, whose scale differs.
        to_x, to_y = width / columns, height / rows
        found = []
        for _, x0, y0, x1, y1, _, certainty in np.asarray(given, np.float64).tolist():
            if not certainty >= least:
                continue
            edges = (
                min(max((x0 - left) * to_x, 0), width),
                min(max((y0 - top) * to_y, 0), height),
                min(max((x1 - left) * to_x, 0), width),
                min(max((y1 - top) * to_y, 0), height),
            )
            if edges[2] - edges[0] > _LEAST_SIDE and edges[3] - edges[1] > _LEAST_SIDE:
                found.append(Found(*edges, min(certainty, 1.0)))
        return found
