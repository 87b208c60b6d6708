"""Export for court: what is in it, for whom, what the law says; then the file."""

from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

import attrs
from fastapi import APIRouter, Depends, Request
from fastapi import Form as Field
from fastapi.responses import HTMLResponse, Response

from charteroak.core.export import (
    MOST_READS,
    Exported,
    NothingExported,
    Order,
    Recipient,
    UnusableNoteError,
    UnusableRecipientError,
    WhyNothing,
    parse_name,
    parse_note,
)
from charteroak.core.hold import NotAllowed
from charteroak.core.people import Act
from charteroak.core.read import ReadId
from charteroak.core.search import Purpose
from charteroak.core.search_answer import Forbidden
from charteroak.law.vocabulary import PurposeName
from charteroak.server.actions.export_case import export_case
from charteroak.server.actions.see_export import explain_export, see_export
from charteroak.server.agency import Agency
from charteroak.server.web.render import page, words_of
from charteroak.server.web.search_pages import GROUPS
from charteroak.server.web.session import NotYourRoleError, Session, TheAgency, may
from charteroak.server.web.text import Words, later

router = APIRouter()

Exports = Annotated[Session, Depends(may(Act.EXPORT))]
Text = Annotated[str, Field(max_length=2000)]

TO: Final = {
    Recipient.PROSECUTOR: later("Prosecutor"),
    Recipient.DEFENCE: later("Defense"),
    Recipient.COURT: later("Court"),
}
"""Whom a case goes to, as pages name them."""

_NOTHING: Final = {
    WhyNothing.BUSY: later(
        "Another package is being made; try again in a minute. Nothing is lost: what you "
        "chose and typed is below."
    ),
    WhyNothing.HOLD_ENDED: later(
        "A hold has ended since you opened this page, so nothing was given out. What is "
        "still held is below."
    ),
    WhyNothing.TOO_LARGE: later(
        "That is more than fits into one package (64 MB). Choose fewer reads, and make "
        "several packages."
    ),
}
_STATUS: Final = {
    WhyNothing.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
    WhyNothing.HOLD_ENDED: HTTPStatus.CONFLICT,
    WhyNothing.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}


@attrs.frozen(kw_only=True, repr=False)
class Typed:
    """The form as it was sent.

    Attributes:
        reads: which are ticked; None before anything was sent: all are.
    """

    purpose: str = ""
    to: str = Recipient.PROSECUTOR.value
    name: str = ""
    note: str = ""
    reads: frozenset[UUID] | None = None


def typed(
    purpose: Text = "",
    to: Text = "",
    name: Text = "",
    note: Text = "",
    read: Annotated[list[UUID] | None, Field()] = None,
) -> Typed:
    """The form's fields."""
    return Typed(
        purpose=purpose, to=to, name=name, note=note, reads=frozenset(read or ())
    )


Form = Annotated[Typed, Depends(typed)]


@router.get("/signing-key.pem")
def show_signing_key(agency: TheAgency) -> Response:
    """The public key that verifies packages: for everybody, without signing in."""
    return Response(agency.keys.public_pem, media_type="application/x-pem-file")


@router.get("/export/{case_ref:path}")
def show_export_form(
    request: Request, agency: TheAgency, session: Exports, case_ref: str
) -> HTMLResponse:
    """What is held for the case, and the form."""
    return _form(request, agency, session, case_ref, Typed())


@router.post("/export/{case_ref:path}")
def export(  # noqa: PLR0913, PLR0917  (path, form and session)
    request: Request,
    agency: TheAgency,
    session: Exports,
    case_ref: str,
    form: Form,
    sure: Text = "",
    change: Text = "",
) -> Response:
    """Say what the law says to it; once that was seen, make the package.

    `change` shows the form with what was typed, or with what another page chose.
    """
    if change:
        form = attrs.evolve(form, to=form.to or Recipient.PROSECUTOR.value)
        return _form(request, agency, session, case_ref, form)
    order, errors = _order(agency, case_ref, form, words_of(request))
    if order is None:
        return _form(request, agency, session, case_ref, form, errors=errors)
    if not sure:
        return _confirm(request, agency, session, order)
    answer = export_case(agency, session.person, order).open(agency.covered)
    match answer:
        case Exported():
            name = f'attachment; filename="{answer.file_name}"'
            return Response(
                answer.content,
                media_type="application/zip",
                headers={"Content-Disposition": name, "Cache-Control": "no-store"},
            )
        case NothingExported(why=why):
            return _form(
                request, agency, session, case_ref, form, nothing=why, errors={}
            )
        case Forbidden():
            return _refused(request, agency, order, answer)


