"""A council's keys, and orders that are signed with them.

A council has two Ed25519 keys, held by two of its members and by nobody else, and a third
one where it wants to be sure against a loss; the server knows the public ones. An order is
one step for one agency, with a number that is used once: into a moratorium, out of it, or
a hand-over, which names the keys that count from then on.

What is signed is `order.signed_bytes`: a line of text, then canonical JSON (RFC 8785).
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import attrs
import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from charteroak.core.codes import Keys, Step
from charteroak.core.errors import CharterOakError
from charteroak.core.log_record import canonical
from charteroak.core.time import aware

FORM: Final = "charteroak-council-order/1"

KEYS_NEEDED: Final = 2
"""So many keys resume, and so many hand over; so many are enrolled."""

MOST_KEYS: Final = 3
"""So many a hand-over may name: any two of three, so that one may be lost."""

LONGEST_REASON: Final = 500
"""Characters."""

LONGEST_NAME: Final = 80
"""Characters of a holder's name, as of people's."""

LARGEST_ORDER: Final = 16_384
"""Bytes of its file."""

_MOST_LISTED: Final = 8


class UnreadableOrderError(CharterOakError):
    """The file holds no order of a council."""

    code = "charteroak.council.unreadable-order"
    hint = "Bring the file that `charteroak council sign` wrote, whole and unchanged."


class UnreadableKeyError(CharterOakError):
    """The file holds no public key of a council."""

    code = "charteroak.council.unreadable-key"
    hint = "Give the file that `charteroak council key` wrote beside the secret one."


@attrs.frozen(kw_only=True)
class CouncilKey:
    """A public key of the council.

    Attributes:
        name: who holds it, as the council calls them.
        public_key: Ed25519, 32 bytes.
    """

    name: str
    public_key: bytes

    @property
    def key_id(self) -> str:
        """First 16 hexadecimal digits of the key's SHA-256: what names it."""
        return key_id(self.public_key)


def key_id(public_key: bytes) -> str:
    """How a public key is called; see `CouncilKey`."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def may_hold(keys: Sequence[CouncilKey]) -> bool:
    """Whether keys may be a council's: two or three, of as many different holders."""
    different = {each.public_key for each in keys}
    holders = {each.name.casefold() for each in keys}
    return KEYS_NEEDED <= len(different) == len(holders) == len(keys) <= MOST_KEYS


@attrs.frozen(kw_only=True)
class Order:
    """What a council orders.

    Attributes:
        agency: short name of the agency.
        number: one more than the last order's, from 1; the council's page shows it.
        issued_at: when it was drawn up, to the second.
        reason: in the council's words; everybody is shown it.
        to: the keys that count from a hand-over on, and no others; empty for any other
            step.
    """

    agency: str
    step: Step
    number: int
    issued_at: datetime = attrs.field(validator=aware)
    reason: str
    to: tuple[CouncilKey, ...] = ()

    @property
    def signed_bytes(self) -> bytes:
        """What is signed."""
        return f"{FORM}\n".encode() + canonical(self.fields)

    @property
    def fields(self) -> Mapping[str, str | int | list[dict[str, str]]]:
        """The order as its file holds it."""
        named = [{"council_key": k.public_key.hex(), "name": k.name} for k in self.to]
        # Only where it is a hand-over: other orders are, byte for byte, what they were
        # before there were any.
        handed = {"to": named} if self.step is Step.HAND_OVER else {}
        return {
            "order": FORM,
            "agency": self.agency,
            "step": self.step.value,
            "number": self.number,
            "issued_at": self.issued_at.isoformat(timespec="seconds"),
            "reason": self.reason,
            **handed,
        }


class _Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    signature: bytes


class _KeyText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    council_key: str
    name: str


class _OrderText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    order: str
    agency: str
    step: Step
    number: int
    issued_at: str
    reason: str
    signatures: list[_Signature]
    to: list[_KeyText] | msgspec.UnsetType = msgspec.UNSET


@attrs.frozen(kw_only=True)
class SignedOrder:
    """An order with what was signed under it; nothing says yet that it is good.

    Attributes:
        signatures: id of the key, and the signature.
    """

    order: Order
    signatures: tuple[tuple[str, bytes], ...]

    @property
    def text(self) -> bytes:
        """The order's file."""
        content = {
            **self.order.fields,
            "signatures": [
                _Signature(key=name, signature=signature)
                for name, signature in self.signatures
            ],
        }
        return msgspec.json.format(msgspec.json.encode(content)) + b"\n"

    def signed_by(self, key: Ed25519PrivateKey) -> "SignedOrder":
        """The order with one more signature; the same one again changes nothing."""
        public = key.public_key().public_bytes_raw()
        mine = (key_id(public), key.sign(self.order.signed_bytes))
        return attrs.evolve(
            self, signatures=tuple(dict.fromkeys((*self.signatures, mine)))
        )


