"""Note how a box does, as it says itself; the report before it is forgotten."""

from datetime import datetime, timedelta

import attrs

from charteroak.core.box_report import WhyNoPicture
from charteroak.core.errors import CharterOakError
from charteroak.core.http_signature import HttpSignatureError
from charteroak.core.wire import (
    BoxReport,
    CameraReport,
    ReportAnswer,
    UnreadableReportError,
    decode_report,
)
from charteroak.server.agency import Agency
from charteroak.server.senders import Sender, TurnedAway, Why, let_in, turn_away
from charteroak.server.store import box_reports, boxes
from charteroak.server.store.box_reports import NotedCamera, NotedReport
from charteroak.server.store.database import Ingests


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
        return _note(tx, sender, report, now)


def _check_cameras(report: BoxReport, sender: Sender) -> None:
    if {each.camera for each in report.cameras} - set(sender.box.cameras):
        raise ForeignCameraReportedError("a camera in it is not the box's")


def _note(
    tx: Ingests, sender: Sender, report: BoxReport, now: datetime
) -> Noted | TurnedAway:
    let = let_in(tx, sender, at=now)
    if isinstance(let, TurnedAway):
        return let
    offset_s = sender.clock_offset_s(now)
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
        ),
    )
    if noted:
        boxes.set_clock(tx, sender.box.box_id, clock_offset_s=offset_s)
    return Noted(answer=ReportAnswer(noted=noted, clock_offset_s=offset_s))


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
