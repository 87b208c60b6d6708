"""A street whose plates spell themselves in colours, and an engine that reads those.

The engine sees pixels only, as any engine does: a plate outside the part of the frame
it is given, or covered there, is not found. What it reads, and how surely, is drawn into
the plate, so a test says exactly what each look gives.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

import attrs
import cv2
import numpy as np

from charteroak.core.plate import PlateText
from charteroak.edge.camera import Frame
from charteroak.edge.passing import Passing
from charteroak.edge.recognize import Box, Image, Sighting, checked
from charteroak.edge.track import Passed
from tests.edge.a_box import NOON

SIZE = (640, 360)
FRAME_S = 0.2
_BLUE = 255
_CELL = 4


@attrs.frozen
class Car:
    """A car in one frame, by the middle of its plate."""

    x: float
    y: float = 270
    text: str = "AB12345"
    confidence: float = 0.93
    width: int = 64


def _lot() -> Image:
    rng = np.random.default_rng(8)
    coarse = rng.integers(60, 150, (24, 42, 3), dtype=np.uint8)
    lot = np.asarray(cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC), np.uint8)
    return np.minimum(lot, 200)


LOT = _lot()
_NOISE = [
    np.random.default_rng(n).normal(0, 1, LOT.shape).astype(np.float32)
    for n in range(5)
]


def picture(
    cars: Iterable[Car],
    *,
    number: int = 0,
    noise: float = 2.0,
    light: float = 1.0,
    shift: tuple[int, int] = (0, 0),
) -> Image:
    """A frame; noise, light and shift are those of the camera."""
    still = np.roll(LOT, shift, (0, 1)) if any(shift) else LOT
    image = cv2.addWeighted(
        still, light, _NOISE[number % 5], noise, 0, dtype=cv2.CV_32F
    )
    drawn = np.asarray(np.clip(image, 0, 200), np.uint8)
    for car in cars:
        _draw(drawn, car)
    return drawn


@lru_cache(maxsize=200)
def _usual(cars: tuple[Car, ...], number: int) -> Image:
    return picture(cars, number=number)


def _draw(image: Image, car: Car) -> None:
    width, x, y = car.width, round(car.x), round(car.y)
    body = (x - 2 * width, y - 2 * width, x + 2 * width, y + width // 2)
    cv2.rectangle(image, body[:2], body[2:], (30, 32, 40), -1)
    for n in range(0, 2 * width, 12):
        cv2.line(image, (body[0], body[1] + n), (body[2], body[1] + n), (150, 140, 90))
    left, top = x - width // 2, y - width // 4
    if not car.text or left < 0 or left + width > image.shape[1]:
        return
    image[top : top + width // 2, left : left + width] = (190, 190, _BLUE)
    codes = [round(car.confidence * 200), *car.text.encode()]
    for place, code in enumerate(codes):
        at = left + 4 + place * _CELL
        image[top + 4 : top + 8, at : at + _CELL] = (code, code, _BLUE)


@attrs.define
class ColourEngine:
    """Finds blue rectangles and reads the codes in them."""

    looks: int = 0
    pixels: int = 0
    name: str = "colour"

    def sightings(self, image: Image) -> Sequence[Sighting]:
        self.looks += 1
        self.pixels += image.shape[0] * image.shape[1]
        blue = np.asarray(checked(image)[:, :, 2] == _BLUE, np.uint8)
        shapes, _ = cv2.findContours(blue, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        boxes = [tuple(int(v) for v in cv2.boundingRect(shape)) for shape in shapes]
        return [
            self._read(image, (left, top, width, height))
            for left, top, width, height in boxes
            # One that is cut off cannot be read.
            if width >= 40 and 2 * height >= width - 1
        ]

    def _read(self, image: Image, box: Box) -> Sighting:
        left, top = box[0] + 6, box[1] + 6
        codes = []
        while image[top, left, 0] != 190:
            codes.append(int(image[top, left, 0]))
            left += _CELL
        text = bytes(codes[1:]).decode()
        return Sighting(
            plate=PlateText(text),
            confidence=codes[0] / 200,
            characters=((codes[0] / 200) ** (1 / len(text)),) * len(text),
            box=box,
            engine=self.name,
        )


def drive(
    scenes: Iterable[Sequence[Car] | Image],
    engine: ColourEngine | None = None,
    *,
    passing: Passing | None = None,
    captured: Sequence[datetime] = (),
    start_s: float = 0.0,
) -> list[Passed]:
    """Show a camera's frames, one each `FRAME_S`, and collect what it tells of."""
    passing = passing or Passing(engine=engine or ColourEngine())
    told = []
    for number, scene in enumerate(scenes):
        if isinstance(scene, np.ndarray):
            image = scene
        else:
            image = _usual(tuple(scene), number % len(_NOISE))
        moment = number * FRAME_S
        frame = Frame(
            image=image,
            source="camera",
            index=number,
            time_s=start_s + moment,
            captured_at=captured[number]
            if captured
            else NOON + timedelta(seconds=moment),
        )
        told += passing.take(frame)
    return told
