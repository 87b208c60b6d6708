"""The orders that a box has on file, checked each time they are taken up."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import attrs
import msgspec

from charteroak.core.errors import CharterOakError
from charteroak.core.keeping import Mode
from charteroak.core.orders import ForgedOrdersError, Orders, OrdersAnswer, open_orders
from charteroak.core.wire import Enrolment
from charteroak.edge.identity import Identity
from charteroak.edge.settings import DataFolder, DataFolderError
from charteroak.edge.uptime import Uptime, unknown

_WRITTEN_AGAIN_S: Final = 24 * 3600
"""Orders that say the same are put on the disk only so often: it wears out."""


class LostOrdersError(CharterOakError):
    """The file with the box's orders is damaged."""

    code = "charteroak.edge.lost-orders"
    hint = (
        "Enrol the box again in an empty folder. It keeps nothing until then: what it "
        "was told last is not known."
    )


class KnownOrders(msgspec.Struct, frozen=True, kw_only=True):
    """The content of `orders.json`.

    Attributes:
        answer: the last orders that were written down.
        asked: what they answer.
        forgets: it was told once to keep hits alone.
        list_number: of the newest list that it had.
        came: the machine's uptime when the answer came; None where it is not known.
    """

    answer: OrdersAnswer
    asked: bytes
    forgets: bool = False
    list_number: int = 0
    came: Uptime | None = None

    @property
    def orders(self) -> Orders:
        """As they stand there; whether they are the agency's, `checked` says."""
        return msgspec.msgpack.decode(self.answer.signed.content, type=Orders)

    @property
    def boot(self) -> str | None:
        """The start of the machine in which the answer came; None: not known."""
        return None if self.came is None else self.came.boot

    def says_more_than(self, known: "KnownOrders") -> bool:
        """Whether these are worth writing down."""
        new, old = self.orders, known.orders
        return (
            (new.mode, new.keep_s, self.forgets)
            != (old.mode, old.keep_s, known.forgets)
            or new.server_s - old.server_s >= _WRITTEN_AGAIN_S
            or self.boot != known.boot
            or self.answer.signing_key != known.answer.signing_key
        )


@attrs.frozen(kw_only=True)
class Standing:
    """Orders that count, for a while, measured by a clock that nobody sets.

    Only where the machine does not tell its uptime, or was started anew since they
    came, the box's own clock counts.

    Attributes:
        ahead_s: the server's clock less the box's when they came.
        came: the machine's uptime then; None where it is not known.
        uptime: the machine's.
    """

    orders: Orders
    ahead_s: float = 0.0
    came: Uptime | None = None
    uptime: Callable[[], Uptime | None] = unknown

    def server_s(self, now: datetime) -> float:
        """The server's clock at a moment of the box's, seconds since 1970."""
        up, came = self.uptime(), self.came
        if up is not None and came is not None and up.boot == came.boot:
            return self.orders.server_s + (up.ms - came.ms) / 1000
        return now.timestamp() + self.ahead_s

    def counts(self, now: datetime) -> bool:
        """Whether they are not over; nor of a time that this clock does not know."""
        age_s = self.server_s(now) - self.orders.server_s
        return abs(age_s) < self.orders.lasts_s


def load_known(
    folder: DataFolder, enrolment: Enrolment, identity: Identity
) -> KnownOrders | None:
    """What the box was told last, or at its enrolment; None: nothing.

    Raises:
        DataFolderError: the file cannot be read.
        LostOrdersError: it is damaged.
    """
    try:
        content = folder.orders.read_bytes()
    except FileNotFoundError:
        content = None
    except OSError as trouble:
        msg = f"cannot read the orders: {trouble.strerror}"
        raise DataFolderError(msg) from trouble
    try:
        if content is not None:
            return msgspec.json.decode(content, type=KnownOrders)
        if enrolment.orders is None:
            return None
        known = KnownOrders(answer=enrolment.orders, asked=identity.public_key)
        # Told at its enrolment is told once, too.
        forgets = known.orders.told is Mode.EDGE_ONLY
        return msgspec.structs.replace(known, forgets=forgets)
    except (msgspec.MsgspecError, ValueError):
        raise LostOrdersError("the orders on file are damaged") from None


def checked(
    answer: OrdersAnswer,
    *,
    asked: bytes,
    enrolment: Enrolment,
    known: KnownOrders | None,
) -> Orders:
    """The orders in an answer, if they are the agency's and for this box.

    A box that was enrolled before boxes were told the agency's key learns it from the
    first orders, by the same TLS as it learned everything else.

    Raises:
        ForgedOrdersError: they are not.
    """
    on_file = None if known is None else known.answer
    keys = (enrolment.orders, on_file, answer)
    key = next(each.signing_key for each in keys if each is not None)
    if answer.signing_key != key:
        raise ForgedOrdersError("signed with another key than the agency's")
    return open_orders(
        answer.signed, signing_key=key, device=enrolment.device, asked=asked
    )


def mode_of_orders(orders: Orders | None, *, forgets: bool) -> Mode:
    """What a box keeps under some orders.

    Args:
        orders: those that count; None: there are none, so nothing is kept.
        forgets: it was told once to keep hits alone: it never keeps more by itself.
    """
    if orders is None:
        return Mode.STOPPED
    if orders.told is Mode.ORDINARY and forgets:
        return Mode.EDGE_ONLY
    return orders.told


def mode_on_file(
    folder: DataFolder,
    enrolment: Enrolment,
    identity: Identity,
    now: datetime,
    *,
    uptime: Callable[[], Uptime | None] = unknown,
) -> tuple[Mode, bool]:
    """What a box keeps, by its files alone, and whether it has orders that count.

    Raises:
        LostOrdersError: they are damaged.
        DataFolderError: they cannot be read.
    """
    known = load_known(folder, enrolment, identity)
    if known is None:
        return Mode.STOPPED, False
    try:
        orders = checked(
            known.answer, asked=known.asked, enrolment=enrolment, known=known
        )
    except ForgedOrdersError:
        return Mode.STOPPED, False
    standing = Standing(orders=orders, came=known.came, uptime=uptime)
    counts = standing.counts(now)
    mode = mode_of_orders(orders if counts else None, forgets=known.forgets)
    return mode, counts


def in_words(mode: Mode, *, told: bool = True, has_list: bool = True) -> str:
    """What a box keeps, as the end of a sentence that begins with "this box".

    Args:
        mode: what it keeps.
        told: whether there are orders that count.
        has_list: whether a list is in force.
    """
    match mode:
        case Mode.ORDINARY:
            return "keeps every read until it is sent or due"
        case Mode.EDGE_ONLY if not has_list:
            return "matches at the camera, but has no list in force: forgets every read"
        case Mode.EDGE_ONLY:
            return "matches at the camera; forgets the rest at once"
        case Mode.STOPPED if not told:
            return "was not told what it may keep, or too long ago: reads nothing"
        case Mode.STOPPED:
            return "was told to read nothing"
