"""End a case: all its holds end, and what they keep is deleted with the next purge."""

import attrs

from charteroak.core.hold import Hold, NotAllowed
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import Act, Person
from charteroak.server.agency import Agency
from charteroak.server.store import held_reads, hold_spans, holds


@attrs.frozen(kw_only=True)
class HoldToEnd:
    """A hold that ends with its case.

    Attributes:
        reads: how many go with it; None where plates are named: that is a search.
    """

    hold: Hold
    reads: int | None


@attrs.frozen(kw_only=True)
class CaseEnds:
    """What ending a case would delete; nothing is done yet.

    Attributes:
        lines: the hold that ends first at the top; empty where none stands.
    """

    case_ref: str
    lines: tuple[HoldToEnd, ...]


@attrs.frozen(kw_only=True)
class CaseEnded:
    """The case has ended, with so many holds."""

    case_ref: str
    holds: int


def look_at_end(agency: Agency, who: Person, case_ref: str) -> CaseEnds | NotAllowed:
    """What ending a case would delete; shows no read."""
    if not who.may(Act.APPROVE_HOLD):
        return NotAllowed()
    with agency.database.changes() as tx:
        found = holds.of_case_to_end(tx, case_ref)
        ids = [each.hold_id for each in found]
        copies = held_reads.copies(tx, ids)
        spans = hold_spans.of(tx, ids)
    lines = []
    for hold in found:
        span, kept = spans.get(hold.hold_id), copies.get(hold.hold_id)
        told = span is None or not span.by_plate
        reads = (kept.reads if kept else 0) if told else None
        lines.append(HoldToEnd(hold=hold, reads=reads))
    return CaseEnds(case_ref=case_ref, lines=tuple(lines))


def end_case(
    agency: Agency, who: Person, case_ref: str, *, named: str
) -> CaseEnded | CaseEnds | NotAllowed:
    """End every hold of a case; a supervisor does, because evidence goes for good.

    Args:
        agency: whose.
        who: ends it.
        case_ref: which.
        named: its number as the person typed it; where it is wrong nothing is done.

    Returns:
        What would be deleted, where the case was not named or has no hold.
    """
    if not who.may(Act.APPROVE_HOLD):
        return NotAllowed()
    now = agency.clock()
    if named.strip().upper() != case_ref.upper():
        return look_at_end(agency, who, case_ref)
    with agency.database.changes() as tx:
        found = holds.of_case_to_end(tx, case_ref)
        if not found:
            return CaseEnds(case_ref=case_ref, lines=())
        private = {"person": str(who.person_id), "case_ref": case_ref}
        agency.record(
            tx,
            Draft(
                kind=RecordKind.CASE_ENDED,
                at=now,
                public={"holds": len(found)},
                private=private,
            ),
        )
        for each in found:
            holds.end(tx, each.hold_id, at=now)
            agency.record(
                tx,
                Draft(
                    kind=RecordKind.HOLD_ENDED,
                    at=now,
                    public={"why": "case_ended"},
                    private={**private, "hold": str(each.hold_id)},
                ),
            )
    return CaseEnded(case_ref=case_ref, holds=len(found))
