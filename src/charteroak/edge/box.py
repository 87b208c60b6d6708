"""The box: pictures in, sealed reads out, until it is told to stop."""

import fcntl
import hashlib
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

import attrs

from charteroak.core.camera import CameraId
from charteroak.core.errors import CharterOakError
from charteroak.core.wire import WireRead
from charteroak.edge.camera import FolderWatch, Frame
from charteroak.edge.identity import Identity, next_boot_epoch
from charteroak.edge.recognize import Recognizer, Sighting
from charteroak.edge.redact import redacted
from charteroak.edge.settings import DataFolder, DataFolderError, Enrolled
from charteroak.edge.spool import Spool
from charteroak.edge.spool_file import CorruptSpoolError, forget_aside, move_aside
from charteroak.edge.uplink import Sender, Uplink
from charteroak.edge.web_client import open_client

HOUSEKEEPING_S: Final = 1.0
"""How often the box looks for envelopes that are due, seconds."""

STATUS_S: Final = 60.0
_FOLDER_PAUSE_S: Final = 5.0

_log = logging.getLogger(__name__)


class AlreadyRunningError(CharterOakError):
    """Another box runs on the same data folder."""

    code = "charteroak.edge.already-running"
    hint = "Stop the other one first; two boxes on one folder would use one number."


@attrs.define(kw_only=True)
class Tally:
    """What the cameras gave since the start.

    Attributes:
        pictures: looked at.
        reads: sealed and spooled.
        unreadable: files that are no pictures.
        failed: pictures at which the engine failed, and reads that were not accepted.
    """

    pictures: int = 0
    reads: int = 0
    unreadable: int = 0
    failed: int = 0


@attrs.frozen(kw_only=True)
class Reader:
    """Turns the pictures of one camera into spooled reads.

    Attributes:
        device: the box.
        camera: whose pictures they are.
        engine: reads them; shared by the cameras of a box.
        one_at_a_time: an engine uses all cores, so cameras take turns.
        clock: for pictures that do not say when they were taken.
    """

    device: UUID
    camera: CameraId
    engine: Recognizer
    one_at_a_time: threading.Lock
    spool: Spool
    tally: Tally
    clock: Callable[[], datetime]
    _told: dict[str, datetime] = attrs.field(factory=dict, init=False)

    def follow(self, watch: FolderWatch) -> None:
        """Read a folder's pictures until its watch is stopped; nothing ends it else."""
        while not watch.stop.is_set():
            try:
                for arrival in watch.arrivals():
                    if isinstance(arrival, Frame):
                        self.take(arrival)
                    else:
                        self.tally.unreadable += 1
                        _log.warning("%s: a picture cannot be read", self.camera)
            except OSError as trouble:
                # A folder on another disk comes and goes.
                _log.warning("%s: no folder: %s", self.camera, trouble.strerror)
                watch.stop.wait(_FOLDER_PAUSE_S)

    def take(self, frame: Frame) -> None:
        """Read one picture; trouble with it is counted and told, and never spreads."""
        self.tally.pictures += 1
        with self._trouble_is_told():
            with self.one_at_a_time:
                sightings = self.engine.sightings(frame.image)
            for index, sighting in enumerate(sightings):
                with self._trouble_is_told():
                    self.spool.put(self._read(frame, index, sighting), self.clock())
                    self.tally.reads += 1

    @contextmanager
    def _trouble_is_told(self) -> Iterator[None]:
        try:
            yield
        except CharterOakError as refused:
            self.tally.failed += 1
            self._tell(f"a read is lost: {refused}. {refused.hint}")
        except Exception as trouble:  # noqa: BLE001 - one picture must not stop the box
            self.tally.failed += 1
            # The kind only: the text of a foreign error may hold what was read.
            self._tell(f"a picture failed: {type(trouble).__name__}")

    def _tell(self, what: str) -> None:
        """Log a trouble, each kind once a minute; the status line has the count."""
        now = self.clock()
        told_at = self._told.get(what)
        if told_at is None or abs((now - told_at).total_seconds()) >= STATUS_S:
            self._told[what] = now
            _log.error("%s: %s", self.camera, what)

    def _read(self, frame: Frame, index: int, sighting: Sighting) -> WireRead:
        pictures = redacted(frame.image, sighting.box)
        seen_at = frame.captured_at or self.clock()
        return WireRead(
            read_id=read_id(self.device, self.camera, frame, seen_at, index),
            camera=self.camera,
            seen_at=seen_at,
            plate=sighting.plate.glyphs,
            confidence=sighting.confidence,
            characters=list(sighting.characters),
            state=sighting.state,
            state_confidence=sighting.state_confidence,
            box=sighting.box,
            engine=sighting.engine,
            plate_picture=pictures.plate_jpeg,
            vehicle_picture=pictures.vehicle_jpeg,
        )


