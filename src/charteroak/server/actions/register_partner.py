"""Put another agency into the register of those that may ask."""

import attrs

from charteroak.core.codes import AgencyKind
from charteroak.core.hold import NotAllowed
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.partner import Partner, PartnerId
from charteroak.core.people import Act, Person
from charteroak.server.agency import Agency
from charteroak.server.store import partners


@attrs.frozen(kw_only=True)
class PartnerRegistered:
    """It is in the register."""

    partner_id: PartnerId


@attrs.frozen(kw_only=True)
class PartnerKnown:
    """One of this name, of this jurisdiction, was in the register before."""


def register_partner(
    agency: Agency, who: Person, *, name: str, kind: AgencyKind, jurisdiction: str
) -> PartnerRegistered | PartnerKnown | NotAllowed:
    """Write an agency down; that alone lets it have nothing.

    Args:
        agency: whose register.
        who: enters it.
        name: see `core.partner.parse_name`.
        kind: what kind of body it is.
        jurisdiction: one of `core.codes.JURISDICTIONS`.
    """
    if not who.may(Act.ENTER_DISCLOSURE):
        return NotAllowed()
    partner = Partner(
        partner_id=PartnerId(agency.new_id()),
        name=name,
        kind=kind,
        jurisdiction=jurisdiction,
        added_at=agency.clock(),
    )
    with agency.database.changes() as tx:
        if not partners.add(tx, partner):
            return PartnerKnown()
        agency.record(
            tx,
            Draft(
                kind=RecordKind.PARTNER_REGISTERED,
                at=partner.added_at,
                public={"agency_kind": kind.value, "requester": jurisdiction},
                private={
                    "person": str(who.person_id),
                    "partner": str(partner.partner_id),
                    "partner_name": name,
                },
            ),
        )
    return PartnerRegistered(partner_id=partner.partner_id)
