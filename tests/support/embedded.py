"""Owners of an embedded database that tests start, commit to and kill."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import psycopg
import pytest

from charteroak.server.store.postgres import leftovers
from charteroak.server.store.postgres.supervisor import EmbeddedPostgres
from tests.support.postgres import reachable_folder

ROOT = os.geteuid() == 0
_OWNER = Path(__file__).with_name("an_owner.py")
PATIENCE_S = 60.0

as_root = pytest.mark.skipif(not ROOT, reason="only root changes users and mounts")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


@pytest.fixture
def folder() -> Iterator[Path]:
    with reachable_folder("supervisor") as path:
        yield path


class Make(Protocol):
    """Makes a supervisor of a folder with this name."""

    def __call__(self, name: str = "data") -> EmbeddedPostgres: ...


@pytest.fixture
def make(folder: Path, postgres_programs: Path) -> Iterator[Make]:
    """Make supervisors of `folder/data` that are stopped after the test."""
    made: list[EmbeddedPostgres] = []

    def make(name: str = "data") -> EmbeddedPostgres:
        server = EmbeddedPostgres(folder / name, binaries_dir=postgres_programs)
        made.append(server)
        return server

    yield make
    for server in made:
        server.stop()


def commit(dsn: str, number: int) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept VALUES (%(n)s)", {"n": number})


def kept(dsn: str) -> list[int]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT n FROM kept ORDER BY n").fetchall()
    return [int(row[0]) for row in rows]


def setting(dsn: str, name: str) -> str:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "SELECT current_setting(%(name)s)", {"name": name}
        ).fetchone()
    assert row is not None
    return str(row[0])


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


@contextlib.contextmanager
def an_owner_process(
    data: Path, programs: Path, tie: str = "death-signal"
) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """Another process that owns a running server; killed at the end."""
    path = os.pathsep.join(sys.path)
    with subprocess.Popen(
        [sys.executable, str(_OWNER), str(data), str(programs), tie],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:
        try:
            assert process.stdout is not None
            server = int(process.stdout.readline())
            yield process, server, process.stdout.readline().strip()
        finally:
            process.kill()
            process.wait()
            leftovers.wait_until_gone(data / "pgdata", waiting=lambda _: None)
