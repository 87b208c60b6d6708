"""Who may do what in the database: one agency, one schema, six roles.

`<schema>_owner` owns the schema and everything in it and cannot log in. The others log
in and own nothing; a migration grants each what its work needs, no more. Their
passwords are derived from one secret file that lies outside the database, so there is
nothing to store and nothing to look up.
"""

import base64
import contextlib
import enum
import os
import re
import secrets
from pathlib import Path
from typing import Final, LiteralString, Self

import attrs
import psycopg
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from psycopg import sql
from psycopg.conninfo import make_conninfo

from charteroak.core.errors import CharterOakError

_SLUG: Final = re.compile(r"[a-z][a-z0-9_]{0,30}")
_SECRET_BYTES: Final = 32
_MIN_SERVER: Final = 15


class BadSlugError(CharterOakError):
    """An agency's short name breaks the grammar `[a-z][a-z0-9_]{0,30}`."""

    code = "charteroak.agency.bad-slug"
    hint = "Use up to 31 small letters, digits and underscores, a letter first."

    def __init__(self) -> None:
        super().__init__("not a short name for an agency")


class BadRootSecretError(CharterOakError):
    """The secret file does not hold what it should, or others may read it."""

    code = "charteroak.database.root-secret"
    hint = "It holds 32 bytes, and only its owner may read it (chmod 600)."


class ServerTooOldError(CharterOakError):
    """The PostgreSQL server is older than we can use."""

    code = "charteroak.database.too-old"
    hint = "Upgrade it, or leave CHARTEROAK_DSN out to use the embedded one."

    def __init__(self, found: int) -> None:
        super().__init__(
            f"this is PostgreSQL {found // 10_000}, "
            f"Charter Oak needs {_MIN_SERVER} or newer"
        )


class MissingRightsError(CharterOakError):
    """The database login may not do what a migration needs.

    Attributes:
        remedy: the statements that an administrator must run, in order.
    """

    code = "charteroak.database.missing-rights"
    hint = "Ask the database's administrator to run the statements, then try again."

    def __init__(self, remedy: tuple[str, ...]) -> None:
        super().__init__(
            "the database login lacks rights; an administrator must run: "
            + " ".join(remedy)
        )
        self.remedy = remedy


class RoleTakenError(CharterOakError):
    """The agency's roles serve another database on the same server.

    Roles belong to the whole server, so setting their passwords would lock the other
    database's agency out.
    """

    code = "charteroak.database.role-taken"
    hint = "Give the agency another short name, or use another PostgreSQL server."

    def __init__(self, role: str) -> None:
        super().__init__(f"role {role} is in use by another database on this server")


class Role(enum.StrEnum):
    """The roles that log in."""

    DESK = "desk"
    INGEST = "ingest"
    LOG = "log"
    PURGE = "purge"
    SEARCH = "search"


@attrs.frozen
class AgencySchema:
    """The names of an agency's things in the database.

    Two agencies never share a name: a role's last word is one of six, none of which
    has an underscore.

    >>> AgencySchema("west_hartford").role(Role.SEARCH)
    'agency_west_hartford_search'
    """

    slug: str = attrs.field()

    @slug.validator
    def _grammar(self, _attribute: object, value: str) -> None:
        if _SLUG.fullmatch(value) is None:
            raise BadSlugError

    @property
    def schema(self) -> str:
        """Name of the schema; also what the other names begin with."""
        return f"agency_{self.slug}"

    @property
    def owner(self) -> str:
        """The role that owns the schema."""
        return f"{self.schema}_owner"

    def role(self, role: Role) -> str:
        """Name of a login role."""
        return f"{self.schema}_{role}"


@attrs.frozen
class Passwords:
    """Derives every role's password from the root secret (HKDF-SHA256, RFC 5869)."""

    _secret: bytes = attrs.field(repr=False)

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read the root secret; make it if there is none.

        Raises:
            BadRootSecretError: wrong length, or readable by others.
            OSError: it can be neither read nor made.
        """
        if not path.exists():
            _make_whole(path, secrets.token_bytes(_SECRET_BYTES))
        secret = path.read_bytes()
        if path.stat().st_mode & 0o077 or len(secret) != _SECRET_BYTES:
            message = f"{path} cannot be used as the root secret"
            raise BadRootSecretError(message)
        return cls(secret)

    def of(self, role: str) -> str:
        """The password of a role; 43 characters."""
        derive = HKDF(
            algorithm=SHA256(),
            length=32,
            salt=None,
            info=b"charteroak database role v1\0" + role.encode("ascii"),
        )
        return (
            base64.urlsafe_b64encode(derive.derive(self._secret)).decode().rstrip("=")
        )


def _make_whole(path: Path, content: bytes) -> None:
    """Make a private file, whole and durable; one that is there stays as it is.

    A crash leaves the draft, which nobody reads, and never half a secret in its place.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    made = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(made, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # Of two at once the second finds the first one's.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def role_dsn(
    base_dsn: str, agency: AgencySchema, role: Role, *, passwords: Passwords
) -> str:
    """How a role connects to the server and database that `base_dsn` names.

    Holds the password: never print it.
    """
    name = agency.role(role)
    return make_conninfo(base_dsn, user=name, password=passwords.of(name))


