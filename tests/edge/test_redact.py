"""Promise 4 attacked: nothing outside the plate is stored finer than a mosaic cell."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from charteroak.edge.recognize import Box, Image
from charteroak.edge.redact import (
    BLOCK_PX,
    LEAST_CELL_PX,
    MOSAIC_CELLS,
    WIDEST_PLATE_PX,
    PlateOutsideFrameError,
    redacted,
    sharp_area,
)

ROWS, COLUMNS = 240, 320


def a_street(seed: int) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (ROWS, COLUMNS, 3), np.uint8)


def opened(jpeg: bytes) -> Image:
    return np.array(Pillow.open(io.BytesIO(jpeg)).convert("RGB"), np.uint8)


def cells(box: Box) -> tuple[int, int, int]:
    """Side of a cell, and where the first one begins: the documented geometry."""
    left, top, width, height = box
    cell = max(-(-5 * width // MOSAIC_CELLS), LEAST_CELL_PX)
    x = left + width // 2 - cell * MOSAIC_CELLS // 2
    rows_above = -(-5 * width // (2 * cell))
    y = top + height // 2 - rows_above * cell
    return cell, max(x, 0), max(y, 0)


def shuffled_within_cells(image: Image, box: Box, seed: int) -> Image:
    """Another street with the same mean in each cell and the same plate crop."""
    cell, x0, y0 = cells(box)
    keep = sharp_area(image, box)
    sharp = np.zeros((ROWS, COLUMNS), bool)
    sharp[keep.top : keep.bottom, keep.left : keep.right] = True
    other = image.copy()
    noise = np.random.default_rng(seed)
    for y in range(y0, ROWS, cell):
        for x in range(x0, COLUMNS, cell):
            free = np.argwhere(~sharp[y : y + cell, x : x + cell]) + np.array((y, x))
            moved = noise.permutation(len(free))
            other[free[:, 0], free[:, 1]] = image[free[moved, 0], free[moved, 1]]
    return other


boxes = st.tuples(
    st.integers(0, COLUMNS - 60),
    st.integers(0, ROWS - 30),
    st.integers(16, 80),
    st.integers(8, 40),
)


@settings(max_examples=20, deadline=None)
@given(box=boxes, seed=st.integers(0, 2**32 - 1))
def test_what_moves_inside_a_cell_changes_no_stored_byte(box: Box, seed: int) -> None:
    street = a_street(seed)
    other = shuffled_within_cells(street, box, seed + 1)
    assert not np.array_equal(street, other)

    assert redacted(other, box) == redacted(street, box)


@settings(max_examples=20, deadline=None)
@given(box=boxes, seed=st.integers(0, 2**32 - 1))
def test_what_lies_beyond_the_vehicle_changes_no_stored_byte(
    box: Box, seed: int
) -> None:
    street, other = a_street(seed), a_street(seed + 1)
    left, top, width, height = box
    cell, x0, y0 = cells(box)
    bottom = top + height // 2 + -(-width // cell) * cell
    right = left + width // 2 + cell * MOSAIC_CELLS // 2
    other[y0:bottom, x0:right] = street[y0:bottom, x0:right]

    assert redacted(other, box) == redacted(street, box)


@pytest.mark.parametrize("period_px", [2, 4, 6, 8, 10])
def test_a_face_behind_the_windscreen_is_flat_blocks(period_px: int) -> None:
    """Stripes finer than a cell, black on white, right above the plate."""
    box = (280, 400, 80, 40)
    street = np.full((480, 640, 3), 128, np.uint8)
    stripes = (np.arange(640) // (period_px // 2) % 2 * 255).astype(np.uint8)
    street[100:380] = stripes[None, :, None]

    mosaic = opened(redacted(street, box).vehicle_jpeg)

    # Decoded JPEG blocks of 8 x 8 are exactly the cells: flat inside, one value each.
    rows = 20 * BLOCK_PX
    blocks = mosaic[:rows, : mosaic.shape[1] // BLOCK_PX * BLOCK_PX].reshape(
        20, BLOCK_PX, -1, BLOCK_PX, 3
    )
    assert int((blocks.max(axis=(1, 3)) - blocks.min(axis=(1, 3))).max()) <= 4


def test_the_mosaic_is_at_most_64_cells_wide() -> None:
    wide = opened(redacted(a_street(1), (110, 150, 50, 25)).vehicle_jpeg)

    assert wide.shape[1] <= MOSAIC_CELLS * BLOCK_PX


def test_a_tiny_plate_does_not_sharpen_the_street() -> None:
    mosaic = opened(redacted(a_street(2), (150, 150, 10, 5)).vehicle_jpeg)

    assert mosaic.shape[1] // BLOCK_PX <= MOSAIC_CELLS
    assert np.ptp(mosaic[:BLOCK_PX, :BLOCK_PX], axis=(0, 1)).max() <= 24


@given(box=boxes)
@settings(max_examples=100, deadline=None)
def test_the_margin_is_a_tenth_and_never_more(box: Box) -> None:
    left, top, width, height = box

    kept = sharp_area(np.zeros((ROWS, COLUMNS, 3), np.uint8), box)

    assert left - kept.left <= width * 0.1
    assert kept.right - (left + width) <= width * 0.1
    assert top - kept.top <= height * 0.1
    assert kept.bottom - (top + height) <= height * 0.1


def test_a_wrong_tall_box_cannot_keep_a_windscreen_sharp() -> None:
    kept = sharp_area(a_street(3), (100, 10, 100, 220))

    assert kept.bottom - kept.top <= 75 * 1.2


def test_the_plate_stays_sharp() -> None:
    box = (280, 400, 80, 40)
    street = np.full((480, 640, 3), 90, np.uint8)
    street[405:435, 290:350:10] = 255

    plate = opened(redacted(street, box).plate_jpeg)

    assert plate.shape == (48, 96, 3)
    assert int(plate.max()) - int(plate.min()) > 120


def test_a_large_plate_is_stored_at_most_400_pixels_wide() -> None:
    plate = opened(
        redacted(np.zeros((480, 640, 3), np.uint8), (20, 200, 600, 200)).plate_jpeg
    )

    assert plate.shape[1] == WIDEST_PLATE_PX


def test_stored_pictures_carry_no_metadata() -> None:
    pictures = redacted(a_street(5), (180, 140, 80, 40))

    for jpeg in (pictures.plate_jpeg, pictures.vehicle_jpeg):
        assert not Pillow.open(io.BytesIO(jpeg)).getexif()


def test_pictures_stay_out_of_logs() -> None:
    assert repr(redacted(a_street(6), (180, 140, 80, 40))) == "StoredPictures()"


@pytest.mark.parametrize("box", [(700, 10, 20, 10), (10, 500, 20, 10), (-50, 0, 20, 9)])
def test_a_plate_outside_the_frame_is_refused(box: Box) -> None:
    with pytest.raises(PlateOutsideFrameError):
        redacted(a_street(7), box)


@pytest.mark.parametrize("box", [(0, 0, 20, 10), (310, 230, 40, 20), (-5, -5, 30, 15)])
def test_a_plate_at_the_edge_of_the_frame_is_kept(box: Box) -> None:
    pictures = redacted(a_street(8), box)

    assert opened(pictures.plate_jpeg).size > 0
    assert opened(pictures.vehicle_jpeg).size > 0


def test_a_frame_of_one_pixel() -> None:
    pictures = redacted(np.zeros((1, 1, 3), np.uint8), (0, 0, 1, 1))

    assert opened(pictures.plate_jpeg).shape == (1, 1, 3)
