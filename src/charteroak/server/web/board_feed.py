"""One feed of the board for all the browsers of this process.

A thread asks the board again at every hint, and every second without one. There is no
backlog to fall behind on: a subscriber always takes the latest whole board, so what
happened while a browser slept, or between two pages, is never lost.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Final

import attrs

from charteroak.core.errors import CharterOakError
from charteroak.server.actions.see_board import Board, board_hints, board_now
from charteroak.server.agency import Agency

LOOK_EVERY_S: Final = 1.0


@attrs.frozen(kw_only=True, repr=False)
class Latest:
    """What the feed knows.

    Attributes:
        change: counts the changes of the board in this process; 0: none seen yet.
        board: as it was last seen; None before the first look.
        down_since: since when the database does not answer; None: it does.
    """

    change: int = 0
    board: Board | None = None
    down_since: datetime | None = None


@attrs.frozen(eq=False)
class Subscriber:
    """One stream to one browser; belongs to the event loop it was made on."""

    _wake: Callable[[], None]
    changed: asyncio.Event

    def wake(self) -> None:
        """Say that there is something newer; from any thread."""
        self._wake()


class BoardFeed:
    """Looks at the board while anybody is subscribed; safe to share between threads."""

    def __init__(self, agency: Agency) -> None:
        self._agency = agency
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._subscribers: set[Subscriber] = set()
        self._runner: threading.Thread | None = None
        self._renewer = ThreadPoolExecutor(1, thread_name_prefix="board-renewal")
        self._renewal: Future[None] | None = None
        self._left = threading.Event()
        self._latest = Latest()
        self._closed = False

    @property
    def latest(self) -> Latest:
        """What is known now."""
        return self._latest

    @property
    def running(self) -> bool:
        """Whether it looks, and streams go on."""
        return self._runner is not None and not self._closed

    @property
    def streams(self) -> int:
        """How many browsers it goes to."""
        return len(self._subscribers)

    def close(self) -> None:
        """End all streams, because the server stops; browsers come again by themselves."""
        self._closed = True
        self._wake_all()

    @contextmanager
    def subscribe(self) -> Iterator[Subscriber]:
        """Be woken at every change; call on a running event loop."""
        loop = asyncio.get_running_loop()
        changed = asyncio.Event()

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(changed.set)

        subscriber = Subscriber(wake, changed)
        with self._lock:
            self._subscribers.add(subscriber)
            if self._runner is None:
                # What was seen before nobody looked is old: begin afresh.
                self._latest = Latest(change=self._latest.change)
                self._runner = threading.Thread(
                    target=self._run, name="board-feed", daemon=True
                )
                self._runner.start()
        try:
            yield subscriber
        finally:
            with self._lock:
                self._subscribers.discard(subscriber)
                if not self._subscribers:
                    self._left.set()

    def _run(self) -> None:
        try:
            while not self._deserted():
                self._listen()
        finally:
            # Whatever ended it: streams end too, browsers come again, and the first
            # of them starts a new one.
            with self._lock:
                if self._runner is threading.current_thread():
                    self._runner = None
            self._wake_all()

    def _listen(self) -> None:
        try:
            with closing(board_hints(self._agency, wait_s=LOOK_EVERY_S)) as hints:
                for _ in hints:
                    if self._deserted():
                        return
                    self._look()
        except CharterOakError:
            self._down()
            self._left.wait(LOOK_EVERY_S)

    def renew(self) -> Future[None]:
        """Look now: what a new subscriber is shown first is never from before it came.

        Whoever asks before a look has begun shares it, so a thousand browsers that come
        at once cost two looks, and none of the threads that pages need.
        """
        with self._lock:
            if self._renewal is None:
                self._renewal = self._renewer.submit(self._renew)
            return self._renewal

    def _renew(self) -> None:
        with self._lock:
            self._renewal = None
        # While the database is away, the feed's own thread tries; nobody waits for it.
        if self._latest.down_since is None:
            try:
                self._look()
            except CharterOakError:
                self._down()

    def _look(self) -> None:
        # One look at a time, so that an older answer never replaces a newer one.
        with self._looking:
            self._take(board_now(self._agency))

    def _take(self, board: Board) -> None:
        before = self._latest
        changed = (
            before.board is None
            or before.down_since is not None
            or _shown(before.board) != _shown(board)
        )
        self._latest = Latest(change=before.change + changed, board=board)
        if changed:
            self._wake_all()

    def _down(self) -> None:
        before = self._latest
        if before.down_since is None:
            self._latest = attrs.evolve(before, down_since=self._agency.clock())
            self._wake_all()

    def _deserted(self) -> bool:
        with self._lock:
            if self._subscribers:
                self._left.clear()
                return False
            self._runner = None
            return True

    def _wake_all(self) -> None:
        with self._lock:
            subscribers = list(self._subscribers)
        for subscriber in subscribers:
            subscriber.wake()


def _shown(board: Board) -> tuple[object, ...]:
    """What makes a new list worth sending; freshness is sent with every heartbeat."""
    return (board.alerts, board.unverified, board.disk_full)
