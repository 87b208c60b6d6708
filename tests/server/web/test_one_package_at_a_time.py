"""One package is made at a time: whoever comes meanwhile is told, and loses nothing."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import attrs
import psycopg
import pytest
from fastapi import FastAPI
from tests.server.actions.test_export_broken_off import Watched
from tests.server.actions.test_export_case import held
from tests.server.actions.test_holds import CASE
from tests.support.a_partner import asked_by, entered, partner
from tests.support.postgres import TestAgency
from tests.support.sightings import a_read, log_kinds, person, taken
from tests.support.tables import Tables
from tests.support.web import ClientAs

from charteroak.core.people import Role
from charteroak.core.read import Read
from charteroak.server.actions.decide_disclosure import decide_disclosure
from charteroak.server.agency import Agency
from charteroak.server.store import packing
from charteroak.server.store.database import Changes
from charteroak.server.store.roles import Role as DatabaseRole
from charteroak.server.web.app import create_app

SAID = "Another package is being made; try again in a minute."
PATIENCE_S = 60


@attrs.frozen
class Gate:
    """Holds a package up half-way, at its first picture, until a test lets it go on."""

    reached: threading.Event = attrs.field(factory=threading.Event)
    open: threading.Event = attrs.field(factory=threading.Event)

    def pass_through(self) -> None:
        self.reached.set()
        assert self.open.wait(PATIENCE_S)


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open.set()


@pytest.fixture
def app(agency: Agency, gate: Gate) -> FastAPI:
    slow = Watched(agency, then=gate.pass_through)
    return create_app(attrs.evolve(agency, pictures=slow))


@pytest.fixture
def release(agency: Agency) -> str:
    """Where an approved request is released."""
    taken(agency, a_read(agency, "BK47193"), pictures=(b"plate", b"car"))
    here = partner(agency, "Hartford Police", "CT")
    number = entered(agency, asked_by(agency, here, plate="BK47193"))
    decide_disclosure(
        agency, person(Role.SUPERVISOR), number, approve=True, reason="It bears it out"
    )
    return f"/disclosure/requests/{number}/release"


def export_form(read: Read) -> dict[str, str | list[str]]:
    return {
        "purpose": "robbery",
        "to": "prosecutor",
        "name": "State's Attorney, Hartford",
        "note": "Trial, count 2 of the robbery",
        "read": str(read.read_id),
        "sure": "yes",
    }


def test_of_two_at_once_the_second_is_told_and_the_first_is_whole(
    agency: Agency, client_as: ClientAs, gate: Gate, release: str
) -> None:
    read, _hold = held(agency)
    one, other = client_as(Role.SUPERVISOR), client_as(Role.SUPERVISOR)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(one.post, release)
        assert gate.reached.wait(PATIENCE_S)

        again = other.post(release)
        assert again.status_code == 303
        assert again.headers["location"].endswith("said=busy")
        assert SAID in other.get(again.headers["location"]).text
        exported = other.post(f"/export/{CASE}", export_form(read))
        assert exported.status_code == 503
        assert SAID.removesuffix(".") in exported.text
        # What was typed stands there still.
        assert "Trial, count 2 of the robbery" in exported.text
        assert log_kinds(agency)[-3:-1] == ["export.asked", "export.answered"]

        gate.open.set()
        done = first.result(PATIENCE_S)
    assert done.headers["content-type"] == "application/zip"
    assert len(done.content) > 1000
    for answer in (
        other.post(release),
        other.post(f"/export/{CASE}", export_form(read)),
    ):
        assert answer.headers["content-type"] == "application/zip"
    assert log_kinds(agency).count("disclosure.released") == 2


def is_free(agency_schema: TestAgency) -> bool:
    with psycopg.connect(agency_schema.dsn(DatabaseRole.DESK)) as here:
        return packing.take(Changes(here))


def test_another_process_counts_too_and_so_does_one_that_dies(
    client_as: ClientAs,
    agency_schema: TestAgency,
    gate: Gate,
    release: str,
    tables: Tables,
) -> None:
    gate.open.set()
    desk = client_as(Role.SUPERVISOR)
    with psycopg.connect(agency_schema.dsn(DatabaseRole.DESK)) as elsewhere:
        assert packing.take(Changes(elsewhere))
        busy = desk.post(release)
        assert busy.headers["location"].endswith("said=busy")
        # Nothing was decided, looked up or recorded.
        assert "disclosure.released" not in tables.log_kinds()
        elsewhere.close()
    # The server notices that it is gone a moment later.
    deadline = time.monotonic() + PATIENCE_S
    while not is_free(agency_schema):
        assert time.monotonic() < deadline
    assert desk.post(release).headers["content-type"] == "application/zip"


def test_another_agency_of_the_same_database_has_a_turn_of_its_own(
    agency: Agency, agency_schema: TestAgency
) -> None:
    with (
        psycopg.connect(agency_schema.dsn(DatabaseRole.DESK)) as elsewhere,
        agency.database.changes() as tx,
    ):
        elsewhere.execute("SET search_path TO pg_catalog")
        assert packing.take(Changes(elsewhere))
        assert packing.take(tx)
