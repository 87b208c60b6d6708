"""Searching: the form, what the law says before the click, the answer or the refusal."""

from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi import Form as Field
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from charteroak.core.emergency import NoSuchEmergency
from charteroak.core.hold import NotAllowed
from charteroak.core.log_record import RecordId
from charteroak.core.people import Act
from charteroak.core.read import ReadId
from charteroak.core.screening import Verdict
from charteroak.core.search import LONGEST_PAGE, is_reference
from charteroak.core.search_answer import Found, NotShown, ReadGone, Refused, Waits
from charteroak.core.second_person import NotWaiting
from charteroak.server.actions.bind_emergency import (
    CaseNotKnown,
    EmergencyBound,
    bind_emergency,
)
from charteroak.server.actions.explain_search import (
    Choices,
    Explained,
    explain_search,
    search_choices,
)
from charteroak.server.actions.search_reads import open_approved, search_reads
from charteroak.server.actions.see_oversight import own_emergencies, own_waiting
from charteroak.server.actions.see_read_picture import (
    Picture,
    PictureBroken,
    PictureSeen,
    see_read_picture,
)
from charteroak.server.actions.see_street_map import see_street_map
from charteroak.server.agency import Agency
from charteroak.server.web.no_picture import DAMAGED, no_picture
from charteroak.server.web.plain import RecordNumber
from charteroak.server.web.render import page, words_of
from charteroak.server.web.search_form import (
    CUSTOM,
    Meant,
    Typed,
    case_in,
    examples,
    meaning,
    read,
    typed,
)
from charteroak.server.web.search_view import (
    choosing_map,
    plates,
    results_map,
    timeline,
)
from charteroak.server.web.session import Session, TheAgency, may
from charteroak.server.web.text import Words, later

router = APIRouter()

Searches = Annotated[Session, Depends(may(Act.SEARCH_READS))]
Form = Annotated[Typed, Depends(typed)]

GROUPS: Final = {
    "vehicle": later("Vehicle"),
    "person": later("Missing, endangered, wanted"),
    "violence": later("Violent crime"),
    "property": later("Other crime"),
    "road": later("Road"),
    "administration": later("Administration"),
    "protected": later("Protected"),
    "misuse": later("Misuse"),
}
"""Headings of the list of purposes, by the groups of the vocabulary."""

SAID: Final = {
    "bound": later("Bound to the case. What was held for it belongs to the case now."),
    "no-case": later(
        "The records system knows no case of that number: nothing was bound to it."
    ),
    "no-emergency": later("That search is bound already, or is not yours to bind."),
    "wrong-case": later("That is no case number of this agency. Nothing was bound."),
    "not-waiting": later(
        "That search is not open to you: it was not approved, was opened before, or "
        "has waited for more than a day. Search again."
    ),
}
"""What the page says about what was just done."""

_PRIVATE: Final = {"Cache-Control": "no-store"}


@router.get("/search")
def show_form(
    request: Request, agency: TheAgency, session: Searches, said: str = ""
) -> HTMLResponse:
    """The empty form."""
    return _page(request, agency, session, Typed(), tried=False, said=said)


@router.post("/search/explain")
def explain(
    request: Request, agency: TheAgency, session: Searches, form: Form
) -> HTMLResponse:
    """The panel beside the form, for what is typed so far; looks at nothing.

    Without scripts it is asked for by a button, and comes with the page around it.
    """
    block = "explain" if "hx-request" in request.headers else None
    return _page(request, agency, session, form, tried=False, block=block)


@router.post("/search")
def run_search(
    request: Request, agency: TheAgency, session: Searches, form: Form
) -> HTMLResponse:
    """Answer the form. It is posted, so that no plate is ever in an address."""
    meant = _meant(request, agency, form)
    if meant.search is None:
        return _page(request, agency, session, form, tried=True)
    answer = search_reads(agency, session.person, meant.search)
    opened = answer.open(agency.covered)
    return _answer(request, agency, session, form, opened)


@router.post("/search/waiting/{asked}/open")
def open_waiting(
    request: Request, agency: TheAgency, session: Searches, asked: RecordNumber
) -> Response:
    """Open what a second person has approved; it is looked up now."""
    answer = open_approved(agency, session.person, RecordId(asked))
    if isinstance(answer, NotWaiting):
        return _back("not-waiting")
    opened = answer.open(agency.covered)
    return _answer(request, agency, session, _typed_again(opened, agency), opened)


@router.post("/emergencies/{reference}/bind")
def bind(
    request: Request,
    agency: TheAgency,
    session: Searches,
    reference: str,
    case_ref: Annotated[str, Field(max_length=200)] = "",
) -> RedirectResponse:
    """Name the case of an emergency search."""
    errors: dict[str, str] = {}
    case = case_in(case_ref, agency.cases, errors, words_of(request))
    if not case:
        return _back("wrong-case")
    match bind_emergency(agency, session.person, reference, case_ref=case):
        case EmergencyBound():
            return _back("bound")
        case CaseNotKnown():
            return _back("no-case")
        case NoSuchEmergency() | NotAllowed():
            return _back("no-emergency")


@router.get("/searches/{asked}/reads/{read_id}/{which}.jpg")
def show_picture(  # noqa: PLR0913, PLR0917  (each is a part of the request)
    request: Request,
    agency: TheAgency,
    session: Searches,
    asked: RecordNumber,
    read_id: UUID,
    which: Picture,
) -> Response:
    """A picture of a result, for the person who searched, for an hour."""
    answer = see_read_picture(
        agency, session.person, RecordId(asked), ReadId(read_id), which
    )
    match answer:
        case PictureSeen(jpeg=jpeg):
            return Response(jpeg, media_type="image/jpeg", headers=_PRIVATE)
        case PictureBroken():
            return no_picture(request, DAMAGED)
        case NotShown() | ReadGone():
            raise HTTPException(HTTPStatus.NOT_FOUND)


