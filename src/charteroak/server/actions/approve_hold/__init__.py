"""Approve that reads are kept for a case: they and their pictures are copied.

One read is copied at once (`one_read`); a span begins to be, and the worker goes on with
it until the hold ends (`walking`).
"""

from datetime import datetime
from typing import Final

from charteroak.core.codes import Approval
from charteroak.core.hold import Hold, HoldId, NoSuchHold, SamePerson
from charteroak.core.hold_ground import to_hold
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import Act, Person
from charteroak.core.policy import Denial, Permit, decide, request
from charteroak.core.sealed import LogReceipt, NotYetCoveredError
from charteroak.core.search_answer import Forbidden, ReadGone
from charteroak.core.search_record import decision_fields
from charteroak.server.actions.approve_hold.one_read import HoldKept, keep_read
from charteroak.server.actions.approve_hold.walking import (
    NotAllKeptError,
    SpanBegun,
    begin_span,
    keep_spans,
)
from charteroak.server.agency import Agency
from charteroak.server.store import held_reads, hold_spans, holds
from charteroak.server.store.database import Changes
from charteroak.server.store.hold_spans import SpanRow

__all__ = [
    "HoldKept",
    "NotAllKeptError",
    "SpanBegun",
    "approve_hold",
    "keep_spans",
]

_MOST_AT_ONCE: Final = 500
"""Reads that are copied while somebody waits for the page; the worker does the rest."""


def approve_hold(
    agency: Agency, who: Person, hold_id: HoldId
) -> HoldKept | SpanBegun | Forbidden | NoSuchHold | ReadGone | SamePerson:
    """Approve a hold, then copy what it keeps.

    Two decisions are recorded: that this person may approve, and that reads may outlive
    their term on this ground. Two transactions around the look: the approval with the
    decisions, then the copy. Where the copy fails the hold stands approved without one,
    and approving it again copies. A read that was deleted meanwhile ends the hold,
    unless something is copied to it already: then its copy stays, however late somebody
    approves again. A hold that was ended meanwhile keeps nothing.

    Raises:
        NotYetCoveredError: the log does not hold the decision yet; try again.
        PicturesUnavailableError: pictures cannot be copied now; try again.
        StoreUnavailableError: the database does not answer; try again.
    """
    now = agency.clock()
    with agency.database.changes() as tx:
        hold = holds.find_to_change(tx, hold_id)
        if hold is None or hold.unfinished or not hold.stands(now):
            return NoSuchHold()
        if hold.requested_by == who.person_id:
            return SamePerson()
        kept = _decided(agency, tx, who, hold, at=now)
        if isinstance(kept, Forbidden):
            return kept
        permit, receipt = kept
        if hold.approved_by is None:
            holds.approve(
                tx, hold_id, by=who.person_id, at=now, decided=receipt.record_id
            )
        span = hold_spans.of(tx, [hold_id]).get(hold_id)
        copied = _copied(tx, hold, span)
    if not agency.covered(receipt):
        raise NotYetCoveredError("the log does not hold the decision yet")
    if copied is not None:
        return copied
    done: HoldKept | SpanBegun | NoSuchHold | ReadGone
    if span is None:
        done = keep_read(agency, who, hold, permit=permit, receipt=receipt, at=now)
    else:
        done = begin_span(
            agency, hold, span, permit=permit, receipt=receipt, most=_MOST_AT_ONCE
        )
    return _end(agency, who, hold, at=now) if isinstance(done, ReadGone) else done


def _decided(
    agency: Agency, tx: Changes, who: Person, hold: Hold, *, at: datetime
) -> tuple[Permit, LogReceipt] | Forbidden:
    """Both decisions, each with its record; the permit to keep with its receipt."""
    approves = decide(
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
    recorded = agency.record(
        tx, _draft(who, hold, approves, kind=RecordKind.HOLD_APPROVED, at=at)
    )
    if isinstance(approves, Denial):
        return Forbidden(recorded=recorded.record_id, because=approves.because)
    keeps = decide(
        agency.rules,
        to_hold(
            custodian=agency.profile.custodian,
            case_ref=hold.case_ref,
            ground=hold.ground,
            approval=Approval.GIVEN,
            roles=who.roles,
        ),
    )
    receipt = agency.record(
        tx, _draft(who, hold, keeps, kind=RecordKind.HOLD_DECIDED, at=at)
    )
    if isinstance(keeps, Denial):
        return Forbidden(recorded=receipt.record_id, because=keeps.because)
    return keeps, receipt


def _draft(
    who: Person,
    hold: Hold,
    decision: Permit | Denial,
    *,
    kind: RecordKind,
    at: datetime,
) -> Draft:
    return Draft(
        kind=kind,
        at=at,
        public=decision_fields(decision),
        private={
            "person": str(who.person_id),
            "roles": sorted(role.value for role in who.roles),
            "hold": str(hold.hold_id),
            "case_ref": hold.case_ref,
        },
    )


def _copied(
    tx: Changes, hold: Hold, span: SpanRow | None
) -> HoldKept | SpanBegun | None:
    """What is copied to a hold by now, or being copied; None: nothing."""
    copies = held_reads.copies(tx, [hold.hold_id]).get(hold.hold_id)
    if span is None:
        if copies is None:
            return None
        return HoldKept(case_ref=hold.case_ref, ends_at=hold.ends_at)
    if copies is None and span.kept_from is None:
        return None
    return SpanBegun(
        case_ref=hold.case_ref,
        ends_at=hold.ends_at,
        copied=0 if copies is None else copies.reads,
        whole=span.walked_at is not None,
        gone=(span.kept_from or span.since) - span.since,
    )


def _end(
    agency: Agency, who: Person, hold: Hold, *, at: datetime
) -> HoldKept | SpanBegun | NoSuchHold | ReadGone:
    """End a hold that came too late; never one that somebody else copied meanwhile."""
    with agency.database.changes() as tx:
        found = holds.find_to_change(tx, hold.hold_id)
        if found is None or not found.stands(at):
            return NoSuchHold()
        span = hold_spans.of(tx, [hold.hold_id]).get(hold.hold_id)
        copied = _copied(tx, found, span)
        if copied is not None:
            return copied
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
    return ReadGone()
