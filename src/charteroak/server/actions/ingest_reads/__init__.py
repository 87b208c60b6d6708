"""Take in a batch of reads from a box: check who sent it, match, keep, alert, answer.

What is answered is durable. The same batch again gets the same answer and counts once.
"""

from collections import Counter
from datetime import datetime
from enum import StrEnum

import attrs
import msgspec

from charteroak.core.errors import CharterOakError
from charteroak.core.http_signature import HttpMessage, HttpSignatureError
from charteroak.core.intake import open_batch
from charteroak.core.log_record import Draft, RecordKind
from charteroak.core.wire import BatchAnswer, UnreadableBatchError
from charteroak.server.actions.ingest_reads.delivery import (
    Delivery,
    ForgedBatchError,
    RevokedBoxError,
    Sender,
    check_delivery,
    check_sender,
)
from charteroak.server.actions.ingest_reads.matching import Matcher
from charteroak.server.actions.ingest_reads.sorting import sort_reads
from charteroak.server.agency import Agency
from charteroak.server.store import batches, boxes, hints, reads, refusals
from charteroak.server.store.database import Ingests


class ReusedNonceError(CharterOakError):
    """A request that has been sent before: a replay."""

    code = "charteroak.batch.reused-nonce"
    hint = "Sign every attempt anew, with a nonce of its own."


class ConflictingBatchError(CharterOakError):
    """A number that was used: by other content, or so long ago that nobody knows."""

    code = "charteroak.batch.conflict"
    hint = "The box has lost its count, or somebody has its key. Look at the box."


class Why(StrEnum):
    """What kind of refusal it is."""

    CONFLICT = "conflict"
    REVOKED = "revoked"
    UNAUTHENTIC = "unauthentic"
    UNREADABLE = "unreadable"


@attrs.frozen(kw_only=True)
class Taken:
    """The batch is durable here, and the box may forget it."""

    answer: BatchAnswer


@attrs.frozen(kw_only=True)
class TurnedAway:
    """The batch was not taken; it was counted by its code."""

    why: Why
    code: str
    message: str
    hint: str


def meet_sender(agency: Agency, request: HttpMessage) -> Sender | TurnedAway:
    """Know who sends, before the body is read; whoever is no box of ours is refused.

    Args:
        agency: whose box it must be.
        request: method, address and headers, as the box addressed them.

    Raises:
        StoreUnavailableError: nobody can be known now.
    """
    now = agency.clock()
    try:
        return check_sender(agency, request)
    except RevokedBoxError as refused:
        return _turn_away(agency, Why.REVOKED, refused, now)
    except HttpSignatureError as refused:
        return _turn_away(agency, Why.UNAUTHENTIC, refused, now)


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
        PicturesUnavailableError: the same.
        BucketMissingError: the same.
    """
    now = agency.clock()
    try:
        delivery = check_delivery(sender, body, now)
    except (HttpSignatureError, ForgedBatchError) as refused:
        return _turn_away(agency, Why.UNAUTHENTIC, refused, now)
    except UnreadableBatchError as refused:
        return _turn_away(agency, Why.UNREADABLE, refused, now)
    with agency.database.ingests() as tx:
        return _take(agency, tx, delivery)


def _turn_away(
    agency: Agency, why: Why, refused: CharterOakError, now: datetime
) -> TurnedAway:
    with agency.database.ingests() as tx:
        return _turn_away_in(tx, why, refused, now)


def _turn_away_in(
    tx: Ingests, why: Why, refused: CharterOakError, now: datetime
) -> TurnedAway:
    refusals.count(tx, refused.code, at=now)
    return TurnedAway(
        why=why, code=refused.code, message=str(refused), hint=refused.hint
    )


def _take(agency: Agency, tx: Ingests, delivery: Delivery) -> Taken | TurnedAway:
    now = delivery.receipt.received_at
    box_id = delivery.box.box_id
    # From here on this box's other deliveries wait.
    forgotten = boxes.lock(tx, box_id)
    if forgotten is None:
        return _turn_away_in(
            tx, Why.REVOKED, RevokedBoxError("the box was revoked"), now
        )
    if not batches.remember_nonce(
        tx, box_id=box_id, nonce=delivery.nonce.hex(), at=now
    ):
        return _turn_away_in(
            tx, Why.UNAUTHENTIC, ReusedNonceError("the request is a replay"), now
        )
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
    return _turn_away_in(
        tx,
        Why.CONFLICT,
        ConflictingBatchError("this number of a batch was used before"),
        now,
    )


def _keep(agency: Agency, tx: Ingests, delivery: Delivery) -> BatchAnswer:
    opened, refused = open_batch(
        delivery.batch,
        key=agency.keys.agency_key,
        cameras=frozenset(delivery.box.cameras),
    )
    for code, n in sorted(Counter(each.code for each in refused).items()):
        refusals.count(tx, code, at=delivery.receipt.received_at, n=n)
    found = sort_reads(agency, tx, opened, delivery.receipt)
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
    )
