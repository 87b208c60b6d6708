"""A council's moratorium: orders signed by its members, and how they stand.

The council has two Ed25519 keys, held by two of its members and by nobody else; the
server knows the public ones. An order is one step into a moratorium or out of it, for one
agency, with a number that is used once. One key stops the cameras, both start them again;
that the rules say (`law/house.cedar`), not this module.

What is signed is `order.signed_bytes`: a line of text, then canonical JSON (RFC 8785).
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
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
KEYS_OF_A_COUNCIL: Final = 2
LONGEST_REASON: Final = 500
"""Characters."""

LARGEST_ORDER: Final = 16_384
"""Bytes of its file."""

GOOD_FOR: Final = timedelta(days=30)
"""An order that was signed longer ago is not carried out."""

CLOCK_TOLERANCE: Final = timedelta(minutes=10)
"""So far a clock may be ahead: a signer's now, and the server's at the last order."""

_MOST_SIGNATURES: Final = 8


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


@attrs.frozen(kw_only=True)
class Order:
    """What a council orders.

    Attributes:
        agency: short name of the agency.
        number: one more than the last order's, from 1; the council's page shows it.
        issued_at: when it was drawn up, to the second.
        reason: in the council's words; everybody is shown it.
    """

    agency: str
    step: Step
    number: int
    issued_at: datetime = attrs.field(validator=aware)
    reason: str

    @property
    def signed_bytes(self) -> bytes:
        """What is signed."""
        return f"{FORM}\n".encode() + canonical(self.fields)

    @property
    def fields(self) -> Mapping[str, str | int]:
        """The order as its file holds it."""
        return {
            "order": FORM,
            "agency": self.agency,
            "step": self.step.value,
            "number": self.number,
            "issued_at": self.issued_at.isoformat(timespec="seconds"),
            "reason": self.reason,
        }


class _Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    signature: bytes


class _OrderText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    order: str
    agency: str
    step: Step
    number: int
    issued_at: str
    reason: str
    signatures: list[_Signature]


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

    Raises:
        UnreadableOrderError: it is none, or a value is out of its range.
    """
    if len(text) > LARGEST_ORDER:
        raise UnreadableOrderError("too large for an order")
    try:
        found = msgspec.json.decode(text, type=_OrderText)
        issued_at = datetime.fromisoformat(found.issued_at)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError):
        raise UnreadableOrderError("this is no order of a council") from None
    well = (
        found.order == FORM
        and 1 <= found.number < 2**31
        and 0 < len(found.reason.strip()) <= LONGEST_REASON
        and found.reason.isprintable()
        and issued_at.tzinfo is not None
        and issued_at.microsecond == 0
        and 0 < len(found.signatures) <= _MOST_SIGNATURES
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
        ),
        signatures=tuple((each.key, each.signature) for each in found.signatures),
    )


class _KeyText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    council_key: str
    name: str


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
        public = bytes.fromhex(found.council_key)
        Ed25519PublicKey.from_public_bytes(public)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError):
        raise UnreadableKeyError("this is no public key of a council") from None
    if not (0 < len(found.name) <= 80 and found.name.isprintable()):  # noqa: PLR2004  (as people's names)
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
        """How many."""
        return (Keys.NONE, Keys.ONE, Keys.TWO)[min(len(self.by), KEYS_OF_A_COUNCIL)]


def turned(signed: SignedOrder, keys: Sequence[CouncilKey]) -> Turned:
    """Check the signatures of an order against the council's keys.

    A signature that does not fit, of an unknown key or of a key that has signed already
    counts for nothing and is said.
    """
    known = {each.key_id: each for each in keys}
    by: dict[str, CouncilKey] = {}
    doubts: list[str] = []
    for name, signature in signed.signatures:
        key = known.get(name)
        if key is None:
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


@attrs.frozen(kw_only=True)
class Pause:
    """A time in which nothing is captured; `until` is None while it lasts."""

    since: datetime
    until: datetime | None

    def holds(self, moment: datetime) -> bool:
        """Whether a moment lies in it."""
        return self.since <= moment and (self.until is None or moment < self.until)


