"""The process of one engine: it reads a folder's pictures, with nothing else in memory."""

import resource
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, TypeAlias

import attrs
import numpy as np

from charteroak.bench.scoring import Read
from charteroak.core.errors import CharterOakError
from charteroak.edge.camera import Frame, read_frame
from charteroak.edge.engines import open_engine
from charteroak.edge.recognize import EngineOptions, Image, Recognizer

_STATUS: Final = Path("/proc/self/status")
_DARK: Final = 60
"""Median of the grey levels; in daylight half of a picture is lighter."""
_COLOURLESS: Final = 3
"""Mean distance of the three colours, in levels."""


@attrs.frozen(kw_only=True)
class Order:
    """What the process is to do: an engine by name, and the pictures in order."""

    engine: str
    options: EngineOptions
    pictures: tuple[Path, ...]


@attrs.frozen(kw_only=True, repr=False)
class Looked:
    """One picture.

    Attributes:
        reads: None where it could not be opened.
        light: what kind of picture it is; None with them.
    """

    reads: tuple[Read, ...] | None
    light: str | None = None


@attrs.frozen(kw_only=True)
class Finished:
    """All pictures are done.

    Attributes:
        cpu_ms: processor time of one reading, over all cores, opening the file not
            included; mean.
        memory_mb: the most that the process held at any time.
    """

    cpu_ms: float
    memory_mb: float


@attrs.frozen
class Refused:
    """The engine could not be made; the words of its error."""

    why: str
    hint: str


Message: TypeAlias = Looked | Finished | Refused


def answer(line: "Connection[Message, Order]") -> None:
    """Take an order, read all its pictures and tell of each; in the end what it took."""
    # Ctrl-C reaches the whole group: who asked for this ends it.
    with suppress(EOFError, KeyboardInterrupt, ConnectionError):
        order = line.recv()
        try:
            engine = open_engine(order.engine, order.options)
        except CharterOakError as refused:
            line.send(Refused(str(refused), refused.hint))
            return
        _read(line, engine, order.pictures)


def _read(
    line: "Connection[Message, Order]", engine: Recognizer, pictures: tuple[Path, ...]
) -> None:
    # The first run of a network prepares it; a camera pays that once in its life.
    engine.sightings(np.full((480, 640, 3), 127, np.uint8))
    spent_s, read = 0.0, 0
    for path in pictures:
        frame = read_frame(path)
        if not isinstance(frame, Frame):
            line.send(Looked(reads=None))
            continue
        image = frame.image
        before = time.process_time()
        seen = engine.sightings(image)
        spent_s += time.process_time() - before
        read += 1
        line.send(
            Looked(reads=tuple(Read.of(each) for each in seen), light=_light(image))
        )
    line.send(Finished(cpu_ms=1000 * spent_s / max(read, 1), memory_mb=_peak_mb()))


def _light(image: Image) -> str:
    """Of daylight, of little light, or without colour, as infrared cameras see."""
    few = image[::8, ::8].astype(np.int16)
    if int((few.max(axis=2) - few.min(axis=2)).mean()) < _COLOURLESS:
        return "no colour"
    return "dark" if float(np.median(few)) < _DARK else "daylight"


def _peak_mb() -> float:
    """The most memory of this process; not of the one that it was forked from."""
    try:
        text = _STATUS.read_text("ascii")
    except OSError:
        # Not Linux. macOS counts in bytes.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    peak = next(row for row in text.splitlines() if row.startswith("VmHWM:"))
    return int(peak.split()[1]) * 1024 / 1e6
