"""Opening a batch: what is a read of this box is taken, the rest refused one by one."""

from collections.abc import Collection
from typing import Final

import attrs
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from charteroak.core.errors import CharterOakError
from charteroak.core.read import Read
from charteroak.core.wire import Batch, Refusal, UnreadableReadError, decode_read

_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 9998
"""Years that databases and calendars of all time zones can hold; a clock without a
battery begins at 1970."""
_WIDEST: Final = 1_000_000
"""Pixels; no frame is wider, and no database's integer overflows."""


class UnopenableEnvelopeError(CharterOakError):
    """An envelope that was not sealed to this agency, or was changed."""

    code = "charteroak.batch.unopenable-envelope"
    hint = "This read was not kept: it was sealed for another agency. Enrol the box."


class ForeignCameraError(CharterOakError):
    """A read of a camera that the box does not speak for."""

    code = "charteroak.batch.foreign-camera"
    hint = "This read was not kept. Give the box this camera on the cameras page."


class ImpossibleTimeError(CharterOakError):
    """A time that no clock shows."""

    code = "charteroak.batch.impossible-time"
    hint = "This read was not kept. Set the clock of the box."


@attrs.frozen(kw_only=True, repr=False)
class Opened:
    """A read that came out of its envelope, with its pictures (JPEG, may be empty)."""

    read: Read
    plate_picture: bytes
    vehicle_picture: bytes


def open_batch(
    batch: Batch, *, key: PrivateKey, cameras: Collection[str]
) -> tuple[list[Opened], list[Refusal]]:
    """Open all envelopes of a batch.

    Args:
        batch: whose signature has been checked.
        key: the agency's.
        cameras: those that the box speaks for.

    Returns:
        The reads, and why each of the others is none, by its index in the batch.
    """
    lid = SealedBox(key)
    opened: list[Opened] = []
    refused: list[Refusal] = []
    for index, envelope in enumerate(batch.envelopes):
        try:
            opened.append(_open(lid, envelope, cameras))
        except CharterOakError as no:
            refused.append(Refusal(index=index, code=no.code, hint=no.hint))
    return opened, refused


def _open(
    lid: SealedBox[PrivateKey], envelope: bytes, cameras: Collection[str]
) -> Opened:
    try:
        content = lid.decrypt(envelope)
    except CryptoError:
        raise UnopenableEnvelopeError("the envelope does not open") from None
    wire = decode_read(content)
    read = wire.to_read()
    if read.camera not in cameras:
        raise ForeignCameraError("not a camera of this box")
    if not _FIRST_YEAR <= read.seen_at.year <= _LAST_YEAR:
        raise ImpossibleTimeError("no clock shows this time")
    # A database refuses a zero byte in a text, and with it the whole batch.
    if not read.engine.isprintable():
        raise UnreadableReadError("the engine's name cannot be printed")
    box = read.plate_box
    if max(box.x, box.y, box.width, box.height) > _WIDEST:
        raise UnreadableReadError("no frame is so large")
    return Opened(
        read=read,
        plate_picture=wire.plate_picture,
        vehicle_picture=wire.vehicle_picture,
    )
