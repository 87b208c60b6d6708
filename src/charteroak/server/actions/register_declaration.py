"""Put the written declaration of an agency into the register, with its paper."""

import attrs

from charteroak.core.disclosure import PaperKind, Scan
from charteroak.core.hold import NotAllowed
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.papers import Declaration
from charteroak.core.partner import DeclarationId, NoSuchPartner, PartnerId
from charteroak.core.people import Act, Person
from charteroak.server import leaving
from charteroak.server.agency import Agency
from charteroak.server.store import partners


@attrs.frozen(kw_only=True)
class DeclarationRegistered:
    """It is in the register; what it is worth is asked at each step of a request."""

    declaration_id: DeclarationId


def register_declaration(
    agency: Agency,
    who: Person,
    partner_id: PartnerId,
    declaration: Declaration,
    scan: Scan,
) -> DeclarationRegistered | NoSuchPartner | NotAllowed:
    """Write down what the paper says, and keep the paper.

    A paper that is worth nothing (no signer, a pledge missing) is kept as well: it is
    worth nothing then, and the record shows what came.
    """
    if not who.may(Act.ENTER_DISCLOSURE):
        return NotAllowed()
    now = agency.clock()
    declaration_id = DeclarationId(agency.new_id())
    with agency.database.changes() as tx:
        partner = partners.one(tx, partner_id)
        if partner is None:
            return NoSuchPartner()
        paper = leaving.described(scan, PaperKind.DECLARATION, agency)
        leaving.keep(agency, tx, paper, scan.content)
        partners.register(
            tx,
            declaration_id,
            partner_id,
            declaration,
            paper_id=paper.paper_id,
            at=now,
        )
        agency.record(
            tx,
            Draft(
                kind=RecordKind.DECLARATION_REGISTERED,
                at=now,
                public={
                    "agency_kind": partner.kind.value,
                    "requester": partner.jurisdiction,
                    "signed_at": declaration.signed_at.isoformat(),
                    "ends_at": declaration.ends_at.isoformat(),
                    "pledges": sorted(each.value for each in declaration.pledges),
                    "declaration": declaration.code(now).value,
                    "paper_sha256": paper.sha256,
                },
                private={
                    "person": str(who.person_id),
                    "partner": str(partner_id),
                    "partner_name": partner.name,
                    "signer": declaration.signer,
                },
            ),
        )
    return DeclarationRegistered(declaration_id=declaration_id)
