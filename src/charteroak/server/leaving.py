"""What the actions of the disclosure desk share: deciding, keeping papers, saying no."""

import hashlib
import re
from collections.abc import Iterable
from typing import Final

import attrs

from charteroak.core.codes import AgencyKind, DataKind, Declared, Process
from charteroak.core.disclosure import (
    PAUSED,
    TURNED_DOWN,
    Details,
    Disclosure,
    KeptPaper,
    NoSuchDisclosure,
    PaperKind,
    Refusal,
    Scan,
    Stage,
    Why,
    agency_question,
    names_plate,
    owner_question,
)
from charteroak.core.log_record import Draft, RecordId, RecordKind, Value
from charteroak.core.partner import Partner, worth
from charteroak.core.people import Act, Person
from charteroak.core.policy import Denial, Permit, Request, Rule
from charteroak.core.refusal_letter import Letter
from charteroak.core.screening import Screened, Verdict, screen
from charteroak.core.search import OTHER
from charteroak.core.search_record import decision_fields
from charteroak.law.screening import note_rules
from charteroak.law.words import spoken
from charteroak.server.agency import Agency
from charteroak.server.store import audit, disclosures, papers, partners
from charteroak.server.store.database import Changes
from charteroak.server.vault.papers import seal_paper

_DATA: Final = {
    DataKind.AGGREGATE: "counts that identify nobody",
    DataKind.HIT: "reads of a plate that hit a list",
    DataKind.NONHIT: "all reads of a plate",
    DataKind.OWN_RECORD: "the record of a car",
}
_SIGNED_BY_A_JUDGE: Final = frozenset({Process.COURT_ORDER, Process.JUDICIAL_WARRANT})

KINDS: Final = {
    Act.DISCLOSE: {
        "asked": RecordKind.DISCLOSURE_ASKED,
        "approved": RecordKind.DISCLOSURE_APPROVED,
        "released": RecordKind.DISCLOSURE_RELEASED,
        "answered": RecordKind.DISCLOSURE_ANSWERED,
        "refused": RecordKind.DISCLOSURE_REFUSED,
    },
    Act.ANSWER_OWNER: {
        "asked": RecordKind.OWNER_ASKED,
        "approved": RecordKind.OWNER_APPROVED,
        "released": RecordKind.OWNER_RELEASED,
        "answered": RecordKind.OWNER_ANSWERED,
        "refused": RecordKind.OWNER_REFUSED,
    },
}
"""The records of a request, by who asks and by what happens to it."""


@attrs.frozen(kw_only=True)
class Stands:
    """How a request stands at this moment.

    Attributes:
        why: what stands against it; None where nothing does.
        because: the rules that decide.
    """

    decision: Permit | Denial
    why: Why | None
    because: tuple[Rule, ...]


def declared(agency: Agency, tx: Changes, partner: Partner) -> Declared:
    """What the declarations of an agency are worth now."""
    given = partners.declarations(tx, [partner.partner_id])
    return worth((each.declaration for each in given), agency.clock())


def decide_twice_over(agency: Agency, question: Request) -> Permit | Denial:
    """Decide by the rules and their tables; all reads are asked for as hits as well.

    Reads that hit nothing are asked for together with those that did, so whatever
    stands against either stands against both.
    """
    decision = agency.decide_leaving(question)
    if isinstance(decision, Permit) and question.data_kind is DataKind.NONHIT:
        hits = attrs.evolve(question, data_kind=DataKind.HIT)
        also = agency.decide_leaving(hits)
        decision = also if isinstance(also, Denial) else decision
    return decision


def screened(note: str, question: Request, *, beside: Iterable[str]) -> Screened:
    """What is written comes to: the note, and beside it who asks, from where, for what.

    A note can be clean where the reference is `HSI 26-118` and the address `@ice.dhs.gov`.
    What a judge signed is not refused for the name of whoever brings it, nor a law
    office for saying that it defends immigrants.

    Args:
        note: what crime or person it is about.
        question: what the rules are asked.
        beside: name of the agency, person, contact, their case number.
    """
    must_say = str(question.purpose) == str(OTHER)
    found = screen(note, note_rules(), must_say=must_say)
    signed = question.legal_process in _SIGNED_BY_A_JUDGE
    defends = question.agency_kind is AgencyKind.DEFENCE
    if found.verdict is Verdict.BLOCK or signed or defends:
        return found
    # The parts of an address are words of their own.
    texts = (re.sub(r"[@._]", " ", each) for each in beside)
    others = (screen(text, note_rules()) for text in texts)
    return next((each for each in others if each.verdict is Verdict.BLOCK), found)


def stand_of(decision: Permit | Denial, partner: Partner | None) -> Stands:
    """A decision together with the switch that stops an agency at once."""
    because = decision.because
    if partner is not None and partner.paused_at is not None:
        against = because if isinstance(decision, Denial) else ()
        return Stands(decision=decision, why=Why.PAUSED, because=(PAUSED, *against))
    why = Why.RULES if isinstance(decision, Denial) else None
    return Stands(decision=decision, why=why, because=because)


def stand_now(agency: Agency, tx: Changes, who: Person, asked: Disclosure) -> Stands:
    """Decide a request again, with the declarations and the rules of this moment."""
    if asked.partner is None or asked.process is None:
        question = _owners(agency, who, asked)
    else:
        question = agency_question(
            asked.partner,
            custodian=agency.profile.custodian,
            purpose=asked.purpose,
            data_kind=asked.data_kind,
            process=asked.process,
            declared=declared(agency, tx, asked.partner),
        )
    return stand_of(decide_twice_over(agency, question), asked.partner)


