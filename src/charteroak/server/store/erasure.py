"""Making deletion real: what is dropped must also leave the server's own files.

A dropped partition is gone from the tables at once, and stays in the write-ahead log
until its segments are removed. A checkpoint, a switch to a new segment and another
checkpoint remove them, provided that old segments are not recycled (measured: 0 copies
of a marker after; with recycling 1.9 million).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, LiteralString
from uuid import UUID

import attrs
from psycopg.errors import LockNotAvailable
from psycopg.rows import class_row

from charteroak.core.errors import CharterOakError
from charteroak.server.store import owed
from charteroak.server.store.database import Purges
from charteroak.server.store.owed import Owed


class TableBusyError(CharterOakError):
    """Somebody reads the table, and would have been waited for by everybody."""

    code = "charteroak.purge.table-busy"
    hint = "It is tried again in half a minute. Does a backup stand still?"


@attrs.frozen(kw_only=True)
class DueBucket:
    """A bucket whose earliest read is due."""

    bucket: str
    starts_at: datetime
    ends_at: datetime


@attrs.frozen(kw_only=True)
class Dropped:
    """How much a bucket held when it was dropped."""

    reads: int
    misdated: int
    evidence: int


_DUE: Final = """
    SELECT bucket, starts_at, ends_at
      FROM buckets
     WHERE dropped_at IS NULL AND starts_at <= %(begun_by)s
     ORDER BY starts_at
     LIMIT %(most)s
"""

_DROP: Final = """
    SELECT reads, misdated, evidence FROM drop_bucket(%(bucket)s, %(at)s, %(cut)s)
"""

_WERE_DROPPED: Final = """
    SELECT bucket FROM buckets
     WHERE bucket = ANY (%(buckets)s) AND dropped_at IS NOT NULL
     ORDER BY bucket
     LIMIT %(most)s
"""

_TIDY: Final = (
    "DELETE FROM nonces WHERE received_at < %(nonces)s",
    "DELETE FROM sessions WHERE expires_at < %(now)s",
    "DELETE FROM invitations WHERE expires_at < %(now)s",
    # Nonces are forgotten after days. What stops a replay for ever is the number.
    """
    WITH gone AS (
        DELETE FROM batches WHERE received_at < %(batches)s
        RETURNING box_id, boot_epoch, sequence
    ), highest AS (
        SELECT DISTINCT ON (box_id) box_id, boot_epoch, sequence FROM gone
         ORDER BY box_id, boot_epoch DESC, sequence DESC
    ), kept AS (
        UPDATE boxes AS b
           SET forgotten_boot_epoch = h.boot_epoch, forgotten_sequence = h.sequence
          FROM highest AS h
         WHERE b.box_id = h.box_id
           AND (b.forgotten_boot_epoch, b.forgotten_sequence)
               < (h.boot_epoch, h.sequence)
    )
    SELECT box_id FROM gone
    """,
)

_PAST_HOLDS: Final = """
    UPDATE holds SET ended_at = %(at)s
     WHERE ended_at IS NULL AND ends_at <= %(at)s
    RETURNING hold_id
"""

_ENDED: Final = """
    SELECT hold_id FROM holds
     WHERE hold_id = ANY (%(holds)s) AND ended_at IS NOT NULL
     ORDER BY hold_id
     LIMIT %(most)s
"""

_ENDED_WITH_COPY: Final = """
    SELECT h.hold_id FROM holds AS h
     WHERE h.ended_at IS NOT NULL
       AND EXISTS (SELECT FROM held_reads AS k WHERE k.hold_id = h.hold_id)
     ORDER BY h.hold_id
     LIMIT %(most)s
"""

_FORGET_HELD: Final = """
    DELETE FROM held_reads WHERE hold_id = %(hold_id)s
"""

_I_MAY_FLUSH: Final = """
    SELECT pg_has_role(current_user, 'pg_checkpoint', 'USAGE')
       AND has_function_privilege(current_user, 'pg_switch_wal()', 'EXECUTE')
