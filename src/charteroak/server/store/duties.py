"""The worker's book: when each duty was done, when it failed, when it is due."""

from datetime import datetime
from typing import Final

from psycopg.rows import args_row

from charteroak.core.duty import Duty, DutyState
from charteroak.server.store.database import Changes, Purges

_SUCCEEDED: Final = """
    INSERT INTO duties (duty, last_success_at, failures, trouble, done, next_due_at)
    VALUES (%(duty)s, %(at)s, 0, '', %(done)s, %(next_due_at)s)
    ON CONFLICT (duty) DO UPDATE
       SET last_success_at = excluded.last_success_at, failures = 0, trouble = '',
           done = excluded.done, next_due_at = excluded.next_due_at
"""

_FAILED: Final = """
    INSERT INTO duties
           (duty, last_failure_at, failures, trouble, done, next_due_at)
    VALUES (%(duty)s, %(at)s, 1, %(trouble)s, 0, %(next_due_at)s)
    ON CONFLICT (duty) DO UPDATE
       SET last_failure_at = excluded.last_failure_at,
           failures = duties.failures + 1,
           trouble = excluded.trouble, next_due_at = excluded.next_due_at
"""

_ALL: Final = """
    SELECT duty, last_success_at, last_failure_at, failures, trouble, done, next_due_at
      FROM duties
     ORDER BY duty
     LIMIT 100
"""


def succeeded(
    tx: Purges, duty: Duty, *, at: datetime, done: int, next_due_at: datetime
) -> None:
    """Note that a duty was done, and how much it did."""
    tx.connection.execute(
        _SUCCEEDED,
        {"duty": duty, "at": at, "done": done, "next_due_at": next_due_at},
    )


def failed(
    tx: Purges, duty: Duty, *, at: datetime, trouble: str, next_due_at: datetime
) -> None:
    """Note that a duty failed; `trouble` carries no plate."""
    tx.connection.execute(
        _FAILED,
        {"duty": duty, "at": at, "trouble": trouble, "next_due_at": next_due_at},
    )


def standing(tx: Purges | Changes) -> list[DutyState]:
    """All duties that were ever tried."""
    with tx.connection.cursor(row_factory=args_row(_state)) as cursor:
        return cursor.execute(_ALL).fetchall()


def _state(  # noqa: PLR0913, PLR0917 - the columns, in order
    duty: str,
    last_success_at: datetime | None,
    last_failure_at: datetime | None,
    failures: int,
    trouble: str,
    done: int,
    next_due_at: datetime,
) -> DutyState:
    return DutyState(
        duty=Duty(duty),
        last_success_at=last_success_at,
        last_failure_at=last_failure_at,
        failures=failures,
        trouble=trouble,
        done=done,
        next_due_at=next_due_at,
    )
