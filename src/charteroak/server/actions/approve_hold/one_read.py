"""Copy one read, with its pictures, to its hold."""

from datetime import datetime, timedelta
from typing import Final

import attrs

from charteroak.core.hold import Hold, NoSuchHold
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import Person
from charteroak.core.policy import Permit
from charteroak.core.sealed import LogReceipt
from charteroak.core.search_answer import ReadGone, Sighting
from charteroak.server.actions.approve_hold.picture import fetch
from charteroak.server.agency import Agency
from charteroak.server.store import held_reads, holds, searches
from charteroak.server.vault.pictures import PictureGoneError

_MOMENT: Final = timedelta(microseconds=1)


@attrs.frozen(kw_only=True)
class HoldKept:
    """The read is copied, and kept until the hold ends."""

    case_ref: str
    ends_at: datetime


def keep_read(  # noqa: PLR0913  (two of them are proofs)
    agency: Agency,
    who: Person,
    hold: Hold,
    *,
    permit: Permit,
    receipt: LogReceipt,
    at: datetime,
) -> HoldKept | NoSuchHold | ReadGone:
    """Look, and copy what is found; a read that is due is gone, deleted or not."""
    sighting = _look(agency, hold, permit=permit, receipt=receipt, at=at)
    return ReadGone() if sighting is None else _keep(agency, who, hold, sighting)


def _look(
    agency: Agency, hold: Hold, *, permit: Permit, receipt: LogReceipt, at: datetime
) -> Sighting | None:
    if hold.read_id is None or hold.seen_at is None:
        return None
    with agency.database.looks() as tx:
        return searches.by_id(
            tx,
            permit=permit,
            logged=receipt,
            read_id=hold.read_id,
            since=hold.seen_at,
            until=hold.seen_at + _MOMENT,
            not_before=agency.retention.not_before(at),
        )


def _keep(
    agency: Agency, who: Person, hold: Hold, sighting: Sighting
) -> HoldKept | NoSuchHold | ReadGone:
    try:
        plate = _copy(agency, sighting.plate_picture, hold)
        vehicle = _copy(agency, sighting.vehicle_picture, hold)
    except PictureGoneError:
        # Its key is destroyed before its row: the read is being deleted right now.
        return ReadGone()
    with agency.database.changes() as tx:
        # Copying takes its time: somebody may have ended the hold since.
        now = agency.clock()
        stands = holds.find_to_change(tx, hold.hold_id)
        if stands is None or not stands.stands(now):
            # Still locked, so that nobody else comes upon what is half destroyed.
            agency.pictures.drop_hold(hold.hold_id)
            return NoSuchHold()
        held_reads.keep(
            tx,
            hold.hold_id,
            sighting,
            plate_picture=plate,
            vehicle_picture=vehicle,
        )
        agency.record(
            tx,
            Draft(
                kind=RecordKind.HOLD_KEPT,
                at=now,
                public={"days": (hold.ends_at - now).days},
                private={
                    "person": str(who.person_id),
                    "hold": str(hold.hold_id),
                    "case_ref": hold.case_ref,
                },
            ),
        )
    return HoldKept(case_ref=hold.case_ref, ends_at=hold.ends_at)


def _copy(agency: Agency, reference: str, hold: Hold) -> str:
    picture = fetch(agency, reference)
    return "" if picture is None else agency.pictures.keep(hold.hold_id, [picture])[0]
