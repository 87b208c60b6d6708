"""Approve or reject a search that waits for a second person."""

import attrs

from charteroak.core.hold import NotAllowed, SamePerson
from charteroak.core.log_record import Draft, RecordId, RecordKind
from charteroak.core.people import Act, Person
from charteroak.core.second_person import NotWaiting
from charteroak.server.agency import Agency
from charteroak.server.store import waiting


@attrs.frozen(kw_only=True)
class SearchDecided:
    """It was decided; whoever asked may open the results, or may not."""

    approved: bool


def decide_search(
    agency: Agency, who: Person, asked: RecordId, *, approve: bool, reason: str
) -> SearchDecided | NotWaiting | SamePerson | NotAllowed:
    """Write down what a second person says to a search; nothing is looked up yet.

    Args:
        agency: whose reads.
        who: decides; never who asked.
        asked: number of the record in which the search stands.
        approve: or reject.
        reason: see `core.hold.parse_reason`.
    """
    if not who.may(Act.OVERSEE_SEARCHES):
        return NotAllowed()
    now = agency.clock()
    with agency.database.changes() as tx:
        ticket = waiting.find_to_change(tx, asked)
        if ticket is None or not ticket.decidable(now):
            return NotWaiting()
        if ticket.asked_by == who.person_id:
            return SamePerson()
        agency.record(
            tx,
            Draft(
                kind=RecordKind.SEARCH_APPROVED
                if approve
                else RecordKind.SEARCH_REJECTED,
                at=now,
                public={
                    "asked": int(asked),
                    "purpose": str(ticket.purpose),
                    "note_rule": ticket.note_rule,
                },
                private={
                    "person": str(who.person_id),
                    "roles": sorted(role.value for role in who.roles),
                    "asker": str(ticket.asked_by),
                    "reason": reason,
                },
            ),
        )
        waiting.decide(tx, asked, by=who.person_id, at=now, approved=approve)
    return SearchDecided(approved=approve)
