"""What of the reads that are held for a case may go to court with it, and what did."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import attrs
from psycopg.rows import args_row, kwargs_row

from charteroak.core.camera import Location
from charteroak.core.codes import Ground
from charteroak.core.export import (
    MOST_READS,
    Exported,
    ExportMade,
    Order,
    Recipient,
    Standing,
)
from charteroak.core.hold import HoldId
from charteroak.core.log_record import RecordId
from charteroak.core.package import PackageRead
from charteroak.core.people import PersonId
from charteroak.core.plate import PlateText
from charteroak.core.policy import Permit
from charteroak.core.read import ReadId
from charteroak.core.sealed import LogReceipt
from charteroak.core.search import Purpose
from charteroak.server.store.database import Changes


@attrs.frozen(kw_only=True, repr=False)
class Copy:
    """A held read, and where the vault keeps its pictures; empty where it has none."""

    hold_id: HoldId
    read: PackageRead
    plate_picture: str
    vehicle_picture: str


# Once each: of two holds of the same read the one that ends later.
_STANDING: Final = """
    SELECT hold_id, read_id, purpose, ground, requested_at, requester, approved_at,
           approver, ends_at
      FROM (SELECT DISTINCT ON (k.read_id)
                   h.hold_id, k.read_id, h.purpose, h.ground, h.requested_at,
                   coalesce(q.name, '') AS requester, h.approved_at,
                   coalesce(a.name, '') AS approver, h.ends_at, k.seen_at
              FROM holds AS h
              JOIN held_reads AS k ON k.hold_id = h.hold_id
              LEFT JOIN people AS q ON q.person_id = h.requested_by
              LEFT JOIN people AS a ON a.person_id = h.approved_by
             WHERE h.case_ref = %(case_ref)s
               AND h.approved_at IS NOT NULL
               AND h.ended_at IS NULL
               AND h.ends_at > %(at)s
               AND (k.read_id = ANY (%(reads)s)
                    OR (%(singly)s AND k.read_id = h.read_id))
             ORDER BY k.read_id, h.ends_at DESC, h.hold_id) AS held
     ORDER BY seen_at, read_id
     LIMIT %(most)s
"""

_ASKED_BY: Final = """
    SELECT EXISTS (
           SELECT FROM holds
            WHERE case_ref = %(case_ref)s
              AND requested_by = %(person)s
              AND ended_at IS NULL
              AND ends_at > %(at)s)
"""

_COPIES: Final = """
    SELECT k.hold_id, k.read_id, coalesce(c.name, k.camera_id),
           c.latitude, c.longitude, coalesce(c.location, ''), k.seen_at, k.plate,
           k.confidence, k.characters, k.state, k.state_confidence, k.engine,
           k.clock_suspect, k.plate_picture, k.vehicle_picture
      FROM held_reads AS k
      LEFT JOIN cameras AS c ON c.camera_id = k.camera_id
      JOIN unnest(%(holds)s::uuid[], %(reads)s::uuid[]) AS w (hold_id, read_id)
        ON w.hold_id = k.hold_id AND w.read_id = k.read_id
     ORDER BY k.seen_at, k.read_id
     LIMIT %(most)s
"""

_ADD: Final = """
    INSERT INTO exports
           (record_id, case_ref, purpose, recipient, name, note, exported_by,
            exported_at, reads, sha256)
    VALUES (%(record_id)s, %(case_ref)s, %(purpose)s, %(recipient)s, %(name)s,
            %(note)s, %(by)s, %(at)s, %(reads)s, %(sha256)s)
"""

_OF_CASE: Final = """
    SELECT e.record_id, e.recipient, e.name, e.note, coalesce(p.name, '') AS exporter,
           e.exported_at, e.reads, e.sha256
      FROM exports AS e
      LEFT JOIN people AS p ON p.person_id = e.exported_by
     WHERE e.case_ref = %(case_ref)s
     ORDER BY e.exported_at DESC, e.record_id DESC
     LIMIT %(most)s
"""

_STILL: Final = """
    SELECT hold_id
      FROM holds
     WHERE hold_id = ANY (%(holds)s)
       AND ended_at IS NULL
       AND ends_at > %(at)s
     ORDER BY hold_id
     LIMIT %(most)s
       FOR SHARE