def read_order(text: bytes) -> SignedOrder:
    """Parse the file of an order.

    Whether the keys that a hand-over names may be a council's, `may_hold` says.

    Raises:
        UnreadableOrderError: it is none, or a value is out of its range.
    """
    if len(text) > LARGEST_ORDER:
        raise UnreadableOrderError("too large for an order")
    try:
        found = msgspec.json.decode(text, type=_OrderText)
        issued_at = datetime.fromisoformat(found.issued_at)
        listed = [] if found.to is msgspec.UNSET else found.to
        named = tuple(_key(each) for each in listed[:_MOST_LISTED])
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, UnreadableKeyError):
        raise UnreadableOrderError("this is no order of a council") from None
    hands_over = found.step is Step.HAND_OVER
    well = (
        found.order == FORM
        and 1 <= found.number < 2**31
        and 0 < len(found.reason.strip()) <= LONGEST_REASON
        and found.reason.isprintable()
        and issued_at.tzinfo is not None
        and issued_at.microsecond == 0
        and 0 < len(found.signatures) <= _MOST_LISTED
        and hands_over is (found.to is not msgspec.UNSET)
        and len(named) == len(listed)
    )
    if not well:
        raise UnreadableOrderError("this is no order of a council")
    return SignedOrder(
        order=Order(
            agency=found.agency,
            step=found.step,
            number=found.number,
            issued_at=issued_at,
            reason=found.reason,
            to=named,
        ),
        signatures=tuple((each.key, each.signature) for each in found.signatures),
    )


def key_text(key: CouncilKey) -> bytes:
    """The file of a public key."""
    found = _KeyText(council_key=key.public_key.hex(), name=key.name)
    return msgspec.json.format(msgspec.json.encode(found)) + b"\n"


def read_key(text: bytes) -> CouncilKey:
    """Parse the file of a public key.

    Raises:
        UnreadableKeyError: it is none.
    """
    try:
        found = msgspec.json.decode(text, type=_KeyText)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise UnreadableKeyError("this is no public key of a council") from None
    return _key(found)


def _key(found: _KeyText) -> CouncilKey:
    try:
        public = bytes.fromhex(found.council_key)
        Ed25519PublicKey.from_public_bytes(public)
    except ValueError:
        raise UnreadableKeyError("this is no public key of a council") from None
    if not (0 < len(found.name) <= LONGEST_NAME and found.name.isprintable()):
        raise UnreadableKeyError("the name of its holder is missing or too long")
    return CouncilKey(name=found.name, public_key=public)


@attrs.frozen(kw_only=True)
class Turned:
    """Which of the council's keys an order was signed with.

    Attributes:
        by: each key once.
        doubts: sentences about signatures that count for nothing.
    """

    by: tuple[CouncilKey, ...]
    doubts: tuple[str, ...]

    @property
    def keys(self) -> Keys:
        """How many; two stands for more too."""
        return (Keys.NONE, Keys.ONE, Keys.TWO)[min(len(self.by), KEYS_NEEDED)]


def turned(
    signed: SignedOrder,
    keys: Sequence[CouncilKey],
    *,
    former: Sequence[CouncilKey] = (),
) -> Turned:
    """Check the signatures of an order against the council's keys.

    A signature that does not fit, of an unknown key or of a key that has signed already
    counts for nothing and is said.

    Args:
        signed: the order.
        keys: those that count.
        former: those that counted before a hand-over; only to say so.
    """
    known = {each.key_id: each for each in keys}
    handed_over = {each.key_id: each.name for each in former}
    by: dict[str, CouncilKey] = {}
    doubts: list[str] = []
    for name, signature in signed.signatures:
        key = known.get(name)
        if key is None and name in handed_over:
            holder = handed_over[name]
            doubts.append(f"The key of {holder} was handed over and counts no more.")
        elif key is None:
            doubts.append("It is signed with a key that is not the council's.")
        elif not _fits(key, signature, signed.order.signed_bytes):
            doubts.append(f"The signature of {key.name} does not fit this order.")
        elif name in by:
            doubts.append(f"{key.name} signed twice; that is one key.")
        else:
            by[name] = key
    return Turned(by=tuple(by.values()), doubts=tuple(dict.fromkeys(doubts)))


def _fits(key: CouncilKey, signature: bytes, signed: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True
