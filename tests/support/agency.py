"""A real agency: PostgreSQL, files, keys and the law of Connecticut, and a set clock."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest

from charteroak.core.policy import RuleBook
from charteroak.core.retention import Retention
from charteroak.law.loader import load_profile
from charteroak.server.actions.make_buckets import make_buckets
from charteroak.server.agency import Agency
from charteroak.server.settings import Settings
from charteroak.server.store.database import Database
from charteroak.server.store.roles import Role
from charteroak.server.vault.hot_file import HotFile
from charteroak.server.vault.keys import Keys
from charteroak.server.vault.pictures import Pictures
from tests.support.postgres import TestAgency, agency_schemas
from tests.support.shelf import Shelf

NOON = datetime(2026, 10, 15, 12, tzinfo=UTC)
"""When every test begins: two weeks into the law of Connecticut."""


@attrs.define
class SettableClock:
    """A clock that stands still until a test moves it."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


@pytest.fixture
def agency_clock() -> SettableClock:
    """The clock of `agency`; set `now`, or `advance` it."""
    return SettableClock()


@pytest.fixture(scope="session")
def schemas(postgres_dsn: str) -> Iterator[Shelf]:
    """Agencies with every migration of this release, and nothing else."""
    with agency_schemas(postgres_dsn) as make:
        yield Shelf(lambda: make(None), lambda _schema: None)


@pytest.fixture(scope="session")
def agencies(
    postgres_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shelf]:
    """Agencies with their buckets made, as of `NOON`."""

    def prepare(schema: TestAgency) -> None:
        data = tmp_path_factory.mktemp("prepared")
        with opened(an_agency(schema, SettableClock(), data)):
            pass

    with agency_schemas(postgres_dsn) as make:
        yield Shelf(lambda: make(None), prepare)


@pytest.fixture
def agency_schema(
    schemas: Shelf, agencies: Shelf, request: pytest.FixtureRequest
) -> Iterator[TestAgency]:
    """An agency as new in the database: that of `agency`, where a test has one."""
    shelf = agencies if "agency" in request.fixturenames else schemas
    taken = shelf.take()
    yield taken
    shelf.give_back(taken)


@pytest.fixture
def agency(
    agency_schema: TestAgency, agency_clock: SettableClock, tmp_path: Path
) -> Iterator[Agency]:
    """An agency as new, its buckets made, nothing else in it."""
    with opened(an_agency(agency_schema, agency_clock, tmp_path)) as made:
        yield made


@contextmanager
def a_fresh_agency(
    agencies: Shelf, clock: SettableClock, data: Path
) -> Iterator[Agency]:
    """As `agency`, for a whole module."""
    taken = agencies.take()
    with opened(an_agency(taken, clock, data)) as made:
        yield made
    agencies.give_back(taken)


@contextmanager
def opened(made: Agency) -> Iterator[Agency]:
    """An agency with its database open and its buckets made."""
    made.database.open()
    try:
        make_buckets(made)
        yield made
    finally:
        made.database.close()


def an_agency(schema: TestAgency, clock: SettableClock, data: Path) -> Agency:
    """The agency of a schema, with its files below `data`; its database not yet open."""
    settings = Settings(data=data, agency=schema.slug)
    profile = load_profile(settings.jurisdiction, on=clock().date())
    keys = Keys(data / "keys", entropy=secrets.token_bytes)
    return Agency(
        settings=settings,
        profile=profile,
        rules=RuleBook(sets=(profile.rules,)),
        retention=Retention(profile.read_limit),
        database=Database(
            {role.value: schema.dsn(role) for role in Role}, schema=schema.schema
        ),
        keys=keys,
        pictures=Pictures(data / "pictures", keys=keys, entropy=secrets.token_bytes),
        hot_file=HotFile(data / "hotlist.index"),
        clock=clock,
        entropy=secrets.token_bytes,
    )
