"""Cases: seeing what is held, approving it, extending it, ending it."""

from http import HTTPStatus
from typing import Annotated, Final, TypeVar
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi import Form as Field
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from charteroak.core.codes import Ground
from charteroak.core.hold import (
    KEEP_DAYS,
    SOON,
    HoldId,
    NoSuchHold,
    NotAllowed,
    SamePerson,
    UnusableReasonError,
    UnusableSpanError,
    parse_reason,
    parse_span,
)
from charteroak.core.hold_ground import DocumentKind
from charteroak.core.people import Act
from charteroak.core.search_answer import Forbidden, ReadGone
from charteroak.server.actions.approve_hold import (
    HoldKept,
    SpanBegun,
    approve_hold,
)
from charteroak.server.actions.end_hold import CaseNotNamed, HoldEnded, end_hold
from charteroak.server.actions.extend_hold import (
    ExtensionChanged,
    HoldExtended,
    extend_hold,
)
from charteroak.server.actions.request_extension import (
    ExtensionRequested,
    request_extension,
)
from charteroak.server.actions.see_case import (
    HeldPicture,
    HeldPictureBroken,
    HeldPictureGone,
    list_cases,
    see_case,
    see_held_picture,
)
from charteroak.server.actions.see_hold_document import (
    DocumentBroken,
    DocumentGone,
    HoldDocument,
    see_hold_document,
)
from charteroak.server.agency import Agency
from charteroak.server.web.hold_form import PARTIES
from charteroak.server.web.no_picture import DAMAGED, no_picture
from charteroak.server.web.paper_words import ISSUERS, PAPERS
from charteroak.server.web.render import page, words_of
from charteroak.server.web.session import NotYourRoleError, Session, TheAgency, may
from charteroak.server.web.text import later

router = APIRouter()

Holds = Annotated[Session, Depends(may(Act.REQUEST_HOLD))]
Text = Annotated[str, Field(max_length=2000)]

SAID: Final = {
    "again": later("This read was already asked for. It waits, or is kept, below."),
    "begun": later(
        "Approved. The first reads are copied; the rest is being copied by itself."
    ),
    "changed": later(
        "It was changed meanwhile, and nothing was approved: look again at what is "
        "asked for now."
    ),
    "ended": later("The hold has ended. Its copy is deleted with the next purge."),
    "extended": later("Extended. The hold ends later now."),
    "extension": later(
        "Asked for. Until a supervisor approves it the hold ends on its old day."
    ),
    "gone": later(
        "Too late: it is due, and deleted on schedule. Nothing could be kept. What was "
        "asked for is recorded."
    ),
    "gone-span": later(
        "All of that period was already due. Nothing could be kept; that it was asked "
        "for is recorded."
    ),
    "kept": later("Approved. The read and its pictures are copied to the case."),
    "kept-span": later("Approved. All reads that there are so far are copied, unseen."),
    "late": later(
        "The search is more than an hour old, or was not yours. Search again, then hold."
    ),
    "none": later("There is no such hold, or it has ended."),
    "requested": later("Asked for. A supervisor who is not you must approve it."),
    "same": later("Whoever asked for a hold cannot approve it. Ask a supervisor."),
}
"""What a page says about what was just done."""

_DONE: Final = frozenset({"again", "begun", "ended", "kept", "kept-span", "requested"})
GROUNDS: Final = {
    Ground.ACTIVE_CASE: later("Active case"),
    Ground.ADMINISTRATIVE_WARRANT: later("Administrative warrant"),
    Ground.COURT_ORDER: later("Order of a court"),
    Ground.JUDICIAL_WARRANT: later("Warrant of a judge"),
    Ground.NONE: later("No ground"),
    Ground.PRESERVATION: later("Request to preserve"),
    Ground.SUBPOENA: later("Subpoena"),
}
"""Why a read outlives its term, as pages name it."""

_ENDINGS: Final = {
    DocumentKind.JPEG: "image/jpeg",
    DocumentKind.PDF: "application/pdf",
    DocumentKind.PNG: "image/png",
}
R = TypeVar("R", bound=Response)


