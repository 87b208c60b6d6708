"""Plates that an agency puts on a list of its own: asked by one person, approved by another.

A state list has somebody else behind it. What an agency enters itself has only its own
people, and in the news it was they who entered the car of a former partner, or of a
critic, to be told where it is. So no plate on a list of the agency's own is compared
with anything before a second person has said yes, and none stays there for good.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import attrs

from charteroak.core.case_file import CaseStanding
from charteroak.core.codes import Approval, Case
from charteroak.core.hotlist import EntryId
from charteroak.core.log_record import RecordId, Value
from charteroak.core.people import Act, PersonId, Role
from charteroak.core.plate import PlateText
from charteroak.core.policy import Request
from charteroak.core.search import Purpose
from charteroak.core.search_record import UnreadableRecordError

BY_HAND: Final = "Entered by hand"
"""Name of the list of what was typed into the form; no file may bear it."""

LONGEST: Final = timedelta(days=30)
"""An entry ends after this at the latest; whoever still needs it asks again."""

SOON: Final = timedelta(days=3)
"""An entry that ends within this is marked."""

MOST_AT_ONCE: Final = 200
"""Plates in one file: whoever approves them reads each."""


@attrs.frozen(kw_only=True, repr=False)
class WishedPlate:
    """One plate that somebody asks to have on a list of the agency's own.

    Attributes:
        state: issuing state; None where none was given.
        reason: what crime or which person, in words.
        vehicle: what the car looks like, in words; may be empty.
        case_ref: the case it belongs to.
        case_file: what the records said of that case.
        expires_at: when it ends; at most `LONGEST` after it was asked.
    """

    plate: PlateText
    state: str | None
    reason: str
    vehicle: str
    case_ref: str
    case_file: CaseStanding
    expires_at: datetime


@attrs.frozen(kw_only=True, repr=False)
class Wished:
    """What somebody asks for; it stands in the private part of its record alone.

    Attributes:
        list_name: of the list that the plates come on.
        by_hand: whether they are added to it; else they replace what is on it.
    """

    list_name: str
    source: str
    authority: str
    by_hand: bool
    plates: tuple[WishedPlate, ...] = ()

    @property
    def fields(self) -> dict[str, Value]:
        """The private fields of its record."""
        return {
            "list": self.list_name,
            "source": self.source,
            "authority": self.authority,
            "by_hand": self.by_hand,
            "plates": [each.plate.glyphs for each in self.plates],
            "states": [each.state or "" for each in self.plates],
            "reasons": [each.reason for each in self.plates],
            "vehicles": [each.vehicle for each in self.plates],
            "case_refs": [each.case_ref for each in self.plates],
            "case_files": [each.case_file.value for each in self.plates],
            "ends": [each.expires_at.isoformat() for each in self.plates],
        }


@attrs.frozen(kw_only=True)
class EntryWish:
    """Plates that wait for a second person, or waited; which, is in the log alone.

    Attributes:
        asked: number of the record in which they stand.
        asked_by: who may never approve it.
        entries: how many plates.
        expires_at: until when it can be decided.
        decided_by: None until a supervisor decided.
        approved: None until then.
        asker: name of who asks; empty where unknown.
        decider: name of who decided; empty where nobody has.
    """

    asked: RecordId
    asked_by: PersonId
    asked_at: datetime
    purpose: Purpose
    by_hand: bool
    entries: int
    expires_at: datetime
    decided_by: PersonId | None
    decided_at: datetime | None
    approved: bool | None
    asker: str
    decider: str

    def decidable(self, at: datetime) -> bool:
        """Whether it still waits for a decision."""
        return self.decided_at is None and at < self.expires_at


@attrs.frozen(kw_only=True)
class Standing:
    """Who stands behind an entry of the agency's own.

    Attributes:
        asked: number of the record in which it was asked for.
    """

    purpose: Purpose
    asked: RecordId
    asked_by: PersonId
    approved_by: PersonId


@attrs.frozen(kw_only=True, repr=False)
class OwnEntry:
    """An entry of the agency's own that is in force, as pages show it.

    Attributes:
        asker: name of who asked for it; empty where unknown.
        approver: name of who approved it; empty where unknown.
        approved: whether anybody did. On a list from before a second person was asked
            for nobody did: such an entry matches nothing.
    """

    entry_id: EntryId
    list_name: str
    plate: PlateText
    state: str | None
    reason: str
    vehicle: str
    case_ref: str
    purpose: Purpose
    entered_at: datetime
    expires_at: datetime | None
    asker: str
    approver: str
    approved: bool

    def ends_soon(self, at: datetime) -> bool:
        """Whether it ends within `SOON`."""
        return self.expires_at is not None and self.expires_at - at < SOON


@attrs.frozen(kw_only=True)
class NoSuchWish:
    """There is no such wish, or it was decided, or waited too long."""


@attrs.frozen(kw_only=True)
class NoSuchEntry:
    """There is no such entry of the agency's own, or it has ended."""


def to_enter(
    *,
    custodian: str,
    roles: frozenset[Role],
    purpose: Purpose,
    case_ref: str,
    approval: Approval,
) -> Request:
    """What the rules are asked when somebody wants a plate on a list of the agency's own.

    Args:
        custodian: whose list.
        roles: of who asks for it, never of who approves.
        purpose: why.
        case_ref: empty where none was given.
        approval: whether a supervisor has approved.
    """
    return Request(
        act=Act.ADD_LIST_ENTRY,
        custodian=custodian,
        roles=roles,
        purpose=purpose,
        case=Case.GIVEN if case_ref else Case.NONE,
        approval=approval,
    )


def wished(private: Mapping[str, object]) -> Wished:
    """What a record of a wish tells of.

    Raises:
        UnreadableRecordError: it tells of none.
    """
    names = (
        "plates",
        "states",
        "reasons",
        "vehicles",
        "case_refs",
        "case_files",
        "ends",
    )
    try:
        rows = zip(*(_texts(private[name]) for name in names), strict=True)
        return Wished(
            list_name=str(private["list"]),
            source=str(private["source"]),
            authority=str(private["authority"]),
            by_hand=private["by_hand"] is True,
            plates=tuple(
                WishedPlate(
                    plate=PlateText(plate),
                    state=state or None,
                    reason=reason,
                    vehicle=vehicle,
                    case_ref=case_ref,
                    case_file=CaseStanding(case_file),
                    expires_at=datetime.fromisoformat(ends),
                )
                for plate, state, reason, vehicle, case_ref, case_file, ends in rows
            ),
        )
    except (KeyError, TypeError, ValueError):
        raise UnreadableRecordError("the record tells of no plates") from None


def _texts(value: object) -> list[str]:
    if not isinstance(value, list):
        raise TypeError
    return [str(each) for each in value]
