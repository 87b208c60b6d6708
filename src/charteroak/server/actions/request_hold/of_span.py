"""Ask that a span of reads be kept without anybody looking at it."""

from datetime import datetime, timedelta

from charteroak.core.hold import Hold
from charteroak.core.hold_ground import Document, HoldPaper
from charteroak.core.hold_span import HoldSpan, days_of
from charteroak.core.people import Act, Person
from charteroak.core.policy import Denial, Request, decide, request
from charteroak.core.screening import screen
from charteroak.core.search import Purpose
from charteroak.core.search_answer import Forbidden, ReadGone
from charteroak.core.search_check import weigh
from charteroak.law.screening import note_rules
from charteroak.server.actions.request_hold.writing import (
    HoldRequested,
    Wish,
    asked_hold,
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
        UnusableDocumentError: a paper of a court came without its document.
    """
    not_before = agency.retention.not_before(agency.clock())
    question = _question(
        agency, who, span, case_ref=case_ref, purpose=purpose, not_before=not_before
    )
    decision = decide(agency.rules, question)
    weighed = weigh(agency.rules, question, screen(reason, note_rules()))
    weighed = weighed.beside(agency.cases.standing(case_ref))
    hold = asked_hold(
        agency,
        who,
        case_ref=case_ref,
        purpose=purpose,
        paper=paper,
        reason=reason,
        keep=keep,
    )
    wish = _wish(hold, span, paper, document, not_before=not_before)
    if span.until <= not_before and not isinstance(decision, Denial):
        with agency.database.changes() as tx:
            agency.record(tx, requested(who, wish, decision, weighed))
        return ReadGone()
    return write(agency, who, wish, decision, weighed)


def _question(  # noqa: PLR0913  (what is asked, by name)
    agency: Agency,
    who: Person,
    span: HoldSpan,
    *,
    case_ref: str,
    purpose: Purpose,
    not_before: datetime,
) -> Request:
    now = agency.clock()
    return request(
        Act.REQUEST_HOLD,
        who,
        custodian=agency.profile.custodian,
        purpose=purpose,
        case_ref=case_ref,
        # What is due is not looked at, so the look reaches no further than this.
        since=min(now, max(span.since, not_before)),
        at=now,
        limit=agency.profile.read_limit,
    )


def _wish(
    hold: Hold,
    span: HoldSpan,
    paper: HoldPaper | None,
    document: Document | None,
    *,
    not_before: datetime,
) -> Wish:
    return Wish(
        hold=hold,
        paper=paper,
        document=document,
        span=span,
        public={
            "cameras": len(span.cameras),
            "plates": len(span.plates),
            "span_days": days_of(span.until - span.since),
            "gone_days": days_of(span.gone(not_before)),
        },
        private={
            "span_cameras": [str(camera) for camera in sorted(span.cameras)],
            "span_plates": [plate.glyphs for plate in span.plates],
            "since": span.since.isoformat(),
            "until": span.until.isoformat(),
        },
    )
