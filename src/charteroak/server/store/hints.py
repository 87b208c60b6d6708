"""Hints that the alerts changed: a word to wake up on, never the news itself.

A hint may be lost (a listener is not there, the database restarts), may be late and
reaches one node only. Who hears it asks the tables; who hears nothing asks them too.
"""

import contextlib
from collections.abc import Generator
from typing import Final

import psycopg
from psycopg import sql

from charteroak.server.store.database import (
    Changes,
    Database,
    Ingests,
    StoreUnavailableError,
)

_GIVE: Final = "SELECT pg_notify(current_schema()::text, '')"


def give(tx: Ingests | Changes) -> None:
    """Wake whoever shows alerts, once the transaction commits; carries no content."""
    tx.connection.execute(_GIVE)


def listen(database: Database, *, wait_s: float) -> Generator[bool]:
    """Yield whenever there is a hint, and at the latest every `wait_s` seconds.

    Holds one connection of its own until the iterator is closed. The first value comes
    at once: what was hinted before the listening began is unknown.

    Yields:
        Whether it was a hint, not only time that passed. Hints that gather while
        nobody asks are one.

    Raises:
        StoreUnavailableError: the database is not there, or went away; begin again.
    """
    try:
        with contextlib.closing(
            psycopg.connect(
                database.listen_dsn(),
                autocommit=True,
                application_name="charteroak-hints",
            )
        ) as connection:
            connection.execute(
                sql.SQL("LISTEN {}").format(sql.Identifier(database.schema))
            )
            yield True
            while True:
                hints = list(connection.notifies(timeout=wait_s, stop_after=1))
                yield bool(hints)
    except (psycopg.OperationalError, psycopg.InterfaceError) as gone:
        # Its text may name the statement; ours does not.
        raise StoreUnavailableError("the database does not answer") from gone
