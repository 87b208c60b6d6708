"""A delivery: who sent it, whether it is what it says it is."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import attrs
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from charteroak.core.errors import CharterOakError
from charteroak.core.http_signature import HttpMessage, Verified, verify, verify_head
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
class Delivery:
    """A batch that is what it says it is.

    Attributes:
        content: `wire.content_digest` of its envelopes.
        clock_offset_s: the box's clock less the server's, whole seconds.
    """

    box: boxes.StoredBox
    verified: Verified
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


def check_delivery(
    agency: Agency, request: HttpMessage, body: bytes, now: datetime
) -> Delivery:
    """Check request and batch; nothing is written.

    Raises:
        HttpSignatureError: the request's signature cannot be relied on.
        RevokedBoxError: it can, and the box was revoked.
        UnreadableBatchError: the body is no batch.
        ForgedBatchError: the batch's own signature does not fit.
        StoreUnavailableError: the key cannot be looked up.
    """
    known = _KnownBoxes(agency)
    verified = verify(request, body=body, resolve_key=known.key_of)
    box = known.trusted(verified)
    batch = decode_batch(body)
    content = content_digest(batch.envelopes)
    _check_signature(box, batch, content)
    offset_s = verified.created - int(now.timestamp())
    return Delivery(
        box=box,
        verified=verified,
        batch=batch,
        content=content,
        receipt=reads.Receipt(
            box_id=box.box_id,
            received_at=now,
            clock_suspect=abs(offset_s) > CLOCK_TOLERANCE.total_seconds(),
        ),
        clock_offset_s=max(-_MOST_OFFSET_S, min(_MOST_OFFSET_S, offset_s)),
    )


def check_sender(agency: Agency, request: HttpMessage) -> None:
    """Check who sends, before the body is read; nothing is written.

    Raises:
        HttpSignatureError, RevokedBoxError, StoreUnavailableError: see `check_delivery`.
    """
    known = _KnownBoxes(agency)
    known.trusted(verify_head(request, resolve_key=known.key_of))


class _KnownBoxes:
    """Looks up the keys of boxes, and remembers whose they were."""

    def __init__(self, agency: Agency) -> None:
        self._agency = agency
        self._found: dict[str, boxes.StoredBox] = {}

    def key_of(self, key_id: str) -> bytes | None:
        box = _find_box(self._agency, key_id)
        if box is None:
            return None
        self._found[key_id] = box
        return box.public_key

    def trusted(self, verified: Verified) -> boxes.StoredBox:
        """The box that signed; RevokedBoxError if it is trusted no longer."""
        box = self._found[verified.key_id]
        if box.revoked_at is not None:
            raise RevokedBoxError("the box was revoked")
        return box


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
