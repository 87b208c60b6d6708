"""`charteroak edge self-test`: is this box fit to work, and if not, what to do."""

from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx2
import msgspec

from charteroak.core.errors import CharterOakError
from charteroak.edge.enrol import ServerUnreachableError
from charteroak.edge.identity import Identity
from charteroak.edge.known_orders import in_words, mode_on_file
from charteroak.edge.recognize import Recognizer
from charteroak.edge.settings import (
    DataFolder,
    Enrolled,
    load_enrolled,
    write_durably,
)
from charteroak.edge.spool import look
from charteroak.edge.uptime import uptime
from charteroak.edge.web_client import open_client, why_unreachable

LARGEST_OFFSET_S: Final = 30
"""A read may be a minute ahead of the server before its time is not believed."""

_SERVER_TROUBLE: Final = 500


class NotToldError(CharterOakError):
    """The box has no orders that count."""

    code = "charteroak.edge.not-told"
    hint = "It asks as soon as it runs and reaches its server; until then it reads nothing."


class WrongClockError(CharterOakError):
    """This machine's clock differs from the server's."""

    code = "charteroak.edge.wrong-clock"
    hint = "Set up time synchronisation, with chrony or systemd-timesyncd, on this box."


class NoDateError(CharterOakError):
    """The server does not say what time it is."""

    code = "charteroak.edge.no-date"
    hint = "Check that the address is the Charter Oak server's, with its path."


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was tried.

    Attributes:
        name: what.
        ok: whether it works.
        found: what was seen, in words.
        hint: what to do; "" when it works.
    """

    name: str
    ok: bool
    found: str
    hint: str = ""


def self_test(
    folder: DataFolder,
    *,
    open_engine: Callable[[], Recognizer],
    clock: Callable[[], datetime],
) -> list[Check]:
    """Try everything a box needs; changes nothing and sends no read.

    Args:
        folder: the box's.
        open_engine: makes the engine; raises what is wrong with it.
        clock: the box's.
    """
    checks = [
        _tried("key", lambda: _key(folder)),
        _tried("enrolment", lambda: _enrolment(folder)),
        _tried("data folder", lambda: _writable(folder)),
        _tried("spool", lambda: _spool(folder, clock())),
        _tried("orders", lambda: _orders(folder, clock())),
    ]
    try:
        enrolled = load_enrolled(folder)
    except CharterOakError as trouble:
        skipped = Check(name="server", ok=False, found="not tried", hint=trouble.hint)
        checks.append(skipped)
    else:
        checks.extend(_server(enrolled, clock))
    checks.append(_tried("engine", lambda: f"{open_engine().name} is ready"))
    return checks


def _tried(name: str, attempt: Callable[[], str]) -> Check:
    try:
        return Check(name=name, ok=True, found=attempt())
    except CharterOakError as trouble:
        return Check(name=name, ok=False, found=str(trouble), hint=trouble.hint)


def _key(folder: DataFolder) -> str:
    Identity.load(folder)
    return "readable, by this user only"


def _enrolment(folder: DataFolder) -> str:
    enrolment = load_enrolled(folder).enrolment
    return f"{enrolment.agency}: {', '.join(enrolment.cameras)}"


def _writable(folder: DataFolder) -> str:
    probe = folder.path / "self-test"
    write_durably(probe, b"written by charteroak edge self-test\n")
    probe.unlink(missing_ok=True)
    return "writable"


def _spool(folder: DataFolder, now: datetime) -> str:
    if not folder.spool.exists():
        return "not begun"
    stats = look(folder.spool, now)
    return f"{stats.waiting} waiting, {stats.dropped} dropped so far"


def _orders(folder: DataFolder, now: datetime) -> str:
    enrolment, identity = load_enrolled(folder).enrolment, Identity.load(folder)
    mode, told = mode_on_file(folder, enrolment, identity, now, uptime=uptime)
    if not told:
        raise NotToldError("this box was not told what it may keep, or too long ago")
    return f"this box {in_words(mode)}"


def _server(enrolled: Enrolled, clock: Callable[[], datetime]) -> list[Check]:
    answers: list[httpx2.Response] = []

    def reach() -> str:
        with open_client(enrolled.server, enrolled.authority_file) as client:
            try:
                answer = client.get(enrolled.server + "/")
            except httpx2.HTTPError as trouble:
                raise ServerUnreachableError(why_unreachable(trouble)) from trouble
        if answer.status_code >= _SERVER_TROUBLE:
            msg = f"{enrolled.server} answers {answer.status_code}"
            raise ServerUnreachableError(msg)
        answers.append(answer)
        return f"{enrolled.server} answers"

    checks = [_tried("server", reach)]
    if answers:
        checks.append(_tried("clock", lambda: _clock(answers[0], clock())))
    return checks


def _clock(answer: httpx2.Response, now: datetime) -> str:
    try:
        told = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        raise NoDateError("the server does not tell the time") from None
    offset = round((now - told).total_seconds())
    if abs(offset) > LARGEST_OFFSET_S:
        msg = f"this clock is {offset:+} s off the server's"
        raise WrongClockError(msg)
    return f"{offset:+} s off the server's"