@attrs.frozen(kw_only=True)
class CouncilStanding:
    """How a council's orders stand.

    Attributes:
        keys: whose the keys are; empty where none are enrolled.
        last: the number of the last order; 0: none.
        last_at: when that was carried out.
        suspended_at: since when capture and search are suspended; None: they are not.
        reason: of the last order, in the council's words.
        doubt: whether nobody knows what the council ordered last, and so all stands
            still until both keys say otherwise.
        pauses: every moratorium, the newest last.
    """

    keys: tuple[CouncilKey, ...] = ()
    last: int = 0
    last_at: datetime | None = None
    suspended_at: datetime | None = None
    reason: str = ""
    doubt: bool = False
    pauses: tuple[Pause, ...] = ()

    @property
    def suspended(self) -> bool:
        """Whether capture and search are suspended now."""
        return self.suspended_at is not None

    def paused(self, moment: datetime) -> bool:
        """Whether nothing was to be captured at a moment."""
        return any(each.holds(moment) for each in self.pauses)

    @property
    def next_number(self) -> int:
        """The number that the next order must have."""
        return self.last + 1


NO_COUNCIL: Final = CouncilStanding()


class Objection(StrEnum):
    """Why an order is not carried out, whoever signed it."""

    AHEAD = "ahead"
    CARRIED_OUT = "carried_out"
    FUTURE = "future"
    NO_COUNCIL = "no_council"
    NOT_SUSPENDED = "not_suspended"
    OLD = "old"
    OLDER_THAN_LAST = "older_than_last"
    OTHER_AGENCY = "other_agency"


def objection(
    order: Order, now_stands: CouncilStanding, *, agency: str, at: datetime
) -> Objection | None:
    """What stands against an order, beside its signatures; None: nothing.

    Args:
        order: what was brought.
        now_stands: how earlier orders stand.
        agency: short name of the agency it was brought to.
        at: the present moment.
    """
    last_at = now_stands.last_at
    against = {
        Objection.NO_COUNCIL: not now_stands.keys,
        Objection.OTHER_AGENCY: order.agency != agency,
        Objection.CARRIED_OUT: order.number <= now_stands.last,
        Objection.AHEAD: order.number > now_stands.next_number,
        Objection.FUTURE: order.issued_at > at + CLOCK_TOLERANCE,
        Objection.OLD: order.issued_at < at - GOOD_FOR,
        # Drawn up to the second: so is the moment it is compared with. A moment that is
        # yet to come was told by a clock that was wrong, and must not lock the council
        # out; that no order counts twice, its number sees to.
        Objection.OLDER_THAN_LAST: last_at is not None
        and last_at <= at + CLOCK_TOLERANCE
        and order.issued_at < last_at.replace(microsecond=0),
        Objection.NOT_SUSPENDED: order.step is Step.RESUME and not now_stands.suspended,
    }
    return next((each for each, stands in against.items() if stands), None)


@attrs.frozen(kw_only=True)
class Taken:
    """An order that was carried out.

    Attributes:
        step: None: no order, but a doubt about what was ordered last.
        at: when the server carried it out.
        text: the order's file; empty for a doubt.
    """

    number: int
    step: Step | None
    at: datetime
    reason: str
    text: bytes = attrs.field(default=b"", repr=False)

    @property
    def stops(self) -> bool:
        """Whether all stands still from here on."""
        return self.step is not Step.RESUME

    def known_by(self, keys: tuple[CouncilKey, ...]) -> "Taken":
        """The order as it may be believed.

        Whoever can write into the database could write an end of the moratorium there:
        one that does not carry both signatures is a doubt, and stops all.
        """
        if self.stops or _is_signed(self.text, self.number, keys):
            return self
        return attrs.evolve(self, step=None)


@lru_cache(maxsize=256)
def _is_signed(text: bytes, number: int, keys: tuple[CouncilKey, ...]) -> bool:
    try:
        signed = read_order(text)
    except UnreadableOrderError:
        return False
    order = signed.order
    return (
        order.step is Step.RESUME
        and order.number == number
        and turned(signed, keys).keys is Keys.TWO
    )


def standing(keys: Iterable[CouncilKey], orders: Sequence[Taken]) -> CouncilStanding:
    """How orders stand that were carried out, in the order of their numbers."""
    pauses: list[Pause] = []
    keys = tuple(keys)
    orders = [each.known_by(keys) for each in orders]
    for each in orders:
        open_now = bool(pauses) and pauses[-1].until is None
        if each.stops and not open_now:
            pauses.append(Pause(since=each.at, until=None))
        elif not each.stops and open_now:
            pauses[-1] = attrs.evolve(pauses[-1], until=each.at)
    last = orders[-1] if orders else None
    stopped = last is not None and last.stops
    return CouncilStanding(
        keys=keys,
        last=last.number if last else 0,
        last_at=last.at if last else None,
        suspended_at=pauses[-1].since if stopped else None,
        reason=last.reason if last else "",
        doubt=stopped and last is not None and last.step is None,
        pauses=tuple(pauses),
    )
