"""How long a read lives, and the buckets in which reads are kept and forgotten.

Deletion is by dropping a whole bucket (a table partition and the key of its pictures)
when its earliest read is due, so nothing is ever late, and a read lives at least the
limit less one granule.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Final

import attrs

from charteroak.core.errors import CharterOakError
from charteroak.core.time import aware

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

FUTURE_TOLERANCE: Final = timedelta(minutes=1)
"""A read may be this far ahead of the server's clock before its time is not believed."""

ABSURDLY_OLD: Final = timedelta(days=365)
"""A read this much older than its receipt shows a clock that was reset, not a delay."""


class ImpossibleRetentionError(CharterOakError):
    """A retention limit of less than a minute, or of more than ten years."""

    code = "charteroak.retention.impossible"
    hint = "Give a limit between one minute and ten years."


@attrs.frozen(order=True)
class Bucket:
    """A half-open span of UTC time whose reads are stored, and dropped, together.

    Attributes:
        starts_at: first moment in it.
        ends_at: first moment after it.
    """

    starts_at: datetime = attrs.field(validator=aware)
    ends_at: datetime = attrs.field(validator=aware)

    @property
    def name(self) -> str:
        """Name for tables, folders and keys: `b20261001t1230` and its length in minutes.

        >>> Retention(timedelta(days=21)).bucket(datetime(2026, 10, 1, tzinfo=UTC)).name
        'b20261001t0000m1440'
        """
        minutes = int((self.ends_at - self.starts_at) / _MINUTE)
        return f"b{self.starts_at:%Y%m%dt%H%M}m{minutes}"

    @classmethod
    def named(cls, name: str) -> "Bucket":
        """The bucket of a name.

        >>> Bucket.named("b20261001t1230m60").name
        'b20261001t1230m60'

        Raises:
            ValueError: no bucket is called so.
        """
        start, _, minutes = name.rpartition("m")
        starts = datetime.strptime(start, "b%Y%m%dt%H%M").replace(tzinfo=UTC)
        return cls(starts, starts + int(minutes) * _MINUTE)


class Arrival(StrEnum):
    """What to do with a read that arrives."""

    DUE = "due"
    KEEP = "keep"
    MISDATED = "misdated"


@attrs.frozen
class Retention:
    """The one read limit in force for an agency: the strictest of all its rules.

    Attributes:
        limit: how long a read that hit nothing may be kept; a minute to ten years.
    """

    limit: timedelta = attrs.field()
    LONGEST: ClassVar[timedelta] = timedelta(days=3653)

    @limit.validator
    def _possible(
        self, _attribute: "attrs.Attribute[timedelta]", value: timedelta
    ) -> None:
        if not _MINUTE <= value <= self.LONGEST:
            raise ImpossibleRetentionError("no such retention limit")

    @property
    def granule(self) -> timedelta:
        """Length of a bucket: a minute under an hour, an hour under a day, else a day."""
        if self.limit < _HOUR:
            return _MINUTE
        return _HOUR if self.limit < _DAY else _DAY

    def bucket(self, kept_from: datetime) -> Bucket:
        """The bucket of a moment; buckets are aligned to UTC midnight.

        Raises:
            NaiveTimeError: the moment has no zone.
        """
        aware(None, attrs.fields(Bucket).starts_at, kept_from)
        starts = _EPOCH + (kept_from - _EPOCH) // self.granule * self.granule
        return Bucket(starts, starts + self.granule)

    def due_at(self, bucket: Bucket) -> datetime:
        """When the bucket is dropped: when the earliest read it may hold is due."""
        return bucket.starts_at + self.limit

    def not_before(self, now: datetime) -> datetime:
        """What was kept from an earlier moment on is due, and shown to nobody."""
        return now - self.limit

    def arrival(self, *, seen_at: datetime, received_at: datetime) -> Arrival:
        """What becomes of a read by its times alone.

        A time in the future or absurdly old is not believed: such a read is kept apart
        and is due by its receipt.
        """
        if seen_at > received_at + FUTURE_TOLERANCE:
            return Arrival.MISDATED
        if seen_at < received_at - max(ABSURDLY_OLD, self.limit * 2):
            return Arrival.MISDATED
        if self.due_at(self.bucket(seen_at)) <= received_at:
            return Arrival.DUE
        return Arrival.KEEP

    def ahead(self, now: datetime) -> list[Bucket]:
        """Buckets that must exist now: from the oldest alive to a week, or 60, ahead.

        A week, because tables cannot be made while a node is down; 60 buckets where a
        bucket is a minute or an hour.
        """
        horizon = now + min(timedelta(days=7), self.granule * 60)
        bucket = self.bucket(now - self.limit)
        found = []
        while bucket.starts_at <= horizon:
            if self.due_at(bucket) > now:
                found.append(bucket)
            bucket = self.bucket(bucket.ends_at)
        return found
