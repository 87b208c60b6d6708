"""Boxes by the cameras, the codes that invite them, and the cameras they speak for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import attrs
from psycopg.rows import class_row

from charteroak.server.store.database import Changes, Ingests

_COLUMNS: Final = """
    SELECT b.box_id, b.name, b.public_key, b.software, b.enrolled_at, b.revoked_at,
           b.last_batch_at, b.clock_offset_s,
           ARRAY(SELECT camera_id FROM box_cameras AS c
                  WHERE c.box_id = b.box_id ORDER BY camera_id) AS cameras
      FROM boxes AS b
"""

_FIND: Final = _COLUMNS + " WHERE b.box_id = %(box_id)s"

_FIND_BY_KEY: Final = _COLUMNS + " WHERE b.public_key = %(public_key)s"

_ALL: Final = _COLUMNS + " ORDER BY b.name, b.box_id LIMIT 5000"

_LOCK: Final = """
    SELECT revoked_at, forgotten_boot_epoch AS boot_epoch,
           forgotten_sequence AS sequence
      FROM boxes WHERE box_id = %(box_id)s FOR NO KEY UPDATE
"""

_HEARD: Final = """
    UPDATE boxes
       SET last_batch_at = %(at)s, clock_offset_s = %(clock_offset_s)s
     WHERE box_id = %(box_id)s
"""

_SET_CLOCK: Final = """
    UPDATE boxes SET clock_offset_s = %(clock_offset_s)s WHERE box_id = %(box_id)s
"""

_TELL: Final = """
    UPDATE boxes SET told_mode = %(mode)s
     WHERE box_id = %(box_id)s AND told_mode <> %(mode)s
"""

_REVOKE: Final = """
    UPDATE boxes SET revoked_at = %(at)s
     WHERE box_id = %(box_id)s AND revoked_at IS NULL
"""

_ADD: Final = """
    INSERT INTO boxes (box_id, name, public_key, software, enrolled_at)
    VALUES (%(box_id)s, %(name)s, %(public_key)s, %(software)s, %(enrolled_at)s)
    ON CONFLICT (public_key) DO NOTHING
"""

_GIVE_CAMERAS: Final = """
    INSERT INTO box_cameras (box_id, camera_id)
    SELECT %(box_id)s, camera_id
      FROM unnest(%(cameras)s::text[]) AS camera_id
"""

_INVITE: Final = """
    INSERT INTO invitations
           (code_hash, box_name, cameras, invited_by, invited_at, expires_at)
    VALUES (%(code_hash)s, %(box_name)s, %(cameras)s, %(invited_by)s, %(invited_at)s,
            %(expires_at)s)
"""

_USE_INVITATION: Final = """
    UPDATE invitations SET used_at = %(at)s
     WHERE code_hash = %(code_hash)s AND used_at IS NULL AND expires_at > %(at)s
    RETURNING box_name, cameras, expires_at, used_at
"""

_FIND_INVITATION: Final = """
    SELECT box_name, cameras, expires_at, used_at
      FROM invitations
     WHERE code_hash = %(code_hash)s
