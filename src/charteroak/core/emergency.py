"""An emergency search: a life is at stake and there is no case number yet.

It is made under a reference that the system gives, and must be bound to a case within a
day; one that is not is reported.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import attrs

from charteroak.core.people import PersonId
from charteroak.core.search import REFERENCE, Purpose

BOUND_WITHIN: Final = timedelta(hours=24)


@attrs.frozen(kw_only=True)
class Emergency:
    """An emergency that was searched for without a case.

    Attributes:
        reference: what stands for the case number until there is one.
        bind_by: until when it must be bound.
        case_ref: the case it was bound to; None: not yet.
        reported_at: when it was reported as overdue; None: it was not.
        opener: name of who searched; empty where unknown.
    """

    reference: str
    opened_by: PersonId
    opened_at: datetime
    purpose: Purpose
    bind_by: datetime
    case_ref: str | None
    reported_at: datetime | None
    opener: str


@attrs.frozen(kw_only=True)
class NoSuchEmergency:
    """There is no such emergency, or it is bound."""


def reference(at: datetime, unique: UUID) -> str:
    """What stands for the case number.

    >>> from datetime import UTC
    >>> reference(datetime(2026, 11, 22, tzinfo=UTC), UUID(int=1 << 127))
    'EMERGENCY-261122-800000'
    """
    return f"{REFERENCE}{at:%y%m%d}-{unique.hex[:6].upper()}"
