"""The register: agencies that may ask, their declarations, and the switch of each."""

from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

import attrs
from fastapi import APIRouter, Depends, File, HTTPException, Request, UploadFile
from fastapi import Form as Field
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from charteroak.core.codes import (
    FEDERAL,
    FOREIGN,
    JURISDICTIONS,
    AgencyKind,
    Declared,
)
from charteroak.core.hold import NotAllowed, UnusableReasonError, parse_reason
from charteroak.core.papers import Declaration, Pledge
from charteroak.core.partner import (
    DeclarationId,
    NoSuchDeclaration,
    NoSuchPartner,
    PartnerId,
    UnusableNameError,
    parse_name,
)
from charteroak.core.people import Act
from charteroak.server.actions.pause_partner import PartnerPaused, pause_partner
from charteroak.server.actions.register_declaration import (
    DeclarationRegistered,
    register_declaration,
)
from charteroak.server.actions.register_partner import (
    PartnerKnown,
    PartnerRegistered,
    register_partner,
)
from charteroak.server.actions.see_partners import see_partner, see_partners
from charteroak.server.actions.withdraw_declaration import (
    DeclarationWithdrawn,
    withdraw_declaration,
)
from charteroak.server.agency import Agency
from charteroak.server.web.disclosure_desk import AtDesk, options
from charteroak.server.web.disclosure_form import moment_in, read_scan
from charteroak.server.web.render import page, words_of
from charteroak.server.web.session import NotYourRoleError, Session, TheAgency
from charteroak.server.web.text import Words, later
from charteroak.server.web.uploads import AdmittingDesk

router = APIRouter(route_class=AdmittingDesk)

Text = Annotated[str, Field(max_length=2000)]

KINDS: Final = {
    AgencyKind.MUNICIPAL_POLICE: later("Municipal police"),
    AgencyKind.SHERIFF: later("Sheriff"),
    AgencyKind.STATE_POLICE: later("State police"),
    AgencyKind.PROSECUTOR: later("Prosecutor"),
    AgencyKind.DEFENCE: later("Defense"),
    AgencyKind.FEDERAL_AGENCY: later("Federal agency"),
    AgencyKind.VENDOR: later("Vendor"),
    AgencyKind.OTHER: later("Something else"),
}
PLEDGES: Final = {
    Pledge.IMMIGRATION: later("Immigration enforcement"),
    Pledge.REPRODUCTIVE_CARE: later("Reproductive health care"),
    Pledge.GENDER_AFFIRMING_CARE: later("Gender-affirming care"),
}
DECLARED: Final = {
    Declared.VALID: ("good", later("In force")),
    Declared.EXPIRED: ("attention", later("Ended or withdrawn")),
    Declared.NONE: ("off", later("None that counts")),
}
SAID: Final = {
    "declared": later("In the register, with its paper."),
    "gone": later("That declaration was withdrawn before."),
    "paused": later("Paused: this agency gets nothing from now on."),
    "registered": later("In the register. That alone gives it nothing."),
    "resumed": later("No longer paused. The rules decide about its requests again."),
    "why": later("Nothing was changed. Say why in 10 to 300 characters."),
    "withdrawn": later("Withdrawn. Requests that wait are decided without it."),
}
_DONE: Final = frozenset({"declared", "paused", "registered", "resumed", "withdrawn"})


@attrs.frozen(kw_only=True)
class TypedDeclaration:
    """What stands in the form of a declaration."""

    signer: str = ""
    signed_at: str = ""
    ends_at: str = ""
    pledges: tuple[str, ...] = ()


def typed_declaration(
    signer: Annotated[str, Field(max_length=400)] = "",
    signed_at: Annotated[str, Field(max_length=40)] = "",
    ends_at: Annotated[str, Field(max_length=40)] = "",
    pledge: Annotated[list[str] | None, Field(max_length=10)] = None,
) -> TypedDeclaration:
    """The form as it came."""
    return TypedDeclaration(
        signer=" ".join(signer.split()),
        signed_at=signed_at,
        ends_at=ends_at,
        pledges=tuple(pledge or ()),
    )


