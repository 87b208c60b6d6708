"""The file of a hot list: CSV with a header, one plate a row.

Columns: plate, state, reason, vehicle, case, expires; plate and reason must be there.
A row that cannot be used is named by its line and left out; the others are taken.
Nothing here ever quotes a row: it holds plates.
"""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import attrs

from charteroak.core.errors import CharterOakError
from charteroak.core.plate import PlateText, UnreadablePlateError
from charteroak.core.read import STATES

LARGEST_BYTES: Final = 64 * 1024 * 1024
FORBIDDEN_WORDS: Final = "it says what the law forbids"
"""What is wrong with a row that is refused for what is written in it."""

_COLUMNS: Final = ("plate", "state", "reason", "vehicle", "case", "expires")
_NEEDED: Final = ("plate", "reason")
_LONGEST: Final = {"reason": 200, "vehicle": 120, "case": 40}
_MOST_ERRORS: Final = 1000
_SAYING_LETTERS: Final = 3


class UnreadableListError(CharterOakError):
    """A file that is no hot list; nothing of it was loaded."""

    code = "charteroak.hotlist.unreadable"
    hint = "Give a CSV file in UTF-8 whose first line names plate, reason and others."


class _RowTroubleError(CharterOakError):
    """A row that is left out; its text says why, without its values."""

    def __init__(self, column: str, trouble: str) -> None:
        super().__init__(trouble)
        self.column = column


@attrs.frozen(kw_only=True)
class RowError:
    """A row that was left out.

    Attributes:
        line: its line in the file, from 1; the header is line 1.
        column: which of its values; empty for the whole row.
        trouble: what is wrong with it, never the value.
    """

    line: int
    column: str
    trouble: str


@attrs.frozen(kw_only=True, repr=False)
class Row:
    """One plate of the file, as `core.hotlist.Entry` has it."""

    plate: PlateText
    state: str | None
    reason: str
    vehicle: str
    case_ref: str
    expires_at: datetime | None


@attrs.frozen(kw_only=True, repr=False)
class Parsed:
    """What is in a file.

    Attributes:
        rows: one for each of those that differ in nothing but their expiry, the last.
        repeated: how many others there were.
        errors: the first 1,000 rows that were left out.
        left_out: how many were left out in all.
        refused: plates of those that say what the law forbids.
        vague: lines of rows that give no reason that anybody could check, the first
            1,000; they are not left out.
        vague_rows: how many such rows there are.
    """

    rows: tuple[Row, ...]
    repeated: int
    errors: tuple[RowError, ...]
    left_out: int
    refused: tuple[PlateText, ...]
    vague: tuple[int, ...] = ()
    vague_rows: int = 0


def parse(
    content: bytes,
    *,
    zone: ZoneInfo,
    refuses: Callable[[str], bool] | None = None,
    unfit: Callable[[Row], tuple[str, str] | None] | None = None,
    says_nothing: Callable[[str], bool] | None = None,
) -> Parsed:
    """Read a file.

    Args:
        content: all of it.
        zone: where a day begins and ends; an entry that expires on a day counts
            through that day.
        refuses: whether a row is left out for what is written in it.
        unfit: why else a row is left out: its column and what is wrong with it.
        says_nothing: whether a reason is none that anybody could check.

    Raises:
        UnreadableListError: it is no hot list.
    """
    lines = csv.reader(io.StringIO(_text(content), newline=""), strict=True)
    columns = _header(lines)
    # Of two rows that differ in nothing but their expiry the later counts.
    rows: dict[Row, Row] = {}
    errors: list[RowError] = []
    refused: list[PlateText] = []
    vague: list[int] = []
    good = left_out = 0
    for cells in _cells(lines):
        if not any(cell.strip() for cell in cells):
            continue
        try:
            row = _row(columns, cells, zone)
            why = refuses and _forbidden(row, refuses)
            why = why or (unfit and unfit(row))
            if why:
                if why[1] == FORBIDDEN_WORDS:
                    refused.append(row.plate)
                raise _RowTroubleError(*why)  # noqa: TRY301  (as above)
            rows[attrs.evolve(row, expires_at=None)] = row
            good += 1
            if says_nothing and says_nothing(row.reason):
                vague.append(lines.line_num)
        except _RowTroubleError as trouble:
            left_out += 1
            if len(errors) < _MOST_ERRORS:
                errors.append(_told(trouble, lines.line_num))
    return Parsed(
        rows=tuple(rows.values()),
        repeated=good - len(rows),
        errors=tuple(errors),
        left_out=left_out,
        refused=tuple(refused),
        vague=tuple(vague[:_MOST_ERRORS]),
        vague_rows=len(vague),
    )


