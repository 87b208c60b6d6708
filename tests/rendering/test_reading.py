"""A real recogniser, with the weights of its wheel, reads what we draw."""

import logging
import re
from typing import Protocol

import numpy as np
import pytest

from charteroak.rendering.car import Vehicle
from charteroak.rendering.light import Hour
from charteroak.rendering.street import LANES_M, Frame, Placement, StreetScene
from charteroak.rendering.traffic import SERIAL_FORMATS, make_serial, make_vehicle

pytestmark = pytest.mark.slow

PLATE_LIKE = re.compile(r"(?=.*\d)[A-Z0-9]{5,8}")


class Texts(Protocol):
    txts: tuple[str, ...] | None


class Engine(Protocol):
    def __call__(
        self, image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
    ) -> Texts: ...


@pytest.fixture(scope="module")
def engine() -> Engine:
    rapidocr = pytest.importorskip("rapidocr")
    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    made: Engine = rapidocr.RapidOCR()
    return made


def _read(engine: Engine, frame: Frame) -> set[str]:
    texts = engine(np.asarray(frame.image)[:, :, ::-1].copy()).txts or ()
    spelled = (re.sub(r"[\s\-.·•]", "", text) for text in texts)
    return {text for text in spelled if PLATE_LIKE.fullmatch(text)}


@pytest.mark.parametrize("hour", ["day", "dusk", "night"])
def test_what_is_drawn_is_read_and_nothing_else_is(engine: Engine, hour: Hour) -> None:
    scene = StreetScene(19, hour=hour)
    rng = np.random.default_rng(6)
    wanted: set[str] = set()
    read: set[str] = set()
    for tick in range(3):
        cars = [
            Placement(make_vehicle(rng), lane, scene.distance_m(rng.uniform(125, 190)))
            for lane in LANES_M
        ]
        frame = scene.frame(cars, tick=tick)
        wanted |= {truth.plate.glyphs for truth in frame.truth}
        read |= _read(engine, frame)
    assert len(wanted) == 6
    # One of 18 may be missed, so a new release of the engine does not break the build.
    assert len(wanted & read) >= 5
    assert len(read - wanted) <= 1


def test_an_empty_street_holds_nothing_that_looks_like_a_plate(engine: Engine) -> None:
    for seed in range(3):
        assert _read(engine, StreetScene(seed).frame([])) == set()


def test_every_states_design_is_read(engine: Engine) -> None:
    scene = StreetScene(2)
    rng = np.random.default_rng(8)
    states = sorted(SERIAL_FORMATS)
    right = 0
    for pair in zip(states[::2], states[1::2], strict=True):
        serials = [make_serial(rng, state) for state in pair]
        cars = [
            Placement(
                vehicle=Vehicle(serial, state, "sedan", "grey"),
                x_m=lane,
                z_m=scene.distance_m(160),
            )
            for serial, state, lane in zip(serials, pair, LANES_M, strict=True)
        ]
        read = _read(engine, scene.frame(cars))
        right += sum(serial.glyphs in read for serial in serials)
    assert right >= 9
