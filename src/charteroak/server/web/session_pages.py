"""Signing in and out, and the first page."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from charteroak.server.actions.sign_in import (
    LONGEST_PASSWORD,
    NotSignedIn,
    sign_in,
)
from charteroak.server.actions.sign_out import sign_out
from charteroak.server.web.render import first_place, page
from charteroak.server.web.session import (
    COOKIE,
    Session,
    SignedIn,
    TheAgency,
    anybody,
    forget,
    remember,
    safe_next,
)

router = APIRouter()


@router.get("/")
def first(request: Request, session: SignedIn) -> Response:
    """Lead to the first page of one's navigation."""
    return RedirectResponse(first_place(session.person, request), 303)


@router.get("/sign-in")
def ask(request: Request, fresh: str | None = None) -> Response:
    """Show the sign-in form."""
    values = {"login": "", "next": "/", "failed": False, "fresh": fresh is not None}
    return page(request, "sign_in.html", values)


@router.post("/sign-in")
def enter(
    request: Request,
    agency: TheAgency,
    login: Annotated[str, Form(max_length=80)],
    password: Annotated[str, Form(max_length=LONGEST_PASSWORD)],
    go_on: Annotated[str, Form(alias="next", max_length=200)] = "/",
) -> Response:
    """Sign in; the token is new each time.

    There is no session yet that a form token could belong to: the guard has checked
    that the form is ours.
    """
    before = request.cookies.get(COOKIE)
    answer = sign_in(agency, login, password, replaces=before)
    if isinstance(answer, NotSignedIn):
        values = {
            "login": login,
            "next": safe_next(go_on),
            "failed": True,
            "fresh": False,
        }
        return page(request, "sign_in.html", values, status=401)
    response = RedirectResponse(
        "/account" if answer.temporary else safe_next(go_on), 303
    )
    remember(response, answer)
    return response


@router.post("/sign-out")
def leave(agency: TheAgency, session: Annotated[Session, Depends(anybody)]) -> Response:
    """Sign out."""
    sign_out(agency, session.person, session.token)
    response = RedirectResponse("/sign-in?fresh=1", 303)
    forget(response)
    return response
