"""See what is held for a case; that somebody looked is recorded first.

A hold of one read shows it, as the search did that found it. A hold of a span shows what
it names and how far it has come: its reads are seen by `search_held` alone.
"""

from datetime import datetime, timedelta

import attrs

from charteroak.core.codes import Ground
from charteroak.core.hold import HeldRead, Hold, HoldId, HoldState, NotAllowed
from charteroak.core.hold_span import HoldSpan
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import Act, Person
from charteroak.core.plate import PlateText
from charteroak.core.policy import Denial, Permit, decide, request
from charteroak.core.sealed import LogReceipt
from charteroak.core.search_record import decision_fields
from charteroak.server.agency import Agency
from charteroak.server.store import (
    cameras,
    held_reads,
    hold_papers,
    hold_spans,
    holds,
    span_reads,
)
from charteroak.server.store.database import Changes
from charteroak.server.store.held_reads import Copies
from charteroak.server.store.hold_papers import FiledPaper
from charteroak.server.store.hold_spans import SpanRow
from charteroak.server.store.holds import CaseLine
from charteroak.server.vault.pictures import PictureBrokenError, PictureGoneError


@attrs.frozen(kw_only=True)
class SpanSeen:
    """What a hold of a span names, and how far its copying has come.

    Attributes:
        cameras: names of those that it is limited to; empty for all.
        by_plate: whether it is of certain plates.
        plates: those, as whoever asked named them: no read is told by that. Empty where
            the vault cannot open them any more.
        gone: how much of the period was too old when it was approved, or is by now.
        copied: how many reads are kept; None where plates are named.
        expected: how many there were when copying began; None while it waits, and where
            plates are named.
        there_now: while it waits, how many reads its approval would keep; None where
            plates are named.
        whole: whether all that there was is copied.
        ahead: how much of the period has still to come.
    """

    cameras: tuple[str, ...]
    by_plate: bool
    plates: tuple[PlateText, ...]
    since: datetime
    until: datetime
    gone: timedelta
    copied: int | None
    expected: int | None
    there_now: int | None
    whole: bool
    ahead: timedelta


