"""What is kept of a frame: the plate, sharp, and the vehicle as a coarse mosaic.

No person is in a stored picture, by construction and not by a detector that mostly
works: outside the plate's own crop nothing finer than a mosaic cell ever reaches the
stored bytes. They are a function of the crop's pixels and of the cells' mean colours
alone, so two frames that agree in those give the same bytes, whoever sits behind the
windscreen. A cell is about 24 millimetres on the car; a face is some six cells wide.
"""

import io
import math
from typing import Final

import attrs
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from charteroak.core.errors import CharterOakError
from charteroak.edge.recognize import Box, Image, checked

MOSAIC_CELLS: Final = 64
"""Cells across a whole vehicle; fewer where the frame ends."""

LEAST_CELL_PX: Final = 4
"""A cell spans at least so many pixels of the frame, however small the plate."""

BLOCK_PX: Final = 8
"""Side of a cell in the stored picture: the blocks stay visible."""

MARGIN: Final = 0.1
"""Of the plate's width and height, kept sharp around it on each side."""

WIDEST_PLATE_PX: Final = 400
"""A larger plate crop is scaled down to this width."""

_TALLEST: Final = 0.75
"""Height by width up to which a box can be a plate (motorcycles: 4 by 7 inches). A box
that is taller is trimmed, so that a wrong box cannot keep a windscreen sharp."""

_WIDE, _ABOVE, _BELOW = 5.0, 2.5, 1.0
"""The vehicle around the middle of its plate, in widths of the plate."""

_PLATE_QUALITY: Final = 88
_VEHICLE_QUALITY: Final = 70


class PlateOutsideFrameError(CharterOakError):
    """The box of the plate does not touch the frame."""

    code = "charteroak.redact.outside"
    hint = "Give the box in pixels of the same frame."


@attrs.frozen(kw_only=True)
class StoredPictures:
    """All that may be kept of a frame.

    Attributes:
        plate_jpeg: the plate with a tenth around it, at most 400 pixels wide.
        vehicle_jpeg: the mosaic of the vehicle, the plate pasted in sharp.
    """

    plate_jpeg: bytes = attrs.field(repr=False)
    vehicle_jpeg: bytes = attrs.field(repr=False)


@attrs.frozen
class _Area:
    """Half-open rectangle in pixels of the frame."""

    left: int
    top: int
    right: int
    bottom: int

    def of(self, image: Image) -> Image:
        return image[self.top : self.bottom, self.left : self.right]


def redacted(image: Image, box: Box) -> StoredPictures:
    """Reduce a frame to what may be stored of one read.

    Args:
        image: the whole frame, RGB.
        box: the plate in it; clipped to the frame, and trimmed if too tall for one.

    Raises:
        PlateOutsideFrameError: the box does not touch the frame.
        BadFrameError: `image` is no frame.
    """
    crop = sharp_area(checked(image), box)
    vehicle, cell_px = _vehicle_area(image, box)
    small = _cell_means(vehicle.of(image), cell_px)
    mosaic = small.repeat(BLOCK_PX, axis=0).repeat(BLOCK_PX, axis=1)
    _paste(mosaic, crop, vehicle, image, scale=BLOCK_PX / cell_px)
    return StoredPictures(
        plate_jpeg=_jpeg(_plate_picture(crop.of(image)), _PLATE_QUALITY),
        vehicle_jpeg=_jpeg(mosaic, _VEHICLE_QUALITY),
    )


def sharp_area(image: Image, box: Box) -> _Area:
    """The only part of the frame that is kept sharp: the plate and its margin.

    Raises:
        PlateOutsideFrameError: the box does not touch the frame.
    """
    left, top, width, height = box
    if height > _TALLEST * width:
        trimmed = max(int(_TALLEST * width), 1)
        top, height = top + (height - trimmed) // 2, trimmed
    # Rounded down: the margin may be less than a tenth and never more.
    beside, above = int(MARGIN * width), int(MARGIN * height)
    area = _clipped(
        image, left - beside, top - above, left + width + beside, top + height + above
    )
    if area.left >= area.right or area.top >= area.bottom:
        raise PlateOutsideFrameError("the plate lies outside the frame")
    return area


def _vehicle_area(image: Image, box: Box) -> tuple[_Area, int]:
    left, top, width, height = box
    x, y = left + width // 2, top + height // 2
    cell_px = max(math.ceil(_WIDE * width / MOSAIC_CELLS), LEAST_CELL_PX)
    half = cell_px * MOSAIC_CELLS // 2
    above, below = (math.ceil(n * width / cell_px) * cell_px for n in (_ABOVE, _BELOW))
    area = _clipped(image, x - half, y - above, x + half, y + below)
    # Whole cells only: a narrow rest at the edge would be finer than a cell.
    wide, high = (
        n - n % cell_px or n for n in (area.right - area.left, area.bottom - area.top)
    )
    return _Area(area.left, area.top, area.left + wide, area.top + high), cell_px


def _clipped(image: Image, left: int, top: int, right: int, bottom: int) -> _Area:
    rows, columns = image.shape[:2]
    return _Area(max(left, 0), max(top, 0), min(right, columns), min(bottom, rows))


def _cell_means(image: Image, cell_px: int) -> Image:
    """Mean colour of each cell, in whole numbers so that equal sums give equal bytes."""
    rows = np.arange(0, image.shape[0], cell_px)
    columns = np.arange(0, image.shape[1], cell_px)
    sums = np.add.reduceat(image.astype(np.int64), rows, axis=0)
    sums = np.add.reduceat(sums, columns, axis=1)
    heights = np.diff(np.append(rows, image.shape[0]))
    widths = np.diff(np.append(columns, image.shape[1]))
    counts = (heights[:, None] * widths[None, :])[:, :, None]
    return np.asarray((sums + counts // 2) // counts, np.uint8)


def _paste(
    mosaic: Image, crop: _Area, vehicle: _Area, image: Image, *, scale: float
) -> None:
    """Put the sharp crop where it belongs in the mosaic; writes into `mosaic`."""
    rows, columns = mosaic.shape[:2]
    left = min(round(max(crop.left - vehicle.left, 0) * scale), columns - 1)
    top = min(round(max(crop.top - vehicle.top, 0) * scale), rows - 1)
    right = min(max(round((crop.right - vehicle.left) * scale), left + 1), columns)
    bottom = min(max(round((crop.bottom - vehicle.top) * scale), top + 1), rows)
    plate = Pillow.fromarray(np.ascontiguousarray(crop.of(image)))
    scaled = plate.resize((right - left, bottom - top), Pillow.Resampling.LANCZOS)
    mosaic[top:bottom, left:right] = np.asarray(scaled)


def _plate_picture(crop: Image) -> Image:
    height, width = crop.shape[:2]
    if width <= WIDEST_PLATE_PX:
        return crop
    size = WIDEST_PLATE_PX, max(round(height * WIDEST_PLATE_PX / width), 1)
    plate = Pillow.fromarray(np.ascontiguousarray(crop))
    return np.asarray(plate.resize(size, Pillow.Resampling.LANCZOS), np.uint8)


def _jpeg(picture: npt.NDArray[np.uint8], quality: int) -> bytes:
    # Fresh pixels carry no metadata: nothing of the camera's EXIF can follow.
    out = io.BytesIO()
    Pillow.fromarray(np.ascontiguousarray(picture)).save(out, "JPEG", quality=quality)
    return out.getvalue()
