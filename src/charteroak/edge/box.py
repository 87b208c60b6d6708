"""The box: pictures in, sealed reads out, until it is told to stop."""

import fcntl
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import attrs
import httpx2

from charteroak.core.camera import CameraId
from charteroak.core.errors import CharterOakError
from charteroak.edge.camera import Source
from charteroak.edge.health import CameraHealth, Pulse
from charteroak.edge.identity import Identity, next_boot_epoch
from charteroak.edge.listener import Listener
from charteroak.edge.orders import Keeper
from charteroak.edge.reader import InTurn, Reader, Tally
from charteroak.edge.recognize import Recognizer
from charteroak.edge.report import Reporter
from charteroak.edge.settings import DataFolder, DataFolderError, Enrolled
from charteroak.edge.spool import Spool
from charteroak.edge.spool_file import CorruptSpoolError, forget_aside, move_aside
from charteroak.edge.uplink import Sender, Uplink
from charteroak.edge.uptime import Uptime, unknown
from charteroak.edge.web_client import open_client

HOUSEKEEPING_S: Final = 1.0
"""How often the box looks for envelopes that are due, seconds."""

STATUS_S: Final = 60.0
"""How often the log has the figures, seconds."""

_MOST_NAMED: Final = 3
"""Cameras that the status line names; more are counted."""

_log = logging.getLogger(__name__)


class AlreadyRunningError(CharterOakError):
    """Another box runs on the same data folder."""

    code = "charteroak.edge.already-running"
    hint = "Stop the other one first; two boxes on one folder would use one number."


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
    reporter: Reporter
    tally: Tally
    readers: list[Reader]
    keeper: Keeper
    listener: Listener
    clock: Callable[[], datetime]
    _trouble: Exception | None = attrs.field(default=None, init=False)
    _undeleted: str = attrs.field(default="", init=False)

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop.

        Args:
            stop: the event that also stops the sources.

        Raises:
            CorruptSpoolError: the spool was damaged while the box ran.
        """
        readers = [
            threading.Thread(target=self._follow, args=(reader,), name=reader.camera)
            for reader in self.readers
        ]
        senders = [
            threading.Thread(target=self.uplink.run, args=(stop,), name="uplink"),
            threading.Thread(target=self.reporter.run, args=(stop,), name="reporter"),
            threading.Thread(target=self.listener.run, args=(stop,), name="listener"),
        ]
        for thread in [*readers, *senders]:
            thread.start()
        try:
            self._keep_house(stop)
        finally:
            stop.set()
            for thread in [*readers, *senders]:
                thread.join()
        for trouble in (self.uplink.trouble, self._trouble):
            if trouble is not None:
                raise trouble

    def _follow(self, reader: Reader) -> None:
        try:
            reader.follow()
        except Exception as trouble:  # noqa: BLE001 - raised by `run`
            self._trouble = trouble
            reader.source.stop.set()

    def cameras(self) -> tuple[CameraHealth, ...]:
        """How each camera does, in the order in which they were given."""
        return _healths(self.readers)

    def status(self) -> str:
        """One line for the log, without a plate or a picture's name."""
        now = self.clock()
        stats, link = self.spool.stats(now), self.uplink.status
        age = (
            0
            if stats.oldest_at is None
            else max(0, int((now - stats.oldest_at).total_seconds()))
        )
        line = (
            f"{link.link}; {stats.waiting} waiting ({stats.size_bytes} bytes, oldest "
            f"{age} s), {stats.delivered} delivered, {stats.forgotten} due and "
            f"forgotten, {stats.dropped} dropped, {stats.refused} refused; "
            f"{self.keeper.in_words()}; "
            f"{self.tally.pictures} pictures, {self.tally.reads} reads, "
            f"{self.tally.forgotten} hit nothing, "
            f"{self.tally.unreadable} unreadable, {self.tally.failed} failed, "
            f"{self.tally.interruptions} interruptions"
        )
        parts = [line, link.why, self._waiting(), self._undeleted]
        return "; ".join(filter(None, parts))

    def _waiting(self) -> str:
        waiting = [each for each in self.cameras() if each.link == "waiting"]
        if not waiting:
            return ""
        named = [f"{each.camera} ({each.why})" for each in waiting[:_MOST_NAMED]]
        more = len(waiting) - len(named)
        return f"waiting for {', '.join(named)}" + (f" and {more} more" if more else "")

    def _keep_house(self, stop: threading.Event) -> None:
        _log.info("%s", self.status())
        told_at = self.clock()
        while not stop.wait(HOUSEKEEPING_S):
            now = self.clock()
            self._forget(now)
            self.keeper.forget_list()
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


def _healths(readers: Sequence[Reader]) -> tuple[CameraHealth, ...]:
    return tuple(reader.pulse.now for reader in readers)


