"""Note in the worker's book how a duty went; done again and again by the worker."""

from datetime import timedelta

from charteroak.core.duty import RETRY_AFTER, Duty, DutyState, every
from charteroak.server.agency import Agency
from charteroak.server.store import duties


def note_duty(agency: Agency, duty: Duty, *, done: int | None, trouble: str) -> None:
    """Write down a success, or a failure with what went wrong.

    Args:
        agency: whose.
        duty: which.
        done: how many things were done; None: it failed.
        trouble: what went wrong, without a plate; empty after a success.
    """
    now = agency.clock()
    with agency.database.purges() as tx:
        if done is None:
            duties.failed(
                tx, duty, at=now, trouble=trouble, next_due_at=now + RETRY_AFTER
            )
            return
        interval: timedelta = every(duty, agency.retention.granule)
        duties.succeeded(tx, duty, at=now, done=done, next_due_at=now + interval)


def standing(agency: Agency) -> dict[Duty, DutyState]:
    """How the duties stand."""
    with agency.database.purges() as tx:
        return {state.duty: state for state in duties.standing(tx)}
