"""The database dies, or is restarted, under load: it comes back, and nothing is lost."""

import contextlib
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from charteroak.core.people import Role
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

UNAVAILABLE = "charteroak.store.unavailable"
SAYS_SO = "The database does not answer"


def pgdata(server: Running) -> Path:
    return server.data / "database" / "pgdata"


def postmaster(server: Running) -> int | None:
    """The database's process; None while it has none."""
    with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
        return int((pgdata(server) / "postmaster.pid").read_text().splitlines()[0])
    return None


@contextmanager
def unstartable(server: Running) -> Iterator[None]:
    """A database that dies in this block stays dead until its end."""
    control = pgdata(server) / "global" / "pg_control"
    hidden = control.with_name("pg_control.hidden")
    control.rename(hidden)
    try:
        yield
    finally:
        hidden.rename(control)


def test_killed_and_away_for_a_while(server: Running) -> None:
    desk = server.at_the_desk(Role.DISPATCHER)
    until(lambda: takes_reads(server), "the server is not up")
    with watching(desk) as board, delivering(server) as box:
        box.more()
        board.until("board", lambda text: "data-waiting" in text)
        killed = postmaster(server)
        assert killed is not None
        with unstartable(server):
            os.kill(killed, signal.SIGKILL)

            check_sent_away(box.unavailable(), UNAVAILABLE)
            board.until("strip", lambda text: "does not answer since" in text)
            page = desk.get("/status")
            assert page.status_code == 503
            assert page.headers["retry-after"] == "3"
            assert SAYS_SO in page.text
            assert "Nothing is lost." in page.text
            assert server.client().get("/api/v1/health").status_code == 200

        box.more()
        board.until("strip", lambda text: "does not answer" not in text)
        assert desk.get("/board").status_code == 200
        assert postmaster(server) not in {None, killed}
    check_nothing_lost(server, box)


def test_restarted_by_hand(server: Running) -> None:
    """As `pg_ctl restart` does it: stopped, and started again, by our supervisor."""
    desk = server.at_the_desk(Role.DISPATCHER)
    until(lambda: takes_reads(server), "the server is not up")
    with watching(desk) as board, delivering(server) as box:
        box.more()
        board.until("board", lambda text: "data-waiting" in text)
        before = postmaster(server)
        assert before is not None

        os.kill(before, signal.SIGINT)

        until(
            lambda: postmaster(server) not in {None, before}, "it is not started again"
        )
        box.more()
        board.until("strip", lambda text: "does not answer" not in text)
        until(lambda: desk.get("/board").status_code == 200, "the board stays away")
    check_nothing_lost(server, box)


def test_one_of_its_processes_dies(server: Running) -> None:
    """PostgreSQL then ends all sessions and recovers by itself: so must the pools."""
    desk = server.at_the_desk(Role.DISPATCHER)
    until(lambda: takes_reads(server), "the server is not up")
    with delivering(server) as box:
        box.more()
        with server.admin() as connection:
            row = connection.execute(
                "SELECT pid FROM pg_stat_activity "
                "WHERE application_name = 'charteroak-ingest' ORDER BY pid LIMIT 1"
            ).fetchone()
        assert row is not None

        os.kill(int(str(row[0])), signal.SIGKILL)

        box.more()
        until(lambda: desk.get("/board").status_code == 200, "the board stays away")
    check_nothing_lost(server, box)