def read_id(
    device: UUID, camera: CameraId, frame: Frame, seen_at: datetime, index: int
) -> UUID:
    """The id of one sighting in one picture: the same whenever the picture is read.

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
    parts = [str(device), camera, name, str(frame.index), seen_at.isoformat()]
    digest = hashlib.sha256("\n".join([*parts, str(index)]).encode())
    # RFC 9562, section 5.8: version 8 is for ids made by a rule of one's own.
    value = bytearray(digest.digest()[:16])
    value[6] = value[6] & 0x0F | 0x80
    value[8] = value[8] & 0x3F | 0x80
    return UUID(bytes=bytes(value))


@attrs.define(kw_only=True)
class Box:
    """A box at work.

    Promises: `run` returns only when `stop` is set or something fails for good; then
    every picture in hand is finished and every accepted read is on the disk. A failure
    for good is raised.
    """

    folder: DataFolder
    keep: timedelta
    spool: Spool
    uplink: Uplink
    tally: Tally
    watches: list[tuple[Reader, FolderWatch]]
    clock: Callable[[], datetime]
    _trouble: Exception | None = attrs.field(default=None, init=False)
    _undeleted: str = attrs.field(default="", init=False)

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop.

        Args:
            stop: the event that also stops the watches.

        Raises:
            CorruptSpoolError: the spool was damaged while the box ran.
        """
        readers = [
            threading.Thread(
                target=self._follow, args=(reader, watch), name=reader.camera
            )
            for reader, watch in self.watches
        ]
        sender = threading.Thread(target=self.uplink.run, args=(stop,), name="uplink")
        for thread in [*readers, sender]:
            thread.start()
        try:
            self._keep_house(stop)
        finally:
            stop.set()
            for thread in [*readers, sender]:
                thread.join()
        for trouble in (self.uplink.trouble, self._trouble):
            if trouble is not None:
                raise trouble

    def _follow(self, reader: Reader, watch: FolderWatch) -> None:
        try:
            reader.follow(watch)
        except Exception as trouble:  # noqa: BLE001 - raised by `run`
            self._trouble = trouble
            watch.stop.set()

    def status(self) -> str:
        """One line for the log, without a plate or a picture's name."""
        now = self.clock()
        stats, link = self.spool.stats(now), self.uplink.status
        age = (
            0
            if stats.oldest_at is None
            else int((now - stats.oldest_at).total_seconds())
        )
        line = (
            f"{link.link}; {stats.waiting} waiting ({stats.size_bytes} bytes, oldest "
            f"{age} s), {stats.delivered} delivered, {stats.forgotten} due and "
            f"forgotten, {stats.dropped} dropped, {stats.refused} refused; "
            f"{self.tally.pictures} pictures, {self.tally.reads} reads, "
            f"{self.tally.unreadable} unreadable, {self.tally.failed} failed"
        )
        return "; ".join(filter(None, [line, link.why, self._undeleted]))

    def _keep_house(self, stop: threading.Event) -> None:
        _log.info("%s", self.status())
        told_at = self.clock()
        while not stop.wait(HOUSEKEEPING_S):
            now = self.clock()
            self._forget(now)
            if abs((now - told_at).total_seconds()) >= STATUS_S:
                told_at = now
                _log.info("%s", self.status())
        _log.info("stopping: %s", self.status())

    def _forget(self, now: datetime) -> None:
        try:
            gone = self.spool.forget_due(now)
            aside = forget_aside(self.folder.path, keep=self.keep, now=now)
        except CorruptSpoolError:
            raise
        except CharterOakError as trouble:
            if str(trouble) != self._undeleted:
                self._undeleted = str(trouble)
                _log.error("what is due could not be deleted yet: %s", trouble)
            return
        self._undeleted = ""
        if gone:
            _log.warning("%d reads were due before they were sent: deleted", gone)
        if aside:
            _log.warning("%d damaged spools moved aside were due: deleted", aside)


