"""Asks the server what the box may keep, and for the list that it compares with."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import attrs
import httpx2
import msgspec

from charteroak.core.box_list import BoxListAnswer
from charteroak.core.errors import CharterOakError
from charteroak.core.keeping import Mode
from charteroak.core.orders import ForgedOrdersError, OrdersAnswer
from charteroak.edge.orders import Keeper
from charteroak.edge.settings import DataFolderError
from charteroak.edge.uplink import FORBIDDEN, REVOKED_PAUSE_S, Sender, backoff_s
from charteroak.edge.web_client import ServerSays, refusal, why_unreachable

ORDERS_PATH: Final = "/api/v1/orders"
LIST_PATH: Final = "/api/v1/box-list"
EVERY_S: Final = 30.0

_LOOK_S: Final = 0.5
_NOT_CHANGED: Final = 304
_NOT_FOUND: Final = 404
_PATIENCE_S: Final = 5.0
_NOT_TOLD: Final = ServerSays(status=0, message="not told yet what may be sent")

_log = logging.getLogger(__name__)


@attrs.define(kw_only=True)
class Listener:
    """Asks every half minute, and at once when the server kept less than it was sent.

    Promises: whatever goes wrong ends nothing: the orders of before count until they
    are over, and the list of before until it is.

    Attributes:
        sender: signs and asks.
        keeper: obeys.
        clock: the box's.
        wake: set it from any thread to ask at once.
    """

    sender: Sender
    keeper: Keeper
    clock: Callable[[], datetime]
    wake: threading.Event = attrs.field(factory=threading.Event)
    _answered: threading.Event = attrs.field(factory=threading.Event, init=False)
    _told_at: datetime | None = attrs.field(default=None, init=False)
    _refusal: ServerSays | None = attrs.field(default=None, init=False)
    _failures: int = attrs.field(default=0, init=False)
    _why: str = attrs.field(default="", init=False)

    def why_not(self) -> ServerSays | None:
        """What stands against sending; None: the server said of late what may be kept.

        Asks at once where it did not, and waits: what waited while the server was away
        may be more than may be sent now. A box that is refused asks only every five
        minutes.
        """
        if not self._is_fresh() and self._refusal is None:
            self._answered.clear()
            self.wake.set()
            self._answered.wait(_PATIENCE_S)
        if self._is_fresh():
            return None
        return self._refusal or _NOT_TOLD

    def _is_fresh(self) -> bool:
        return self._told_at is not None and abs(
            self.clock() - self._told_at
        ) < 2 * timedelta(seconds=EVERY_S)

    def run(self, stop: threading.Event) -> None:
        """Ask until told to stop."""
        while not stop.is_set():
            self.wake.clear()
            try:
                pause_s = self.attempt()
            except Exception as trouble:  # noqa: BLE001 - the box must go on
                # The kind only, as for pictures.
                pause_s = self._failed(f"unexpected: {type(trouble).__name__}")
            self.keeper.asked.set()
            self._answered.set()
            while pause_s > 0 and not stop.is_set() and not self.wake.is_set():
                self.wake.wait(min(pause_s, _LOOK_S))
                pause_s -= _LOOK_S
        self.keeper.asked.set()
        self._answered.set()

    def attempt(self) -> float:
        """Ask once.

        Returns:
            Seconds to wait before asking again.
        """
        try:
            refused = self._orders() or self._list()
        except httpx2.HTTPError as trouble:
            return self._failed(why_unreachable(trouble))
        except ForgedOrdersError as forged:
            return self._failed(f"ALARM: {forged}. {forged.hint}", logging.ERROR)
        except CharterOakError as trouble:
            return self._failed(f"{trouble}. {trouble.hint}")
        except (msgspec.MsgspecError, ValueError):
            return self._failed("something other than our server answered")
        if refused is not None:
            return refused
        self._failures, self._why = 0, ""
        return EVERY_S

    def _orders(self) -> float | None:
        nonce, answer = self.sender.ask(ORDERS_PATH, self.clock())
        says = refusal(answer.status_code, answer.content)
        self._refusal = says if says.status in FORBIDDEN else None
        if answer.status_code == _NOT_FOUND:
            # A server of before: it takes whatever it is sent.
            self._told_at = self.clock()
        if not answer.is_success:
            return self._refused(answer)
        told = msgspec.msgpack.decode(answer.content, type=OrdersAnswer)
        try:
            self.keeper.take_orders(told, asked=nonce)
        except DataFolderError:
            # Obeyed, though not written down: what waits may go.
            self._told_at = self.clock()
            raise
        self._told_at = self.clock()
        return None

    def _list(self) -> float | None:
        keeper = self.keeper
        orders = keeper.orders
        if keeper.mode is not Mode.EDGE_ONLY or orders is None:
            return None
        if orders.list_tag == keeper.list_tag:
            return None
        _, answer = self.sender.ask(LIST_PATH, self.clock(), etag=keeper.list_tag)
        if answer.status_code == _NOT_CHANGED:
            return None
        if not answer.is_success:
            return self._refused(answer)
        keeper.take_list(msgspec.msgpack.decode(answer.content, type=BoxListAnswer))
        return None

    def _refused(self, answer: httpx2.Response) -> float:
        says = refusal(answer.status_code, answer.content)
        if says.status in FORBIDDEN:
            return max(self._failed(says.sentence), REVOKED_PAUSE_S)
        if not says.code:
            return self._failed(f"{says.sentence}; a server of before is to be updated")
        return self._failed(says.sentence)

    def _failed(self, why: str, level: int = logging.WARNING) -> float:
        self._failures += 1
        if why != self._why:
            _log.log(level, "not told what may be kept: %s", why)
        self._why = why
        return backoff_s(self._failures, salt=self.sender.device.bytes)
