"""What the box was told to keep, and what follows for each read.

The agency's server tells it, signed; nothing here on the box can loosen it. Three rules:

- **Unknown means no.** A box that was never told, whose orders are over, or that was told
  in a word it does not know, reads nothing.
- **The strictest counts.** A box that was once told to keep hits alone goes on so, also
  when it is told otherwise later: to keep more again it is enrolled anew.
- **The list is in memory alone**, with the key that it is read by. Without power both
  are gone.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import attrs
import msgspec
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from nacl.signing import SigningKey

from charteroak.core.box_list import (
    BoxListAnswer,
    Matching,
    StaleListError,
    UnreadableListError,
)
from charteroak.core.camera import CameraId
from charteroak.core.keeping import Mode
from charteroak.core.orders import (
    ForgedOrdersError,
    Orders,
    OrdersAnswer,
    Signed,
    open_list,
)
from charteroak.core.plate import PlateText
from charteroak.core.wire import MOST_HOURS, Enrolment, WireRead
from charteroak.edge.identity import Identity
from charteroak.edge.known_orders import (
    KnownOrders,
    Standing,
    checked,
    in_words,
    load_known,
    mode_of_orders,
)
from charteroak.edge.settings import DataFolder, write_durably
from charteroak.edge.spool import Spool
from charteroak.edge.spool_file import forget_aside
from charteroak.edge.uptime import Uptime, unknown

_HOUR_S: Final = 3600

_log = logging.getLogger(__name__)


@attrs.define(kw_only=True)
class Keeper:
    """Decides of every read whether the box keeps it, and sees that it does no more.

    Promises: while a read is weighed and put into the spool no new orders take effect,
    so none slips in after the spool was emptied. What is not kept is in no file, no
    log line and no message; that there was one is counted, by camera and hour.

    Attributes:
        folder: the box's.
        enrolment: whose box it is.
        identity: its key; lists are sealed to it.
        spool: takes what is kept.
        clock: the box's.
        uptime: the machine's, which nobody sets; without it the clock alone counts.
        asked: set once the server was asked, whatever became of it.
    """

    folder: DataFolder
    enrolment: Enrolment
    identity: Identity = attrs.field(repr=False)
    spool: Spool
    clock: Callable[[], datetime]
    uptime: Callable[[], Uptime | None] = unknown
    asked: threading.Event = attrs.field(factory=threading.Event, init=False)
    _guard: threading.RLock = attrs.field(factory=threading.RLock, init=False)
    _known: KnownOrders | None = attrs.field(default=None, init=False, repr=False)
    _unwritten: bool = attrs.field(default=False, init=False)
    _said: str = attrs.field(default="", init=False)
    _standing: Standing | None = attrs.field(default=None, init=False)
    _matching: Matching | None = attrs.field(default=None, init=False, repr=False)
    _forgotten: Counter[tuple[CameraId, int]] = attrs.field(factory=Counter, init=False)

    def open(self) -> None:
        """Take up what the box was told last; before anything is read.

        Raises:
            LostOrdersError: the file is damaged.
            SpoolUnavailableError: what must be destroyed could not be.
        """
        self._known = load_known(self.folder, self.enrolment, self.identity)
        if self._known is None:
            _log.warning("not told yet what may be kept: nothing is read until then")
            return
        try:
            orders = self._checked(self._known.answer, self._known.asked)
        except ForgedOrdersError as forged:
            _log.error("ALARM: the orders on file are not the agency's: %s", forged)
            return
        with self._guard:
            self._obey(
                Standing(orders=orders, came=self._known.came, uptime=self.uptime)
            )

    # ------------------------------------------------------------------------ told

    @property
    def orders(self) -> Orders | None:
        """The orders that count now; None: there are none."""
        standing = self._standing
        if standing is None or not standing.counts(self.clock()):
            return None
        return standing.orders

    @property
    def mode(self) -> Mode:
        """What the box keeps now."""
        return mode_of_orders(self.orders, forgets=self._forgets)

    @property
    def list_left_s(self) -> int | None:
        """For how long its list still counts; None: it has none in force."""
        standing, matching = self._standing, self._matching
        if standing is None or matching is None:
            return None
        left_s = int(matching.expires_s - standing.server_s(self.clock()))
        return left_s if left_s > 0 else None

    @property
    def list_tag(self) -> str:
        """Of the list that it has; empty: none."""
        return "" if self._matching is None else self._matching.tag

    def in_words(self) -> str:
        """What the box keeps, in a sentence."""
        return in_words(
            self.mode,
            told=self.orders is not None,
            has_list=self.list_left_s is not None,
        )

    def take_orders(self, answer: OrdersAnswer, *, asked: bytes) -> None:
        """Obey new orders: at once, for what waits already too.

        Args:
            answer: as received.
            asked: the nonce of the request that it answers.

        Raises:
            ForgedOrdersError: they are not the agency's, or not for this request.
            DataFolderError: they cannot be written down yet; they are obeyed.
            SpoolUnavailableError: what must be destroyed could not be: it is tried
                again with the next orders.
        """
        orders = self._checked(answer, asked)
        with self._guard:
            known = self._known
            fresh = KnownOrders(
                answer=answer,
                asked=asked,
                forgets=self._forgets or orders.told is Mode.EDGE_ONLY,
                list_number=0 if known is None else known.list_number,
                came=self.uptime(),
            )
            self._unwritten |= known is None or fresh.says_more_than(known)
            self._known = fresh if self._unwritten else known
            ahead_s = orders.server_s - self.clock().timestamp()
            try:
                # Written down first, so that a power cut does not undo it.
                self._write()
            finally:
                # A full disk is no reason to keep more.
                self._obey(
                    Standing(
                        orders=orders,
                        ahead_s=ahead_s,
                        came=fresh.came,
                        uptime=self.uptime,
                    )
                )

    def take_list(self, answer: BoxListAnswer) -> None:
        """Compare with another list from now on.

        Raises:
            ForgedOrdersError: it is not the agency's.
            UnreadableListError: it is no list, or not sealed to this box.
            StaleListError: it is over, older than one that this box had, or not the one
            that the orders name.
            DataFolderError: its number cannot be written down.
        """
        known, orders = self._known, self.orders
        if known is None or orders is None:
            raise StaleListError("a list without orders")
        signed = Signed(content=answer.content, signature=answer.signature)
        content = open_list(signed, signing_key=known.answer.signing_key)
        matching = Matching.of(content, _unsealed(answer.key, self.identity))
        with self._guard:
            if matching.tag != orders.list_tag:
                raise StaleListError("another list than the one that is in force")
            if matching.number < known.list_number:
                raise StaleListError("an older list than one that was known")
            standing = self._standing
            if standing is None or matching.expires_s <= standing.server_s(
                self.clock()
            ):
                raise StaleListError("the list is over already")
            if matching.number > known.list_number:
                self._known = msgspec.structs.replace(
                    self._known or known, list_number=matching.number
                )
                self._unwritten = True
                self._write()
            self._matching = matching

    # ------------------------------------------------------------------------ kept

    def keep(
        self,
        camera: CameraId,
        plate: PlateText,
        state: str | None,
        make: Callable[[], WireRead],
    ) -> bool:
        """Put a read into the spool, or forget it.

        Args:
            camera: that saw it.
            plate: as read.
            state: as read, None where none was.
            make: builds what is kept, with its pictures; not called for what is not.

        Returns:
            Whether it was kept.

        Raises:
            CharterOakError: the spool did not take it.
        """
        # Made ready before anybody is made to wait for it; most is not even made.
        read = make() if self._wanted(self.mode, plate, state) else None
        with self._guard:
            mode, now = self.mode, self.clock()
            if read is not None and self._wanted(mode, plate, state):
                self.spool.put(read, now, hit=mode is Mode.EDGE_ONLY)
                return True
            if mode is Mode.EDGE_ONLY:
                self._count(camera, now)
            return False

    def forgotten(self, camera: CameraId) -> list[tuple[int, int]]:
        """How many reads of a camera were forgotten at once, by hour, newest first."""
        with self._guard:
            return sorted(
                (
                    (hour, n)
                    for (whose, hour), n in self._forgotten.items()
                    if whose == camera
                ),
                reverse=True,
            )[:MOST_HOURS]

    def forget_list(self) -> None:
        """Let go of a list that is over; called every second."""
        if self._matching is not None and self.list_left_s is None:
            self._matching = None
            _log.error(
                "the hot list of this box is over and no other came: nothing matches"
            )

    # ------------------------------------------------------------------- internals

    @property
    def _forgets(self) -> bool:
        return self._known is not None and self._known.forgets

    def _wanted(self, mode: Mode, plate: PlateText, state: str | None) -> bool:
        return mode is Mode.ORDINARY or (
            mode is Mode.EDGE_ONLY and self._hits(plate, state)
        )

    def _hits(self, plate: PlateText, state: str | None) -> bool:
        standing, matching = self._standing, self._matching
        if standing is None or matching is None:
            return False
        try:
            return matching.hits(plate, state, server_s=standing.server_s(self.clock()))
        except StaleListError:
            return False

    def _count(self, camera: CameraId, now: datetime) -> None:
        hour = int(now.timestamp()) // _HOUR_S
        self._forgotten[camera, hour] += 1
        for old in [each for each in self._forgotten if each[1] <= hour - MOST_HOURS]:
            del self._forgotten[old]

    def _checked(self, answer: OrdersAnswer, asked: bytes) -> Orders:
        return checked(answer, asked=asked, enrolment=self.enrolment, known=self._known)

    def _obey(self, standing: Standing) -> None:
        self._standing = standing
        if self._forgets:
            gone = self.spool.keep_hits_only()
            forget_aside(self.folder.path, keep=timedelta(), now=self.clock())
            if gone:
                _log.warning(
                    "told to keep hits alone: %d reads that waited were destroyed", gone
                )
        self.spool.shorten(timedelta(seconds=standing.orders.keep_s))
        words = self.in_words()
        if words != self._said:
            _log.info("this box %s", words)
        self._said = words

    def _write(self) -> None:
        if self._unwritten and self._known is not None:
            write_durably(self.folder.orders, msgspec.json.encode(self._known))
            self._unwritten = False


def _unsealed(key: bytes, identity: Identity) -> bytes:
    own = SigningKey(identity.private_key.private_bytes_raw())
    lid: SealedBox[PrivateKey] = SealedBox(own.to_curve25519_private_key())
    try:
        return lid.decrypt(key)
    except (CryptoError, ValueError):
        raise UnreadableListError("the key of the list is not for this box") from None
