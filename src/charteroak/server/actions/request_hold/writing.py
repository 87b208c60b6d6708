"""A wish for a hold, written down: the record first, then the hold, then its papers."""

from collections.abc import Mapping
from datetime import timedelta

import attrs

from charteroak.core.codes import Approval
from charteroak.core.flag import FlagKind
from charteroak.core.hold import Hold, HoldId
from charteroak.core.hold_ground import (
    Document,
    HoldPaper,
    UnusableDocumentError,
    ground_of,
    to_hold,
)
from charteroak.core.hold_span import HoldSpan
from charteroak.core.log_record import Draft, RecordKind, Value
from charteroak.core.people import Person
from charteroak.core.policy import Denial, Permit, decide
from charteroak.core.read import Read
from charteroak.core.screening import Verdict
from charteroak.core.search import Purpose
from charteroak.core.search_answer import Forbidden
from charteroak.core.search_check import Weighed
from charteroak.core.search_record import decision_fields
from charteroak.server.agency import Agency
from charteroak.server.flagging import flag_record
from charteroak.server.store import hold_papers, hold_spans, holds
from charteroak.server.store.database import Changes
from charteroak.server.vault.pictures import PicturesUnavailableError


@attrs.frozen(kw_only=True)
class HoldRequested:
    """It waits for a supervisor.

    Attributes:
        again: whether the same read was asked for, for the same case, before.
    """

    hold_id: HoldId
    case_ref: str
    again: bool


@attrs.frozen(kw_only=True, repr=False)
class Wish:
    """A hold that somebody asks for, with all that it stands on.

    Attributes:
        paper: None: the active case itself.
        span: None: one read.
        public: more that is recorded for everybody.
        private: more that is recorded under seal.
    """

    hold: Hold
    paper: HoldPaper | None
    document: Document | None
    span: HoldSpan | None = None
    public: Mapping[str, Value] = attrs.field(factory=dict)
    private: Mapping[str, Value] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        """Check that a paper of a court comes with its document.

        Raises:
            UnusableDocumentError: it does not.
        """
        paper = self.paper
        if paper is not None and paper.needs_document and self.document is None:
            raise UnusableDocumentError("a paper of a court comes with its document")


def asked_hold(  # noqa: PLR0913  (what is asked, by name)
    agency: Agency,
    who: Person,
    *,
    case_ref: str,
    purpose: Purpose,
    paper: HoldPaper | None,
    reason: str,
    keep: timedelta,
    read: Read | None = None,
) -> Hold:
    """A hold as it is asked for, now.

    Args:
        agency: whose.
        who: asks.
        case_ref: for which case.
        purpose: of the case.
        paper: what it stands on; None: the active case itself.
        reason: why the case needs it.
        keep: for how long.
        read: the one that is asked for; None: a span.
    """
    now = agency.clock()
    return Hold(
        hold_id=HoldId(agency.new_id()),
        case_ref=case_ref,
        purpose=purpose,
        ground=ground_of(paper),
        reason=reason,
        read_id=None if read is None else read.read_id,
        seen_at=None if read is None else read.seen_at,
        requested_by=who.person_id,
        requested_at=now,
        approved_by=None,
        approved_at=None,
        ends_at=now + keep,
        ended_at=None,
        requester=who.name,
        approver="",
    )


def write(
    agency: Agency,
    who: Person,
    wish: Wish,
    decision: Permit | Denial,
    weighed: Weighed,
) -> HoldRequested | Forbidden:
    """Record the wish and the decision; keep the hold where the rules allow it.

    A reason that leaves a doubt is no trouble: a supervisor reads it anyway. What goes
    into the vault goes there afterwards: where that breaks off the hold stands
    unfinished, and can only be withdrawn.

    Raises:
        PicturesUnavailableError: the vault took nothing; the hold was ended again.
    """
    hold = wish.hold
    with agency.database.changes() as tx:
        if hold.read_id is not None:
            before = holds.standing(tx, hold.case_ref, hold.read_id)
            if before is not None:
                return HoldRequested(hold_id=before, case_ref=hold.case_ref, again=True)
        recorded = agency.record(tx, requested(who, wish, decision, weighed))
        if isinstance(decision, Denial):
            return Forbidden(recorded=recorded.record_id, because=decision.because)
        if weighed.verdict is Verdict.BLOCK:
            flag_record(
                agency,
                tx,
                FlagKind.NOTE_BLOCKED,
                about=who.person_id,
                recorded=recorded.record_id,
                at=hold.requested_at,
            )
        if weighed.verdict in {Verdict.BLOCK, Verdict.VAGUE}:
            return Forbidden(recorded=recorded.record_id, because=weighed.because)
        if (unfit := _unfit(agency, tx, who, hold)) is not None:
            return unfit
        _add(tx, wish)
    _file(agency, who, wish)
    return HoldRequested(hold_id=hold.hold_id, case_ref=hold.case_ref, again=False)


