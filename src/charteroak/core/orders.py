"""What an agency tells a box: what it may keep, signed, fresh, and for a while only.

Orders answer one question of one box: they repeat its nonce, so that nobody can hold
back new ones by repeating old ones. Whoever was told nothing, or whose orders are over,
keeps nothing: unknown means no.
"""

from collections.abc import Callable
from typing import Final, TypeAlias
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from charteroak.core.errors import CharterOakError
from charteroak.core.keeping import Mode

LAST_S: Final = 7 * 24 * 3600
"""For so long orders count where the agency cannot be reached, seconds."""

_FOR_ORDERS: Final = b"charteroak-orders/1\n"
_FOR_LISTS: Final = b"charteroak-box-list/1\n"
_SECOND: Final = 1_000_000


Sign: TypeAlias = Callable[[bytes], bytes]
"""The agency's Ed25519 signature of some bytes."""


class ForgedOrdersError(CharterOakError):
    """Orders, or a list, that the agency did not sign, or not for this box."""

    code = "charteroak.orders.forged"
    hint = (
        "Somebody stands between this box and its server, or the server was set up "
        "anew: then enrol the box again."
    )


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes with the agency's Ed25519 signature over them and over what they are."""

    content: bytes
    signature: bytes


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """What one box may do from now on.

    Attributes:
        device: the box.
        answers: what the box asked with: the nonce of its request, or its public key.
        number: microseconds since 1970 by the server's clock; later ones count more.
        mode: a `keeping.Mode`; any other word means that nothing may be kept.
        keep_s: whatever waits in the box is due after so many seconds.
        lasts_s: for how long these orders count.
        list_tag: names the list that is in force for boxes.
    """

    device: UUID
    answers: bytes
    number: int
    mode: str
    keep_s: int
    lasts_s: int
    list_tag: str

    @property
    def server_s(self) -> float:
        """The server's clock when it answered, seconds since 1970."""
        return self.number / _SECOND

    @property
    def told(self) -> Mode:
        """The mode; a word that is not known here stops the box."""
        return Mode(self.mode) if self.mode in list(Mode) else Mode.STOPPED


class OrdersAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Orders on the wire.

    Attributes:
        signing_key: the agency's, 32 bytes: for a box that was enrolled before boxes
            were told it; one that knows another refuses this answer.
    """

    signing_key: bytes
    signed: Signed


def sign_orders(orders: Orders, sign: Sign) -> Signed:
    """Orders as an agency gives them."""
    return _sign(_FOR_ORDERS, msgspec.msgpack.encode(orders), sign)


def open_orders(
    signed: Signed, *, signing_key: bytes, device: UUID, asked: bytes
) -> Orders:
    """Orders that are the agency's, for this box and in answer to this question.

    Raises:
        ForgedOrdersError: they are not.
    """
    _check(_FOR_ORDERS, signed, signing_key)
    try:
        orders = msgspec.msgpack.decode(signed.content, type=Orders)
    except (msgspec.MsgspecError, ValueError):
        raise ForgedOrdersError("signed, but no orders") from None
    if orders.device != device or orders.answers != asked:
        raise ForgedOrdersError("the orders answer another question")
    return orders


def sign_list(content: bytes, sign: Sign) -> Signed:
    """A list as an agency gives it to its boxes."""
    return _sign(_FOR_LISTS, content, sign)


def open_list(signed: Signed, *, signing_key: bytes) -> bytes:
    """The content of a list that is the agency's.

    Raises:
        ForgedOrdersError: it is not.
    """
    _check(_FOR_LISTS, signed, signing_key)
    return signed.content


def _sign(purpose: bytes, content: bytes, sign: Sign) -> Signed:
    return Signed(content=content, signature=sign(purpose + content))


def _check(purpose: bytes, signed: Signed, signing_key: bytes) -> None:
    try:
        key = Ed25519PublicKey.from_public_bytes(signing_key)
        key.verify(signed.signature, purpose + signed.content)
    except (InvalidSignature, ValueError):
        raise ForgedOrdersError("not signed by the agency") from None
