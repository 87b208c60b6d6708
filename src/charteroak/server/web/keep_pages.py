"""Asking that reads be held: one result of a search, or a period that nobody looked into.

A period is asked for in two steps, so that how much it is stands there before the wish
is sent, and a file is chosen last: a browser forgets the choice with every page.
"""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, File, Request, UploadFile
from fastapi.responses import HTMLResponse, Response

from charteroak.core.hold import KEEP_DAYS, SOON
from charteroak.core.hold_span import HoldSpan
from charteroak.core.log_record import RecordId
from charteroak.core.people import Act
from charteroak.core.read import ReadId
from charteroak.core.search import UnreadableCaseError, parse_case
from charteroak.core.search_answer import Forbidden, NotShown, ReadGone
from charteroak.server.actions.count_span import SpanCounted, count_span
from charteroak.server.actions.explain_search import search_choices
from charteroak.server.actions.request_hold import (
    HoldRequested,
    request_hold,
    request_span,
)
from charteroak.server.agency import Agency
from charteroak.server.web.hold_form import (
    PARTIES,
    Basis,
    TypedGround,
    TypedSpan,
    read_ground,
    read_reason,
    read_span,
    typed_ground,
    typed_span,
)
from charteroak.server.web.hold_pages import (
    Holds,
    forbidden,
    private,
    to_case,
    to_cases,
)
from charteroak.server.web.paper_words import ISSUERS, PAPERS
from charteroak.server.web.plain import RecordNumber
from charteroak.server.web.render import page, words_of
from charteroak.server.web.search_pages import purpose_groups
from charteroak.server.web.session import Session, TheAgency
from charteroak.server.web.uploads import AdmittingHolders

router = APIRouter(route_class=AdmittingHolders)

TheGround = Annotated[TypedGround, Depends(typed_ground)]
TheSpan = Annotated[TypedSpan, Depends(typed_span)]
TheFile = Annotated[UploadFile | None, File()]


@router.get("/searches/{asked}/reads/{read_id}/hold")
def show_hold_form(
    request: Request, _session: Holds, asked: RecordNumber, read_id: UUID
) -> HTMLResponse:
    """Ask that one result of a search be held."""
    return _read_form(request, asked, read_id, TypedGround())


@router.post("/searches/{asked}/reads/{read_id}/hold")
def ask_for_hold(  # noqa: PLR0913, PLR0917  (path, form and session)
    request: Request,
    agency: TheAgency,
    session: Holds,
    asked: RecordNumber,
    read_id: UUID,
    ground: TheGround,
    document: TheFile = None,
) -> Response:
    """Write the wish down; a supervisor decides."""
    errors: dict[str, str] = {}
    words = words_of(request)
    today = agency.clock().astimezone(agency.zone).date()
    grounds = read_ground(ground, document, errors, words, today=today)
    reason, days = read_reason(ground, errors, words)
    if errors:
        return _read_form(request, asked, read_id, ground, errors)
    answer = request_hold(
        agency,
        session.person,
        asked_id=RecordId(asked),
        read_id=ReadId(read_id),
        reason=reason,
        span=timedelta(days=days),
        paper=grounds.paper,
        document=grounds.document,
    )
    match answer:
        case HoldRequested(case_ref=case_ref, again=again):
            return to_case(case_ref, "again" if again else "requested")
        case Forbidden():
            return forbidden(request, answer, Act.REQUEST_HOLD)
        case NotShown():
            return to_cases("late")
        case ReadGone():
            return to_cases("gone")


@router.get("/keep")
def show_span_form(
    request: Request, agency: TheAgency, session: Holds, case: str = ""
) -> HTMLResponse:
    """Say what is to be kept, and for which case."""
    try:
        # A number in the address is one that a page of ours put there, or none.
        named = parse_case(case)
    except UnreadableCaseError:
        named = ""
    return _span_form(request, agency, session, TypedSpan(case=named), {})


