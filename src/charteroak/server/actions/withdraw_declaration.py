"""Write down that an agency has taken its declaration back, or that it no longer counts."""

import attrs

from charteroak.core.hold import NotAllowed
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.partner import DeclarationId, NoSuchDeclaration, PartnerId
from charteroak.core.people import Act, Person
from charteroak.server.agency import Agency
from charteroak.server.store import partners


@attrs.frozen(kw_only=True)
class DeclarationWithdrawn:
    """From now on it is worth nothing; requests that wait are decided without it."""

    partner_id: PartnerId


def withdraw_declaration(
    agency: Agency, who: Person, declaration_id: DeclarationId, *, reason: str
) -> DeclarationWithdrawn | NoSuchDeclaration | NotAllowed:
    """End a declaration before its day; it cannot be brought back, only given anew.

    Args:
        agency: whose register.
        who: writes it down.
        declaration_id: which.
        reason: see `core.hold.parse_reason`.
    """
    if not who.may(Act.ENTER_DISCLOSURE):
        return NotAllowed()
    now = agency.clock()
    with agency.database.changes() as tx:
        found = partners.declaration_to_change(tx, declaration_id)
        if found is None or found.declaration.withdrawn_at is not None:
            return NoSuchDeclaration()
        partners.withdraw(tx, declaration_id, at=now)
        agency.record(
            tx,
            Draft(
                kind=RecordKind.DECLARATION_WITHDRAWN,
                at=now,
                public={"paper_sha256": found.paper_sha256},
                private={
                    "person": str(who.person_id),
                    "partner": str(found.partner_id),
                    "partner_name": found.declaration.agency,
                    "reason": reason,
                },
            ),
        )
    return DeclarationWithdrawn(partner_id=found.partner_id)
