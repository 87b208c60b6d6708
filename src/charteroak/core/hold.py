"""A hold: reads that are kept for a case beyond their day, with a supervisor's approval.

It is of one read that a search found, or of a span that nobody has looked into
(`core.hold_span`). A hold copies; what it was copied from is forgotten on its day all
the same.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NewType
from uuid import UUID

import attrs

from charteroak.core.codes import Ground
from charteroak.core.errors import CharterOakError
from charteroak.core.people import PersonId
from charteroak.core.plate import PlateText
from charteroak.core.read import ReadId
from charteroak.core.search import Purpose

HoldId = NewType("HoldId", UUID)

KEEP_DAYS: Final = (30, 90, 180, 365)
"""For how long a read may be held, in days; a hold always ends."""

SOON: Final = timedelta(days=14)
"""A hold that ends earlier than this is marked."""

SHORTEST_REASON: Final = 10
LONGEST_REASON: Final = 300


class UnusableReasonError(CharterOakError):
    """A reason that says nothing, or more than anybody reads."""

    code = "charteroak.hold.unusable-reason"
    hint = "Say in 10 to 300 characters what the read shows for the case."


class UnusableSpanError(CharterOakError):
    """A hold of a length that is not offered."""

    code = "charteroak.hold.unusable-span"
    hint = "Hold a read for 30, 90, 180 or 365 days."


class HoldState(StrEnum):
    """Where a hold stands."""

    APPROVED = "approved"
    ENDED = "ended"
    KEPT = "kept"
    REQUESTED = "requested"
    UNFINISHED = "unfinished"


@attrs.frozen(kw_only=True)
class Extension:
    """Somebody asks that a hold ends later.

    Attributes:
        to: the day that it would end.
        asked_by: who may not approve it.
        asker: their name; empty where unknown.
    """

    to: datetime
    reason: str
    asked_by: PersonId
    asked_at: datetime
    asker: str

    @property
    def mark(self) -> str:
        """What tells this wish from any other; names its day, its moment and who asked."""
        to, asked_at = (each.astimezone(UTC) for each in (self.to, self.asked_at))
        return f"{to.isoformat()} {asked_at.isoformat()} {self.asked_by}"


@attrs.frozen(kw_only=True)
class Hold:
    """A read or a span held for a case, or asked to be.

    Attributes:
        purpose: that of the search it was found by, or of the span.
        ground: why it may outlive its term.
        read_id: None for a span, as `seen_at`.
        seen_at: when the read was taken.
        unfinished: whether its document or plates never came to the vault.
        decided_record: number of the decision that it is copied under.
        extension: None where nobody asks for one.
        approved_by: None until a supervisor approves.
        ends_at: when the copy is deleted.
        ended_at: when it was ended; None while it stands.
        requester: name of who asked; empty where unknown.
        approver: name of who approved; empty where nobody has.
    """

    hold_id: HoldId
    case_ref: str
    purpose: Purpose
    ground: Ground = Ground.ACTIVE_CASE
    reason: str
    read_id: ReadId | None
    seen_at: datetime | None
    requested_by: PersonId
    requested_at: datetime
    approved_by: PersonId | None
    approved_at: datetime | None
    ends_at: datetime
    ended_at: datetime | None
    requester: str
    approver: str
    unfinished: bool = False
    decided_record: int | None = None
    extension: Extension | None = None

    def stands(self, at: datetime) -> bool:
        """Whether it has not ended by a moment."""
        return self.ended_at is None and at < self.ends_at


@attrs.frozen(kw_only=True, repr=False)
class HeldRead:
    """The copy that a hold keeps.

    Attributes:
        confidence: calibrated probability that the whole plate is right, 0 to 1.
    """

    hold_id: HoldId
    read_id: ReadId
    camera_id: str
    camera_name: str
    seen_at: datetime
    plate: PlateText
    confidence: float
    state: str | None
    clock_suspect: bool
    plate_picture: str
    vehicle_picture: str


@attrs.frozen(kw_only=True)
class NoSuchHold:
    """There is no such hold, or it has ended."""


@attrs.frozen(kw_only=True)
class SamePerson:
    """Whoever asked for a hold cannot approve it."""


@attrs.frozen(kw_only=True)
class NotAllowed:
    """No role of this person allows it."""


def parse_reason(text: str) -> str:
    """A reason for a hold.

    Raises:
        UnusableReasonError: too short or too long.

    >>> parse_reason("  the car at  the pump ")
    'the car at the pump'
    """
    reason = " ".join(text.split())
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise UnusableReasonError("a reason of the wrong length")
    return reason


def parse_span(days: int) -> timedelta:
    """For how long to hold.

    Raises:
        UnusableSpanError: that length is not offered.
    """
    if days not in KEEP_DAYS:
        raise UnusableSpanError("no such length")
    return timedelta(days=days)