def _back(said: str) -> RedirectResponse:
    return RedirectResponse(f"/search?said={said}", HTTPStatus.SEE_OTHER)


def _answer(
    request: Request,
    agency: Agency,
    session: Session,
    form: Typed,
    opened: Found | Refused | Waits,
) -> HTMLResponse:
    match opened:
        case Found():
            return _page(request, agency, session, form, tried=True, found=opened)
        case Refused():
            return _page(request, agency, session, form, tried=True, refused=opened)
        case Waits():
            return _page(request, agency, session, Typed(), tried=False, waits=opened)


def _own(agency: Agency, session: Session, words: Words) -> dict[str, object]:
    """What of one's own searches waits, and what the form says of cases."""
    return {
        "emergency_labels": _emergency_labels(agency, words),
        "case_example": agency.cases.example or "26-01234",
        "waiting": own_waiting(agency, session.person),
        "emergencies": own_emergencies(agency, session.person),
        "now_at": agency.clock(),
    }


def _emergency_labels(agency: Agency, words: Words) -> list[str]:
    """The purposes for which a search without a case is possible, in words."""
    return [
        words.gettext(each.label)
        for each in agency.profile.purposes
        if str(each.code) in agency.emergencies
    ]


def _typed_again(opened: Found | Refused | Waits, agency: Agency) -> Typed:
    """The form as it was sent when the search was asked for."""
    search = opened.search
    since, until = (
        moment.astimezone(agency.zone).strftime("%Y-%m-%dT%H:%M")
        for moment in (search.since, search.until)
    )
    return Typed(
        purpose=str(search.purpose),
        case="" if is_reference(search.case_ref) else search.case_ref,
        emergency=is_reference(search.case_ref),
        note=search.note,
        plate=search.plate.text,
        period=CUSTOM,
        since=since,
        until=until,
        cameras=tuple(sorted(str(camera) for camera in search.cameras)),
    )


def _meant(request: Request, agency: Agency, form: Typed) -> Meant:
    return read(
        form,
        now=agency.clock(),
        zone=agency.zone,
        limit=agency.retention.limit,
        cases=agency.cases,
        words=words_of(request),
    )


def _page(  # noqa: PLR0913  (what the page shows, by name)
    request: Request,
    agency: Agency,
    session: Session,
    form: Typed,
    *,
    tried: bool,
    found: Found | None = None,
    refused: Refused | None = None,
    waits: Waits | None = None,
    said: str = "",
    block: str | None = None,
) -> HTMLResponse:
    words = words_of(request)
    meant = _meant(request, agency, form)
    choices = search_choices(agency, session.person)
    streets = see_street_map(agency) if block is None else None
    thanks = None if streets is None else streets.attribution
    errors = dict(meant.errors) if tried else {}
    if refused is not None and refused.note is Verdict.VAGUE:
        errors["note"] = words.gettext(
            "What crime or person? Nothing was looked up; that you asked is recorded."
        )
    wrong = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    status = wrong if refused is None else HTTPStatus.FORBIDDEN
    answer = page(
        request,
        "search.html",
        {
            "typed": form,
            "meant": meant,
            "errors": errors,
            "groups": purpose_groups(choices, words),
            "labels": {
                each.purpose.code: each.purpose.label for each in choices.purposes
            },
            "choices": choices,
            "explained": _explained(agency, session, form, meant),
            "parts": meaning(meant.pattern, words) if meant.pattern else [],
            "examples": examples(meant.pattern) if meant.pattern else [],
            "found": found,
            "refused": refused,
            "waits": waits,
            **(_own(agency, session, words) if block is None else {}),
            "said": SAID.get(said, ""),
            "choosing": choosing_map(choices.cameras, thanks=thanks),
            **(_drawn(found, agency, choices, thanks, words) if found else {}),
            "most": LONGEST_PAGE,
            "may_hold": session.person.may(Act.REQUEST_HOLD),
            "profile": agency.profile,
        },
        status=status,
        block=block,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _explained(
    agency: Agency, session: Session, form: Typed, meant: Meant
) -> Explained | None:
    if meant.purpose is None:
        return None
    return explain_search(
        agency,
        session.person,
        purpose=meant.purpose,
        case_ref=meant.case_ref,
        since=meant.since,
        note=meant.note,
        emergency=form.emergency,
    )


def _drawn(
    found: Found, agency: Agency, choices: Choices, thanks: str | None, words: Words
) -> dict[str, object]:
    view, elsewhere = results_map(found, choices.cameras, thanks=thanks, words=words)
    return {
        "timeline": timeline(found, agency.zone),
        "plates": plates(found.sightings),
        "where": view,
        "elsewhere": elsewhere,
    }


def purpose_groups(
    choices: Choices, words: Words
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Purposes by heading; those that the rules refuse to this person come last."""
    open_: dict[str, list[tuple[str, str]]] = {}
    closed: list[tuple[str, str]] = []
    for choice in choices.purposes:
        option = (str(choice.purpose.code), words.gettext(choice.purpose.label))
        if choice.against is None:
            heading = words.gettext(GROUPS[choice.purpose.group])
            open_.setdefault(heading, []).append(option)
        else:
            closed.append(option)
    listed = list(open_.items())
    if closed:
        listed.append(
            (words.gettext("Not allowed: would be refused, and recorded"), closed)
        )
    return listed
