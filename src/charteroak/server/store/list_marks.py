"""What tells whether the agency's own entries are as they were: no plate, only a mark."""

from typing import Final

from charteroak.server.store.database import Changes, Ingests

# A list that is loaded has the moment of that; an entry of one's own comes and goes by
# itself. There are few of these.
_OWN: Final = """
    SELECT coalesce(md5(string_agg(md5(e::text), '' ORDER BY e.entry_id)), '')
      FROM hotlist_entries AS e
      JOIN hotlists AS h ON h.list_id = e.list_id
     WHERE h.list_class = 'local'
"""


def own_entries(tx: Changes | Ingests) -> str:
    """Differs whenever anything of the agency's own entries does."""
    row = tx.connection.execute(_OWN).fetchone()
    return "" if row is None else str(row[0])
