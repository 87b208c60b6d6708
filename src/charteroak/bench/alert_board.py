"""A dispatcher's browser, for a benchmark: signed in, with the board's stream open."""

import contextlib
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from typing import Final
from uuid import UUID

import httpx2

from charteroak.bench.bench import BenchFailedError
from charteroak.bench.boxes import ADMINISTRATOR
from charteroak.bench.site import Server
from charteroak.core.people import Role
from charteroak.server.actions.add_person import PersonAdded, add_person

_LOGIN: Final = "dispatcher"
_ALERT: Final = re.compile(r"/alerts/([0-9a-f-]{36})")
_COME_AGAIN_S: Final = 1.0
"""As the server asks of browsers; its streams end by themselves after a minute."""

_PATIENCE_S: Final = 60.0


class Board:
    """The stream of the board, read as it comes.

    Attributes:
        seen: when each alert was first in an event that had arrived whole, by its id;
            seconds of `time.perf_counter`.
        open: set while a stream is open and the whole board has come.
    """

    def __init__(self, address: str, cookie: str) -> None:
        self.seen: dict[UUID, float] = {}
        self.open = threading.Event()
        self._address = address
        self._cookie = cookie
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="browser")
        self._thread.start()

    def close(self) -> None:
        """Close the stream at its next event or heartbeat, and wait for that."""
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        with httpx2.Client(trust_env=False, timeout=_PATIENCE_S) as client:
            while not self._stop.is_set():
                # A stream that breaks off is opened again, as a browser does.
                with contextlib.suppress(httpx2.HTTPError):
                    self._read(client)
                self.open.clear()
                self._stop.wait(_COME_AGAIN_S)

    def _read(self, client: httpx2.Client) -> None:
        with client.stream(
            "GET", f"{self._address}/board/events", headers={"Cookie": self._cookie}
        ) as answer:
            event: list[str] = []
            for line in answer.iter_lines():
                if self._stop.is_set():
                    return
                if line:
                    event.append(line)
                    continue
                self._take("\n".join(event), time.perf_counter())
                event.clear()

    def _take(self, event: str, at: float) -> None:
        for found in _ALERT.findall(event):
            self.seen.setdefault(UUID(found), at)
        if event.startswith("event: board"):
            self.open.set()


@contextmanager
def a_board(server: Server) -> Iterator[Board]:
    """Sign a dispatcher in, and keep the board open for the length of a block.

    Raises:
        BenchFailedError: nobody could sign in, or no board came.
    """
    board = Board(server.address, _sign_in(server))
    try:
        if not board.open.wait(_PATIENCE_S):
            raise BenchFailedError("the board did not come")
        yield board
    finally:
        board.close()


def _sign_in(server: Server) -> str:
    """The cookie of a session, got as a browser gets it."""
    with server.agency() as agency:
        added = add_person(
            agency,
            ADMINISTRATOR,
            login=_LOGIN,
            name="Dispatcher",
            roles=frozenset({Role.DISPATCHER}),
            password=agency.entropy(16).hex(),
        )
    if not isinstance(added, PersonAdded):
        raise BenchFailedError("nobody could be added")
    answer = httpx2.post(
        f"{server.address}/sign-in",
        data={"login": _LOGIN, "password": added.password},
        headers={"Origin": server.address},
        trust_env=False,
        timeout=_PATIENCE_S,
    )
    cookies = SimpleCookie(answer.headers.get("set-cookie", ""))
    if not cookies:
        raise BenchFailedError("nobody could sign in")
    # By hand: a client's jar keeps a Secure cookie from plain HTTP, a browser does not
    # where the server is this machine.
    return "; ".join(f"{name}={each.value}" for name, each in cookies.items())