@router.get("/cases")
def show_cases(
    request: Request,
    agency: TheAgency,
    session: Holds,
    said: str = "",
    show: str = "",
) -> HTMLResponse:
    """Cases with holds, those that wait first; with `show=waiting` only those."""
    found = list_cases(agency, session.person)
    if isinstance(found, NotAllowed):
        raise NotYourRoleError(Act.REQUEST_HOLD)
    return page(
        request,
        "cases.html",
        {
            "cases": [each for each in found if each.waiting or show != "waiting"],
            "waiting": show == "waiting",
            "said": SAID.get(said, ""),
            "done": said in _DONE,
        },
    )


@router.get("/cases/{case_ref:path}")
def show_case(
    request: Request, agency: TheAgency, session: Holds, case_ref: str, said: str = ""
) -> HTMLResponse:
    """One case with its holds."""
    return _case(request, agency, session, case_ref, said=said)


@router.post("/holds/{hold_id}/approve")
def approve(
    request: Request,
    agency: TheAgency,
    session: Holds,
    hold_id: UUID,
    case_ref: Annotated[str, Field(max_length=60)] = "",
) -> Response:
    """Approve a hold; the read is copied to the case."""
    answer = approve_hold(agency, session.person, HoldId(hold_id))
    match answer:
        case HoldKept(case_ref=kept):
            return to_case(kept, "kept")
        case SpanBegun(case_ref=kept, whole=whole):
            return to_case(kept, "kept-span" if whole else "begun")
        case Forbidden():
            return forbidden(request, answer, Act.APPROVE_HOLD)
        case SamePerson():
            return to_case(case_ref, "same")
        case ReadGone():
            return to_case(case_ref, "gone")
        case NoSuchHold():
            return to_case(case_ref, "none")


@router.post("/holds/{hold_id}/end")
def end(  # noqa: PLR0913, PLR0917  (path, form and session)
    request: Request,
    agency: TheAgency,
    session: Holds,
    hold_id: UUID,
    case_ref: Annotated[str, Field(max_length=60)] = "",
    named: Annotated[str, Field(max_length=60)] = "",
) -> Response:
    """End a hold before its day."""
    answer = end_hold(agency, session.person, HoldId(hold_id), named=named)
    match answer:
        case CaseNotNamed(case_ref=meant):
            return _case(request, agency, session, meant, unnamed=(hold_id, named))
        case HoldEnded(case_ref=ended):
            return to_case(ended, "ended")
        case NoSuchHold():
            return to_case(case_ref, "none")
        case NotAllowed():
            raise NotYourRoleError(Act.REQUEST_HOLD)


@router.post("/holds/{hold_id}/extension")
def ask_to_extend(  # noqa: PLR0913, PLR0917  (path, form and session)
    request: Request,
    agency: TheAgency,
    session: Holds,
    hold_id: UUID,
    case_ref: Annotated[str, Field(max_length=60)] = "",
    reason: Text = "",
    days: Annotated[str, Field(max_length=10)] = "",
) -> Response:
    """Ask that a hold ends later; a supervisor decides."""
    try:
        said, span = parse_reason(reason), parse_span(int(days or "0"))
    except (UnusableReasonError, UnusableSpanError, ValueError) as refused:
        hint = getattr(refused, "hint", UnusableSpanError.hint)
        told = words_of(request).gettext(hint)
        wrong = (hold_id, reason, told)
        return _case(request, agency, session, case_ref, wrong_extension=wrong)
    answer = request_extension(
        agency, session.person, HoldId(hold_id), reason=said, span=span
    )
    match answer:
        case ExtensionRequested(case_ref=asked):
            return to_case(asked, "extension")
        case Forbidden():
            return forbidden(request, answer, Act.REQUEST_HOLD)
        case NoSuchHold():
            return to_case(case_ref, "none")


@router.post("/holds/{hold_id}/extend")
def extend(  # noqa: PLR0913, PLR0917  (path, form and session)
    request: Request,
    agency: TheAgency,
    session: Holds,
    hold_id: UUID,
    case_ref: Annotated[str, Field(max_length=60)] = "",
    shown: Annotated[str, Field(max_length=200)] = "",
) -> Response:
    """Approve that a hold ends later, as the page showed it."""
    answer = extend_hold(agency, session.person, HoldId(hold_id), shown=shown)
    match answer:
        case ExtensionChanged(case_ref=changed):
            return to_case(changed, "changed")
        case HoldExtended(case_ref=extended):
            return to_case(extended, "extended")
        case Forbidden():
            return forbidden(request, answer, Act.APPROVE_HOLD)
        case SamePerson():
            return to_case(case_ref, "same")
        case NoSuchHold():
            return to_case(case_ref, "none")


