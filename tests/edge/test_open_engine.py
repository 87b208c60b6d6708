"""The engine `open`: on tiny networks that know one plate, and on the real weights."""

import csv
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from charteroak.core.plate import match_key
from charteroak.edge.camera import Frame, read_frame
from charteroak.edge.engines import open_engine
from charteroak.edge.engines.open_family import agreed
from charteroak.edge.engines.plate_detector import PlateDetector
from charteroak.edge.engines.slot_reader import SlotReader
from charteroak.edge.models import Models
from charteroak.edge.onnx_file import UnusableWeightsError
from charteroak.edge.recognize import EngineOptions, Recognizer, Sighting
from tests.support import networks

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
_ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("CHARTEROAK_SHARED", _ROOT / "shared"))
needs_weights = pytest.mark.skipif(
    not (SHARED / "models").is_dir(), reason="needs the weights of the family"
)


def an_engine(folder: Path, **networks_by_name: bytes) -> Recognizer:
    """An engine on the tiny networks, some of them replaced."""
    networks.a_folder(folder / "files")
    store = Models(folder / "store")
    for name, content in networks_by_name.items():
        (folder / "files" / f"{name}.onnx").write_bytes(content)
    for path in (folder / "files").iterdir():
        store.add(path, now=NOW)
    return open_engine("open", EngineOptions(models=store.folder, threads=1))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Recognizer:
    return an_engine(tmp_path_factory.mktemp("engine"))


def test_a_plate_comes_back_in_pixels_of_the_frame(engine: Recognizer) -> None:
    (seen,) = engine.sightings(np.zeros((1080, 1920, 3), np.uint8))

    # The middle of a square of 416 that holds the frame level: 1920 by 416 a pixel.
    assert seen.box == (729, 457, 462, 166)
    assert seen.plate.glyphs == "KRT4826"
    assert seen.characters == pytest.approx([0.99] * 7, abs=1e-4)
    # All eight slots count: the empty one says that there is no eighth character.
    assert seen.confidence == pytest.approx(0.99**8, abs=1e-4)
    assert (seen.state, seen.state_confidence, seen.engine) == (None, None, "open")


@pytest.mark.parametrize(
    "shape",
    [(1, 1), (1, 900), (900, 1), (40, 30), (600, 4000), (3000, 400), (6000, 8000)],
)
def test_pictures_of_any_shape_are_no_trouble(
    engine: Recognizer, shape: tuple[int, int]
) -> None:
    for seen in engine.sightings(np.full((*shape, 3), 127, np.uint8)):
        left, top, width, height = seen.box
        assert 0 <= left < left + width <= shape[1]
        assert 0 <= top < top + height <= shape[0]


def test_one_plate_seen_twice_is_one_and_the_rest_are_read_together(
    tmp_path: Path,
) -> None:
    rows = [
        (20.0, 200.0, 100.0, 230.0, 0.9),
        (24.0, 202.0, 98.0, 229.0, 0.8),
        *((float(x), 100.0, x + 3.0, 102.0, 0.7) for x in range(0, 400, 10)),
        (300.0, 300.0, 380.0, 330.0, 0.3),
        (300.0, 300.0, 200.0, 330.0, 0.9),
    ]
    seen = an_engine(tmp_path, plates=networks.detector(*rows)).sightings(
        np.zeros((416, 416, 3), np.uint8)
    )

    assert len([each for each in seen if each.box == (20, 200, 80, 30)]) == 1
    # Forty small ones beside it, of which the frame's limit leaves 31.
    assert len(seen) == 32


@pytest.mark.parametrize("text", ["", "K"])
def test_too_few_characters_are_no_plate(tmp_path: Path, text: str) -> None:
    engine = an_engine(tmp_path, letters=networks.reader(text))

    assert list(engine.sightings(np.zeros((416, 416, 3), np.uint8))) == []


def test_cuts_that_disagree_are_less_sure_than_any_of_them() -> None:
    one, other = (np.full((1, 3), 0.05) for _ in range(2))
    one[0, 0], other[0, 1] = 0.9, 0.9

    assert agreed([one, one])[0, 0] == pytest.approx(0.9)
    both = agreed([one, other, one])
    assert both.argmax() == 0
    assert both[0, 0] < 0.9
    assert both.sum() == pytest.approx(1)


def test_a_network_that_is_not_as_it_should_be_is_told() -> None:
    config = ("c", networks.CONFIGURATION)
    letters = networks.reader("A")
    with pytest.raises(UnusableWeightsError, match="end-to-end"):
        PlateDetector("d", networks.detector(columns=6), threads=1)
    with pytest.raises(UnusableWeightsError, match="square"):
        PlateDetector("d", letters, threads=1)
    for network in (networks.detector(), networks.reader("A", slots=9)):
        with pytest.raises(UnusableWeightsError, match="configured"):
            SlotReader(("r", network), config, threads=1)
    for text in (
        b"",
        b"\xff",
        # So deep that a parser in C crashes; and ten times ten times ten.
        b"alphabet: " + b"[" * 60000,
        b"a: &a {k: 1}\nb: {<<: [*a, *a]}",
        networks.CONFIGURATION.replace(b"pad_char: '_'", b"pad_char: '?'"),
        networks.CONFIGURATION.replace(b"0123", b"\xc3\xa4123"),
        networks.CONFIGURATION.replace(b"ratio: false", b"ratio: true"),
        networks.CONFIGURATION.replace(b"rgb", b"grayscale"),
    ):
        with pytest.raises(UnusableWeightsError):
            SlotReader(("r", letters), ("c", text), threads=1)


@needs_weights
def test_reads_real_photos_and_the_same_in_any_thread() -> None:
    engine = open_engine("open", EngineOptions(models=SHARED / "models"))
    photos = SHARED / "data" / "us-photos-dev"
    with (photos / "labels.csv").open(newline="") as file:
        sample = list(csv.DictReader(file))[::8]
    right = 0
    images = []
    for label in sample:
        frame = read_frame(photos / label["file"])
        assert isinstance(frame, Frame)
        images.append(frame.image)
        seen = engine.sightings(frame.image)
        right += match_key(label["text"]) in {each.plate.match_key for each in seen}

    # 94 of 100 are right on the whole set; a lower floor allows for the sample.
    assert len(sample) == 15
    assert right >= 13

    image = images[0]
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
