"""The forms of the disclosure desk: what was typed, and what it means."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, TypeVar
from uuid import UUID

import attrs
from fastapi import Form, UploadFile

from charteroak.core.camera import CameraId, is_camera_id
from charteroak.core.codes import DataKind, Process, Standing
from charteroak.core.disclosure import (
    LONGEST_TEXT,
    SHORTEST_TEXT,
    Scan,
    Wanted,
    WildcardPlateError,
    parse_whole_plate,
)
from charteroak.core.errors import CharterOakError
from charteroak.core.papers import (
    LARGEST_SCAN,
    Issuer,
    Paper,
    UnusableScanError,
    legal_process,
    scan_type,
)
from charteroak.core.partner import PartnerId
from charteroak.core.plate import (
    PatternTooWideError,
    PlatePattern,
    UnreadablePatternError,
)
from charteroak.core.read import STATES
from charteroak.core.search import LONGEST_NOTE, EmptyPeriodError, Purpose
from charteroak.law.vocabulary import is_purpose
from charteroak.server.agency import Agency
from charteroak.server.web.search_form import UnreadableMomentError, moment
from charteroak.server.web.text import Words, later

_MOST_CAMERAS: Final = 500
_NO_PAPER: Final = "none"
Code = TypeVar("Code", DataKind, Issuer, Paper, Standing)

DATA: Final = {
    DataKind.NONHIT: later("All reads of the plate"),
    DataKind.HIT: later("Only reads that hit a list"),
    DataKind.AGGREGATE: later("Counts that identify nobody"),
}
"""What another agency can ask for, as the form names it."""

STANDINGS: Final = {
    Standing.SOLE_OWNER: later("They are its only registered owner"),
    Standing.JOINT_OWNER_AGREED: later(
        "One of its owners; the other agrees in writing"
    ),
    Standing.JOINT_OWNER_ALONE: later("One of its owners; the other has not agreed"),
    Standing.OTHER: later("Somebody else's car"),
}


_MISSING: Final = {
    "co_owner": later("Name the other owner, in 2 to 200 characters."),
    "contact": later("Say how they are reached, in 2 to 200 characters."),
    "identity": later("Say what was shown to you, in 2 to 200 characters."),
    "person": later("Name who asks, in 2 to 200 characters."),
    "reference": later("Give their own case number, in 2 to 200 characters."),
}


NOT_OVER: Final = later(
    "Give a moment that is past: nobody can ask for what is still to be read."
)
"""Where the period of a request ends later than it is entered."""


@attrs.frozen(kw_only=True, repr=False)
class Typed:
    """What stands in either form, as it was typed."""

    partner: str = ""
    person: str = ""
    contact: str = ""
    reference: str = ""
    purpose: str = ""
    data_kind: str = ""
    paper: str = ""
    issuer: str = ""
    note: str = ""
    plate: str = ""
    state: str = ""
    since: str = ""
    until: str = ""
    cameras: tuple[str, ...] = ()
    identity: str = ""
    standing: str = ""
    co_owner: str = ""


@attrs.frozen(kw_only=True, repr=False)
class Meant:
    """What it means, as far as it can be read.

    Attributes:
        errors: field to message, in the order of the form.
        wanted: None while something of it is missing or cannot be read.
        process: what the paper counts as; None while one of its two answers is missing.
    """

    errors: Mapping[str, str]
    partner_id: PartnerId | None
    purpose: Purpose | None
    data_kind: DataKind | None
    paper: Paper | None
    issuer: Issuer | None
    process: Process | None
    standing: Standing | None
    note: str
    wanted: Wanted | None


def typed(  # noqa: PLR0913, PLR0917  (one argument for each field of the forms)
    partner: Annotated[str, Form(max_length=60)] = "",
    person: Annotated[str, Form(max_length=400)] = "",
    contact: Annotated[str, Form(max_length=400)] = "",
    reference: Annotated[str, Form(max_length=400)] = "",
    purpose: Annotated[str, Form(max_length=60)] = "",
    data_kind: Annotated[str, Form(max_length=20)] = "",
    paper: Annotated[str, Form(max_length=20)] = "",
    issuer: Annotated[str, Form(max_length=20)] = "",
    note: Annotated[str, Form(max_length=2000)] = "",
    plate: Annotated[str, Form(max_length=200)] = "",
    state: Annotated[str, Form(max_length=10)] = "",
    since: Annotated[str, Form(max_length=40)] = "",
    until: Annotated[str, Form(max_length=40)] = "",
    camera: Annotated[list[str] | None, Form(max_length=_MOST_CAMERAS)] = None,
    identity: Annotated[str, Form(max_length=400)] = "",
    standing: Annotated[str, Form(max_length=40)] = "",
    co_owner: Annotated[str, Form(max_length=400)] = "",
) -> Typed:
    """The form as it came."""
    return Typed(
        partner=partner,
        person=_line(person),
        contact=_line(contact),
        reference=_line(reference),
        purpose=purpose,
        data_kind=data_kind,
        paper=paper,
        issuer=issuer,
        note=_line(note),
        plate=plate,
        state=state,
        since=since,
        until=until,
        cameras=tuple(camera or ()),
        identity=_line(identity),
        standing=standing,
        co_owner=_line(co_owner),
    )


def read_agency(form: Typed, agency: Agency, words: Words) -> Meant:
    """What an agency's request means."""
    errors: dict[str, str] = {}
    say = words.gettext
    partner_id = _partner(form.partner)
    if partner_id is None:
        errors["partner"] = say("Choose the agency that asks.")
    _texts(form, errors, words, "person", "contact", "reference")
    purpose = Purpose(form.purpose) if is_purpose(form.purpose) else None
    if purpose is None:
        errors["purpose"] = say("Choose what they need it for.")
    data_kind = _code(DataKind, form.data_kind)
    if data_kind not in DATA:
        errors["data_kind"] = say("Choose what they ask for.")
    paper, issuer, process = _process(form, errors, words)
    if len(form.note) > LONGEST_NOTE:
        errors["note"] = say("Say it in at most 300 characters.")
    return Meant(
        errors=errors,
        partner_id=partner_id,
        purpose=purpose,
        data_kind=data_kind if data_kind in DATA else None,
        paper=paper,
        issuer=issuer,
        process=process,
        standing=None,
        note=form.note[:LONGEST_NOTE],
        wanted=_wanted(
            form,
            agency,
            errors,
            words,
            plateless=data_kind is DataKind.AGGREGATE,
        ),
    )