@router.get("/holds/{hold_id}/document")
def show_document(
    request: Request, agency: TheAgency, session: Holds, hold_id: UUID
) -> Response:
    """The document that a hold stands on, as a file to save; never shown in the page."""
    answer = see_hold_document(agency, session.person, HoldId(hold_id))
    match answer:
        case HoldDocument(content=content, kind=kind):
            name = f"hold-{hold_id.hex[:8]}.{kind.value}"
            head = {"Content-Disposition": f'attachment; filename="{name}"'}
            return private(Response(content, headers=head, media_type=_ENDINGS[kind]))
        case DocumentBroken():
            return no_picture(request, DAMAGED)
        case DocumentGone():
            raise HTTPException(HTTPStatus.NOT_FOUND)
        case NotAllowed():
            raise NotYourRoleError(Act.REQUEST_HOLD)


@router.get("/holds/{hold_id}/plate.jpg")
def show_held_picture(
    request: Request, agency: TheAgency, session: Holds, hold_id: UUID
) -> Response:
    """The plate picture of a held read."""
    answer = see_held_picture(agency, session.person, HoldId(hold_id))
    match answer:
        case HeldPicture(jpeg=jpeg):
            return private(Response(jpeg, media_type="image/jpeg"))
        case HeldPictureBroken():
            return no_picture(request, DAMAGED)
        case HeldPictureGone():
            raise HTTPException(HTTPStatus.NOT_FOUND)
        case NotAllowed():
            raise NotYourRoleError(Act.REQUEST_HOLD)


def _case(  # noqa: PLR0913  (what the page shows, by name)
    request: Request,
    agency: Agency,
    session: Session,
    case_ref: str,
    *,
    said: str = "",
    unnamed: tuple[UUID, str] | None = None,
    wrong_extension: tuple[UUID, str, str] | None = None,
) -> HTMLResponse:
    """A case with what was not taken.

    `unnamed` is the hold that was not ended, and what was typed for it;
    `wrong_extension` the hold, the reason that was typed, and what is wrong with it.
    """
    seen = see_case(agency, session.person, case_ref)
    if isinstance(seen, NotAllowed):
        raise NotYourRoleError(Act.REQUEST_HOLD)
    hold_id, typed = unnamed or (None, "")
    values = {
        "case": seen,
        "said": SAID.get(said, ""),
        "done": said in _DONE,
        "labels": _labels(agency),
        "may_approve": session.person.may(Act.APPROVE_HOLD),
        "grounds": GROUNDS,
        "titles": PAPERS,
        "issuers": ISSUERS,
        "parties": PARTIES,
        "days": KEEP_DAYS,
        "soon": SOON,
        "wrong_extension": wrong_extension,
        "unnamed": hold_id,
        "typed": typed,
    }
    wrong = unnamed or wrong_extension
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return private(page(request, "case.html", values, status=status))


def forbidden(request: Request, answer: Forbidden, act: Act) -> HTMLResponse:
    """The page of a refusal."""
    words = words_of(request)
    asked = {
        Act.REQUEST_HOLD: words.gettext("To hold reads for a case"),
        Act.APPROVE_HOLD: words.gettext("To approve a hold"),
        Act.SEARCH_READS: words.gettext("To look into what a hold keeps"),
    }
    return page(
        request,
        "refused.html",
        {
            "because": answer.because,
            "asked": [(words.gettext("What was asked"), asked[act])],
            "recorded": answer.recorded,
            "not_done": words.gettext("Nothing was kept, and nothing looked up."),
        },
        status=HTTPStatus.FORBIDDEN,
    )


def _labels(agency: Agency) -> dict[str, str]:
    return {str(each.code): each.label for each in agency.profile.purposes}


def to_case(case_ref: str, said: str) -> RedirectResponse:
    """Go on at a case, which says what was done."""
    return RedirectResponse(
        f"/cases/{quote(case_ref)}?said={said}", HTTPStatus.SEE_OTHER
    )


def to_cases(said: str) -> RedirectResponse:
    """Go on at the list of cases, which says what was done."""
    return RedirectResponse(f"/cases?said={said}", HTTPStatus.SEE_OTHER)


def private(answer: R) -> R:
    """Kept by no browser and no proxy."""
    answer.headers["Cache-Control"] = "no-store"
    return answer
