"""What follows one camera: its pictures in, spooled reads out, whatever happens."""

import hashlib
import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

import attrs

from charteroak.core.camera import CameraId
from charteroak.core.errors import CharterOakError
from charteroak.core.fusion import Look
from charteroak.core.keeping import Mode
from charteroak.core.wire import WireRead
from charteroak.edge.camera import (
    FolderWatch,
    Frame,
    Interruption,
    Source,
    UnreadablePictureError,
)
from charteroak.edge.health import Pulse
from charteroak.edge.orders import Keeper
from charteroak.edge.passing import Passing
from charteroak.edge.recognize import Box, Image, Recognizer, Sighting
from charteroak.edge.redact import StoredPictures, redacted
from charteroak.edge.stream import VideoStream
from charteroak.edge.track import Passed

TELL_AGAIN_S: Final = 60.0
"""The same trouble is told once in so long; the status line has the count."""

IN_MEMORY_S: Final = 150.0
"""For so long a car is still known to stand there, where nothing but hits may be kept:
half a minute less than the three minutes of New Hampshire."""

_FOLDER_PAUSE_S: Final = 5.0
_LOOK_S: Final = 0.2

_log = logging.getLogger(__name__)


@attrs.define(kw_only=True)
class Tally:
    """What the cameras gave since the start.

    Attributes:
        pictures: taken; of a stream most show nothing that moves.
        reads: sealed and spooled.
        forgotten: on no list, where nothing else may be kept: forgotten at once.
        unreadable: files and frames that are no pictures.
        failed: pictures at which the engine failed, and reads that were not accepted.
        interruptions: attempts to reach a camera that failed.
    """

    pictures: int = 0
    reads: int = 0
    forgotten: int = 0
    unreadable: int = 0
    failed: int = 0
    interruptions: int = 0


@attrs.frozen(kw_only=True)
class InTurn:
    """An engine that many cameras share: it uses all cores, so they take turns.

    Attributes:
        engine: asked by one at a time.
        turns: held meanwhile.
    """

    engine: Recognizer
    turns: threading.Lock

    @property
    def name(self) -> str:
        """The engine's."""
        return self.engine.name

    def sightings(self, image: Image) -> Sequence[Sighting]:
        """What the engine sees, when it is this camera's turn."""
        with self.turns:
            return self.engine.sightings(image)


