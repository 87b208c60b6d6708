import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from charteroak.server.store import migrate, roles
from charteroak.server.store.roles import (
    AgencySchema,
    BadRootSecretError,
    BadSlugError,
    MissingRightsError,
    Passwords,
    Role,
    RoleTakenError,
)
from tests.support.postgres import APPLIED_AT, MakeAgency, TestAgency


@pytest.fixture
def bare(make_agency_schema: MakeAgency, tmp_path: Path) -> TestAgency:
    """An agency of one table that nobody was granted."""
    (tmp_path / "0001_first.sql").write_text(
        "CREATE TABLE things (a int);"
        "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
        " SET search_path = @schema@, pg_temp AS 'SELECT count(*) FROM things';"
        "GRANT SELECT, INSERT ON things TO @schema@_ingest, @schema@_search;"
    )
    return make_agency_schema(tmp_path)


@pytest.mark.parametrize(
    "slug", ["", "A", "1a", "a-b", "a;b", "a\n", "é", "a" * 32, 'a"b']
)
def test_refuses_slugs_outside_the_grammar(slug: str) -> None:
    with pytest.raises(BadSlugError):
        AgencySchema(slug)


def test_the_longest_names_fit_an_identifier() -> None:
    longest = AgencySchema("a" * 31)

    assert all(len(longest.role(role)) <= 63 for role in Role)


def test_passwords_depend_on_the_secret_and_the_role() -> None:
    one, other = Passwords(b"1" * 32), Passwords(b"2" * 32)

    assert one.of("a") == Passwords(b"1" * 32).of("a")
    assert len({one.of("a"), one.of("b"), other.of("a")}) == 3
    assert "1" * 8 not in repr(one)


def test_the_root_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "root.secret"

    first = Passwords.from_file(path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert Passwords.from_file(path).of("a") == first.of("a")
    path.chmod(0o640)
    with pytest.raises(BadRootSecretError):
        Passwords.from_file(path)


def test_a_root_secret_that_broke_off_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "root.secret"
    # The disk takes half of the secret, and the process ends.
    broken_off = (
        "import resource, sys, pathlib;"
        "from charteroak.server.store.roles import Passwords;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16));"
        "Passwords.from_file(pathlib.Path(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", broken_off, path], check=False, capture_output=True
    )
    assert b"File too large" in done.stderr

    made = Passwords.from_file(path)

    assert Passwords.from_file(path).of("a") == made.of("a")
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_refuses_a_short_root_secret(tmp_path: Path) -> None:
    path = tmp_path / "root.secret"
    path.write_bytes(b"short")
    path.chmod(0o600)

    with pytest.raises(BadRootSecretError):
        Passwords.from_file(path)


@pytest.mark.parametrize("role", Role)
def test_each_role_logs_in_and_owns_nothing(bare: TestAgency, role: Role) -> None:
    with psycopg.connect(bare.dsn(role)) as connection:
        connection.execute("SET TRANSACTION READ WRITE")
        row = connection.execute(
            "SELECT current_schema(), rolsuper OR rolcreatedb OR rolcreaterole"
            " OR rolreplication OR rolbypassrls, pg_has_role(%(owner)s, 'MEMBER')"
            " FROM pg_roles WHERE rolname = current_user",
            {"owner": bare.names.owner},
        ).fetchone()
        assert row == (bare.schema, False, False)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE own (a int)")


def test_a_wrong_password_is_refused(bare: TestAgency) -> None:
    dsn = make_conninfo(bare.dsn(Role.SEARCH), password="wrong")  # noqa: S106

    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(dsn)


def test_searches_are_read_only_even_where_a_grant_says_more(bare: TestAgency) -> None:
    with psycopg.connect(bare.dsn(Role.INGEST)) as connection:
        connection.execute("INSERT INTO things VALUES (1)")
    with psycopg.connect(bare.dsn(Role.SEARCH)) as connection:
        assert connection.execute("SELECT a FROM things").fetchall() == [(1,)]
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("INSERT INTO things VALUES (2)")


