"""People: accounts and roles, for administrators; one's own account, for everybody."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from charteroak.core.people import Act, Person, PersonId, Role
from charteroak.server.actions.add_person import (
    LoginTaken,
    UnusableAccountError,
    add_person,
)
from charteroak.server.actions.change_person import (
    SHORTEST_PASSWORD,
    Changed,
    NotChanged,
    Refusal,
    change_roles,
    choose_password,
    disable,
    dismiss_notice,
    enable,
    replace_password,
    unlock,
)
from charteroak.server.actions.see_people import AccountShown, see_people
from charteroak.server.agency import Agency
from charteroak.server.web.render import ROLES, page, words_of
from charteroak.server.web.session import (
    NotSignedInError,
    Session,
    TheAgency,
    anybody,
    may,
)
from charteroak.server.web.text import later

router = APIRouter()

Manager = Annotated[Session, Depends(may(Act.MANAGE_PEOPLE))]

_DOES: Final = {
    Role.ADMINISTRATOR: later("cameras, boxes, people; cannot search"),
    Role.AUDITOR: later("reads the log, looks at flags; cannot see reads"),
    Role.DISPATCHER: later("answers alerts, verifies them"),
    Role.INVESTIGATOR: later("searches for a case, asks for holds"),
    Role.LIST_CLERK: later("hot lists, requests of others; cannot search"),
    Role.OFFICER: later("verifies alerts, records what came of them"),
    Role.SUPERVISOR: later("searches, and approves what others ask for"),
}

_REFUSED: Final = {
    Refusal.LAST_ADMINISTRATOR: later(
        "This is the last administrator. Make somebody else one first."
    ),
    Refusal.LOCKED: later("Too many wrong passwords. Try again in ten minutes."),
    Refusal.MIXED_DUTIES: later(
        "Whoever manages people, reads the log or loads hot lists has no account that "
        "also looks for cars. Give a second account to the same person only if your "
        "policy allows it."
    ),
    Refusal.NO_ROLES: later("Choose at least one role, or disable the account."),
    Refusal.NO_SUCH_PERSON: later("There is no such account."),
    Refusal.OWN_ACCOUNT: later(
        "Nobody changes their own account here. Ask another administrator."
    ),
    Refusal.PASSWORD_SAME: later("Choose a password that differs from the one before."),
    Refusal.PASSWORD_SHORT: later("Use at least 15 characters; a sentence is fine."),
    Refusal.PASSWORD_WRONG: later("This is not your present password."),
}

_UNUSABLE: Final = {
    "login": later("Use 2 to 40 letters, digits, dots or dashes, as in m.garcia."),
    "name": later("Write the name as colleagues know it, up to 80 characters."),
    "roles": later(
        "Choose at least one role. Whoever manages people, reads the log or loads hot "
        "lists cannot also look for cars."
    ),
}

_DONE: Final = {
    "roles": later("The roles are changed. The person signs in again to use them."),
    "disable": later("The account is disabled and its sessions are over."),
    "enable": later("The account works again."),
    "unlock": later("The account is unlocked."),
}

_SHOWN: Final[Mapping[str, Callable[[AccountShown], bool]]] = {
    "all": lambda _account: True,
    "used": lambda account: account.disabled_at is None,
    "disabled": lambda account: account.disabled_at is not None,
}

_RARELY_SEEN: Final = timedelta(days=90)


@router.get("/people")
def people(
    request: Request, agency: TheAgency, _session: Manager, show: str = "used"
) -> Response:
    """List the accounts."""
    return _list(request, agency, show=show)


@router.post("/people")
def add(  # noqa: PLR0913, PLR0917  the fields of the form
    request: Request,
    agency: TheAgency,
    session: Manager,
    login: Annotated[str, Form(max_length=400)] = "",
    name: Annotated[str, Form(max_length=400)] = "",
    roles: Annotated[list[Role] | None, Form()] = None,
) -> Response:
    """Add an account and show its temporary password, this once."""
    typed = {"login": login, "name": name, "roles": roles or []}
    words = words_of(request)
    try:
        answer = add_person(
            agency, session.person, login=login, name=name, roles=roles or []
        )
    except UnusableAccountError as unusable:
        errors = {unusable.field: words.gettext(_UNUSABLE[unusable.field])}
        return _list(request, agency, typed=typed, errors=errors, status=422)
    if isinstance(answer, LoginTaken):
        errors = {"login": words.gettext("Somebody has this login already.")}
        return _list(request, agency, typed=typed, errors=errors, status=422)
    return page(
        request,
        "person_password.html",
        {"person": answer.person, "password": answer.password, "added": True},
    )


@router.get("/people/{person_id}")
def person(
    request: Request,
    agency: TheAgency,
    _session: Manager,
    person_id: UUID,
    done: str | None = None,
) -> Response:
    """Show one account with what can be changed."""
    return _one(request, agency, person_id, done=_DONE.get(done or ""))


@router.post("/people/{person_id}/roles")
def give_roles(
    request: Request,
    agency: TheAgency,
    session: Manager,
    person_id: UUID,
    roles: Annotated[list[Role] | None, Form()] = None,
) -> Response:
    """Give somebody other roles."""
    who = PersonId(person_id)
    answer = change_roles(agency, session.person, who, roles or [])
    return _then(request, agency, person_id, answer, "roles")


@router.post("/people/{person_id}/password")
def give_password(
    request: Request, agency: TheAgency, session: Manager, person_id: UUID
) -> Response:
    """Give somebody a temporary password and show it, this once."""
    answer = replace_password(agency, session.person, PersonId(person_id))
    if isinstance(answer, NotChanged):
        return _then(request, agency, person_id, answer, "password")
    return page(
        request,
        "person_password.html",
        {"person": answer.person, "password": answer.password, "added": False},
    )


@router.post("/people/{person_id}/disable")
def switch_off(
    request: Request, agency: TheAgency, session: Manager, person_id: UUID
) -> Response:
    """Disable an account."""
    answer = disable(agency, session.person, PersonId(person_id))
    return _then(request, agency, person_id, answer, "disable")


@router.post("/people/{person_id}/enable")
def switch_on(
    request: Request, agency: TheAgency, session: Manager, person_id: UUID
) -> Response:
    """Enable an account again."""
    answer = enable(agency, session.person, PersonId(person_id))
    return _then(request, agency, person_id, answer, "enable")


@router.post("/people/{person_id}/unlock")
def unlock_now(
    request: Request, agency: TheAgency, session: Manager, person_id: UUID
) -> Response:
    """Unlock an account before its ten minutes are over."""
    answer = unlock(agency, session.person, PersonId(person_id))
    return _then(request, agency, person_id, answer, "unlock")


@router.get("/account")
def account(
    request: Request,
    session: Annotated[Session, Depends(anybody)],
    done: str | None = None,
) -> Response:
    """Show one's own account."""
    values = {"errors": {}, "shortest": SHORTEST_PASSWORD, "done": done == "password"}
    return page(request, "account.html", {"me": session, **values})


