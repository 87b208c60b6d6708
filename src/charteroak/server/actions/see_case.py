"""See what is held for a case; that somebody looked is recorded first."""

import attrs

from charteroak.core.hold import HeldRead, Hold, HoldId, HoldState, NotAllowed
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import Act, Person
from charteroak.core.policy import Denial, Permit, decide, request
from charteroak.core.search_record import decision_fields
from charteroak.server.agency import Agency
from charteroak.server.store import held_reads, holds
from charteroak.server.store.database import Changes
from charteroak.server.store.holds import CaseLine
from charteroak.server.vault.pictures import PictureBrokenError, PictureGoneError


@attrs.frozen(kw_only=True, repr=False)
class HoldLine:
    """A hold with what it keeps.

    Attributes:
        held: the copy; None while it waits, and once it is deleted.
        may_approve: whether the person who looks may approve it.
    """

    hold: Hold
    state: HoldState
    held: HeldRead | None
    may_approve: bool


@attrs.frozen(kw_only=True, repr=False)
class CaseSeen:
    """A case with its holds, newest first, ended ones too."""

    case_ref: str
    lines: tuple[HoldLine, ...]


@attrs.frozen(kw_only=True, repr=False)
class HeldPicture:
    """A picture of a held read, JPEG."""

    jpeg: bytes


@attrs.frozen(kw_only=True)
class HeldPictureGone:
    """The hold has ended, or keeps no such picture."""


@attrs.frozen
class HeldPictureBroken:
    """The picture was damaged or altered; that is no deletion."""


def list_cases(agency: Agency, who: Person) -> list[CaseLine] | NotAllowed:
    """Cases with holds, those that wait for approval first; shows no read."""
    if not who.may(Act.REQUEST_HOLD):
        return NotAllowed()
    with agency.database.changes() as tx:
        return holds.cases(tx)


def see_case(agency: Agency, who: Person, case_ref: str) -> CaseSeen | NotAllowed:
    """The holds of a case, with the reads that they keep.

    The record is committed before the copies are read; a refusal is recorded too.
    """
    with agency.database.changes() as tx:
        found = holds.of_case(tx, case_ref)
        decided = [
            (hold, _decide(agency, who, Act.REQUEST_HOLD, hold)) for hold in found
        ]
        allowed = [hold for hold, said in decided if isinstance(said, Permit)]
        if not who.may(Act.REQUEST_HOLD) or (found and not allowed):
            denial = next((no for _, no in decided if isinstance(no, Denial)), None)
            return _refuse(agency, tx, who, case_ref, denial)
        agency.record(
            tx,
            Draft(
                kind=RecordKind.CASE_SEEN,
                at=agency.clock(),
                public={"holds": len(allowed)},
                private={"person": str(who.person_id), "case_ref": case_ref},
            ),
        )
    with agency.database.changes() as tx:
        copies = {
            held.hold_id: held
            for held in held_reads.kept(tx, [hold.hold_id for hold in allowed])
        }
    return CaseSeen(
        case_ref=case_ref,
        lines=tuple(
            _line(agency, who, hold, copies.get(hold.hold_id)) for hold in allowed
        ),
    )


def see_held_picture(
    agency: Agency, who: Person, hold_id: HoldId
) -> HeldPicture | HeldPictureBroken | HeldPictureGone | NotAllowed:
    """The plate picture of a held read; the case page that shows it was recorded.

    Here a refusal alone is recorded.

    Raises:
        PicturesUnavailableError: the place where pictures lie does not answer.
    """
    with agency.database.changes() as tx:
        hold = holds.find_to_change(tx, hold_id)
        copies = held_reads.kept(tx, [hold_id])
    ended = hold is None or hold.ended_at is not None or hold.ends_at <= agency.clock()
    if hold is None or ended or not copies:
        return HeldPictureGone()
    decision = _decide(agency, who, Act.REQUEST_HOLD, hold)
    if isinstance(decision, Denial):
        with agency.database.changes() as tx:
            return _refuse(agency, tx, who, hold.case_ref, decision)
    try:
        return HeldPicture(jpeg=agency.pictures.fetch(copies[0].plate_picture))
    except PictureGoneError:
        return HeldPictureGone()
    except PictureBrokenError:
        return HeldPictureBroken()


def _line(agency: Agency, who: Person, hold: Hold, held: HeldRead | None) -> HoldLine:
    if hold.ended_at is not None or hold.ends_at <= agency.clock():
        state, held = HoldState.ENDED, None
    elif held is not None:
        state = HoldState.KEPT
    elif hold.approved_at is not None:
        state = HoldState.APPROVED
    else:
        state = HoldState.REQUESTED
    waits = state in {HoldState.REQUESTED, HoldState.APPROVED}
    return HoldLine(
        hold=hold,
        state=state,
        held=held,
        may_approve=waits
        and hold.requested_by != who.person_id
        and isinstance(_decide(agency, who, Act.APPROVE_HOLD, hold), Permit),
    )


def _refuse(
    agency: Agency, tx: Changes, who: Person, case_ref: str, denial: Denial | None
) -> NotAllowed:
    """Record that nothing was shown; without a hold there is nothing to decide about."""
    decision = {"decision": "refused"} if denial is None else decision_fields(denial)
    agency.record(
        tx,
        Draft(
            kind=RecordKind.CASE_SEEN,
            at=agency.clock(),
            public={**decision, "holds": 0},
            private={
                "person": str(who.person_id),
                "roles": sorted(role.value for role in who.roles),
                "case_ref": case_ref,
            },
        ),
    )
    return NotAllowed()


def _decide(agency: Agency, who: Person, act: Act, hold: Hold) -> Permit | Denial:
    return decide(
        agency.rules,
        request(
            act,
            who,
            custodian=agency.profile.custodian,
            purpose=hold.purpose,
            case_ref=hold.case_ref,
            since=hold.requested_at,
            at=hold.requested_at,
            limit=agency.profile.read_limit,
        ),
    )
