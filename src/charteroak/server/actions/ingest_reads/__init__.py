"""Take in a batch of reads from a box: check it, match, keep, alert, answer.

What is answered is durable. The same batch again gets the same answer and counts once.
"""

from collections import Counter

import attrs
import msgspec

from charteroak.core.errors import CharterOakError
from charteroak.core.http_signature import HttpSignatureError
from charteroak.core.intake import open_batch
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.wire import BatchAnswer, UnreadableBatchError
from charteroak.server.actions.ingest_reads.delivery import (
    Delivery,
    ForgedBatchError,
    check_delivery,
)
from charteroak.server.actions.ingest_reads.keeping import NOT_KEPT, keepable
from charteroak.server.actions.ingest_reads.matching import Matcher
from charteroak.server.actions.ingest_reads.sorting import sort_reads
from charteroak.server.agency import Agency
from charteroak.server.senders import Sender, TurnedAway, Why, let_in, turn_away
from charteroak.server.store import batches, boxes, hints, reads, refusals
from charteroak.server.store.database import Ingests


class ConflictingBatchError(CharterOakError):
    """A number that was used: by other content, or so long ago that nobody knows."""

    code = "charteroak.batch.conflict"
    hint = "The box has lost its count, or somebody has its key. Look at the box."


@attrs.frozen(kw_only=True)
class Taken:
    """The batch is durable here, and the box may forget it."""

    answer: BatchAnswer


def ingest_reads(agency: Agency, sender: Sender, body: bytes) -> Taken | TurnedAway:
    """Take a batch in.

    Durable on return: reads, pictures, alerts, counts and the answer itself are one
    transaction. It may be called again with the same batch, and by two at once: the
    second gets the first one's answer. Of a box that was revoked since it was met
    nothing is taken.

    Args:
        agency: whose reads they will be.
        sender: from `meet_sender`, of the request that brought the body.
        body: as received.

    Raises:
        StoreUnavailableError: nothing was taken; the box sends it again.
        DiskFullError: the same.
        PicturesUnavailableError: the same.
        BucketMissingError: the same.
    """
    now = agency.clock()
    try:
        delivery = check_delivery(sender, body, now)
    except (HttpSignatureError, ForgedBatchError, UnreadableBatchError) as refused:
        unreadable = isinstance(refused, UnreadableBatchError)
        why = Why.UNREADABLE if unreadable else Why.UNAUTHENTIC
        with agency.database.ingests() as tx:
            return turn_away(tx, why, refused, at=now)
    agency.check_room()
    with agency.database.ingests() as tx:
        return _take(agency, tx, delivery)


def _take(agency: Agency, tx: Ingests, delivery: Delivery) -> Taken | TurnedAway:
    now = delivery.receipt.received_at
    box_id = delivery.box.box_id
    forgotten = let_in(tx, delivery.sender, at=now)
    if isinstance(forgotten, TurnedAway):
        return forgotten
    taken = batches.find(tx, delivery.key)
    if taken is not None and taken.digest != delivery.content:
        return _conflict(agency, tx, delivery)
    if taken is None and forgotten.covers(
        boot_epoch=delivery.batch.boot_epoch, sequence=delivery.batch.sequence
    ):
        # Its reads were deleted long ago, or were never this box's to send.
        return _conflict(agency, tx, delivery)
    boxes.heard(tx, box_id, clock_offset_s=delivery.clock_offset_s, at=now)
    if taken is not None:
        return Taken(answer=msgspec.msgpack.decode(taken.answer, type=BatchAnswer))
    answer = _keep(agency, tx, delivery)
    batches.add(
        tx,
        delivery.key,
        batches.TakenBatch(
            digest=delivery.content, answer=msgspec.msgpack.encode(answer)
        ),
        signature=delivery.batch.signature,
        at=now,
    )
    return Taken(answer=answer)


def _conflict(agency: Agency, tx: Ingests, delivery: Delivery) -> TurnedAway:
    now = delivery.receipt.received_at
    agency.record(
        tx,
        Draft(
            kind=RecordKind.BATCH_CONFLICTED,
            at=now,
            private={
                "box": str(delivery.box.box_id),
                "boot_epoch": delivery.batch.boot_epoch,
                "sequence": delivery.batch.sequence,
                "digest": delivery.content.hex(),
                "signature": delivery.batch.signature.hex(),
            },
        ),
    )
    used = ConflictingBatchError("this number of a batch was used before")
    return turn_away(tx, Why.CONFLICT, used, at=now)


def _keep(agency: Agency, tx: Ingests, delivery: Delivery) -> BatchAnswer:
    opened, refused = open_batch(
        delivery.batch,
        key=agency.keys.agency_key,
        cameras=frozenset(delivery.box.cameras),
    )
    for code, n in sorted(Counter(each.code for each in refused).items()):
        refusals.count(tx, code, at=delivery.receipt.received_at, n=n)
    there = keepable(agency, tx, opened, at=delivery.receipt.received_at)
    not_kept = len(opened) - len(there)
    if not_kept:
        refusals.count(tx, NOT_KEPT, at=delivery.receipt.received_at, n=not_kept)
    found = sort_reads(agency, tx, there, delivery.receipt)
    matcher = Matcher(agency, tx, delivery.receipt, found.both)
    dated = reads.add(tx, found.dated, delivery.receipt)
    misdated = reads.add_misdated(tx, found.misdated, delivery.receipt)
    for new in dated:
        tally = found.tally(new.read.camera, new.read.seen_at)
        tally.reads += 1
        tally.hits += matcher.alert(new, misdated=False)
    for new in misdated:
        tally = found.tally(new.read.camera, delivery.receipt.received_at)
        tally.misdated += 1
        tally.hits += matcher.alert(new, misdated=True)
    reads.count(tx, found.tallies)
    if matcher.alerted:
        hints.give(tx)
    return BatchAnswer(
        kept=len(dated),
        known=len(found.both) - len(dated) - len(misdated),
        due_on_arrival=found.due,
        misdated=len(misdated),
        clock_offset_s=delivery.clock_offset_s,
        refused=refused,
        not_kept=not_kept,
    )
