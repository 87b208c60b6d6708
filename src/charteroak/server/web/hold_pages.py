"""Cases: asking that a read be held, approving it, ending it, seeing what is held."""

from http import HTTPStatus
from typing import Annotated, Final, TypeVar
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi import Form as Field
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from charteroak.core.hold import (
    KEEP_DAYS,
    HoldId,
    NoSuchHold,
    NotAllowed,
    SamePerson,
    UnusableReasonError,
    UnusableSpanError,
    parse_reason,
    parse_span,
)
from charteroak.core.log_record import RecordId
from charteroak.core.people import Act
from charteroak.core.read import ReadId
from charteroak.core.search_answer import Forbidden, NotShown, ReadGone
from charteroak.server.actions.approve_hold import (
    HoldKept,
    SpanBegun,
    approve_hold,
)
from charteroak.server.actions.end_hold import CaseNotNamed, HoldEnded, end_hold
from charteroak.server.actions.request_hold import HoldRequested, request_hold
from charteroak.server.actions.see_case import (
    HeldPicture,
    HeldPictureBroken,
    HeldPictureGone,
    list_cases,
    see_case,
    see_held_picture,
)
from charteroak.server.agency import Agency
from charteroak.server.web.no_picture import DAMAGED, no_picture
from charteroak.server.web.plain import RecordNumber
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
    "ended": later("The hold has ended. Its copy is deleted with the next purge."),
    "gone": later("Already deleted on schedule. Nothing could be kept."),
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
_DEFAULT_DAYS: Final = 90
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


@router.get("/searches/{asked}/reads/{read_id}/hold")
def show_hold_form(
    request: Request,
    _session: Holds,
    asked: RecordNumber,
    read_id: UUID,
) -> HTMLResponse:
    """Ask that one result of a search be held."""
    return _form(request, asked, read_id)


@router.post("/searches/{asked}/reads/{read_id}/hold")
def ask_for_hold(  # noqa: PLR0913, PLR0917  (path, form and session)
    request: Request,
    agency: TheAgency,
    session: Holds,
    asked: RecordNumber,
    read_id: UUID,
    reason: Text = "",
    days: Annotated[int, Field()] = _DEFAULT_DAYS,
) -> Response:
    """Write the wish down; a supervisor decides."""
    try:
        parsed, span = parse_reason(reason), parse_span(days)
    except (UnusableReasonError, UnusableSpanError) as refused:
        field = "reason" if isinstance(refused, UnusableReasonError) else "days"
        errors = {field: words_of(request).gettext(refused.hint)}
        return _form(request, asked, read_id, reason=reason, errors=errors)
    answer = request_hold(
        agency,
        session.person,
        asked_id=RecordId(asked),
        read_id=ReadId(read_id),
        reason=parsed,
        span=span,
    )
    match answer:
        case HoldRequested(case_ref=case_ref, again=again):
            return _to_case(case_ref, "again" if again else "requested")
        case Forbidden():
            return _forbidden(request, answer, Act.REQUEST_HOLD)
        case NotShown():
            return _to_cases("late")
        case ReadGone():
            return _to_cases("gone")


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
            return _to_case(kept, "kept")
        case SpanBegun(case_ref=kept, whole=whole):
            return _to_case(kept, "kept-span" if whole else "begun")
        case Forbidden():
            return _forbidden(request, answer, Act.APPROVE_HOLD)
        case SamePerson():
            return _to_case(case_ref, "same")
        case ReadGone():
            return _to_case(case_ref, "gone")
        case NoSuchHold():
            return _to_case(case_ref, "none")


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
            return _to_case(ended, "ended")
        case NoSuchHold():
            return _to_case(case_ref, "none")
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
            return _private(Response(jpeg, media_type="image/jpeg"))
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
) -> HTMLResponse:
    """A case; `unnamed` is the hold that was not ended, and what was typed for it."""
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
        "unnamed": hold_id,
        "typed": typed,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if unnamed else HTTPStatus.OK
    return _private(page(request, "case.html", values, status=status))


def _form(
    request: Request,
    asked: int,
    read_id: UUID,
    *,
    reason: str = "",
    errors: dict[str, str] | None = None,
) -> HTMLResponse:
    answer = page(
        request,
        "hold.html",
        {
            "asked": asked,
            "read_id": read_id,
            "reason": reason,
            "errors": errors or {},
            "days": KEEP_DAYS,
            "chosen": _DEFAULT_DAYS,
        },
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
    )
    return _private(answer)


def _forbidden(request: Request, answer: Forbidden, act: Act) -> HTMLResponse:
    words = words_of(request)
    asked = {
        Act.REQUEST_HOLD: words.gettext("To hold a read for a case"),
        Act.APPROVE_HOLD: words.gettext("To approve a hold"),
    }
    return page(
        request,
        "refused.html",
        {
            "because": answer.because,
            "asked": [(words.gettext("What was asked"), asked[act])],
            "recorded": answer.recorded,
        },
        status=HTTPStatus.FORBIDDEN,
    )


def _labels(agency: Agency) -> dict[str, str]:
    return {str(each.code): each.label for each in agency.profile.purposes}


def _to_case(case_ref: str, said: str) -> RedirectResponse:
    return RedirectResponse(
        f"/cases/{quote(case_ref)}?said={said}", HTTPStatus.SEE_OTHER
    )


def _to_cases(said: str) -> RedirectResponse:
    return RedirectResponse(f"/cases?said={said}", HTTPStatus.SEE_OTHER)


def _private(answer: R) -> R:
    answer.headers["Cache-Control"] = "no-store"
    return answer
