"""The rules that were in force, as text: what a change is compared with."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import attrs
from psycopg.rows import args_row
from psycopg.types.json import Jsonb

from charteroak.core.log_record import RecordId
from charteroak.server.store.database import Changes

# Of two servers on one database the second finds what the first has written.
_LOCK: Final = int.from_bytes(b"adopted!", "big")

_ALONE: Final = """
    SELECT pg_advisory_xact_lock(%(lock)s)
"""

_LAST: Final = """
    SELECT fingerprint, texts, adopted_at
      FROM rules_adopted
     ORDER BY adopted_id DESC
     LIMIT 1
"""

_ADD: Final = """
    INSERT INTO rules_adopted (adopted_at, fingerprint, texts, record_id)
    VALUES (%(at)s, %(fingerprint)s, %(texts)s, %(record_id)s)
"""


@attrs.frozen(kw_only=True)
class Before:
    """Rules that were in force.

    Attributes:
        fingerprint: of all sets together.
        texts: of each set, by who stands behind it.
    """

    fingerprint: str
    texts: Mapping[str, str]
    since: datetime


def alone(tx: Changes) -> None:
    """Wait until nobody else writes down a change of the rules."""
    tx.connection.execute(_ALONE, {"lock": _LOCK})


def last(tx: Changes) -> Before | None:
    """The rules that were last recorded; None: none yet."""
    with tx.connection.cursor(row_factory=args_row(_before)) as cursor:
        return cursor.execute(_LAST).fetchone()


def add(
    tx: Changes,
    *,
    at: datetime,
    fingerprint: str,
    texts: Mapping[str, str],
    record_id: RecordId,
) -> None:
    """Write down what is in force from now on."""
    tx.connection.execute(
        _ADD,
        {
            "at": at,
            "fingerprint": fingerprint,
            "texts": Jsonb(dict(texts)),
            "record_id": record_id,
        },
    )


def _before(fingerprint: str, texts: dict[str, str], since: datetime) -> Before:
    return Before(fingerprint=fingerprint, texts=texts, since=since)
