"""Bind an emergency search to the case that it belongs to."""

import attrs

from charteroak.core.case_file import CaseStanding
from charteroak.core.emergency import NoSuchEmergency
from charteroak.core.hold import NotAllowed
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import Act, Person
from charteroak.server.agency import Agency
from charteroak.server.store import emergencies


@attrs.frozen(kw_only=True)
class EmergencyBound:
    """It is bound; what was held for it belongs to the case."""

    case_ref: str


@attrs.frozen(kw_only=True)
class CaseNotKnown:
    """The records system knows no such case, so nothing was bound to it."""


def bind_emergency(
    agency: Agency, who: Person, reference: str, *, case_ref: str
) -> EmergencyBound | CaseNotKnown | NoSuchEmergency | NotAllowed:
    """Name the case of an emergency: whoever searched, or a supervisor; late as well.

    Args:
        agency: whose.
        who: names the case.
        reference: what stood for the case number.
        case_ref: the number, as `core.search.parse_case` spells it.
    """
    now = agency.clock()
    standing = agency.cases.standing(case_ref)
    with agency.database.changes() as tx:
        emergency = emergencies.find_to_change(tx, reference)
        if emergency is None or emergency.case_ref is not None:
            return NoSuchEmergency()
        own = emergency.opened_by == who.person_id
        if not (own or who.may(Act.OVERSEE_SEARCHES)):
            return NotAllowed()
        if standing is CaseStanding.UNKNOWN:
            return CaseNotKnown()
        holds = emergencies.bind(
            tx, reference, case_ref=case_ref, by=who.person_id, at=now
        )
        agency.record(
            tx,
            Draft(
                kind=RecordKind.EMERGENCY_BOUND,
                at=now,
                public={
                    "purpose": str(emergency.purpose),
                    "late": now > emergency.bind_by,
                    "case_file": standing.value,
                    "holds": holds,
                },
                private={
                    "person": str(who.person_id),
                    "asker": str(emergency.opened_by),
                    "reference": reference,
                    "case_ref": case_ref,
                },
            ),
        )
    return EmergencyBound(case_ref=case_ref)
