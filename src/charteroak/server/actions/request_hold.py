"""Ask that a read be kept for a case; a supervisor decides."""

from datetime import timedelta

import attrs

from charteroak.core.flag import FlagKind
from charteroak.core.hold import Hold, HoldId
from charteroak.core.log_record import Draft, RecordId, RecordKind
from charteroak.core.people import Act, Person
from charteroak.core.policy import Denial, Permit, decide
from charteroak.core.read import ReadId
from charteroak.core.screening import Verdict, screen
from charteroak.core.sealed import LogReceipt
from charteroak.core.search_answer import Forbidden, NotShown, ReadGone, Sighting
from charteroak.core.search_check import Weighed, weigh
from charteroak.core.search_record import Asked, decision_fields
from charteroak.law.screening import note_rules
from charteroak.server.agency import Agency
from charteroak.server.store import audit, flags, holds, searches


@attrs.frozen(kw_only=True)
class HoldRequested:
    """It waits for a supervisor.

    Attributes:
        again: whether the same read was asked for, for the same case, before.
    """

    hold_id: HoldId
    case_ref: str
    again: bool


def request_hold(  # noqa: PLR0913  (what is asked, by name)
    agency: Agency,
    who: Person,
    *,
    asked_id: RecordId,
    read_id: ReadId,
    reason: str,
    span: timedelta,
) -> HoldRequested | Forbidden | NotShown | ReadGone:
    """Write down the wish, with the decision of the rules about it.

    The read must be a result of a search that this person made within the hour; case
    and purpose are those of that search.

    Args:
        agency: whose read.
        who: asks.
        asked_id: number of the search in the log.
        read_id: one of its results.
        reason: see `core.hold.parse_reason`.
        span: see `core.hold.parse_span`.
    """
    now = agency.clock()
    with agency.database.audits() as audits:
        ticket = audit.asked_search(audits, asked_id)
    if ticket is None or not ticket[0].shows_to(who, at=now):
        return NotShown()
    asked, receipt = ticket
    limit = agency.profile.read_limit
    looked = decide(agency.rules, asked.again(Act.SEARCH_READS, who, limit=limit))
    if isinstance(looked, Denial):
        return NotShown()
    sighting = _look(agency, asked, permit=looked, receipt=receipt, read_id=read_id)
    if sighting is None:
        return ReadGone()
    hold = Hold(
        hold_id=HoldId(agency.new_id()),
        case_ref=asked.search.case_ref,
        purpose=asked.search.purpose,
        reason=reason,
        read_id=read_id,
        seen_at=sighting.read.seen_at,
        requested_by=who.person_id,
        requested_at=now,
        approved_by=None,
        approved_at=None,
        ends_at=now + span,
        ended_at=None,
        requester=who.name,
        approver="",
    )
    question = asked.again(Act.REQUEST_HOLD, who, limit=limit)
    decision = decide(agency.rules, question)
    weighed = weigh(agency.rules, question, screen(reason, note_rules()))
    return _write(agency, who, hold, decision, weighed, asked_id=asked_id)


def _write(  # noqa: PLR0913  (all that is recorded, by name)
    agency: Agency,
    who: Person,
    hold: Hold,
    decision: Permit | Denial,
    weighed: Weighed,
    *,
    asked_id: RecordId,
) -> HoldRequested | Forbidden:
    """Record the wish and the decision; keep the hold where the rules allow it.

    A reason that leaves a doubt is no trouble: a supervisor reads it anyway.
    """
    with agency.database.changes() as tx:
        before = holds.standing(tx, hold.case_ref, hold.read_id)
        if before is not None:
            return HoldRequested(hold_id=before, case_ref=hold.case_ref, again=True)
        recorded = agency.record(
            tx,
            Draft(
                kind=RecordKind.HOLD_REQUESTED,
                at=hold.requested_at,
                public={
                    **decision_fields(decision),
                    **weighed.fields,
                    "asked": int(asked_id),
                    "days": (hold.ends_at - hold.requested_at).days,
                },
                private={
                    "person": str(who.person_id),
                    "roles": sorted(role.value for role in who.roles),
                    "hold": str(hold.hold_id),
                    "case_ref": hold.case_ref,
                    "reason": hold.reason,
                },
            ),
        )
        if isinstance(decision, Denial):
            return Forbidden(recorded=recorded.record_id, because=decision.because)
        if weighed.verdict is Verdict.BLOCK:
            flags.hoist(
                tx,
                FlagKind.NOTE_BLOCKED,
                str(recorded.record_id),
                flag_id=agency.new_id(),
                about=who.person_id,
                record_id=recorded.record_id,
                at=hold.requested_at,
            )
        if weighed.verdict in {Verdict.BLOCK, Verdict.VAGUE}:
            return Forbidden(recorded=recorded.record_id, because=weighed.because)
        holds.add(tx, hold)
    return HoldRequested(hold_id=hold.hold_id, case_ref=hold.case_ref, again=False)


def _look(
    agency: Agency,
    asked: Asked,
    *,
    permit: Permit,
    receipt: LogReceipt,
    read_id: ReadId,
) -> Sighting | None:
    with agency.database.looks() as tx:
        return searches.one(
            tx,
            permit=permit,
            logged=receipt,
            search=asked.search,
            read_id=read_id,
            not_before=agency.retention.not_before(agency.clock()),
        )
