"""The form by which a clerk enters another agency's request."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Final

import attrs
from fastapi import APIRouter, Depends, File, Request, UploadFile
from fastapi.responses import HTMLResponse, Response

from charteroak.core.disclosure import AgencyAsks, PeriodNotOver, Refusal
from charteroak.core.hold import NotAllowed
from charteroak.core.partner import NoSuchPartner
from charteroak.core.people import Act
from charteroak.server.actions.ask_disclosure import (
    Entered,
    SaysNothing,
    ask_disclosure,
)
from charteroak.server.actions.explain_disclosure import (
    DisclosureExplained,
    explain_disclosure,
)
from charteroak.server.actions.see_disclosures import desk_choices
from charteroak.server.actions.see_partners import (
    PartnerShown,
    see_partner,
    see_partners,
)
from charteroak.server.agency import Agency
from charteroak.server.web.disclosure_desk import (
    AtDesk,
    names,
    options,
    private,
    to_request,
)
from charteroak.server.web.disclosure_form import (
    DATA,
    NOT_OVER,
    Meant,
    Typed,
    read_agency,
    read_scan,
    typed,
)
from charteroak.server.web.paper_words import ISSUERS, PAPERS
from charteroak.server.web.render import page, words_of
from charteroak.server.web.search_pages import GROUPS
from charteroak.server.web.session import NotYourRoleError, TheAgency
from charteroak.server.web.uploads import AdmittingDesk

router = APIRouter(route_class=AdmittingDesk)

Form = Annotated[Typed, Depends(typed)]

_BACK: Final = timedelta(days=7)


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
        **names(agency),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    shown = page(request, "disclosure_new.html", context, status=status, block=block)
    return private(shown)


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
