"""Forget what is due: whole buckets, their pictures' key first.

The order is chosen so that a crash at any point leaves nothing readable for longer: key,
then partitions with the record of it, then the write-ahead log, then picture files. Each
step may be done again, and by two at once; the next run takes up whatever is left.
"""

from datetime import datetime
from typing import Final

import attrs

from charteroak.core.errors import CharterOakError
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.retention import Bucket
from charteroak.server.agency import Agency
from charteroak.server.store import erasure
from charteroak.server.vault.keys import KeyNotDestroyedError
from charteroak.server.vault.pictures import PicturesUnavailableError

_AT_ONCE: Final = 500


class NotAllPurgedError(CharterOakError):
    """Some of what is due is still there; the rest was purged."""

    code = "charteroak.purge.incomplete"
    hint = "It is tried again in half a minute. Look at the disk and its rights."

    def __init__(self, troubles: tuple[str, ...]) -> None:
        super().__init__(f"not everything due was deleted: {'; '.join(troubles)}")
        self.troubles = troubles


@attrs.frozen(kw_only=True)
class Purged:
    """What went.

    Attributes:
        buckets: partitions dropped, counted once for all that they hold.
        reads: reads that were in them, misdated ones too.
        evidence: evidence of alerts.
        pictures: picture files removed.
        opened: whether a bucket went in the middle of its time, as happens once after
            the limit was shortened: `make_buckets` must make shorter ones now.
    """

    buckets: int = 0
    reads: int = 0
    evidence: int = 0
    pictures: int = 0
    opened: bool = False


def purge_reads(agency: Agency) -> Purged:
    """Drop every bucket that is due, and empty the write-ahead log of it.

    Raises:
        NotAllPurgedError: something due is still there, after all else was done.
        StoreUnavailableError: the database broke off; what is committed stays done.
    """
    now = agency.clock()
    with agency.database.purges() as tx:
        due = erasure.due(tx, begun_by=now - agency.retention.limit, most=_AT_ONCE)
    # A bucket that is longer than the limit now asks for would swallow reads until its
    # end. It ends here, where reads begin that are not yet due, and those that are still
    # on their way get buckets of their own.
    cut = agency.retention.ahead(now)[0].starts_at
    purged, troubles = Purged(), list[str]()
    for bucket in due:
        try:
            purged = _purge(agency, bucket, purged, cut=cut)
        except (KeyNotDestroyedError, erasure.TableBusyError) as trouble:
            troubles.append(f"{bucket.bucket}: {trouble}")
    # Not only if a bucket was dropped just now: a run may have died after the drop.
    with agency.database.purges() as tx:
        erasure.flush(tx)
    troubles += _sweep_keys(agency, now)
    pictures, failed = _sweep_pictures(agency)
    troubles += failed
    if troubles:
        raise NotAllPurgedError(tuple(dict.fromkeys(troubles)))
    return attrs.evolve(purged, pictures=pictures)


def _purge(
    agency: Agency, bucket: erasure.DueBucket, so_far: Purged, *, cut: datetime
) -> Purged:
    agency.keys.destroy_bucket(bucket.bucket)
    now = agency.clock()
    with agency.database.purges() as tx:
        dropped = erasure.drop(tx, bucket.bucket, at=now, cut=cut)
        if dropped is None:
            return so_far
        agency.record(
            tx,
            Draft(
                kind=RecordKind.BUCKET_PURGED,
                at=now,
                public={
                    "from": bucket.starts_at.isoformat(),
                    "until": min(bucket.ends_at, cut).isoformat(),
                    "reads": dropped.reads,
                    "misdated": dropped.misdated,
                    "evidence": dropped.evidence,
                    "limit_minutes": int(agency.retention.limit.total_seconds() // 60),
                },
            ),
        )
    return attrs.evolve(
        so_far,
        buckets=so_far.buckets + 1,
        reads=so_far.reads + dropped.reads + dropped.misdated,
        evidence=so_far.evidence + dropped.evidence,
        opened=so_far.opened or bucket.ends_at > cut,
    )


def _sweep_keys(agency: Agency, now: datetime) -> list[str]:
    """Destroy keys of dropped buckets: one was made while another worker dropped it.

    And of every bucket that is due by its name: one that was made after the backup from
    which the agency was restored is not in the database, and later backups may hold it.
    """
    keys = agency.keys.buckets()
    with agency.database.purges() as tx:
        left = set(erasure.were_dropped(tx, keys))
    left.update(each for each in keys if _is_due(agency, each, now))
    troubles = list[str]()
    for bucket in sorted(left):
        try:
            agency.keys.destroy_bucket(bucket)
        except KeyNotDestroyedError as trouble:
            troubles.append(f"{bucket}: {trouble}")
    return troubles


def _is_due(agency: Agency, bucket: str, now: datetime) -> bool:
    try:
        return agency.retention.due_at(Bucket.named(bucket)) <= now
    except ValueError:
        # A file that somebody put there, with the name of no day.
        return False


def _sweep_pictures(agency: Agency) -> tuple[int, list[str]]:
    """Remove the picture files of every bucket whose key is gone."""
    removed, troubles = 0, list[str]()
    try:
        places = agency.pictures.buckets()
    except PicturesUnavailableError as trouble:
        return 0, [str(trouble)]
    for bucket in places:
        if agency.keys.has_bucket(bucket):
            continue
        try:
            removed += agency.pictures.drop_bucket(bucket)
        except (KeyNotDestroyedError, PicturesUnavailableError) as trouble:
            troubles.append(f"{bucket}: {trouble}")
    return removed, troubles
