"""Make the buckets that reads will need, with the keys of their pictures."""

from charteroak.core.retention import Bucket
from charteroak.server.agency import Agency
from charteroak.server.store import buckets


def make_buckets(agency: Agency) -> int:
    """Make every bucket from the oldest that may be alive to a week, or 60, ahead.

    May be done again and at the same time by two; what is there is left. Where an
    earlier limit left buckets of another length, only what they do not cover is made.

    Returns:
        How many were made.
    """
    now = agency.clock()
    ahead = agency.retention.ahead(now)
    if not ahead:  # pragma: no cover  (a limit is a minute at least)
        return 0
    with agency.database.purges() as tx:
        there = buckets.spanning(tx, since=ahead[0].starts_at, until=ahead[-1].ends_at)
    made = 0
    for piece in (piece for bucket in ahead for piece in uncovered(bucket, there)):
        # The key comes first: a bucket without one could take no pictures.
        agency.keys.make_bucket(piece.name)
        # One transaction each: the locks of a year of partitions do not fit in one.
        with agency.database.purges() as tx:
            made += buckets.make(tx, piece, at=now)
    for stored in there:
        # A key that was never written, after a crash or a move to another machine. A
        # bucket that is due, and whose key may be destroyed already, is not `ahead`.
        due_at = stored.starts_at + agency.retention.limit
        if stored.dropped_at is None and due_at > now:
            agency.keys.make_bucket(stored.bucket)
    return made


def uncovered(bucket: Bucket, there: list[buckets.StoredBucket]) -> list[Bucket]:
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