def requested(
    who: Person, wish: Wish, decision: Permit | Denial, weighed: Weighed
) -> Draft:
    """The record of a wish."""
    hold, paper, document = wish.hold, wish.paper, wish.document
    return Draft(
        kind=RecordKind.HOLD_REQUESTED,
        at=hold.requested_at,
        public={
            **decision_fields(decision),
            **weighed.fields,
            "days": (hold.ends_at - hold.requested_at).days,
            "ground": hold.ground.value,
            **({} if document is None else {"document": document.sha256}),
            **wish.public,
        },
        private={
            "person": str(who.person_id),
            "roles": sorted(role.value for role in who.roles),
            "hold": str(hold.hold_id),
            "case_ref": hold.case_ref,
            "reason": hold.reason,
            **({} if paper is None else _of_paper(paper)),
            **wish.private,
        },
    )


def _of_paper(paper: HoldPaper) -> dict[str, Value]:
    return {
        "paper": paper.title,
        "issuer": paper.issuer,
        "issued_by": paper.issued_by,
        "number": paper.number,
        "dated": paper.dated.isoformat(),
        "party": paper.party,
        "contact": paper.contact,
    }


def _unfit(agency: Agency, tx: Changes, who: Person, hold: Hold) -> Forbidden | None:
    """Refuse a ground that no approval could make good; else leave it to that."""

    def decided(approval: Approval) -> Permit | Denial:
        question = to_hold(
            custodian=agency.profile.custodian,
            case_ref=hold.case_ref,
            ground=hold.ground,
            approval=approval,
            roles=who.roles,
        )
        return decide(agency.rules, question)

    now, later = decided(Approval.NONE), decided(Approval.GIVEN)
    if isinstance(now, Permit) or isinstance(later, Permit):
        return None
    recorded = agency.record(
        tx,
        Draft(
            kind=RecordKind.HOLD_DECIDED,
            at=hold.requested_at,
            public=decision_fields(now),
            private={
                "person": str(who.person_id),
                "roles": sorted(role.value for role in who.roles),
                "hold": str(hold.hold_id),
                "case_ref": hold.case_ref,
            },
        ),
    )
    # Not "ask a supervisor": that would not help.
    return Forbidden(recorded=recorded.record_id, because=later.because)


def _add(tx: Changes, wish: Wish) -> None:
    files = wish.document is not None or bool(wish.span and wish.span.plates)
    holds.add(tx, attrs.evolve(wish.hold, unfinished=files))
    if wish.paper is not None:
        hold_papers.add(tx, wish.hold.hold_id, wish.paper, wish.document)
    if wish.span is not None:
        hold_spans.add(tx, wish.hold.hold_id, wish.span)


def _file(agency: Agency, who: Person, wish: Wish) -> None:
    """Put the document and the plates into the vault, under the key of the hold."""
    hold_id = wish.hold.hold_id
    plates = wish.span.plates if wish.span is not None else ()
    if wish.document is None and not plates:
        return
    try:
        document = (
            agency.pictures.keep(hold_id, [wish.document.content])[0]
            if wish.document is not None
            else ""
        )
        named = (
            agency.pictures.keep(
                hold_id, ["\n".join(each.glyphs for each in plates).encode()]
            )[0]
            if plates
            else ""
        )
    except PicturesUnavailableError:
        _take_back(agency, who, wish.hold)
        raise
    with agency.database.changes() as tx:
        if document:
            hold_papers.filed(tx, hold_id, document)
        if named:
            hold_spans.filed(tx, hold_id, named)
        holds.finished(tx, hold_id)


def _take_back(agency: Agency, who: Person, hold: Hold) -> None:
    now = agency.clock()
    with agency.database.changes() as tx:
        holds.end(tx, hold.hold_id, at=now)
        agency.record(
            tx,
            Draft(
                kind=RecordKind.HOLD_ENDED,
                at=now,
                public={"why": "not_filed"},
                private={
                    "person": str(who.person_id),
                    "hold": str(hold.hold_id),
                    "case_ref": hold.case_ref,
                },
            ),
        )
