"""What the agency's own records say of a case number.

A case number that fits the agency's form may still be made up. Where a records system
is connected, what it says of a number is told before the click; a number that it does
not know, a closed case and another unit's case go to a second person.
"""

import re
from enum import StrEnum
from typing import Final, Protocol

import attrs

from charteroak.core.errors import CharterOakError
from charteroak.core.policy import Rule

_STATUTE: Final = "Charter Oak: the case of a search is one that the agency knows"
_CHANGE: Final = (
    "Check the number. If it is right, a supervisor who did not ask decides whether "
    "it is looked up."
)


class RecordsUnreachableError(CharterOakError):
    """The agency's records system does not answer, or not in a way we understand."""

    code = "charteroak.case.records-unreachable"
    hint = "Searches go on, and it is recorded that the case could not be checked."


class CaseStanding(StrEnum):
    """What the records say of a case number."""

    CLOSED = "closed"
    OPEN = "open"
    OTHER_UNIT = "other_unit"
    UNCHECKED = "unchecked"
    UNKNOWN = "unknown"
    UNREACHABLE = "unreachable"


@attrs.frozen(kw_only=True)
class CaseFile:
    """A case as the records system has it.

    Attributes:
        open: whether it is still worked on.
        unit: whose it is; empty where the records do not say.
    """

    open: bool
    unit: str = ""


class CaseRecords(Protocol):
    """The agency's dispatch or records system, as far as searches need it.

    Safe to call from several threads. An answer is what the system says now; nothing
    is kept by us.
    """

    def find(self, case_ref: str) -> CaseFile | None:
        """A case by its number; None where the system knows none of it.

        Raises:
            RecordsUnreachableError: it does not answer in a few seconds.
        """
        ...


@attrs.frozen(kw_only=True)
class Cases:
    """How an agency numbers its cases, and who knows them.

    Attributes:
        pattern: what a case number looks like; None: anything that `parse_case` takes.
        example: one, for people; empty where there is no pattern.
        units: whose cases are searched for here; empty: everybody's.
        records: None where no system is connected.
    """

    pattern: re.Pattern[str] | None = None
    example: str = ""
    units: frozenset[str] = frozenset()
    records: CaseRecords | None = None

    def fits(self, case_ref: str) -> bool:
        """Whether a number has the agency's form; an empty one does."""
        return (
            not case_ref
            or self.pattern is None
            or self.pattern.fullmatch(case_ref) is not None
        )

    def standing(self, case_ref: str) -> CaseStanding:
        """What the records say of a number; nothing is asked about an empty one."""
        if self.records is None or not case_ref:
            return CaseStanding.UNCHECKED
        try:
            file = self.records.find(case_ref)
        except RecordsUnreachableError:
            return CaseStanding.UNREACHABLE
        if file is None:
            return CaseStanding.UNKNOWN
        if not file.open:
            return CaseStanding.CLOSED
        if self.units and file.unit and file.unit.casefold() not in self.units:
            return CaseStanding.OTHER_UNIT
        return CaseStanding.OPEN


_PLAIN: Final = {
    CaseStanding.CLOSED: "The records system says that this case is closed.",
    CaseStanding.OTHER_UNIT: "The records system says that this is another unit's case.",
    CaseStanding.UNKNOWN: "The records system knows no case of this number.",
}


def doubt(standing: CaseStanding) -> Rule | None:
    """Why a second person looks at a search for such a case; None where none need.

    A system that is out of order stops nobody; that it was is in the log.
    """
    return CASE_DOUBTS.get(_rule_id(standing))


def _rule_id(standing: CaseStanding) -> str:
    return f"CO-case-{standing.value.replace('_', '-')}"


CASE_DOUBTS: Final = {
    _rule_id(standing): Rule(
        rule_id=_rule_id(standing),
        statute=_STATUTE,
        plain=plain,
        confidence="high",
        change=_CHANGE,
    )
    for standing, plain in _PLAIN.items()
}
"""What leaves a doubt about a case, by the name of the rule."""
