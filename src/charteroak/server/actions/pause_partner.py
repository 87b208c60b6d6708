"""Stop giving anything to an agency at once, or begin again."""

import attrs

from charteroak.core.hold import NotAllowed
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.partner import NoSuchPartner, PartnerId
from charteroak.core.people import Act, Person
from charteroak.server.agency import Agency
from charteroak.server.store import partners


@attrs.frozen(kw_only=True)
class PartnerPaused:
    """It is as was asked for.

    Attributes:
        paused: whether it gets nothing from now on.
    """

    paused: bool


def pause_partner(
    agency: Agency, who: Person, partner_id: PartnerId, *, paused: bool, reason: str
) -> PartnerPaused | NoSuchPartner | NotAllowed:
    """Turn the switch of an agency; whoever is at the desk may stop it.

    Only a supervisor begins again: stopping must be quick, beginning again considered.

    Args:
        agency: whose register.
        who: turns the switch.
        partner_id: the agency.
        paused: or no longer.
        reason: see `core.hold.parse_reason`.
    """
    act = Act.ENTER_DISCLOSURE if paused else Act.APPROVE_DISCLOSURE
    if not who.may(act):
        return NotAllowed()
    now = agency.clock()
    with agency.database.changes() as tx:
        partner = partners.find_to_change(tx, partner_id)
        if partner is None:
            return NoSuchPartner()
        if (partner.paused_at is not None) == paused:
            return PartnerPaused(paused=paused)
        partners.pause(tx, partner_id, at=now if paused else None)
        agency.record(
            tx,
            Draft(
                kind=RecordKind.PARTNER_PAUSED
                if paused
                else RecordKind.PARTNER_RESUMED,
                at=now,
                public={
                    "agency_kind": partner.kind.value,
                    "requester": partner.jurisdiction,
                },
                private={
                    "person": str(who.person_id),
                    "partner": str(partner_id),
                    "partner_name": partner.name,
                    "reason": reason,
                },
            ),
        )
    return PartnerPaused(paused=paused)
