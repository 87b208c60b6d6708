"""A backup's snapshot holds nobody up while it is there."""

import psycopg
import pytest

from charteroak.server.store import snapshot
from tests.support.postgres import TestAgency


@pytest.mark.parametrize("table", ["buckets", "held_reads", "hotlist_entries"])
def test_no_table_is_locked_while_nothing_is_read(
    agency_schema: TestAgency, table: str
) -> None:
    with (
        snapshot.taken(agency_schema.admin_dsn, agency_schema.names) as seen,
        psycopg.connect(agency_schema.admin_dsn) as other,
    ):
        other.execute(f"SET search_path TO {agency_schema.schema}".encode())
        # What rewrites a table asks for this, and everybody waits behind it.
        other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE NOWAIT".encode())
        other.rollback()
        assert list(seen.rows("people")) == []
