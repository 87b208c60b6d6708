"""Ask that a hold ends later; a supervisor decides before it ends."""

from datetime import timedelta

import attrs

from charteroak.core.hold import Extension, Hold, HoldId, NoSuchHold
from charteroak.core.log_record import Draft, RecordKind, Value
from charteroak.core.people import Act, Person
from charteroak.core.policy import Denial, decide, request
from charteroak.core.screening import Verdict, screen
from charteroak.core.search_answer import Forbidden
from charteroak.core.search_check import weigh
from charteroak.core.search_record import decision_fields
from charteroak.law.screening import note_rules
from charteroak.server.agency import Agency
from charteroak.server.store import holds


@attrs.frozen(kw_only=True)
class ExtensionRequested:
    """It waits for a supervisor; until then the hold ends on its old day."""

    case_ref: str


def request_extension(
    agency: Agency, who: Person, hold_id: HoldId, *, reason: str, span: timedelta
) -> ExtensionRequested | Forbidden | NoSuchHold:
    """Write down the wish, with the decision of the rules; the last wish counts.

    Args:
        agency: whose.
        who: asks.
        hold_id: a hold that was approved and has not ended.
        reason: why the case still needs it; see `core.hold.parse_reason`.
        span: how much later it would end; see `core.hold.parse_span`.
    """
    now = agency.clock()
    with agency.database.changes() as tx:
        hold = holds.find_to_change(tx, hold_id)
        if hold is None or hold.approved_at is None or not hold.stands(now):
            return NoSuchHold()
        question = request(
            Act.REQUEST_HOLD,
            who,
            custodian=agency.profile.custodian,
            purpose=hold.purpose,
            case_ref=hold.case_ref,
            since=hold.requested_at,
            at=hold.requested_at,
            limit=agency.profile.read_limit,
        )
        decision = decide(agency.rules, question)
        weighed = weigh(agency.rules, question, screen(reason, note_rules()))
        draft = Draft(
            kind=RecordKind.HOLD_EXTENSION_REQUESTED,
            at=now,
            public={**decision_fields(decision), **weighed.fields, "days": span.days},
            private={**_whose(who, hold), "reason": reason},
        )
        recorded = agency.record(tx, draft)
        if isinstance(decision, Denial):
            return Forbidden(recorded=recorded.record_id, because=decision.because)
        if weighed.verdict in {Verdict.BLOCK, Verdict.VAGUE}:
            return Forbidden(recorded=recorded.record_id, because=weighed.because)
        holds.ask_to_extend(
            tx,
            hold_id,
            Extension(
                to=hold.ends_at + span,
                reason=reason,
                asked_by=who.person_id,
                asked_at=now,
                asker=who.name,
            ),
        )
    return ExtensionRequested(case_ref=hold.case_ref)


def _whose(who: Person, hold: Hold) -> dict[str, Value]:
    return {
        "person": str(who.person_id),
        "roles": sorted(role.value for role in who.roles),
        "hold": str(hold.hold_id),
        "case_ref": hold.case_ref,
    }