def check_server(connection: psycopg.Connection) -> None:
    """Refuse a server or a login that a migration cannot use, before it begins.

    Raises:
        ServerTooOldError: older than PostgreSQL 15.
        MissingRightsError: names the statements that would help.
    """
    if connection.info.server_version < _MIN_SERVER * 10_000:
        raise ServerTooOldError(connection.info.server_version)
    row = connection.execute(_RIGHTS).fetchone()
    if row is None:
        raise ServerTooOldError(connection.info.server_version)
    owns, creates_roles, creates_schemas, shares_connect, open_database, open_public = (
        bool(right) for right in row
    )
    login = sql.Identifier(connection.info.user)
    database = sql.Identifier(connection.info.dbname)
    remedy: list[sql.Composed] = []
    if not creates_roles:
        remedy.append(sql.SQL("ALTER ROLE {} CREATEROLE;").format(login))
    if not (creates_schemas and shares_connect):
        remedy.append(
            sql.SQL(
                "GRANT CREATE, CONNECT ON DATABASE {} TO {} WITH GRANT OPTION;"
            ).format(database, login)
        )
    if open_database and not owns:
        remedy.append(
            sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC;").format(database)
        )
    if open_public and not owns:
        remedy.append(sql.SQL("REVOKE ALL ON SCHEMA public FROM PUBLIC;").format())
    if remedy:
        raise MissingRightsError(tuple(step.as_string(connection) for step in remedy))


# `owns`: a superuser, or a member of the database's owner, may do all on the database.
_RIGHTS: Final = """
    SELECT me.rolsuper OR pg_has_role(current_user, db.datdba, 'USAGE'),
           me.rolsuper OR me.rolcreaterole,
           has_database_privilege(db.oid, 'CREATE'),
           has_database_privilege(db.oid, 'CONNECT WITH GRANT OPTION'),
           has_database_privilege('public', db.oid, 'CONNECT')
               OR has_database_privilege('public', db.oid, 'TEMPORARY'),
           coalesce(
               (SELECT has_schema_privilege('public', n.oid, 'USAGE')
                    OR has_schema_privilege('public', n.oid, 'CREATE')
                  FROM pg_namespace AS n
                 WHERE n.nspname = 'public'), false)
      FROM pg_roles AS me, pg_database AS db
     WHERE me.rolname = current_user
       AND db.datname = current_database()
"""


def refuse_strangers(connection: psycopg.Connection, agency: AgencySchema) -> None:
    """Check that the agency's roles, if they exist, are this database's.

    Raises:
        RoleTakenError: they belong to another database of this server.
    """
    row = connection.execute(
        "SELECT shobj_description(oid, 'pg_authid') FROM pg_roles"
        " WHERE rolname = %(name)s",
        {"name": agency.owner},
    ).fetchone()
    if row is not None and row[0] != _mark(connection):
        raise RoleTakenError(agency.owner)


def ensure(
    connection: psycopg.Connection, agency: AgencySchema, *, passwords: Passwords
) -> None:
    """Make the agency's roles and schema, or bring them back to what they must be.

    Runs in the caller's transaction, after `check_server` and `refuse_strangers`; may
    be repeated. Passwords are sent as SCRAM
    verifiers, so that no server log can hold one.

    """
    mark = _mark(connection)
    _ensure_role(connection, agency.owner, sql.SQL("NOLOGIN"), mark)
    for role in Role:
        name = agency.role(role)
        verifier = connection.pgconn.encrypt_password(
            passwords.of(name).encode(), name.encode(), b"scram-sha-256"
        )
        options = sql.SQL("LOGIN PASSWORD {}").format(sql.Literal(verifier.decode()))
        _ensure_role(connection, name, options, mark)
    names = _Names.of(connection, agency)
    for statement in _ONCE:
        names.run(connection, statement)
    for role in Role:
        for statement in _PER_LOGIN:
            names.run(connection, statement, role=sql.Identifier(agency.role(role)))
    names.run(connection, _READ_ONLY, role=sql.Identifier(agency.role(Role.SEARCH)))
    _close_to_public(connection, names)
    # A purge ends with emptying the write-ahead log. Only a superuser can allow that;
    # where the login is none, the status page says what is missing.
    if _is_superuser(connection):
        purge = sql.Identifier(agency.role(Role.PURGE))
        for statement in _FLUSH:
            names.run(connection, statement, role=purge)


