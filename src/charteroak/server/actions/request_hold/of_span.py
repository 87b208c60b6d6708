"""Ask that a span of reads be kept without anybody looking at it."""

from datetime import timedelta

from charteroak.core.hold import Hold, HoldId
from charteroak.core.hold_ground import Document, HoldPaper, ground_of
from charteroak.core.hold_span import HoldSpan, days_of
from charteroak.core.people import Act, Person
from charteroak.core.policy import Denial, decide, request
from charteroak.core.screening import screen
from charteroak.core.search import Purpose
from charteroak.core.search_answer import Forbidden, ReadGone
from charteroak.core.search_check import weigh
from charteroak.law.screening import note_rules
from charteroak.server.actions.request_hold.writing import (
    HoldRequested,
    Wish,
    requested,
    write,
)
from charteroak.server.agency import Agency


def request_span(  # noqa: PLR0913  (what is asked, by name)
    agency: Agency,
    who: Person,
    span: HoldSpan,
    *,
    case_ref: str,
    purpose: Purpose,
    reason: str,
    keep: timedelta,
    paper: HoldPaper | None = None,
    document: Document | None = None,
) -> HoldRequested | Forbidden | ReadGone:
    """Write down the wish, with the decision of the rules about it; nothing is shown.

    What is due is not kept: the record says for how many days of the span it is too
    late. Where that is all of it, nothing is asked of a supervisor.

    Args:
        agency: whose reads.
        who: asks.
        span: what is to be kept.
        case_ref: whose case it is for, as `core.search.parse_case` spells it.
        purpose: of the case.
        reason: see `core.hold.parse_reason`.
        keep: for how long; see `core.hold.parse_span`.
        paper: what it stands on; None: the active case itself.
        document: the paper as a file; a court's must come with it.

    Raises:
        PicturesUnavailableError: document or plates could not be kept; ask again.
    """
    now = agency.clock()
    not_before = agency.retention.not_before(now)
    question = request(
        Act.REQUEST_HOLD,
        who,
        custodian=agency.profile.custodian,
        purpose=purpose,
        case_ref=case_ref,
        # What is due is not looked at, so the look reaches no further than this.
        since=max(span.since, not_before),
        at=now,
        limit=agency.profile.read_limit,
    )
    decision = decide(agency.rules, question)
    weighed = weigh(agency.rules, question, screen(reason, note_rules()))
    weighed = weighed.beside(agency.cases.standing(case_ref))
    gone = span.gone(not_before)
    wish = Wish(
        hold=Hold(
            hold_id=HoldId(agency.new_id()),
            case_ref=case_ref,
            purpose=purpose,
            ground=ground_of(paper),
            reason=reason,
            read_id=None,
            seen_at=None,
            requested_by=who.person_id,
            requested_at=now,
            approved_by=None,
            approved_at=None,
            ends_at=now + keep,
            ended_at=None,
            requester=who.name,
            approver="",
        ),
        paper=paper,
        document=document,
        span=span,
        public={
            "cameras": len(span.cameras),
            "plates": len(span.plates),
            "span_days": days_of(span.until - span.since),
            "gone_days": days_of(gone),
        },
        private={
            "span_cameras": [str(camera) for camera in sorted(span.cameras)],
            "span_plates": [plate.glyphs for plate in span.plates],
            "since": span.since.isoformat(),
            "until": span.until.isoformat(),
        },
    )
    if span.until <= not_before and not isinstance(decision, Denial):
        with agency.database.changes() as tx:
            agency.record(tx, requested(who, wish, decision, weighed))
        return ReadGone()
    return write(agency, who, wish, decision, weighed)
