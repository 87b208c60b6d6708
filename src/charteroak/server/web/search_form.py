"""The search form: what was typed, what it means, and what cannot be read in it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import attrs
from fastapi import Form

from charteroak.core.camera import CameraId, is_camera_id
from charteroak.core.case_file import Cases
from charteroak.core.errors import CharterOakError
from charteroak.core.plate import (
    LONGEST,
    PatternTooWideError,
    PlatePattern,
    UnreadablePatternError,
)
from charteroak.core.search import (
    LONGEST_NOTE,
    EmptyPeriodError,
    Purpose,
    Search,
    UnreadableCaseError,
    parse_case,
)
from charteroak.law.vocabulary import is_purpose
from charteroak.server.web.text import Words, later

CUSTOM: Final = "custom"
SPANS: Final[Mapping[str, timedelta]] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(days=1),
    "3d": timedelta(days=3),
    "7d": timedelta(days=7),
}
ALL_KEPT: Final = "all"
_MINUTE: Final = timedelta(minutes=1)
_MOST_CAMERAS: Final = 500
_YEARS: Final = range(1970, 2200)

_TOLD: Final = {
    UnreadablePatternError: later(
        "Use letters and digits, ? for one unknown character, * for any number."
    ),
    PatternTooWideError: later(
        "Give at least two letters or digits: ? and * alone would list everybody."
    ),
    UnreadableCaseError: later(
        "A case number has 2 to 40 letters, digits, dashes, dots or slashes, with a "
        "digit in it."
    ),
}


class UnreadableMomentError(CharterOakError):
    """A date and time of the form that is none."""

    code = "charteroak.web.unreadable-moment"
    hint = "Give a date and a time."


@attrs.frozen(kw_only=True, repr=False)
class Typed:
    """What stands in the form, as it was typed."""

    purpose: str = ""
    case: str = ""
    note: str = ""
    emergency: bool = False
    plate: str = ""
    period: str = "24h"
    since: str = ""
    until: str = ""
    cameras: tuple[str, ...] = ()


@attrs.frozen(kw_only=True, repr=False)
class Meant:
    """What it means, as far as it can be read.

    Attributes:
        search: None while something is missing or cannot be read.
        errors: field to message, in the order of the form.
    """

    search: Search | None
    errors: Mapping[str, str]
    purpose: Purpose | None
    case_ref: str
    note: str
    since: datetime
    until: datetime
    pattern: PlatePattern | None


def typed(  # noqa: PLR0913, PLR0917  (one argument for each field of the form)
    purpose: Annotated[str, Form(max_length=60)] = "",
    case: Annotated[str, Form(max_length=200)] = "",
    note: Annotated[str, Form(max_length=2000)] = "",
    emergency: Annotated[str, Form(max_length=10)] = "",
    plate: Annotated[str, Form(max_length=200)] = "",
    period: Annotated[str, Form(max_length=10)] = "24h",
    since: Annotated[str, Form(max_length=40)] = "",
    until: Annotated[str, Form(max_length=40)] = "",
    camera: Annotated[list[str] | None, Form(max_length=_MOST_CAMERAS)] = None,
) -> Typed:
    """The form as it came."""
    return Typed(
        purpose=purpose,
        case=case,
        note=note,
        emergency=emergency == "yes",
        plate=plate,
        period=period,
        since=since,
        until=until,
        cameras=tuple(camera or ()),
    )


def read(  # noqa: PLR0913  (what the form is read by, by name)
    form: Typed,
    *,
    now: datetime,
    zone: ZoneInfo,
    limit: timedelta,
    cases: Cases,
    words: Words,
) -> Meant:
    """What the form means at this moment.

    Args:
        form: as typed.
        cases: how the agency numbers its cases.
        now: the end of every period but a custom one.
        zone: of the dates and times that were typed.
        limit: how far back reads are kept here.
        words: for the messages.
    """
    errors: dict[str, str] = {}
    say = words.gettext
    purpose = Purpose(form.purpose) if is_purpose(form.purpose) else None
    if purpose is None:
        errors["purpose"] = say("Choose what the search is for.")
    case_ref = case_in(form.case, cases, errors, words)
    note = " ".join(form.note.split())
    if len(note) > LONGEST_NOTE:
        errors["note"] = say("Say it in at most 300 characters.")
    pattern = _pattern(form.plate, errors, words)
    since, until = _read_period(form, errors, words, now=now, zone=zone, limit=limit)
    # None is dropped: a search at fewer names could be one at all cameras.
    if not all(is_camera_id(camera) for camera in form.cameras):
        errors["camera"] = say("Choose cameras from the list: one has no such name.")
    search = None
    if purpose is not None and pattern is not None and not errors:
        try:
            search = Search(
                plate=pattern,
                since=since,
                until=until,
                cameras=frozenset(CameraId(camera) for camera in form.cameras),
                purpose=purpose,
                case_ref=case_ref,
                note=note,
                emergency=form.emergency,
            )
        except EmptyPeriodError:
            errors["since"] = say("The period ends before it begins.")
    return Meant(
        search=search,
        errors=errors,
        purpose=purpose,
        case_ref=case_ref,
        note=note,
        since=since,
        until=until,
        pattern=pattern,
    )


def case_in(text: str, cases: Cases, errors: dict[str, str], words: Words) -> str:
    """The case number in a field; empty where none was given, or it is none."""
    try:
        case_ref = parse_case(text)
    except UnreadableCaseError as refused:
        told = words.gettext(_TOLD[type(refused)])
        if cases.example:
            one = words.gettext("One looks like %(one)s.") % {"one": cases.example}
            told = f"{told} {one}"
        errors["case"] = told
        return ""
    if cases.fits(case_ref):
        return case_ref
    told = words.gettext(
        "This is no case number of this agency. One looks like %(one)s."
    )
    errors["case"] = told % {"one": cases.example}
    return ""


def _pattern(text: str, errors: dict[str, str], words: Words) -> PlatePattern | None:
    if not text.strip():
        errors["plate"] = words.gettext("Give a plate, or the part of it you know.")
        return None
    try:
        return PlatePattern.parse(text)
    except (UnreadablePatternError, PatternTooWideError) as refused:
        errors["plate"] = words.gettext(_TOLD[type(refused)])
    return None


def _read_period(  # noqa: PLR0913  (what a period is read by, by name)
    form: Typed,
    errors: dict[str, str],
    words: Words,
    *,
    now: datetime,
    zone: ZoneInfo,
    limit: timedelta,
) -> tuple[datetime, datetime]:
    """The period that was typed; the last day where it cannot be read."""
    try:
        since, until = _period(form, now=now, zone=zone, limit=limit)
    except UnreadableMomentError:
        errors["since"] = words.gettext(
            "Give a date and a time for the start and for the end."
        )
        return now - SPANS["24h"], now
    if since >= until:
        errors["since"] = words.gettext("The period ends before it begins.")
    return since, until


def _period(
    form: Typed, *, now: datetime, zone: ZoneInfo, limit: timedelta
) -> tuple[datetime, datetime]:
    if form.period == CUSTOM:
        # An hour that a clock shows twice is meant whole: its first start, its last end.
        return (
            moment(form.since, zone, fold=0),
            moment(form.until, zone, fold=1),
        )
    if form.period == ALL_KEPT:
        # A minute less than the limit: by the time it is decided it is still within.
        return now - limit + _MINUTE, now
    return now - SPANS.get(form.period, SPANS["24h"]), now


def moment(text: str, zone: ZoneInfo, *, fold: int) -> datetime:
    """A date and time as a browser sends it, by the clocks of a zone.

    Args:
        text: such as `2026-10-15T12:00`.
        zone: of the clocks.
        fold: which of two is meant where a clock shows an hour twice: 0 or 1.

    Raises:
        UnreadableMomentError: it is none.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UnreadableMomentError("no date and time") from None
    if found.tzinfo is not None:
        raise UnreadableMomentError("a zone where none is asked for")
    # The first and the last years that a clock can say have no neighbouring zones.
    if found.year not in _YEARS:
        raise UnreadableMomentError("a year that no read is from")
    # In UTC, where an hour that a clock shows twice is two hours.
    return found.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def meaning(pattern: PlatePattern, words: Words) -> list[str]:
    """What a pattern asks for, part by part, in words."""
    say = words.gettext
    parts: list[str] = []
    fixed = ""
    for sign in [*pattern.text, ""]:
        if sign and sign not in "?*":
            fixed += sign
            continue
        if fixed:
            parts.append(fixed)
            fixed = ""
        if sign == "?":
            parts.append(say("any one"))
        elif sign == "*":
            parts.append(say("any number"))
    return parts


def examples(pattern: PlatePattern) -> list[str]:
    """Plates that fit a pattern, for show; none where the pattern is a plate itself.

    >>> examples(PlatePattern.parse("AB?1*"))
    ['AB71', 'ABK1X4', 'AB31905']
    """
    if pattern.exact:
        return []
    shown = []
    for one, many in [("7", ""), ("K", "X4"), ("3", "905")]:
        text = pattern.text.replace("?", one).replace("*", many)
        if text not in shown and len(text) <= LONGEST:
            shown.append(text)
    return shown