def _owners(agency: Agency, who: Person, asked: Disclosure) -> Request:
    if asked.standing is None:  # pragma: no cover  (the table's own check)
        msg = "a request of nobody"
        raise TypeError(msg)
    return owner_question(
        who, custodian=agency.profile.custodian, standing=asked.standing
    )


def draft(  # noqa: PLR0913  (all that is recorded, by name)
    agency: Agency,
    who: Person,
    decision: Permit | Denial,
    happened: str,
    *,
    public: dict[str, Value] | None = None,
    private: dict[str, Value] | None = None,
) -> Draft:
    """The record of a decision about a request, and of who was at the desk."""
    return Draft(
        kind=KINDS[decision.request.act][happened],
        at=agency.clock(),
        public={**decision_fields(decision), **(public or {})},
        private={
            "person": str(who.person_id),
            "roles": sorted(role.value for role in who.roles),
            **(private or {}),
        },
    )


def described(scan: Scan, kind: PaperKind, agency: Agency) -> KeptPaper:
    """A paper before it is kept: its SHA-256 goes into the record it comes with."""
    return KeptPaper(
        paper_id=agency.new_id(),
        kind=kind,
        media_type=scan.media_type,
        sha256=hashlib.sha256(scan.content).hexdigest(),
        size=len(scan.content),
        kept_at=agency.clock(),
    )


def brought(agency: Agency, scan: Scan | None, kind: PaperKind) -> KeptPaper | None:
    """A paper that came with a request; None where none did."""
    return None if scan is None else described(scan, kind, agency)


def keep(agency: Agency, tx: Changes, paper: KeptPaper, content: bytes) -> None:
    """Keep a paper, sealed, in the transaction of what it belongs to."""
    sealed = seal_paper(agency.keys, paper.paper_id, content, entropy=agency.entropy)
    papers.add(tx, paper, sealed)


def details_of(agency: Agency, number: RecordId) -> Details | NoSuchDisclosure:
    """What the log alone knows of a request."""
    with agency.database.audits() as tx:
        found = audit.asked_at_desk(tx, number)
    return NoSuchDisclosure() if found is None else found[1]


def refuse(  # noqa: PLR0913, PLR0917  (what is refused, by name)
    agency: Agency,
    tx: Changes,
    who: Person,
    asked: Disclosure,
    details: Details,
    stands: Stands,
    *,
    reason: str = "",
) -> Refusal:
    """Say no: the record, the letter, and where the request stands from now on.

    What was answered before stays answered, and gets no letter that says otherwise.

    Args:
        agency: who says no.
        tx: the transaction of what led to it.
        who: is at the desk.
        asked: the request.
        details: what the log knows of it.
        stands: what stands against it; nothing does where a person turned it down.
        reason: why a person turned it down; stays in the log.
    """
    why = stands.why or Why.PERSON
    because = stands.because if stands.why is not None else (TURNED_DOWN,)
    recorded = agency.record(
        tx,
        draft(
            agency,
            who,
            stands.decision,
            "refused",
            public={
                "asked": int(asked.number),
                "why": why.value,
                "stands_against": [rule.rule_id for rule in because],
            },
            private={"reason": reason},
        ),
    )
    first = asked.stage is not Stage.ANSWERED
    if first:
        letter = _letter(agency, asked, details, because, recorded.record_id)
        _file(agency, tx, asked, letter)
        disclosures.refuse(tx, asked.number, why=why, at=agency.clock())
    return Refusal(
        number=asked.number,
        recorded=recorded.record_id,
        because=because,
        why=why,
        letter=first,
    )


def _file(agency: Agency, tx: Changes, asked: Disclosure, letter: Letter) -> None:
    """Keep a letter as it was on the day it was written."""
    content = letter.html().encode()
    scan = Scan(content=content, media_type="text/html")
    paper = described(scan, PaperKind.LETTER, agency)
    keep(agency, tx, paper, content)
    papers.attach(tx, asked.number, paper.paper_id)


def _letter(
    agency: Agency,
    asked: Disclosure,
    details: Details,
    because: tuple[Rule, ...],
    recorded: RecordId,
) -> Letter:
    local = agency.clock().astimezone(agency.zone)
    rows = _rows(agency, asked, details)
    plate = details.wanted.plate
    addressee = [details.person, "" if asked.partner is None else asked.partner.name]
    return Letter(
        agency=agency.settings.agency_name,
        contact=agency.settings.contact,
        number=int(asked.number),
        recorded=int(recorded),
        date=f"{local:%B} {local.day}, {local.year}",
        addressee=[each for each in addressee if each and not names_plate(each, plate)],
        asked=[row for row in rows if not names_plate(row[1], plate)],
        because=because,
    )


def _rows(agency: Agency, asked: Disclosure, details: Details) -> list[tuple[str, str]]:
    local = asked.entered_at.astimezone(agency.zone)
    when = ("Entered", f"{local:%B} {local.day}, {local.year}")
    if asked.partner is None or asked.process is None:
        standing = spoken(asked.standing or "")
        return [when, ("For", "the record of a car"), ("Whose car", standing)]
    labels = {each.code: each.label for each in agency.profile.purposes}
    return [
        when,
        ("Your reference", details.reference or "none given"),
        ("Purpose", labels.get(asked.purpose, str(asked.purpose))),
        ("Data", _DATA[asked.data_kind]),
        ("Legal process", spoken(asked.process)),
    ]
