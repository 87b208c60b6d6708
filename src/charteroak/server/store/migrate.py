"""Numbered SQL files, applied in order, each in one transaction, and never changed.

A file is called `NNNN_name.sql`. `@schema@` in it stands for the agency's schema and
begins the names of its roles (`@schema@_ingest`). Its statements run one by one, as
the schema's owner, with the schema as search path; it must not begin or end
transactions. Its checksum is that of its bytes, before anything is put in.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import attrs
import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow

from charteroak.core.errors import CharterOakError
from charteroak.server.store import roles
from charteroak.server.store.roles import AgencySchema, Passwords
from charteroak.server.store.sql_text import statements

_NAME: Final = re.compile(r"([0-9]{4})_([a-z0-9_]+)\.sql")
_SCHEMA_TOKEN: Final = "@schema@"  # noqa: S105  # a placeholder

# One migration at a time on a database: roles and grants on the database are common
# to all agencies. Any constant does; this is the word `charter!` in ASCII.
_LOCK: Final = int.from_bytes(b"charter!", "big")


class DatabaseUnreachableError(CharterOakError):
    """The database takes no connection at the start."""

    code = "charteroak.store.unreachable"
    hint = (
        "Where CHARTEROAK_DSN names one, check that it runs, and the address, user and "
        "password in it."
    )


class MigrationFileError(CharterOakError):
    """The migration files are not numbered 1, 2, 3 ... as `NNNN_name.sql`."""

    code = "charteroak.migration.files"
    hint = "The installation is damaged; install again."


class MigrationChangedError(CharterOakError):
    """A migration that has been applied is not what its file says now.

    Attributes:
        applied_sha256: of the file that was applied, in hex.
        file_sha256: of the file as it is, in hex.
    """

    code = "charteroak.migration.changed"
    hint = "Put the released file back; a change needs a migration of its own."

    def __init__(self, name: str, *, applied_sha256: str, file_sha256: str) -> None:
        super().__init__(
            f"migration {name} has changed since it was applied: "
            f"then {applied_sha256}, now {file_sha256}"
        )
        self.applied_sha256 = applied_sha256
        self.file_sha256 = file_sha256


class DatabaseNewerError(CharterOakError):
    """The database has a migration that this release does not know."""

    code = "charteroak.migration.newer"
    hint = "Install the release that last migrated it; there is no way back."

    def __init__(self, number: int, name: str) -> None:
        super().__init__(
            f"the database has migration {number:04}_{name}, unknown to this release"
        )


class MigrationGapError(CharterOakError):
    """The database has a later migration but lacks an earlier one."""

    code = "charteroak.migration.gap"
    hint = "Somebody has edited schema_migrations; restore the database."

    def __init__(self, name: str) -> None:
        super().__init__(f"the database lacks migration {name} but has later ones")


class MigrationFailedError(CharterOakError):
    """A statement of a migration failed; nothing of its file was applied."""

    code = "charteroak.migration.failed"
    hint = "The migrations before it are applied; correct the cause and run again."


@attrs.frozen(kw_only=True)
class Migration:
    """One file.

    Attributes:
        sha256: of its bytes, in hex.
        text: with `@schema@` still in it.
    """

    number: int
    name: str
    sha256: str
    text: str

    @property
    def file_name(self) -> str:
        """As it lies in the folder."""
        return f"{self.number:04}_{self.name}.sql"


def released() -> Traversable:
    """The folder of the migrations that this release brings."""
    return files("charteroak.server.store").joinpath("migrations")


def load(folder: Traversable) -> tuple[Migration, ...]:
    """Read the migration files, in order.

    Raises:
        MigrationFileError: a name breaks the form, a number is missing or there twice.
    """
    found = []
    for file in folder.iterdir():
        if not file.name.endswith(".sql"):
            continue
        named = _NAME.fullmatch(file.name)
        if named is None:
            message = f"{file.name} is not called NNNN_name.sql"
            raise MigrationFileError(message)
        contents = file.read_bytes()
        found.append(
            Migration(
                number=int(named[1]),
                name=named[2],
                sha256=hashlib.sha256(contents).hexdigest(),
                text=contents.decode("utf-8"),
            )
        )
    found.sort(key=lambda migration: migration.number)
    for number, migration in enumerate(found, start=1):
        if migration.number != number:
            message = f"{migration.file_name} stands where number {number} should be"
            raise MigrationFileError(message)
    return tuple(found)


def migrate(  # noqa: PLR0913 - each can be given alone
    dsn: str,
    agency: AgencySchema,
    *,
    passwords: Passwords,
    applied_at: datetime,
    folder: Traversable | None = None,
    through: int | None = None,
) -> tuple[Migration, ...]:
    """Bring an agency's schema and roles up to this release.

    Safe to repeat, and safe to run twice at once: the second waits for the first.

    Args:
        dsn: a login with the rights that `roles.check_server` asks for.
        agency: which one; made if it does not exist.
        passwords: of its roles, set anew each time.
        applied_at: what is noted as the time of application, with a time zone.
        folder: other files than this release's, for tests.
        through: number of the last one to apply; None for all.

    Returns:
        The migrations that were applied now.

    Raises:
        DatabaseUnreachableError: nothing done.
        MigrationChangedError, DatabaseNewerError, MigrationGapError: nothing applied.
        MigrationFailedError: the files before the one that failed stay applied.
        ServerTooOldError, MissingRightsError, RoleTakenError: nothing done.
    """
    known = load(folder if folder is not None else released())
    with _connected(dsn) as connection:
        roles.check_server(connection)
        # Released with the session, also when we are killed.
        connection.execute("SELECT pg_advisory_lock(%(key)s)", {"key": _LOCK})
        roles.refuse_strangers(connection, agency)
        if _has_history(connection, agency):
            _due(connection, agency, known)  # refuses before anything is touched
        with connection.transaction():
            roles.ensure(connection, agency, passwords=passwords)
            _become_owner(connection, agency)
            connection.execute(_HISTORY)
        due = tuple(
            migration
            for migration in _due(connection, agency, known)
            if through is None or migration.number <= through
        )
        for migration in due:
            _apply(connection, agency, migration, applied_at=applied_at)
    return due


def pending(
    dsn: str, agency: AgencySchema, *, folder: Traversable | None = None
) -> tuple[Migration, ...]:
    """The migrations that `migrate` would apply; changes nothing.

    Raises:
        DatabaseUnreachableError, MigrationChangedError, DatabaseNewerError,
        MigrationGapError: as `migrate`.
    """
    known = load(folder if folder is not None else released())
    with _connected(dsn) as connection:
        if not _has_history(connection, agency):
            return known
        return _due(connection, agency, known)


def _connected(dsn: str) -> "psycopg.Connection[TupleRow]":
    try:
        return psycopg.connect(dsn, autocommit=True)
    except psycopg.Error as refused:
        # Its text may hold a piece of the connection string; ours does not.
        raise DatabaseUnreachableError("the database cannot be reached") from refused


_HISTORY: Final = """
    CREATE TABLE IF NOT EXISTS schema_migrations (
        number     integer     PRIMARY KEY CHECK (number > 0),
        name       text        NOT NULL,
        sha256     text        NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
        applied_at timestamptz NOT NULL,
        applied_by text        NOT NULL
    )
