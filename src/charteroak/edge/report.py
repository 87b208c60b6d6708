"""The box's word on itself: every half minute, how it and its cameras do.

It is told and forgotten: a report that does not arrive is replaced by the next one, and
nothing here ever holds up a read or its delivery.
"""

import logging
import shutil
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import attrs
import httpx2
import msgspec

from charteroak.core.box_report import REPORT_EVERY, WhyNoPicture
from charteroak.core.errors import CharterOakError
from charteroak.core.wire import (
    LONGEST_AGE_S,
    MOST_CAMERAS_OF_A_BOX,
    BoxReport,
    CameraReport,
)
from charteroak.edge.health import CameraHealth
from charteroak.edge.orders import Keeper
from charteroak.edge.spool import Spool
from charteroak.edge.uplink import REVOKED_PAUSE_S, Sender, backoff_s
from charteroak.edge.web_client import refusal, why_unreachable

PATH: Final = "/api/v1/reports"
FIRST_AFTER_S: Final = 3.0
"""By then most cameras have given a picture."""

_REFUSED: Final = frozenset({401, 403, 404})
"""It is revoked, or the server is of a version that takes no reports."""

_KINDS: Final = {
    "no picture yet": WhyNoPicture.STARTING,
    "access is forbidden": WhyNoPicture.DENIED,
    "the name or the password is not accepted": WhyNoPicture.DENIED,
    "this user may not read it": WhyNoPicture.DENIED,
    "it ended": WhyNoPicture.ENDED,
    "it is not there": WhyNoPicture.NOT_THERE,
    "nothing is at this address": WhyNoPicture.NOT_THERE,
    "it does not answer": WhyNoPicture.SILENT,
    "no picture came from it": WhyNoPicture.SILENT,
    "it cannot be reached, or broke off": WhyNoPicture.UNREACHABLE,
    "it refuses the connection": WhyNoPicture.UNREACHABLE,
    "it cut the connection": WhyNoPicture.BREAKS_OFF,
    "it answers with an error": WhyNoPicture.UNREADABLE,
    "it does not understand the request": WhyNoPicture.UNREADABLE,
    "broken": WhyNoPicture.UNREADABLE,
    "it is encrypted": WhyNoPicture.UNREADABLE,
    "its pictures are coded in an unknown way": WhyNoPicture.UNREADABLE,
    "not a kind of video that cameras make": WhyNoPicture.UNREADABLE,
    "not a video, or a broken one": WhyNoPicture.UNREADABLE,
    "there are no pictures in it, only sound": WhyNoPicture.UNREADABLE,
}
"""What cameras are found to do, in words for the box's own log, by kind."""

_BEGINNINGS: Final = {
    "not allowed: ": WhyNoPicture.NOT_ALLOWED,
    "it gave nothing for ": WhyNoPicture.SILENT,
    "no folder: ": WhyNoPicture.NOT_THERE,
}

_log = logging.getLogger(__name__)


def software() -> str:
    """Name and version of what runs here."""
    try:
        return f"charteroak {version('charteroak')}"
    except PackageNotFoundError:
        return "charteroak from a checkout"


