"""Ask that one result of a search be kept for its case."""

from datetime import timedelta

from charteroak.core.hold_ground import Document, HoldPaper
from charteroak.core.log_record import RecordId
from charteroak.core.people import Act, Person
from charteroak.core.policy import Denial, Permit, decide
from charteroak.core.read import ReadId
from charteroak.core.screening import screen
from charteroak.core.sealed import LogReceipt
from charteroak.core.search_answer import Forbidden, NotShown, ReadGone, Sighting
from charteroak.core.search_check import weigh
from charteroak.core.search_record import Asked
from charteroak.law.screening import note_rules
from charteroak.server.actions.request_hold.writing import (
    HoldRequested,
    Wish,
    asked_hold,
    write,
)
from charteroak.server.agency import Agency
from charteroak.server.store import audit, searches


def request_hold(  # noqa: PLR0913  (what is asked, by name)
    agency: Agency,
    who: Person,
    *,
    asked_id: RecordId,
    read_id: ReadId,
    reason: str,
    span: timedelta,
    paper: HoldPaper | None = None,
    document: Document | None = None,
) -> HoldRequested | Forbidden | NotShown | ReadGone:
    """Write down the wish, with the decision of the rules about it.

    The read must be a result of a search that this person made within the hour; case
    and purpose are those of that search.

    Args:
        agency: whose read.
        who: asks.
        asked_id: number of the search in the log.
        read_id: one of its results.
        reason: see `core.hold.parse_reason`.
        span: see `core.hold.parse_span`.
        paper: what it stands on; None: the active case itself.
        document: the paper as a file; a court's must come with it.

    Raises:
        PicturesUnavailableError: the document could not be kept; ask again.
        UnusableDocumentError: a paper of a court came without it.
    """
    now = agency.clock()
    with agency.database.audits() as audits:
        ticket = audit.asked_search(audits, asked_id)
    if ticket is None or not ticket[0].shows_to(who, at=now):
        return NotShown()
    asked, receipt = ticket
    limit = agency.profile.read_limit
    looked = decide(agency.rules, asked.again(Act.SEARCH_READS, who, limit=limit))
    if isinstance(looked, Denial):
        return NotShown()
    sighting = _look(agency, asked, permit=looked, receipt=receipt, read_id=read_id)
    if sighting is None:
        return ReadGone()
    hold = asked_hold(
        agency,
        who,
        case_ref=asked.search.case_ref,
        purpose=asked.search.purpose,
        paper=paper,
        reason=reason,
        keep=span,
        read=sighting.read,
    )
    question = asked.again(Act.REQUEST_HOLD, who, limit=limit)
    weighed = weigh(agency.rules, question, screen(reason, note_rules()))
    searched = {"asked": int(asked_id)}
    wish = Wish(hold=hold, paper=paper, document=document, public=searched)
    return write(agency, who, wish, decide(agency.rules, question), weighed)


def _look(
    agency: Agency,
    asked: Asked,
    *,
    permit: Permit,
    receipt: LogReceipt,
    read_id: ReadId,
) -> Sighting | None:
    with agency.database.looks() as tx:
        return searches.one(
            tx,
            permit=permit,
            logged=receipt,
            search=asked.search,
            read_id=read_id,
            not_before=agency.retention.not_before(agency.clock()),
        )
