"""Oversight: searches that wait for a second person, and flags to look at."""

from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi import Form as Field
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from charteroak.core.flag import AboutYourself, FlagId, FlagKind, NoSuchFlag, Outcome
from charteroak.core.hold import (
    NotAllowed,
    SamePerson,
    UnusableReasonError,
    parse_reason,
)
from charteroak.core.log_record import RecordId
from charteroak.core.people import Act
from charteroak.core.second_person import NotWaiting
from charteroak.server.actions.decide_search import SearchDecided, decide_search
from charteroak.server.actions.look_at_flag import FlagLookedAt, look_at_flag
from charteroak.server.actions.see_oversight import count_to_look_at, see_oversight
from charteroak.server.agency import Agency
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

Oversees = Annotated[Session, Depends(may(Act.OVERSEE_SEARCHES))]
LooksAtFlags = Annotated[Session, Depends(may(Act.LOOK_AT_FLAGS))]
Text = Annotated[str, Field(max_length=2000)]

KINDS: Final = {
    FlagKind.CASE_MANY_PLATES: later("One case, many plates"),
    FlagKind.DESK_NOTE: later("A request of another agency says what is forbidden"),
    FlagKind.EMERGENCY_UNBOUND: later("An emergency search without a case"),
    FlagKind.ENTRY_REPEATED: later("One plate put on our own list again and again"),
    FlagKind.LIST_NOTE: later("A hot list says what is forbidden"),
    FlagKind.LIST_REJECTED_PLATE: later("A rejected plate came back on another list"),
    FlagKind.LIST_SMALL: later("A very short list from elsewhere"),
    FlagKind.NOTE_BLOCKED: later("A note says what is forbidden"),
    FlagKind.PLATE_REPEATED: later("The same plate again and again"),
    FlagKind.SHARED_LOGIN: later("One account in two browsers at once"),
    FlagKind.UNUSUAL_HOUR: later("Searches at an unusual hour"),
}
"""What each kind of flag means, in a few words."""

ASKS: Final = {
    FlagKind.CASE_MANY_PLATES: later(
        "Different plates were searched under one case number. Is it a case, or a key?"
    ),
    FlagKind.DESK_NOTE: later(
        "It was refused. Is it one officer there, or a habit? Whoever is at the desk can "
        "stop giving anything to that agency at once."
    ),
    FlagKind.EMERGENCY_UNBOUND: later(
        "It was to be bound to a case within 24 hours, and was not. Was there one?"
    ),
    FlagKind.ENTRY_REPEATED: later(
        "One person asked to look for one plate many times. Does the case go on, and "
        "whose car is it?"
    ),
    FlagKind.LIST_NOTE: later(
        "Rows of a list were left out for what their reason says. Where is it from?"
    ),
    FlagKind.LIST_REJECTED_PLATE: later(
        "A plate that was refused or rejected for a list of our own is on a list that is "
        "said to come from elsewhere. Ask for the file, and for whom it is from."
    ),
    FlagKind.LIST_SMALL: later(
        "A list that is said to come from elsewhere has hardly a plate on it. Ask whoever "
        "is named as its source: a plate of our own needs a second person."
    ),
    FlagKind.NOTE_BLOCKED: later("What was asked was refused. What was it about?"),
    FlagKind.PLATE_REPEATED: later(
        "One person searched one plate many times. Is there a case that needs it? "
        "Stalking by officers was found this way."
    ),
    FlagKind.SHARED_LOGIN: later(
        "Somebody searched while the same account was in use in another browser. A desk "
        "and a car may be one person; a login that was lent is not. Ask whose they were."
    ),
    FlagKind.UNUSUAL_HOUR: later(
        "Searches at an hour at which this person does not search. Were they on duty?"
    ),
}
"""What a supervisor should ask."""

OUTCOMES: Final = {
    Outcome.EXPLAINED: later("Explained: it is in order"),
    Outcome.TAUGHT: later("Talked about: a mistake"),
    Outcome.REFERRED: later("Referred for investigation"),
}
"""What can come of it."""

SAID: Final = {
    "approved": later("Approved. Whoever asked can make the search now, once."),
    "rejected": later("Rejected. Nothing was looked up."),
    "not-waiting": later("That search was decided already, or waited for too long."),
    "same": later("Whoever asks is never their own second person."),
    "looked": later("Written down."),
    "gone": later("Somebody has looked at it already."),
    "yourself": later(
        "It is about your own work: another supervisor or an auditor looks at it."
    ),
}
"""What the page says about what was just done."""

