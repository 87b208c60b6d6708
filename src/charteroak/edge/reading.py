"""What `charteroak read` makes of frames: one line per read."""

from collections.abc import Iterator

import attrs
import msgspec

from charteroak.core.fusion import Look
from charteroak.core.plate import MatchKey
from charteroak.core.serials import OTHER
from charteroak.edge.camera import Frame
from charteroak.edge.passing import Passing
from charteroak.edge.recognize import Box, Corners, Recognizer, Sighting
from charteroak.edge.serial_formats import grammar
from charteroak.edge.stream_address import is_stream
from charteroak.edge.track import Passed, View


class ReadLine(msgspec.Struct, frozen=True, kw_only=True):
    """One read as `--json` writes it; the keys are a stable interface.

    Attributes:
        source: path as given, or found below the folder given.
        frame: number of the frame in its source, from 0.
        time_s: seconds from the start of the source.
        plate: raw glyphs, upper case.
        match_key: the same with the letter O folded to the digit 0.
        confidence: calibrated probability that the whole plate is right.
        characters: probability of each glyph.
        state: two letters, or null.
        state_confidence: probability of the state, or null.
        box: left, top, width, height in pixels of the original frame.
        engine: what read it.
        corners: top left, top right, bottom right and bottom left of the plate, x and y
            in pixels of the original frame, or null where the engine finds boxes alone.
        doubts: what is odd about it for a serial of its state, or of any where no state
            is named: `lookalike`, `no_format`, `not_of_state`. No proof of a mistake.
        doubtful_places: glyphs, from 0, that `lookalike` speaks of.
    """

    source: str
    frame: int
    time_s: float
    plate: str
    match_key: MatchKey
    confidence: float
    characters: tuple[float, ...]
    state: str | None
    state_confidence: float | None
    box: Box
    engine: str
    corners: Corners | None = None
    doubts: tuple[str, ...] = ()
    doubtful_places: tuple[int, ...] = ()


@attrs.define(kw_only=True)
class Reader:
    """Reads frames, of one source after the other.

    A photo gives a line for each plate in it. A video or a stream gives one for each
    car that passes, about its best frame, when the car has passed.

    Attributes:
        engine: finds and reads plates.
        every_frame: treat the frames of videos and streams as photos.
    """

    engine: Recognizer
    every_frame: bool = False
    _source: str = attrs.field(default="", init=False)
    _passing: Passing | None = attrs.field(default=None, init=False)

    def take(self, frame: Frame) -> Iterator[ReadLine]:
        """Look at the next frame; yields the reads to be told of now.

        Raises:
            UnreadablePictureError: the data of a stream's frame are damaged.
        """
        if self._source != frame.source:
            yield from self.end()
            self._source = frame.source
        if self.every_frame or not is_stream(frame.source):
            for sighting in self.engine.sightings(frame.image):
                yield _line(
                    sighting,
                    source=frame.source,
                    moment=frame,
                    box=sighting.box,
                    engine=sighting.engine,
                )
            return
        if self._passing is None:
            self._passing = Passing(engine=self.engine)
        for car in self._passing.take(frame):
            yield self._line(car)

    def end(self) -> Iterator[ReadLine]:
        """The reads to be told of because the source has ended."""
        passing, self._passing = self._passing, None
        if passing is not None:
            for car in passing.finish():
                yield self._line(car)

    def _line(self, car: Passed) -> ReadLine:
        return _line(
            car.look,
            source=self._source,
            moment=car.view,
            box=car.view.box,
            engine=car.engine,
        )


def _line(
    look: Sighting | Look, *, source: str, moment: Frame | View, box: Box, engine: str
) -> ReadLine:
    # What is fused from many frames has its plate in none of them.
    corners = look.corners if isinstance(look, Sighting) else None
    judged = grammar().judge(
        look.plate, characters=look.characters, states={look.state or OTHER: 1.0}
    )
    return ReadLine(
        source=source,
        frame=moment.index,
        time_s=round(moment.time_s, 6),
        plate=look.plate.glyphs,
        match_key=look.plate.match_key,
        confidence=round(look.confidence, 4),
        characters=tuple(round(each, 4) for each in look.characters),
        state=look.state,
        state_confidence=look.state_confidence,
        box=box,
        engine=engine,
        corners=None if corners is None else _rounded(corners),
        doubts=tuple(sorted(each.name.lower() for each in judged.doubts)),
        doubtful_places=judged.places,
    )


def _rounded(corners: Corners) -> Corners:
    one, two, three, four = ((round(x, 1), round(y, 1)) for x, y in corners)
    return one, two, three, four
