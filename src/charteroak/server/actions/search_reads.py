"""Search the reads of one's own agency: decided, recorded, and only then looked up."""

from datetime import datetime

import attrs

from charteroak.core import search_record
from charteroak.core.emergency import BOUND_WITHIN, Emergency, reference
from charteroak.core.flag import FlagKind
from charteroak.core.log_record import Draft, RecordId, RecordKind
from charteroak.core.people import Act, Person
from charteroak.core.policy import Denial, Permit, decide, request
from charteroak.core.screening import Verdict, screen
from charteroak.core.sealed import LogReceipt, Sealed
from charteroak.core.search import LONGEST_PAGE, OTHER, Search, is_reference
from charteroak.core.search_answer import Found, Refused, Waits
from charteroak.core.search_check import Weighed, weigh
from charteroak.core.second_person import NotWaiting
from charteroak.law.screening import note_rules
from charteroak.server.agency import Agency
from charteroak.server.flagging import flag_record
from charteroak.server.store import audit, emergencies, searches, waiting
from charteroak.server.store.database import Changes
from charteroak.server.watching import watch


def search_reads(
    agency: Agency, who: Person, search: Search
) -> Sealed[Found | Refused | Waits]:
    """Answer a search, or say why not. Either way the question is in the log first.

    Three transactions: the question with the decision, the look, the count. A look
    that breaks off leaves its question in the log; an answer that cannot be counted is
    not given. A search whose note leaves a doubt waits for a second person.

    Returns:
        An answer that opens when the log durably holds the question
        (`agency.covered`); the caller opens it.

    Raises:
        StoreUnavailableError: the log or the reads cannot be reached; nothing is shown.
    """
    now = agency.clock()
    search, new = _under_a_case(agency, who, search, at=now)
    question = request(
        Act.SEARCH_READS,
        who,
        custodian=agency.profile.custodian,
        purpose=search.purpose,
        case_ref=search.case_ref,
        since=search.since,
        at=now,
        limit=agency.profile.read_limit,
    )
    decision = decide(agency.rules, question)
    screened = screen(
        search.note, note_rules(), must_say=str(search.purpose) == str(OTHER)
    )
    weighed = weigh(agency.rules, question, screened)
    permitted = isinstance(decision, Permit)
    if permitted and not search.emergency:
        weighed = weighed.beside(agency.cases.standing(search.case_ref))
    with agency.database.changes() as tx:
        asked = _record(agency, tx, who, search, decision, weighed, at=now)
        if new is not None and permitted and weighed.verdict is Verdict.OK:
            _open_emergency(agency, tx, new, asked)
    if isinstance(decision, Denial):
        # The rules alone: what the note adds is in the record.
        denied = Refused(asked=asked.record_id, search=search, because=decision.because)
        return Sealed(denied, asked)
    if weighed.verdict in {Verdict.BLOCK, Verdict.VAGUE}:
        refused = Refused(
            asked=asked.record_id,
            search=search,
            because=weighed.because,
            note=weighed.verdict,
        )
        return Sealed(refused, asked)
    if weighed.verdict is Verdict.REVIEW:
        waits = Waits(asked=asked.record_id, search=search, because=weighed.because)
        return Sealed(waits, asked)
    return Sealed(_look(agency, who, search, permit=decision, asked=asked), asked)


def open_approved(
    agency: Agency, who: Person, waited: RecordId
) -> Sealed[Found | Refused | Waits] | NotWaiting:
    """Look up what a second person has approved, once, in the name of who asked for it.

    The rules decide again: what they permitted yesterday they may forbid today.
    """
    now = agency.clock()
    with agency.database.audits() as audits:
        recorded = audit.waiting_search(audits, waited)
    if recorded is None:
        return NotWaiting()
    before, note = recorded
    search = attrs.evolve(before.search, note=note)
    with agency.database.changes() as tx:
        ticket = waiting.find_to_change(tx, waited)
        if ticket is None or not ticket.opens_to(who.person_id, now):
            return NotWaiting()
        decision = decide(
            agency.rules,
            before.again(Act.SEARCH_READS, who, limit=agency.profile.read_limit),
        )
        draft = search_record.describe(who, search, decision, at=now)
        asked = agency.record(
            tx,
            attrs.evolve(
                draft,
                public={**draft.public, "note": "review", "waited": int(waited)},
                private={
                    **draft.private,
                    "note": note,
                    "second_person": str(ticket.decided_by),
                },
            ),
        )
        waiting.opened(tx, waited, at=now)
        if isinstance(decision, Permit):
            given = search.case_ref
            # Only now: what nobody approves is no emergency that needs a case.
            if is_reference(given) and emergencies.find_to_change(tx, given) is None:
                begun = _begun(who, search, given, at=now)
                _open_emergency(agency, tx, begun, asked)
    if isinstance(decision, Denial):
        refused = Refused(
            asked=asked.record_id, search=search, because=decision.because
        )
        return Sealed(refused, asked)
    return Sealed(_look(agency, who, search, permit=decision, asked=asked), asked)


