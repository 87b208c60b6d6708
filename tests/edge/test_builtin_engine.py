"""The engine `builtin`, on tiny networks: where plates are found and how they are read."""

import threading
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest

from charteroak.edge.engines import builtin, bundled, open_engine
from charteroak.edge.engines.plate_finder import (
    Found,
    PlateFinder,
    Quad,
    apart,
    in_sight,
    is_plausible,
    shared,
)
from charteroak.edge.engines.plate_reader import (
    SIGNS,
    PlateReader,
    Reading,
    grown,
    share_of_length,
    straightened,
    together,
)
from charteroak.edge.engines.plate_states import STATES, PlateStates
from charteroak.edge.onnx_file import UnusableWeightsError
from charteroak.edge.recognize import EngineOptions, Image, Recognizer, Sighting
from tests.support import networks, own_networks


def an_engine(folder: Path, files: Mapping[str, bytes] | None = None) -> Recognizer:
    own_networks.a_folder(folder, files)
    return open_engine("builtin", EngineOptions(models=folder, threads=1))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Recognizer:
    return an_engine(tmp_path_factory.mktemp("weights"))


def a_picture(
    *plates: tuple[int, int, int], size: tuple[int, int] = (1280, 720)
) -> Image:
    """White plates at x, y, of a width and 5/9 of it high, on dark ground."""
    image = np.full((size[1], size[0], 3), 20, np.uint8)
    for x, y, width in plates:
        image[y : y + width * 5 // 9, x : x + width] = 255
    return image


@pytest.mark.parametrize(
    ("plate", "size"),
    [
        ((700, 400, 144), (1280, 720)),
        ((120, 200, 72), (640, 360)),
        # Only in the level of 160, and of 80.
        ((400, 90, 576), (1280, 640)),
        ((4, 64, 288), (320, 320)),
    ],
)
def test_a_plate_of_any_size_comes_back_where_it_is(
    engine: Recognizer, plate: tuple[int, int, int], size: tuple[int, int]
) -> None:
    x, y, width = plate
    image = a_picture(plate, size=size)
    before = image.copy()

    (seen,) = engine.sightings(image)

    wanted = x, y, width, width * 5 // 9
    assert seen.box == pytest.approx(wanted, abs=width * 0.15)
    assert seen.corners is not None
    assert seen.corners[0] == pytest.approx((x, y), abs=width * 0.15)
    assert seen.corners[2][0] == pytest.approx(x + width, abs=width * 0.15)
    assert seen.plate.glyphs == "KRT4826"
    # All nine slots count: the empty ones say that there is no eighth character.
    assert seen.confidence == pytest.approx(0.999**9, abs=1e-4)
    assert seen.characters == pytest.approx([0.999] * 7, abs=1e-4)
    assert (seen.state, seen.engine) == ("NY", "builtin")
    # The format speaks for New York too, but the plate's looks are nearly all.
    assert seen.state_confidence == pytest.approx(0.9, abs=0.1)
    assert np.array_equal(image, before)


def test_several_plates_are_all_found_and_each_once(engine: Recognizer) -> None:
    image = a_picture((100, 100, 144), (700, 400, 144), (920, 90, 144))

    seen = engine.sightings(image)

    assert sorted(round(each.box[0] / 100) for each in seen) == [1, 7, 9]


def test_no_plate_is_no_sighting(engine: Recognizer) -> None:
    assert list(engine.sightings(a_picture())) == []


@pytest.mark.parametrize(
    "shape",
    [(1, 1), (1, 900), (900, 1), (40, 30), (12, 8000), (8000, 12), (3000, 400)],
)
def test_pictures_of_any_shape_are_no_trouble(
    engine: Recognizer, shape: tuple[int, int]
) -> None:
    for bright in (0, 127, 255):
        for seen in engine.sightings(np.full((*shape, 3), bright, np.uint8)):
            left, top, width, height = seen.box
            assert 0 <= left < left + width <= shape[1]
            assert 0 <= top < top + height <= shape[0]


def test_the_same_frame_gives_the_same_answer_in_any_thread(
    engine: Recognizer,
) -> None:
    image = a_picture((100, 100, 144), (700, 400, 130))
    alone, answers = list(engine.sightings(image)), list[list[Sighting]]()
    threads = [
        threading.Thread(target=lambda: answers.append(list(engine.sightings(image))))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [alone] * 3


@pytest.mark.parametrize(
    ("text", "sure"), [("", 0.999), ("K", 0.999), ("KRT4826", 0.5)]
)
def test_a_badge_and_what_cannot_be_read_are_no_plate(
    tmp_path: Path, text: str, sure: float
) -> None:
    engine = an_engine(tmp_path, {bundled.READER: own_networks.reader(text, sure)})

    assert list(engine.sightings(a_picture((700, 400, 144)))) == []


def test_a_state_is_named_only_where_the_plate_says_so(tmp_path: Path) -> None:
    other = own_networks.states(len(STATES))
    (seen,) = an_engine(tmp_path, {bundled.STATES: other}).sightings(
        a_picture((700, 400, 144))
    )

    assert (seen.state, seen.state_confidence) == (None, None)


def test_the_format_of_the_serial_has_a_say_which_state_it_is(tmp_path: Path) -> None:
    chances = {}
    # AA-12345 is Connecticut's; 1ABC234 is California's.
    for text in ("BK47291", "7KRT482"):
        files = {
            bundled.READER: own_networks.reader(text),
            bundled.STATES: own_networks.states(STATES.index("CT")),
        }
        engine = an_engine(tmp_path / text, files)
        (seen,) = engine.sightings(a_picture((700, 400, 144)))
        assert (seen.plate.glyphs, seen.state) == (text, "CT")
        chances[text] = seen.state_confidence or 0

    assert chances["BK47291"] > chances["7KRT482"]


def test_confidence_is_by_the_calibration_that_lies_with_the_weights(
    tmp_path: Path,
) -> None:
    shipped = own_networks.UNCALIBRATED.splitlines()
    lines = [each for each in shipped if not each.startswith(("raw", "calibrated"))]
    fitted = "\n".join([*lines, "raw = [0.0, 0.5]", "calibrated = [0.1, 0.6]"])
    engine = an_engine(tmp_path, {bundled.CALIBRATION: fitted.encode()})

    (seen,) = engine.sightings(a_picture((700, 400, 144)))

    assert seen.confidence == pytest.approx(0.6)


def test_a_picture_that_is_one_plate_is_read_as_one(tmp_path: Path) -> None:
    plate = np.full((160, 320, 3), 127, np.uint8)
    sure = an_engine(tmp_path / "sure").sightings(plate)
    doubtful = own_networks.reader(sure=0.97)
    files = {bundled.READER: doubtful}

    assert [each.box for each in sure] == [(0, 0, 320, 160)]
    assert list(an_engine(tmp_path / "doubtful", files).sightings(plate)) == []
    # A street, and a strip, are no plate, however surely something is read there.
    for shape in ((720, 1280, 3), (40, 320, 3)):
        grey = np.full(shape, 127, np.uint8)
        assert list(an_engine(tmp_path / "again").sightings(grey)) == []


def test_a_closer_look_confirms_a_plate_or_sees_none() -> None:
    finder = PlateFinder("d", own_networks.finder(), threads=1)
    image = a_picture((700, 400, 300))
    rough = Found(corners_of(690, 390, 310, 180), 0.5, 30)
    nowhere = Found(corners_of(100, 100, 310, 180), 0.5, 30)
    outside = Found(corners_of(-900, 100, 310, 180), 0.5, 30)

    closer = finder.again(image, rough, least=0.3)

    assert closer is not None
    assert closer.corners.mean(axis=0) == pytest.approx((850, 483), abs=16)
    assert closer.certainty > 0.5
    assert finder.again(image, nowhere, least=0.3) is None
    assert finder.again(image, outside, least=0.3) is None


def corners_of(
    x: float, y: float, width: float, height: float
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array(
        [(x, y), (x + width, y), (x + width, y + height), (x, y + height)], np.float64
    )


def test_what_no_plate_can_be_is_dropped() -> None:
    plate = corners_of(10, 10, 60, 30)

    assert is_plausible(plate)
    assert is_plausible(np.add(plate, [(0, 0), (0, 8), (0, 8), (0, 0)]))
    for wrong in (
        plate[::-1],
        plate[[0, 2, 1, 3]],
        corners_of(10, 10, 30, 60),
        corners_of(10, 10, 300, 30),
        corners_of(10, 10, 3, 2),
        np.full((4, 2), np.nan),
        np.zeros((4, 2)),
    ):
        assert not is_plausible(wrong)


def test_of_outlines_of_one_plate_the_surest_stays() -> None:
    one, other = corners_of(0, 0, 60, 30), corners_of(6, 3, 60, 30)
    far, around = corners_of(200, 0, 60, 30), corners_of(-60, -30, 160, 80)

    kept = apart(
        [
            Found(one, 0.7, 60),
            Found(other, 0.9, 60),
            Found(far, 0.5, 60),
            Found(around, 0.95, 60),
        ]
    )

    # What lies around a plate may be its frame, or a car: reading will tell.
    assert [each.certainty for each in kept] == [0.95, 0.9, 0.5]
    assert shared(one, one) == pytest.approx(1)
    assert shared(one, around) == pytest.approx(1)
    assert shared(one, far) == 0


def test_a_plate_that_is_cut_is_known_by_what_lies_in_the_picture() -> None:
    image = a_picture(size=(100, 50))

    shares = [in_sight(corners_of(x, 10, 40, 20), image) for x in (0, -10, 80, 200)]

    assert shares == pytest.approx([1, 0.75, 0.5, 0])


def test_a_plate_whose_characters_are_cut_off_is_not_read(engine: Recognizer) -> None:
    assert isinstance(engine, builtin.BuiltinEngine)
    found = [Found(corners_of(x, 300, 100, 50), 0.9, 100) for x in (-30, 200, 1188)]

    confirmed = engine._confirmed(a_picture(), found)

    assert [each.found.corners[0, 0] for each in confirmed] == [200, 1188]


@pytest.mark.parametrize(("scale", "fine"), [(1, 1), (6, 1), (1, 2), (9, 2)])
def test_a_slanted_plate_is_straightened_with_its_margin(scale: int, fine: int) -> None:
    """A red plate with a blue lower right quarter, seen from the side, on green."""
    image = np.zeros((100 * scale, 200 * scale, 3), np.uint8)
    image[..., 1] = 255
    corners = np.array([(40, 20), (160, 40), (155, 90), (35, 70)], np.float64) * scale
    middle, lower, right = (
        corners.mean(axis=0),
        corners[2:].mean(axis=0),
        corners[1:3].mean(axis=0),
    )
    cv2.fillPoly(image, [np.rint(corners).astype(np.int32)], (255, 0, 0))
    quarter = np.rint([middle, right, corners[2], lower]).astype(np.int32)
    cv2.fillPoly(image, [quarter], (0, 0, 255))

    flat = straightened(image, corners, size=(144 * fine, 64 * fine))

    assert flat.shape == (64 * fine, 144 * fine, 3)
    flat = flat[::fine, ::fine]
    assert flat[:3].min(axis=(0, 1))[1] > 200
    assert flat[8:28, 16:128].mean(axis=(0, 1)) == pytest.approx((255, 0, 0), abs=9)
    assert flat[38:54, 80:126].mean(axis=(0, 1)) == pytest.approx((0, 0, 255), abs=9)


def test_a_large_plate_is_averaged_and_not_picked() -> None:
    # Stripes of one pixel: picked they are black or white, averaged they are grey.
    image = np.zeros((800, 1600, 3), np.uint8)
    image[:, ::2] = 255

    flat = straightened(image, corners_of(100, 100, 1400, 600))

    assert flat.min() > 100
    assert flat.max() < 156


@pytest.mark.parametrize("x", [-70, 0, 170, 5000, -5000])
def test_a_plate_beyond_the_edge_goes_on_as_the_edge_does(x: int) -> None:
    image = np.full((100, 200, 3), 90, np.uint8)

    assert np.ptp(straightened(image, corners_of(x, 80, 100, 50))) == 0


def test_a_plate_grows_around_its_middle() -> None:
    assert grown(corners_of(0, 0, 100, 50), 0.04)[2] == pytest.approx((102, 51))


def a_reading(text: str, sure: float) -> Reading:
    slots = np.full((9, 37), (1 - sure) / 36)
    for slot, sign in enumerate(text.ljust(9, "_")):
        slots[slot, SIGNS.index(sign)] = sure
    return Reading(slots)


def test_readings_that_agree_are_put_together_sign_by_sign() -> None:
    one, other = a_reading("AB8", 0.9), a_reading("ABB", 0.8)

    both = together([one, other])

    assert both.text == "AB8"
    assert both.chance < one.chance
    assert both.characters[2] < 0.9
    assert both.alternatives[2][0][0] == "B"
    assert both.alternatives[2][0][1] > 0.15
    assert share_of_length([one, other]) == 1


def test_readings_of_another_length_only_take_away_certainty() -> None:
    long, short = a_reading("AB12", 0.9), a_reading("AB1", 0.8)

    assert together([short, long]).text == "AB12"
    assert together([short, long]).chance == pytest.approx(long.chance)
    share = share_of_length([short, long])
    assert share == pytest.approx(long.chance / (long.chance + short.chance))


def test_of_a_plate_and_what_lies_around_it_the_one_that_reads_stays() -> None:
    inside = builtin._Plate(
        Found(corners_of(0, 0, 60, 30), 0.4, 60),
        again=True,
        readings=(a_reading("AB12", 0.8),),
    )
    around = builtin._Plate(
        Found(corners_of(-60, -30, 160, 80), 0.9, 60),
        again=True,
        readings=(a_reading("AB12", 0.4),),
    )

    assert builtin._best_of_each([around, inside]) == [inside]


@pytest.mark.parametrize(("of_plate", "stays"), [(0.5, "around"), (0.1, "inside")])
def test_a_sticker_on_a_plate_that_fills_its_picture_is_no_plate(
    of_plate: float, stays: str
) -> None:
    def a_plate(corners: Quad, chance: float, *, fills: bool) -> builtin._Plate:
        slots = (a_reading("JAN", chance ** (1 / 9)),)
        return builtin._Plate(
            Found(corners, 0.6, 80), again=True, fills=fills, readings=slots
        )

    plates = {
        "inside": a_plate(corners_of(260, 118, 40, 26), 0.97, fills=False),
        "around": a_plate(corners_of(2, 1, 316, 158), of_plate, fills=True),
    }

    assert builtin._best_of_each(list(plates.values())) == [plates[stays]]


def test_a_plate_that_fills_its_picture_stays_where_a_closer_look_sees_none(
    engine: Recognizer,
) -> None:
    assert isinstance(engine, builtin.BuiltinEngine)
    dark = np.full((160, 320, 3), 20, np.uint8)
    filling = Found(corners_of(4, 2, 312, 156), 0.4, 78)
    small = Found(corners_of(100, 50, 100, 50), 0.4, 78)

    confirmed = engine._confirmed(dark, [filling, small])

    assert [each.found for each in confirmed] == [filling]


def test_networks_that_are_not_ours_are_refused() -> None:
    for wrong in (networks.detector(), own_networks.finder(channels=10)):
        with pytest.raises(UnusableWeightsError, match="detector of plate corners"):
            PlateFinder("d", wrong, threads=1)
    for wrong in (networks.reader("A"), own_networks.reader("A", slots=10)):
        with pytest.raises(UnusableWeightsError, match="gives no characters"):
            PlateReader("r", wrong, threads=1)
    for wrong in (own_networks.reader(), own_networks.states(count=51)):
        with pytest.raises(UnusableWeightsError, match="gives no states"):
            PlateStates("s", wrong, threads=1)