"""
_READ_HISTORY: Final = """
    SELECT number, name, sha256
      FROM schema_migrations
     ORDER BY number
"""
_NOTE: Final = """
    INSERT INTO schema_migrations (number, name, sha256, applied_at, applied_by)
    VALUES (%(number)s, %(name)s, %(sha256)s, %(applied_at)s, %(applied_by)s)
"""


def _has_history(connection: psycopg.Connection, agency: AgencySchema) -> bool:
    found = connection.execute(
        "SELECT 1 FROM pg_tables"
        " WHERE schemaname = %(schema)s AND tablename = 'schema_migrations'",
        {"schema": agency.schema},
    ).fetchone()
    return found is not None


def _due(
    connection: psycopg.Connection, agency: AgencySchema, known: Sequence[Migration]
) -> tuple[Migration, ...]:
    """Compare the database's history with the files; give those it lacks."""
    with connection.transaction():
        _become_owner(connection, agency)
        applied = connection.execute(_READ_HISTORY).fetchall()
    by_number = {migration.number: migration for migration in known}
    for number, name, sha256 in applied:
        file = by_number.get(number)
        if file is None:
            raise DatabaseNewerError(number, name)
        if file.sha256 != sha256:
            raise MigrationChangedError(
                file.file_name, applied_sha256=sha256, file_sha256=file.sha256
            )
    for expected, (number, _, _) in enumerate(applied, start=1):
        if number != expected:
            raise MigrationGapError(by_number[expected].file_name)
    return tuple(known[len(applied) :])


def _apply(
    connection: psycopg.Connection,
    agency: AgencySchema,
    migration: Migration,
    *,
    applied_at: datetime,
) -> None:
    """Apply one file, or nothing of it."""
    text = migration.text.replace(_SCHEMA_TOKEN, agency.schema)
    count = 0
    try:
        with connection.transaction():
            _become_owner(connection, agency)
            for count, statement in enumerate(statements(text), start=1):
                # Bytes: the text is a file of this release, not a literal.
                connection.execute(statement.encode())
                _refuse_own_transactions(connection, migration, count)
            _become_owner(connection, agency)
            connection.execute(
                _NOTE,
                {
                    "number": migration.number,
                    "name": migration.name,
                    "sha256": migration.sha256,
                    "applied_at": applied_at,
                    "applied_by": connection.info.user,
                },
            )
    except psycopg.Error as failure:
        # Not chained: the original may quote a row, and a row may hold a plate.
        message = f"migration {migration.file_name}, statement {count}: "
        raise MigrationFailedError(message + _cause(failure)) from None


def _cause(failure: psycopg.Error) -> str:
    """Why a statement failed, without any value of the data.

    Messages of class 42 (syntax and access) speak of the statement only; those of
    other classes can quote what a row holds.
    """
    state = failure.sqlstate or "the connection broke"
    about_the_text = state.startswith("42") and failure.diag.message_primary
    return f"{about_the_text or type(failure).__name__} ({state})"


def _refuse_own_transactions(
    connection: psycopg.Connection, migration: Migration, count: int
) -> None:
    if connection.info.transaction_status is not TransactionStatus.INTRANS:
        message = (
            f"migration {migration.file_name}, statement {count}, ends the "
            "transaction that keeps its file whole"
        )
        raise MigrationFailedError(message)


def _become_owner(connection: psycopg.Connection, agency: AgencySchema) -> None:
    """Until the end of the transaction, be the owner and look at its schema only."""
    for setting in ("SET LOCAL ROLE {owner}", "SET LOCAL search_path TO {schema}"):
        connection.execute(
            sql.SQL(setting).format(
                owner=sql.Identifier(agency.owner),
                schema=sql.Identifier(agency.schema),
            )
        )
