"""The forms of holds: what was typed, what it means, and what cannot be read in it."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import attrs
from fastapi import Form, UploadFile

from charteroak.core.camera import CameraId, is_camera_id
from charteroak.core.case_file import Cases
from charteroak.core.hold import (
    KEEP_DAYS,
    UnusableReasonError,
    UnusableSpanError,
    parse_reason,
    parse_span,
)
from charteroak.core.hold_ground import (
    LARGEST_DOCUMENT,
    LONGEST_LINE,
    Document,
    HoldPaper,
    Party,
    UnusableDocumentError,
    parse_document,
)
from charteroak.core.hold_span import MOST_PLATES, HoldSpan, UnusableHoldSpanError
from charteroak.core.papers import Issuer, Paper
from charteroak.core.plate import PlateText, UnreadablePlateError
from charteroak.core.search import EmptyPeriodError, Purpose
from charteroak.law.vocabulary import is_purpose
from charteroak.server.web.search_form import UnreadableMomentError, case_in, moment
from charteroak.server.web.text import Words, later

DEFAULT_DAYS: Final = 90
_MOST_CAMERAS: Final = 500
Line = Annotated[str, Form(max_length=400)]


class Basis(StrEnum):
    """What somebody says that a hold stands on; what it counts as, the paper says."""

    CASE = "case"
    PAPER = "paper"
    REQUEST = "request"


PARTIES: Final = {
    Party.DEFENCE: later("The defense"),
    Party.PROSECUTION: later("The prosecution"),
}


@attrs.frozen(kw_only=True, repr=False)
class TypedGround:
    """What stands in the part of the form about the ground, as it was typed."""

    basis: str = Basis.CASE
    title: str = ""
    issuer: str = ""
    issued_by: str = ""
    number: str = ""
    dated: str = ""
    party: str = ""
    asker: str = ""
    contact: str = ""
    asked_on: str = ""
    reason: str = ""
    days: str = str(DEFAULT_DAYS)


@attrs.frozen(kw_only=True, repr=False)
class TypedSpan:
    """What stands in the part of the form about what is to be kept."""

    case: str = ""
    purpose: str = ""
    cameras: tuple[str, ...] = ()
    plates: str = ""
    since: str = ""
    until: str = ""


@attrs.frozen(kw_only=True, repr=False)
class Grounds:
    """What the part about the ground means."""

    paper: HoldPaper | None
    document: Document | None


def typed_ground(  # noqa: PLR0913, PLR0917  (one argument for each field of the form)
    basis: Annotated[str, Form(max_length=20)] = Basis.CASE,
    title: Annotated[str, Form(max_length=20)] = "",
    issuer: Annotated[str, Form(max_length=20)] = "",
    issued_by: Line = "",
    number: Line = "",
    dated: Annotated[str, Form(max_length=20)] = "",
    party: Annotated[str, Form(max_length=20)] = "",
    asker: Line = "",
    contact: Line = "",
    asked_on: Annotated[str, Form(max_length=20)] = "",
    reason: Annotated[str, Form(max_length=2000)] = "",
    days: Annotated[str, Form(max_length=10)] = str(DEFAULT_DAYS),
) -> TypedGround:
    """That part of the form as it came."""
    return TypedGround(
        basis=basis,
        title=title,
        issuer=issuer,
        issued_by=issued_by,
        number=number,
        dated=dated,
        party=party,
        asker=asker,
        contact=contact,
        asked_on=asked_on,
        reason=reason,
        days=days,
    )


def typed_span(  # noqa: PLR0913, PLR0917  (one argument for each field of the form)
    case: Annotated[str, Form(max_length=200)] = "",
    purpose: Annotated[str, Form(max_length=60)] = "",
    camera: Annotated[list[str] | None, Form(max_length=_MOST_CAMERAS)] = None,
    plates: Annotated[str, Form(max_length=400)] = "",
    since: Annotated[str, Form(max_length=40)] = "",
    until: Annotated[str, Form(max_length=40)] = "",
) -> TypedSpan:
    """That part of the form as it came."""
    return TypedSpan(
        case=case,
        purpose=purpose,
        cameras=tuple(camera or ()),
        plates=plates,
        since=since,
        until=until,
    )


def read_ground(
    typed: TypedGround,
    file: UploadFile | None,
    errors: dict[str, str],
    words: Words,
    *,
    today: date,
) -> Grounds:
    """What a hold stands on; what cannot be read goes into `errors`."""
    say = words.gettext
    if typed.basis == Basis.CASE:
        return Grounds(paper=None, document=None)
    if typed.basis == Basis.REQUEST:
        document = _document(file, errors, words, needed=False)
        party = {each.value: each for each in Party}.get(typed.party)
        if party is None:
            errors["party"] = say("Choose who asks.")
        asker = _line("asker", typed.asker, errors, say("Name the person who asks."))
        contact = _line(
            "contact",
            typed.contact,
            errors,
            say("Say how that person is reached: they are told before it ends."),
        )
        on = _day("asked_on", typed.asked_on, errors, words, today=today)
        if party is None or on is None:
            return Grounds(paper=None, document=None)
        paper = HoldPaper(
            party=party, issued_by=asker, number="", dated=on, contact=contact
        )
        return Grounds(paper=paper, document=document)
    return _court(typed, file, errors, words, today=today)


def _court(
    typed: TypedGround,
    file: UploadFile | None,
    errors: dict[str, str],
    words: Words,
    *,
    today: date,
) -> Grounds:
    say = words.gettext
    title = {each.value: each for each in Paper}.get(typed.title)
    issuer = {each.value: each for each in Issuer}.get(typed.issuer)
    if typed.basis != Basis.PAPER:
        errors["basis"] = say("Choose what the hold stands on.")
    if title is None:
        errors["title"] = say("Choose what the paper calls itself.")
    if issuer is None:
        errors["issuer"] = say("Choose who signed it: that is what counts.")
    by = _line("issued_by", typed.issued_by, errors, say("Name the court and judge."))
    number = _line("number", typed.number, errors, say("Give the number on the paper."))
    on = _day("dated", typed.dated, errors, words, today=today)
    document = _document(file, errors, words, needed=True)
    if title is None or issuer is None or on is None:
        return Grounds(paper=None, document=None)
    paper = HoldPaper(title=title, issuer=issuer, issued_by=by, number=number, dated=on)
    return Grounds(paper=paper, document=document)


def read_reason(
    typed: TypedGround, errors: dict[str, str], words: Words
) -> tuple[str, int]:
    """The reason, and for how many days; what cannot be read goes into `errors`."""
    reason, days = "", DEFAULT_DAYS
    try:
        reason = parse_reason(typed.reason)
    except UnusableReasonError as refused:
        errors["reason"] = words.gettext(refused.hint)
    try:
        days = int(typed.days)
        parse_span(days)
    except (ValueError, UnusableSpanError):
        errors["days"] = words.gettext(UnusableSpanError.hint)
        days = KEEP_DAYS[0]
    return reason, days


def read_span(
    typed: TypedSpan, *, zone: ZoneInfo, cases: Cases, words: Words
) -> tuple[HoldSpan | None, str, Purpose | None, Mapping[str, str]]:
    """What is to be kept, its case and purpose; and field to message."""
    errors: dict[str, str] = {}
    say = words.gettext
    case_ref = case_in(typed.case, cases, errors, words)
    if not typed.case.strip():
        told = say("Give the number of the case, such as %(one)s.")
        errors["case"] = told % {"one": cases.example or "26-01234"}
    purpose = Purpose(typed.purpose) if is_purpose(typed.purpose) else None
    if purpose is None:
        errors["purpose"] = say("Choose what the case is about.")
    if not all(is_camera_id(camera) for camera in typed.cameras):
        errors["camera"] = say("Choose cameras from the list: one has no such name.")
    plates = _plates(typed.plates, errors, words)
    if not typed.cameras and not typed.plates.strip():
        errors["camera"] = say("Choose cameras, or give plates, or both.")
    since = until = None
    try:
        since = moment(typed.since, zone, fold=0)
        until = moment(typed.until, zone, fold=1)
    except UnreadableMomentError:
        errors["since"] = say("Give a date and a time for the start and for the end.")
    span = None
    if since is not None and until is not None and not errors:
        span = _span(typed, since, until, plates, errors, words)
    return span, case_ref, purpose, errors


def _span(  # noqa: PLR0913, PLR0917  (what a span is made of)
    typed: TypedSpan,
    since: datetime,
    until: datetime,
    plates: tuple[PlateText, ...],
    errors: dict[str, str],
    words: Words,
) -> HoldSpan | None:
    try:
        return HoldSpan(
            since=since,
            until=until,
            cameras=frozenset(CameraId(camera) for camera in typed.cameras),
            plates=plates,
        )
    except EmptyPeriodError:
        errors["since"] = words.gettext("The period ends before it begins.")
    except UnusableHoldSpanError:
        errors["since"] = words.gettext(
            "A hold keeps 92 days at the most. Ask for a shorter period, or for several."
        )
    return None


def _plates(text: str, errors: dict[str, str], words: Words) -> tuple[PlateText, ...]:
    parts = [part for part in text.replace("\n", ",").split(",") if part.strip()]
    try:
        found = tuple(dict.fromkeys(PlateText.parse(part) for part in parts))
    except UnreadablePlateError:
        errors["plates"] = words.gettext(
            "Give whole plates, with commas between them: letters and digits, no ? or *."
        )
        return ()
    if len(found) > MOST_PLATES:
        errors["plates"] = words.gettext("Give ten plates at the most.")
    return found


def _line(name: str, text: str, errors: dict[str, str], told: str) -> str:
    line = " ".join(text.split())
    if not line or len(line) > LONGEST_LINE:
        errors[name] = told
    return line


def _day(
    name: str, text: str, errors: dict[str, str], words: Words, *, today: date
) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        errors[name] = words.gettext("Give the day that stands on it.")
        return None
    if day > today:
        errors[name] = words.gettext("That day has not come yet.")
    return day


def _document(
    file: UploadFile | None, errors: dict[str, str], words: Words, *, needed: bool
) -> Document | None:
    if file is None or not file.filename:
        if needed:
            errors["document"] = words.gettext(
                "Choose the file of the paper: it is kept with the hold. A browser does "
                "not keep the choice, so choose it again after every message."
            )
        return None
    try:
        # One byte more than may be, so that a larger one is known to be larger.
        return parse_document(file.file.read(LARGEST_DOCUMENT + 1))
    except UnusableDocumentError as refused:
        errors["document"] = words.gettext(refused.hint)
        return None
