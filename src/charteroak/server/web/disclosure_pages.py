"""The disclosure desk: requests of other agencies and of owners, and their answers."""

import base64
import hashlib
from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi import Form as Field
from fastapi.responses import HTMLResponse, Response

from charteroak.core.disclosure import (
    NoSuchDisclosure,
    PaperKind,
    Refusal,
)
from charteroak.core.hold import (
    NotAllowed,
    SamePerson,
    UnusableReasonError,
    parse_reason,
)
from charteroak.core.log_record import RecordId
from charteroak.core.package import PackageTooLargeError
from charteroak.core.people import Act
from charteroak.server.actions.decide_disclosure import (
    DisclosureApproved,
    decide_disclosure,
)
from charteroak.server.actions.release_disclosure import (
    PackageBusy,
    release_disclosure,
)
from charteroak.server.actions.see_disclosures import (
    count_open,
    see_disclosure,
    see_disclosures,
)
from charteroak.server.actions.see_paper import (
    NoSuchPaper,
    PaperDamaged,
    PaperDeleted,
    PaperSeen,
    see_paper,
)
from charteroak.server.agency import Agency
from charteroak.server.web.disclosure_desk import (
    AtDesk,
    attachment,
    names,
    private,
    to_request,
)
from charteroak.server.web.paper_words import ISSUERS, PAPERS
from charteroak.server.web.plain import RecordNumber
from charteroak.server.web.render import page, words_of
from charteroak.server.web.session import (
    NotYourRoleError,
    Session,
    SignedIn,
    TheAgency,
    may,
)
from charteroak.server.web.text import later
from charteroak.server.web.uploads import AdmittingDesk

router = APIRouter(route_class=AdmittingDesk)

Releases = Annotated[Session, Depends(may(Act.APPROVE_DISCLOSURE))]

PAPER_NAMES: Final = {
    PaperKind.CONSENT: later("Consent of the other owner"),
    PaperKind.DECLARATION: later("Written declaration"),
    PaperKind.LETTER: later("Letter of refusal"),
    PaperKind.PROCESS: later("Legal paper"),
}

SAID: Final = {
    "busy": later("Another package is being made; try again in a minute."),
    "approved": later("Approved. It is decided once more when it is released."),
    "entered": later("Entered. A supervisor who is not you must approve it."),
    "refused": later("Refused, and recorded. The letter says why."),
    "not-again": later(
        "Not made again: by now something stands against it. That is recorded."
    ),
    "same": later("Whoever enters a request cannot decide it. Ask a supervisor."),
    "settled": later("That request does not wait for this any more: see below."),
    "too-large": later("There is too much for one package: ask for a shorter period."),
}
"""What a page says about what was just done."""

_DONE: Final = frozenset({"approved", "entered", "refused"})
_ENDINGS: Final = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "text/html": "html",
}


@router.get("/disclosure")
def show_requests(
    request: Request,
    agency: TheAgency,
    session: AtDesk,
    said: str = "",
    show: str = "",
) -> HTMLResponse:
    """Requests that wait; with `show=all` answered and refused ones as well."""
    found = see_disclosures(agency, session.person, closed_too=show == "all")
    if isinstance(found, NotAllowed):
        raise NotYourRoleError(Act.ENTER_DISCLOSURE)
    context = {
        "requests": found,
        "everything": show == "all",
        "said": SAID.get(said, ""),
        "done": said in _DONE,
        **names(agency),
    }
    return private(page(request, "disclosures.html", context))


@router.get("/disclosure/count")
def show_open(request: Request, agency: TheAgency, session: SignedIn) -> HTMLResponse:
    """How many wait, for the header of whoever decides; swapped in by the page."""
    waiting = count_open(agency, session.person)
    return private(page(request, "_oversight_count.html", {"waiting": waiting}))


@router.get("/disclosure/requests/{number}")
def show_request(
    request: Request,
    agency: TheAgency,
    session: AtDesk,
    number: RecordNumber,
    said: str = "",
) -> HTMLResponse:
    """One request, with what the rules say to it now."""
    return _one(request, agency, session, number, said=said)


