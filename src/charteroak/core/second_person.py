"""A search that waits for a second person, because its note leaves a doubt."""

from datetime import datetime, timedelta
from typing import Final

import attrs

from charteroak.core.log_record import RecordId
from charteroak.core.people import PersonId
from charteroak.core.search import Purpose

WAITS_FOR: Final = timedelta(hours=24)
"""How long a search waits to be decided, and afterwards to be opened."""


@attrs.frozen(kw_only=True)
class Waiting:
    """A search that waits, or was decided; what it looks for is in the log alone.

    Attributes:
        record_id: number of the record in which the search stands.
        note_rule: the rule that its note left a doubt by.
        expires_at: until when it can be decided or opened.
        decided_by: None until a supervisor has decided.
        approved: None until then.
        opened_at: when its results were opened; None: not yet.
        asker: name of who asks; empty where unknown.
        decider: name of who decided; empty where nobody has.
    """

    record_id: RecordId
    asked_by: PersonId
    asked_at: datetime
    purpose: Purpose
    note_rule: str
    expires_at: datetime
    decided_by: PersonId | None
    decided_at: datetime | None
    approved: bool | None
    opened_at: datetime | None
    asker: str
    decider: str

    def decidable(self, at: datetime) -> bool:
        """Whether it still waits for a decision."""
        return self.decided_at is None and at < self.expires_at

    def opens_to(self, person: PersonId, at: datetime) -> bool:
        """Whether somebody may open its results: its asker, once, within a day."""
        return (
            self.approved is True
            and self.asked_by == person
            and self.opened_at is None
            and self.decided_at is not None
            and at < self.decided_at + WAITS_FOR
        )


@attrs.frozen(kw_only=True)
class NotWaiting:
    """There is no such search, or it was decided, opened, or waited too long."""
