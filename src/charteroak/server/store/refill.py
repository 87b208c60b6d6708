"""Filling an agency's schema from a backup."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

import attrs
import psycopg
from psycopg import sql

from charteroak.core.errors import CharterOakError
from charteroak.server.store import migrate
from charteroak.server.store.database import StoreUnavailableError
from charteroak.server.store.roles import AgencySchema, Passwords
from charteroak.server.store.snapshot import BucketThere, MigrationThere

_MAKE_BUCKET: Final = """
    SELECT make_bucket(%(bucket)s, %(starts_at)s, %(ends_at)s, %(made_at)s)
"""

_FORGET_BUCKETS: Final = """
    DELETE FROM buckets
"""

_SET_SEQUENCE: Final = """
    SELECT setval(pg_get_serial_sequence(%(table)s, %(column)s), %(last)s)
"""

_END_HOLDS: Final = """
    UPDATE holds SET ended_at = %(at)s
     WHERE ended_at IS NULL AND hold_id = ANY (%(holds)s)
"""

_NOBODY_APPROVED: Final = """
    UPDATE hotlist_entries AS e SET asked_by = NULL, approved_by = NULL
      FROM hotlists AS h
     WHERE h.list_id = e.list_id AND h.list_class = 'local'
       AND e.approved_by IS NOT NULL
"""

_IN_USE: Final = """
    SELECT 1 FROM pg_tables
     WHERE schemaname = %(schema)s AND tablename = 'schema_migrations'
"""


class NotEmptyError(CharterOakError):
    """There is an agency already where a backup should be restored."""

    code = "charteroak.restore.not-empty"
    hint = "Restore into a data folder and a database with nothing in them."


class OtherReleaseError(CharterOakError):
    """The backup has migrations that this release does not know as they were."""

    code = "charteroak.restore.other-release"
    hint = "Install the release that made the backup, or a later one."


class UnfillableError(CharterOakError):
    """The rows of the backup do not fit into their table."""

    code = "charteroak.restore.unfillable"
    hint = (
        "The backup was altered, or a file of this installation was. Nothing is kept."
    )


class Refill:
    """A schema that is being filled, by its owner."""

    def __init__(self, connection: "psycopg.Connection[tuple[object, ...]]") -> None:
        self._connection = connection

    def make_bucket(self, bucket: BucketThere) -> None:
        """Make a bucket with its partitions, empty."""
        self._connection.execute(_MAKE_BUCKET, attrs.asdict(bucket))

    def fill(self, table: str, columns: Sequence[str], rows: Iterable[bytes]) -> int:
        """Put rows into a table, in one transaction.

        Returns:
            How many.

        Raises:
            UnfillableError: they do not fit.
        """
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        connection = self._connection
        try:
            with connection.transaction(), connection.cursor() as cursor:
                if table == "buckets":
                    # Making the partitions has listed them; the backup lists them too.
                    cursor.execute(_FORGET_BUCKETS)
                with cursor.copy(statement) as copy:
                    for part in rows:
                        copy.write(part)
                return cursor.rowcount
        except (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError):
            # Not chained: the original may quote a row, and a row may hold a plate.
            message = f"rows of {table} do not fit"
            raise UnfillableError(message) from None

    def go_on_after(self, sequences: Mapping[str, int]) -> None:
        """Give no number again that was given, by `table.column`."""
        for name, last in sorted(sequences.items()):
            table, _, column = name.partition(".")
            values = {"table": table, "column": column, "last": last}
            self._connection.execute(_SET_SEQUENCE, values)

    def end_holds(self, holds: Sequence[UUID], *, at: datetime) -> None:
        """End holds: they had ended after the backup, since their key is gone."""
        self._connection.execute(_END_HOLDS, {"holds": list(holds), "at": at})

    def unapprove_entries(self) -> int:
        """Take their approval from the agency's own entries: they match nothing now.

        Which of them were ended after the backup, nobody knows any more.

        Returns:
            How many.
        """
        return self._connection.execute(_NOBODY_APPROVED).rowcount


@contextmanager
def refilling(
    dsn: str,
    agency: AgencySchema,
    *,
    passwords: Passwords,
    migrations: Sequence[MigrationThere],
    at: datetime,
) -> Iterator[Refill]:
    """Make a schema as it was when a backup was made, and fill it in the block.

    Args:
        dsn: of the administrator.
        agency: whose; its schema must not be there.
        passwords: of its roles.
        migrations: that the backup's schema had.
        at: what is noted as the time of application.

    Raises:
        NotEmptyError: there is such a schema.
        OtherReleaseError: this release has other migrations.
        StoreUnavailableError: the database breaks off.
    """
    _check_known(migrations)
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            if connection.execute(_IN_USE, {"schema": agency.schema}).fetchone():
                raise NotEmptyError("the database has this agency already")
            migrate.migrate(
                dsn,
                agency,
                passwords=passwords,
                applied_at=at,
                through=migrations[-1].number if migrations else 0,
            )
            for setting in ("SET ROLE {}", "SET search_path TO {}"):
                name = agency.owner if "ROLE" in setting else agency.schema
                connection.execute(sql.SQL(setting).format(sql.Identifier(name)))
            yield Refill(connection)
    except (psycopg.OperationalError, psycopg.InterfaceError) as gone:
        raise StoreUnavailableError("the database does not answer") from gone


def _check_known(migrations: Sequence[MigrationThere]) -> None:
    known = migrate.load(migrate.released())
    for there, file in zip(migrations, known, strict=False):
        if (there.number, there.sha256) != (file.number, file.sha256):
            message = f"migration {file.file_name} is not the one of the backup"
            raise OtherReleaseError(message)
    if len(migrations) > len(known):
        newest = migrations[-1]
        message = f"the backup has migration {newest.number:04}_{newest.name}"
        raise OtherReleaseError(message + ", unknown to this release")