@attrs.frozen(kw_only=True, repr=False)
class HoldLine:
    """A hold with what it keeps.

    Attributes:
        held: the copy; None while it waits, once it is deleted, and for a span.
        paper: what it stands on; None: the active case itself.
        span: None: one read.
        may_approve: whether the person who looks may approve it.
        may_extend: whether they may approve the later end that somebody asks for.
        may_end: whether they may end it.
    """

    hold: Hold
    state: HoldState
    held: HeldRead | None
    paper: FiledPaper | None
    span: SpanSeen | None
    may_approve: bool
    may_extend: bool
    may_end: bool


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
        receipt = agency.record(
            tx,
            Draft(
                kind=RecordKind.CASE_SEEN,
                at=agency.clock(),
                public={"holds": len(allowed)},
                private={"person": str(who.person_id), "case_ref": case_ref},
            ),
        )
    with agency.database.changes() as tx:
        kept = _what_is_kept(tx, [hold.hold_id for hold in allowed])
    permits = {hold.hold_id: said for hold, said in decided if isinstance(said, Permit)}
    waits = [
        hold.hold_id
        for hold in allowed
        if hold.approved_at is None and hold.stands(agency.clock())
    ]
    kept = attrs.evolve(
        kept,
        there={
            each: _there_now(agency, kept.spans[each], permits[each], receipt)
            for each in waits
            if each in kept.spans and not kept.spans[each].by_plate
        },
    )
    return CaseSeen(
        case_ref=case_ref,
        lines=tuple(_line(agency, who, hold, kept) for hold in allowed),
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
    if hold is None or not hold.stands(agency.clock()) or not copies:
        return HeldPictureGone()
    if hold.read_id is None:
        # What nobody has looked into is seen by a search of it, and not one by one.
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


@attrs.frozen(kw_only=True, repr=False)
class _Kept:
    reads: dict[HoldId, HeldRead]
    copies: dict[HoldId, Copies]
    papers: dict[HoldId, FiledPaper]
    spans: dict[HoldId, SpanRow]
    cameras: dict[str, str]
    there: dict[HoldId, int]


def _what_is_kept(tx: Changes, ids: list[HoldId]) -> _Kept:
    spans = hold_spans.of(tx, ids)
    singles = [each for each in ids if each not in spans]
    return _Kept(
        reads={held.hold_id: held for held in held_reads.kept(tx, singles)},
        copies=held_reads.copies(tx, list(spans)),
        papers=hold_papers.of(tx, ids),
        spans=spans,
        cameras={each.camera_id: each.name for each in cameras.everything(tx)}
        if spans
        else {},
        there={},
    )


def _there_now(
    agency: Agency, row: SpanRow, permit: Permit, receipt: LogReceipt
) -> int:
    """How many reads an approval would keep now: a count of cameras names nobody."""
    span = HoldSpan(since=row.since, until=row.until, cameras=row.cameras)
    with agency.database.looks() as tx:
        return span_reads.count(
            tx,
            permit=permit,
            logged=receipt,
            span=span,
            not_before=agency.retention.not_before(agency.clock()),
        ).reads


def _line(agency: Agency, who: Person, hold: Hold, kept: _Kept) -> HoldLine:
    now = agency.clock()
    row, held = kept.spans.get(hold.hold_id), kept.reads.get(hold.hold_id)
    if not hold.stands(now):
        state, held = HoldState.ENDED, None
    elif hold.unfinished:
        state = HoldState.UNFINISHED
    elif held is not None or (row is not None and row.walked_at is not None):
        state = HoldState.KEPT
    elif hold.approved_at is not None:
        state = HoldState.APPROVED
    else:
        state = HoldState.REQUESTED
    # A span that is being copied needs nobody: the worker goes on with it.
    waits = state is HoldState.REQUESTED or (
        state is HoldState.APPROVED and row is None
    )
    approves = isinstance(_decide(agency, who, Act.APPROVE_HOLD, hold), Permit)
    return HoldLine(
        hold=hold,
        state=state,
        held=held,
        paper=kept.papers.get(hold.hold_id),
        span=None if row is None else _span(agency, row, kept, state),
        may_approve=waits and hold.requested_by != who.person_id and approves,
        may_extend=hold.extension is not None
        and state is not HoldState.ENDED
        and hold.extension.asked_by != who.person_id
        and approves,
        may_end=hold.ground is Ground.ACTIVE_CASE
        or hold.approved_at is None
        or who.may(Act.APPROVE_HOLD),
    )


def _span(agency: Agency, row: SpanRow, kept: _Kept, state: HoldState) -> SpanSeen:
    now = agency.clock()
    not_before = row.kept_from or agency.retention.not_before(now)
    copies = kept.copies.get(row.hold_id)
    return SpanSeen(
        cameras=tuple(kept.cameras.get(each, each) for each in sorted(row.cameras)),
        by_plate=row.by_plate,
        plates=_plates(agency, row, state),
        since=row.since,
        until=row.until,
        gone=max(timedelta(0), min(row.until, not_before) - row.since),
        copied=None if row.by_plate else (copies.reads if copies else 0),
        expected=row.expected,
        there_now=kept.there.get(row.hold_id),
        whole=state is HoldState.KEPT,
        ahead=max(timedelta(0), row.until - max(now, row.since)),
    )


def _plates(agency: Agency, row: SpanRow, state: HoldState) -> tuple[PlateText, ...]:
    if not row.plates or state is HoldState.ENDED:
        return ()
    try:
        named = agency.pictures.fetch(row.plates).decode()
    except (PictureBrokenError, PictureGoneError):
        return ()
    return tuple(PlateText(each) for each in named.split("\n"))


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
