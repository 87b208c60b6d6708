"""Batches taken, with their answers, and the nonces of the requests that brought them.

Every function here is called with the box's row locked (`boxes.lock`), so that two
deliveries of one batch wait for each other.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

import attrs
from psycopg.rows import class_row

from charteroak.server.store.database import Ingests

_REMEMBER: Final = """
    INSERT INTO nonces (box_id, nonce, received_at)
    VALUES (%(box_id)s, %(nonce)s, %(received_at)s)
    ON CONFLICT (box_id, nonce) DO NOTHING
"""

_FIND: Final = """
    SELECT digest, answer
      FROM batches
     WHERE box_id = %(box_id)s
       AND boot_epoch = %(boot_epoch)s
       AND sequence = %(sequence)s
"""

_ADD: Final = """
    INSERT INTO batches
           (box_id, boot_epoch, sequence, digest, signature, received_at, answer)
    VALUES (%(box_id)s, %(boot_epoch)s, %(sequence)s, %(digest)s, %(signature)s,
            %(received_at)s, %(answer)s)
"""


@attrs.frozen(kw_only=True)
class BatchKey:
    """What names a batch for good."""

    box_id: UUID
    boot_epoch: int
    sequence: int


@attrs.frozen(kw_only=True)
class TakenBatch:
    """A batch that was taken.

    Attributes:
        digest: `wire.content_digest` of its envelopes.
        answer: what the box was told, in MessagePack.
    """

    digest: bytes
    answer: bytes


def remember_nonce(tx: Ingests, *, box_id: UUID, nonce: str, at: datetime) -> bool:
    """Remember a nonce; False where this box has used it before."""
    cursor = tx.connection.execute(
        _REMEMBER, {"box_id": box_id, "nonce": nonce, "received_at": at}
    )
    return cursor.rowcount == 1


def find(tx: Ingests, key: BatchKey) -> TakenBatch | None:
    """The batch that was taken under this name, None where none was."""
    with tx.connection.cursor(row_factory=class_row(TakenBatch)) as cursor:
        return cursor.execute(_FIND, attrs.asdict(key)).fetchone()


def add(
    tx: Ingests, key: BatchKey, taken: TakenBatch, *, signature: bytes, at: datetime
) -> None:
    """Write that a batch was taken, with the box's permanent signature as evidence."""
    tx.connection.execute(
        _ADD,
        {
            **attrs.asdict(key),
            "digest": taken.digest,
            "answer": taken.answer,
            "signature": signature,
            "received_at": at,
        },
    )
