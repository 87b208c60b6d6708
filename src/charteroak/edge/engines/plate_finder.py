"""Where plates are: the four corners, by our own detector on a pyramid of the picture.

The network gives, for each cell of 8 x 8 pixels, the probability that the middle of a
plate lies in it, and where the plate's corners are from there. It knows plates of about
22 to 110 pixels, so the picture is looked at large, for far plates, and small, for near
ones and for plates that fill it.
"""

from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

import attrs
import cv2
import numpy as np
import numpy.typing as npt

from charteroak.edge.onnx_file import UnusableWeightsError, open_session
from charteroak.edge.recognize import Image

Quad: TypeAlias = npt.NDArray[np.float64]
"""4 x 2: x and y of a plate's top left, top right, bottom right and bottom left, as its
characters stand; pixels, the first one's left edge at 0."""

ONE: Final = 0.5
"""Of two plates that share so much of the smaller one, only one is there."""

BEST_SIDE_PX: Final = 640
"""Longer side of the picture where it is looked at large."""

_CELL: Final = 8
_BLOCK: Final = 32
"""Sides of what the network takes are multiples of it."""
_CHANNELS: Final = 9
_SMALL_PX, _SMALLEST_PX = 160, 80
_NEXT: Final = 0.75
"""A further level is worth a look only if it is so much smaller."""
_BESIDE: Final = 1 / 8
"""Grey on each side of a small level: the corners of a plate that fills it lie there."""
_GREY: Final = 114
_MOST_PEAKS: Final = 64
"""In one level: noise may not stall the camera."""
_NEIGHBOURS: Final = np.ones((3, 3), np.uint8)
_HEARD: Final = 0.5
"""Cells so probable beside a peak have a say where its corners are, of its own."""
_AGREE: Final = 0.2
"""...if their corners are on average no farther off, in widths of the plate."""
_NARROWEST, _WIDEST = 1.0, 4.5
"""Width by height: seen from the side plates get narrow, never wider than they are."""
_LEAST_PX: Final = 4.0
_SAME: Final = 0.5
"""Two outlines with so much in common, of both together, are of one plate."""
_PATCH: Final = (192, 128)
_PATCH_PLATE_PX: Final = 64
"""The second look: its size, and how wide the plate is in it."""
_LARGEST_GAIN: Final = 3.0


@attrs.frozen(eq=False)
class Found:
    """A plate in a picture.

    Attributes:
        corners: in pixels of the picture; may lie outside of it.
        certainty: the detector's probability.
        seen_px: how wide the plate was in what the detector looked at.
    """

    corners: Quad
    certainty: float
    seen_px: float


class PlateFinder:
    """Finds plates. One object serves any number of threads.

    Raises when made: `UnusableWeightsError`, where the bytes are no such network.
    """

    def __init__(self, file: str, content: bytes, *, threads: int) -> None:
        self._session = open_session(file, content, threads=threads)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if (
            [(each.name, each.type) for each in inputs]
            != [("picture", "tensor(uint8)")]
            or list(inputs[0].shape[3:]) != [3]
            or [each.name for each in outputs] != ["plates"]
            or list(outputs[0].shape[1:2]) != [_CHANNELS]
        ):
            raise UnusableWeightsError(file, "it is no detector of plate corners")

    def plates(
        self, image: Image, *, least: float, side_px: int | None = None
    ) -> list[Found]:
        """The plates in a picture that are at least so probable, the surest first.

        Args:
            image: height x width x 3, RGB, uint8.
            least: 0 to 1.
            side_px: the picture's longer side where it is looked at large; a smaller
                picture is not enlarged.
        """
        found: list[Found] = []
        level = image
        for side in _sides(max(image.shape[:2]), side_px or BEST_SIDE_PX):
            level = _shrunk(level, side)
            to = np.divide(image.shape[1::-1], level.shape[1::-1])
            found.extend(
                attrs.evolve(each, corners=each.corners * to)
                for each in self._in_level(level, least)
            )
        return apart(found)

    def again(self, image: Image, found: Found, *, least: float) -> Found | None:
        """Look at one plate closely, in the picture's own pixels.

        Returns:
            The plate with better corners, or None: at that size it is none.
        """
        width, _ = extent(found.corners)
        scale = min(_PATCH_PLATE_PX / width, _LARGEST_GAIN)
        x, y = found.corners.mean(axis=0)
        if not (0 <= x < image.shape[1] and 0 <= y < image.shape[0]):
            return None
        start = x - _PATCH[0] / scale / 2, y - _PATCH[1] / scale / 2
        patch, origin, to = _patch(image, start, _PATCH, scale)
        seen = [
            attrs.evolve(each, corners=each.corners * to + origin)
            for each in self._in(patch, least)
        ]
        same = [each for each in seen if shared(each.corners, found.corners) > ONE]
        return max(same, key=lambda each: each.certainty, default=None)

    def _in_level(self, level: Image, least: float) -> Iterator[Found]:
        rows, columns = level.shape[:2]
        side = max(rows, columns)
        beside = round(side * _BESIDE) if side <= _SMALL_PX else 0
        high, wide = _blocks(rows + 2 * beside), _blocks(columns + 2 * beside)
        top, left = (high - rows) // 2, (wide - columns) // 2
        framed = np.full((high, wide, 3), _GREY, np.uint8)
        framed[top : top + rows, left : left + columns] = level
        for each in self._in(framed, least):
            yield attrs.evolve(each, corners=each.corners - (left, top))

    def _in(self, level: Image, least: float) -> Iterator[Found]:
        """The plates in what the network takes, in pixels of that."""
        (given,) = self._session.run(["plates"], {"picture": level[None]})
        cells = np.asarray(given, np.float32)[0]
        chances = cells[0]
        # A plateau gives several peaks on one plate; overlaps are resolved later.
        high = (chances >= cv2.dilate(chances, _NEIGHBOURS)) & (chances >= least)
        places = sorted(np.argwhere(high).tolist(), key=lambda at: -chances[*at])
        for row, column in places[:_MOST_PEAKS]:
            corners = _corners(cells, row, column)
            if is_plausible(corners):
                width, _ = extent(corners)
                yield Found(corners, min(float(chances[row, column]), 1.0), width)


