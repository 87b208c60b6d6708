"""A flag: something about searches that a supervisor or an auditor should look at.

It accuses nobody: a flag says what happened, somebody who is not the one it is about
looks at it and writes down what came of it.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType
from uuid import UUID

import attrs

from charteroak.core.log_record import RecordId
from charteroak.core.people import PersonId

FlagId = NewType("FlagId", UUID)

QUIET_FOR: Final = timedelta(days=30)
"""The same is not raised again for this long."""


class FlagKind(StrEnum):
    """What happened."""

    CASE_MANY_PLATES = "case_many_plates"
    DESK_NOTE = "desk_note"
    EMERGENCY_UNBOUND = "emergency_unbound"
    ENTRY_REPEATED = "entry_repeated"
    LIST_NOTE = "list_note"
    LIST_REJECTED_PLATE = "list_rejected_plate"
    LIST_SMALL = "list_small"
    NOTE_BLOCKED = "note_blocked"
    PLATE_REPEATED = "plate_repeated"
    SHARED_LOGIN = "shared_login"
    UNUSUAL_HOUR = "unusual_hour"


class Outcome(StrEnum):
    """What came of looking at a flag."""

    EXPLAINED = "explained"
    REFERRED = "referred"
    TAUGHT = "taught"


@attrs.frozen(kw_only=True)
class Flag:
    """One thing to look at.

    Attributes:
        about: whose searches it is about.
        topic: what it is about, such as a case number; a digest where it is a plate.
        record_id: number of the record that raised it; None where none did.
        times: how often it had happened by then.
        looked_by: None until somebody looked.
        name: of whom it is about; empty where unknown.
        looker: name of who looked; empty where nobody has.
    """

    flag_id: FlagId
    kind: FlagKind
    topic: str
    about: PersonId
    record_id: RecordId | None
    raised_at: datetime
    times: int
    looked_by: PersonId | None
    looked_at: datetime | None
    outcome: Outcome | None
    name: str
    looker: str


@attrs.frozen(kw_only=True)
class NoSuchFlag:
    """There is no such flag, or somebody has looked at it."""


@attrs.frozen(kw_only=True)
class AboutYourself:
    """Nobody clears a flag about their own searches."""
