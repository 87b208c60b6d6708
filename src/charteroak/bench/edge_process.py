"""The process of the benchmark `edge`: a box's way from film to read, and nothing else."""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event
from typing import Final

import attrs

from charteroak.bench.bench import Values
from charteroak.core.errors import CharterOakError
from charteroak.edge.camera import Frame, Interruption
from charteroak.edge.engines import open_engine
from charteroak.edge.passing import Passing
from charteroak.edge.recognize import EngineOptions, Recognizer
from charteroak.edge.stream import VideoStream
from charteroak.edge.video_file import video_frames

_FPS: Final = 10.0
"""What a street camera is asked for."""
_MOST_LOOKS: Final = 30


@attrs.frozen(kw_only=True)
class Order:
    """What the process is to do.

    Attributes:
        engine: by name; it finds its weights itself.
        busy: film with one car in view.
        empty: films of an empty street, by the name of the figure.
        settle_s: how long a camera is followed before its idling is measured.
        idle_s: how long it is measured.
    """

    engine: str
    busy: Path
    empty: tuple[tuple[str, Path], ...]
    settle_s: float
    idle_s: float


@attrs.frozen(kw_only=True)
class Round:
    """What one round found, or why it could not be done."""

    values: Values
    cars: int
    trouble: str = ""


def answer(line: "Connection[Round, Order | None]") -> None:
    """Take an order, and do all once whenever asked to, until the line goes dead."""
    # Ctrl-C reaches the whole group: who asked for this ends it.
    with suppress(EOFError, KeyboardInterrupt, ConnectionError):
        order = line.recv()
        assert order is not None  # noqa: S101 - ours: the order comes first
        engine = open_engine(order.engine, EngineOptions(threads=2))
        while True:
            line.recv()
            try:
                line.send(_round(order, engine))
            except CharterOakError as trouble:
                line.send(Round(values={}, cars=0, trouble=str(trouble)))


def _round(order: Order, engine: Recognizer) -> Round:
    frames, cars, took_s = _drive(order.busy, engine)
    values = {"frames_per_s": frames / took_s}
    values["full_looks_per_s"] = _looks_per_s(order.busy, engine)
    for figure, film in order.empty:
        values[figure] = _idle(film, engine, order)
    return Round(values=values, cars=cars)


def _drive(film: Path, engine: Recognizer) -> tuple[int, int, float]:
    """Follow a film as fast as it goes: decoded, gated, read, tracked and redacted.

    Returns:
        Frames, cars told of, and seconds.
    """
    passing = Passing(engine=engine)
    frames = cars = 0
    begun = time.perf_counter()
    for frame in _frames(film):
        cars += len(passing.take(frame))
        frames += 1
    cars += len(passing.finish())
    return frames, cars, time.perf_counter() - begun


def _looks_per_s(film: Path, engine: Recognizer) -> float:
    """How many whole frames a second the engine could be given, decoding included."""
    looks = 0
    begun = time.perf_counter()
    for frame in islice(_frames(film), _MOST_LOOKS):
        engine.sightings(frame.image)
        looks += 1
    return looks / (time.perf_counter() - begun)


def _frames(film: Path) -> Iterator[Frame]:
    for arrival in video_frames(film):
        if not isinstance(arrival, Frame):
            raise arrival
        yield arrival


def _idle(film: Path, engine: Recognizer, order: Order) -> float:
    """Cores that a camera of an empty street takes, once its street is known.

    By the frame: a machine that is busy elsewhere may miss some, and would seem idle.
    """
    stop = Event()
    stream = VideoStream(address=str(film), stop=stop, clock=_now, fps=_FPS)
    passing = Passing(engine=engine)
    begun = time.perf_counter()
    settled: tuple[float, float] | None = None
    frames = 0
    cores: float | None = None
    for arrival in stream.arrivals():
        if not isinstance(arrival, Frame):
            stop.set()
            why = arrival.why if isinstance(arrival, Interruption) else str(arrival)
            msg = f"{film.name}: {why}"
            raise SilentFilmError(msg)
        passing.take(arrival)
        frames += settled is not None
        now = time.perf_counter()
        if settled is None and now - begun >= order.settle_s:
            settled = now, time.process_time()
        elif cores is None and settled and now - settled[0] >= order.idle_s:
            cores = (time.process_time() - settled[1]) / frames * _FPS
            # The loop ends by itself, and with it the thread of the stream.
            stop.set()
    if cores is None:
        msg = f"{film.name} ended"
        raise SilentFilmError(msg)
    return cores


class SilentFilmError(CharterOakError):
    """The film could not be played."""

    code = "charteroak.bench.silent-film"


def _now() -> datetime:
    return datetime.now(tz=UTC)  # noqa: TID251 - a process reads its clock
