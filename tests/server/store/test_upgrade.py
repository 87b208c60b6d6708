"""An upgrade keeps what is there: every step from the first release, with data in place."""

import secrets
from collections.abc import Iterator
from typing import Final

import psycopg
import pytest
from psycopg import sql

from charteroak.server.store import migrate, roles, snapshot
from charteroak.server.store.roles import AgencySchema, Passwords
from tests.support.postgres import APPLIED_AT

PASSWORDS: Final = Passwords(b"p" * 32)
# One value of each type: so whatever refers to something finds it.
VALUES: Final = {
    "bigint": "1",
    "boolean": "true",
    "bytea": "'\\x01'",
    "double precision": "1.5",
    "integer": "1",
    "integer[]": "'{1,2,3,4}'",
    "real": "0.5",
    "real[]": "'{0.5}'",
    "text": "'word'",
    "text[]": "'{word}'",
    "timestamp with time zone": "'2026-10-15T12:00:00Z'",
    "uuid": "'6f1f5a52-7e3d-4d0c-9a5e-3a7f6b1c2d10'",
}
COLUMNS: Final = """
    SELECT c.relname, a.attname, format_type(a.atttypid, NULL)
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'p')
       AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
       AND c.relname NOT IN ('schema_migrations', 'buckets')
     ORDER BY c.relname, a.attnum
"""


@pytest.fixture
def agency(postgres_dsn: str) -> Iterator[AgencySchema]:
    names = AgencySchema(f"test_{secrets.token_hex(6)}")
    yield names
    with psycopg.connect(postgres_dsn) as connection:
        roles.drop(connection, names)


def columns(dsn: str, agency: AgencySchema) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    with psycopg.connect(dsn) as connection:
        for table, column, kind in connection.execute(COLUMNS, [agency.schema]):
            found.setdefault(table, {})[column] = kind
    return found


def fill(dsn: str, agency: AgencySchema) -> None:
    """Put a row into every table, whatever tables there are."""
    waiting = columns(dsn, agency)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"SET search_path TO {agency.schema}".encode())
        connection.execute(
            "SELECT make_bucket('b20261015t0000m1440', '2026-10-15T00:00:00Z',"
            " '2026-10-16T00:00:00Z', '2026-10-15T00:00:00Z')"
        )
        while waiting:
            before = len(waiting)
            for table, kinds in list(waiting.items()):
                statement = sql.SQL(
                    "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})"
                ).format(
                    sql.Identifier(table),
                    sql.SQL(", ").join(map(sql.Identifier, kinds)),
                    sql.SQL(", ").join(
                        sql.SQL(VALUES[kind]) for kind in kinds.values()
                    ),
                )
                try:
                    connection.execute(statement)
                except psycopg.errors.ForeignKeyViolation:
                    continue
                del waiting[table]
            assert len(waiting) < before, f"nothing fits into {sorted(waiting)}"


def counts(dsn: str, agency: AgencySchema, tables: list[str]) -> dict[str, int]:
    with psycopg.connect(dsn) as connection:
        connection.execute(f"SET search_path TO {agency.schema}".encode())
        found = {}
        for table in tables:
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
            row = connection.execute(query).fetchone()
            assert row is not None
            found[table] = row[0]
        return found


def upgrade(dsn: str, agency: AgencySchema, through: int) -> int:
    return len(
        migrate.migrate(
            dsn,
            agency,
            passwords=PASSWORDS,
            applied_at=APPLIED_AT,
            through=through,
        )
    )


def test_every_step_from_the_first_release_keeps_every_row(
    postgres_dsn: str, agency: AgencySchema
) -> None:
    newest = len(migrate.load(migrate.released()))
    assert upgrade(postgres_dsn, agency, 1) == 1
    fill(postgres_dsn, agency)
    first = sorted(columns(postgres_dsn, agency))
    assert set(counts(postgres_dsn, agency, first).values()) == {1}

    for number in range(2, newest + 1):
        assert upgrade(postgres_dsn, agency, number) == 1
        kept = counts(postgres_dsn, agency, first)
        assert set(kept.values()) == {1}, (number, kept)

    assert not migrate.pending(postgres_dsn, agency)


def test_a_backup_knows_how_to_treat_every_table(
    postgres_dsn: str, agency: AgencySchema
) -> None:
    """A new table has to be sorted by who makes it: whose key must open its rows?"""
    upgrade(postgres_dsn, agency, len(migrate.load(migrate.released())))

    with snapshot.taken(postgres_dsn, agency) as seen:
        assert set(seen.tables) == snapshot.KEPT
    with pytest.raises(snapshot.UnsortedTableError, match="sightings"):
        snapshot.sorted_out(["alerts", "sightings"])
