"""How a council's orders stand: what is suspended, and whose keys count.

One key stops the cameras; two start them again, and two name the keys that count after
them: that the rules say (`law/house.cedar`), and what an order is, `core.council_order`.

The keys make a chain. It begins with those that were enrolled; each hand-over is signed
with two that counted until then, and whatever comes after it is checked against those
that it names. So whoever can write into the database finds no place to put a key in.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final

import attrs

from charteroak.core.codes import Keys, Step
from charteroak.core.council_order import (
    CouncilKey,
    Order,
    UnreadableOrderError,
    may_hold,
    read_order,
    turned,
)

GOOD_FOR: Final = timedelta(days=30)
"""An order that was signed longer ago is not carried out."""

CLOCK_TOLERANCE: Final = timedelta(minutes=10)
"""So far a clock may be ahead: a signer's now, and the server's at the last order."""


@attrs.frozen(kw_only=True)
class Pause:
    """A time in which nothing is captured; `until` is None while it lasts."""

    since: datetime
    until: datetime | None

    def holds(self, moment: datetime) -> bool:
        """Whether a moment lies in it."""
        return self.since <= moment and (self.until is None or moment < self.until)


@attrs.frozen(kw_only=True)
class Taken:
    """An order that was carried out.

    Attributes:
        number: its place among all; that of the order, but after a doubt, see
            `CouncilStanding.place`.
        step: None: no order, but a doubt about what was ordered last.
        at: when the server carried it out.
        text: the order's file; empty for a doubt of the server's own.
    """

    number: int
    step: Step | None
    at: datetime
    reason: str
    text: bytes = attrs.field(default=b"", repr=False)

    @property
    def stops(self) -> bool:
        """Whether all stands still from here on."""
        return self.step in {Step.SUSPEND, None}

    @property
    def order(self) -> Order | None:
        """The order, as it is in its file; None where that holds none."""
        found = _read(self.text, ())
        return found[0] if found else None

    @property
    def to(self) -> tuple[CouncilKey, ...]:
        """The keys that count from here on; empty where it is no hand-over."""
        order = self.order if self.step is Step.HAND_OVER else None
        return order.to if order else ()


@lru_cache(maxsize=256)
def _read(text: bytes, keys: tuple[CouncilKey, ...]) -> tuple[Order, Keys] | None:
    """An order, and how many of some keys it is signed with."""
    try:
        signed = read_order(text)
    except UnreadableOrderError:
        return None
    return signed.order, turned(signed, keys).keys


@attrs.frozen(kw_only=True)
class CouncilStanding:
    """How a council's orders stand.

    Attributes:
        agency: short name of the agency whose council it is.
        enrolled: the keys that the chain begins with; empty where none are enrolled.
        orders: every order that was carried out, as it may be believed, the oldest
            first.
        pauses: every moratorium, the newest last.
        reason: of the order by which all stands still or goes on, in the council's words.
        doubt: whether nobody knows what the council ordered last, and so all stands
            still until two keys say otherwise.
        sure: the number of the last order that surely was the council's; 0: none.
    """

    agency: str = ""
    enrolled: tuple[CouncilKey, ...] = ()
    orders: tuple[Taken, ...] = ()
    pauses: tuple[Pause, ...] = ()
    reason: str = ""
    doubt: bool = False
    sure: int = 0

    @property
    def keys(self) -> tuple[CouncilKey, ...]:
        """The keys that count now."""
        return self.handed_over[-1].to if self.handed_over else self.enrolled

    @property
    def former(self) -> tuple[CouncilKey, ...]:
        """The keys that counted once and do no more, the oldest first."""
        now = {each.public_key for each in self.keys}
        all_of_them = (
            *self.enrolled,
            *(k for each in self.handed_over for k in each.to),
        )
        gone = {k.public_key: k for k in all_of_them if k.public_key not in now}
        return tuple(gone.values())

    @property
    def handed_over(self) -> tuple[Taken, ...]:
        """Every hand-over, the oldest first."""
        return tuple(each for each in self.orders if each.step is Step.HAND_OVER)

    def counts_since(self, key: CouncilKey) -> datetime | None:
        """Since when a key counts; None: since the keys were enrolled."""
        since = None
        for each in reversed(self.handed_over):
            if key.public_key not in {named.public_key for named in each.to}:
                return since
            since = each.at
        first = {each.public_key for each in self.enrolled}
        return None if key.public_key in first else since

    @property
    def last(self) -> int:
        """The number of the last order; 0: none."""
        return self.orders[-1].number if self.orders else 0

    @property
    def last_at(self) -> datetime | None:
        """When the last order was carried out."""
        return self.orders[-1].at if self.orders else None

    @property
    def suspended_at(self) -> datetime | None:
        """Since when capture and search are suspended; None: they are not."""
        open_now = self.pauses and self.pauses[-1].until is None
        return self.pauses[-1].since if open_now else None

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

    def goes_on_from(self, earlier: "CouncilStanding") -> bool:
        """Whether nothing that was so before is missing or another by now."""
        return (
            earlier.enrolled in {(), self.enrolled}
            and self.orders[: len(earlier.orders)] == earlier.orders
        )

    def says_again(self, order: Order) -> bool:
        """Whether an order says again what nobody here knows any more.

        After a doubt the keys that count may be those of an older day. Then a hand-over
        that was carried out since is brought again, whatever its age: else those who
        handed their keys over would be the council, and those who have them would not.
        """
        return self.doubt and order.step is Step.HAND_OVER

    def place(self, order: Order) -> int:
        """The number under which an order is written down.

        It is the order's own, unless a doubt, which has one too, took it meanwhile.
        """
        return max(order.number, self.next_number)

    def bears(self, taken: Taken) -> bool:
        """Whether an order has the signatures that it needs, of the keys that count."""
        found = _read(taken.text, self.keys)
        if found is None:
            return False
        order, signed = found
        in_turn = order.number == taken.number or (
            self.says_again(order) and self.sure < order.number < taken.number
        )
        enough = {Keys.TWO} if order.step is not Step.SUSPEND else {Keys.ONE, Keys.TWO}
        return (
            order.agency == self.agency
            and order.step is taken.step
            and in_turn
            and signed in enough
            and (order.step is not Step.HAND_OVER or may_hold(order.to))
        )

    def after(self, taken: Taken) -> "CouncilStanding":
        """How all stands after one more order was carried out.

        Whoever can write into the database could write an end of the moratorium there,
        or keys of their own, or a beginning to be taken back later: what does not bear
        the signatures is a doubt, and stops all.
        """
        if not self.bears(taken):
            taken = attrs.evolve(taken, step=None)
        pauses = self.pauses
        if taken.stops and not self.suspended:
            pauses = (*pauses, Pause(since=taken.at, until=None))
        elif taken.step is Step.RESUME and self.suspended:
            pauses = (*pauses[:-1], attrs.evolve(pauses[-1], until=taken.at))
        # One key alone ends no doubt: it may be one that was handed over since.
        doubt = taken.step is None or (self.doubt and taken.step is not Step.RESUME)
        said = taken.order.number if taken.to and taken.order else taken.number
        return attrs.evolve(
            self,
            orders=(*self.orders, taken),
            pauses=pauses,
            reason=self.reason if taken.to else taken.reason,
            doubt=doubt,
            sure=self.sure if doubt and taken.stops else said,
        )


NO_COUNCIL: Final = CouncilStanding()


def standing(
    agency: str, enrolled: Iterable[CouncilKey], orders: Iterable[Taken]
) -> CouncilStanding:
    """How orders stand that were carried out, in the order of their numbers."""
    stands = CouncilStanding(agency=agency, enrolled=tuple(enrolled))
    for each in orders:
        stands = stands.after(each)
    return stands


class Objection(StrEnum):
    """Why an order is not carried out, whoever signed it."""

    AHEAD = "ahead"
    ALREADY_SUSPENDED = "already_suspended"
    CARRIED_OUT = "carried_out"
    CHANGED = "changed"
    FUTURE = "future"
    NO_COUNCIL = "no_council"
    NOT_SUSPENDED = "not_suspended"
    OLD = "old"
    OLDER_THAN_LAST = "older_than_last"
    OTHER_AGENCY = "other_agency"
    UNFIT_KEYS = "unfit_keys"


def objection(
    order: Order, now_stands: CouncilStanding, *, at: datetime
) -> Objection | None:
    """What stands against an order, beside its signatures; None: nothing.

    Args:
        order: what was brought.
        now_stands: how earlier orders stand.
        at: the present moment.
    """
    last_at = now_stands.last_at
    again = now_stands.says_again(order)
    last = now_stands.sure if again else now_stands.last
    against = {
        Objection.NO_COUNCIL: not now_stands.keys,
        Objection.OTHER_AGENCY: order.agency != now_stands.agency,
        Objection.CARRIED_OUT: order.number <= last,
        Objection.AHEAD: order.number > now_stands.next_number and not again,
        Objection.FUTURE: order.issued_at > at + CLOCK_TOLERANCE,
        Objection.OLD: order.issued_at < at - GOOD_FOR and not again,
        # Drawn up to the second: so is the moment it is compared with. A moment that is
        # yet to come was told by a clock that was wrong, and must not lock the council
        # out; that no order counts twice, its number sees to.
        Objection.OLDER_THAN_LAST: last_at is not None
        and last_at <= at + CLOCK_TOLERANCE
        and order.issued_at < last_at.replace(microsecond=0)
        and not again,
        # It would change nothing but the number of the next order: with one stolen key
        # the council could be kept from ever bringing one that is signed with two. In a
        # doubt it changes more, for that may be nothing but a row that somebody wrote.
        Objection.ALREADY_SUSPENDED: order.step is Step.SUSPEND
        and now_stands.suspended
        and not now_stands.doubt,
        Objection.NOT_SUSPENDED: order.step is Step.RESUME and not now_stands.suspended,
        Objection.UNFIT_KEYS: order.step is Step.HAND_OVER and not may_hold(order.to),
    }
    return next((each for each, stands in against.items() if stands), None)