@router.get("/disclosure/agencies")
def show_register(
    request: Request, agency: TheAgency, _session: AtDesk
) -> HTMLResponse:
    """Every agency, with what its declarations are worth now."""
    return _register(request, agency)


@router.post("/disclosure/agencies")
def enter_partner(  # noqa: PLR0913, PLR0917  (the fields of the form)
    request: Request,
    agency: TheAgency,
    session: AtDesk,
    name: Annotated[str, Field(max_length=400)] = "",
    kind: Annotated[str, Field(max_length=40)] = "",
    jurisdiction: Annotated[str, Field(max_length=10)] = "",
) -> Response:
    """Put an agency into the register."""
    say = words_of(request).gettext
    typed = {"name": name, "kind": kind, "jurisdiction": jurisdiction}
    known = next((each for each in AgencyKind if each.value == kind), None)
    errors = {}
    try:
        parsed = parse_name(name)
    except UnusableNameError as refused:
        parsed = ""
        errors["name"] = say(refused.hint)
    if known is None:
        errors["kind"] = say("Choose what kind of body it is.")
    if jurisdiction not in JURISDICTIONS:
        errors["jurisdiction"] = say("Choose whose agency it is.")
    if errors or known is None:
        return _register(request, agency, typed=typed, errors=errors)
    answer = register_partner(
        agency, session.person, name=parsed, kind=known, jurisdiction=jurisdiction
    )
    match answer:
        case PartnerRegistered(partner_id=partner_id):
            return _to(partner_id, "registered")
        case PartnerKnown():
            errors["name"] = say("One of this name is in the register already.")
            return _register(request, agency, typed=typed, errors=errors)
        case NotAllowed():
            raise NotYourRoleError(Act.ENTER_DISCLOSURE)


@router.get("/disclosure/agencies/{partner_id}")
def show_partner(
    request: Request,
    agency: TheAgency,
    session: AtDesk,
    partner_id: UUID,
    said: str = "",
) -> HTMLResponse:
    """One agency: its declarations and its switch."""
    return _partner(request, agency, session, partner_id, said=said)


