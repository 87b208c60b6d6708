"""Make the buckets that reads will need, with the keys of their pictures."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import attrs

from charteroak.core.retention import FUTURE_TOLERANCE, Bucket, Retention
from charteroak.server.agency import Agency
from charteroak.server.store import buckets
from charteroak.server.store.buckets import StoredBucket

_FURTHEST: Final = timedelta(days=9)
"""No limit makes a bucket that begins later than this from now."""


@attrs.frozen(kw_only=True)
class Plan:
    """What is to be done, in this order.

    Attributes:
        unmake: buckets to come that are longer than the limit now asks for.
        make: what is then missing.
    """

    unmake: tuple[StoredBucket, ...]
    make: tuple[Bucket, ...]


def make_buckets(agency: Agency) -> int:
    """Make every bucket from the oldest that may be alive to a week, or 60, ahead.

    May be done again and at the same time by two; what is there is left. Where an
    earlier limit left buckets of another length, only what they do not cover is made;
    longer ones that nothing can be in yet give way to shorter ones.

    Returns:
        How many were made.
    """
    now = agency.clock()
    for stored in plan(agency.retention, _there(agency, now), now=now).unmake:
        with agency.database.purges() as tx:
            gone = buckets.unmake(tx, stored.bucket)
        if gone:
            agency.keys.destroy_bucket(stored.bucket)
    there = _there(agency, now)
    made = 0
    for bucket in plan(agency.retention, there, now=now).make:
        # The key comes first: a bucket without one could take no pictures.
        agency.keys.make_bucket(bucket.name)
        # One transaction each: the locks of a year of partitions do not fit in one.
        with agency.database.purges() as tx:
            made += buckets.make(tx, bucket, at=now)
    for stored in there:
        # A key that was never written, after a crash or a move to another machine. A
        # bucket that is due, and whose key may be destroyed already, is left alone.
        due_at = stored.starts_at + agency.retention.limit
        if stored.dropped_at is None and due_at > now:
            agency.keys.make_bucket(stored.bucket)
    return made


def plan(retention: Retention, there: Sequence[StoredBucket], *, now: datetime) -> Plan:
    """What to make, and what to take back first.

    Args:
        retention: the limit in force.
        there: what was ever made, dropped ones too, in the order of time.
        now: the present moment.
    """
    unmake = tuple(
        stored
        for stored in there
        if stored.dropped_at is None
        and stored.ends_at - stored.starts_at > retention.granule
        and stored.starts_at > now + FUTURE_TOLERANCE
    )
    stay = [stored for stored in there if stored not in unmake]
    return Plan(
        unmake=unmake,
        make=tuple(
            piece
            for bucket in retention.ahead(now)
            for piece in uncovered(bucket, stay)
        ),
    )


def uncovered(bucket: Bucket, there: Sequence[StoredBucket]) -> list[Bucket]:
    """The pieces of a bucket that no bucket covers which is there already.

    Args:
        bucket: the bucket that is wanted.
        there: what was ever made, dropped ones too, in the order of time.
    """
    pieces = []
    begin = bucket.starts_at
    for other in there:
        if other.ends_at <= begin or other.starts_at >= bucket.ends_at:
            continue
        if other.starts_at > begin:
            pieces.append(Bucket(begin, other.starts_at))
        begin = max(begin, other.ends_at)
    if begin < bucket.ends_at:
        pieces.append(Bucket(begin, bucket.ends_at))
    return pieces


def _there(agency: Agency, now: datetime) -> list[StoredBucket]:
    since = agency.retention.ahead(now)[0].starts_at
    with agency.database.purges() as tx:
        return buckets.spanning(tx, since=since, until=now + _FURTHEST)
