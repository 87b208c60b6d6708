"""What boxes said last of themselves and of their cameras; the next report replaces it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import attrs
from psycopg.rows import class_row

from charteroak.core.box_report import (
    SILENT_AFTER,
    BoxStanding,
    CameraStanding,
    Heard,
    WhyNoPicture,
)
from charteroak.server.store.database import Changes, Ingests

_NOTE: Final = """
    INSERT INTO box_reports AS known
           (box_id, boot_epoch, number, reported_at, software, waiting, oldest_at,
            queue_bytes, lost, disk_free_bytes, disk_total_bytes, mode, list_until,
            destroyed, memory_safe)
    VALUES (%(box_id)s, %(boot_epoch)s, %(number)s, %(reported_at)s, %(software)s,
            %(waiting)s, %(oldest_at)s, %(queue_bytes)s, %(lost)s, %(disk_free_bytes)s,
            %(disk_total_bytes)s, %(mode)s, %(list_until)s, %(destroyed)s,
            %(memory_safe)s)
    ON CONFLICT (box_id) DO UPDATE
       SET boot_epoch = EXCLUDED.boot_epoch, number = EXCLUDED.number,
           reported_at = EXCLUDED.reported_at, software = EXCLUDED.software,
           waiting = EXCLUDED.waiting, oldest_at = EXCLUDED.oldest_at,
           queue_bytes = EXCLUDED.queue_bytes, lost = EXCLUDED.lost,
           lost_at = CASE WHEN EXCLUDED.lost > known.lost THEN EXCLUDED.reported_at
                          ELSE known.lost_at END,
           disk_free_bytes = EXCLUDED.disk_free_bytes,
           disk_total_bytes = EXCLUDED.disk_total_bytes, mode = EXCLUDED.mode,
           list_until = EXCLUDED.list_until, destroyed = EXCLUDED.destroyed,
           memory_safe = EXCLUDED.memory_safe
     WHERE (known.boot_epoch, known.number) < (EXCLUDED.boot_epoch, EXCLUDED.number)
"""

_KEEPS: Final = """
    SELECT mode, destroyed FROM box_reports WHERE box_id = %(box_id)s
"""

_FORGET_CAMERAS: Final = "DELETE FROM camera_reports WHERE box_id = %(box_id)s"

_NOTE_CAMERA: Final = """
    INSERT INTO camera_reports
           (box_id, camera_id, gives_picture, since, frames, fps, dropped,
            last_frame_at, why)
    VALUES (%(box_id)s, %(camera_id)s, %(gives_picture)s, %(since)s, %(frames)s,
            %(fps)s, %(dropped)s, %(last_frame_at)s, %(why)s)
"""

_BOXES: Final = """
    SELECT box_id, reported_at, software, waiting, oldest_at, queue_bytes, lost,
           lost_at, disk_free_bytes, disk_total_bytes, mode, list_until,
           destroyed, memory_safe
      FROM box_reports
     ORDER BY box_id
     LIMIT 5000
"""

# Of the trusted boxes of a camera, one that has its picture, else the last one heard.
_CAMERAS: Final = """
    SELECT DISTINCT ON (s.camera_id)
           s.camera_id, b.last_batch_at, r.reported_at, c.gives_picture, c.since,
           coalesce(c.frames, 0) AS frames, coalesce(c.fps, 0) AS fps,
           coalesce(c.dropped, 0) AS dropped, c.last_frame_at,
           coalesce(c.why, '') AS why
      FROM box_cameras AS s
      JOIN boxes AS b ON b.box_id = s.box_id
      LEFT JOIN box_reports AS r ON r.box_id = s.box_id
      LEFT JOIN camera_reports AS c
             ON c.box_id = s.box_id AND c.camera_id = s.camera_id
     WHERE b.revoked_at IS NULL
     ORDER BY s.camera_id,
              coalesce(c.gives_picture AND r.reported_at > %(heard_since)s, false) DESC,
              greatest(b.last_batch_at, r.reported_at) DESC NULLS LAST, s.box_id
     LIMIT 5000
"""


@attrs.frozen(kw_only=True)
class NotedCamera:
    """A camera as a report tells of it; moments by the server's clock."""

    camera_id: str
    gives_picture: bool
    since: datetime
    frames: int
    fps: float
    dropped: int
    last_frame_at: datetime | None
    why: WhyNoPicture | None


@attrs.frozen(kw_only=True)
class NotedReport:
    """A report as it is kept; see `BoxStanding`."""

    box_id: UUID
    boot_epoch: int
    number: int
    reported_at: datetime
    software: str
    waiting: int
    oldest_at: datetime | None
    queue_bytes: int
    lost: int
    disk_free_bytes: int | None
    disk_total_bytes: int | None
    cameras: Sequence[NotedCamera]
    mode: str
    list_until: datetime | None
    destroyed: int
    memory_safe: bool | None


@attrs.frozen(kw_only=True)
class _CameraRow:
    camera_id: str
    last_batch_at: datetime | None
    reported_at: datetime | None
    gives_picture: bool | None
    since: datetime | None
    frames: int
    fps: float
    dropped: int
    last_frame_at: datetime | None
    why: str

    def standing(self) -> CameraStanding:
        return CameraStanding(
            camera_id=self.camera_id,
            heard=Heard(last_batch_at=self.last_batch_at, reported_at=self.reported_at),
            gives_picture=self.gives_picture,
            since=self.since,
            frames=self.frames,
            fps=self.fps,
            dropped=self.dropped,
            last_frame_at=self.last_frame_at,
            why=WhyNoPicture(self.why) if self.why else None,
        )


def note(tx: Ingests, report: NotedReport) -> bool:
    """Put a report in the place of the one before; with the box's row locked.

    Returns:
        False where a later one is there already: then nothing is changed.
    """
    row = attrs.asdict(report, recurse=False)
    if tx.connection.execute(_NOTE, row).rowcount != 1:
        return False
    tx.connection.execute(_FORGET_CAMERAS, {"box_id": report.box_id})
    with tx.connection.cursor() as cursor:
        cursor.executemany(
            _NOTE_CAMERA,
            [
                attrs.asdict(each) | {"box_id": report.box_id, "why": each.why or ""}
                for each in report.cameras
            ],
        )
    return True


def keeps(tx: Ingests, box_id: UUID) -> tuple[str, int]:
    """What a box said last that it keeps, and how many waiting reads it destroyed."""
    row = tx.connection.execute(_KEEPS, {"box_id": box_id}).fetchone()
    return ("", 0) if row is None else (str(row[0]), int(str(row[1])))


def of_boxes(tx: Changes) -> dict[UUID, BoxStanding]:
    """What each box said last of itself, revoked ones too."""
    with tx.connection.cursor(row_factory=class_row(BoxStanding)) as cursor:
        return {row.box_id: row for row in cursor.execute(_BOXES)}


def of_cameras(tx: Changes, *, now: datetime) -> dict[str, CameraStanding]:
    """What was said last of each camera that a trusted box speaks for, by short name."""
    heard_since = now - SILENT_AFTER
    with tx.connection.cursor(row_factory=class_row(_CameraRow)) as cursor:
        rows = cursor.execute(_CAMERAS, {"heard_since": heard_since}).fetchall()
    return {row.camera_id: row.standing() for row in rows}
