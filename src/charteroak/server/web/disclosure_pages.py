"""The disclosure desk: requests of other agencies and of owners, and their answers."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Final, TypeVar
from urllib.parse import quote
from uuid import UUID

import attrs
from fastapi import APIRouter, Depends, File, HTTPException, Request, UploadFile
from fastapi import Form as Field
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from charteroak.core.codes import Process
from charteroak.core.disclosure import (
    AgencyAsks,
    NoSuchDisclosure,
    PaperKind,
    PeriodNotOver,
    Refusal,
    Stage,
    Why,
)
from charteroak.core.hold import (
    NotAllowed,
    SamePerson,
    UnusableReasonError,
    parse_reason,
)
from charteroak.core.log_record import RecordId
from charteroak.core.package import PackageTooLargeError
from charteroak.core.partner import NoSuchPartner
from charteroak.core.people import Act
from charteroak.law.words import spoken
from charteroak.server.actions.ask_disclosure import (
    Entered,
    SaysNothing,
    ask_disclosure,
)
from charteroak.server.actions.decide_disclosure import (
    DisclosureApproved,
    decide_disclosure,
)
from charteroak.server.actions.explain_disclosure import (
    DisclosureExplained,
    explain_disclosure,
)
from charteroak.server.actions.release_disclosure import (
    PackageBusy,
    release_disclosure,
)
from charteroak.server.actions.see_disclosures import (
    count_open,
    desk_choices,
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
from charteroak.server.actions.see_partners import (
    PartnerShown,
    see_partner,
    see_partners,
)
from charteroak.server.agency import Agency
from charteroak.server.web.disclosure_form import (
    DATA,
    NOT_OVER,
    STANDINGS,
    Meant,
    Typed,
    read_agency,
    read_scan,
    typed,
)
from charteroak.server.web.paper_words import ISSUERS, PAPERS
from charteroak.server.web.plain import RecordNumber
from charteroak.server.web.render import page, words_of
from charteroak.server.web.search_pages import GROUPS
from charteroak.server.web.session import (
    NotYourRoleError,
    Session,
    SignedIn,
    TheAgency,
    may,
)
from charteroak.server.web.text import Words, later
from charteroak.server.web.uploads import AdmittingDesk

router = APIRouter(route_class=AdmittingDesk)

AtDesk = Annotated[Session, Depends(may(Act.ENTER_DISCLOSURE))]
Releases = Annotated[Session, Depends(may(Act.APPROVE_DISCLOSURE))]
Form = Annotated[Typed, Depends(typed)]
R = TypeVar("R", bound=Response)
Code = TypeVar("Code", bound=StrEnum)

STAGES: Final = {
    Stage.ANSWERED: ("good", later("Answered")),
    Stage.APPROVED: ("waiting", later("Approved, to release")),
    Stage.REFUSED: ("off", later("Refused")),
    Stage.WAITING: ("waiting", later("Waits for a supervisor")),
}
"""Where a request stands: the shape and the word."""

WHYS: Final = {
    Why.NOTE: later("for what was written with it"),
    Why.PAUSED: later("the agency is paused"),
    Why.PERSON: later("by a supervisor"),
    Why.RULES: later("by the rules"),
}

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
_BACK: Final = timedelta(days=7)


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
        **_names(agency),
    }
    return _private(page(request, "disclosures.html", context))


@router.get("/disclosure/count")
def show_open(request: Request, agency: TheAgency, session: SignedIn) -> HTMLResponse:
    """How many wait, for the header of whoever decides; swapped in by the page."""
    waiting = count_open(agency, session.person)
    return _private(page(request, "_oversight_count.html", {"waiting": waiting}))


@router.get("/disclosure/new")
def show_form(
    request: Request, agency: TheAgency, _session: AtDesk, partner: str = ""
) -> HTMLResponse:
    """The empty form of an agency's request; with `partner` it is chosen already."""
    now = agency.clock().astimezone(agency.zone)
    form = Typed(
        partner=partner,
        since=f"{now - _BACK:%Y-%m-%dT%H:%M}",
        until=f"{now:%Y-%m-%dT%H:%M}",
    )
    return _form(request, agency, form)


@router.post("/disclosure/explain")
def explain(
    request: Request, agency: TheAgency, _session: AtDesk, form: Form
) -> HTMLResponse:
    """What the law says to what is typed so far; looks at nothing, records nothing."""
    block = "explain" if "hx-request" in request.headers else None
    return _form(request, agency, form, block=block)


