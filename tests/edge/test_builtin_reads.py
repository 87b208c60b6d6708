"""The engine `builtin` with the weights that come with it, on streets that are drawn."""

import hashlib
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from charteroak.core.plate import PlateText
from charteroak.edge.engines import bundled, open_engine
from charteroak.edge.recognize import Recognizer
from charteroak.rendering.car import Vehicle
from charteroak.rendering.street import LANES_M, Placement, StreetScene

MOST_BYTES: Final = 12_000_000
PLATES: Final = ("BK47291", "CW83756", "AV12938", "DE45617", "BR71333", "AZ88214")
WIDTHS_PX: Final = (60, 70, 80, 95, 110, 125)


@pytest.fixture(scope="module")
def engine() -> Recognizer:
    return open_engine("builtin")


def test_most_plates_of_drawn_streets_are_read_and_nothing_else(
    engine: Recognizer,
) -> None:
    right = states = extra = 0
    for number, width in enumerate(WIDTHS_PX):
        texts = PLATES[number], PLATES[(number + 3) % len(PLATES)]
        scene = StreetScene(number, width_px=1280, height_px=720)
        drawn = scene.frame(
            [
                Placement(Vehicle(PlateText(text), "CT"), lane, scene.distance_m(width))
                for text, lane in zip(texts, LANES_M, strict=True)
            ]
        )
        seen = engine.sightings(np.asarray(drawn.image, np.uint8))
        true = [each for each in seen if each.plate.glyphs in texts]
        right += len({each.plate.glyphs for each in true})
        states += sum(each.state == "CT" for each in true)
        extra += len(seen) - min(len(seen), 2)

    assert right >= 11
    assert states >= 9
    assert extra == 0


def test_the_list_of_hashes_names_all_that_is_shipped() -> None:
    folder = bundled.bundled()
    lines = (folder / bundled.SUMS).read_text().splitlines()
    sums = {file: digest for digest, file in (line.split("  ") for line in lines)}
    files = [each for each in folder.iterdir() if each.name != bundled.SUMS]

    assert {each.name for each in files} == set(sums)
    for each in files:
        assert hashlib.sha256(each.read_bytes()).hexdigest() == sums[each.name]
    weights = [each for each in files if Path(each.name).suffix != ".toml"]
    assert sum(len(each.read_bytes()) for each in weights) <= MOST_BYTES
