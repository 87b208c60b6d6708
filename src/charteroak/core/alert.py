"""An alert: a hit that a named person must verify before it is more than a lead.

Checks first (characters, state, vehicle, live record), then a verdict, then an
outcome. Nothing skips a step, and nothing is undone silently: a verdict stands, and a
mistaken one is followed by a correction that is itself recorded.
"""

from enum import StrEnum
from typing import NewType
from uuid import UUID

import attrs

from charteroak.core.errors import CharterOakError

AlertId = NewType("AlertId", UUID)


class Status(StrEnum):
    """Where an alert stands."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    UNVERIFIED = "unverified"


class Rejection(StrEnum):
    """Why a hit was no hit; each feeds the ledger of misreads."""

    RECORD_NOT_ACTIVE = "record_not_active"
    WRONG_CHARACTERS = "wrong_characters"
    WRONG_STATE = "wrong_state"
    WRONG_VEHICLE = "wrong_vehicle"


class Outcome(StrEnum):
    """What came of a confirmed alert."""

    ARREST = "arrest"
    NO_ACTION = "no_action"
    NOT_FOUND = "not_found"
    PERSON_FOUND = "person_found"
    STOPPED_AND_RELEASED = "stopped_and_released"
    VEHICLE_RECOVERED = "vehicle_recovered"


class MissingChecksError(CharterOakError):
    """A confirmation without all four checks."""

    code = "charteroak.alert.missing-checks"
    hint = (
        "Compare characters, state and vehicle with the picture, and the live record."
    )

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(f"not checked: {', '.join(missing)}")
        self.missing = missing


class AlreadyReviewedError(CharterOakError):
    """Somebody has given a verdict already."""

    code = "charteroak.alert.already-reviewed"
    hint = "Open the alert again to see who reviewed it, and what they found."


class NotConfirmedError(CharterOakError):
    """An outcome for an alert that nobody has confirmed."""

    code = "charteroak.alert.not-confirmed"
    hint = "Confirm the alert first; an outcome belongs to a confirmed alert."


@attrs.frozen(kw_only=True)
class Checks:
    """What a person has compared, each by eye, with the picture or the live record."""

    characters: bool = False
    state: bool = False
    vehicle: bool = False
    live_record: bool = False

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the checks not done."""
        return tuple(
            name for name, done in attrs.asdict(self, recurse=False).items() if not done
        )


def confirm(status: Status, checks: Checks) -> Status:
    """Confirm an alert.

    Raises:
        AlreadyReviewedError: it has a verdict.
        MissingChecksError: a check is missing.
    """
    if status is not Status.UNVERIFIED:
        msg = f"the alert is {status}"
        raise AlreadyReviewedError(msg)
    if checks.missing:
        raise MissingChecksError(checks.missing)
    return Status.CONFIRMED


def reject(status: Status) -> Status:
    """Reject an alert: one tap, no check needed to say no.

    Raises:
        AlreadyReviewedError: it has a verdict.
    """
    if status is not Status.UNVERIFIED:
        msg = f"the alert is {status}"
        raise AlreadyReviewedError(msg)
    return Status.REJECTED


def may_have_outcome(status: Status) -> None:
    """Check that an outcome can be written.

    Raises:
        NotConfirmedError: nobody has confirmed the alert.
    """
    if status is not Status.CONFIRMED:
        msg = f"the alert is {status}"
        raise NotConfirmedError(msg)
