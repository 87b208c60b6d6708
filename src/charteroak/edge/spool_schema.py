"""The tables of the spool's file, made or brought up to date."""

import sqlite3
from typing import Final

from charteroak.edge.spool_file import CorruptSpoolError

_SCHEMA: Final = """
    CREATE TABLE IF NOT EXISTS envelopes (
        id         INTEGER PRIMARY KEY AUTOINCREMENT,
        created_at INTEGER NOT NULL,
        kept_until INTEGER NOT NULL,
        not_before INTEGER NOT NULL DEFAULT 0,
        boot_epoch INTEGER,
        sequence   INTEGER,
        boot       TEXT,
        due_ms     INTEGER,
        hit        INTEGER NOT NULL DEFAULT 0,
        lock       TEXT,
        envelope   BLOB NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS envelopes_sent ON envelopes (boot_epoch, sequence)
     WHERE sequence IS NOT NULL;
    CREATE TABLE IF NOT EXISTS counts (
        name  TEXT PRIMARY KEY,
        value INTEGER NOT NULL
    ) STRICT;
"""
_HAS_BOOT: Final = """
    SELECT count(*) FROM pragma_table_info('envelopes') WHERE name = 'boot'
"""
_ADD_BOOT: Final = """
    ALTER TABLE envelopes ADD COLUMN boot TEXT;
    ALTER TABLE envelopes ADD COLUMN due_ms INTEGER;
    DROP INDEX IF EXISTS envelopes_due;
"""
_HAS_LOCK: Final = """
    SELECT count(*) FROM pragma_table_info('envelopes') WHERE name = 'lock'
"""
_ADD_LOCK: Final = """
    ALTER TABLE envelopes ADD COLUMN hit INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE envelopes ADD COLUMN lock TEXT;
"""
_INDEXES: Final = """
    CREATE INDEX IF NOT EXISTS envelopes_due_by_clock ON envelopes (kept_until, boot);
    CREATE INDEX IF NOT EXISTS envelopes_due_by_uptime ON envelopes (boot, due_ms);
"""


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables if they are not there, and set what the promises need.

    Raises:
        CorruptSpoolError: the file is damaged.
    """
    # secure_delete overwrites what is deleted; with the log truncated after a
    # deletion no copy is left (measured: 0 marker bytes in the files).
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise CorruptSpoolError("the spool is damaged")
    connection.executescript(_SCHEMA)
    if not connection.execute(_HAS_BOOT).fetchone()[0]:
        connection.executescript(_ADD_BOOT)
    if not connection.execute(_HAS_LOCK).fetchone()[0]:
        connection.executescript(_ADD_LOCK)
    connection.executescript(_INDEXES)
