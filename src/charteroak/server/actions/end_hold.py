"""End a hold before its day: its copy is deleted with the next purge."""

import attrs

from charteroak.core.codes import Ground
from charteroak.core.hold import HoldId, NoSuchHold, NotAllowed
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import Act, Person
from charteroak.server.agency import Agency
from charteroak.server.store import held_reads, holds


@attrs.frozen(kw_only=True)
class HoldEnded:
    """The hold no longer stands."""

    case_ref: str


@attrs.frozen(kw_only=True)
class CaseNotNamed:
    """A copy would be deleted, and its case was not named: nothing was done."""

    case_ref: str


def end_hold(
    agency: Agency, who: Person, hold_id: HoldId, *, named: str
) -> HoldEnded | CaseNotNamed | NoSuchHold | NotAllowed:
    """End a hold; whoever may ask for one may end one, their own or another's.

    One that was approved for a court, or because defense or prosecution asked, is ended
    by a supervisor alone: nobody who works on a case clears away what speaks against it.

    Args:
        agency: where.
        who: ends it.
        hold_id: which.
        named: the case's number as the person typed it. It must be right where a copy
            is deleted, which nobody can undo; a hold that only waits needs none.
    """
    if not who.may(Act.REQUEST_HOLD):
        return NotAllowed()
    now = agency.clock()
    with agency.database.changes() as tx:
        hold = holds.find_to_change(tx, hold_id)
        if hold is None or hold.ended_at is not None:
            return NoSuchHold()
        for_others = hold.ground is not Ground.ACTIVE_CASE
        if for_others and hold.approved_at is not None and not may_end(who):
            return NotAllowed()
        if held_reads.copies(tx, [hold_id]) and named.strip() != hold.case_ref:
            return CaseNotNamed(case_ref=hold.case_ref)
        holds.end(tx, hold_id, at=now)
        agency.record(
            tx,
            Draft(
                kind=RecordKind.HOLD_ENDED,
                at=now,
                public={"why": "ended_by_person"},
                private={
                    "person": str(who.person_id),
                    "hold": str(hold_id),
                    "case_ref": hold.case_ref,
                },
            ),
        )
    return HoldEnded(case_ref=hold.case_ref)


def may_end(who: Person) -> bool:
    """Whether somebody may end what is kept for a court, the defense, the prosecution."""
    return who.may(Act.APPROVE_HOLD)
