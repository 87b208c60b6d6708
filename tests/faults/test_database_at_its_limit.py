"""Other programs hold every connection that the database has."""

import contextlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import pytest

from charteroak.core.people import Role
from charteroak.server.store.postgres.supervisor import dsn_of_running
from tests.attack.a_running_server import Running
from tests.faults.boxes import (
    check_nothing_lost,
    check_sent_away,
    delivering,
    takes_reads,
    until,
)
from tests.faults.streams import watching

pytestmark = pytest.mark.xdist_group("faults")

ALL_OF_OURS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE application_name LIKE 'charteroak-%'
"""


@contextmanager
def all_connections_taken(server: Running) -> Iterator[None]:
    """Take what is free, and what the server had, until nothing is left."""
    dsn = dsn_of_running(server.data / "database")
    assert dsn is not None
    with ExitStack() as stack:

        def connect() -> "psycopg.Connection[tuple[object, ...]]":
            return stack.enter_context(psycopg.connect(dsn, autocommit=True))

        first = connect()

        def none_is_left() -> bool:
            with contextlib.suppress(psycopg.OperationalError):
                while True:
                    connect()
            ended = first.execute(ALL_OF_OURS).rowcount
            return ended == 0

        until(none_is_left, "the server always has a connection left")
        yield


def test_boxes_are_sent_away_pages_say_so_and_all_goes_on_when_it_is_over(
    server: Running,
) -> None:
    desk = server.at_the_desk(Role.DISPATCHER)
    until(lambda: takes_reads(server), "the server is not up")
    with watching(desk) as board, delivering(server) as box:
        box.more()
        board.until("board", lambda text: "data-waiting" in text)
        with all_connections_taken(server):
            check_sent_away(box.unavailable(), "charteroak.store.unavailable")
            page = desk.get("/cameras")
            assert page.status_code == 503
            assert "The database does not answer" in page.text
            board.until("strip", lambda text: "does not answer since" in text)
            # Long enough for a pool to have waited, tried again and given up.
            box.unavailable()
            assert server.client().get("/api/v1/health").status_code == 200

        box.more()
        board.until("strip", lambda text: "does not answer" not in text)
        assert desk.get("/cameras").status_code == 200
    check_nothing_lost(server, box)
