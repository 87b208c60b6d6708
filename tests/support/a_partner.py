"""Agencies in the register, their declarations, and what they ask for."""

from datetime import timedelta

from charteroak.core.codes import AgencyKind, DataKind, Process
from charteroak.core.disclosure import (
    AgencyAsks,
    PaperKind,
    Refusal,
    Scan,
    Wanted,
)
from charteroak.core.log_record import RecordId
from charteroak.core.papers import ALL_PLEDGES, Declaration, Issuer, Paper, Pledge
from charteroak.core.partner import DeclarationId, Partner
from charteroak.core.people import Person, Role
from charteroak.core.plate import PlatePattern
from charteroak.core.sealed import Sealed
from charteroak.core.search import Purpose
from charteroak.server.actions.ask_disclosure import Entered, ask_disclosure
from charteroak.server.actions.register_declaration import (
    DeclarationRegistered,
    register_declaration,
)
from charteroak.server.actions.register_partner import (
    PartnerRegistered,
    register_partner,
)
from charteroak.server.actions.release_disclosure import Released
from charteroak.server.actions.see_disclosures import DisclosureShown, see_disclosure
from charteroak.server.actions.see_paper import PaperSeen, see_paper
from charteroak.server.actions.see_partners import PartnerShown, see_partner
from charteroak.server.agency import Agency
from tests.support.sightings import person

BOTH = frozenset({Role.LIST_CLERK, Role.SUPERVISOR})
"""Whoever works at the disclosure desk."""

SCAN = Scan(content=b"%PDF-1.7 a paper with a seal", media_type="application/pdf")
_CLERK = person(Role.LIST_CLERK)
_PAPERS = {
    Process.NONE: (None, None),
    Process.JUDICIAL_WARRANT: (Paper.WARRANT, Issuer.JUDGE),
    Process.COURT_ORDER: (Paper.ORDER, Issuer.JUDGE),
    Process.SUBPOENA: (Paper.SUBPOENA, Issuer.ATTORNEY),
    Process.ADMINISTRATIVE_WARRANT: (Paper.WARRANT, Issuer.AGENCY),
}


def partner(
    agency: Agency,
    name: str,
    jurisdiction: str,
    *,
    kind: AgencyKind = AgencyKind.MUNICIPAL_POLICE,
) -> Partner:
    """Put an agency into the register."""
    answer = register_partner(
        agency, _CLERK, name=name, kind=kind, jurisdiction=jurisdiction
    )
    assert isinstance(answer, PartnerRegistered), answer
    shown = see_partner(agency, answer.partner_id)
    assert isinstance(shown, PartnerShown)
    return shown.partner


def declare(
    agency: Agency,
    who: Partner,
    *,
    ends_in: timedelta = timedelta(days=300),
    pledges: frozenset[Pledge] = ALL_PLEDGES,
) -> DeclarationId:
    """Register a declaration that was signed yesterday."""
    now = agency.clock()
    answer = register_declaration(
        agency,
        _CLERK,
        who.partner_id,
        Declaration(
            agency=who.name,
            signer="Chief Rosa Alvarez",
            signed_at=now - timedelta(days=1),
            ends_at=now + ends_in,
            pledges=pledges,
        ),
        SCAN,
    )
    assert isinstance(answer, DeclarationRegistered), answer
    return answer.declaration_id


def asked_by(
    agency: Agency,
    who: Partner,
    *,
    plate: str = "AB12345",
    process: Process = Process.NONE,
    back: timedelta = timedelta(days=2),
) -> AgencyAsks:
    """A request about one car, for a robbery."""
    now = agency.clock()
    paper, issuer = _PAPERS[process]
    return AgencyAsks(
        partner=who,
        person="Det. Maya Lind",
        contact="914-555-0147",
        reference="YPD 26-118",
        purpose=Purpose("robbery"),
        data_kind=DataKind.NONHIT,
        process=process,
        paper=paper,
        issuer=issuer,
        scan=None if paper is None else SCAN,
        wanted=Wanted(
            plate=PlatePattern.parse(plate),
            since=now - back,
            until=now,
        ),
        note="robbery at the pharmacy on Elm Street",
    )


def entered(agency: Agency, asks: AgencyAsks, *, who: Person = _CLERK) -> RecordId:
    """Enter a request that the rules let wait for a second person."""
    answer = ask_disclosure(agency, who, asks)
    assert isinstance(answer, Entered), answer
    return answer.number


def refused(answer: object) -> Refusal:
    """The refusal that an answer is."""
    assert isinstance(answer, Refusal), answer
    return answer


def answered(answer: object, agency: Agency) -> Released:
    """The package that an answer opens to."""
    assert isinstance(answer, Sealed), answer
    made = answer.open(agency.covered)
    assert isinstance(made, Released)
    return made


def letter_of(agency: Agency, number: RecordId) -> str:
    """The letter of a refused request, as its receiver reads it."""
    who = person(Role.SUPERVISOR)
    shown = see_disclosure(agency, who, number)
    assert isinstance(shown, DisclosureShown), shown
    letters = [each for each in shown.papers if each.kind is PaperKind.LETTER]
    paper = see_paper(agency, who, letters[-1].paper_id)
    assert isinstance(paper, PaperSeen), paper
    return paper.content.decode()
