"""The log's table: records go in, and never change.

`append` runs inside the caller's transaction, so that a change of state and its record
are one: both are there or neither is.
"""

from collections.abc import Callable
from typing import Final

from charteroak.core import log_record
from charteroak.core.log_record import Draft, RecordId
from charteroak.core.sealed import LogReceipt
from charteroak.server.store.database import Audits, Changes, Ingests, Purges

Entropy = Callable[[int], bytes]
"""Gives so many fresh random bytes; `secrets.token_bytes` outside tests."""

_APPEND: Final = """
    INSERT INTO log (kind, hour, entry, sealed)
    VALUES (%(kind)s, %(hour)s, %(entry)s, %(sealed)s)
    RETURNING record_id
"""

_KEEP_KEY: Final = """
    INSERT INTO log_keys (record_id, key) VALUES (%(record_id)s, %(key)s)
"""

_HOLDS: Final = """
    SELECT true FROM log WHERE record_id = %(record_id)s
"""


def append(
    tx: Ingests | Changes | Purges, draft: Draft, *, entropy: Entropy
) -> LogReceipt:
    """Write a record; durable when the caller's transaction is.

    Args:
        tx: the transaction of the change that is recorded.
        draft: what happened.
        entropy: for the salts and the record's own key.
    """
    key = entropy(log_record.KEY_BYTES)
    salts = [entropy(log_record.SALT_BYTES) for _ in range(len(draft.private) + 1)]
    record = log_record.compose(draft, salts=salts, key=key)
    row = tx.connection.execute(
        _APPEND,
        {
            "kind": record.kind,
            "hour": record.hour,
            "entry": record.entry,
            "sealed": record.sealed,
        },
    ).fetchone()
    if row is None or not isinstance(row[0], int):  # pragma: no cover
        msg = "INSERT RETURNING gave no number"
        raise TypeError(msg)
    number = RecordId(row[0])
    tx.connection.execute(_KEEP_KEY, {"record_id": number, "key": key})
    return LogReceipt(number)


def holds(tx: Audits, receipt: LogReceipt) -> bool:
    """Whether a record is committed: what covers an answer until there are checkpoints.

    Asked in a transaction of its own, which sees committed records only.
    """
    row = tx.connection.execute(_HOLDS, {"record_id": receipt.record_id}).fetchone()
    return row is not None
