"""Transactions, one kind for each role of the database.

A function of the store asks for the transaction it needs by type: `find` in
`store.reads` takes a `Looks`, which the database itself keeps from writing; inserting
a read takes an `Ingests`. So a page cannot look at reads by accident: it has no such
transaction, and its database role could not read them anyway.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import ClassVar, TypeVar

import attrs
import psycopg
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool, PoolTimeout

from charteroak.core.errors import CharterOakError

_WAIT_S = 5.0
"""How long a transaction waits for a connection, and a connection to be made."""

# A network that swallows packets, or a machine that is gone, must not hold a thread
# for hours: libpq looks after itself within half a minute (sockets of this machine
# need none of it, and ignore it).
_PATIENCE: dict[str, int] = {
    "connect_timeout": int(_WAIT_S),
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}


class StoreUnavailableError(CharterOakError):
    """The database does not answer, or breaks off."""

    code = "charteroak.store.unavailable"
    hint = "Nothing is lost: boxes keep their reads. Try again in a few seconds."


@attrs.frozen
class Tx:
    """A transaction; leaving its block commits, an exception rolls back.

    Attributes:
        connection: for modules of the store only.
    """

    connection: "psycopg.Connection[tuple[object, ...]]"
    ROLE: ClassVar[str]


class Ingests(Tx):
    """May add reads, alerts and log records."""

    ROLE = "ingest"


class Changes(Tx):
    """The desk: may change alerts, lists, people and holds, and never see reads."""

    ROLE = "desk"


class Looks(Tx):
    """May read reads and cameras, and write nothing."""

    ROLE = "search"


class Audits(Tx):
    """May read the log, and nothing of the reads."""

    ROLE = "log"


class Purges(Tx):
    """May make and drop buckets."""

    ROLE = "purge"


T = TypeVar("T", bound=Tx)


class Database:
    """One agency's schema, reached as its five roles; safe to share between threads.

    Connections are made when first needed, and again after the server restarts: a
    transaction that was under way fails with `StoreUnavailableError`, the next works.
    """

    def __init__(self, dsns: dict[str, str], *, schema: str, most: int = 8) -> None:
        """Take a connection string for each role.

        Args:
            dsns: by role: ingest, desk, search, log, purge.
            schema: the agency's schema.
            most: connections for each role at the most.
        """
        self.schema = schema
        self._dsns = dsns
        self._pools = {
            role: ConnectionPool(
                dsn,
                min_size=0,
                max_size=most,
                timeout=_WAIT_S,
                # It tries again in steps that double, and nobody else may meanwhile:
                # without a short end to that, a database that was away for long
                # would be found minutes after it came back.
                reconnect_timeout=_WAIT_S,
                open=False,
                check=ConnectionPool.check_connection,
                name=f"charteroak-{role}",
                kwargs={"application_name": f"charteroak-{role}", **_PATIENCE},
            )
            for role, dsn in dsns.items()
        }

    def open(self) -> None:
        """Begin; does not wait for the database."""
        for pool in self._pools.values():
            pool.open(wait=False)

    def close(self) -> None:
        """Give all connections back."""
        for pool in self._pools.values():
            pool.close()

    def ingests(self) -> AbstractContextManager[Ingests]:
        """Begin a transaction that takes reads in."""
        return self._begin(Ingests)

    def changes(self) -> AbstractContextManager[Changes]:
        """Begin a transaction of the desk."""
        return self._begin(Changes)

    def looks(self) -> AbstractContextManager[Looks]:
        """Begin a transaction that may only look."""
        return self._begin(Looks)

    def audits(self) -> AbstractContextManager[Audits]:
        """Begin a transaction that may only read the log."""
        return self._begin(Audits)

    def purges(self) -> AbstractContextManager[Purges]:
        """Begin a transaction of the worker."""
        return self._begin(Purges)

    def listen_dsn(self) -> str:
        """Connection string for a listener of its own, as the desk."""
        return make_conninfo(self._dsns[Changes.ROLE], **_PATIENCE)

    @contextmanager
    def _begin(self, kind: type[T]) -> Iterator[T]:
        try:
            with self._pools[kind.ROLE].connection() as connection:
                yield kind(connection)
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as gone:
            # Its text may name the statement; ours does not.
            raise StoreUnavailableError("the database does not answer") from gone
