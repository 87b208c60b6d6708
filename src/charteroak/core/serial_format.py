"""The language that formats of serials are written in, and what a format is.

A format is written as people write it. `@` is a letter, `#` a digit, `?` either; other
capitals and digits stand for themselves. The rest is layout: `-` a dash, `.` a dot or
other small mark, a space a gap; `{AV}` stands stacked, `[1A]` small in a row.
"""

import math
import re
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import attrs

from charteroak.core.errors import CharterOakError
from charteroak.core.plate import LONGEST
from charteroak.core.read import STATES

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS: Final = "0123456789"

_HALF_LIFE_YEARS: Final = 8
"""Of a format on the road after its last issue."""

RunKind: TypeAlias = Literal["full", "stacked", "small", "gap", "dash", "dot"]

_FORM: Final = re.compile(
    r"(?:[A-Z0-9@#?\-. ]|\{[A-Z0-9@#?]{1,3}\}|\[[A-Z0-9@#?]{1,3}\])+"
)
_RUN: Final = re.compile(r"\{[^}]+\}|\[[^\]]+\]|[A-Z0-9@#?]+|[-. ]")
_KINDS: Final[Mapping[str, RunKind]] = {
    "{": "stacked",
    "[": "small",
    " ": "gap",
    "-": "dash",
    ".": "dot",
}
_MARKS: Final = frozenset[RunKind](("gap", "dash", "dot"))


class BrokenFormatError(CharterOakError):
    """A format, or what stands beside it, cannot be."""

    code = "charteroak.serials.broken-format"
    hint = "Repair the entry that is named, or install Charter Oak again."


@attrs.frozen
class Run:
    """A run of a format.

    Attributes:
        signs: of the format's language; none in a gap, a dash or a dot.
        kind: as large as the serial, stacked, small in a row, or what stands between.
    """

    signs: str
    kind: RunKind


def runs(form: str) -> tuple[Run, ...]:
    """Take a format apart.

    Raises:
        BrokenFormatError: it is not of the language.

    >>> [run.signs for run in runs("{AV} ##-@")]
    ['AV', '', '##', '', '@']
    """
    if not _FORM.fullmatch(form):
        msg = f"no format of a serial: {form!r}"
        raise BrokenFormatError(msg)
    kinds = [(part, _KINDS.get(part[0], "full")) for part in _RUN.findall(form)]
    return tuple(
        Run("" if kind in _MARKS else part.strip("{}[]"), kind) for part, kind in kinds
    )


def glyphs_of(sign: str, letters: str = LETTERS) -> str:
    """The glyphs that a sign of the language stands for, in order.

    >>> glyphs_of("#"), glyphs_of("@", "ABC"), glyphs_of("X")
    ('0123456789', 'ABC', 'X')
    """
    return {"@": letters, "#": DIGITS, "?": DIGITS + letters}.get(sign, sign)


def _in_states(_instance: object, _attribute: object, value: str) -> None:
    if value not in STATES:
        msg = f"no state: {value!r}"
        raise BrokenFormatError(msg)


@attrs.frozen(kw_only=True)
class Format:
    """One format of one state, and when it was issued.

    Attributes:
        state: postal code.
        places: for each character, the glyphs that are issued there.
        since: first year of issue, about.
        until: last year of issue, about; None while it is issued.
        share: how common among the state's plates of its time; only the proportions
            count.
    """

    state: str = attrs.field(validator=_in_states)
    places: tuple[str, ...]
    since: int
    until: int | None = None
    share: float = 1.0

    def __attrs_post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            BrokenFormatError: too long, nothing issued, or an end before the start.
        """
        if not (0 < len(self.places) <= LONGEST and all(self.places)):
            msg = f"a format of {self.state} has no place, or too many"
            raise BrokenFormatError(msg)
        if self.until is not None and self.until < self.since:
            msg = f"a format of {self.state} ends before it begins"
            raise BrokenFormatError(msg)
        if not self.share > 0:
            msg = f"a format of {self.state} has no share"
            raise BrokenFormatError(msg)

    def fits(self, glyphs: str) -> bool:
        """Whether a serial of this format could be just these glyphs."""
        return len(glyphs) == len(self.places) and all(
            glyph in place for glyph, place in zip(glyphs, self.places, strict=True)
        )

    def on_the_road(self, year: int) -> float:
        """Its share in a year: none before its issue, less and less after its end."""
        if year < self.since:
            return 0.0
        past = 0 if self.until is None else max(year - self.until, 0)
        return self.share * math.pow(0.5, past / _HALF_LIFE_YEARS)


def places_of(form: str, letters: str = LETTERS) -> tuple[str, ...]:
    """For each character of a format, the glyphs that are issued there.

    Raises:
        BrokenFormatError: the format is not of the language.

    >>> places_of("{AV}-#")
    ('A', 'V', '0123456789')
    """
    return tuple(glyphs_of(sign, letters) for run in runs(form) for sign in run.signs)