@router.post("/disclosure/requests/{number}/decide")
def decide(  # noqa: PLR0913, PLR0917  (path, form and session)
    request: Request,
    agency: TheAgency,
    session: Releases,
    number: RecordNumber,
    answer: Annotated[str, Field(max_length=20)] = "",
    reason: Annotated[str, Field(max_length=2000)] = "",
) -> Response:
    """Approve a request, or turn it down."""
    try:
        why = parse_reason(reason)
    except UnusableReasonError:
        return _one(request, agency, session, number, wrong=True, reason=reason)
    if answer not in {"approve", "turn-down"}:
        return _one(request, agency, session, number, wrong=True, reason=reason)
    decided = decide_disclosure(
        agency,
        session.person,
        RecordId(number),
        approve=answer == "approve",
        reason=why,
    )
    match decided:
        case DisclosureApproved():
            return to_request(number, "approved")
        case Refusal():
            return to_request(number, "refused")
        case SamePerson():
            return to_request(number, "same")
        case NoSuchDisclosure():
            return to_request(number, "settled")
        case NotAllowed():
            raise NotYourRoleError(Act.APPROVE_DISCLOSURE)


@router.post("/disclosure/requests/{number}/release")
def release(agency: TheAgency, session: Releases, number: RecordNumber) -> Response:
    """Decide once more, look, and hand the package over as a file."""
    try:
        answer = release_disclosure(agency, session.person, RecordId(number))
    except PackageTooLargeError:
        return to_request(number, "too-large")
    match answer:
        case Refusal(letter=letter):
            return to_request(number, "refused" if letter else "not-again")
        case PackageBusy():
            return to_request(number, "busy")
        case SamePerson():
            return to_request(number, "same")
        case NoSuchDisclosure():
            return to_request(number, "settled")
        case NotAllowed():
            raise NotYourRoleError(Act.APPROVE_DISCLOSURE)
        case _:
            made = answer.open(agency.covered)
            return attachment(made.content, "application/zip", made.name)


@router.get("/disclosure/papers/{paper_id}")
def show_paper(
    agency: TheAgency, session: AtDesk, paper_id: UUID, save: str = ""
) -> Response:
    """A kept paper as a file; our own letter as a page, with `save=yes` as a file too."""
    answer = see_paper(agency, session.person, paper_id)
    match answer:
        case PaperSeen(paper=paper, content=content):
            if paper.kind is PaperKind.LETTER and save != "yes":
                return _letter(content)
            ending = _ENDINGS[paper.media_type]
            name = f"{paper.kind}-{paper.sha256[:8]}.{ending}"
            return attachment(content, paper.media_type, name)
        case NoSuchPaper():
            raise HTTPException(HTTPStatus.NOT_FOUND)
        case PaperDeleted():
            raise HTTPException(HTTPStatus.GONE)
        case PaperDamaged():
            raise HTTPException(HTTPStatus.INTERNAL_SERVER_ERROR)
        case NotAllowed():
            raise NotYourRoleError(Act.ENTER_DISCLOSURE)


def _letter(content: bytes) -> Response:
    # Its style stands in it, so that it can be sent as one file: that and nothing else.
    style = content.partition(b"<style>")[2].partition(b"</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style).digest()).decode()
    answer = Response(content, media_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
    return private(answer)


def _one(  # noqa: PLR0913  (what the page shows, by name)
    request: Request,
    agency: Agency,
    session: Session,
    number: int,
    *,
    said: str = "",
    wrong: bool = False,
    reason: str = "",
) -> HTMLResponse:
    seen = see_disclosure(agency, session.person, RecordId(number))
    if isinstance(seen, NotAllowed):
        raise NotYourRoleError(Act.ENTER_DISCLOSURE)
    if isinstance(seen, NoSuchDisclosure):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    words = words_of(request)
    told = words.gettext("Say why in 10 to 300 characters, and choose an answer.")
    context = {
        "seen": seen,
        "errors": {"reason": told} if wrong else {},
        "reason": reason,
        "said": SAID.get(said, ""),
        "done": said in _DONE,
        "paper_names": PAPER_NAMES,
        "papers": PAPERS,
        "issuers": ISSUERS,
        **names(agency),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return private(page(request, "disclosure.html", context, status=status))