def _order(
    agency: Agency, case_ref: str, form: Typed, words: Words
) -> tuple[Order | None, dict[str, str]]:
    """What is ordered, or what is wrong with the form, field by field."""
    errors: dict[str, str] = {}
    name = note = ""
    if not form.reads:
        errors["reads"] = words.gettext("Choose at least one read.")
    if len(form.reads or ()) > MOST_READS:
        most = words.gettext("At most %(n)d reads fit into one package.")
        errors["reads"] = most % {"n": MOST_READS}
    if form.purpose not in {str(each.code) for each in agency.profile.purposes}:
        errors["purpose"] = words.gettext("Choose what it is for.")
    if form.to not in set(Recipient):
        errors["to"] = words.gettext("Choose whom it is for.")
    try:
        name = parse_name(form.name)
    except UnusableRecipientError as unusable:
        errors["name"] = words.gettext(unusable.hint)
    try:
        note = parse_note(form.note)
    except UnusableNoteError as unusable:
        errors["note"] = words.gettext(unusable.hint)
    if errors:
        return None, errors
    order = Order(
        case_ref=case_ref,
        purpose=Purpose(form.purpose),
        recipient=Recipient(form.to),
        name=name,
        note=note,
        reads=frozenset(ReadId(each) for each in form.reads or ()),
    )
    return order, {}


def _form(  # noqa: PLR0913  (what the page shows, by name)
    request: Request,
    agency: Agency,
    session: Session,
    case_ref: str,
    form: Typed,
    *,
    errors: dict[str, str] | None = None,
    nothing: WhyNothing | None = None,
) -> HTMLResponse:
    reads = [ReadId(each) for each in form.reads or ()]
    offer = see_export(agency, session.person, case_ref, reads=reads)
    if isinstance(offer, NotAllowed):
        raise NotYourRoleError(Act.EXPORT)
    words = words_of(request)
    purpose = form.purpose
    if not purpose and offer.lines:
        purpose = str(offer.lines[0].hold.purpose)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    answer = page(
        request,
        "export.html",
        {
            "offer": offer,
            "typed": attrs.evolve(form, purpose=purpose),
            "groups": _groups(offer.purposes, words),
            "to": TO,
            "errors": errors or {},
            "nothing": _NOTHING[nothing] if nothing else "",
        },
        status=_STATUS[nothing] if nothing else status,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _confirm(
    request: Request, agency: Agency, session: Session, order: Order
) -> HTMLResponse:
    judged = explain_export(agency, session.person, order)
    answer = page(
        request,
        "export_confirm.html",
        {
            "order": order,
            "against": judged.against,
            "because": judged.against or judged.decision.because,
            "told": _told(request, agency, order),
        },
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _refused(
    request: Request, agency: Agency, order: Order, answer: Forbidden
) -> HTMLResponse:
    none = words_of(request).gettext("Nothing was looked up, and no package was made.")
    return page(
        request,
        "refused.html",
        {
            "because": answer.because,
            "asked": _told(request, agency, order),
            "recorded": answer.recorded,
            "not_done": none,
        },
        status=HTTPStatus.FORBIDDEN,
    )


def _told(request: Request, agency: Agency, order: Order) -> list[tuple[str, str]]:
    """What is asked, line by line."""
    words = words_of(request)
    labels = {each.code: each.label for each in agency.profile.purposes}
    number = len(order.reads)
    reads = words.ngettext("%(n)d held read", "%(n)d held reads", number)
    return [
        (words.gettext("What"), reads % {"n": number}),
        (words.gettext("Case"), order.case_ref),
        (words.gettext("For whom"), f"{words.gettext(TO[order.recipient])}: {order.name}"),
        (words.gettext("Purpose"), words.gettext(labels[order.purpose])),
        (words.gettext("For what"), order.note),
    ]  # fmt: skip


def _groups(
    purposes: tuple[PurposeName, ...], words: Words
) -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (
            words.gettext(heading),
            [
                (str(each.code), words.gettext(each.label))
                for each in purposes
                if each.group == group
            ],
        )
        for group, heading in GROUPS.items()
    ]
