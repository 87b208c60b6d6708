"""What was deleted and still lies in the database's files: a debt until it is paid.

A debt is written in the transaction of the deletion, so that no crash can forget it, and
paid by the worker: a table written anew, the write-ahead log emptied. Whoever adds to a
debt or pays it holds its row until the end of the transaction; so a deletion is either
covered by a payment, or comes after it and is owed again. Take the row before the table.
"""

from enum import StrEnum
from typing import Final

from charteroak.server.store.database import Changes, Purges


class Owed(StrEnum):
    """Where deleted rows still lie."""

    HELD_READS = "held_reads"
    HOTLIST_ENTRIES = "hotlist_entries"
    PAPERS = "papers"
    WAL = "wal"


_ADD: Final = """
    INSERT INTO erasures_owed (what, n) VALUES (%(what)s, 1)
    ON CONFLICT (what) DO UPDATE SET n = erasures_owed.n + 1
"""

_TAKE: Final = """
    SELECT n FROM erasures_owed WHERE what = %(what)s FOR UPDATE
"""

_PAID: Final = """
    DELETE FROM erasures_owed WHERE what = %(what)s
"""

_ALL: Final = """
    SELECT what FROM erasures_owed ORDER BY what LIMIT 10
"""


def add(tx: Purges | Changes, what: Owed) -> None:
    """Owe an erasure; call it before the deletion that causes it."""
    tx.connection.execute(_ADD, {"what": what})


def take(tx: Purges, what: Owed) -> bool:
    """Whether this is owed; nobody adds to it until this transaction ends."""
    return tx.connection.execute(_TAKE, {"what": what}).fetchone() is not None


def paid(tx: Purges, what: Owed) -> None:
    """Say that what was taken is erased."""
    tx.connection.execute(_PAID, {"what": what})


def everything(tx: Purges | Changes) -> list[Owed]:
    """All that is owed now."""
    return [Owed(str(row[0])) for row in tx.connection.execute(_ALL).fetchall()]
