import secrets
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from charteroak.server.store import migrate, roles
from charteroak.server.store.migrate import (
    DatabaseNewerError,
    MigrationChangedError,
    MigrationFailedError,
    MigrationFileError,
    MigrationGapError,
)
from charteroak.server.store.roles import AgencySchema, Passwords
from tests.support.postgres import APPLIED_AT

_PASSWORDS = Passwords(b"p" * 32)


@pytest.fixture
def agency(postgres_dsn: str) -> Iterator[AgencySchema]:
    names = AgencySchema(f"test_{secrets.token_hex(6)}")
    yield names
    with psycopg.connect(postgres_dsn) as connection:
        roles.drop(connection, names)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_first.sql").write_text(
        "CREATE TABLE first (a int);\nCREATE INDEX ON first (a);\n"
    )
    (tmp_path / "0002_second.sql").write_text("CREATE TABLE second (a int);")
    return tmp_path


def _migrate(dsn: str, agency: AgencySchema, folder: Path) -> list[str]:
    done = migrate.migrate(
        dsn, agency, passwords=_PASSWORDS, applied_at=APPLIED_AT, folder=folder
    )
    return [migration.name for migration in done]


def _rows(dsn: str, agency: AgencySchema, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn) as connection:
        connection.execute(f"SET search_path TO {agency.schema}".encode())
        return connection.execute(query.encode()).fetchall()


def _tables(dsn: str, agency: AgencySchema) -> list[object]:
    query = (
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        " AND tablename <> 'schema_migrations' ORDER BY tablename"
    )
    return [row[0] for row in _rows(dsn, agency, query)]


def test_applies_in_order_once_and_notes_it(
    postgres_dsn: str, agency: AgencySchema, folder: Path
) -> None:
    assert _migrate(postgres_dsn, agency, folder) == ["first", "second"]
    assert _migrate(postgres_dsn, agency, folder) == []

    (folder / "0003_third.sql").write_text("DROP TABLE second")
    waiting = migrate.pending(postgres_dsn, agency, folder=folder)

    assert [one.name for one in waiting] == ["third"]
    assert _migrate(postgres_dsn, agency, folder) == ["third"]
    assert _tables(postgres_dsn, agency) == ["first"]
    noted = _rows(
        postgres_dsn,
        agency,
        "SELECT number, name, sha256, applied_at FROM schema_migrations",
    )
    assert noted == [
        (one.number, one.name, one.sha256, APPLIED_AT) for one in migrate.load(folder)
    ]


def test_everything_belongs_to_the_owner(
    postgres_dsn: str, agency: AgencySchema, folder: Path
) -> None:
    _migrate(postgres_dsn, agency, folder)

    owners = _rows(
        postgres_dsn,
        agency,
        "SELECT DISTINCT relowner::regrole::text FROM pg_class"
        " WHERE relnamespace = current_schema()::regnamespace",
    )
    assert owners == [(agency.owner,)]


def test_before_the_first_time_all_is_pending(
    postgres_dsn: str, agency: AgencySchema, folder: Path
) -> None:
    waiting = migrate.pending(postgres_dsn, agency, folder=folder)

    assert [one.number for one in waiting] == [1, 2]


def test_a_changed_file_is_refused_and_nothing_is_applied(
    postgres_dsn: str, agency: AgencySchema, folder: Path
) -> None:
    _migrate(postgres_dsn, agency, folder)
    then = migrate.load(folder)[0].sha256
    (folder / "0001_first.sql").write_text("CREATE TABLE first (a bigint)")
    (folder / "0003_third.sql").write_text("CREATE TABLE third (a int)")

    with pytest.raises(MigrationChangedError, match="0001_first") as refused:
        _migrate(postgres_dsn, agency, folder)

    assert refused.value.applied_sha256 == then
    assert refused.value.file_sha256 == migrate.load(folder)[0].sha256
    assert _tables(postgres_dsn, agency) == ["first", "second"]


def test_an_older_release_refuses_a_newer_database(
    postgres_dsn: str, agency: AgencySchema, folder: Path
) -> None:
    _migrate(postgres_dsn, agency, folder)
    (folder / "0002_second.sql").unlink()

    with pytest.raises(DatabaseNewerError, match="0002_second"):
        _migrate(postgres_dsn, agency, folder)


def test_a_gap_in_the_database_is_refused(
    postgres_dsn: str, agency: AgencySchema, folder: Path
) -> None:
    _migrate(postgres_dsn, agency, folder)
    with psycopg.connect(postgres_dsn) as connection:
        connection.execute(
            sql.SQL("DELETE FROM {}.schema_migrations WHERE number = 1").format(
                sql.Identifier(agency.schema)
            )
        )

    with pytest.raises(MigrationGapError, match="0001_first"):
        _migrate(postgres_dsn, agency, folder)


def test_a_file_that_fails_leaves_nothing_of_itself(
    postgres_dsn: str, agency: AgencySchema, folder: Path
) -> None:
    (folder / "0003_third.sql").write_text("CREATE TABLE third (a int); SELECT 1 / 0;")

    with pytest.raises(MigrationFailedError, match="0003_third"):
        _migrate(postgres_dsn, agency, folder)

    assert _tables(postgres_dsn, agency) == ["first", "second"]
    (folder / "0003_third.sql").write_text("CREATE TABLE third (a int)")
    assert _migrate(postgres_dsn, agency, folder) == ["third"]


def test_an_error_does_not_quote_what_a_row_holds(
    postgres_dsn: str, agency: AgencySchema, folder: Path
) -> None:
    (folder / "0003_third.sql").write_text(
        "INSERT INTO first VALUES (77123), (77123); CREATE UNIQUE INDEX ON first (a)"
    )

    with pytest.raises(MigrationFailedError, match="statement 2") as failed:
        _migrate(postgres_dsn, agency, folder)

    assert "77123" not in "".join(traceback.format_exception(failed.value))


@pytest.mark.parametrize("ending", ["COMMIT", "ROLLBACK"])
def test_a_file_must_not_end_its_transaction(
    postgres_dsn: str, agency: AgencySchema, folder: Path, ending: str
) -> None:
    (folder / "0003_third.sql").write_text(f"{ending}; CREATE TABLE third (a int)")

    with pytest.raises(MigrationFailedError, match="ends the transaction"):
        _migrate(postgres_dsn, agency, folder)

    assert _tables(postgres_dsn, agency) == ["first", "second"]


@pytest.mark.parametrize("name", ["0004_late.sql", "0002_again.sql", "first.sql"])
def test_files_out_of_number_are_refused(folder: Path, name: str) -> None:
    (folder / name).write_text("SELECT 1")

    with pytest.raises(MigrationFileError):
        migrate.load(folder)


def test_two_at_once_apply_each_file_once(
    postgres_dsn: str, agency: AgencySchema, folder: Path
) -> None:
    done: list[list[str]] = []
    threads = [
        threading.Thread(
            target=lambda: done.append(_migrate(postgres_dsn, agency, folder))
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done) == [[], [], ["first", "second"]]


def test_the_schema_of_this_release_is_put_in(
    postgres_dsn: str, agency: AgencySchema
) -> None:
    done = migrate.migrate(
        postgres_dsn, agency, passwords=_PASSWORDS, applied_at=APPLIED_AT
    )

    assert done
    assert migrate.pending(postgres_dsn, agency) == ()