@router.post("/keep")
def count(
    request: Request, agency: TheAgency, session: Holds, typed: TheSpan
) -> Response:
    """Say how much that would be, and ask on what ground."""
    words = words_of(request)
    span, case_ref, purpose, errors = read_span(
        typed, zone=agency.zone, cases=agency.cases, words=words
    )
    if span is None or purpose is None or errors:
        return _span_form(request, agency, session, typed, errors)
    counted = count_span(
        agency, session.person, span, case_ref=case_ref, purpose=purpose
    ).open(agency.covered)
    match counted:
        case SpanCounted():
            return _ground_form(request, agency, session, typed, span, counted=counted)
        case Forbidden():
            return forbidden(request, counted, Act.REQUEST_HOLD)
        case ReadGone():
            told = words.gettext(
                "All of this period is too long ago: its reads were due, and cannot be "
                "kept any more."
            )
            return _span_form(request, agency, session, typed, {"since": told})


@router.post("/keep/ask")
def ask_for_span(  # noqa: PLR0913, PLR0917  (form and session)
    request: Request,
    agency: TheAgency,
    session: Holds,
    typed: TheSpan,
    ground: TheGround,
    document: TheFile = None,
) -> Response:
    """Write the wish down; a supervisor decides."""
    words = words_of(request)
    span, case_ref, purpose, wrong = read_span(
        typed, zone=agency.zone, cases=agency.cases, words=words
    )
    if span is None or purpose is None or wrong:
        return _span_form(request, agency, session, typed, wrong)
    errors: dict[str, str] = {}
    today = agency.clock().astimezone(agency.zone).date()
    grounds = read_ground(ground, document, errors, words, today=today)
    reason, days = read_reason(ground, errors, words)
    if errors:
        return _ground_form(
            request, agency, session, typed, span, ground=ground, errors=errors
        )
    answer = request_span(
        agency,
        session.person,
        span,
        case_ref=case_ref,
        purpose=purpose,
        reason=reason,
        keep=timedelta(days=days),
        paper=grounds.paper,
        document=grounds.document,
    )
    match answer:
        case HoldRequested(case_ref=asked):
            return to_case(asked, "requested")
        case Forbidden():
            return forbidden(request, answer, Act.REQUEST_HOLD)
        case ReadGone():
            return to_cases("gone-span")


def _read_form(
    request: Request,
    asked: int,
    read_id: UUID,
    ground: TypedGround,
    errors: Mapping[str, str] | None = None,
) -> HTMLResponse:
    values = {"asked": asked, "read_id": read_id, **_ground_values(ground, errors)}
    return private(page(request, "hold.html", values, status=_status(errors)))


def _span_form(
    request: Request,
    agency: Agency,
    session: Session,
    typed: TypedSpan,
    errors: Mapping[str, str],
) -> HTMLResponse:
    choices = search_choices(agency, session.person)
    values = {
        "typed": typed,
        "errors": errors,
        "cameras": choices.cameras,
        "groups": purpose_groups(choices, words_of(request)),
        "case_example": agency.cases.example or "26-01234",
        "read_limit": agency.retention.limit,
    }
    return private(page(request, "keep.html", values, status=_status(errors)))


def _ground_form(  # noqa: PLR0913  (what the page shows, by name)
    request: Request,
    agency: Agency,
    session: Session,
    typed: TypedSpan,
    span: HoldSpan,
    *,
    counted: SpanCounted | None = None,
    ground: TypedGround | None = None,
    errors: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """The second step; `counted` is None after an error, where it stood there before."""
    choices = search_choices(agency, session.person)
    names = {str(each.camera_id): each.name for each in choices.cameras}
    labels = {str(each.code): each.label for each in agency.profile.purposes}
    values = {
        "typed": typed,
        "span": span,
        "counted": counted,
        "names": [names.get(each, each) for each in typed.cameras],
        "label": labels.get(typed.purpose, typed.purpose),
        "read_limit": agency.retention.limit,
        **_ground_values(ground or TypedGround(), errors),
    }
    return private(page(request, "keep_ground.html", values, status=_status(errors)))


def _ground_values(
    ground: TypedGround, errors: Mapping[str, str] | None
) -> dict[str, object]:
    return {
        "ground": ground,
        "errors": errors or {},
        "bases": Basis,
        "titles": PAPERS,
        "issuers": ISSUERS,
        "parties": PARTIES,
        "days": KEEP_DAYS,
        "soon": SOON,
    }


def _status(errors: Mapping[str, str] | None) -> HTTPStatus:
    return HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
