"""Note how a box does, as it says itself; the report before it is forgotten."""

from datetime import UTC, datetime, timedelta
from typing import Final

import attrs

from charteroak.core.box_report import WhyNoPicture
from charteroak.core.errors import CharterOakError
from charteroak.core.http_signature import HttpSignatureError
from charteroak.core.keeping import Mode
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.wire import (
    BoxReport,
    CameraReport,
    ReportAnswer,
    UnreadableReportError,
    decode_report,
)
from charteroak.server.agency import Agency
from charteroak.server.senders import Sender, TurnedAway, Why, let_in, turn_away
from charteroak.server.store import box_reports, boxes, forgotten_counts
from charteroak.server.store.box_reports import NotedCamera, NotedReport
from charteroak.server.store.database import Ingests

_OLDEST_HOUR: Final = timedelta(days=2)
_LAST_HOUR: Final = 10**6
"""Of the year 2084; a wrong clock tells more."""


class ForeignCameraReportedError(CharterOakError):
    """A report that tells of a camera the box was not enrolled for."""

    code = "charteroak.report.foreign-camera"
    hint = "Enrol the box anew with all its cameras."


@attrs.frozen(kw_only=True)
class Noted:
    """The report was read."""

    answer: ReportAnswer


def note_box_report(agency: Agency, sender: Sender, body: bytes) -> Noted | TurnedAway:
    """Note a report, unless a later one of this box is known.

    Args:
        agency: whose box it is.
        sender: from `meet_sender`, of the request that brought the body.
        body: as received.

    Raises:
        StoreUnavailableError: nothing was noted; the box reports again by itself.
    """
    now = agency.clock()
    try:
        sender.head.check_body(body)
        report = decode_report(body)
        _check_cameras(report, sender)
    except (
        ForeignCameraReportedError,
        HttpSignatureError,
        UnreadableReportError,
    ) as refused:
        unsigned = isinstance(refused, HttpSignatureError)
        why = Why.UNAUTHENTIC if unsigned else Why.UNREADABLE
        with agency.database.ingests() as tx:
            return turn_away(tx, why, refused, at=now)
    with agency.database.ingests() as tx:
        return _note(agency, tx, sender, report, now)


def _check_cameras(report: BoxReport, sender: Sender) -> None:
    if {each.camera for each in report.cameras} - set(sender.box.cameras):
        raise ForeignCameraReportedError("a camera in it is not the box's")


def _note(
    agency: Agency, tx: Ingests, sender: Sender, report: BoxReport, now: datetime
) -> Noted | TurnedAway:
    let = let_in(tx, sender, at=now)
    if isinstance(let, TurnedAway):
        return let
    offset_s = sender.clock_offset_s(now)
    box_id, before = sender.box.box_id, box_reports.keeps(tx, sender.box.box_id)
    noted = box_reports.note(
        tx,
        NotedReport(
            box_id=sender.box.box_id,
            boot_epoch=report.boot_epoch,
            number=report.number,
            reported_at=now,
            software=report.software,
            waiting=report.waiting,
            oldest_at=_before(now, report.oldest_s),
            queue_bytes=report.queue_bytes,
            lost=report.lost,
            disk_free_bytes=report.disk_free_bytes,
            disk_total_bytes=report.disk_total_bytes,
            cameras=[_camera(each, now) for each in report.cameras],
            mode=report.mode,
            list_until=_after(now, report.list_left_s),
            destroyed=report.destroyed,
            memory_safe=report.memory_safe,
        ),
    )
    forgotten_counts.note(
        tx, box_id, boot_epoch=report.boot_epoch, counts=_forgotten(report, now)
    )
    if noted and before != (report.mode, report.destroyed):
        _record(agency, tx, sender, report, now)
    if noted:
        boxes.set_clock(tx, sender.box.box_id, clock_offset_s=offset_s)
    return Noted(answer=ReportAnswer(noted=noted, clock_offset_s=offset_s))


def _record(
    agency: Agency, tx: Ingests, sender: Sender, report: BoxReport, now: datetime
) -> None:
    """Write down that a box says it keeps less, or more, than it said before."""
    if report.mode not in list(Mode):
        return
    agency.record(
        tx,
        Draft(
            kind=RecordKind.BOX_OBEYED,
            at=now,
            public={"mode": report.mode, "destroyed": report.destroyed},
            private={"box": str(sender.box.box_id)},
        ),
    )


def _forgotten(report: BoxReport, now: datetime) -> dict[tuple[str, datetime], int]:
    """Counts by camera and hour; hours that a wrong clock made up are left out."""
    found = {}
    for each in report.cameras:
        for hours, n in each.forgotten:
            # No calendar holds any number of hours.
            hour = datetime.fromtimestamp(min(hours, _LAST_HOUR) * 3600, UTC)
            if n and now - _OLDEST_HOUR <= hour <= now:
                found[each.camera, hour] = n
    return found


def _after(now: datetime, left_s: int | None) -> datetime | None:
    return None if left_s is None else now + timedelta(seconds=left_s)


def _camera(said: CameraReport, now: datetime) -> NotedCamera:
    return NotedCamera(
        camera_id=said.camera,
        gives_picture=said.gives_picture,
        since=now - timedelta(seconds=said.for_s),
        frames=said.frames,
        fps=said.fps,
        dropped=said.dropped,
        last_frame_at=_before(now, said.last_frame_s),
        why=None if said.gives_picture else _why(said.why),
    )


def _why(code: str) -> WhyNoPicture:
    """A word that this version knows: no other text of a box comes in."""
    known = code in list(WhyNoPicture)
    return WhyNoPicture(code) if known else WhyNoPicture.OTHER


def _before(now: datetime, age_s: int | None) -> datetime | None:
    return None if age_s is None else now - timedelta(seconds=age_s)
