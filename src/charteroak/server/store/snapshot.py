"""An agency's tables as they were at one moment, for a backup.

Every table is read in a transaction of its own, all of them with the same snapshot: so
what is read belongs together, and no table is locked for longer than it takes to read
it. A purge never waits for a backup to end.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from graphlib import TopologicalSorter
from typing import Final
from uuid import UUID

import attrs
import psycopg
from psycopg import sql
from psycopg.rows import class_row

from charteroak.core.errors import CharterOakError
from charteroak.server.store.database import StoreUnavailableError
from charteroak.server.store.roles import AgencySchema

KEPT: Final = frozenset(
    {
        "alerts",
        "batches",
        "box_cameras",
        "boxes",
        "buckets",
        "cameras",
        "council_keys",
        "council_orders",
        "declarations",
        "disclosure_papers",
        "disclosures",
        "emergencies",
        "entries_asked",
        "entry_wishes",
        "exports",
        "flags",
        "forgotten_counts",
        "hold_papers",
        "hold_spans",
        "holds",
        "hotlist_entries",
        "hotlists",
        "log",
        "log_keys",
        "log_leaves",
        "nonces",
        "papers",
        "partners",
        "people",
        "read_counts",
        "refusals",
        "retention_changes",
        "rules_adopted",
        "searched",
        "waiting_searches",
    }
)
"""Tables that go into a backup as they are, under its long-lived key."""

BY_BUCKET: Final = ("alert_evidence", "reads", "reads_misdated")
"""Tables of which each bucket's rows go in under that bucket's key."""

BY_HOLD: Final = ("held_reads",)
"""Tables of which each hold's rows go in under that hold's key."""

LEFT_OUT: Final = frozenset(
    {
        "box_list_number",
        "box_reports",
        "camera_reports",
        "duties",
        "erasures_owed",
        "invitations",
        "schema_migrations",
        "sessions",
    }
)
"""What must not come back: sessions, one-time codes, what was owed or is told anew."""

_MOST: Final = 1_000_000

_TABLES: Final = """
    SELECT c.relname
      FROM pg_class AS c
     WHERE c.relnamespace = %(schema)s::regnamespace
       AND c.relkind IN ('r', 'p') AND NOT c.relispartition
     ORDER BY c.relname
     LIMIT 1000
"""

_COLUMNS: Final = """
    SELECT c.relname, a.attname
      FROM pg_attribute AS a
      JOIN pg_class AS c ON c.oid = a.attrelid
     WHERE c.relnamespace = %(schema)s::regnamespace
       AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
     ORDER BY c.relname, a.attnum
     LIMIT 10000
"""

_REFERENCES: Final = """
    SELECT child.relname, parent.relname
      FROM pg_constraint AS k
      JOIN pg_class AS child ON child.oid = k.conrelid
      JOIN pg_class AS parent ON parent.oid = k.confrelid
     WHERE k.contype = 'f' AND k.connamespace = %(schema)s::regnamespace
     ORDER BY child.relname, parent.relname
     LIMIT 1000
"""

_MIGRATIONS: Final = """
    SELECT number, name, sha256 FROM schema_migrations ORDER BY number LIMIT 10000
"""

_BUCKETS: Final = """
    SELECT bucket, starts_at, ends_at, made_at
      FROM buckets
     WHERE dropped_at IS NULL
     ORDER BY starts_at
     LIMIT %(most)s
"""

# Those that wait as well: their document, or their plates, lie in the vault already.
_HOLDS: Final = """
    SELECT h.hold_id
      FROM holds AS h
     WHERE EXISTS (SELECT FROM held_reads AS k WHERE k.hold_id = h.hold_id)
        OR (h.ended_at IS NULL
            AND (EXISTS (SELECT FROM hold_papers AS p WHERE p.hold_id = h.hold_id)
                 OR EXISTS (SELECT FROM hold_spans AS s WHERE s.hold_id = h.hold_id)))
     ORDER BY h.hold_id
     LIMIT %(most)s
"""

# Where a table was written anew after the snapshot, the snapshot sees it empty.
_FILES: Final = """
    SELECT c.relname, pg_relation_filenode(c.oid)
      FROM pg_class AS c
     WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind = 'r'
     ORDER BY c.relname
     LIMIT 100000
"""

_FILE: Final = """
    SELECT pg_relation_filenode(%(table)s::regclass)
