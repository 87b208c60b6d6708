"""Where boxes come in: batches of reads, reports, enrolments, and a sign of life.

What goes wrong is JSON with `code`, `message` and `hint`; none of them holds anything
that was sent. A box tells from the status what to do: 401 and 403 ask a person, 409 is
an alarm, 413 send less at once, 422 set aside, 503 the same again after Retry-After.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from typing import Final, TypeAlias, TypeVar

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from charteroak.core.box_list import BoxListAnswer
from charteroak.core.errors import CharterOakError
from charteroak.core.http_signature import HttpMessage
from charteroak.core.orders import OrdersAnswer
from charteroak.core.wire import (
    LARGEST_BATCH_BYTES,
    LARGEST_REPORT_BYTES,
    MEDIA_TYPE,
    BatchAnswer,
    EnrolmentRequest,
    ReportAnswer,
)
from charteroak.server.actions.enrol_box import NotEnrolled, enrol_box
from charteroak.server.actions.ingest_reads import Taken, ingest_reads
from charteroak.server.actions.meet_sender import meet_sender
from charteroak.server.actions.note_box_report import Noted, note_box_report
from charteroak.server.actions.order_box import (
    Given,
    Told,
    give_box_list,
    order_box,
)
from charteroak.server.agency import Agency
from charteroak.server.senders import Sender, TurnedAway, Why
from charteroak.server.web.session import agency_of

router: Final = APIRouter(prefix="/api/v1")

_LARGEST_ENROLMENT_BYTES: Final = 4096
_RETRY_AFTER_S: Final = 3
_THREADS: Final = ThreadPoolExecutor(8, thread_name_prefix="boxes")
"""The boxes' own: whatever holds up the pages, a hit is on the board in a second."""

T = TypeVar("T")
_Received: TypeAlias = Given | Noted | Taken | Told | TurnedAway
_STATUSES: Final = {
    Why.CONFLICT: HTTPStatus.CONFLICT,
    Why.REVOKED: HTTPStatus.FORBIDDEN,
    Why.UNAUTHENTIC: HTTPStatus.UNAUTHORIZED,
    Why.UNREADABLE: HTTPStatus.UNPROCESSABLE_ENTITY,
}
_PASSING: Final = frozenset(
    {
        "charteroak.batch.no-bucket",
        "charteroak.box-list.being-made",
        "charteroak.store.unavailable",
        "charteroak.vault.disk-full",
        "charteroak.vault.pictures-unavailable",
    }
)
"""Codes of what will be over in a while; nothing was taken, nothing is lost."""


class TooLargeError(CharterOakError):
    """A body that is longer than this server takes."""

    code = "charteroak.api.too-large"
    hint = "Send less at once."


@router.get("/health")
async def health() -> Response:
    """Say that the process answers; whether all is well is for the status page."""
    return _json({"status": "up"})


@router.post("/batches")
async def take_batch(request: Request) -> Response:
    """Take a signed batch of sealed reads; what is answered with 200 is durable."""
    began = time.perf_counter()
    answer = await _take(request)
    took_s = time.perf_counter() - began
    request.app.state.measures.batch(answer.status_code, took_s)
    return answer


@router.get("/orders")
async def give_orders(request: Request) -> Response:
    """Tell a box what it may keep."""
    return await _received(request, order_box, largest=0)


@router.get("/box-list")
async def give_list(request: Request) -> Response:
    """Give a box the list that it compares with; nothing where it has it."""
    known = request.headers.get("if-none-match", "").strip('"')
    give = partial(give_box_list, known=known)
    return await _received(request, give, largest=0)


@router.post("/reports")
async def take_report(request: Request) -> Response:
    """Take a box's word on how it and its cameras do."""
    return await _received(request, note_box_report, largest=LARGEST_REPORT_BYTES)


async def _take(request: Request) -> Response:
    return await _received(request, ingest_reads, largest=LARGEST_BATCH_BYTES)