@router.post("/disclosure/agencies/{partner_id}/declarations")
def enter_declaration(  # noqa: PLR0913, PLR0917  (path, form and session)
    request: Request,
    agency: TheAgency,
    session: AtDesk,
    partner_id: UUID,
    form: Annotated[TypedDeclaration, Depends(typed_declaration)],
    scan: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Register a declaration with its paper."""
    words = words_of(request)
    shown = see_partner(agency, PartnerId(partner_id))
    if isinstance(shown, NoSuchPartner):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    errors: dict[str, str] = {}
    declaration = _declaration(form, shown.partner.name, agency, errors, words)
    paper = read_scan(scan, errors, words, needed=True)
    if errors or declaration is None or paper is None:
        return _partner(request, agency, session, partner_id, form=form, errors=errors)
    answer = register_declaration(
        agency, session.person, PartnerId(partner_id), declaration, paper
    )
    match answer:
        case DeclarationRegistered():
            return _to(partner_id, "declared")
        case NoSuchPartner():
            raise HTTPException(HTTPStatus.NOT_FOUND)
        case NotAllowed():
            raise NotYourRoleError(Act.ENTER_DISCLOSURE)


@router.post("/disclosure/agencies/{partner_id}/pause")
def pause(
    agency: TheAgency,
    session: AtDesk,
    partner_id: UUID,
    paused: Annotated[str, Field(max_length=10)] = "",
    reason: Text = "",
) -> Response:
    """Turn the switch of an agency."""
    try:
        why = parse_reason(reason)
    except UnusableReasonError:
        return _to(partner_id, "why")
    answer = pause_partner(
        agency,
        session.person,
        PartnerId(partner_id),
        paused=paused == "yes",
        reason=why,
    )
    match answer:
        case PartnerPaused(paused=now):
            return _to(partner_id, "paused" if now else "resumed")
        case NoSuchPartner():
            raise HTTPException(HTTPStatus.NOT_FOUND)
        case NotAllowed():
            raise NotYourRoleError(Act.APPROVE_DISCLOSURE)


@router.post("/disclosure/agencies/{partner_id}/declarations/{declaration_id}/withdraw")
def withdraw(
    agency: TheAgency,
    session: AtDesk,
    partner_id: UUID,
    declaration_id: UUID,
    reason: Text = "",
) -> Response:
    """End a declaration before its day."""
    try:
        why = parse_reason(reason)
    except UnusableReasonError:
        return _to(partner_id, "why")
    answer = withdraw_declaration(
        agency, session.person, DeclarationId(declaration_id), reason=why
    )
    match answer:
        case DeclarationWithdrawn():
            return _to(partner_id, "withdrawn")
        case NoSuchDeclaration():
            return _to(partner_id, "gone")
        case NotAllowed():
            raise NotYourRoleError(Act.ENTER_DISCLOSURE)


def _declaration(
    form: TypedDeclaration,
    name: str,
    agency: Agency,
    errors: dict[str, str],
    words: Words,
) -> Declaration | None:
    try:
        signer = parse_name(form.signer)
    except UnusableNameError as refused:
        signer = ""
        errors["signer"] = words.gettext(refused.hint)
    # A day is what such papers name: it begins and it ends with that day.
    signed = moment_in(f"{form.signed_at}T00:00", "signed_at", agency, errors, words)
    ends = moment_in(f"{form.ends_at}T00:00", "ends_at", agency, errors, words)
    pledges = frozenset(each for each in Pledge if each.value in form.pledges)
    if signed is None or ends is None or errors:
        return None
    if ends <= signed:
        errors["ends_at"] = words.gettext("It ends before it was signed.")
        return None
    return Declaration(
        agency=name, signer=signer, signed_at=signed, ends_at=ends, pledges=pledges
    )


def _register(
    request: Request,
    agency: Agency,
    *,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> HTMLResponse:
    words = words_of(request)
    named = {FEDERAL: later("Federal (US)"), FOREIGN: later("Outside the US")}
    context = {
        "shown": see_partners(agency),
        "typed": typed or {"name": "", "kind": "", "jurisdiction": ""},
        "errors": errors or {},
        "kinds": KINDS,
        "kind_options": options(KINDS, words),
        "jurisdictions": [
            (code, words.gettext(named.get(code, code))) for code in JURISDICTIONS
        ],
        "declared": DECLARED,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return page(request, "partners.html", context, status=status)


def _partner(  # noqa: PLR0913  (what the page shows, by name)
    request: Request,
    agency: Agency,
    session: Session,
    partner_id: UUID,
    *,
    said: str = "",
    form: TypedDeclaration | None = None,
    errors: dict[str, str] | None = None,
) -> HTMLResponse:
    shown = see_partner(agency, PartnerId(partner_id))
    if isinstance(shown, NoSuchPartner):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    words = words_of(request)
    context = {
        "shown": shown,
        "typed": form or TypedDeclaration(),
        "errors": errors or {},
        "kinds": KINDS,
        "pledges": PLEDGES,
        "pledge_options": options(PLEDGES, words),
        "declared": DECLARED,
        "may_resume": session.person.may(Act.APPROVE_DISCLOSURE),
        "now_at": agency.clock(),
        "said": SAID.get(said, ""),
        "done": said in _DONE,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return page(request, "partner.html", context, status=status)


def _to(partner_id: UUID, said: str) -> RedirectResponse:
    return RedirectResponse(
        f"/disclosure/agencies/{partner_id}?said={said}", HTTPStatus.SEE_OTHER
    )
