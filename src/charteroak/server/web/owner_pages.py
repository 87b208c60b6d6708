"""The owner's desk: a person asks for the record of their own car."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, File, Request, UploadFile
from fastapi.responses import HTMLResponse, Response

from charteroak.core.codes import Standing
from charteroak.core.disclosure import OwnerAsks, PeriodNotOver, Refusal
from charteroak.core.hold import NotAllowed
from charteroak.core.people import Act
from charteroak.core.read import STATES
from charteroak.server.actions.ask_owner_record import (
    ConsentMissing,
    OwnerEntered,
    ask_owner_record,
)
from charteroak.server.actions.explain_disclosure import explain_owner
from charteroak.server.agency import Agency
from charteroak.server.web.disclosure_desk import AtDesk, options, to_request
from charteroak.server.web.disclosure_form import (
    NOT_OVER,
    STANDINGS,
    Typed,
    read_owner,
    read_scan,
    typed,
)
from charteroak.server.web.render import page, words_of
from charteroak.server.web.session import NotYourRoleError, Session, TheAgency
from charteroak.server.web.uploads import AdmittingDesk

router = APIRouter(route_class=AdmittingDesk)

Form = Annotated[Typed, Depends(typed)]
_MINUTE: Final = timedelta(minutes=1)


@router.get("/disclosure/owners/new")
def show_owner_form(
    request: Request, agency: TheAgency, session: AtDesk
) -> HTMLResponse:
    """The empty form; its period is all that is kept."""
    now = agency.clock()
    begin = agency.retention.not_before(now).astimezone(agency.zone) + _MINUTE
    form = Typed(
        state=agency.profile.custodian,
        since=f"{begin:%Y-%m-%dT%H:%M}",
        until=f"{now.astimezone(agency.zone):%Y-%m-%dT%H:%M}",
    )
    return _form(request, agency, session, form)


@router.post("/disclosure/owners/explain")
def explain_owners(
    request: Request, agency: TheAgency, session: AtDesk, form: Form
) -> HTMLResponse:
    """What the law says to what is typed so far; looks at nothing, records nothing."""
    block = "explain" if "hx-request" in request.headers else None
    return _form(request, agency, session, form, block=block)


@router.post("/disclosure/owners/new")
def enter_owner(
    request: Request,
    agency: TheAgency,
    session: AtDesk,
    form: Form,
    scan: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Enter an owner's request; the rules decide at once."""
    words = words_of(request)
    meant = read_owner(form, agency, words)
    errors = dict(meant.errors)
    agreed = meant.standing is Standing.JOINT_OWNER_AGREED
    paper = read_scan(scan, errors, words, needed=agreed)
    if errors or meant.standing is None or meant.wanted is None:
        return _form(request, agency, session, form, errors=errors)
    answer = ask_owner_record(
        agency,
        session.person,
        OwnerAsks(
            person=form.person,
            contact=form.contact,
            identity=form.identity,
            standing=meant.standing,
            co_owner=form.co_owner if agreed else "",
            scan=paper if agreed else None,
            wanted=meant.wanted,
        ),
    )
    match answer:
        case OwnerEntered(number=number):
            return to_request(number, "entered")
        case Refusal(number=number):
            return to_request(number, "refused")
        case ConsentMissing():
            errors["scan"] = words.gettext("Choose the other owner's written consent.")
            return _form(request, agency, session, form, errors=errors)
        case PeriodNotOver():
            errors["until"] = words.gettext(NOT_OVER)
            return _form(request, agency, session, form, errors=errors)
        case NotAllowed():
            raise NotYourRoleError(Act.ENTER_DISCLOSURE)


def _form(  # noqa: PLR0913  (what the page shows, by name)
    request: Request,
    agency: Agency,
    session: Session,
    form: Typed,
    *,
    errors: dict[str, str] | None = None,
    block: str | None = None,
) -> HTMLResponse:
    words = words_of(request)
    meant = read_owner(form, agency, words)
    standing = meant.standing
    context = {
        "typed": form,
        "errors": errors or {},
        "standings": options(STANDINGS, words),
        "states": [(code, code) for code in sorted(STATES)],
        "explained": None
        if standing is None
        else explain_owner(agency, session.person, standing),
        "kept": agency.retention.limit,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    answer = page(request, "owner_new.html", context, status=status, block=block)
    answer.headers["Cache-Control"] = "no-store"
    return answer
