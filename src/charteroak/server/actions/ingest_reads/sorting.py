"""What becomes of the reads of a batch by their times, and where their pictures go."""

from datetime import UTC, datetime
from typing import Final

import attrs

from charteroak.core.intake import Opened
from charteroak.core.retention import Arrival
from charteroak.server.agency import Agency
from charteroak.server.store import buckets, reads
from charteroak.server.store.database import Ingests
from charteroak.server.vault.pictures import PictureGoneError

_BOTH_PICTURES: Final = 2


@attrs.define(kw_only=True)
class SortedReads:
    """The reads of a batch by what becomes of them.

    Attributes:
        dated: to be kept by the time they were seen.
        misdated: to be kept apart, by the time they were received.
        due: how many are older than the law lets the agency keep.
        tallies: what is counted, by camera and hour.
    """

    dated: list[reads.NewRead] = attrs.field(factory=list)
    misdated: list[reads.NewRead] = attrs.field(factory=list)
    due: int = 0
    tallies: dict[tuple[str, datetime], reads.Tally] = attrs.field(factory=dict)

    @property
    def both(self) -> list[reads.NewRead]:
        """All that are to be kept."""
        return [*self.dated, *self.misdated]

    def tally(self, camera: str, moment: datetime) -> reads.Tally:
        """What is counted of a camera in the hour (of UTC) of a moment."""
        hour = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return self.tallies.setdefault((camera, hour), reads.Tally())


def sort_reads(
    agency: Agency, tx: Ingests, opened: list[Opened], receipt: reads.Receipt
) -> SortedReads:
    """Tell the reads apart by their times, and put their pictures in the vault.

    Raises:
        BucketMissingError: a read cannot be kept yet.
        PicturesUnavailableError: pictures cannot be written.
    """
    found = SortedReads()
    by_bucket: dict[str, list[tuple[Opened, Arrival]]] = {}
    arrivals = _arrivals(agency, opened, receipt.received_at)
    there = _buckets(tx, arrivals, receipt.received_at)
    for each, arrival in arrivals:
        name = None
        if arrival is not Arrival.DUE:
            name = _bucket(there, _kept_from(each, arrival, receipt.received_at))
        if name is None:
            found.due += 1
            found.tally(each.read.camera, each.read.seen_at).due_on_arrival += 1
        else:
            by_bucket.setdefault(name, []).append((each, arrival))
    for name, members in by_bucket.items():
        pictures = _store_pictures(agency, name, [each for each, _ in members])
        for (each, arrival), (plate, vehicle) in zip(members, pictures, strict=True):
            kept = found.dated if arrival is Arrival.KEEP else found.misdated
            kept.append(
                reads.NewRead(
                    read=each.read,
                    match_key=each.read.plate.match_key,
                    plate_picture=plate,
                    vehicle_picture=vehicle,
                )
            )
    return found


def _arrivals(
    agency: Agency, opened: list[Opened], received_at: datetime
) -> list[tuple[Opened, Arrival]]:
    arrival = agency.retention.arrival
    return [
        (each, arrival(seen_at=each.read.seen_at, received_at=received_at))
        for each in opened
    ]


def _kept_from(each: Opened, arrival: Arrival, received_at: datetime) -> datetime:
    return received_at if arrival is Arrival.MISDATED else each.read.seen_at


def _buckets(
    tx: Ingests, arrivals: list[tuple[Opened, Arrival]], received_at: datetime
) -> buckets.BucketMap:
    moments = [
        _kept_from(each, arrival, received_at)
        for each, arrival in arrivals
        if arrival is not Arrival.DUE
    ]
    if not moments:
        return buckets.BucketMap([])
    return buckets.BucketMap(
        buckets.spanning(tx, since=min(moments), until=max(moments))
    )


def _bucket(there: buckets.BucketMap, moment: datetime) -> str | None:
    """The name of the bucket of a moment; None where it has been dropped."""
    bucket = there.of(moment)
    if bucket is None:
        raise buckets.BucketMissingError("no bucket has been made for a read")
    return None if bucket.dropped_at is not None else bucket.bucket


def _store_pictures(
    agency: Agency, bucket: str, members: list[Opened]
) -> list[tuple[str, str]]:
    """References to plate and vehicle pictures; empty for one that is not there."""
    pictures = [
        picture
        for each in members
        for picture in (each.plate_picture, each.vehicle_picture)
    ]
    there = [picture for picture in pictures if picture]
    try:
        refs = iter(agency.pictures.store(bucket, there) if there else [])
    except PictureGoneError:
        # The bucket is being purged: when its rows are gone too, its reads are due.
        raise buckets.BucketMissingError(
            "the key of a bucket's pictures is gone"
        ) from None
    named = [next(refs) if picture else "" for picture in pictures]
    return list(zip(named[::_BOTH_PICTURES], named[1::_BOTH_PICTURES], strict=True))
