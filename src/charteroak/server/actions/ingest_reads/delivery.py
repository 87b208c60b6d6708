"""A delivery: whether it is what it says it is."""

from datetime import datetime, timedelta
from typing import Final

import attrs
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from charteroak.core.errors import CharterOakError
from charteroak.core.wire import Batch, content_digest, decode_batch, signed_bytes
from charteroak.server.senders import Sender
from charteroak.server.store import batches, boxes, reads

CLOCK_TOLERANCE: Final = timedelta(seconds=60)
"""A box whose clock is off by more has a suspect clock."""


class ForgedBatchError(CharterOakError):
    """A batch whose permanent signature does not fit, or that names another box."""

    code = "charteroak.batch.forged"
    hint = "The batch was changed after it was signed, or signed by another box."


@attrs.frozen(kw_only=True, repr=False)
class Delivery:
    """A batch that is what it says it is.

    Attributes:
        sender: the box that brought it.
        content: `wire.content_digest` of its envelopes.
        clock_offset_s: the box's clock less the server's, whole seconds.
    """

    sender: Sender
    batch: Batch
    content: bytes
    receipt: reads.Receipt
    clock_offset_s: int

    @property
    def box(self) -> boxes.StoredBox:
        """The box that brought it."""
        return self.sender.box

    @property
    def key(self) -> batches.BatchKey:
        """What names the batch for good."""
        return batches.BatchKey(
            box_id=self.box.box_id,
            boot_epoch=self.batch.boot_epoch,
            sequence=self.batch.sequence,
        )


def check_delivery(sender: Sender, body: bytes, now: datetime) -> Delivery:
    """Check the body and the batch in it.

    Raises:
        DigestMismatchError: it is not the body that was signed.
        UnreadableBatchError: the body is no batch.
        ForgedBatchError: the batch's own signature does not fit.
    """
    sender.head.check_body(body)
    box = sender.box
    batch = decode_batch(body)
    content = content_digest(batch.envelopes)
    _check_signature(box, batch, content)
    offset_s = sender.clock_offset_s(now)
    return Delivery(
        sender=sender,
        batch=batch,
        content=content,
        receipt=reads.Receipt(
            box_id=box.box_id,
            received_at=now,
            clock_suspect=abs(offset_s) > CLOCK_TOLERANCE.total_seconds(),
        ),
        clock_offset_s=offset_s,
    )


def _check_signature(box: boxes.StoredBox, batch: Batch, content: bytes) -> None:
    if batch.device != box.box_id:
        raise ForgedBatchError("the batch names another box than its request")
    signed = signed_bytes(
        device=batch.device,
        boot_epoch=batch.boot_epoch,
        sequence=batch.sequence,
        content=content,
    )
    try:
        Ed25519PublicKey.from_public_bytes(box.public_key).verify(
            batch.signature, signed
        )
    except (InvalidSignature, ValueError):
        raise ForgedBatchError("the batch's own signature does not fit") from None