def _told(trouble: _RowTroubleError, line: int) -> RowError:
    return RowError(line=line, column=trouble.column, trouble=str(trouble))


def _forbidden(row: Row, refuses: Callable[[str], bool]) -> tuple[str, str] | None:
    """Where a row says what is forbidden, in whichever column."""
    written = {"reason": row.reason, "vehicle": row.vehicle, "case": row.case_ref}
    for column, text in written.items():
        # A bare number says nothing, and there are as many as there are rows.
        says = sum(sign.isalpha() for sign in text) >= _SAYING_LETTERS
        if says and refuses(text):
            return column, FORBIDDEN_WORDS
    return None


def _text(content: bytes) -> str:
    if len(content) > LARGEST_BYTES:
        raise UnreadableListError("the file is larger than 64 MB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableListError("the file is not in UTF-8") from None


def _cells(lines: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from lines
    except csv.Error:
        # Its text may quote the line.
        raise UnreadableListError("a line is no CSV") from None


def _header(lines: Iterator[list[str]]) -> list[str]:
    header = [name.strip().lower() for name in next(_cells(lines), [])]
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        msg = f"the first line does not name {' and '.join(missing)}"
        raise UnreadableListError(msg)
    # A column that is misspelt would else be ignored in silence, `expires` least of all.
    if len(set(header)) != len(header) or not set(header) <= set(_COLUMNS):
        msg = f"the first line may name each of {', '.join(_COLUMNS)} once, no other"
        raise UnreadableListError(msg)
    return header


def _row(columns: list[str], cells: list[str], zone: ZoneInfo) -> Row:
    if len(cells) != len(columns):
        raise _RowTroubleError("", f"{len(cells)} values for {len(columns)} columns")
    named = {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
    try:
        plate = PlateText.parse(named["plate"])
    except UnreadablePlateError as unreadable:
        raise _RowTroubleError("plate", str(unreadable)) from None
    state = named.get("state", "").upper() or None
    if state is not None and state not in STATES:
        raise _RowTroubleError("state", "not the two letters of a state")
    if not named["reason"]:
        raise _RowTroubleError("reason", "it is empty")
    for name, longest in _LONGEST.items():
        value = named.get(name, "")
        if len(value) > longest:
            raise _RowTroubleError(name, f"longer than {longest} characters")
        if not value.isprintable():
            raise _RowTroubleError(name, "it holds characters that cannot be printed")
    return Row(
        plate=plate,
        state=state,
        reason=named["reason"],
        vehicle=named.get("vehicle", ""),
        case_ref=named.get("case", ""),
        expires_at=_expiry(named.get("expires", ""), zone),
    )


def _expiry(text: str, zone: ZoneInfo) -> datetime | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return _moment(text)
    try:
        return datetime.combine(day + timedelta(days=1), time(), zone)
    except OverflowError:
        raise _RowTroubleError("expires", "no day that a calendar has") from None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _RowTroubleError(
            "expires", "neither a day nor a moment, as in 2026-12-31"
        ) from None
    if moment.utcoffset() is None:
        raise _RowTroubleError("expires", "a moment without a time zone")
    return moment