@pytest.mark.parametrize(
    "attack",
    [
        "SELECT a FROM things",
        "SELECT peek()",
        "CREATE TABLE public.mine (a int)",
        "CREATE TEMPORARY TABLE mine (a int)",
        "CREATE SCHEMA mine",
    ],
)
def test_what_was_not_granted_is_refused(bare: TestAgency, attack: str) -> None:
    with (
        psycopg.connect(bare.dsn(Role.LOG)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(attack.encode())


def test_the_owner_cannot_log_in(bare: TestAgency) -> None:
    name = bare.names.owner
    dsn = make_conninfo(bare.admin_dsn, user=name, password=bare.passwords.of(name))

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn)


def test_agencies_cannot_see_each_other(
    make_agency_schema: MakeAgency, bare: TestAgency, tmp_path: Path
) -> None:
    other = make_agency_schema(tmp_path)

    with (
        psycopg.connect(other.dsn(Role.INGEST)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(
            sql.SQL("SELECT a FROM {}.things").format(sql.Identifier(bare.schema))
        )


def test_passwords_lie_in_the_database_as_scram_verifiers(bare: TestAgency) -> None:
    with psycopg.connect(bare.admin_dsn) as connection:
        found = connection.execute(
            "SELECT rolpassword FROM pg_authid WHERE rolname = ANY(%(names)s)",
            {"names": [bare.names.role(role) for role in Role]},
        ).fetchall()

    assert len(found) == len(Role)
    assert all(str(row[0]).startswith("SCRAM-SHA-256$") for row in found)


def test_the_roles_of_another_database_are_left_alone(bare: TestAgency) -> None:
    with psycopg.connect(bare.admin_dsn) as connection:
        connection.execute(
            sql.SQL("COMMENT ON ROLE {} IS 'Charter Oak, database other'").format(
                sql.Identifier(bare.names.owner)
            )
        )

    with pytest.raises(RoleTakenError):
        migrate.migrate(
            bare.admin_dsn,
            bare.names,
            passwords=Passwords(b"x" * 32),
            applied_at=APPLIED_AT,
        )
    with psycopg.connect(bare.dsn(Role.LOG)):
        pass


def test_dropping_leaves_no_role_behind(bare: TestAgency) -> None:
    with psycopg.connect(bare.admin_dsn) as connection:
        roles.drop(connection, bare.names)
        roles.drop(connection, bare.names)
        left = connection.execute(
            "SELECT count(*) FROM pg_roles WHERE rolname LIKE %(names)s",
            {"names": f"{bare.schema}%"},
        ).fetchone()

    assert left == (0,)


@attrs.frozen(kw_only=True)
class _Elsewhere:
    """A fresh database on the server, and a login with no rights in it."""

    dsn: str
    admin_dsn: str


@pytest.fixture
def elsewhere(postgres_dsn: str) -> Iterator[_Elsewhere]:
    name, password = f"test_{secrets.token_hex(6)}", secrets.token_hex(8)
    login = sql.Identifier(name)
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                login, sql.Literal(password)
            )
        )
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(login)
        )
        yield _Elsewhere(
            dsn=make_conninfo(postgres_dsn, user=name, password=password, dbname=name),
            admin_dsn=make_conninfo(postgres_dsn, dbname=name),
        )
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(login))
        connection.execute(sql.SQL("DROP ROLE {}").format(login))


def test_a_login_without_rights_gets_statements_that_help(
    elsewhere: _Elsewhere, tmp_path: Path
) -> None:
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE things (a int)")
    agency = AgencySchema(f"test_{secrets.token_hex(6)}")

    def migrated() -> tuple[migrate.Migration, ...]:
        return migrate.migrate(
            elsewhere.dsn,
            agency,
            passwords=Passwords(b"x" * 32),
            applied_at=APPLIED_AT,
            folder=tmp_path,
        )

    with pytest.raises(MissingRightsError) as refused:
        migrated()
    with psycopg.connect(elsewhere.admin_dsn) as connection:
        for statement in refused.value.remedy:
            connection.execute(statement.encode())

    try:
        assert [one.name for one in migrated()] == ["first"]
        assert migrated() == ()
    finally:
        # The rightless login made the roles, so it can drop them too.
        with psycopg.connect(elsewhere.dsn) as connection:
            roles.drop(connection, agency)
