"""Whose turn it is to make a package: one at a time, in all processes of an agency.

A package is put together in memory: up to 64 MB of pictures, and beside them the archive
that they go into. Several at once would take the room of what takes reads in.
"""

from typing import Final

from charteroak.server.store.database import Changes

_TAKE: Final = """
    SELECT pg_try_advisory_xact_lock(
        hashtextextended('charteroak package ' || current_schema(), 0))
"""


def take(tx: Changes) -> bool:
    """Take the turn until the transaction ends; False: somebody has it. Never waits."""
    return tx.connection.execute(_TAKE).fetchone() == (True,)
