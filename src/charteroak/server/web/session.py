"""Who is asking: the session behind a request, and whether it may do what it asks.

The cookie is `__Host-charteroak`: Secure, HttpOnly, SameSite=Lax, for this host alone.
On plain HTTP, which is for this machine only, it is the same: Chromium takes and sends
it on http://localhost and http://127.0.0.1 (tried with version 156, November 2026).
"""

import hashlib
import hmac
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Final

import attrs
from fastapi import Depends, Request
from fastapi.responses import Response

from charteroak.core.errors import CharterOakError
from charteroak.core.people import SESSION_LIMIT, Act, Person
from charteroak.server.actions.sign_in import Known, SignedInAs, know_again
from charteroak.server.agency import Agency

COOKIE: Final = "__Host-charteroak"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@attrs.frozen(kw_only=True, repr=False)
class Session:
    """A signed-in person's session, as pages use it.

    Attributes:
        csrf: goes back in the field `csrf` of every form, or in `X-CSRF-Token`.
        token: what the cookie holds; for signing out.
        expires_at: the end, whatever happens.
        locked: idle for too long; only a stream that was already shown goes on.
        replaced_at: when an administrator replaced the password; None: the person knows.
    """

    person: Person
    csrf: str
    token: str
    signed_in_at: datetime
    expires_at: datetime
    locked: bool
    temporary: bool
    replaced_at: datetime | None


class NotSignedInError(CharterOakError):
    """Nobody is signed in in this browser, or the session is over."""

    code = "charteroak.web.not-signed-in"
    hint = "Sign in."


class SessionLockedError(CharterOakError):
    """Nobody did anything for half an hour."""

    code = "charteroak.web.session-locked"
    hint = "Give your password again."

    def __init__(self, person: Person) -> None:
        super().__init__("the session is locked")
        self.person = person


class TemporaryPasswordError(CharterOakError):
    """The password was chosen by somebody else."""

    code = "charteroak.web.temporary-password"
    hint = "Choose a password of your own first."


class NotYourRoleError(CharterOakError):
    """None of the person's roles allows this."""

    code = "charteroak.web.not-your-role"
    hint = "An administrator can change roles."

    def __init__(self, act: Act) -> None:
        super().__init__(f"not allowed: {act}")
        self.act = act


class ForgedRequestError(CharterOakError):
    """A change that did not come from one of our own pages."""

    code = "charteroak.web.forged-request"
    hint = "Open the page again and repeat what you did."


def agency_of(request: Request) -> Agency:
    """The agency that this app serves, under the rules in force as a request begins."""
    begun: Agency | None = getattr(request.state, "agency", None)
    if begun is not None:
        return begun
    agency = request.app.state.agency
    if not isinstance(agency, Agency):  # pragma: no cover
        msg = "the app has no agency"
        raise TypeError(msg)
    begun = request.state.agency = agency.in_force()
    return begun


TheAgency = Annotated[Agency, Depends(agency_of)]


def csrf_of(token: str) -> str:
    """The form token of a session: of the cookie, and not to be turned back into it."""
    return hmac.new(token.encode(), b"charteroak form", hashlib.sha256).hexdigest()


async def _sent_csrf(request: Request) -> str | None:
    """What the page sent back of its form token; None where none is needed."""
    if request.method in SAFE:
        return None
    header = request.headers.get("x-csrf-token")
    if header is not None:
        return header
    field = (await request.form()).get("csrf")
    return field if isinstance(field, str) else ""


def _known(agency: Agency, request: Request, *, active: bool) -> Session:
    token = request.cookies.get(COOKIE, "")
    known = know_again(agency, token, active=active) if token else None
    if known is None:
        raise NotSignedInError("nobody is signed in")
    session = _session(token, known)
    request.state.session = session
    return session


def _session(token: str, known: Known) -> Session:
    return Session(
        person=known.person,
        csrf=csrf_of(token),
        token=token,
        signed_in_at=known.signed_in_at,
        expires_at=known.expires_at,
        locked=known.locked,
        temporary=known.temporary,
        replaced_at=known.replaced_at,
    )


def anybody(
    request: Request,
    agency: TheAgency,
    sent: Annotated[str | None, Depends(_sent_csrf)],
) -> Session:
    """The session, even with a password that must be changed first."""
    session = _known(agency, request, active=True)
    if session.locked:
        request.state.session = None
        raise SessionLockedError(session.person)
    if sent is not None and not hmac.compare_digest(
        sent.encode(), session.csrf.encode()
    ):
        raise ForgedRequestError("the form token does not fit")
    return session


def _ready(session: Annotated[Session, Depends(anybody)]) -> Session:
    if session.temporary:
        raise TemporaryPasswordError("the password is temporary")
    return session


def _receiving(request: Request, agency: TheAgency) -> Session:
    if request.method not in SAFE:
        raise ForgedRequestError("a stream is only received")
    session = _known(agency, request, active=False)
    if session.temporary:
        raise TemporaryPasswordError("the password is temporary")
    return session


def admit(request: Request, act: Act) -> None:
    """Ask who it is before anything of a large body is read.

    The route's own dependencies check all of it again, with the form token.

    Raises:
        NotSignedInError: nobody is signed in.
        SessionLockedError: idle for too long.
        TemporaryPasswordError: the password was chosen by somebody else.
        NotYourRoleError: none of the person's roles allows it.
    """
    session = _known(agency_of(request), request, active=True)
    if session.locked:
        request.state.session = None
        raise SessionLockedError(session.person)
    check(_ready(session), act)


SignedIn = Annotated[Session, Depends(_ready)]
"""A session that is awake; on unsafe methods its form token has been checked."""

Receiving = Annotated[Session, Depends(_receiving)]
"""A session that may be locked for idleness: for event streams, GET only. It keeps
nobody awake, and the handler must still ask whether the person may see it."""


def recall(request: Request) -> None:
    """Find the session for the header of a page that needs none, as for a bad address.

    Nothing happens where there is none, or where the database does not answer.
    """
    if getattr(request.state, "session", None) is None:
        with suppress(CharterOakError):
            session = _known(agency_of(request), request, active=False)
            if session.locked or session.temporary:
                request.state.session = None


def may(act: Act) -> Callable[[Session], Session]:
    """A dependency: a session whose person may do this, or a calm page that says no.

    Example:
        `session: Annotated[Session, Depends(may(Act.SEE_ALERTS))]`
    """

    def allowed(session: SignedIn) -> Session:
        return check(session, act)

    return allowed


def check(session: Session, act: Act) -> Session:
    """The session, if its person may do this.

    Raises:
        NotYourRoleError: none of their roles allows it.
    """
    if not session.person.may(act):
        raise NotYourRoleError(act)
    return session


def remember(response: Response, signed_in: SignedInAs) -> None:
    """Give the browser its cookie."""
    response.set_cookie(
        COOKIE,
        signed_in.token,
        max_age=int(SESSION_LIMIT.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )


def forget(response: Response) -> None:
    """Take the cookie away."""
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")


def safe_next(path: str) -> str:
    """A path on this host to go on to, or the front page.

    >>> safe_next("/cameras"), safe_next("//evil.example"), safe_next("/" + chr(92))
    ('/cameras', '/', '/')
    """
    plain = path.isprintable() and path.isascii() and "\\" not in path
    return path if plain and path.startswith("/") and path[1:2] != "/" else "/"
