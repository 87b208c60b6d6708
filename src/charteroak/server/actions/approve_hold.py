"""Approve that a read is kept for a case: the read and its pictures are copied."""

from datetime import datetime, timedelta
from typing import Final

import attrs

from charteroak.core.hold import Hold, HoldId, NoSuchHold, SamePerson
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import Act, Person
from charteroak.core.policy import Denial, Permit, decide, request
from charteroak.core.sealed import LogReceipt
from charteroak.core.search_answer import Forbidden, ReadGone, Sighting
from charteroak.core.search_record import decision_fields
from charteroak.server.agency import Agency
from charteroak.server.store import holds, searches
from charteroak.server.vault.pictures import PictureGoneError

_MOMENT: Final = timedelta(microseconds=1)


@attrs.frozen(kw_only=True)
class HoldKept:
    """The read is copied, and kept until the hold ends."""

    case_ref: str
    ends_at: datetime


def approve_hold(
    agency: Agency, who: Person, hold_id: HoldId
) -> HoldKept | Forbidden | NoSuchHold | ReadGone | SamePerson:
    """Approve a hold, then copy what it keeps.

    Two transactions around the look: the approval with the decision, then the copy.
    Where the copy fails the hold stands approved without one, and approving it again
    copies. A read that was deleted meanwhile ends the hold; a hold that was ended
    meanwhile keeps nothing.

    Raises:
        PicturesUnavailableError: pictures cannot be copied now; try again.
        StoreUnavailableError: the database does not answer; try again.
    """
    now = agency.clock()
    with agency.database.changes() as tx:
        hold = holds.find_to_change(tx, hold_id)
        if hold is None or hold.ended_at is not None or hold.ends_at <= now:
            return NoSuchHold()
        if hold.requested_by == who.person_id:
            return SamePerson()
        decision = _decide(agency, who, hold)
        recorded = agency.record(tx, _draft(who, hold, decision, at=now))
        if isinstance(decision, Denial):
            return Forbidden(recorded=recorded.record_id, because=decision.because)
        if hold.approved_by is None:
            holds.approve(tx, hold_id, by=who.person_id, at=now)
    sighting = _look(agency, hold, permit=decision, recorded=recorded, at=now)
    kept = ReadGone() if sighting is None else _keep(agency, who, hold, sighting)
    if isinstance(kept, ReadGone):
        _end(agency, who, hold, at=now)
    return kept


def _decide(agency: Agency, who: Person, hold: Hold) -> Permit | Denial:
    return decide(
        agency.rules,
        request(
            Act.APPROVE_HOLD,
            who,
            custodian=agency.profile.custodian,
            purpose=hold.purpose,
            case_ref=hold.case_ref,
            # Whether the read is still there is the look's to say, not the rules':
            # what was asked for in time is approved as long as it exists.
            since=hold.requested_at,
            at=hold.requested_at,
            limit=agency.profile.read_limit,
        ),
    )


def _draft(
    who: Person, hold: Hold, decision: Permit | Denial, *, at: datetime
) -> Draft:
    return Draft(
        kind=RecordKind.HOLD_APPROVED,
        at=at,
        public=decision_fields(decision),
        private={
            "person": str(who.person_id),
            "roles": sorted(role.value for role in who.roles),
            "hold": str(hold.hold_id),
            "case_ref": hold.case_ref,
        },
    )


def _look(
    agency: Agency,
    hold: Hold,
    *,
    permit: Permit,
    recorded: LogReceipt,
    at: datetime,
) -> Sighting | None:
    with agency.database.looks() as tx:
        return searches.by_id(
            tx,
            permit=permit,
            logged=recorded,
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
        if stands is None or stands.ended_at is not None or stands.ends_at <= now:
            # Still locked, so that nobody else comes upon what is half destroyed.
            agency.pictures.drop_hold(hold.hold_id)
            return NoSuchHold()
        holds.keep(
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
    # A read may have come without a picture.
    return agency.pictures.keep_copy(reference, hold.hold_id) if reference else ""


def _end(agency: Agency, who: Person, hold: Hold, *, at: datetime) -> None:
    with agency.database.changes() as tx:
        holds.end(tx, hold.hold_id, at=at)
        agency.record(
            tx,
            Draft(
                kind=RecordKind.HOLD_ENDED,
                at=at,
                public={"why": "read_gone"},
                private={
                    "person": str(who.person_id),
                    "hold": str(hold.hold_id),
                    "case_ref": hold.case_ref,
                },
            ),
        )
