"""Delete what has served: old nonces, sessions, invitations, answers of old batches."""

from datetime import timedelta
from typing import Final

from charteroak.core.habit import WATCHED_FOR
from charteroak.server.agency import Agency
from charteroak.server.store import buckets, entry_wishes, erasure, searched, waiting

NONCES_KEPT: Final = timedelta(days=8)
"""A batch may be signed again for a week after its capture; after that its sequence
number, of which each box keeps the highest for ever, stops a replay."""

DECISIONS_SHOWN: Final = timedelta(days=30)
"""How long a decision about a search is kept beside the log, which keeps it for good."""


def tidy_up(agency: Agency) -> int:
    """Delete what has served, and write lists that were replaced anew on the disk.

    Returns:
        How many rows went.
    """
    now = agency.clock()
    with agency.database.purges() as tx:
        gone = erasure.tidy(
            tx,
            now=now,
            nonces=now - NONCES_KEPT,
            # Twice the limit: a box keeps nothing longer than the limit itself.
            batches=now - max(2 * agency.retention.limit, NONCES_KEPT),
        )
    with agency.database.purges() as tx:
        gone += searched.forget(tx, before=now - WATCHED_FOR)
        gone += waiting.forget(tx, at=now, after=DECISIONS_SHOWN)
        gone += entry_wishes.forget(
            tx, at=now, wishes_after=DECISIONS_SHOWN, asked_after=WATCHED_FOR
        )
    with agency.database.purges() as tx:
        erasure.rewrite_lists(tx)
    with agency.database.purges() as tx:
        erasure.flush(tx)
    granule = agency.retention.granule
    with agency.database.purges() as tx:
        for bucket in buckets.spanning(tx, since=now - granule, until=now):
            if bucket.dropped_at is None:
                erasure.analyze(tx, bucket.bucket)
    return gone
