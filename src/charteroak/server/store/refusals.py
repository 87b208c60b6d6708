"""What was turned away at the door: how many, by kind and hour."""

from datetime import datetime
from typing import Final

import attrs
from psycopg.rows import class_row

from charteroak.server.store.database import Changes, Ingests

_COUNT: Final = """
    INSERT INTO refusals (hour, kind, n)
    VALUES (date_trunc('hour', %(at)s::timestamptz, 'UTC'), %(kind)s, %(n)s)
    ON CONFLICT (hour, kind) DO UPDATE SET n = refusals.n + EXCLUDED.n
"""

_SINCE: Final = """
    SELECT kind, sum(n)::bigint AS n
      FROM refusals
     WHERE hour >= %(since)s
     GROUP BY kind
     ORDER BY kind
     LIMIT 100
"""


@attrs.frozen(kw_only=True)
class RefusalCount:
    """How often something was turned away.

    Attributes:
        kind: the code of the error.
    """

    kind: str
    n: int


def count(tx: Ingests | Changes, kind: str, *, at: datetime, n: int = 1) -> None:
    """Count so many more.

    Args:
        tx: the transaction of the refusal.
        kind: the code of the error; never anything that came from outside.
        at: when.
        n: how many.
    """
    tx.connection.execute(_COUNT, {"kind": kind, "at": at, "n": n})


def since(tx: Ingests | Changes, moment: datetime) -> list[RefusalCount]:
    """How many of each kind since the hour that begins at, or after, a moment."""
    with tx.connection.cursor(row_factory=class_row(RefusalCount)) as cursor:
        return cursor.execute(_SINCE, {"since": moment}).fetchall()