"""


@attrs.frozen(kw_only=True)
class StoredBox:
    """A box as the agency knows it.

    Attributes:
        public_key: Ed25519, 32 bytes.
        revoked_at: from then on nothing is taken from it; None: it is trusted.
        last_batch_at: when it was heard last; None: never.
        clock_offset_s: its clock less the server's when it was heard, whole seconds.
        cameras: short names of those it may speak for.
    """

    box_id: UUID
    name: str
    public_key: bytes
    software: str
    enrolled_at: datetime
    revoked_at: datetime | None
    last_batch_at: datetime | None
    clock_offset_s: int | None
    cameras: Sequence[str]


@attrs.frozen(kw_only=True)
class Invitation:
    """An invitation of one box.

    Attributes:
        cameras: what the box will speak for.
        used_at: when a box came in with it; None: not yet.
    """

    box_name: str
    cameras: Sequence[str]
    expires_at: datetime
    used_at: datetime | None


@attrs.frozen(kw_only=True)
class Forgotten:
    """The highest number of a batch whose answer is remembered no longer; -1: none."""

    boot_epoch: int
    sequence: int

    def covers(self, *, boot_epoch: int, sequence: int) -> bool:
        """Whether a batch of this number, if it is not known, was forgotten.

        Numbers of a box only rise, and it sends in their order.
        """
        return (boot_epoch, sequence) <= (self.boot_epoch, self.sequence)


@attrs.frozen(kw_only=True)
class _Locked:
    revoked_at: datetime | None
    boot_epoch: int
    sequence: int


def find(tx: Ingests | Changes, box_id: UUID) -> StoredBox | None:
    """One box, revoked or not; None where there is none."""
    with tx.connection.cursor(row_factory=class_row(StoredBox)) as cursor:
        return cursor.execute(_FIND, {"box_id": box_id}).fetchone()


def find_by_key(tx: Ingests | Changes, public_key: bytes) -> StoredBox | None:
    """The box with a public key; None where there is none."""
    with tx.connection.cursor(row_factory=class_row(StoredBox)) as cursor:
        return cursor.execute(_FIND_BY_KEY, {"public_key": public_key}).fetchone()


def everything(tx: Ingests | Changes) -> list[StoredBox]:
    """All boxes, by name; 5,000 at the most."""
    with tx.connection.cursor(row_factory=class_row(StoredBox)) as cursor:
        return cursor.execute(_ALL).fetchall()


def lock(tx: Ingests, box_id: UUID) -> Forgotten | None:
    """Keep other batches of a box out until this transaction ends.

    Returns:
        None where there is no such box, or it was revoked meanwhile.
    """
    with tx.connection.cursor(row_factory=class_row(_Locked)) as cursor:
        row = cursor.execute(_LOCK, {"box_id": box_id}).fetchone()
    if row is None or row.revoked_at is not None:
        return None
    return Forgotten(boot_epoch=row.boot_epoch, sequence=row.sequence)


def heard(tx: Ingests, box_id: UUID, *, clock_offset_s: int, at: datetime) -> None:
    """Write that a batch of a box was taken, and how far its clock is off."""
    tx.connection.execute(
        _HEARD, {"box_id": box_id, "clock_offset_s": clock_offset_s, "at": at}
    )


def set_clock(tx: Ingests, box_id: UUID, *, clock_offset_s: int) -> None:
    """Write how far a box's clock is off."""
    tx.connection.execute(
        _SET_CLOCK, {"box_id": box_id, "clock_offset_s": clock_offset_s}
    )


def tell(tx: Ingests | Changes, box_id: UUID, *, mode: str) -> bool:
    """Write what a box is told to keep; False where it was told so before."""
    cursor = tx.connection.execute(_TELL, {"box_id": box_id, "mode": mode})
    return cursor.rowcount == 1


def revoke(tx: Changes, box_id: UUID, *, at: datetime) -> bool:
    """Trust a box no longer; False where there is none, or it was revoked before."""
    cursor = tx.connection.execute(_REVOKE, {"box_id": box_id, "at": at})
    return cursor.rowcount == 1


def add(tx: Changes, box: StoredBox) -> bool:
    """Add a box with its cameras; False where its key is known already."""
    cursor = tx.connection.execute(
        _ADD,
        {
            "box_id": box.box_id,
            "name": box.name,
            "public_key": box.public_key,
            "software": box.software,
            "enrolled_at": box.enrolled_at,
        },
    )
    if cursor.rowcount != 1:
        return False
    tx.connection.execute(
        _GIVE_CAMERAS, {"box_id": box.box_id, "cameras": list(box.cameras)}
    )
    return True


def invite(  # noqa: PLR0913 (an invitation has so many parts)
    tx: Changes,
    *,
    code_hash: bytes,
    box_name: str,
    cameras: Sequence[str],
    invited_by: UUID | None,
    at: datetime,
    expires_at: datetime,
) -> None:
    """Write an invitation; of its code only the hash."""
    tx.connection.execute(
        _INVITE,
        {
            "code_hash": code_hash,
            "box_name": box_name,
            "cameras": list(cameras),
            "invited_by": invited_by,
            "invited_at": at,
            "expires_at": expires_at,
        },
    )


def use_invitation(tx: Changes, *, code_hash: bytes, at: datetime) -> Invitation | None:
    """Use an invitation up; None where it is unknown, used or expired."""
    with tx.connection.cursor(row_factory=class_row(Invitation)) as cursor:
        return cursor.execute(
            _USE_INVITATION, {"code_hash": code_hash, "at": at}
        ).fetchone()


def find_invitation(tx: Changes, *, code_hash: bytes) -> Invitation | None:
    """An invitation, used or not; None where there is none."""
    with tx.connection.cursor(row_factory=class_row(Invitation)) as cursor:
        return cursor.execute(_FIND_INVITATION, {"code_hash": code_hash}).fetchone()
