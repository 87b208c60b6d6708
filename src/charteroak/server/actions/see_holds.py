"""See which holds stand, and when each ends; shows no read."""

import attrs

from charteroak.core.hold import SOON, Hold, NotAllowed
from charteroak.core.people import Act, Person
from charteroak.server.agency import Agency
from charteroak.server.store import held_reads, hold_spans, holds


@attrs.frozen(kw_only=True)
class StandingHold:
    """A hold that has not ended.

    Attributes:
        reads: how many it keeps; None where plates are named: that is a search.
        span: whether it is of a span.
        soon: whether it ends within `core.hold.SOON`.
    """

    hold: Hold
    reads: int | None
    span: bool
    soon: bool


def see_holds(agency: Agency, who: Person) -> list[StandingHold] | NotAllowed:
    """All holds that stand, the one that ends first at the top."""
    if not who.may(Act.REQUEST_HOLD):
        return NotAllowed()
    now = agency.clock()
    with agency.database.changes() as tx:
        found = holds.all_standing(tx, at=now)
        ids = [each.hold_id for each in found]
        copies = held_reads.copies(tx, ids)
        spans = hold_spans.of(tx, ids)
    lines = []
    for hold in found:
        span = spans.get(hold.hold_id)
        kept = copies.get(hold.hold_id)
        told = span is None or not span.by_plate
        lines.append(
            StandingHold(
                hold=hold,
                reads=(kept.reads if kept else 0) if told else None,
                span=span is not None,
                soon=hold.ends_at - now < SOON,
            )
        )
    return lines
