"""A browser sleeps for an hour, and comes back to a board that has all of it."""

import select
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus

import attrs
import httpx2
import pytest
from fastapi import FastAPI
from playwright.sync_api import BrowserContext, Page, expect

from charteroak.core.alert import AlertId
from charteroak.core.people import Role
from charteroak.server.actions.see_board import UNVERIFIED_MOST, board_now
from charteroak.server.agency import Agency
from charteroak.server.web.board_view import BoardFilter, board_context
from charteroak.server.web.render import Pages
from charteroak.server.web.session import COOKIE
from tests.support.agency import SettableClock
from tests.support.alerts import Hit, raised
from tests.support.live import served
from tests.support.web import ClientAs, Desk

pytestmark = pytest.mark.browser

HOUR = timedelta(hours=1)
MEANWHILE = 70
WITHIN_MS = 60_000


class Link:
    """The wire between a browser and a server, which can be cut."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._wires: list[socket.socket] = []
        self._lock = threading.Lock()
        self._there = True
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Nothing goes through any more, and nothing new either."""
        with self._lock:
            self._there = False
            for wire in self._wires:
                wire.close()
            self._wires.clear()

    def mend(self) -> None:
        """Whoever comes again gets through."""
        self._there = True

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                browser, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if not self._there:
                    browser.close()
                    continue
                server = socket.create_connection(("127.0.0.1", self._port))
                self._wires += [browser, server]
            threading.Thread(
                target=self._carry, args=(browser, server), daemon=True
            ).start()

    @staticmethod
    def _carry(browser: socket.socket, server: socket.socket) -> None:
        other = {browser: server, server: browser}
        try:
            while True:
                ready, _, _ = select.select([browser, server], [], [], 0.2)
                for wire in ready:
                    some = wire.recv(65536)
                    if not some:
                        return
                    other[wire].sendall(some)
        except (OSError, ValueError):
            return
        finally:
            browser.close()
            server.close()


@contextmanager
def linked(app: FastAPI) -> Iterator[Link]:
    with served(app) as address:
        link = Link(httpx2.URL(address).port or 0)
        try:
            yield link
        finally:
            link.close()


@attrs.frozen
class Shown:
    """What is on the board, card by card."""

    alerts: list[str]
    waiting: list[bool]

    @classmethod
    def on(cls, page: Page) -> "Shown":
        cards = page.locator("[data-alert]")
        numbers = cards.evaluate_all("cards => cards.map(c => c.dataset.alert)")
        waits = cards.evaluate_all("cards => cards.map(c => 'waits' in c.dataset)")
        return cls([str(each) for each in numbers], [bool(each) for each in waits])


def test_every_alert_of_the_hour_is_there_once_and_the_page_says_it_was_away(
    agency: Agency,
    agency_clock: SettableClock,
    app: FastAPI,
    client_as: ClientAs,
    browser_context: BrowserContext,
) -> None:
    desk = client_as(Role.DISPATCHER)
    known = raised(agency)
    reject(desk, known)
    first = raised(agency)
    with linked(app) as link:
        browser_context.add_cookies(
            [
                {
                    "name": COOKIE,
                    "value": desk.http.cookies[COOKIE],
                    "domain": "127.0.0.1",
                    "path": "/",
                    "secure": True,
                    "httpOnly": True,
                }
            ]
        )
        page = browser_context.new_page()
        errors = list[str]()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.clock.install()
        page.goto(f"{link.address}/board")
        state, away = page.locator("[data-connection]"), page.locator("[data-away]")
        expect(state).to_have_text("Live", timeout=WITHIN_MS)
        expect(page).to_have_title("(1) Board · Town Police Department")
        expect(away).to_be_hidden()

        link.cut()
        expect(state).to_contain_text("Reconnecting… since", timeout=WITHIN_MS)
        agency_clock.advance(HOUR)
        missed = [raised(agency) for _ in range(MEANWHILE)]
        # As when the lid is opened: clocks have jumped, timers fire once.
        page.clock.fast_forward("01:00:00")
        link.mend()

        expect(page).to_have_title(
            f"({MEANWHILE + 1}) Board · Town Police Department", timeout=WITHIN_MS
        )
        expect(state).to_have_text("Live", timeout=WITHIN_MS)
        expect(away).to_contain_text(f"Alerts that came meanwhile: {MEANWHILE}.")
        check_whole(Shown.on(page), {first, *missed}, reviewed={known})
        away.get_by_role("button").click()
        expect(away).to_be_hidden()

        late = raised(agency)
        expect(page.locator(f'[data-alert="{late}"]')).to_be_visible(timeout=WITHIN_MS)
        expect(away).to_be_hidden()
        check_whole(Shown.on(page), {first, late, *missed}, reviewed={known})
        assert errors == []


def reject(desk: Desk, alert: AlertId) -> None:
    done = desk.post(f"/alerts/{alert}/reject", {"rejection": "wrong_vehicle"})
    assert done.status_code == HTTPStatus.SEE_OTHER


def check_whole(shown: Shown, waiting: set[AlertId], *, reviewed: set[AlertId]) -> None:
    """All are there, none twice, and those that wait come first."""
    assert Counter(shown.alerts) == Counter(map(str, waiting | reviewed))
    assert shown.waiting == [True] * len(waiting) + [False] * len(reviewed)


def test_more_than_the_board_holds_is_counted_and_not_forgotten(
    agency: Agency, app: FastAPI
) -> None:
    for _ in range(3):
        raised(agency, Hit(plate="AB12345"))
    board = board_now(agency)
    assert len(board.alerts) < UNVERIFIED_MOST
    assert board.unverified_older == 0
    # As it would be with a board for one alert.
    short = attrs.evolve(board, alerts=board.alerts[:1])

    pages = app.state.pages
    assert isinstance(pages, Pages)
    text = pages.write(
        "board.html", board_context(short, BoardFilter()), block="alerts"
    )

    assert short.unverified_older == 2
    assert "2 older ones come up as these are verified" in text
