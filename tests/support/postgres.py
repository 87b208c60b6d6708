"""A real PostgreSQL for the tests, and a fresh agency in it.

`CHARTEROAK_TEST_DSN` names a server to use (its login must be a superuser); without it
an embedded one is started, one for each worker of pytest-xdist. Roles are made with
unique names and dropped afterwards, so one server may serve many workers.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.resources.abc import Traversable
from pathlib import Path

import attrs
import psycopg
import pytest

from charteroak.server.store import migrate, roles
from charteroak.server.store.postgres.supervisor import EmbeddedPostgres
from charteroak.server.store.roles import AgencySchema, Passwords, Role

APPLIED_AT = datetime(2026, 1, 5, 12, tzinfo=UTC)


@attrs.frozen(kw_only=True)
class TestAgency:
    """An agency's schema with all migrations applied.

    Attributes:
        admin_dsn: of the server's administrator, in the same database.
    """

    __test__ = False

    names: AgencySchema
    passwords: Passwords
    admin_dsn: str

    @property
    def schema(self) -> str:
        return self.names.schema

    @property
    def slug(self) -> str:
        return self.names.slug

    def dsn(self, role: Role | str) -> str:
        """How one of the login roles connects."""
        return roles.role_dsn(
            self.admin_dsn, self.names, Role(role), passwords=self.passwords
        )


MakeAgency = Callable[[Traversable | None], TestAgency]


@pytest.fixture(scope="session")
def postgres_programs() -> Iterator[Path]:
    """Where root's copy of the PostgreSQL programs lies during the tests."""
    with reachable_folder("programs") as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres_dsn(postgres_programs: Path) -> Iterator[str]:
    """An administrator's connection to a real server."""
    given = os.environ.get("CHARTEROAK_TEST_DSN")
    if given is not None:
        yield given
        return
    with (
        reachable_folder("data") as folder,
        EmbeddedPostgres(folder / "database", binaries_dir=postgres_programs) as server,
    ):
        yield server.dsn


@contextmanager
def agency_schemas(postgres_dsn: str) -> Iterator[MakeAgency]:
    """Make agencies, from the migrations of a folder (None: this release's own)."""
    made: list[TestAgency] = []

    def make(folder: Traversable | None) -> TestAgency:
        agency = TestAgency(
            names=AgencySchema(f"test_{secrets.token_hex(6)}"),
            passwords=Passwords(secrets.token_bytes(32)),
            admin_dsn=postgres_dsn,
        )
        made.append(agency)
        migrate.migrate(
            postgres_dsn,
            agency.names,
            passwords=agency.passwords,
            applied_at=APPLIED_AT,
            folder=folder,
        )
        return agency

    yield make
    for agency in made:
        drop(agency)


def drop(agency: TestAgency) -> None:
    """Remove an agency, for good; without effect on what does not exist."""
    with psycopg.connect(agency.admin_dsn) as admin:
        # Roles are the whole server's: another worker may be making some just now.
        admin.execute("SELECT pg_advisory_xact_lock(%(key)s)", {"key": migrate._LOCK})
        roles.drop(admin, agency.names)


@pytest.fixture
def make_agency_schema(postgres_dsn: str) -> Iterator[MakeAgency]:
    """See `agency_schemas`; what a test makes is dropped after it."""
    with agency_schemas(postgres_dsn) as make:
        yield make


@contextmanager
def reachable_folder(name: str) -> Iterator[Path]:
    """A new folder that the service user can pass through.

    pytest's own lies below one that is closed to all but the caller.
    """
    path = Path(tempfile.mkdtemp(prefix=f"charteroak-test-{name}-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path)