_DONE: Final = frozenset({"approved", "looked", "rejected"})


@router.get("/oversight")
def show_oversight(
    request: Request,
    agency: TheAgency,
    session: LooksAtFlags,
    said: str = "",
    show: str = "",
) -> HTMLResponse:
    """All that waits; with `show=all` what was looked at before as well."""
    return _page(request, agency, session, said=said, everything=show == "all")


@router.get("/oversight/count")
def show_count(request: Request, agency: TheAgency, session: SignedIn) -> HTMLResponse:
    """How much waits, for the header; swapped in by the page's own script."""
    waiting = count_to_look_at(agency, session.person)
    return _private(page(request, "_oversight_count.html", {"waiting": waiting}))


@router.post("/oversight/searches/{asked}")
def decide(  # noqa: PLR0913, PLR0917  (path, form and session)
    request: Request,
    agency: TheAgency,
    session: Oversees,
    asked: RecordNumber,
    answer: Annotated[str, Field(max_length=20)] = "",
    reason: Text = "",
) -> Response:
    """Approve or reject a search."""
    try:
        said = parse_reason(reason)
    except UnusableReasonError:
        return _page(request, agency, session, wrong=(f"search-{asked}", reason))
    if answer not in {"approve", "reject"}:
        return _page(request, agency, session, wrong=(f"search-{asked}", reason))
    decided = decide_search(
        agency,
        session.person,
        RecordId(asked),
        approve=answer == "approve",
        reason=said,
    )
    match decided:
        case SearchDecided(approved=approved):
            return _back("approved" if approved else "rejected")
        case NotWaiting():
            return _back("not-waiting")
        case SamePerson():
            return _back("same")
        case NotAllowed():
            raise NotYourRoleError(Act.OVERSEE_SEARCHES)


@router.post("/oversight/flags/{flag_id}")
def look_at(  # noqa: PLR0913, PLR0917  (path, form and session)
    request: Request,
    agency: TheAgency,
    session: LooksAtFlags,
    flag_id: UUID,
    outcome: Annotated[str, Field(max_length=20)] = "",
    reason: Text = "",
) -> Response:
    """Write down what came of looking at a flag."""
    try:
        said, came = parse_reason(reason), Outcome(outcome)
    except (UnusableReasonError, ValueError):
        return _page(request, agency, session, wrong=(f"flag-{flag_id}", reason))
    looked = look_at_flag(
        agency, session.person, FlagId(flag_id), outcome=came, reason=said
    )
    match looked:
        case FlagLookedAt():
            return _back("looked")
        case NoSuchFlag():
            return _back("gone")
        case AboutYourself():
            return _back("yourself")
        case NotAllowed():
            raise NotYourRoleError(Act.LOOK_AT_FLAGS)


def _page(  # noqa: PLR0913  (what the page shows, by name)
    request: Request,
    agency: Agency,
    session: Session,
    *,
    said: str = "",
    everything: bool = False,
    wrong: tuple[str, str] | None = None,
) -> HTMLResponse:
    """The page; `wrong` is the field that was not taken, and what was typed there."""
    seen = see_oversight(agency, session.person, looked_at_too=everything)
    if isinstance(seen, NotAllowed):
        raise NotYourRoleError(Act.LOOK_AT_FLAGS)
    words = words_of(request)
    field, typed = wrong or ("", "")
    told = words.gettext("Say why in 10 to 300 characters, and choose an answer.")
    answer = page(
        request,
        "oversight.html",
        {
            "seen": seen,
            "kinds": KINDS,
            "asks": ASKS,
            "outcomes": OUTCOMES,
            "labels": {str(each.code): each.label for each in agency.profile.purposes},
            "everything": everything,
            "said": SAID.get(said, ""),
            "done": said in _DONE,
            "wrong": field,
            "typed": typed,
            "told": told,
        },
        status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
    )
    return _private(answer)


def _back(said: str) -> RedirectResponse:
    return RedirectResponse(f"/oversight?said={said}", HTTPStatus.SEE_OTHER)


def _private(answer: HTMLResponse) -> HTMLResponse:
    answer.headers["Cache-Control"] = "no-store"
    return answer
