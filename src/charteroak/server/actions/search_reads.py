"""Search the reads of one's own agency: decided, recorded, and only then looked up."""

from datetime import datetime

from charteroak.core import search_record
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.people import Act, Person
from charteroak.core.policy import Denial, Permit, decide, request
from charteroak.core.sealed import LogReceipt, Sealed
from charteroak.core.search import LONGEST_PAGE, Search
from charteroak.core.search_answer import Found, Refused
from charteroak.server.agency import Agency
from charteroak.server.store import searches


def search_reads(
    agency: Agency, who: Person, search: Search
) -> Sealed[Found | Refused]:
    """Answer a search, or say why not. Either way the question is in the log first.

    Three transactions: the question with the decision, the look, the count. A look
    that breaks off leaves its question in the log; an answer that cannot be counted is
    not given.

    Returns:
        An answer that opens when the log durably holds the question
        (`agency.covered`); the caller opens it.

    Raises:
        StoreUnavailableError: the log or the reads cannot be reached; nothing is shown.
    """
    now = agency.clock()
    decision = decide(
        agency.rules,
        request(
            Act.SEARCH_READS,
            who,
            custodian=agency.profile.custodian,
            purpose=search.purpose,
            case_ref=search.case_ref,
            since=search.since,
            at=now,
            limit=agency.profile.read_limit,
        ),
    )
    with agency.database.changes() as tx:
        asked = agency.record(tx, search_record.describe(who, search, decision, at=now))
    match decision:
        case Denial():
            refused = Refused(
                asked=asked.record_id, search=search, because=decision.because
            )
            return Sealed(refused, asked)
        case Permit():
            found = _look(agency, who, search, permit=decision, asked=asked, at=now)
            return Sealed(found, asked)


def _look(  # noqa: PLR0913  (two of them are proofs)
    agency: Agency,
    who: Person,
    search: Search,
    *,
    permit: Permit,
    asked: LogReceipt,
    at: datetime,
) -> Found:
    # The agency's own limit, which may be shorter than what the rules let it reach.
    not_before = agency.retention.not_before(at)
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
                at=at,
                public={
                    "asked": int(asked.record_id),
                    "reads": len(page.sightings),
                    "cut": page.cut,
                },
                private={"person": str(who.person_id)},
            ),
        )
    return Found(
        asked=asked.record_id,
        search=search,
        looked_from=max(search.since, not_before),
        sightings=page.sightings,
        cut=page.cut,
        because=permit.because,
    )
