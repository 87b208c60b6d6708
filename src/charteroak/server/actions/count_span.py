"""Count what a hold would keep, before anybody asks for it; nothing is shown."""

from datetime import datetime, timedelta

import attrs

from charteroak.core.hold_span import HoldSpan, days_of
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import Act, Person
from charteroak.core.policy import Denial, Permit, decide, request
from charteroak.core.sealed import Sealed
from charteroak.core.search import Purpose
from charteroak.core.search_answer import Forbidden, ReadGone
from charteroak.core.search_record import decision_fields
from charteroak.server.agency import Agency
from charteroak.server.store import span_reads


@attrs.frozen(kw_only=True)
class SpanCounted:
    """How much there is of a span, as far as that may be told.

    Attributes:
        reads: None where plates are named: how often a car was seen is a search.
        cameras: of how many cameras; 0 where plates are named.
        gone: how much of the period is too old, and is kept by nothing.
        ahead: how much of it has still to come.
    """

    reads: int | None
    cameras: int
    gone: timedelta
    ahead: timedelta


def count_span(
    agency: Agency, who: Person, span: HoldSpan, *, case_ref: str, purpose: Purpose
) -> Sealed[SpanCounted | Forbidden | ReadGone]:
    """Count the reads of a span, where the rules allow that a hold is asked for.

    The question and the decision are in the log before anything is counted.

    Args:
        agency: whose reads.
        who: asks.
        span: what would be kept.
        case_ref: whose case it is for.
        purpose: of the case.
    """
    now = agency.clock()
    not_before = agency.retention.not_before(now)
    decision = decide(
        agency.rules,
        request(
            Act.REQUEST_HOLD,
            who,
            custodian=agency.profile.custodian,
            purpose=purpose,
            case_ref=case_ref,
            since=max(span.since, not_before),
            at=now,
            limit=agency.profile.read_limit,
        ),
    )
    gone = span.gone(not_before)
    with agency.database.changes() as tx:
        recorded = agency.record(
            tx, _draft(who, span, decision, case_ref=case_ref, gone=gone, at=now)
        )
    if isinstance(decision, Denial):
        forbidden = Forbidden(recorded=recorded.record_id, because=decision.because)
        return Sealed(forbidden, until=recorded)
    if span.until <= not_before:
        return Sealed(ReadGone(), until=recorded)
    ahead = max(timedelta(0), span.until - max(now, span.since))
    if span.plates:
        counted = SpanCounted(reads=None, cameras=0, gone=gone, ahead=ahead)
        return Sealed(counted, until=recorded)
    with agency.database.looks() as looks:
        found = span_reads.count(
            looks, permit=decision, logged=recorded, span=span, not_before=not_before
        )
    return Sealed(
        SpanCounted(reads=found.reads, cameras=found.cameras, gone=gone, ahead=ahead),
        until=recorded,
    )


def _draft(  # noqa: PLR0913  (what is recorded, by name)
    who: Person,
    span: HoldSpan,
    decision: Permit | Denial,
    *,
    case_ref: str,
    gone: timedelta,
    at: datetime,
) -> Draft:
    return Draft(
        kind=RecordKind.HOLD_COUNTED,
        at=at,
        public={
            **decision_fields(decision),
            "cameras": len(span.cameras),
            "plates": len(span.plates),
            "gone_days": days_of(gone),
        },
        private={
            "person": str(who.person_id),
            "roles": sorted(role.value for role in who.roles),
            "case_ref": case_ref,
            "span_cameras": [str(each) for each in sorted(span.cameras)],
            "span_plates": [plate.glyphs for plate in span.plates],
            "since": span.since.isoformat(),
            "until": span.until.isoformat(),
        },
    )