def read_owner(form: Typed, agency: Agency, words: Words) -> Meant:
    """What an owner's request means."""
    errors: dict[str, str] = {}
    say = words.gettext
    _texts(form, errors, words, "person", "contact", "identity")
    standing = _code(Standing, form.standing)
    if standing is None:
        errors["standing"] = say("Choose whose car it is.")
    if standing is Standing.JOINT_OWNER_AGREED:
        _texts(form, errors, words, "co_owner")
    if form.state not in STATES:
        errors["state"] = say("Choose the state that the plate is of.")
    return Meant(
        errors=errors,
        partner_id=None,
        purpose=None,
        data_kind=None,
        paper=None,
        issuer=None,
        process=None,
        standing=standing,
        note="",
        wanted=_wanted(form, agency, errors, words, plateless=False),
    )


def read_scan(
    file: UploadFile | None, errors: dict[str, str], words: Words, *, needed: bool
) -> Scan | None:
    """The scan that came with a form; an error at the field `scan` where it cannot be."""
    if file is None or not file.filename:
        if needed:
            errors["scan"] = words.gettext(
                "Choose the scan of the paper: none came with the form."
            )
        return None
    content = file.file.read(LARGEST_SCAN + 1)
    try:
        return Scan(content=content, media_type=scan_type(content))
    except UnusableScanError as refused:
        errors["scan"] = words.gettext(refused.hint)
    return None


def moment_in(
    text: str, field: str, agency: Agency, errors: dict[str, str], words: Words
) -> datetime | None:
    """A date and time of a field, by the agency's clocks."""
    try:
        return moment(text, agency.zone, fold=0)
    except UnreadableMomentError:
        errors[field] = words.gettext("Give a date and a time.")
    return None


def _line(text: str) -> str:
    return " ".join(text.split())


def _partner(text: str) -> PartnerId | None:
    try:
        return PartnerId(UUID(text))
    except ValueError:
        return None


def _code(kind: type[Code], text: str) -> Code | None:
    return next((each for each in kind if each.value == text), None)


def _texts(form: Typed, errors: dict[str, str], words: Words, *fields: str) -> None:
    for field in fields:
        if not SHORTEST_TEXT <= len(getattr(form, field)) <= LONGEST_TEXT:
            errors[field] = words.gettext(_MISSING[field])


def _process(
    form: Typed, errors: dict[str, str], words: Words
) -> tuple[Paper | None, Issuer | None, Process | None]:
    """The paper, who issued it, and what it counts as by who issued it."""
    if form.paper == _NO_PAPER:
        return None, None, Process.NONE
    paper, issuer = _code(Paper, form.paper), _code(Issuer, form.issuer)
    if paper is None:
        errors["paper"] = words.gettext("Choose what came, or that nothing came.")
    elif issuer is None:
        errors["issuer"] = words.gettext("Choose who issued the paper.")
    counts = None if paper is None or issuer is None else legal_process(paper, issuer)
    return paper, issuer, counts


def _wanted(
    form: Typed,
    agency: Agency,
    errors: dict[str, str],
    words: Words,
    *,
    plateless: bool,
) -> Wanted | None:
    say = words.gettext
    plate = None if plateless else _plate(form.plate, errors, words)
    since = moment_in(form.since, "since", agency, errors, words)
    until = moment_in(form.until, "until", agency, errors, words)
    # None is dropped: a request for fewer names could be one for all cameras.
    if not all(is_camera_id(camera) for camera in form.cameras):
        errors["camera"] = say("Choose cameras from the list: one has no such name.")
    if since is None or until is None or "camera" in errors or "plate" in errors:
        return None
    try:
        return Wanted(
            plate=plate,
            since=since,
            until=until,
            cameras=frozenset(CameraId(each) for each in form.cameras),
            state=form.state if form.state in STATES else "",
        )
    except EmptyPeriodError:
        errors["since"] = say("The period ends before it begins.")
    return None


def _plate(text: str, errors: dict[str, str], words: Words) -> PlatePattern | None:
    trouble: CharterOakError
    try:
        return parse_whole_plate(text)
    except (PatternTooWideError, UnreadablePatternError, WildcardPlateError) as refused:
        trouble = refused
    told = words.gettext("Give the whole plate of one car, letters and digits.")
    errors["plate"] = words.gettext(trouble.hint) if text.strip() else told
    return None
