"""Plates of the agency's own: entering one, deciding about those that wait, ending one."""

from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi import Form as Field
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from charteroak.core.alert_review import NotAllowed
from charteroak.core.hold import SamePerson, UnusableReasonError, parse_reason
from charteroak.core.hotlist import EntryId
from charteroak.core.log_record import RecordId
from charteroak.core.own_entry import NoSuchEntry, NoSuchWish
from charteroak.core.people import Act
from charteroak.core.read import STATES
from charteroak.core.search_answer import Forbidden
from charteroak.server.actions.ask_entries import EntriesWait, TooVague, ask_entry
from charteroak.server.actions.decide_entries import EntriesDecided, decide_entries
from charteroak.server.actions.end_entry import EntryEnded, end_entry
from charteroak.server.actions.see_entries import (
    count_waiting_entries,
    see_entry,
    see_waiting_entries,
)
from charteroak.server.agency import Agency
from charteroak.server.web.entry_form import Typed, alike, days, groups, read, typed
from charteroak.server.web.plain import RecordNumber
from charteroak.server.web.render import page, words_of
from charteroak.server.web.session import (
    NotYourRoleError,
    Session,
    SignedIn,
    TheAgency,
    may,
)
from charteroak.server.web.text import later

router = APIRouter()

Enters = Annotated[Session, Depends(may(Act.ADD_LIST_ENTRY))]
Sees = Annotated[Session, Depends(may(Act.SEE_HOTLISTS))]
Approves = Annotated[Session, Depends(may(Act.APPROVE_LIST_ENTRY))]
Form = Annotated[Typed, Depends(typed)]
Text = Annotated[str, Field(max_length=2000)]

SAID: Final = {
    "asked": later(
        "Asked for. It is compared with nothing until a supervisor who is not you has "
        "approved it, within 24 hours."
    ),
    "approved": later("Approved. The plates are on the list from now on."),
    "rejected": later("Rejected. The plates never were on a list."),
    "ended": later("Ended. The plate is off the list and is being deleted."),
    "none": later("That was decided already, or waited for more than 24 hours."),
    "gone": later("That entry has ended already."),
    "same": later("Whoever asks is never their own second person."),
}
"""What a page says about what was just done."""

DONE: Final = frozenset({"approved", "asked", "ended", "rejected"})


@router.get("/hot-lists/enter")
def show_form(request: Request, agency: TheAgency, _session: Enters) -> HTMLResponse:
    """The empty form."""
    return _form(request, agency, None)


@router.post("/hot-lists/enter")
def enter(request: Request, agency: TheAgency, session: Enters, form: Form) -> Response:
    """Write down that a plate is asked for. It is posted: no plate is in an address."""
    words = words_of(request)
    meant = read(
        form, now=agency.clock(), zone=agency.zone, cases=agency.cases, words=words
    )
    if meant.wanted is None or meant.purpose is None:
        return _form(request, agency, form, errors=dict(meant.errors))
    answer = ask_entry(agency, session.person, meant.wanted, purpose=meant.purpose)
    match answer:
        case EntriesWait():
            return back("/hot-lists/waiting", "asked")
        case TooVague():
            vague = words.gettext(
                "What crime or person? These words say neither. Name it in a few words."
            )
            return _form(request, agency, form, errors={"reason": vague})
        case Forbidden():
            asked = (
                (words.gettext("Purpose"), _label(request, agency, form.purpose)),
                (words.gettext("Case"), meant.wanted.case_ref),
            )
            return refused(request, answer, words.gettext("To list a plate"), *asked)
        case NotAllowed():
            raise NotYourRoleError(Act.ADD_LIST_ENTRY)


@router.get("/hot-lists/waiting")
def show_waiting(
    request: Request, agency: TheAgency, session: Sees, said: str = ""
) -> HTMLResponse:
    """What waits for a second person."""
    return _waiting(request, agency, session, said=said)


@router.get("/hot-lists/count")
def show_count(request: Request, agency: TheAgency, session: SignedIn) -> HTMLResponse:
    """How much waits, for the header; swapped in by the page's own script."""
    waiting = count_waiting_entries(agency, session.person)
    return _private(page(request, "_entries_count.html", {"waiting": waiting}))