"""


def add(
    tx: Changes, order: Order, made: Exported, *, by: PersonId, at: datetime
) -> None:
    """Write down what was given out, and to whom."""
    tx.connection.execute(
        _ADD,
        {
            "record_id": made.asked,
            "case_ref": order.case_ref,
            "purpose": order.purpose,
            "recipient": order.recipient,
            "name": order.name,
            "note": order.note,
            "by": by,
            "at": at,
            "reads": made.reads,
            "sha256": made.sha256,
        },
    )


def of_case(tx: Changes, case_ref: str, *, most: int = 100) -> list[ExportMade]:
    """What was given out for a case, newest first."""
    with tx.connection.cursor(row_factory=kwargs_row(_made)) as cursor:
        return cursor.execute(_OF_CASE, {"case_ref": case_ref, "most": most}).fetchall()


def chosen(
    tx: Changes, case_ref: str, reads: Collection[ReadId], *, at: datetime
) -> list[Standing]:
    """Which of some reads stand held for a case, oldest first, without what is on them.

    A read that is kept in a span can be named only by whoever has looked into it.
    """
    return _standing(tx, case_ref, reads, at=at, singly=False)


def offered(
    tx: Changes, case_ref: str, reads: Collection[ReadId], *, at: datetime
) -> list[Standing]:
    """The same with every read that is held by itself: a span is never laid open."""
    return _standing(tx, case_ref, reads, at=at, singly=True)


def asked_by(tx: Changes, case_ref: str, person: PersonId, *, at: datetime) -> bool:
    """Whether somebody asked for a hold that stands for a case."""
    values = {"case_ref": case_ref, "person": person, "at": at}
    return tx.connection.execute(_ASKED_BY, values).fetchone() == (True,)


def copies(
    tx: Changes, chosen: Sequence[Standing], *, permit: Permit, logged: LogReceipt
) -> list[Copy]:
    """The held reads of a permitted, recorded export, oldest first.

    `permit` and `logged` are not read here: asking for them makes an unrecorded look a
    type error.
    """
    del permit, logged
    return seen(tx, chosen)


def seen(tx: Changes, chosen: Sequence[Standing]) -> list[Copy]:
    """The same, for the page that shows what an export would hold."""
    with tx.connection.cursor(row_factory=args_row(_copy)) as cursor:
        return cursor.execute(
            _COPIES,
            {
                "holds": [each.hold_id for each in chosen],
                "reads": [each.read_id for each in chosen],
                "most": MOST_READS,
            },
        ).fetchall()


def all_stand(tx: Changes, chosen: Sequence[Standing], *, at: datetime) -> bool:
    """Whether every hold still stands; none can end until the transaction does."""
    holds = {each.hold_id for each in chosen}
    found = tx.connection.execute(
        _STILL, {"holds": list(holds), "at": at, "most": MOST_READS}
    )
    return len(found.fetchall()) == len(holds)


def _standing(
    tx: Changes,
    case_ref: str,
    reads: Collection[ReadId],
    *,
    at: datetime,
    singly: bool,
) -> list[Standing]:
    with tx.connection.cursor(row_factory=kwargs_row(_row)) as cursor:
        return cursor.execute(
            _STANDING,
            {
                "case_ref": case_ref,
                "at": at,
                "reads": list(reads),
                "singly": singly,
                "most": MOST_READS,
            },
        ).fetchall()


def _row(  # noqa: PLR0913  (one argument for each column of `_STANDING`)
    *,
    hold_id: UUID,
    read_id: UUID,
    purpose: str,
    ground: str,
    requested_at: datetime,
    requester: str,
    approved_at: datetime,
    approver: str,
    ends_at: datetime,
) -> Standing:
    return Standing(
        hold_id=HoldId(hold_id),
        read_id=ReadId(read_id),
        purpose=Purpose(purpose),
        ground=Ground(ground),
        requested_at=requested_at,
        requester=requester,
        approved_at=approved_at,
        approver=approver,
        ends_at=ends_at,
    )


def _made(  # noqa: PLR0913  (one argument for each column of `_OF_CASE`)
    *,
    record_id: int,
    recipient: str,
    name: str,
    note: str,
    exporter: str,
    exported_at: datetime,
    reads: int,
    sha256: str,
) -> ExportMade:
    return ExportMade(
        record_id=RecordId(record_id),
        recipient=Recipient(recipient),
        name=name,
        note=note,
        exporter=exporter,
        exported_at=exported_at,
        reads=reads,
        sha256=sha256,
    )


def _copy(  # noqa: PLR0913, PLR0917  (one argument for each column of `_COPIES`)
    hold_id: UUID,
    read_id: UUID,
    camera_name: str,
    latitude: float | None,
    longitude: float | None,
    location: str,
    seen_at: datetime,
    plate: str,
    confidence: float,
    characters: list[float],
    state: str | None,
    state_confidence: float | None,
    engine: str,
    clock_suspect: bool,  # noqa: FBT001  (a column)
    plate_picture: str,
    vehicle_picture: str,
) -> Copy:
    told = location == Location.PUBLISHED and latitude is not None
    return Copy(
        hold_id=HoldId(hold_id),
        read=PackageRead(
            read_id=ReadId(read_id),
            camera_name=camera_name,
            place=f"{latitude:.5f}, {longitude:.5f}" if told else "",
            seen_at=seen_at,
            plate=PlateText(plate),
            confidence=confidence,
            characters=tuple(characters),
            state=state,
            state_confidence=state_confidence,
            engine=engine,
            clock_suspect=clock_suspect,
        ),
        plate_picture=plate_picture,
        vehicle_picture=vehicle_picture,
    )
