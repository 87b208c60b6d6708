"""Enter a person's request for the record of their own car; the rules decide at once."""

import attrs

from charteroak.core.codes import DataKind, Standing
from charteroak.core.disclosure import (
    Details,
    Disclosure,
    OwnerAsks,
    PaperKind,
    PeriodNotOver,
    Refusal,
    Stage,
    owner_question,
)
from charteroak.core.hold import NotAllowed
from charteroak.core.log_record import RecordId
from charteroak.core.people import Act, Person
from charteroak.core.search import Purpose
from charteroak.server import leaving
from charteroak.server.agency import Agency
from charteroak.server.store import disclosures, papers


@attrs.frozen(kw_only=True)
class OwnerEntered:
    """It waits for a supervisor who did not enter it."""

    number: RecordId


@attrs.frozen(kw_only=True)
class ConsentMissing:
    """The other owner's agreement counts only with its paper."""


def ask_owner_record(
    agency: Agency, who: Person, asks: OwnerAsks
) -> OwnerEntered | Refusal | ConsentMissing | PeriodNotOver | NotAllowed:
    """Write a request down with what the rules say to it; nothing is looked up.

    Whoever is at the desk says what was shown to prove that the car is the asker's. A
    second person approves, because else one of them alone could look up any car.
    """
    if not who.may(Act.ENTER_DISCLOSURE):
        return NotAllowed()
    agreed = asks.standing is Standing.JOINT_OWNER_AGREED
    if agreed and (asks.scan is None or not asks.co_owner):
        return ConsentMissing()
    if not asks.wanted.over(agency.clock()):
        return PeriodNotOver()
    question = owner_question(
        who, custodian=agency.profile.custodian, standing=asks.standing
    )
    stands = leaving.stand_of(leaving.decide_twice_over(agency, question), None)
    details = Details.of_owner(asks)
    paper = leaving.brought(agency, asks.scan, PaperKind.CONSENT)
    with agency.database.changes() as tx:
        recorded = agency.record(
            tx,
            leaving.draft(
                agency,
                who,
                stands.decision,
                "asked",
                public={"papers": [] if paper is None else [paper.sha256]},
                private=details.fields,
            ),
        )
        asked = _row(agency, who, asks, recorded.record_id)
        disclosures.add(tx, asked)
        if paper is not None and asks.scan is not None:
            leaving.keep(agency, tx, paper, asks.scan.content)
            papers.attach(tx, asked.number, paper.paper_id)
        if stands.why is None:
            return OwnerEntered(number=asked.number)
        return leaving.refuse(agency, tx, who, asked, details, stands)


def _row(agency: Agency, who: Person, asks: OwnerAsks, number: RecordId) -> Disclosure:
    return Disclosure(
        number=number,
        partner=None,
        purpose=Purpose(""),
        data_kind=DataKind.OWN_RECORD,
        process=None,
        standing=asks.standing,
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