@router.post("/hot-lists/waiting/{asked}")
def decide(  # noqa: PLR0913, PLR0917  (path, form and session)
    request: Request,
    agency: TheAgency,
    session: Approves,
    asked: RecordNumber,
    answer: Annotated[str, Field(max_length=20)] = "",
    reason: Text = "",
) -> Response:
    """Approve or reject; a rejection says why."""
    approve = answer == "approve"
    said = reason.strip()
    try:
        if said or not approve:
            said = parse_reason(reason)
    except UnusableReasonError:
        return _waiting(request, agency, session, wrong=(asked, reason))
    if answer not in {"approve", "reject"}:
        return _waiting(request, agency, session, wrong=(asked, reason))
    done = decide_entries(
        agency, session.person, RecordId(asked), approve=approve, reason=said
    )
    match done:
        case EntriesDecided(approved=approved):
            return back("/hot-lists/waiting", "approved" if approved else "rejected")
        case NoSuchWish():
            return back("/hot-lists/waiting", "none")
        case SamePerson():
            return back("/hot-lists/waiting", "same")
        case Forbidden():
            what = words_of(request).gettext("To approve plates for a list")
            return refused(request, done, what)
        case NotAllowed():
            raise NotYourRoleError(Act.APPROVE_LIST_ENTRY)


@router.get("/hot-lists/entries/{entry_id}/end")
def show_end(
    request: Request, agency: TheAgency, session: Sees, entry_id: UUID
) -> Response:
    """Ask whether an entry shall end."""
    found = see_entry(agency, session.person, EntryId(entry_id))
    match found:
        case NoSuchEntry():
            return back("/hot-lists", "gone")
        case NotAllowed():
            raise NotYourRoleError(Act.SEE_HOTLISTS)
        case _:
            purpose = _label(request, agency, str(found.purpose))
            values = {"entry": found, "purpose": purpose}
            return _private(page(request, "entry_end.html", values))


@router.post("/hot-lists/entries/{entry_id}/end")
def end(
    _request: Request, agency: TheAgency, session: Sees, entry_id: UUID
) -> Response:
    """End it: the plate is deleted."""
    match end_entry(agency, session.person, EntryId(entry_id)):
        case EntryEnded():
            return back("/hot-lists", "ended")
        case NoSuchEntry():
            return back("/hot-lists", "gone")
        case NotAllowed():
            raise NotYourRoleError(Act.SEE_HOTLISTS)


def back(path: str, said: str) -> RedirectResponse:
    """Go to a page that says what was done."""
    return RedirectResponse(f"{path}?said={said}", HTTPStatus.SEE_OTHER)


def refused(
    request: Request, answer: Forbidden, what: str, *facts: tuple[str, str]
) -> HTMLResponse:
    """The calm page of a refusal."""
    words = words_of(request)
    return page(
        request,
        "refused.html",
        {
            "because": answer.because,
            "asked": [(words.gettext("What was asked"), what), *facts],
            "recorded": answer.recorded,
            "not_done": words.gettext("No list was changed."),
        },
        status=HTTPStatus.FORBIDDEN,
    )


def _label(request: Request, agency: Agency, code: str) -> str:
    labels = {str(each.code): each.label for each in agency.profile.purposes}
    return words_of(request).gettext(labels[code]) if code in labels else code


def _form(
    request: Request,
    agency: Agency,
    form: Typed | None,
    *,
    errors: dict[str, str] | None = None,
) -> HTMLResponse:
    first, usual, last = days(agency.clock(), agency.zone)
    values = {
        "typed": form or Typed(ends=usual.isoformat()),
        "errors": errors or {},
        "first": first.isoformat(),
        "last": last.isoformat(),
        "states": sorted(STATES),
        "groups": groups(agency.profile.purposes, words_of(request)),
        "case_example": agency.cases.example or "26-01234",
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return _private(page(request, "entry.html", values, status=status))


def _waiting(
    request: Request,
    agency: Agency,
    session: Session,
    *,
    said: str = "",
    wrong: tuple[int, str] | None = None,
) -> HTMLResponse:
    """The page; `wrong` is the wish whose reason was not taken, and what was typed."""
    seen = see_waiting_entries(agency, session.person)
    if isinstance(seen, NotAllowed):
        raise NotYourRoleError(Act.SEE_HOTLISTS)
    number, words_typed = wrong or (None, "")
    told = words_of(request).gettext(
        "To reject it say why, in 10 to 300 characters. To approve it you need not."
    )
    values = {
        "seen": seen,
        "labels": {str(each.code): each.label for each in agency.profile.purposes},
        "may_approve": session.person.may(Act.APPROVE_LIST_ENTRY),
        "may_enter": session.person.may(Act.ADD_LIST_ENTRY),
        "alike": alike,
        "said": SAID.get(said, ""),
        "done": said in DONE,
        "wrong": number,
        "typed": words_typed,
        "told": told,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return _private(page(request, "entry_waiting.html", values, status=status))


def _private(answer: HTMLResponse) -> HTMLResponse:
    answer.headers["Cache-Control"] = "no-store"
    return answer
