"""A backup's snapshot holds nobody up while it is there."""

from contextlib import closing
from datetime import timedelta

import psycopg
import pytest

from charteroak.server.actions.purge_reads import (
    NotAllPurgedError,
    Purged,
    purge_reads,
)
from charteroak.server.agency import Agency
from charteroak.server.store import snapshot
from tests.support.agency import SettableClock
from tests.support.postgres import TestAgency
from tests.support.sightings import a_read, taken


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


def test_a_backup_that_stands_still_stops_no_search_and_no_box(
    agency: Agency, agency_clock: SettableClock, agency_schema: TestAgency
) -> None:
    bucket = agency.retention.ahead(agency_clock())[0]
    taken(agency, a_read(agency, ago=agency_clock() - bucket.starts_at))
    agency_clock.now = agency.retention.due_at(bucket)
    with (
        snapshot.taken(agency_schema.admin_dsn, agency_schema.names) as seen,
        closing(seen.rows_of_bucket("reads", bucket.name)) as rows,
    ):
        next(rows)

        # It does not wait for the disk of the backup, and says what it could not do.
        with pytest.raises(NotAllPurgedError, match="somebody is reading it"):
            purge_reads(agency)

        assert not agency.keys.has_bucket(bucket.name)
        taken(agency, a_read(agency, ago=timedelta(seconds=1)))
    assert purge_reads(agency) == Purged(buckets=1, reads=1)
