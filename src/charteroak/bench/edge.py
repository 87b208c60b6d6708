"""The benchmark `edge`: what a box can follow, and what an empty street costs it."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.video.stream import VideoStream as VideoTrack

from charteroak.bench import edge_process
from charteroak.bench.bench import (
    Bench,
    BenchFailedError,
    Better,
    Once,
    Scale,
    Steps,
    Target,
    Values,
)
from charteroak.bench.edge_process import Order, Round
from charteroak.bench.own_process import own_process
from charteroak.core.errors import CharterOakError
from charteroak.core.plate import PlateText
from charteroak.edge.engines import DEFAULT, open_engine
from charteroak.edge.engines.open_family import NAME as OPEN
from charteroak.edge.recognize import Image
from charteroak.rendering.car import Vehicle
from charteroak.rendering.street import Placement, StreetScene

_FPS: Final = 10
_KEY_EVERY: Final = 20
"""Frames between two whole ones; cameras send one every two seconds or so."""
_PLATES: Final = ("BK47291", "CW83056", "HD20914")
_NEAREST_PX: Final = 150
"""Width of the plate when a car comes into view, at 1920 pixels."""
_STEP_M: Final = 0.8
"""Between two frames: 29 km/h."""
_SECONDS_PER_CAR: Final = 3


@contextmanager
def prepare(scale: Scale, steps: Steps) -> Iterator[Once]:
    """Render the films, encode them as cameras do, and start the process."""
    small = scale is Scale.SMALL
    width, height = (640, 360) if small else (1920, 1080)
    with tempfile.TemporaryDirectory(prefix="charteroak-bench-") as name:
        folder = Path(name)
        steps.begin("drawing the street")
        scene = StreetScene(4, width_px=width, height_px=height)
        busy = list(_busy(scene, steps, frames=4 if small else 30 * len(_PLATES)))
        empty = list(_empty(scene, steps, frames=5 if small else 50))
        order = Order(
            engine=_engine(),
            busy=_film(folder / "busy.mp4", busy, "libx264"),
            empty=(
                ("idle_cores", _film(folder / "empty.mp4", empty, "libx264")),
                ("idle_cores_mjpeg", _film(folder / "empty.avi", empty, "mjpeg")),
            ),
            settle_s=0.5 if small else 6.0,
            idle_s=0.5 if small else 10.0,
        )
        steps.begin("starting the box")
        with own_process(edge_process.__name__) as line:
            line.send(order)

            def once() -> Values:
                found = _asked(line)
                # On a small film a car may be too far away to be read.
                if not small and found.cars < len(_PLATES):
                    msg = f"{found.cars} of {len(_PLATES)} cars were read"
                    raise BenchFailedError(msg)
                return found.values

            yield once


@cache
def _engine() -> str:
    """The engine `open` where its weights are, else the one that brings its own."""
    try:
        open_engine(OPEN)
    except CharterOakError:
        return DEFAULT
    return OPEN


def _note() -> str:
    if _engine() == OPEN:
        return f"read with the engine `{OPEN}`"
    return (
        f"read with the engine `{DEFAULT}`; the target is meant for `{OPEN}`, whose "
        "weights CHARTEROAK_MODELS names"
    )


def _busy(scene: StreetScene, steps: Steps, *, frames: int) -> Iterable[Image]:
    """One car after the other, so that there is always one in view."""
    steps.begin("drawing cars", frames)
    nearest = scene.distance_m(_NEAREST_PX * scene.camera.width_px / 1920)
    for tick in range(frames):
        car, at = divmod(tick, _SECONDS_PER_CAR * _FPS)
        vehicle = Vehicle(PlateText(_PLATES[car % len(_PLATES)]), "CT")
        placement = Placement(vehicle, 0.0, nearest + at * _STEP_M)
        yield np.asarray(scene.frame([placement], tick=tick).image, np.uint8)
        steps.advance()


def _empty(scene: StreetScene, steps: Steps, *, frames: int) -> Iterable[Image]:
    """Nothing but the noise of the sensor, new in each frame."""
    steps.begin("drawing an empty street", frames)
    for tick in range(frames):
        yield np.asarray(scene.frame([], tick=tick).image, np.uint8)
        steps.advance()


def _film(path: Path, images: Sequence[Image], codec: str) -> Path:
    height, width = images[0].shape[:2]
    with av.open(str(path), "w") as out:
        track = out.add_stream(codec, rate=_FPS)
        assert isinstance(track, VideoTrack)  # noqa: S101 - so PyAV says of a codec
        track.width, track.height = width, height
        track.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        track.codec_context.gop_size = _KEY_EVERY
        base = Fraction(1, _FPS)
        track.codec_context.time_base = base
        for place, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = place, base
            out.mux(track.encode(frame))
        out.mux(track.encode())
    return path


def _asked(line: "Connection[object, object]") -> Round:
    """Have all done once.

    Raises:
        BenchFailedError: the process ended, or a film could not be followed.
    """
    try:
        line.send(None)
        found = line.recv()
    except (EOFError, ConnectionError):
        raise BenchFailedError("the process of the box ended") from None
    assert isinstance(found, Round)  # noqa: S101 - our own process
    if found.trouble:
        raise BenchFailedError(found.trouble)
    return found


BENCH: Final = Bench(
    name="edge",
    says="a box and one 1080p camera: frames a second with one car in view, looked at as "
    "far as needed; whole frames a second that the engine can be given; cores taken by an "
    "empty street at 10 frames a second, H.264 and MJPEG, decoding included",
    lasts="about four minutes",
    targets=(
        Target(name="frames_per_s", unit="frames/s", target=8, better=Better.HIGHER),
        Target(
            name="full_looks_per_s", unit="frames/s", target=None, better=Better.HIGHER
        ),
        Target(name="idle_cores", unit="cores", target=0.15, better=Better.LOWER),
        Target(name="idle_cores_mjpeg", unit="cores", target=None, better=Better.LOWER),
    ),
    prepare=prepare,
    note=_note,
)