_FLUSH: Final = (
    "GRANT pg_checkpoint TO {role}",
    "GRANT EXECUTE ON FUNCTION pg_switch_wal() TO {role}",
)


def _is_superuser(connection: psycopg.Connection) -> bool:
    row = connection.execute(
        "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    return row is not None and row[0] is True


def drop(connection: psycopg.Connection, agency: AgencySchema) -> None:
    """Remove the agency's schema with all that is in it, and its roles. Final.

    Runs in the caller's transaction. Without effect on what does not exist.
    """
    connection.execute(
        sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(
            sql.Identifier(agency.schema)
        )
    )
    for name in [*map(agency.role, Role), agency.owner]:
        if _exists(connection, name):
            role = sql.Identifier(name)
            # To drop what a role owns, one must be a member of it (superusers are).
            for step in (
                "GRANT {} TO CURRENT_USER",
                "DROP OWNED BY {} CASCADE",
                "DROP ROLE {}",
            ):
                connection.execute(sql.SQL(step).format(role))


# Run in this order after the roles exist; `{login}` is who runs the migration.
_ONCE: Final = (
    "GRANT {owner} TO {login}",
    "CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {owner}",
    "REVOKE ALL ON SCHEMA {schema} FROM PUBLIC",
    # PostgreSQL lets everybody call a new function; with SECURITY DEFINER that would
    # hand the owner's rights to every role. Only a rule for the whole database can
    # take this back: one for a schema can only add.
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE ALL ON FUNCTIONS FROM PUBLIC",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} REVOKE ALL ON TYPES FROM PUBLIC",
)
_PER_LOGIN: Final = (
    "GRANT CONNECT ON DATABASE {database} TO {role}",
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    "ALTER ROLE {role} IN DATABASE {database} SET search_path TO {schema}",
)
_READ_ONLY: Final = (
    "ALTER ROLE {role} IN DATABASE {database} SET default_transaction_read_only TO on"
)


@attrs.frozen(kw_only=True)
class _Names:
    """The quoted names that the statements above speak of."""

    database: sql.Identifier
    login: sql.Identifier
    owner: sql.Identifier
    schema: sql.Identifier

    @classmethod
    def of(cls, connection: psycopg.Connection, agency: AgencySchema) -> Self:
        return cls(
            database=sql.Identifier(connection.info.dbname),
            login=sql.Identifier(connection.info.user),
            owner=sql.Identifier(agency.owner),
            schema=sql.Identifier(agency.schema),
        )

    def run(
        self,
        connection: psycopg.Connection,
        statement: LiteralString,
        *,
        role: sql.Identifier | None = None,
    ) -> None:
        """Run one of the statements of this module."""
        connection.execute(
            sql.SQL(statement).format(
                database=self.database,
                login=self.login,
                owner=self.owner,
                schema=self.schema,
                role=role if role is not None else self.owner,
            )
        )


def _close_to_public(connection: psycopg.Connection, names: _Names) -> None:
    """Leave the database to the roles above. Needs its owner: see `check_server`."""
    row = connection.execute(_RIGHTS).fetchone()
    if row is not None and row[0]:
        names.run(connection, "REVOKE ALL ON DATABASE {database} FROM PUBLIC")
        names.run(connection, "REVOKE ALL ON SCHEMA public FROM PUBLIC")


def _mark(connection: psycopg.Connection) -> str:
    return f"Charter Oak, database {connection.info.dbname}"


def _ensure_role(
    connection: psycopg.Connection, name: str, options: sql.Composable, mark: str
) -> None:
    verb = sql.SQL("ALTER" if _exists(connection, name) else "CREATE")
    role = sql.Identifier(name)
    # What a role of ours must never have is not repeated: roles are made without it,
    # and taking SUPERUSER or REPLICATION away again would need a superuser.
    connection.execute(sql.SQL("{} ROLE {} {}").format(verb, role, options))
    connection.execute(
        sql.SQL("COMMENT ON ROLE {} IS {}").format(role, sql.Literal(mark))
    )


def _exists(connection: psycopg.Connection, name: str) -> bool:
    found = connection.execute(
        "SELECT 1 FROM pg_roles WHERE rolname = %(name)s", {"name": name}
    ).fetchone()
    return found is not None
