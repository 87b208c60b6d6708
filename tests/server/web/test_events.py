"""The stream of the board: fast, whole after every absence, and never silent about it."""

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from http import HTTPStatus

import attrs
import httpx2
import psycopg
import psycopg.sql
import pytest
from fastapi import FastAPI
from tests.support.agency import SettableClock
from tests.support.alerts import raised
from tests.support.live import served
from tests.support.postgres import TestAgency
from tests.support.web import ClientAs, Desk

from charteroak.core.alert import AlertId
from charteroak.core.people import Role
from charteroak.server.agency import Agency
from charteroak.server.web.board_feed import BoardFeed
from charteroak.server.web.session import COOKIE

WITHIN_S = 1.0


@attrs.frozen
class Event:
    """One server-sent event: its name and its text."""

    name: str
    text: str


@attrs.frozen
class Stream:
    """What a browser gets, event by event."""

    status: int
    events: Iterator[Event]

    def until(self, wanted: Callable[[Event], bool]) -> Event:
        """The next event of a kind."""
        return next(event for event in self.events if wanted(event))

    def board(self) -> str:
        """The next list of alerts."""
        return self.until(lambda event: event.name == "board").text


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    with served(app) as at:
        yield at


@contextmanager
def streaming(address: str, desk: Desk, query: str = "") -> Iterator[Stream]:
    token = desk.http.cookies.get(COOKIE)
    headers = {"cookie": f"{COOKIE}={token}"} if token else {}
    with (
        httpx2.Client(timeout=20, headers=headers) as client,
        client.stream("GET", f"{address}/board/events{query}") as answer,
        closing(_events(answer)) as events,
    ):
        yield Stream(answer.status_code, events)


def _events(answer: httpx2.Response) -> Generator[Event]:
    name, lines = "", []
    for line in answer.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            lines.append(line.removeprefix("data: "))
        elif not line and name:
            yield Event(name, "\n".join(lines))
            name, lines = "", []


def holds(alert_id: AlertId) -> Callable[[Event], bool]:
    return lambda event: event.name == "board" and str(alert_id) in event.text


def test_a_new_alert_arrives_within_a_second(
    agency: Agency, address: str, client_as: ClientAs
) -> None:
    with streaming(address, client_as(Role.DISPATCHER)) as stream:
        assert "Nothing to verify" in stream.board()
        alert_id = raised(agency)
        begun = time.monotonic()

        event = stream.until(holds(alert_id))

        assert time.monotonic() - begun < WITHIN_S
        assert 'data-waiting="1"' in event.text


def test_without_any_hint_it_arrives_all_the_same(
    agency: Agency, address: str, client_as: ClientAs
) -> None:
    with streaming(address, client_as(Role.OFFICER)) as stream:
        stream.board()
        alert_id = raised(agency, hinted=False)
        begun = time.monotonic()

        stream.until(holds(alert_id))

        assert time.monotonic() - begun < WITHIN_S + 1


def test_who_comes_back_gets_all_that_happened_meanwhile(
    agency: Agency, address: str, client_as: ClientAs
) -> None:
    desk = client_as(Role.DISPATCHER)
    with streaming(address, desk) as stream:
        stream.board()
    missed = [raised(agency, hinted=False) for _ in range(3)]

    with streaming(address, desk) as stream:
        first = stream.board()

    assert all(str(alert_id) in first for alert_id in missed)


def test_twenty_browsers_get_it(
    agency: Agency, address: str, client_as: ClientAs
) -> None:
    desk = client_as(Role.DISPATCHER)
    ready = threading.Barrier(21)
    took: list[float] = []
    raising: list[tuple[AlertId, float]] = []

    def watch() -> None:
        with streaming(address, desk) as stream:
            stream.board()
            ready.wait()
            event = stream.until(
                lambda event: event.name == "board" and 'data-waiting="1"' in event.text
            )
            took.append(time.monotonic())
            assert str(raising[0][0]) in event.text

    threads = [threading.Thread(target=watch) for _ in range(20)]
    for thread in threads:
        thread.start()
    ready.wait()
    raising.append((raised(agency), time.monotonic()))
    for thread in threads:
        thread.join()

    assert len(took) == 20
    assert max(took) - raising[0][1] < WITHIN_S


def test_a_locked_session_goes_on_receiving_and_opens_nothing(
    agency: Agency,
    agency_clock: SettableClock,
    address: str,
    client_as: ClientAs,
) -> None:
    desk = client_as(Role.DISPATCHER)
    agency_clock.advance(timedelta(minutes=31))
    alert_id = raised(agency)

    with streaming(address, desk) as stream:
        assert str(alert_id) in stream.board()

    assert desk.get(f"/alerts/{alert_id}").status_code == HTTPStatus.UNAUTHORIZED
    picture = desk.get(f"/alerts/{alert_id}/plate.jpg")
    assert picture.status_code == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR, Role.LIST_CLERK])
def test_who_may_not_see_alerts_gets_no_stream(
    agency: Agency, address: str, client_as: ClientAs, role: Role
) -> None:
    raised(agency)

    with streaming(address, client_as(role)) as stream:
        assert stream.status == HTTPStatus.FORBIDDEN
        assert list(stream.events) == []


def test_without_a_session_there_is_no_stream(
    address: str, client_as: ClientAs
) -> None:
    with streaming(address, client_as()) as stream:
        assert stream.status == HTTPStatus.UNAUTHORIZED


def test_the_stream_keeps_the_filter_and_counts_what_it_hides(
    agency: Agency, address: str, client_as: ClientAs
) -> None:
    alert_id = raised(agency)

    with streaming(address, client_as(Role.DISPATCHER), "?show=confirmed") as stream:
        text = stream.board()

    assert f'data-alert="{alert_id}"' not in text
    assert f'data-loud="{alert_id} "' in text
    assert "1 unverified is outside this filter" in text


def test_when_the_database_goes_away_it_says_so_and_comes_back(
    agency: Agency,
    agency_schema: TestAgency,
    address: str,
    client_as: ClientAs,
) -> None:
    desk_role = psycopg.sql.Identifier(f"{agency_schema.schema}_desk")

    def may_log_in(word: str) -> None:
        with psycopg.connect(agency_schema.admin_dsn, autocommit=True) as admin:
            admin.execute(
                psycopg.sql.SQL("ALTER ROLE {} {}").format(
                    desk_role, psycopg.sql.SQL(word)
                )
            )
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE usename = %s",
                [f"{agency_schema.schema}_desk"],
            )

    alert_id = raised(agency)
    with streaming(address, client_as(Role.DISPATCHER)) as stream:
        assert str(alert_id) in stream.board()
        may_log_in("NOLOGIN")
        event = stream.until(lambda event: "does not answer since" in event.text)
        assert event.name == "strip"
        may_log_in("LOGIN")

        assert str(alert_id) in stream.board()


def test_nobody_looks_when_nobody_watches(
    agency: Agency, app: FastAPI, address: str, client_as: ClientAs
) -> None:
    with streaming(address, client_as(Role.DISPATCHER)) as stream:
        stream.board()
        feed = app.state.board_feed
        assert isinstance(feed, BoardFeed)
        assert feed.running

    deadline = time.monotonic() + 20
    while feed.running:
        # The server notices a closed connection when it next writes.
        raised(agency)
        assert time.monotonic() < deadline
        time.sleep(0.2)
