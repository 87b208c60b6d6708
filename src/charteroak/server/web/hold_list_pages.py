"""All holds by the day they end, cases that are closed, ending a case, looking into one."""

import base64
from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi import Form as Field
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from charteroak.core.hold import SOON, HoldId, NoSuchHold, NotAllowed
from charteroak.core.people import Act
from charteroak.core.plate import (
    PatternTooWideError,
    PlatePattern,
    UnreadablePatternError,
)
from charteroak.core.search import (
    LONGEST_NOTE,
    UnreadableCaseError,
    parse_case,
)
from charteroak.core.search_answer import Forbidden
from charteroak.server.actions.end_case import (
    CaseEnded,
    CaseEnds,
    end_case,
    look_at_end,
)
from charteroak.server.actions.search_held import HeldFound, search_held
from charteroak.server.actions.see_closed_cases import see_closed_cases
from charteroak.server.actions.see_holds import see_holds
from charteroak.server.agency import Agency
from charteroak.server.web.hold_pages import GROUNDS, Holds, forbidden, private, to_case
from charteroak.server.web.render import page, words_of
from charteroak.server.web.search_form import case_in
from charteroak.server.web.session import NotYourRoleError, Session, TheAgency, may
from charteroak.server.web.text import later

router = APIRouter()

Ends = Annotated[Session, Depends(may(Act.APPROVE_HOLD))]

SAID: Final = {
    "ended": later(
        "The case has ended, and its holds with it. What they kept is deleted with the "
        "next purge."
    ),
    "nothing": later("No hold of that case stands. Nothing was done."),
}


@router.get("/holds")
def show_holds(
    request: Request, agency: TheAgency, session: Holds, said: str = ""
) -> HTMLResponse:
    """Every hold that stands, the one that ends first at the top."""
    found = see_holds(agency, session.person)
    if isinstance(found, NotAllowed):
        raise NotYourRoleError(Act.REQUEST_HOLD)
    values = {
        "lines": found,
        "grounds": GROUNDS,
        "soon": SOON,
        "may_end": session.person.may(Act.APPROVE_HOLD),
        "said": SAID.get(said, ""),
        "done": said == "ended",
    }
    return private(page(request, "holds.html", values))


@router.get("/holds/closed")
def show_closed(request: Request, agency: TheAgency, session: Ends) -> HTMLResponse:
    """Cases that the records system calls closed, whose holds still stand."""
    found = see_closed_cases(agency, session.person)
    if isinstance(found, NotAllowed):
        raise NotYourRoleError(Act.APPROVE_HOLD)
    return private(page(request, "holds_closed.html", {"found": found}))


@router.get("/end-case")
def show_end_of_case(
    request: Request, agency: TheAgency, session: Ends, case: str = ""
) -> Response:
    """Say what ending a case deletes, and ask for its number."""
    case_ref = _case(case)
    ends = look_at_end(agency, session.person, case_ref)
    if isinstance(ends, NotAllowed):
        raise NotYourRoleError(Act.APPROVE_HOLD)
    return _end_page(request, agency, ends)


@router.post("/end-case")
def end_this_case(
    request: Request,
    agency: TheAgency,
    session: Ends,
    case: Annotated[str, Field(max_length=60)] = "",
    named: Annotated[str, Field(max_length=60)] = "",
) -> Response:
    """End a case; its number must be typed."""
    answer = end_case(agency, session.person, _case(case), named=named)
    match answer:
        case CaseEnded():
            return RedirectResponse("/holds?said=ended", HTTPStatus.SEE_OTHER)
        case CaseEnds(lines=()):
            return RedirectResponse("/holds?said=nothing", HTTPStatus.SEE_OTHER)
        case CaseEnds():
            return _end_page(request, agency, answer, typed=named)
        case NotAllowed():
            raise NotYourRoleError(Act.APPROVE_HOLD)


@router.get("/holds/{hold_id}/search")
def show_search_of_hold(
    request: Request, _session: Holds, hold_id: UUID, case: str = ""
) -> HTMLResponse:
    """Ask what a hold keeps."""
    return _search_page(request, hold_id, case=_case(case))


@router.post("/holds/{hold_id}/search")
def search_hold(  # noqa: PLR0913, PLR0917  (path, form and session)
    request: Request,
    agency: TheAgency,
    session: Holds,
    hold_id: UUID,
    case: Annotated[str, Field(max_length=60)] = "",
    plate: Annotated[str, Field(max_length=200)] = "",
    note: Annotated[str, Field(max_length=2000)] = "",
) -> Response:
    """Look into a hold; the question is recorded first."""
    words = words_of(request)
    errors: dict[str, str] = {}
    pattern = None
    if plate.strip():
        try:
            pattern = PlatePattern.parse(plate)
        except (UnreadablePatternError, PatternTooWideError) as refused:
            errors["plate"] = words.gettext(refused.hint)
    said = " ".join(note.split())
    if not said or len(said) > LONGEST_NOTE:
        errors["note"] = words.gettext(
            "What crime or person is it about? Say it in at most 300 characters."
        )
    if errors:
        return _search_page(
            request, hold_id, case=_case(case), plate=plate, note=note, errors=errors
        )
    answer = search_held(
        agency, session.person, HoldId(hold_id), pattern=pattern, note=said
    )
    if isinstance(answer, NoSuchHold):
        return to_case(_case(case), "none")
    found = answer.open(agency.covered)
    if isinstance(found, Forbidden):
        return forbidden(request, found, Act.SEARCH_READS)
    return _search_page(
        request,
        hold_id,
        case=found.hold.case_ref,
        plate=plate,
        note=said,
        found=found,
    )


def _end_page(
    request: Request, agency: Agency, ends: CaseEnds, *, typed: str | None = None
) -> HTMLResponse:
    words = words_of(request)
    errors: dict[str, str] = {}
    if typed is not None:
        wrong: dict[str, str] = {}
        case_in(typed, agency.cases, wrong, words)
        told = words.gettext("This is not the number of the case. Nothing was deleted.")
        errors["named"] = wrong.get("case", told)
    values = {
        "ends": ends,
        "reads": sum(line.reads or 0 for line in ends.lines),
        "grounds": GROUNDS,
        "typed": typed or "",
        "errors": errors,
        "standing": agency.cases.standing(ends.case_ref),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return private(page(request, "case_end.html", values, status=status))


def _search_page(  # noqa: PLR0913  (what the page shows, by name)
    request: Request,
    hold_id: UUID,
    *,
    case: str,
    plate: str = "",
    note: str = "",
    errors: dict[str, str] | None = None,
    found: HeldFound | None = None,
) -> HTMLResponse:
    pictures = [
        base64.b64encode(each.jpeg).decode() if each.jpeg is not None else ""
        for each in (found.sightings if found else ())
    ]
    values = {
        "hold_id": hold_id,
        "case": case,
        "plate": plate,
        "note": note,
        "errors": errors or {},
        "found": found,
        # In the page itself: so nobody has the address of a picture without a search.
        "pictures": pictures,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return private(page(request, "hold_search.html", values, status=status))


def _case(text: str) -> str:
    """The case that one of our pages named; empty where it is none."""
    try:
        return parse_case(text)
    except UnreadableCaseError:
        return ""