async def _received(
    request: Request,
    receive: Callable[[Agency, Sender, bytes], _Received],
    *,
    largest: int,
) -> Response:
    """What becomes of a signed request: its head is judged before its body is kept."""
    agency = agency_of(request)
    try:
        _check_length(request, largest)
        message = _message(agency, request)
        sender = await _in_thread(lambda: meet_sender(agency, message))
        if isinstance(sender, TurnedAway):
            # Its body is read to the end, so that a box hears why, and not kept.
            await _body(request, largest, keep=False)
            received: _Received = sender
        else:
            body = await _body(request, largest)
            received = await _in_thread(partial(receive, agency, sender, body))
    except CharterOakError as trouble:
        return _trouble(trouble)
    match received:
        case TurnedAway(why=why, code=code, message=text, hint=hint):
            return _refusal(_STATUSES[why], code, message=text, hint=hint)
        case Given(tag=tag, answer=None):
            return Response(status_code=304, headers={"etag": f'"{tag}"'})
        case Given(tag=tag, answer=BoxListAnswer() as answer):
            return _packed(answer, {"etag": f'"{tag}"'})
        case Taken(answer=answer) | Noted(answer=answer) | Told(answer=answer):
            return _packed(answer)
        case _:  # pragma: no cover - mypy sees that nothing is left
            raise AssertionError


@router.post("/enrolments")
async def enrol(request: Request) -> Response:
    """Let a box in that brings a one-time code."""
    agency = agency_of(request)
    try:
        body = await _body(request, _LARGEST_ENROLMENT_BYTES)
        asked = msgspec.json.decode(body, type=EnrolmentRequest)
        enrolled = await run_in_threadpool(enrol_box, agency, asked)
    except (msgspec.MsgspecError, ValueError):
        return _refusal(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "charteroak.enrolment.unreadable",
            message="not a request to enrol",
            hint="Update the software of the box.",
        )
    except CharterOakError as trouble:
        return _trouble(trouble)
    match enrolled:
        case NotEnrolled(code=code, message=message, hint=hint):
            return _refusal(HTTPStatus.FORBIDDEN, code, message=message, hint=hint)
        case _:
            return _json(enrolled)


async def _in_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work)


def _check_length(request: Request, largest: int) -> None:
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > largest:
        raise TooLargeError("the body is too long")


async def _body(request: Request, largest: int, *, keep: bool = True) -> bytes:
    """The whole body; nothing of it where it is not to be kept.

    Raises:
        TooLargeError: it says that it is longer, or is; the rest is not read.
    """
    _check_length(request, largest)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > largest:
            raise TooLargeError("the body is too long")
        if keep:
            parts.append(part)
    return b"".join(parts)


def _message(agency: Agency, request: Request) -> HttpMessage:
    """The request as the box addressed it.

    A proxy may address us by a name of its own: then the public address counts. The
    name itself has been checked by `security.Guard`.
    """
    base = f"{request.url.scheme}://{request.url.netloc}"
    settings = agency.settings
    if settings.proxy is not None and settings.public_url is not None:
        base = settings.public_url.rstrip("/")
    query = f"?{request.url.query}" if request.url.query else ""
    return HttpMessage(
        method=request.method,
        url=f"{base}{request.url.path}{query}",
        fields=tuple(request.headers.items()),
    )


def _packed(
    answer: BatchAnswer | BoxListAnswer | OrdersAnswer | ReportAnswer,
    headers: Mapping[str, str] | None = None,
) -> Response:
    body = msgspec.msgpack.encode(answer)
    return Response(body, media_type=MEDIA_TYPE, headers=headers)


def _json(
    content: object,
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> Response:
    return Response(
        msgspec.json.encode(content),
        status_code=status,
        media_type="application/json",
        headers=headers,
    )


def _refusal(
    status: HTTPStatus,
    code: str,
    *,
    message: str,
    hint: str,
    headers: Mapping[str, str] | None = None,
) -> Response:
    asks = (
        {"www-authenticate": "Signature"} if status == HTTPStatus.UNAUTHORIZED else {}
    )
    return _json(
        {"code": code, "message": message, "hint": hint},
        status,
        {**asks, **(headers or {})},
    )


def _trouble(trouble: CharterOakError) -> Response:
    """An answer to what passes; what does not is for `web.errors`."""
    if isinstance(trouble, TooLargeError):
        return _refusal(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            trouble.code,
            message=str(trouble),
            hint=trouble.hint,
            # The rest of the body was not read, so this connection cannot go on.
            headers={"connection": "close"},
        )
    if trouble.code in _PASSING:
        return _refusal(
            HTTPStatus.SERVICE_UNAVAILABLE,
            trouble.code,
            message=str(trouble),
            hint=trouble.hint,
            headers={"retry-after": str(_RETRY_AFTER_S)},
        )
    raise trouble
