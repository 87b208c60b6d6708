"""Legal and daily duties that the server does by itself, and when each is due.

Each is an idempotent action; the worker drives them, the status page shows them. A duty
that fails is tried again soon, and its lateness is there for everybody to see.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import attrs

RETRY_AFTER: Final = timedelta(seconds=30)


class Duty(StrEnum):
    """What must be done again and again."""

    END_ENTRIES = "end_entries"
    END_HOLDS = "end_holds"
    KEEP_HOLDS = "keep_holds"
    MAKE_BUCKETS = "make_buckets"
    PURGE_PAPERS = "purge_papers"
    PURGE_READS = "purge_reads"
    REFRESH_MATCHER = "refresh_matcher"
    REPORT_EMERGENCIES = "report_emergencies"
    TIDY_UP = "tidy_up"


@attrs.frozen(kw_only=True)
class DutyState:
    """How a duty stands.

    Attributes:
        last_success_at: None where it was never done.
        last_failure_at: None where it never failed.
        failures: in a row, since the last success.
        trouble: what went wrong last, in words without a plate; empty after a success.
        done: how many things the last success did.
        next_due_at: when it is done next.
    """

    duty: Duty
    last_success_at: datetime | None
    last_failure_at: datetime | None
    failures: int
    trouble: str
    done: int
    next_due_at: datetime

    def late(self, now: datetime, granule: timedelta) -> bool:
        """Whether it should have been done, by more than half its interval or a minute."""
        grace = max(every(self.duty, granule) / 2, timedelta(minutes=1))
        return now > self.next_due_at + grace or self.failures > 0


def every(duty: Duty, granule: timedelta) -> timedelta:
    """How often a duty is done.

    Args:
        duty: which.
        granule: length of a bucket of reads; reads are forgotten by the bucket.
    """
    match duty:
        # What a hold asks for is copied before a purge comes upon it. It is done for no
        # longer than this at once, so that no purge waits for a long copy.
        case Duty.KEEP_HOLDS:
            return min(granule / 20, timedelta(minutes=1))
        case Duty.PURGE_READS | Duty.MAKE_BUCKETS:
            return min(granule / 4, timedelta(minutes=5))
        case Duty.END_ENTRIES | Duty.END_HOLDS | Duty.REPORT_EMERGENCIES:
            return timedelta(minutes=5)
        case Duty.REFRESH_MATCHER:
            return timedelta(minutes=15)
        case Duty.PURGE_PAPERS | Duty.TIDY_UP:
            return timedelta(hours=1)