@contextmanager
def opened_box(  # noqa: PLR0913 - the wiring of the whole box, each part named
    folder: DataFolder,
    enrolled: Enrolled,
    *,
    engine: Recognizer,
    watches: Mapping[CameraId, Source],
    spool_limit_bytes: int,
    clock: Callable[[], datetime],
    nonce: Callable[[], bytes],
    turns: "threading.Lock | None" = None,
    uptime: Callable[[], Uptime | None] = unknown,
    memory_safe: bool | None = None,
) -> Iterator[Box]:
    """Put a box together in its data folder, and close it afterwards.

    A damaged spool is moved aside, told in the log, and an empty one is begun.

    Boxes of one process that share an engine share `turns`, held while it works. Where
    the clock is the machine's, its uptime keeps a clock that is set from deleting reads.
    Whether the memory of this process stays off all disks is reported.

    Raises:
        AlreadyRunningError: another process has the folder.
        CharterOakError: the key, the counter, the spool or the certificate.
    """
    with _alone(folder):
        identity = Identity.load(folder)
        client = open_client(enrolled.server, enrolled.authority_file)
        boot_epoch = next_boot_epoch(folder)
        with (
            closing(client),
            closing(
                _open_spool(
                    folder,
                    now=clock(),
                    opens=partial(
                        Spool.open,
                        folder.spool,
                        agency_key=enrolled.enrolment.agency_key,
                        keep=timedelta(seconds=enrolled.enrolment.keep_s),
                        limit_bytes=spool_limit_bytes,
                        boot_epoch=boot_epoch,
                        uptime=uptime,
                    ),
                )
            ) as spool,
        ):
            keeper = _keeper(folder, enrolled, identity, spool, clock, uptime)
            yield _wired(
                folder,
                enrolled,
                keeper=keeper,
                memory_safe=memory_safe,
                engine=InTurn(engine=engine, turns=turns or threading.Lock()),
                watches=watches,
                spool=spool,
                sender=_sender(enrolled, client, identity, nonce),
                clock=clock,
            )


def _keeper(  # noqa: PLR0913, PLR0917 - likewise
    folder: DataFolder,
    enrolled: Enrolled,
    identity: Identity,
    spool: Spool,
    clock: Callable[[], datetime],
    uptime: Callable[[], Uptime | None],
) -> Keeper:
    """What decides what is kept, with the orders that the box has on file."""
    keeper = Keeper(
        folder=folder,
        enrolment=enrolled.enrolment,
        identity=identity,
        spool=spool,
        clock=clock,
        uptime=uptime,
    )
    keeper.open()
    return keeper


def _wired(  # noqa: PLR0913 - likewise
    folder: DataFolder,
    enrolled: Enrolled,
    *,
    engine: InTurn,
    watches: Mapping[CameraId, Source],
    spool: Spool,
    keeper: Keeper,
    memory_safe: bool | None,
    sender: Sender,
    clock: Callable[[], datetime],
) -> Box:
    tally = Tally()
    reader = partial(
        Reader,
        device=enrolled.enrolment.device,
        boot_epoch=spool.boot_epoch,
        engine=engine,
        keeper=keeper,
        tally=tally,
        clock=clock,
    )
    readers = [
        reader(camera=each, source=source, pulse=Pulse.of(each, clock()))
        for each, source in watches.items()
    ]
    listener = Listener(sender=sender, keeper=keeper, clock=clock)
    return Box(
        folder=folder,
        keep=timedelta(seconds=enrolled.enrolment.keep_s),
        spool=spool,
        uplink=Uplink(
            spool,
            sender,
            next_boot_epoch=partial(next_boot_epoch, folder),
            clock=clock,
            on_not_kept=listener.wake.set,
            why_not=listener.why_not,
        ),
        keeper=keeper,
        listener=listener,
        reporter=Reporter(
            sender=sender,
            spool=spool,
            keeper=keeper,
            memory_safe=memory_safe,
            cameras=partial(_healths, readers),
            disk=folder.path,
            clock=clock,
        ),
        tally=tally,
        readers=readers,
        clock=clock,
    )


def _sender(
    enrolled: Enrolled,
    client: httpx2.Client,
    identity: Identity,
    nonce: Callable[[], bytes],
) -> Sender:
    return Sender(
        client=client,
        server=enrolled.server,
        device=enrolled.enrolment.device,
        identity=identity,
        nonce=nonce,
    )


def _open_spool(
    folder: DataFolder, *, now: datetime, opens: Callable[[], Spool]
) -> Spool:
    try:
        return opens()
    except CorruptSpoolError:
        aside = move_aside(folder.spool, now)
        _log.error(
            "ALARM: the spool was damaged and is now %s; what waited in it is not sent. "
            "It is kept until it is due: sqlite3's .recover may rescue it.",
            aside.name,
        )
        return opens()


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