@attrs.define(kw_only=True)
class Reader:
    """Turns the pictures of one camera into spooled reads.

    A folder of photographs gives one read per plate and photo; a stream gives one read
    per passing car.

    Attributes:
        device: the box.
        boot_epoch: how often it has started.
        camera: whose pictures they are.
        source: where they come from.
        engine: reads them.
        keeper: says what may be read and kept, and keeps it.
        pulse: how the camera does.
        clock: for pictures that do not say when they were taken.
    """

    device: UUID
    boot_epoch: int
    camera: CameraId
    source: Source
    engine: Recognizer
    keeper: Keeper
    tally: Tally
    pulse: Pulse
    clock: Callable[[], datetime]
    _passing: Passing = attrs.field(init=False)
    _told: dict[str, datetime] = attrs.field(factory=dict, init=False)
    _hits: set[int] = attrs.field(factory=set, init=False)

    @_passing.default
    def _follow_cars(self) -> Passing:
        return Passing(engine=self.engine)

    def follow(self) -> None:
        """Read until the source is stopped; nothing ends it else."""
        stop = self.source.stop
        # It may be told in a moment what it may read: until then no picture is taken.
        while self.keeper.orders is None and not stop.is_set():
            if self.keeper.asked.wait(_LOOK_S):
                break
        while not stop.is_set():
            try:
                if isinstance(self.source, FolderWatch):
                    os.listdir(self.source.folder)  # noqa: PTH208 - only whether it is
                    self.pulse.is_there(self.clock())
                for arrival in self.source.arrivals():
                    if not self._is_told():
                        break
                    self._arrived(arrival)
            except OSError as trouble:
                # A folder on another disk comes and goes.
                why = f"no folder: {trouble.strerror}"
                self.pulse.waits(why, self.clock())
                self._tell(logging.WARNING, why)
                stop.wait(_FOLDER_PAUSE_S)
        with self._trouble_is_told():
            self._put_cars(self._passing.finish())

    def _is_told(self) -> bool:
        """Wait until there are orders for the photograph in hand; stopped: no.

        Without them it is not to be read, and must not be deleted as read: that
        happens when the next one is asked for.
        """
        stop = self.source.stop
        while isinstance(self.source, FolderWatch) and self.keeper.orders is None:
            self._may_read()
            if stop.wait(_LOOK_S):
                return False
        return True

    def _arrived(self, arrival: Frame | UnreadablePictureError | Interruption) -> None:
        if isinstance(arrival, Frame):
            self.take(arrival)
        elif isinstance(arrival, Interruption):
            self.tally.interruptions += 1
            if self.keeper.mode is not Mode.ORDINARY:
                # Without frames no time passes by which the cars would be forgotten.
                self._forget_cars()
            self.pulse.waits(arrival.why, arrival.since)
            self._tell(logging.WARNING, f"gives no picture: {arrival.why}")
        else:
            self._unreadable()

    def take(self, frame: Frame) -> None:
        """Take one picture; trouble with it is counted and told, and never spreads."""
        if not self._may_read():
            return
        self.tally.pictures += 1
        if self.pulse.now.link == "waiting" and self.pulse.now.frames:
            self._tell(logging.INFO, "gives pictures again")
        dropped = self.source.dropped if isinstance(self.source, VideoStream) else 0
        self.pulse.frame(frame.time_s, self.clock(), dropped)
        with self._trouble_is_told():
            if isinstance(self.source, FolderWatch):
                self._take_photo(frame)
            else:
                self._put_cars(self._passing.take(frame))
                if self.keeper.mode is Mode.EDGE_ONLY:
                    self._passing.forget(IN_MEMORY_S, but=self._hits)

    def _may_read(self) -> bool:
        """Whether a picture may be looked at now; tells where not."""
        refusal = self._refusal()
        if refusal:
            self._forget_cars()
            self.pulse.waits(refusal, self.clock())
            self._tell(logging.WARNING, refusal)
        return not refusal

    def _refusal(self) -> str:
        """Why this camera may not be read now; empty where it may."""
        mode = self.keeper.mode
        if mode is Mode.STOPPED:
            return f"not allowed: this box {self.keeper.in_words()}"
        if mode is Mode.EDGE_ONLY and isinstance(self.source, FolderWatch):
            return "not allowed: photographs lie on a disk; give a stream instead"
        return ""

    def _forget_cars(self) -> None:
        """Tell of the cars in view, and know none of them any more."""
        with self._trouble_is_told():
            self._put_cars(self._passing.finish())
        self._passing, self._hits = self._follow_cars(), set()

    def _take_photo(self, frame: Frame) -> None:
        for index, sighting in enumerate(self.engine.sightings(frame.image)):
            with self._trouble_is_told():
                seen_at = frame.captured_at or self.clock()
                self._put(
                    read_id(self.device, self.camera, frame, seen_at, index),
                    seen_at,
                    sighting.look,
                    sighting.box,
                    sighting.engine,
                    partial(redacted, frame.image, sighting.box),
                )

    def _put_cars(self, passed: Sequence[Passed]) -> None:
        for car in passed:
            with self._trouble_is_told():
                kept = self._put(
                    car_id(self.device, self.camera, self.boot_epoch, car),
                    car.view.captured_at or self.clock(),
                    car.look,
                    car.view.box,
                    car.engine,
                    partial(_as_it_is, car.view.pictures),
                )
                if kept and self.keeper.mode is Mode.EDGE_ONLY:
                    self._hits.add(car.number)

    def _put(  # noqa: PLR0913, PLR0917 - the parts of a read
        self,
        which: UUID,
        seen_at: datetime,
        look: Look,
        box: Box,
        engine: str,
        pictures: Callable[[], StoredPictures],
    ) -> bool:
        """Give a read to be kept or forgotten; whether it was kept."""

        def made() -> WireRead:
            shown = pictures()
            return WireRead(
                read_id=which,
                camera=self.camera,
                seen_at=seen_at,
                plate=look.plate.glyphs,
                confidence=look.confidence,
                characters=list(look.characters),
                state=look.state,
                state_confidence=look.state_confidence,
                box=box,
                engine=engine,
                plate_picture=shown.plate_jpeg,
                vehicle_picture=shown.vehicle_jpeg,
            )

        kept = self.keeper.keep(self.camera, look.plate, look.state, made)
        self.tally.reads += kept
        self.tally.forgotten += not kept
        return kept

    def _unreadable(self) -> None:
        self.tally.unreadable += 1
        self._tell(logging.WARNING, "a picture cannot be read")

    @contextmanager
    def _trouble_is_told(self) -> Iterator[None]:
        try:
            yield
        except UnreadablePictureError:
            self._unreadable()
        except CharterOakError as refused:
            self.tally.failed += 1
            self._tell(logging.ERROR, f"a read is lost: {refused}. {refused.hint}")
        except Exception as trouble:  # noqa: BLE001 - one picture must not stop the box
            self.tally.failed += 1
            # The kind only: the text of a foreign error may hold what was read.
            self._tell(logging.ERROR, f"a picture failed: {type(trouble).__name__}")

    def _tell(self, level: int, what: str) -> None:
        """Log what happened, each kind once a minute; the status line has the count."""
        now = self.clock()
        self._told = {
            kind: at
            for kind, at in self._told.items()
            if abs((now - at).total_seconds()) < TELL_AGAIN_S
        }
        if what not in self._told:
            self._told[what] = now
            _log.log(level, "%s: %s", self.camera, what)


def _as_it_is(pictures: StoredPictures) -> StoredPictures:
    return pictures


def read_id(
    device: UUID, camera: CameraId, frame: Frame, seen_at: datetime, index: int
) -> UUID:
    """The id of one sighting in one photo: the same whenever the photo is read.

    A box that died between spooling a read and deleting its picture reads the picture
    again; by its id the server counts the read once. Nothing of the plate goes in.

    Args:
        device: the box.
        camera: whose picture it is.
        frame: the picture; its file's name and number count, its folder does not.
        seen_at: when it was taken.
        index: place of the sighting in the engine's answer.
    """
    name = os.path.basename(frame.source)  # noqa: PTH119 - a source need not be a path
    return _made_id(device, camera, name, frame.index, seen_at.isoformat(), index)


def car_id(device: UUID, camera: CameraId, boot_epoch: int, car: Passed) -> UUID:
    """The id of one passing car of a stream; nothing of the plate goes in.

    Args:
        device: the box.
        camera: that saw it.
        boot_epoch: of the box; it never repeats, and numbers begin anew with it.
        car: its number, and the time of the first frame that showed it.
    """
    first = f"{car.first_s:.3f}"
    return _made_id(device, camera, "passed", boot_epoch, car.number, first)


def _made_id(*parts: object) -> UUID:
    digest = hashlib.sha256("\n".join(map(str, parts)).encode())
    # RFC 9562, section 5.8: version 8 is for ids made by a rule of one's own.
    value = bytearray(digest.digest()[:16])
    value[6] = value[6] & 0x0F | 0x80
    value[8] = value[8] & 0x3F | 0x80
    return UUID(bytes=bytes(value))
