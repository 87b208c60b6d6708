"""The form in which a list clerk enters a plate: what was typed, and what it means."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import attrs
from fastapi import Form

from charteroak.core.case_file import Cases
from charteroak.core.own_entry import LONGEST
from charteroak.core.plate import PlateText, UnreadablePlateError
from charteroak.core.read import STATES
from charteroak.core.search import LONGEST_NOTE, Purpose
from charteroak.law.vocabulary import PurposeName, is_purpose
from charteroak.server.actions.ask_entries import Wanted
from charteroak.server.web.search_form import case_in
from charteroak.server.web.search_pages import GROUPS
from charteroak.server.web.text import Words

USUAL: Final = timedelta(days=14)
"""How long an entry lasts where nothing else is chosen."""

_LONGEST_VEHICLE: Final = 120
_ALIKE: Final = ("0O", "8B", "1I", "5S", "2Z")


@attrs.frozen(kw_only=True, repr=False)
class Typed:
    """What stands in the form, as it was typed."""

    plate: str = ""
    state: str = ""
    vehicle: str = ""
    reason: str = ""
    purpose: str = ""
    case: str = ""
    ends: str = ""


@attrs.frozen(kw_only=True, repr=False)
class Meant:
    """What it means.

    Attributes:
        wanted: None while something is missing or cannot be read.
        errors: field to message, in the order of the form.
    """

    wanted: Wanted | None
    purpose: Purpose | None
    errors: Mapping[str, str]


def typed(  # noqa: PLR0913, PLR0917  (one argument for each field of the form)
    plate: Annotated[str, Form(max_length=200)] = "",
    state: Annotated[str, Form(max_length=10)] = "",
    vehicle: Annotated[str, Form(max_length=2000)] = "",
    reason: Annotated[str, Form(max_length=2000)] = "",
    purpose: Annotated[str, Form(max_length=60)] = "",
    case: Annotated[str, Form(max_length=200)] = "",
    ends: Annotated[str, Form(max_length=40)] = "",
) -> Typed:
    """The form as it came."""
    return Typed(
        plate=plate,
        state=state,
        vehicle=vehicle,
        reason=reason,
        purpose=purpose,
        case=case,
        ends=ends,
    )


def read(
    form: Typed, *, now: datetime, zone: ZoneInfo, cases: Cases, words: Words
) -> Meant:
    """What the form means at this moment.

    Args:
        form: as typed.
        now: the present moment.
        zone: where a day ends.
        cases: how the agency numbers its cases.
        words: for the messages.
    """
    errors: dict[str, str] = {}
    say = words.gettext
    plate = _plate(form.plate, errors, words)
    state = form.state.strip().upper()
    if state and state not in STATES:
        errors["state"] = say("Choose the state from the list, or none.")
    vehicle = " ".join(form.vehicle.split())
    if len(vehicle) > _LONGEST_VEHICLE or not vehicle.isprintable():
        errors["vehicle"] = say("Say it in at most 120 characters.")
    purpose = Purpose(form.purpose) if is_purpose(form.purpose) else None
    if purpose is None:
        errors["purpose"] = say("Choose why the plate is looked for.")
    reason = " ".join(form.reason.split())
    if not reason:
        errors["reason"] = say("What crime or person? Write it in a few words.")
    elif len(reason) > LONGEST_NOTE or not reason.isprintable():
        errors["reason"] = say("Say it in at most 300 characters.")
    case_ref = case_in(form.case, cases, errors, words)
    if not case_ref and "case" not in errors:
        errors["case"] = say("Give the number of the case: no plate is listed without.")
    expires_at = _end_of(form.ends, errors, words, now=now, zone=zone)
    if errors or plate is None or expires_at is None:
        return Meant(wanted=None, purpose=purpose, errors=errors)
    return Meant(
        wanted=Wanted(
            plate=plate,
            state=state or None,
            reason=reason,
            vehicle=vehicle,
            case_ref=case_ref,
            expires_at=expires_at,
        ),
        purpose=purpose,
        errors={},
    )


def days(now: datetime, zone: ZoneInfo) -> tuple[date, date, date]:
    """The first day on which an entry may end, the usual one, and the last."""
    today = now.astimezone(zone).date()
    return today, today + USUAL, today + LONGEST


def alike(glyphs: str) -> list[str]:
    """Characters of a plate that are easily taken for others, each with the other.

    >>> alike("AB10"), alike("XKCD7")
    (['0 and O', '8 and B', '1 and I'], [])
    """
    return [f"{one} and {other}" for one, other in _ALIKE if {one, other} & {*glyphs}]


def groups(
    purposes: Sequence[PurposeName], words: Words
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Purposes to choose from, under their headings."""
    return [
        (
            words.gettext(heading),
            [
                (str(each.code), words.gettext(each.label))
                for each in purposes
                if each.group == group
            ],
        )
        for group, heading in GROUPS.items()
    ]


def _plate(text: str, errors: dict[str, str], words: Words) -> PlateText | None:
    if not text.strip():
        errors["plate"] = words.gettext("Give the whole plate.")
        return None
    try:
        return PlateText.parse(text)
    except UnreadablePlateError:
        errors["plate"] = words.gettext(
            "Use 1 to 10 letters and digits; no ? and no *: a whole plate is listed."
        )
        return None


def _end_of(
    text: str,
    errors: dict[str, str],
    words: Words,
    *,
    now: datetime,
    zone: ZoneInfo,
) -> datetime | None:
    """The end of the day that was typed."""
    first, _, last = days(now, zone)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not first <= day <= last:
        told = words.gettext("Give a day from %(first)s to %(last)s.")
        errors["ends"] = told % {"first": first, "last": last}
        return None
    return datetime.combine(day + timedelta(days=1), time(), zone)
