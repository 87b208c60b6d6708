"""When something goes wrong: a calm page that says what happened, what is safe, what now.

No answer ever holds a traceback, and no log line holds what a form was filled with.
"""

import logging
import secrets
import traceback
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

import attrs
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from charteroak.core.errors import CharterOakError
from charteroak.core.people import ALLOWED, Act
from charteroak.server.web.render import page
from charteroak.server.web.session import (
    SAFE,
    ForgedRequestError,
    NotSignedInError,
    NotYourRoleError,
    SessionLockedError,
    TemporaryPasswordError,
    agency_of,
    recall,
    safe_next,
)
from charteroak.server.web.text import later

_LOG: Final = logging.getLogger("charteroak.web")


@attrs.frozen
class Trouble:
    """A page for something that went wrong, in our words.

    Attributes:
        title: what happened, in a few words.
        happened: the same in a sentence.
        safe: what is not affected.
        now: what the reader can do.
    """

    status: int
    title: str
    happened: str
    safe: str
    now: str


_NOTHING_CHANGED: Final = later("Nothing was changed.")

_PAGES: Final = {
    403: Trouble(
        403,
        later("This request did not come from this page"),
        later(
            "The server only takes a change that is sent from one of its own pages, "
            "and this one was not, or its page was too old."
        ),
        _NOTHING_CHANGED,
        later("Open the page again and repeat what you did."),
    ),
    404: Trouble(
        404,
        later("There is no such page"),
        later(
            "The address leads nowhere. What it led to may have been forgotten on the "
            "day the law says."
        ),
        _NOTHING_CHANGED,
        later("Go on from the navigation above, or from the first page."),
    ),
    405: Trouble(
        405,
        later("This address is not opened like that"),
        later("It takes a form, or shows a page, but not what was asked."),
        _NOTHING_CHANGED,
        later("Go on from the first page."),
    ),
    410: Trouble(
        410,
        later("This paper was deleted on schedule"),
        later(
            "Papers of requests are kept for a time after the answer, and declarations "
            "after their end. For this one that time is over."
        ),
        later("What it was, its SHA-256 and the decision are still on record."),
        later("Go back: the page of the request or agency says when it was deleted."),
    ),
    413: Trouble(
        413,
        later("That is too large"),
        later(
            "A form holds at most 1 MB, the scan of a paper at most 10 MB, and a hot "
            "list at most 64 MB."
        ),
        _NOTHING_CHANGED,
        later("Send it in smaller parts."),
    ),
    421: Trouble(
        421,
        later("This server does not go by that name"),
        later("The address in your browser is not one that this server knows."),
        _NOTHING_CHANGED,
        later(
            "Use the address that the administrator gave out. Administrators: it is the "
            "setting CHARTEROAK_PUBLIC_URL."
        ),
    ),
    422: Trouble(
        422,
        later("Something in the form is missing or cannot be read"),
        later("The server did not understand a part of what was sent."),
        _NOTHING_CHANGED,
        later("Go back, fill in every field that is asked for, and send it again."),
    ),
    429: Trouble(
        429,
        later("Too many are signing in at this moment"),
        later("The server checks a few passwords at a time, and the line is full."),
        later("Nothing was counted as a wrong password. Alerts go on coming in."),
        later("Try again in a few seconds."),
    ),
    500: Trouble(
        500,
        later("Something broke on our side"),
        later("The server could not finish what you asked."),
        later("What was not finished was undone. Reads and alerts go on coming in."),
        later("Try again. If it breaks again, tell the administrator this number:"),
    ),
    503: Trouble(
        503,
        later("The database does not answer"),
        later("The server cannot reach its records at the moment."),
        later("Nothing is lost. The boxes by the cameras keep their reads meanwhile."),
        later("Try again in a few seconds."),
    ),
}

_DISK_FULL: Final = Trouble(
    503,
    later("The disk is full"),
    later("The disk of the server's data folder has no room left."),
    later(
        "Nothing is lost: what is stored stays, and the boxes by the cameras keep their "
        "reads meanwhile. No alert can be raised until there is room again."
    ),
    later(
        "Tell the administrator: make room on that disk, or move the data folder to a "
        "larger one. Then all goes on by itself, and what is due is deleted first."
    ),
)

_PASSING: Final = {
    "charteroak.log.not-yet-covered": 503,
    "charteroak.people.too-many-sign-ins": 429,
    "charteroak.store.unavailable": 503,
    "charteroak.vault.disk-full": 503,
    "charteroak.vault.pictures-unavailable": 503,
}
"""Codes of what will be over in a while, each with its page."""

_GUARDED: Final = {
    "address": 404,
    "charset": 422,
    "direct": 421,
    "host": 421,
    "origin": 403,
    "size": 413,
}

ACTS: Final = {
    Act.ACKNOWLEDGE_ALERT: later("Acknowledge an alert"),
    Act.ADD_LIST_ENTRY: later("Enter plates to look for"),
    Act.APPROVE_DISCLOSURE: later("Approve what leaves the house"),
    Act.APPROVE_HOLD: later("Approve a hold"),
    Act.APPROVE_LIST_ENTRY: later("Approve plates of the agency's own lists"),
    Act.ENROL_BOX: later("Let camera boxes in"),
    Act.EXPORT: later("Export what is held"),
    Act.ENTER_DISCLOSURE: later("Enter requests of other agencies and of owners"),
    Act.LOAD_HOTLIST: later("Load hot lists"),
    Act.LOOK_AT_FLAGS: later("Look at flags"),
    Act.MANAGE_PEOPLE: later("Manage people"),
    Act.OVERSEE_SEARCHES: later("Look after searches"),
    Act.PLACE_CAMERA: later("Place cameras"),
    Act.READ_LOG: later("Read the log"),
    Act.REQUEST_HOLD: later("Hold reads for a case"),
    Act.REVIEW_ALERT: later("Verify an alert"),
    Act.SEARCH_READS: later("Search reads"),
    Act.SEE_ALERTS: later("See the alert board"),
    Act.SEE_CAMERAS: later("See cameras"),
    Act.SEE_HOTLISTS: later("See the hot lists"),
    Act.SEE_STATUS: later("See the status"),
}
"""Acts as a page names them."""


