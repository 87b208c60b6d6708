"""Scenes for training the detector: the same each time, and marked where plates are."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from training.canvas import (
    Picture,
    Sheet,
    corners_of,
    moved,
    new_sheet,
    put,
    random_pose,
)
from training.detections import Detection, found_in, score
from training.fixtures import fix_plate
from training.lookalikes import draw_lookalike
from training.lots import paint_lot
from training.parts import draw_branches, draw_pipes, draw_tailgate, draw_wheel
from training.scene_kit import FACE_SHAPE, Kit, make_kit
from training.scenes import SIDE, Mark, centre_of, make_scene, targets_of
from training.street_photos import HEIGHT, WIDTH, Photographs

CELLS = SIDE // 8


@pytest.fixture(scope="module")
def kit() -> Kit:
    """Photographs of fog, and plates of stripes that nothing else has."""
    rng = np.random.default_rng(1)
    coarse = rng.integers(60, 200, (4, 9, 16, 3), np.uint8)
    streets = np.stack([cv2.resize(each, (WIDTH, HEIGHT)) for each in coarse])
    faces = np.full((20, *FACE_SHAPE), 240, np.uint8)
    faces[:, 40:150, 20:364:2] = 20
    return make_kit(
        Photographs(
            pictures=streets,
            halves=streets[:, ::2, ::2],
            boxes=tuple(np.array([[500, 300, 120, 28]], np.float32) for _ in streets),
            training=np.arange(3),
            held_out=np.array([3]),
        ),
        faces,
        held_out=False,
        colours=("white",),
    )


def _scene(kit: Kit, number: int) -> tuple[Picture, tuple[Mark, ...]]:
    scene = make_scene(np.random.default_rng([7, number]), kit)
    return scene.picture, scene.marks


def test_the_same_seed_makes_the_same_scene(kit: Kit) -> None:
    for number in range(12):
        first, second = _scene(kit, number), _scene(kit, number)
        assert first[0].shape == (SIDE, SIDE, 3)
        assert first[0].dtype == np.uint8
        assert np.array_equal(first[0], second[0])
        assert [mark.corners.tolist() for mark in first[1]] == [
            mark.corners.tolist() for mark in second[1]
        ]
    assert not np.array_equal(_scene(kit, 0)[0], _scene(kit, 1)[0])


def test_plates_that_count_are_in_sight_and_of_a_size_to_be_found(kit: Kit) -> None:
    counted = 0
    for number in range(60):
        for mark in _scene(kit, number)[1]:
            if mark.ignored:
                continue
            counted += 1
            x, y = centre_of(mark.corners)
            assert 0 < x < SIDE
            assert 0 < y < SIDE
            wide = np.hypot(*(mark.corners[1] - mark.corners[0]))
            assert 14 < wide < 150
            first, second = mark.corners[1] - mark.corners[0], mark.corners[2]
            second = second - mark.corners[1]
            assert first[0] * second[1] - first[1] * second[0] > 0, "clockwise"
    assert counted > 40


def test_training_and_validation_share_neither_streets_nor_plates(kit: Kit) -> None:
    held = make_kit(
        kit.photographs,
        np.arange(20, dtype=np.uint8)[:, None, None, None] + np.zeros(FACE_SHAPE, "u1"),
        held_out=True,
        colours=("white",),
    )
    assert set(held.allowed.tolist()).isdisjoint(kit.allowed.tolist())
    assert held.faces[:, 0, 0, 0].tolist() == [18, 19]
    assert len(kit.faces) == 18


@pytest.mark.parametrize(
    "draw", [draw_branches, draw_pipes, draw_tailgate, draw_wheel, draw_lookalike]
)
def test_what_is_no_plate_is_drawn_as_wide_as_it_was_asked_for(
    kit: Kit, draw: Callable[[np.random.Generator, Kit, float], tuple[Sheet, float]]
) -> None:
    for number in range(12):
        width = 12.0 + 11 * number
        sheet, aspect = draw(np.random.default_rng([8, number]), kit, width)
        height, wide = sheet.cover.shape
        assert sheet.paint.shape == (height, wide, 3)
        assert sheet.cover.max() > 0
        assert sheet.unit_px >= width * 0.9
        if not any(sheet.origin):
            assert wide == pytest.approx(sheet.unit_px, abs=1)
            assert height == pytest.approx(wide / aspect, abs=2)


def test_a_plate_fills_its_place_whatever_frame_is_around_it(kit: Kit) -> None:
    """The corners to learn are the plate's own, wherever its frame ends."""
    ends = []
    for number in range(30):
        sheet = new_sheet((-0.5, -0.4, 1.5, 0.9), 200)
        fix_plate(np.random.default_rng([9, number]), kit, sheet, 2.0)
        left, top = (round(value) for value in sheet.origin)
        assert sheet.cover[top + 8 : top + 92, left + 8 : left + 192].min() == 255
        hidden = sheet.cover[:, left + 100].nonzero()[0]
        assert hidden[0] <= top
        assert hidden[-1] >= top + 99
        ends.append((hidden[0] - top, hidden[-1] + 1 - top - 100))
    first, last = np.array(ends).T
    assert first.min() < -10, "frames with room for words above"
    assert last.max() > 10, "and below"