@contextmanager
def opened_box(  # noqa: PLR0913 - the wiring of the whole box, each part named
    folder: DataFolder,
    enrolled: Enrolled,
    *,
    engine: Recognizer,
    watches: Mapping[CameraId, FolderWatch],
    spool_limit_bytes: int,
    clock: Callable[[], datetime],
    nonce: Callable[[], bytes],
) -> Iterator[Box]:
    """Put a box together in its data folder, and close it afterwards.

    A damaged spool is moved aside, told in the log, and an empty one is begun.

    Raises:
        AlreadyRunningError: another process has the folder.
        CharterOakError: the key, the counter, the spool or the certificate.
    """
    enrolment = enrolled.enrolment
    with _alone(folder):
        identity = Identity.load(folder)
        client = open_client(enrolled.server, enrolled.authority_file)
        with (
            closing(client),
            closing(_open_spool(folder, enrolled, spool_limit_bytes, clock())) as spool,
        ):
            sender = Sender(
                client=client,
                server=enrolled.server,
                device=enrolment.device,
                identity=identity,
                nonce=nonce,
            )
            tally, turns = Tally(), threading.Lock()
            reader = partial(
                Reader,
                device=enrolment.device,
                engine=engine,
                one_at_a_time=turns,
                spool=spool,
                tally=tally,
                clock=clock,
            )
            yield Box(
                folder=folder,
                keep=timedelta(seconds=enrolment.keep_s),
                spool=spool,
                uplink=Uplink(
                    spool,
                    sender,
                    next_boot_epoch=partial(next_boot_epoch, folder),
                    clock=clock,
                ),
                tally=tally,
                watches=[(reader(camera=c), watch) for c, watch in watches.items()],
                clock=clock,
            )


def _open_spool(
    folder: DataFolder, enrolled: Enrolled, limit_bytes: int, now: datetime
) -> Spool:
    def attempt() -> Spool:
        return Spool.open(
            folder.spool,
            agency_key=enrolled.enrolment.agency_key,
            keep=timedelta(seconds=enrolled.enrolment.keep_s),
            limit_bytes=limit_bytes,
            boot_epoch=boot_epoch,
        )

    boot_epoch = next_boot_epoch(folder)
    try:
        return attempt()
    except CorruptSpoolError:
        aside = move_aside(folder.spool, now)
        _log.error(
            "ALARM: the spool was damaged and is now %s; what waited in it is not sent. "
            "It is kept until it is due: sqlite3's .recover may rescue it.",
            aside.name,
        )
        return attempt()


@contextmanager
def _alone(folder: DataFolder) -> Iterator[None]:
    try:
        handle = os.open(folder.lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as trouble:
        msg = f"cannot make its lock: {trouble.strerror}"
        raise DataFolderError(msg) from trouble
    try:
        try:
            # Let go by the system when the process ends, also by kill -9.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError("a box runs on this folder already") from None
        yield
    finally:
        os.close(handle)
