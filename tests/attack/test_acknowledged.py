"""Promise 11: what was acknowledged is there after kill -9, and twice counts once."""

import os
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import httpx2
import msgspec
import pytest
from tests.attack.a_running_server import Running, running
from tests.attack.a_site import a_marker

from charteroak.core.people import Role
from charteroak.core.wire import Batch

pytestmark = pytest.mark.slow

BATCHES = 60
IN_A_BATCH = 5
BURIED_WITHIN_S = 30
LIST = {
    "name": "Daily file",
    "list_class": "vehicle",
    "source": "State Police",
    "authority": "Conn. Gen. Stat.",
}


def deliver_until_it_dies(
    server: Running, batches: Sequence[Batch], acknowledged: set[int]
) -> None:
    for batch in batches:
        try:
            answer = server.send(batch)
        except httpx2.HTTPError:
            return
        if answer.status_code == 200:
            acknowledged.add(batch.sequence)


def kill_both(server: Running) -> None:
    """Database and server, so that neither can still write down what it holds."""
    noted = (server.data / "database" / "pgdata" / "postmaster.pid").read_text()
    database = int(noted.split()[0])
    os.kill(database, signal.SIGKILL)
    server.end(signal.SIGKILL)
    # Until somebody has buried it, PostgreSQL takes it for alive and will not start.
    deadline = time.monotonic() + BURIED_WITHIN_S
    while Path(f"/proc/{database}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def count(server: Running, query: str) -> int:
    with server.admin() as admin:
        row = admin.execute(query.encode()).fetchone()
    assert row is not None
    assert isinstance(row[0], int)
    return row[0]


def test_kill_9_of_the_server_in_the_midst_loses_and_doubles_nothing() -> None:
    marker = a_marker()
    with running() as server:
        rows = f"plate,reason\n{marker},stolen\n".encode()
        clerk = server.at_the_desk(Role.LIST_CLERK)
        assert clerk.post("/hot-lists", LIST, file=rows).status_code == 200
        box = server.box
        batches = [
            box.batch(*(box.seal(box.read(marker)) for _ in range(IN_A_BATCH)))
            for _ in range(BATCHES)
        ]
        acknowledged: set[int] = set()
        senders = [
            threading.Thread(
                target=deliver_until_it_dies,
                args=(server, batches[each::3], acknowledged),
            )
            for each in range(3)
        ]
        for sender in senders:
            sender.start()
        while len(acknowledged) < BATCHES // 4:
            assert any(sender.is_alive() for sender in senders)
        kill_both(server)
        for sender in senders:
            sender.join()
        assert len(acknowledged) < BATCHES, "it was killed too late to prove anything"

        server.start()
        there = count(server, "SELECT count(*)::int FROM reads")
        assert there >= len(acknowledged) * IN_A_BATCH
        assert there % IN_A_BATCH == 0
        answers = [server.send(batch) for batch in batches for _ in range(2)]

        assert {answer.status_code for answer in answers} == {200}
        for first, second in zip(answers[::2], answers[1::2], strict=True):
            assert first.content == second.content
            assert msgspec.msgpack.decode(first.content)["kept"] == IN_A_BATCH
        everything = BATCHES * IN_A_BATCH
        for query in (
            "SELECT count(*)::int FROM reads",
            "SELECT count(DISTINCT read_id)::int FROM reads",
            "SELECT sum(reads)::int FROM read_counts",
            "SELECT sum(hits)::int FROM read_counts",
            "SELECT count(*)::int FROM alerts",
            "SELECT count(DISTINCT read_id)::int FROM alert_evidence",
            "SELECT count(*)::int FROM log WHERE kind = 'alert.raised'",
        ):
            assert count(server, query) == everything, query
