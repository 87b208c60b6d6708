"""The database dies under the boxes' entrance: 503, and nothing is lost or doubled."""

import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx2
import msgspec
import pytest
from starlette.testclient import TestClient
from tests.support.agency import SettableClock, an_agency
from tests.support.box import URL, FakeBox, a_box
from tests.support.postgres import APPLIED_AT, TestAgency, reachable_folder
from tests.support.tables import Tables

from charteroak.core.wire import Batch, BatchAnswer
from charteroak.server.actions.make_buckets import make_buckets
from charteroak.server.agency import Agency
from charteroak.server.store import migrate
from charteroak.server.store.postgres import leftovers
from charteroak.server.store.postgres.supervisor import EmbeddedPostgres
from charteroak.server.store.roles import AgencySchema, Passwords
from charteroak.server.web.app import create_app

PLATE = "QX7SECR"


@pytest.fixture
def server(postgres_programs: Path) -> Iterator[EmbeddedPostgres]:
    """A database of this test alone, that may be killed."""
    with (
        reachable_folder("data") as folder,
        EmbeddedPostgres(
            folder / "database", binaries_dir=postgres_programs
        ) as running,
    ):
        yield running


@pytest.fixture
def schema(server: EmbeddedPostgres) -> TestAgency:
    made = TestAgency(
        names=AgencySchema("town"),
        passwords=Passwords(secrets.token_bytes(32)),
        admin_dsn=server.dsn,
    )
    migrate.migrate(
        server.dsn, made.names, passwords=made.passwords, applied_at=APPLIED_AT
    )
    return made


@pytest.fixture
def mortal(
    schema: TestAgency, agency_clock: SettableClock, tmp_path: Path
) -> Iterator[Agency]:
    """An agency whose database is `server`."""
    made = an_agency(schema, agency_clock, tmp_path)
    made.database.open()
    try:
        make_buckets(made)
        yield made
    finally:
        made.database.close()


def send(http: TestClient, box: FakeBox, batch: Batch) -> httpx2.Response:
    body = msgspec.msgpack.encode(batch)
    return http.post(URL, content=body, headers=dict(box.request(body).fields))


def kept(answer: httpx2.Response) -> int:
    assert answer.status_code == 200, answer.text
    return msgspec.msgpack.decode(answer.content, type=BatchAnswer).kept


def test_a_dead_database_loses_nothing(
    mortal: Agency,
    server: EmbeddedPostgres,
    schema: TestAgency,
    caplog: pytest.LogCaptureFixture,
) -> None:
    http = TestClient(create_app(mortal), base_url="https://localhost")
    box = a_box(mortal)
    tables = Tables(schema)
    first = box.batch(*(box.seal(box.read(PLATE, picture=b"1")) for _ in range(3)))
    second = box.batch(*(box.seal(box.read(PLATE, picture=b"2")) for _ in range(2)))
    assert kept(send(http, box, first)) == 3

    pgdata = server._folder.pgdata
    os.kill(server.process, signal.SIGKILL)
    server.wait(30)
    # Its sessions end a moment after it, and would still answer.
    leftovers.wait_until_gone(pgdata, waiting=lambda _: None)
    answer = send(http, box, second)

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "3"
    assert answer.json()["code"] == "charteroak.store.unavailable"
    assert PLATE not in answer.text
    assert PLATE not in caplog.text

    server.restart()
    # What was acknowledged before the crash is there, and is not taken twice.
    assert tables.count("reads") == 3
    assert kept(send(http, box, second)) == 2
    assert kept(send(http, box, first)) == 3
    assert tables.count("reads") == 5
    assert tables.rows("SELECT sum(reads)::int FROM read_counts") == [(5,)]
    for (ref,) in tables.rows("SELECT plate_picture FROM reads"):
        assert mortal.pictures.fetch(str(ref)) in {b"1", b"2"}
