"""Enter another agency's request with its papers; the rules decide at once."""

import attrs

from charteroak.core.disclosure import (
    AgencyAsks,
    Details,
    Disclosure,
    PaperKind,
    PeriodNotOver,
    Refusal,
    Stage,
    Why,
)
from charteroak.core.flag import FlagKind
from charteroak.core.hold import NotAllowed
from charteroak.core.log_record import RecordId
from charteroak.core.partner import NoSuchPartner
from charteroak.core.people import Act, Person
from charteroak.core.policy import Rule
from charteroak.core.screening import Verdict
from charteroak.core.search_check import Weighed, weigh
from charteroak.server import leaving
from charteroak.server.agency import Agency
from charteroak.server.flagging import flag_record
from charteroak.server.leaving import Stands
from charteroak.server.store import disclosures, papers, partners
from charteroak.server.store.database import Changes


@attrs.frozen(kw_only=True)
class Entered:
    """It waits for a supervisor who did not enter it."""

    number: RecordId


@attrs.frozen(kw_only=True)
class SaysNothing:
    """What was written with it says nothing; nothing was entered."""

    because: tuple[Rule, ...]


def ask_disclosure(
    agency: Agency, who: Person, asks: AgencyAsks
) -> Entered | Refusal | SaysNothing | PeriodNotOver | NoSuchPartner | NotAllowed:
    """Write a request down with what the rules say to it; nothing is looked up.

    One that the rules refuse is refused at once, with a letter; one whose note says what
    is forbidden is shown to a supervisor as well, who can pause that agency.
    """
    if not who.may(Act.ENTER_DISCLOSURE):
        return NotAllowed()
    if not asks.wanted.over(agency.clock()):
        return PeriodNotOver()
    with agency.database.changes() as tx:
        # As it is now, and not as it was when the form was opened.
        partner = partners.one(tx, asks.partner.partner_id)
        if partner is None:
            return NoSuchPartner()
        asks = attrs.evolve(asks, partner=partner)
        question = asks.question(
            agency.profile.custodian, leaving.declared(agency, tx, partner)
        )
        screened = leaving.screened(
            asks.note,
            question,
            beside=(partner.name, asks.person, asks.contact, asks.reference),
        )
        weighed = weigh(agency.rules, question, screened)
        decision = leaving.decide_twice_over(agency, question)
        stands = _with_note(leaving.stand_of(decision, partner), weighed)
        if weighed.verdict is Verdict.VAGUE and stands.why is None:
            return SaysNothing(because=weighed.because)
        return _write(agency, tx, who, asks, stands, weighed)


def _with_note(stands: Stands, weighed: Weighed) -> Stands:
    """What was written counts beside what was chosen."""
    if stands.why is not None or weighed.verdict is not Verdict.BLOCK:
        return stands
    return attrs.evolve(stands, why=Why.NOTE, because=weighed.because)


def _write(  # noqa: PLR0913, PLR0917  (all that is recorded)
    agency: Agency,
    tx: Changes,
    who: Person,
    asks: AgencyAsks,
    stands: Stands,
    weighed: Weighed,
) -> Entered | Refusal:
    details = Details.of_agency(asks)
    paper = leaving.brought(agency, asks.scan, PaperKind.PROCESS)
    recorded = agency.record(
        tx,
        leaving.draft(
            agency,
            who,
            stands.decision,
            "asked",
            public={
                **weighed.fields,
                "paused": asks.partner.paused_at is not None,
                "papers": [] if paper is None else [paper.sha256],
            },
            private={
                **details.fields,
                "partner": str(asks.partner.partner_id),
                "partner_name": asks.partner.name,
            },
        ),
    )
    asked = Disclosure(
        number=recorded.record_id,
        partner=asks.partner,
        purpose=asks.purpose,
        data_kind=asks.data_kind,
        process=asks.process,
        standing=None,
        stage=Stage.WAITING,
        why=None,
        entered_by=who.person_id,
        entered_at=agency.clock(),
        approved_by=None,
        approved_at=None,
        closed_at=None,
        reads=None,
        clerk=who.name,
        approver="",
    )
    disclosures.add(tx, asked)
    if paper is not None and asks.scan is not None:
        leaving.keep(agency, tx, paper, asks.scan.content)
        papers.attach(tx, asked.number, paper.paper_id)
    if weighed.verdict is Verdict.BLOCK:
        _show(agency, tx, who, asked)
    if stands.why is None:
        return Entered(number=asked.number)
    return leaving.refuse(agency, tx, who, asked, details, stands)


def _show(agency: Agency, tx: Changes, who: Person, asked: Disclosure) -> None:
    """Let a supervisor look: each request that says what is forbidden is told of."""
    flag_record(
        agency,
        tx,
        FlagKind.DESK_NOTE,
        # Whoever entered it does not clear it alone.
        about=who.person_id,
        recorded=asked.number,
        at=asked.entered_at,
    )
