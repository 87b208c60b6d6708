"""The buckets that reads are kept in, by their spans of time."""

from bisect import bisect_right
from datetime import datetime
from typing import Final

import attrs
from psycopg.rows import class_row

from charteroak.core.errors import CharterOakError
from charteroak.core.retention import Bucket
from charteroak.server.store.database import Changes, Ingests, Purges

# Reads of one batch touch a few buckets; but where a limit of minutes was in force before
# one of weeks, each of its minutes stays listed: a year has half a million.
_MOST: Final = 1_000_000

_SPANNING: Final = """
    SELECT bucket, starts_at, ends_at, dropped_at
      FROM buckets
     WHERE starts_at <= %(until)s AND ends_at > %(since)s
     ORDER BY starts_at
     LIMIT %(most)s
"""

_MAKE: Final = """
    SELECT make_bucket(%(bucket)s, %(starts_at)s, %(ends_at)s, %(made_at)s)
"""

_UNMAKE: Final = """
    SELECT unmake_bucket(%(bucket)s)
"""


class BucketMissingError(CharterOakError):
    """A read cannot be kept yet: its bucket, or the key of that, is not there."""

    code = "charteroak.batch.no-bucket"
    hint = "Nothing is lost: boxes keep their reads. The worker makes the buckets."


@attrs.frozen(kw_only=True)
class StoredBucket:
    """A bucket that was made.

    Attributes:
        bucket: its name.
        starts_at: first moment in it.
        ends_at: first moment after it.
        dropped_at: when it was forgotten; None while it is alive.
    """

    bucket: str
    starts_at: datetime
    ends_at: datetime
    dropped_at: datetime | None


class BucketMap:
    """Finds the bucket of a moment among those of a span of time."""

    def __init__(self, buckets: list[StoredBucket]) -> None:
        """Take buckets in the order of time; they do not overlap."""
        self._buckets = buckets
        self._starts = [bucket.starts_at for bucket in buckets]

    def of(self, moment: datetime) -> StoredBucket | None:
        """The bucket of a moment, dropped ones too; None where none was made."""
        at = bisect_right(self._starts, moment) - 1
        if at < 0 or moment >= self._buckets[at].ends_at:
            return None
        return self._buckets[at]


def spanning(
    tx: Ingests | Changes | Purges, *, since: datetime, until: datetime
) -> list[StoredBucket]:
    """The buckets, dropped ones too, that touch a span; both ends are moments in it."""
    with tx.connection.cursor(row_factory=class_row(StoredBucket)) as cursor:
        return cursor.execute(
            _SPANNING, {"since": since, "until": until, "most": _MOST}
        ).fetchall()


def make(tx: Purges, bucket: Bucket, *, at: datetime) -> bool:
    """Make a bucket with its partitions.

    Returns:
        False where it was made before, even if it has been dropped since.
    """
    row = tx.connection.execute(
        _MAKE,
        {
            "bucket": bucket.name,
            "starts_at": bucket.starts_at,
            "ends_at": bucket.ends_at,
            "made_at": at,
        },
    ).fetchone()
    return row is not None and row[0] is True


def unmake(tx: Purges, bucket: str) -> bool:
    """Take a bucket back in which nothing is, with its partitions.

    Returns:
        False where it stays: something is in it, or it is gone already.
    """
    row = tx.connection.execute(_UNMAKE, {"bucket": bucket}).fetchone()
    return row is not None and row[0] is True