"""


def due(tx: Purges, *, begun_by: datetime, most: int) -> list[DueBucket]:
    """Buckets that begin at or before a moment and are still there, oldest first."""
    with tx.connection.cursor(row_factory=class_row(DueBucket)) as cursor:
        return cursor.execute(_DUE, {"begun_by": begun_by, "most": most}).fetchall()


def drop(tx: Purges, bucket: str, *, at: datetime, cut: datetime) -> Dropped | None:
    """Drop a bucket's partitions.

    Args:
        tx: of the worker.
        bucket: its name.
        at: the present moment.
        cut: a bucket that reaches further is cut off here, see `make_buckets`.

    Returns:
        What was in it; None where it was dropped before.

    Raises:
        TableBusyError: somebody reads it; the transaction cannot go on.
    """
    values = {"bucket": bucket, "at": at, "cut": cut}
    with tx.connection.cursor(row_factory=class_row(Dropped)) as cursor:
        try:
            return cursor.execute(_DROP, values).fetchone()
        except LockNotAvailable:
            raise TableBusyError("somebody is reading it") from None


def were_dropped(tx: Purges, buckets: Sequence[str]) -> list[str]:
    """Which of some buckets have been dropped."""
    values = {"buckets": list(buckets), "most": len(buckets)}
    return [str(row[0]) for row in tx.connection.execute(_WERE_DROPPED, values)]


def analyze(tx: Purges, bucket: str) -> None:
    """Tell the planner about a bucket, by columns that name nobody; settle its grams."""
    tx.connection.execute("SELECT analyze_bucket(%(bucket)s)", {"bucket": bucket})


def flush(tx: Purges) -> bool:
    """Empty the write-ahead log of what was dropped in earlier transactions, if owed.

    Returns:
        Whether it was done; False too where this database does not allow it, which the
        status page says (`wal_not_emptied`).
    """
    if not owed.take(tx, Owed.WAL) or not _one(tx, _I_MAY_FLUSH):
        return False
    tx.connection.execute("CHECKPOINT")
    tx.connection.execute("SELECT pg_switch_wal()")
    tx.connection.execute("CHECKPOINT")
    owed.paid(tx, Owed.WAL)
    return True


def tidy(tx: Purges, *, now: datetime, nonces: datetime, batches: datetime) -> int:
    """Delete what has served: nonces, sessions, invitations, answers of old batches.

    Of the batches the highest number is kept for each box, see `boxes.Forgotten`.

    Args:
        tx: of the worker.
        now: the present moment.
        nonces: older ones go.
        batches: older ones go.

    Returns:
        How many rows went.
    """
    times = {"now": now, "nonces": nonces, "batches": batches}
    return sum(tx.connection.execute(each, times).rowcount for each in _TIDY)


def end_past_holds(tx: Purges, *, at: datetime) -> list[UUID]:
    """End the holds whose day has come."""
    return _ids(tx, _PAST_HOLDS, {"at": at})


def ended(tx: Purges, holds: Sequence[UUID]) -> list[UUID]:
    """Which of some holds have ended."""
    return _ids(tx, _ENDED, {"holds": list(holds), "most": len(holds)})


def ended_with_copy(tx: Purges, *, most: int) -> list[UUID]:
    """Holds that have ended, and whose copy is still there."""
    return _ids(tx, _ENDED_WITH_COPY, {"most": most})


def forget_held(tx: Purges, hold: UUID) -> bool:
    """Delete what a hold keeps, and owe the rewriting of its table."""
    owed.add(tx, Owed.HELD_READS)
    return tx.connection.execute(_FORGET_HELD, {"hold_id": hold}).rowcount > 0


def rewrite_held(tx: Purges) -> bool:
    """Write the table of held reads anew, if owed; says whether it was.

    Raises:
        TableBusyError: somebody reads it; it stays owed.
    """
    return _rewrite(tx, Owed.HELD_READS, "SELECT rewrite_held_reads()")


def rewrite_lists(tx: Purges) -> bool:
    """Write the table of entries anew, if owed; says whether it was.

    Raises:
        TableBusyError: somebody reads it; it stays owed.
    """
    return _rewrite(tx, Owed.HOTLIST_ENTRIES, "SELECT rewrite_hotlist_entries()")


def rewrite_papers(tx: Purges) -> bool:
    """Write the table of papers anew, if owed; says whether it was.

    Raises:
        TableBusyError: somebody reads it; it stays owed.
    """
    return _rewrite(tx, Owed.PAPERS, "SELECT rewrite_papers()")


def _rewrite(tx: Purges, what: Owed, statement: LiteralString) -> bool:
    if not owed.take(tx, what):
        return False
    owed.add(tx, Owed.WAL)
    # Whoever reads the table just then is waited for with everybody queued behind: a
    # backup onto a disk that stands still must not stop the matching.
    tx.connection.execute("SET LOCAL lock_timeout = '3s'")
    try:
        tx.connection.execute(statement)
    except LockNotAvailable:
        raise TableBusyError("somebody is reading it") from None
    owed.paid(tx, what)
    return True


def _ids(
    tx: Purges, statement: LiteralString, values: Mapping[str, object]
) -> list[UUID]:
    rows = tx.connection.execute(statement, values).fetchall()
    return [UUID(str(row[0])) for row in rows]


def _one(tx: Purges, statement: LiteralString) -> object:
    row = tx.connection.execute(statement).fetchone()
    return None if row is None else row[0]