def wants_json(request: Request) -> bool:
    """Whether a machine is asking."""
    return request.url.path.startswith("/api/")


def show(request: Request, status: int, *, reference: str | None = None) -> Response:
    """The page for a status; for a machine, the same as JSON."""
    trouble = _PAGES.get(status, _PAGES[HTTPStatus.INTERNAL_SERVER_ERROR])
    if trouble.status == HTTPStatus.SERVICE_UNAVAILABLE and _disk_is_full(request):
        trouble = _DISK_FULL
    if wants_json(request):
        body = {"error": trouble.title, "hint": trouble.now}
        return JSONResponse(body, status_code=status)
    # Without the database there is nobody to recall; without our name, nobody asks.
    if status not in {421, 500, 503}:
        recall(request)
    return page(
        request,
        "trouble.html",
        {"trouble": trouble, "reference": reference},
        status=status,
    )


def _disk_is_full(request: Request) -> bool:
    try:
        return agency_of(request).disk.full
    except OSError:
        # The data folder itself is away: another trouble.
        return False


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer in place of the app when the guard said no."""
    request = Request(scope, receive)
    status = _GUARDED[scope["state"]["trouble"]]
    response = await run_in_threadpool(show, request, status)
    await response(scope, receive, send)


class Calm:
    """Turns what nobody expected into a page, and a log line without its words.

    Messages of exceptions may hold what was typed (a database names the values that it
    refuses), so only their kind and where they arose are written down.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Stand in front of an app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        begun = False

        async def watch(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as broke:  # noqa: BLE001  the last place before the wire
            reference = secrets.token_hex(4)
            _LOG.error("broke %s: %s", reference, where(broke))
            if begun or scope["type"] != "http":
                return
            request = Request(scope, receive)
            response = await run_in_threadpool(show, request, 500, reference=reference)
            await response(scope, receive, send)


def where(broke: BaseException) -> str:
    """Kind and places of an exception, without its message or any value."""
    kinds = []
    current: BaseException | None = broke
    while current is not None:
        kinds.append(type(current).__qualname__)
        current = current.__cause__
    frames = traceback.extract_tb(broke.__traceback__)[-6:]
    places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
    return f"{' from '.join(kinds)} at {places}"


def add_handlers(app: FastAPI) -> None:
    """Teach an app our pages for what goes wrong."""
    handlers: dict[type[Exception], Callable[[Request, Exception], Response]] = {
        HTTPException: _http,
        RequestValidationError: lambda request, _: show(request, 422),
        NotSignedInError: _not_signed_in,
        SessionLockedError: _locked,
        TemporaryPasswordError: lambda _, __: RedirectResponse("/account", 303),
        NotYourRoleError: _not_your_role,
        ForgedRequestError: lambda request, _: show(request, 403),
        CharterOakError: _ours,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, _threaded(handler))


def _threaded(
    handler: Callable[[Request, Exception], Response],
) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handle(request: Request, trouble: Exception) -> Response:
        return await run_in_threadpool(handler, request, trouble)

    return handle


def _http(request: Request, trouble: Exception) -> Response:
    status = trouble.status_code if isinstance(trouble, HTTPException) else 500
    return show(request, status)


def _ours(request: Request, trouble: Exception) -> Response:
    code = trouble.code if isinstance(trouble, CharterOakError) else ""
    status = _PASSING.get(code, 500)
    if code not in _PASSING:
        _LOG.error("unhandled %s: %s", code, where(trouble))
    response = show(request, status)
    if code in _PASSING:
        response.headers["retry-after"] = "3"
    return response


def _next(request: Request) -> str:
    return safe_next(request.url.path) if request.method in SAFE else "/"


def _not_signed_in(request: Request, _trouble: Exception) -> Response:
    if wants_json(request):
        return show(request, 403)
    if "hx-request" in request.headers:
        # A swap cannot show a sign-in form; the whole page goes there.
        return Response(status_code=401, headers={"hx-redirect": "/sign-in"})
    values = {"login": "", "next": _next(request), "failed": False, "fresh": False}
    return page(request, "sign_in.html", values, status=401)


def _locked(request: Request, trouble: Exception) -> Response:
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"hx-refresh": "true"})
    person = trouble.person if isinstance(trouble, SessionLockedError) else None
    values = {
        "person": person,
        "next": _next(request),
        "failed": False,
        "unsent": request.method not in SAFE,
    }
    return page(request, "locked.html", values, status=401)


def _not_your_role(request: Request, trouble: Exception) -> Response:
    act = trouble.act if isinstance(trouble, NotYourRoleError) else Act.SEE_STATUS
    roles = sorted(ALLOWED.get(act, frozenset()))
    return page(
        request, "not_your_role.html", {"act": ACTS[act], "roles": roles}, status=403
    )
