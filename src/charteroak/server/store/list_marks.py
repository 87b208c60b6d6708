"""What tells one state of the lists from another: marks and numbers, no plate."""

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

# Written only where it rises: boxes ask all the time.
_NUMBER: Final = """
    SELECT number FROM box_list_number
"""

_RAISE: Final = """
    INSERT INTO box_list_number AS known (number)
    VALUES (%(number)s)
    ON CONFLICT (one) DO UPDATE SET number = greatest(known.number, EXCLUDED.number)
    RETURNING number
"""


def own_entries(tx: Changes | Ingests) -> str:
    """Differs whenever anything of the agency's own entries does."""
    row = tx.connection.execute(_OWN).fetchone()
    return "" if row is None else str(row[0])


def number(tx: Changes | Ingests, *, changed: int, now: int) -> int:
    """The number of the list for boxes: none that was given before is higher.

    A backup does not bring it back, so after a restore it begins with the present, which
    is later than whatever boxes were given.

    Args:
        tx: a transaction.
        changed: the moment of the last change, as the lists and the rules tell it. It
            can fall, where a term becomes longer.
        now: the present moment, counted in the same way.
    """
    row = tx.connection.execute(_NUMBER).fetchone()
    given = now if row is None else int(str(row[0]))
    if row is not None and given >= changed:
        return given
    raised = max(given, changed)
    row = tx.connection.execute(_RAISE, {"number": raised}).fetchone()
    return raised if row is None else int(str(row[0]))
