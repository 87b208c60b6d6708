"""Trust a box no longer."""

from uuid import UUID

import attrs

from charteroak.core.alert_review import NotAllowed
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import Act, Person
from charteroak.server.agency import Agency
from charteroak.server.store import boxes


@attrs.frozen
class Revoked:
    """From now on nothing is taken from the box."""


@attrs.frozen
class NoSuchBox:
    """There is no such box, or it was revoked before."""


def revoke_box(
    agency: Agency, who: Person, box_id: UUID
) -> Revoked | NoSuchBox | NotAllowed:
    """Take nothing more from a box; what it sent stays."""
    if not who.may(Act.ENROL_BOX):
        return NotAllowed(act=Act.ENROL_BOX)
    now = agency.clock()
    with agency.database.changes() as tx:
        if not boxes.revoke(tx, box_id, at=now):
            return NoSuchBox()
        agency.record(
            tx,
            Draft(
                kind=RecordKind.BOX_REVOKED,
                at=now,
                private={"person": str(who.person_id), "box": str(box_id)},
            ),
        )
    return Revoked()
