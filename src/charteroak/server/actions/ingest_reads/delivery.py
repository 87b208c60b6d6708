"""A delivery: who sent it, whether it is what it says it is."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import attrs
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from charteroak.core.errors import CharterOakError
from charteroak.core.http_signature import HttpMessage, VerifiedHead, verify_head
from charteroak.core.wire import Batch, content_digest, decode_batch, signed_bytes
from charteroak.server.agency import Agency
from charteroak.server.store import batches, boxes, reads

CLOCK_TOLERANCE: Final = timedelta(seconds=60)
"""A box whose clock is off by more has a suspect clock."""

# What the database's column holds; the box writes its clock into the signature.
_MOST_OFFSET_S: Final = 2**31 - 1


class RevokedBoxError(CharterOakError):
    """A batch from a box that the agency trusts no longer."""

    code = "charteroak.batch.revoked-box"
    hint = "The box was revoked. Enrol it again, if it is to go on."


class ForgedBatchError(CharterOakError):
    """A batch whose permanent signature does not fit, or that names another box."""

    code = "charteroak.batch.forged"
    hint = "The batch was changed after it was signed, or signed by another box."


@attrs.frozen(kw_only=True, repr=False)
class Sender:
    """A box of ours that signed a request, whose body is not read yet."""

    box: boxes.StoredBox
    head: VerifiedHead


@attrs.frozen(kw_only=True, repr=False)
class Delivery:
    """A batch that is what it says it is.

    Attributes:
        nonce: of the request.
        content: `wire.content_digest` of its envelopes.
        clock_offset_s: the box's clock less the server's, whole seconds.
    """

    box: boxes.StoredBox
    nonce: bytes
    batch: Batch
    content: bytes
    receipt: reads.Receipt
    clock_offset_s: int

    @property
    def key(self) -> batches.BatchKey:
        """What names the batch for good."""
        return batches.BatchKey(
            box_id=self.box.box_id,
            boot_epoch=self.batch.boot_epoch,
            sequence=self.batch.sequence,
        )


def check_sender(agency: Agency, request: HttpMessage) -> Sender:
    """Check who sends, before the body is read; nothing is written.

    Raises:
        HttpSignatureError: the request's signature cannot be relied on.
        RevokedBoxError: it can, and the box was revoked.
        StoreUnavailableError: the key cannot be looked up.
    """
    found: list[boxes.StoredBox] = []

    def key_of(key_id: str) -> bytes | None:
        box = _find_box(agency, key_id)
        if box is None:
            return None
        found.append(box)
        return box.public_key

    head = verify_head(request, resolve_key=key_of)
    (box,) = found
    if box.revoked_at is not None:
        raise RevokedBoxError("the box was revoked")
    return Sender(box=box, head=head)


def check_delivery(sender: Sender, body: bytes, now: datetime) -> Delivery:
    """Check the body and the batch in it.

    Raises:
        DigestMismatchError: it is not the body that was signed.
        UnreadableBatchError: the body is no batch.
        ForgedBatchError: the batch's own signature does not fit.
    """
    sender.head.check_body(body)
    box, says = sender.box, sender.head.says
    batch = decode_batch(body)
    content = content_digest(batch.envelopes)
    _check_signature(box, batch, content)
    offset_s = says.created - int(now.timestamp())
    return Delivery(
        box=box,
        nonce=says.nonce,
        batch=batch,
        content=content,
        receipt=reads.Receipt(
            box_id=box.box_id,
            received_at=now,
            clock_suspect=abs(offset_s) > CLOCK_TOLERANCE.total_seconds(),
        ),
        clock_offset_s=max(-_MOST_OFFSET_S, min(_MOST_OFFSET_S, offset_s)),
    )


def _find_box(agency: Agency, key_id: str) -> boxes.StoredBox | None:
    try:
        box_id = UUID(key_id)
    except ValueError:
        return None
    # One spelling only, of the many that a UUID has.
    if str(box_id) != key_id:
        return None
    with agency.database.ingests() as tx:
        return boxes.find(tx, box_id)


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