def _sides(longest: int, side: int) -> list[int]:
    """The longer sides of the levels of the pyramid, largest first."""
    sides = [min(side, longest)]
    while sides[-1] > _SMALL_PX / _NEXT:
        sides.append(max(sides[-1] // 4, _SMALL_PX))
    if sides[-1] * _NEXT >= _SMALLEST_PX:
        sides.append(_SMALLEST_PX)
    return sides


def _shrunk(image: Image, side: int) -> Image:
    """At least one pixel wide and high; a very long picture becomes a line."""
    scale = side / max(image.shape[:2])
    rows, columns = (max(1, round(each * scale)) for each in image.shape[:2])
    return np.asarray(
        cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8
    )


def _blocks(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK


def _patch(
    image: Image, start: tuple[float, float], size: tuple[int, int], scale: float
) -> tuple[Image, Quad, Quad]:
    """A part of a picture, scaled; grey where the picture ends.

    Returns:
        The part; where its first pixel is in the picture; picture per part, by axis.
    """
    height, width = image.shape[:2]
    left, top = max(int(start[0]), 0), max(int(start[1]), 0)
    right = min(int(start[0] + size[0] / scale) + 1, width)
    bottom = min(int(start[1] + size[1] / scale) + 1, height)
    patch = np.full((size[1], size[0], 3), _GREY, np.uint8)
    columns = min(max(round((right - left) * scale), 1), size[0])
    rows = min(max(round((bottom - top) * scale), 1), size[1])
    to = np.array([(right - left) / columns, (bottom - top) / rows])
    # Grey on the side that the picture does not reach.
    x = min(max(round((left - start[0]) * scale), 0), size[0] - columns)
    y = min(max(round((top - start[1]) * scale), 0), size[1] - rows)
    patch[y : y + rows, x : x + columns] = cv2.resize(
        image[top:bottom, left:right],
        (columns, rows),
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
    )
    return patch, np.array([left, top]) - np.array([x, y]) * to, to


def _corners(cells: npt.NDArray[np.float32], row: int, column: int) -> Quad:
    """The corners at a peak: what it and the cells around it agree on."""
    rows = slice(max(row - 1, 0), row + 2)
    columns = slice(max(column - 1, 0), column + 2)
    near = cells[:, rows, columns].reshape(_CHANNELS, -1).astype(np.float64)
    down, right = np.indices(cells[0, rows, columns].shape)
    middles = np.stack([right + columns.start, down + rows.start], -1).reshape(-1, 1, 2)
    each = near[1:].T.reshape(-1, 4, 2) + (middles * _CELL + _CELL / 2)
    own = cells[1:, row, column].astype(np.float64).reshape(4, 2)
    own += np.array([column, row]) * _CELL + _CELL / 2
    off = np.hypot(*(each - own).transpose(2, 0, 1)).mean(axis=1)
    weights = np.where(
        (near[0] >= _HEARD * float(cells[0, row, column]))
        & (off <= _AGREE * extent(own)[0]),
        near[0],
        0.0,
    )
    if not weights.sum() > 0:
        return own
    return np.asarray(np.average(each, axis=0, weights=weights), np.float64)


def extent(corners: Quad) -> tuple[float, float]:
    """Width and height of a plate: means of its opposite edges, in pixels."""
    top, right, bottom, left = np.hypot(*(np.roll(corners, -1, axis=0) - corners).T)
    return float(top + bottom) / 2, float(left + right) / 2


def is_plausible(corners: Quad) -> bool:
    """Whether four corners can be those of a plate: convex, its size and shape."""
    if not np.isfinite(corners).all():
        return False
    edges = np.roll(corners, -1, axis=0) - corners
    following = np.roll(edges, -1, axis=0)
    turns = edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]
    width, height = extent(corners)
    return bool(
        (turns > 0).all()
        and min(width, height) >= _LEAST_PX
        and _NARROWEST <= width / height <= _WIDEST
    )


def apart(found: Iterable[Found]) -> list[Found]:
    """The surest first; of those that are nearly the same outline, the surest alone.

    A plate inside something larger that looks like one stays: reading tells them apart.
    """
    kept: list[Found] = []
    for each in sorted(found, key=lambda one: -one.certainty):
        if all(_alike(each.corners, other.corners) < _SAME for other in kept):
            kept.append(each)
    return kept


def shared(one: Quad, other: Quad) -> float:
    """The part of the smaller of two convex plates that both cover."""
    return _common(one, other) / max(min(_area(one), _area(other)), 1e-6)


def in_sight(corners: Quad, image: Image) -> float:
    """The part of a plate that lies in its picture."""
    height, width = image.shape[:2]
    frame = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    return _common(corners, frame) / max(_area(corners), 1e-6)


def _alike(one: Quad, other: Quad) -> float:
    """Intersection over union."""
    common = _common(one, other)
    return common / max(_area(one) + _area(other) - common, 1e-6)


def _common(one: Quad, other: Quad) -> float:
    return float(
        cv2.intersectConvexConvex(one.astype(np.float32), other.astype(np.float32))[0]
    )


def _area(corners: Quad) -> float:
    return float(cv2.contourArea(corners.astype(np.float32)))