def test_yards_are_painted_all_over_and_differ(kit: Kit) -> None:
    yards = [paint_lot(np.random.default_rng([6, n]), kit, SIDE) for n in range(8)]
    assert all(yard.shape == (SIDE, SIDE, 3) for yard in yards)
    assert len({yard.tobytes() for yard in yards}) == len(yards)
    assert all(yard.std() > 3 for yard in yards)


def test_a_sheet_lands_where_its_corners_are_said_to_be() -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        picture = np.zeros((SIDE, SIDE, 3), np.uint8)
        pose = moved(random_pose(rng, rng.uniform(40, 115)), 128, 128)
        sheet = new_sheet((0, 0, 1, 0.5), 150, cover=255)
        sheet.paint[:] = 255
        put(picture, sheet, pose)
        corners = corners_of(pose)
        cover = float(picture[..., 0].sum()) / 255
        assert cover == pytest.approx(cv2.contourArea(corners), rel=0.02)
        edges = np.argwhere(picture[..., 0] > 127)
        low, high = edges.min(axis=0)[::-1], edges.max(axis=0)[::-1] + 1
        assert np.abs(corners.min(axis=0) - low).max() < 1.5
        assert np.abs(corners.max(axis=0) - high).max() < 1.5


def test_targets_answer_with_the_corners_they_were_made_of() -> None:
    corners = np.array([[50, 60], [130, 66], [128, 104], [52, 100]], np.float32)
    mark = Mark(corners=corners, weight=1.0, ignored=False)
    targets = targets_of((mark,))
    assert (targets.heat == 1).sum() == 1
    (found,) = found_in(
        np.concatenate([targets.heat[None], targets.offsets]), least=0.9
    )
    assert np.abs(found.corners - corners).max() < 1e-3
    row, column = np.argwhere(targets.heat == 1)[0]
    x, y = centre_of(corners)
    assert (column, row) == (x // 8, y // 8)
    assert targets.weights[row, column] == pytest.approx(1 / 80)
    near = np.argwhere(targets.weights > 0)
    assert len(near) > 1
    for row, column in near:
        at = np.array([column * 8 + 4, row * 8 + 4])
        again = targets.offsets[:, row, column].reshape(4, 2) + at
        assert np.abs(again - corners).max() < 1e-3


def test_where_a_plate_does_not_count_any_answer_will_do() -> None:
    corners = np.array([[50, 60], [130, 60], [130, 100], [50, 100]], np.float32)
    targets = targets_of((Mark(corners=corners, weight=1.0, ignored=True),))
    assert targets.heat.max() == 0
    assert targets.weights.max() == 0
    assert targets.counted[10, 11] == 0
    assert targets.counted[2, 2] == 1
    assert targets.counted.shape == (CELLS, CELLS)


def test_a_score_counts_missed_wrong_and_ignored_plates() -> None:
    square = np.array([[0, 0], [40, 0], [40, 20], [0, 20]], np.float32)
    there = Mark(corners=square + 60, weight=1.0, ignored=False)
    unclear = Mark(corners=square + 150, weight=1.0, ignored=True)
    moved_by_two = Detection(
        certainty=0.9, corners=square + np.array([62, 60], np.float32)
    )
    ignored = Detection(certainty=0.9, corners=square + 150)
    wrong = Detection(certainty=0.9, corners=square + np.array([200, 20], np.float32))
    unsure = Detection(certainty=0.2, corners=square + np.array([20, 200], np.float32))
    right = score([([moved_by_two, ignored, unsure], (there, unclear))])
    assert (right.recall, right.precision) == (1, 1)
    assert right.corner_error == pytest.approx(5)
    poor = score([([wrong], (there,)), ([moved_by_two], (there,))])
    assert (poor.recall, poor.precision) == (0.5, 0.5)
