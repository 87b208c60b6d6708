"""Approve that a hold ends later; decided again, by the rules that are in force now."""

from datetime import datetime

import attrs

from charteroak.core.codes import Approval
from charteroak.core.hold import Hold, HoldId, NoSuchHold, SamePerson
from charteroak.core.hold_ground import to_hold
from charteroak.core.log_record import Draft, RecordKind, Value
from charteroak.core.people import Act, Person
from charteroak.core.policy import Denial, Request, decide, request
from charteroak.core.search_answer import Forbidden
from charteroak.core.search_record import decision_fields
from charteroak.server.agency import Agency
from charteroak.server.store import holds


@attrs.frozen(kw_only=True)
class HoldExtended:
    """The hold ends later now."""

    case_ref: str
    ends_at: datetime


@attrs.frozen(kw_only=True)
class ExtensionChanged:
    """Another later end is asked for by now than the one that was shown."""

    case_ref: str


def extend_hold(
    agency: Agency, who: Person, hold_id: HoldId, *, shown: str
) -> ExtensionChanged | HoldExtended | Forbidden | NoSuchHold | SamePerson:
    """Approve what somebody else asked for, before the hold has ended.

    That this person may approve, and that reads may be kept on this ground, are both
    decided and recorded again: a law that changed since is not kept waiting.

    Args:
        agency: whose.
        who: approves.
        hold_id: the hold.
        shown: the `Extension.mark` of what they saw; nothing else is approved.
    """
    now = agency.clock()
    with agency.database.changes() as tx:
        hold = holds.find_to_change(tx, hold_id)
        if hold is None or hold.extension is None or not hold.stands(now):
            return NoSuchHold()
        if hold.extension.asked_by == who.person_id:
            return SamePerson()
        if hold.extension.mark != shown:
            return ExtensionChanged(case_ref=hold.case_ref)
        private: dict[str, Value] = {
            "person": str(who.person_id),
            "roles": sorted(role.value for role in who.roles),
            "hold": str(hold_id),
            "case_ref": hold.case_ref,
        }
        for kind, question in _questions(agency, who, hold):
            decision = decide(agency.rules, question)
            recorded = agency.record(
                tx,
                Draft(
                    kind=kind,
                    at=now,
                    public=decision_fields(decision),
                    private=private,
                ),
            )
            if isinstance(decision, Denial):
                return Forbidden(recorded=recorded.record_id, because=decision.because)
        ends_at = hold.extension.to
        holds.extend(tx, hold_id, to=ends_at)
        agency.record(
            tx,
            Draft(
                kind=RecordKind.HOLD_EXTENDED,
                at=now,
                public={"days": (ends_at - hold.ends_at).days},
                private={key: private[key] for key in ("person", "hold", "case_ref")},
            ),
        )
    return HoldExtended(case_ref=hold.case_ref, ends_at=ends_at)


def _questions(
    agency: Agency, who: Person, hold: Hold
) -> tuple[tuple[RecordKind, Request], ...]:
    """May this person approve, and may reads be kept on this ground?"""
    approves = request(
        Act.APPROVE_HOLD,
        who,
        custodian=agency.profile.custodian,
        purpose=hold.purpose,
        case_ref=hold.case_ref,
        since=hold.requested_at,
        at=hold.requested_at,
        limit=agency.profile.read_limit,
    )
    keeps = to_hold(
        custodian=agency.profile.custodian,
        case_ref=hold.case_ref,
        ground=hold.ground,
        approval=Approval.GIVEN,
        roles=who.roles,
    )
    return (
        (RecordKind.HOLD_APPROVED, approves),
        (RecordKind.HOLD_DECIDED, keeps),
    )
