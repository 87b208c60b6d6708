"""What lies in an agency's tables, seen by the database's administrator."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import attrs
import psycopg
import pytest
from psycopg import sql
from psycopg.abc import Query

from tests.support.postgres import TestAgency

_A_WHILE_S = 0.3


@attrs.frozen
class Tables:
    """Looks past all roles, for what a test must know."""

    schema: TestAgency

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """The rows of a query in the agency's schema."""
        return self._run(query.encode())

    def count(self, table: str) -> int:
        """How many rows a table has."""
        found = self._run(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        )
        assert isinstance(found[0][0], int)
        return found[0][0]

    def text_of(self, table: str) -> str:
        """All of a table as text, bytes decoded as far as they are text."""
        found = self._run(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))
        return " ".join(
            value.decode(errors="replace") if isinstance(value, bytes) else str(value)
            for row in found
            for value in row
        )

    def log_kinds(self) -> list[str]:
        """What the log's records are about, in their order."""
        found = self._run("SELECT kind FROM log ORDER BY record_id")
        return [str(row[0]) for row in found]

    def public_entries(self, kind: str) -> list[dict[str, object]]:
        """The public fields of the log's records of a kind, in their order."""
        found = self._run(
            sql.SQL("SELECT entry FROM log WHERE kind = {} ORDER BY record_id").format(
                sql.Literal(kind)
            )
        )
        entries = [json.loads(row[0]) for row in found if isinstance(row[0], bytes)]
        return [entry["public"] for entry in entries]

    def change(self, statement: str) -> None:
        """Change something as the administrator."""
        self._run(statement.encode())

    def drop_bucket(self, bucket: str, at: datetime) -> None:
        """Drop a bucket's partitions, as the worker does."""
        self._run(
            sql.SQL("SELECT drop_bucket({}, {})").format(
                sql.Literal(bucket), sql.Literal(at)
            )
        )

    @contextmanager
    def listening(self, channel: str) -> Iterator[Callable[[], int]]:
        """Count the hints on a channel since the last time they were counted."""
        with psycopg.connect(self.schema.admin_dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            yield lambda: len(list(connection.notifies(timeout=_A_WHILE_S)))

    @contextmanager
    def read_by_somebody(self, table: str) -> Iterator[None]:
        """Somebody reads a table, as a backup does, and does not come to an end."""
        with psycopg.connect(self.schema.admin_dsn) as connection:
            connection.execute(
                sql.SQL("SELECT count(*) FROM {}").format(
                    sql.Identifier(self.schema.schema, table)
                )
            )
            yield

    def _run(self, query: Query) -> list[tuple[object, ...]]:
        with psycopg.connect(self.schema.admin_dsn) as connection:
            connection.execute(
                sql.SQL("SET search_path TO {}").format(
                    sql.Identifier(self.schema.schema)
                )
            )
            cursor = connection.execute(query)
            return list(cursor.fetchall()) if cursor.description else []


@pytest.fixture
def tables(agency_schema: TestAgency) -> Tables:
    """The tables of `agency`."""
    return Tables(agency_schema)