"""

_LAST_GIVEN: Final = """
    SELECT c.relname, a.attname,
           (SELECT s.last_value FROM pg_sequences AS s
             WHERE format('%%I.%%I', s.schemaname, s.sequencename) =
                   pg_get_serial_sequence(c.oid::regclass::text, a.attname))
      FROM pg_attribute AS a
      JOIN pg_class AS c ON c.oid = a.attrelid
     WHERE c.relnamespace = %(schema)s::regnamespace
       AND c.relkind IN ('r', 'p') AND a.attidentity <> ''
     ORDER BY c.relname, a.attname
     LIMIT 1000
"""

_REAL_TABLE: Final = """
    SELECT to_regclass(%(table)s) IS NOT NULL
"""


class UnsortedTableError(CharterOakError):
    """A table of which nobody has said how a backup must treat it."""

    code = "charteroak.backup.unsorted-table"
    hint = "Name it in store/snapshot.py: whose key must open its rows?"


class DisturbedBackupError(CharterOakError):
    """A table was written anew while the backup was made."""

    code = "charteroak.backup.disturbed"
    hint = "Nothing is wrong, and nothing was kept. Make the backup once more."


@attrs.frozen(kw_only=True)
class MigrationThere:
    """A migration that the database has."""

    number: int
    name: str
    sha256: str


@attrs.frozen(kw_only=True)
class BucketThere:
    """A bucket that is alive."""

    bucket: str
    starts_at: datetime
    ends_at: datetime
    made_at: datetime


@attrs.frozen(kw_only=True)
class Snapshot:
    """What was there at one moment.

    Attributes:
        tables: those of `KEPT`, in the order in which they can be filled.
        columns: of every table, in order.
        holds: that keep a copy of a read, or something in the vault.
        sequences: last number given, by `table.column`.
        files: number of each table's file, by the name of the table.
    """

    dsn: str = attrs.field(repr=False)
    agency: AgencySchema
    number: str
    migrations: tuple[MigrationThere, ...]
    tables: tuple[str, ...]
    columns: dict[str, tuple[str, ...]]
    buckets: tuple[BucketThere, ...]
    holds: tuple[UUID, ...]
    sequences: dict[str, int]
    files: dict[str, object]

    def rows(self, table: str) -> Iterator[bytes]:
        """All rows of a table, as COPY writes them.

        Raises:
            DisturbedBackupError: the table was written anew since.
        """
        with _reading(self.dsn, self.agency, self.number) as connection:
            yield from _copied(connection, sql.Identifier(table), self.columns[table])
            if _one(connection, _FILE, table=table) != self.files.get(table):
                raise DisturbedBackupError("a table was written anew meanwhile")

    def rows_of_bucket(self, table: str, bucket: str) -> Generator[bytes, None, None]:
        """The rows of a table that lie in a bucket; none if it was dropped since."""
        partition = f"{table}_{bucket}"
        with _reading(self.dsn, self.agency, self.number) as connection:
            if _one(connection, _REAL_TABLE, table=partition) is not True:
                return
            try:
                yield from _copied(
                    connection, sql.Identifier(partition), self.columns[table]
                )
            except psycopg.errors.UndefinedTable:
                # Dropped in this very moment: its key is gone as well.
                return

    def rows_of_hold(self, table: str, hold: UUID) -> Iterator[bytes]:
        """The rows of a table that a hold keeps."""
        columns = self.columns[table]
        source = sql.SQL("(SELECT {} FROM {} WHERE hold_id = {})").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.Identifier(table),
            sql.Literal(str(hold)),
        )
        with _reading(self.dsn, self.agency, self.number) as connection:
            yield from _copied(connection, source, ())
            if _one(connection, _FILE, table=table) != self.files.get(table):
                raise DisturbedBackupError("a table was written anew meanwhile")


@contextmanager
def taken(dsn: str, agency: AgencySchema) -> Iterator[Snapshot]:
    """Take a snapshot, which can be read for the length of a block.

    Args:
        dsn: of the administrator.
        agency: whose schema.

    Raises:
        UnsortedTableError: there is a table that nobody has sorted.
        StoreUnavailableError: the database breaks off.
    """
    # Before the snapshot: a table that is written anew in between counts as disturbed.
    with _looking(dsn) as connection:
        found = connection.execute(_FILES, {"schema": agency.schema})
        files = {str(name): number for name, number in found}
    with _looking(dsn) as keeper:
        number = str(_one(keeper, "SELECT pg_export_snapshot()"))
        # Its locks last as long as a transaction: so it looks at no table itself, and
        # what there is to back up is listed by another one, which ends.
        yield _listed(dsn, agency, number, files)


def _listed(
    dsn: str, agency: AgencySchema, number: str, files: dict[str, object]
) -> Snapshot:
    """What there is to back up, as a snapshot sees it."""
    schema = {"schema": agency.schema}
    most = {"most": _MOST}
    with _reading(dsn, agency, number) as connection:
        names = [str(row[0]) for row in connection.execute(_TABLES, schema)]
        columns: dict[str, tuple[str, ...]] = {}
        for table, column in connection.execute(_COLUMNS, schema):
            columns[str(table)] = (*columns.get(str(table), ()), str(column))
        with connection.cursor(row_factory=class_row(MigrationThere)) as cursor:
            migrations = tuple(cursor.execute(_MIGRATIONS))
        with connection.cursor(row_factory=class_row(BucketThere)) as cursor:
            buckets = tuple(cursor.execute(_BUCKETS, most))
        return Snapshot(
            dsn=dsn,
            agency=agency,
            number=number,
            migrations=migrations,
            tables=_in_order(connection, agency, sorted_out(names)),
            columns=columns,
            buckets=buckets,
            holds=tuple(UUID(str(row[0])) for row in connection.execute(_HOLDS, most)),
            sequences={
                f"{table}.{column}": int(str(last))
                for table, column, last in connection.execute(_LAST_GIVEN, schema)
                if last is not None
            },
            files=files,
        )


def sorted_out(names: Sequence[str]) -> list[str]:
    """Of the tables that there are, those that a backup keeps as they are.

    Raises:
        UnsortedTableError: one is in none of the lists above.
    """
    known = {*KEPT, *BY_BUCKET, *BY_HOLD, *LEFT_OUT}
    if strange := sorted(set(names) - known):
        message = f"no backup can be made while nobody has sorted: {', '.join(strange)}"
        raise UnsortedTableError(message)
    return [name for name in names if name in KEPT]


def _in_order(
    connection: "psycopg.Connection[tuple[object, ...]]",
    agency: AgencySchema,
    names: Sequence[str],
) -> tuple[str, ...]:
    """Tables, each after those that it refers to."""
    order: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(names, ()))
    for child, parent in connection.execute(_REFERENCES, {"schema": agency.schema}):
        if child in names and parent in names and child != parent:
            order.add(str(child), str(parent))
    return tuple(order.static_order())


def _copied(
    connection: "psycopg.Connection[tuple[object, ...]]",
    source: sql.Composable,
    columns: Sequence[str],
) -> Iterator[bytes]:
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    head = sql.SQL("{} ({})").format(source, listed) if columns else source
    statement = sql.SQL("COPY {} TO STDOUT").format(head)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for block in copy:
            yield bytes(block)


@contextmanager
def _looking(dsn: str) -> "Iterator[psycopg.Connection[tuple[object, ...]]]":
    try:
        with psycopg.connect(dsn) as connection:
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            yield connection
    except (psycopg.OperationalError, psycopg.InterfaceError) as gone:
        # Its text may name the statement; ours does not.
        raise StoreUnavailableError("the database does not answer") from gone


@contextmanager
def _reading(
    dsn: str, agency: AgencySchema, number: str
) -> "Iterator[psycopg.Connection[tuple[object, ...]]]":
    """A transaction of the schema's owner that sees what a snapshot saw."""
    with _looking(dsn) as connection:
        connection.execute(
            sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(number))
        )
        _become_owner(connection, agency)
        yield connection


def _become_owner(
    connection: "psycopg.Connection[tuple[object, ...]]", agency: AgencySchema
) -> None:
    for setting in ("SET LOCAL ROLE {owner}", "SET LOCAL search_path TO {schema}"):
        connection.execute(
            sql.SQL(setting).format(
                owner=sql.Identifier(agency.owner),
                schema=sql.Identifier(agency.schema),
            )
        )


def _one(
    connection: "psycopg.Connection[tuple[object, ...]]",
    statement: str,
    **values: object,
) -> object:
    row = connection.execute(statement.encode(), values).fetchone()
    return None if row is None else row[0]