@router.post("/disclosure/new")
def enter(
    request: Request,
    agency: TheAgency,
    session: AtDesk,
    form: Form,
    scan: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Enter an agency's request; the rules decide at once."""
    words = words_of(request)
    meant = read_agency(form, agency, words)
    errors = dict(meant.errors)
    paper = read_scan(scan, errors, words, needed=meant.paper is not None)
    asks = None if errors else _asks(agency, form, meant)
    if asks is None:
        errors = errors or {"partner": words.gettext("Choose the agency that asks.")}
        return _form(request, agency, form, errors=errors)
    answer = ask_disclosure(
        agency, session.person, attrs.evolve(asks, scan=paper if meant.paper else None)
    )
    match answer:
        case Entered(number=number):
            return to_request(number, "entered")
        case Refusal(number=number):
            return to_request(number, "refused")
        case SaysNothing(because=because):
            return _form(request, agency, form, errors={"note": because[0].plain})
        case PeriodNotOver():
            told = words.gettext(NOT_OVER)
            return _form(request, agency, form, errors={"until": told})
        case NoSuchPartner():
            told = words.gettext("Choose the agency that asks.")
            return _form(request, agency, form, errors={"partner": told})
        case NotAllowed():
            raise NotYourRoleError(Act.ENTER_DISCLOSURE)


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


def to_request(number: int, said: str) -> RedirectResponse:
    """On to the page of a request."""
    return RedirectResponse(
        f"/disclosure/requests/{number}?said={quote(said)}", HTTPStatus.SEE_OTHER
    )


def attachment(content: bytes, media_type: str, name: str) -> Response:
    """A file that a browser keeps and never shows as a page of ours."""
    return _private(
        Response(
            content,
            media_type=media_type,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
    )


def options(names: Mapping[Code, str], words: Words) -> list[tuple[str, str]]:
    """The choices of a field: code and label."""
    return [(code.value, words.gettext(label)) for code, label in names.items()]


def _letter(content: bytes) -> Response:
    # Its style stands in it, so that it can be sent as one file: that and nothing else.
    style = content.partition(b"<style>")[2].partition(b"</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style).digest()).decode()
    answer = Response(content, media_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )
    return _private(answer)


def _asks(agency: Agency, form: Typed, meant: Meant) -> AgencyAsks | None:
    """The request, where all of it can be read and the agency is known."""
    if meant.partner_id is None or meant.purpose is None or meant.data_kind is None:
        return None
    shown = see_partner(agency, meant.partner_id)
    if meant.process is None or meant.wanted is None:
        return None
    if not isinstance(shown, PartnerShown):
        return None
    return AgencyAsks(
        partner=shown.partner,
        person=form.person,
        contact=form.contact,
        reference=form.reference,
        purpose=meant.purpose,
        data_kind=meant.data_kind,
        process=meant.process,
        paper=meant.paper,
        issuer=meant.issuer,
        scan=None,
        wanted=meant.wanted,
        note=meant.note,
    )


def _form(
    request: Request,
    agency: Agency,
    form: Typed,
    *,
    errors: dict[str, str] | None = None,
    block: str | None = None,
) -> HTMLResponse:
    words = words_of(request)
    meant = read_agency(form, agency, words)
    groups: dict[str, list[tuple[str, str]]] = {}
    for each in agency.profile.purposes:
        heading = words.gettext(GROUPS[each.group])
        groups.setdefault(heading, []).append((each.code, words.gettext(each.label)))
    context = {
        "typed": form,
        "errors": errors or {},
        "partners": see_partners(agency),
        "choices": desk_choices(agency),
        "groups": list(groups.items()),
        "data": options(DATA, words),
        "papers": options(PAPERS, words),
        "issuers": options(ISSUERS, words),
        "explained": _explained(agency, form, meant),
        "process": meant.process,
        **_names(agency),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    shown = page(request, "disclosure_new.html", context, status=status, block=block)
    return _private(shown)


def _explained(agency: Agency, form: Typed, meant: Meant) -> DisclosureExplained | None:
    if meant.partner_id is None or meant.purpose is None:
        return None
    if meant.data_kind is None or meant.process is None:
        return None
    return explain_disclosure(
        agency,
        partner_id=meant.partner_id,
        purpose=meant.purpose,
        data_kind=meant.data_kind,
        process=meant.process,
        note=meant.note,
        beside=(form.person, form.contact, form.reference),
    )


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
        **_names(agency),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return _private(page(request, "disclosure.html", context, status=status))


def _names(agency: Agency) -> dict[str, object]:
    """Words for codes, which several pages need."""
    return {
        "stages": STAGES,
        "whys": WHYS,
        "spoken": spoken,
        "data_names": DATA,
        "standings": STANDINGS,
        "none": Process.NONE,
        "labels": {str(each.code): each.label for each in agency.profile.purposes},
    }


def _private(answer: R) -> R:
    answer.headers["Cache-Control"] = "no-store"
    return answer