@attrs.define(kw_only=True)
class Reporter:
    """Tells the server how the box does, until it is told to stop.

    Promises: it writes nothing, waits for nobody but the server, and whatever goes
    wrong ends nothing: the next report is tried half a minute later, or after the
    uplink's own pause where that is longer.

    Attributes:
        sender: signs and posts.
        spool: whose figures are told; its boot epoch numbers the reports.
        cameras: how each does now.
        keeper: what the box keeps.
        memory_safe: whether its memory stays off all disks; None: nobody knows.
        disk: any path on the disk of the queue.
        clock: the box's.
    """

    sender: Sender
    spool: Spool
    keeper: Keeper
    memory_safe: bool | None = None
    cameras: Callable[[], Sequence[CameraHealth]]
    disk: Path
    clock: Callable[[], datetime]
    _number: int = attrs.field(default=0, init=False)
    _failures: int = attrs.field(default=0, init=False)
    _why: str = attrs.field(default="", init=False)

    def run(self, stop: threading.Event) -> None:
        """Report until told to stop."""
        pause_s = FIRST_AFTER_S
        while not stop.wait(pause_s):
            try:
                pause_s = self.attempt()
            except Exception as trouble:  # noqa: BLE001 - reads must go on
                # The kind only, as for pictures.
                pause_s = self._failed(f"unexpected: {type(trouble).__name__}")

    def attempt(self) -> float:
        """Report once.

        Returns:
            Seconds to wait before the next report.
        """
        now = self.clock()
        try:
            body = msgspec.msgpack.encode(self.report(now))
            answer = self.sender.send(PATH, body, now)
        except httpx2.HTTPError as trouble:
            return self._failed(why_unreachable(trouble))
        except CharterOakError as trouble:
            return self._failed(str(trouble))
        if answer.is_success:
            self._failures, self._why = 0, ""
            return REPORT_EVERY.total_seconds()
        says = refusal(answer.status_code, answer.content)
        pause_s = self._failed(says.sentence)
        return REVOKED_PAUSE_S if says.status in _REFUSED else pause_s

    def report(self, now: datetime) -> BoxReport:
        """How the box does now, under the next number.

        Raises:
            SpoolUnavailableError: the queue's figures cannot be had.
        """
        self._number += 1
        queue = self.spool.stats(now)
        free, total = _room(self.disk)
        return BoxReport(
            boot_epoch=self.spool.boot_epoch,
            number=self._number,
            software=software(),
            waiting=queue.waiting,
            oldest_s=_age_s(queue.oldest_at, now),
            queue_bytes=queue.size_bytes,
            lost=queue.dropped + queue.forgotten,
            disk_free_bytes=free,
            disk_total_bytes=total,
            cameras=[
                msgspec.structs.replace(
                    _of_camera(each, now), forgotten=self.keeper.forgotten(each.camera)
                )
                for each in self.cameras()[:MOST_CAMERAS_OF_A_BOX]
            ],
            mode=self.keeper.mode.value,
            list_left_s=self.keeper.list_left_s,
            destroyed=queue.destroyed,
            memory_safe=self.memory_safe,
        )

    def _failed(self, why: str) -> float:
        self._failures += 1
        if why != self._why:
            # The uplink's own line says it loudly; this is no reason for alarm.
            _log.info("no report was taken: %s", why)
        self._why = why
        pause_s = backoff_s(self._failures, salt=self.sender.device.bytes)
        return max(pause_s, REPORT_EVERY.total_seconds())


def kind_of(why: str) -> WhyNoPicture:
    """The kind of trouble that the words for the box's own log tell of.

    >>> kind_of("it gave nothing for 8 s").value, kind_of("3 x 4 pixels").value
    ('silent', 'other')
    """
    for beginning, kind in _BEGINNINGS.items():
        if why.startswith(beginning):
            return kind
    return _KINDS.get(why, WhyNoPicture.OTHER)


def _of_camera(health: CameraHealth, now: datetime) -> CameraReport:
    gives_picture = health.link == "ok"
    return CameraReport(
        camera=health.camera,
        gives_picture=gives_picture,
        for_s=_age_s(health.since, now) or 0,
        frames=health.frames,
        fps=health.fps,
        dropped=health.dropped,
        last_frame_s=_age_s(health.last_frame_at, now),
        why="" if gives_picture else kind_of(health.why).value,
    )


def _age_s(since: datetime | None, now: datetime) -> int | None:
    """Whole seconds; the clock may have been set meanwhile, so within limits."""
    if since is None:
        return None
    return max(0, min(LONGEST_AGE_S, int((now - since).total_seconds())))


def _room(path: Path) -> tuple[int | None, int | None]:
    """Free and all bytes of a disk, where it says."""
    try:
        found = shutil.disk_usage(path)
    except OSError:
        return None, None
    return found.free, found.total
