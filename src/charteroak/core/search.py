"""A search: what somebody wants to look up, why, and for which case."""

import re
from datetime import UTC, datetime
from typing import Final, NewType

import attrs

from charteroak.core.camera import CameraId
from charteroak.core.errors import CharterOakError
from charteroak.core.plate import PlatePattern
from charteroak.core.time import aware

Purpose = NewType("Purpose", str)
"""A code of the closed list in `charteroak.law.vocabulary`."""

_CASE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./_\-]{1,39}")


OTHER: Final = Purpose("other")
"""The purpose that says nothing by itself: the note must."""

LONGEST_NOTE: Final = 300
"""Characters of a note, at the most."""

REFERENCE: Final = "EMERGENCY-"
"""What stands for a case number in an emergency begins so; see `core.emergency`."""

LONGEST_PAGE: Final = 100
"""Reads on one page of results, at the most."""


class MissingPurposeError(CharterOakError):
    """A search without a purpose of the list."""

    code = "charteroak.search.missing-purpose"
    hint = "Choose the purpose of the search from the list."


class EmptyPeriodError(CharterOakError):
    """A search ends before it begins, or covers no time at all."""

    code = "charteroak.search.empty-period"
    hint = "Give a start before the end."


class UnreadableCaseError(CharterOakError):
    """A case number that is no case number."""

    code = "charteroak.search.unreadable-case"
    hint = "Use 2 to 40 letters, digits, dashes, dots or slashes, with a digit in it."


@attrs.frozen(kw_only=True)
class Search:
    """One question to the reads of one's own agency; no purpose, no object.

    Attributes:
        plate: what is looked for.
        since: first moment, inclusive.
        until: last moment, exclusive.
        cameras: only these; empty for all.
        purpose: why, as a code.
        case_ref: the case it belongs to; empty where none was given.
        note: what crime or person it is about, in free words; may be empty.
        emergency: whether there is no case number yet because a life is at stake.
    """

    plate: PlatePattern
    since: datetime = attrs.field(validator=aware)
    until: datetime = attrs.field(validator=aware)
    cameras: frozenset[CameraId] = frozenset()
    purpose: Purpose = attrs.field()
    case_ref: str = ""
    note: str = attrs.field(default="", repr=False)
    emergency: bool = False

    def __attrs_post_init__(self) -> None:
        """Check what concerns more than one field.

        Raises:
            EmptyPeriodError: the period is empty or reversed.
        """
        # Two moments of one zone compare as its clocks show them, whatever they mean.
        if self.since.astimezone(UTC) >= self.until.astimezone(UTC):
            raise EmptyPeriodError("the period is empty")

    @purpose.validator
    def _named(self, _attribute: "attrs.Attribute[Purpose]", value: Purpose) -> None:
        if not value:
            raise MissingPurposeError("no purpose")


def parse_case(text: str) -> str:
    """Spell a case number: outer space dropped, letters upper case.

    Raises:
        UnreadableCaseError: it is not empty and fits no case number, or is a reference
            of an emergency, which is given and never typed.

    >>> parse_case(" 26-01234 ")
    '26-01234'
    """
    spelled = text.strip().upper()
    if not spelled:
        return ""
    if (
        is_reference(spelled)
        or not _CASE.fullmatch(spelled)
        or not re.search(r"\d", spelled)
    ):
        raise UnreadableCaseError("no case number")
    return spelled


def is_reference(case_ref: str) -> bool:
    """Whether it stands for a case number that there is not yet, in an emergency."""
    return case_ref.startswith(REFERENCE)


def grams(pattern: PlatePattern) -> tuple[str, ...]:
    """What the index must hold of every plate that fits: two characters side by side.

    `^` marks a plate's start; a single character stands for its end. The order is that
    of the pattern; empty where no two known characters are side by side.

    >>> grams(PlatePattern.parse("AB?1*9"))
    ('^A', 'AB', '9')
    """
    text = f"^{pattern.text} "
    pairs = [text[at : at + 2] for at in range(len(text) - 1)]
    return tuple(
        dict.fromkeys(
            pair.rstrip()
            for pair in pairs
            if not set(pair) & set("?*") and pair != "^ "
        )
    )


def like(pattern: PlatePattern) -> str:
    """The pattern for SQL's LIKE; it holds letters and digits, so nothing is escaped.

    >>> like(PlatePattern.parse("AB?1*"))
    'AB_1%'
    """
    return pattern.text.replace("?", "_").replace("*", "%")
