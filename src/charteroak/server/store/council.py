"""The council's keys and orders: they go in and never change."""

from datetime import datetime
from typing import Final

from psycopg.rows import args_row, scalar_row

from charteroak.core.codes import Step
from charteroak.core.council_order import CouncilKey
from charteroak.core.log_record import RecordId
from charteroak.core.moratorium import CouncilStanding, Taken, standing
from charteroak.server.store.database import Changes

_DOUBT: Final = "doubt"
# One order at a time: its number, its state and its record belong together.
_LOCK: Final = int.from_bytes(b"council!", "big")

_ALONE: Final = """
    SELECT pg_advisory_xact_lock(%(lock)s)
"""

_KEYS: Final = """
    SELECT name, public_key FROM council_keys ORDER BY slot LIMIT 2
"""

_ENROLLED_AT: Final = """
    SELECT min(enrolled_at) FROM council_keys
"""

_ENROL: Final = """
    INSERT INTO council_keys (slot, name, public_key, enrolled_at, record_id)
    VALUES (%(slot)s, %(name)s, %(public_key)s, %(at)s, %(record_id)s)
"""

_ORDERS: Final = """
    SELECT number, step, taken_at, reason, content
      FROM council_orders
     ORDER BY number
     LIMIT 100000
"""

_ADD: Final = """
    INSERT INTO council_orders (number, step, taken_at, reason, content, record_id)
    VALUES (%(number)s, %(step)s, %(at)s, %(reason)s, %(content)s, %(record_id)s)
"""


def alone(tx: Changes) -> None:
    """Wait until no other transaction takes an order of this agency.

    Agencies of one database wait for each other too, which is rare and short.
    """
    tx.connection.execute(_ALONE, {"lock": _LOCK})


def stands(tx: Changes, agency: str) -> CouncilStanding:
    """Whose keys count, and how the orders of an agency's council stand."""
    return standing(agency, keys(tx), orders(tx))


def keys(tx: Changes) -> list[CouncilKey]:
    """The keys that were enrolled; none, or two."""
    with tx.connection.cursor(row_factory=args_row(_key)) as cursor:
        return cursor.execute(_KEYS).fetchall()


def enrolled_at(tx: Changes) -> datetime | None:
    """When the keys were enrolled; None: none are."""
    with tx.connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(_ENROLLED_AT).fetchone()


def enrol(
    tx: Changes, slot: int, key: CouncilKey, *, at: datetime, record_id: RecordId
) -> None:
    """Put a key in its slot, 1 or 2; one that is taken stays as it is."""
    tx.connection.execute(
        _ENROL,
        {
            "slot": slot,
            "name": key.name,
            "public_key": key.public_key,
            "at": at,
            "record_id": record_id,
        },
    )


def orders(tx: Changes) -> list[Taken]:
    """Every order that was carried out, by its number."""
    with tx.connection.cursor(row_factory=args_row(_taken)) as cursor:
        return cursor.execute(_ORDERS).fetchall()


def add(tx: Changes, order: Taken, *, record_id: RecordId) -> None:
    """Write down that an order was carried out."""
    tx.connection.execute(
        _ADD,
        {
            "number": order.number,
            "step": _DOUBT if order.step is None else order.step,
            "at": order.at,
            "reason": order.reason,
            "content": order.text,
            "record_id": record_id,
        },
    )


def _key(name: str, public_key: bytes) -> CouncilKey:
    return CouncilKey(name=name, public_key=bytes(public_key))


def _taken(
    number: int, step: str, taken_at: datetime, reason: str, content: bytes
) -> Taken:
    return Taken(
        number=number,
        step=None if step == _DOUBT else Step(step),
        at=taken_at,
        reason=reason,
        text=bytes(content),
    )
