"""The numbers of a profile, a preset, a policy or a contract, as its file holds them."""

import re
import tomllib
from datetime import date, timedelta
from importlib.resources.abc import Traversable
from typing import Final, Literal

import msgspec

from charteroak.core.errors import CharterOakError

Confidence = Literal["high", "medium", "low"]
SHORTEST_PAPERS: Final = timedelta(days=365)
"""Papers are what shows later that a disclosure was lawful: no term is shorter than
records of an audit are kept for (FBI CJIS Security Policy, AU-11: one year)."""

_AT_LINE: Final = re.compile(r" \(at line (\d+), column \d+\)")
_NAMED: Final = re.compile(r"`([^`$]+)`|Invalid enum value '([^']+)'")


class BrokenProfileError(CharterOakError):
    """The numbers of a profile are missing, misspelt or impossible.

    Attributes:
        file: its file.
        line: where, from 1; 1 where nobody can say.
        word: the word that is not understood; empty where there is none.
    """

    code = "charteroak.law.broken-profile"
    hint = "Repair the file that is named, or install the package again."

    def __init__(
        self, trouble: str, *, file: str = "", line: int = 1, word: str = ""
    ) -> None:
        super().__init__(f"{file}, line {line}: {trouble}" if file else trouble)
        self.file = file
        self.line = line
        self.word = word


class FactText(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """See `profile.Fact`."""

    id: str
    says: str
    statute: str
    confidence: Confidence
    source_words: str
    still_to_read: str


class ReportText(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """See `profile.Report`."""

    to: str
    due: str
    statute: str
    confidence: Confidence
    contents: tuple[str, ...]


class ImageText(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """See `profile.ImageRule`."""

    says: str
    statute: str
    confidence: Confidence


class Span(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A length of time, in whichever unit the law gives it."""

    seconds: int = 0
    hours: int = 0
    days: int = 0

    @property
    def length(self) -> timedelta:
        """All units together."""
        return timedelta(days=self.days, hours=self.hours, seconds=self.seconds)


class NumbersText(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A `.toml` file of the law; what a statute must have, `statute_numbers` checks."""

    code: str
    name: str
    kind: Literal["statute", "policy", "preset", "contract"]
    custodian: str
    effective: date
    fact: tuple[FactText, ...]
    retention: dict[Literal["nonhit", "hit", "audit_log", "papers"], Span] = (
        msgspec.field(default_factory=dict)
    )
    list_refresh_hours: int | None = None
    audit_every_days: int | None = None
    edge_only: bool = False
    visual_confirmation: bool = False
    report: tuple[ReportText, ...] = ()
    image_rule: tuple[ImageText, ...] = ()

    @property
    def read_limit(self) -> timedelta | None:
        """How long a read that hit nothing may be kept; None where nothing is said."""
        span = self.retention.get("nonhit")
        return span.length if span else None

    @property
    def papers_limit(self) -> timedelta | None:
        """How long papers are kept after the answer; None where nothing is said."""
        span = self.retention.get("papers")
        return span.length if span else None


def read_numbers(file: Traversable) -> NumbersText:
    """Parse the numbers of a file.

    Raises:
        BrokenProfileError: it is no TOML, or a field is missing, unknown or impossible.
    """
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise BrokenProfileError("it cannot be read", file=file.name) from None
    try:
        numbers = msgspec.convert(tomllib.loads(text), NumbersText)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as broken:
        raise _located(str(broken), text, file=file.name) from broken
    for kind, span in numbers.retention.items():
        if span.length < timedelta(minutes=1):
            trouble = f"a retention of `{kind}` of less than a minute"
            raise _located(trouble, text, file=file.name)
        if kind == "papers" and span.length < SHORTEST_PAPERS:
            trouble = "a retention of `papers` of less than a year"
            raise _located(trouble, text, file=file.name)
    for kind in ("nonhit", "papers") if numbers.kind == "statute" else ():
        if kind not in numbers.retention:
            trouble = f"a statute keeps `{kind}` for a time"
            raise BrokenProfileError(trouble, file=file.name)
    return numbers


def _located(trouble: str, text: str, *, file: str) -> BrokenProfileError:
    """What is wrong, with the line and the word where the parser tells them."""
    told, named = _AT_LINE.search(trouble), _NAMED.search(trouble)
    word = next((each for each in named.groups() if each), "") if named else ""
    found = text.find(word) if word else -1
    line = int(told[1]) if told else text.count("\n", 0, max(found, 0)) + 1
    return BrokenProfileError(
        _AT_LINE.sub("", trouble),
        file=file,
        line=line,
        word=word,
    )
