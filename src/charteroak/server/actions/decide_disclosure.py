"""Approve that a request is answered, or turn it down: the second person."""

import attrs

from charteroak.core.disclosure import (
    Disclosure,
    NoSuchDisclosure,
    Refusal,
    Stage,
)
from charteroak.core.hold import NotAllowed, SamePerson
from charteroak.core.log_record import RecordId
from charteroak.core.people import Act, Person
from charteroak.server import leaving
from charteroak.server.agency import Agency
from charteroak.server.leaving import Stands
from charteroak.server.store import disclosures
from charteroak.server.store.database import Changes


@attrs.frozen(kw_only=True)
class DisclosureApproved:
    """It can be released; it is decided once more before anything is looked up."""


def decide_disclosure(
    agency: Agency, who: Person, number: RecordId, *, approve: bool, reason: str
) -> DisclosureApproved | Refusal | NoSuchDisclosure | SamePerson | NotAllowed:
    """Write down what the second person says; the rules are asked again first.

    No approval makes allowed what the rules refuse by now: a declaration that has ended
    since, or a switch that was turned, refuses it here.

    Args:
        agency: whose reads.
        who: decides; never who entered it.
        number: of the request.
        approve: or turn down.
        reason: see `core.hold.parse_reason`.
    """
    if not who.may(Act.APPROVE_DISCLOSURE):
        return NotAllowed()
    details = leaving.details_of(agency, number)
    if isinstance(details, NoSuchDisclosure):
        return details
    with agency.database.changes() as tx:
        asked = disclosures.find_to_change(tx, number)
        if asked is None or asked.stage is not Stage.WAITING:
            return NoSuchDisclosure()
        if asked.entered_by == who.person_id:
            return SamePerson()
        stands = leaving.stand_now(agency, tx, who, asked)
        approved = approve and stands.why is None
        _record(agency, tx, who, asked, stands, approved=approved, reason=reason)
        if not approved:
            return leaving.refuse(
                agency, tx, who, asked, details, stands, reason=reason
            )
        disclosures.approve(tx, number, by=who.person_id, at=agency.clock())
    return DisclosureApproved()


def _record(  # noqa: PLR0913  (all that is recorded, by name)
    agency: Agency,
    tx: Changes,
    who: Person,
    asked: Disclosure,
    stands: Stands,
    *,
    approved: bool,
    reason: str,
) -> None:
    agency.record(
        tx,
        leaving.draft(
            agency,
            who,
            stands.decision,
            "approved",
            public={"asked": int(asked.number), "approved": approved},
            private={"clerk": str(asked.entered_by), "reason": reason},
        ),
    )