def _under_a_case(
    agency: Agency, who: Person, search: Search, *, at: datetime
) -> tuple[Search, Emergency | None]:
    """An emergency search under the reference that stands for its case number.

    Several searches of one emergency share it, so that it is bound once. A purpose that
    is not listed gets none, and the rules then ask for a case.
    """
    listed = str(search.purpose) in agency.emergencies
    if not search.emergency or search.case_ref or not listed:
        return attrs.evolve(search, emergency=False), None
    with agency.database.changes() as tx:
        before = emergencies.open_now(tx, who.person_id, search.purpose, at=at)
    if before is not None:
        return attrs.evolve(search, case_ref=before), None
    opened = _begun(who, search, reference(at, agency.new_id()), at=at)
    return attrs.evolve(search, case_ref=opened.reference), opened


def _begun(who: Person, search: Search, given: str, *, at: datetime) -> Emergency:
    return Emergency(
        reference=given,
        opened_by=who.person_id,
        opened_at=at,
        purpose=search.purpose,
        bind_by=at + BOUND_WITHIN,
        case_ref=None,
        reported_at=None,
        opener=who.name,
    )


def _open_emergency(
    agency: Agency, tx: Changes, opened: Emergency, asked: LogReceipt
) -> None:
    agency.record(
        tx,
        Draft(
            kind=RecordKind.EMERGENCY_OPENED,
            at=opened.opened_at,
            public={"asked": int(asked.record_id), "purpose": str(opened.purpose)},
            private={"person": str(opened.opened_by), "case_ref": opened.reference},
        ),
    )
    emergencies.add(tx, opened)


def _record(  # noqa: PLR0913, PLR0917  (all that is recorded)
    agency: Agency,
    tx: Changes,
    who: Person,
    search: Search,
    decision: Permit | Denial,
    weighed: Weighed,
    *,
    at: datetime,
) -> LogReceipt:
    """Write the question down, and what follows from its note.

    A search that its note stops is no `search.asked`: nothing that shows the results of
    such a record may ever take it for one.
    """
    kind = RecordKind.SEARCH_ASKED
    if isinstance(decision, Permit) and weighed.verdict is not Verdict.OK:
        review = weighed.verdict is Verdict.REVIEW
        kind = RecordKind.SEARCH_WAITS if review else RecordKind.SEARCH_STOPPED
    draft = search_record.describe(who, search, decision, at=at)
    asked = agency.record(
        tx, attrs.evolve(weighed.noted(draft, search.note), kind=kind)
    )
    if kind is RecordKind.SEARCH_WAITS:
        waiting.add(
            tx,
            asked.record_id,
            by=who.person_id,
            at=at,
            purpose=search.purpose,
            note_rule=weighed.because[0].rule_id,
        )
    if weighed.verdict is Verdict.BLOCK:
        flag_record(
            agency,
            tx,
            FlagKind.NOTE_BLOCKED,
            about=who.person_id,
            recorded=asked.record_id,
            at=at,
        )
    return asked


def _look(
    agency: Agency,
    who: Person,
    search: Search,
    *,
    permit: Permit,
    asked: LogReceipt,
) -> Found:
    now = agency.clock()
    # The agency's own limit, which may be shorter than what the rules let it reach.
    not_before = agency.retention.not_before(now)
    with agency.database.looks() as tx:
        page = searches.find(
            tx,
            permit=permit,
            logged=asked,
            search=search,
            not_before=not_before,
            limit=LONGEST_PAGE,
        )
    with agency.database.changes() as tx:
        agency.record(
            tx,
            Draft(
                kind=RecordKind.SEARCH_ANSWERED,
                at=now,
                public={
                    "asked": int(asked.record_id),
                    "reads": len(page.sightings),
                    "cut": page.cut,
                },
                private={"person": str(who.person_id)},
            ),
        )
        watch(
            agency,
            tx,
            who,
            search.plate,
            case_ref=search.case_ref,
            shown=[each.read.plate.match_key for each in page.sightings],
            asked=asked.record_id,
            at=now,
        )
    return Found(
        asked=asked.record_id,
        search=search,
        looked_from=max(search.since, not_before),
        sightings=page.sightings,
        cut=page.cut,
        because=permit.because,
    )
