"""The register of agencies that may ask, with what their declarations are worth now."""

from datetime import datetime, timedelta

import attrs

from charteroak.core.codes import Declared
from charteroak.core.partner import NoSuchPartner, Partner, PartnerId, Registered, worth
from charteroak.server.agency import Agency
from charteroak.server.store import partners


@attrs.frozen(kw_only=True)
class PartnerShown:
    """An agency of the register.

    Attributes:
        declared: what its declarations are worth together, now.
        until: when the last one in force ends; None where none is.
        declarations: the newest first, ended and withdrawn ones too.
        term: how long the scan of one is kept after its end.
    """

    partner: Partner
    declared: Declared
    until: datetime | None
    declarations: tuple[Registered, ...]
    term: timedelta


def see_partners(agency: Agency) -> tuple[PartnerShown, ...]:
    """Every agency by name. Nothing of it is secret: a council publishes the list."""
    with agency.database.changes() as tx:
        found = partners.everything(tx)
        given = partners.declarations(tx, [each.partner_id for each in found])
    return tuple(_shown(agency, each, given) for each in found)


def see_partner(agency: Agency, partner_id: PartnerId) -> PartnerShown | NoSuchPartner:
    """One agency of the register."""
    with agency.database.changes() as tx:
        partner = partners.one(tx, partner_id)
        if partner is None:
            return NoSuchPartner()
        return _shown(agency, partner, partners.declarations(tx, [partner_id]))


def _shown(agency: Agency, partner: Partner, given: list[Registered]) -> PartnerShown:
    own = tuple(each for each in given if each.partner_id == partner.partner_id)
    now = agency.clock()
    given_now = [
        each.declaration for each in own if each.declaration.code(now) is Declared.VALID
    ]
    return PartnerShown(
        partner=partner,
        declared=worth((each.declaration for each in own), now),
        until=max((each.ends_at for each in given_now), default=None),
        declarations=own,
        term=agency.papers_term.limit,
    )