@router.post("/account/notice")
def know(
    agency: TheAgency, session: Annotated[Session, Depends(anybody)]
) -> RedirectResponse:
    """Take the notice away that one's password was replaced."""
    if session.replaced_at is not None:
        dismiss_notice(agency, session.person)
    return RedirectResponse("/account", 303)


@router.post("/account/password")
def choose(
    request: Request,
    agency: TheAgency,
    session: Annotated[Session, Depends(anybody)],
    before: Annotated[str, Form(max_length=256)] = "",
    after: Annotated[str, Form(max_length=256)] = "",
) -> Response:
    """Change one's own password."""
    answer = choose_password(
        agency, session.person, before=before, after=after, token=session.token
    )
    if isinstance(answer, Changed):
        return RedirectResponse("/account?done=password", 303)
    if answer.because is Refusal.LOCKED:
        request.state.session = None
        raise NotSignedInError("too many wrong passwords")
    field = "before" if answer.because is Refusal.PASSWORD_WRONG else "after"
    errors = {field: words_of(request).gettext(_REFUSED[answer.because])}
    values = {"errors": errors, "shortest": SHORTEST_PASSWORD, "done": False}
    return page(request, "account.html", {"me": session, **values}, status=422)


def _list(  # noqa: PLR0913  what the page shows after each outcome
    request: Request,
    agency: Agency,
    *,
    show: str = "used",
    typed: Mapping[str, object] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    accounts = see_people(agency)
    chosen = show if show in _SHOWN else "used"
    context = {
        "accounts": [account for account in accounts if _SHOWN[chosen](account)],
        "total": len(accounts),
        "show": chosen,
        "rarely_seen": _RARELY_SEEN,
        "roles": ROLES,
        "does": _DOES,
        "alone": _alone(accounts),
        "typed": typed or {"login": "", "name": "", "roles": []},
        "errors": errors or {},
    }
    return page(request, "people.html", context, status=status)


def _alone(accounts: Sequence[AccountShown]) -> bool:
    """Whether there may be a flag that nobody could look at: one's own is not cleared.

    An auditor alone is enough, because an auditor does nothing that is flagged.
    """
    looking = [
        account.person
        for account in accounts
        if account.disabled_at is None and account.person.may(Act.LOOK_AT_FLAGS)
    ]
    return len(looking) <= 1 and not any(
        Role.AUDITOR in person.roles for person in looking
    )


def _one(
    request: Request,
    agency: Agency,
    person_id: UUID,
    *,
    done: str | None = None,
    refused: str | None = None,
) -> Response:
    found = [
        account
        for account in see_people(agency)
        if account.person.person_id == person_id
    ]
    if not found:
        words = words_of(request)
        refused = words.gettext(_REFUSED[Refusal.NO_SUCH_PERSON])
        return _list(request, agency, errors={"main": refused}, status=404)
    context = {
        "account": found[0],
        "own": _is_own(request, found[0].person),
        "roles": ROLES,
        "does": _DOES,
        "done": done,
        "refused": refused,
    }
    return page(request, "person.html", context, status=422 if refused else 200)


def _is_own(request: Request, someone: Person) -> bool:
    session = request.state.session
    return isinstance(session, Session) and session.person == someone


def _then(
    request: Request,
    agency: Agency,
    person_id: UUID,
    answer: Changed | NotChanged,
    done: str,
) -> Response:
    if isinstance(answer, NotChanged):
        return _one(request, agency, person_id, refused=_REFUSED[answer.because])
    return RedirectResponse(f"/people/{person_id}?done={done}", 303)
