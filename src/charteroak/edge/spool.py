"""The spool: sealed envelopes that wait on the box until the server has them.

An SQLite file is the outbox. It holds envelopes sealed to the agency's public key and
the numbers needed to send them; nothing in it can be read without the agency's private
key, which is never on a box.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import attrs
import msgspec
from nacl.public import PublicKey, SealedBox

from charteroak.core.errors import CharterOakError
from charteroak.core.retention import FUTURE_TOLERANCE
from charteroak.core.wire import WireRead
from charteroak.edge.spool_file import (
    CorruptSpoolError,
    SpoolFullError,
    SpoolStats,
    millis,
    typed,
)

MOST_SENT: Final = 100
MOST_SENT_BYTES: Final = 4 * 1024 * 1024
MISDATED_GRACE: Final = timedelta(hours=1)
"""How long a read that is due by its own time is kept for the server to judge it."""

_LONG_AGO: Final = datetime.fromtimestamp(0, UTC)

_SCHEMA: Final = """
    CREATE TABLE IF NOT EXISTS envelopes (
        id         INTEGER PRIMARY KEY AUTOINCREMENT,
        created_at INTEGER NOT NULL,
        kept_until INTEGER NOT NULL,
        not_before INTEGER NOT NULL DEFAULT 0,
        boot_epoch INTEGER,
        sequence   INTEGER,
        envelope   BLOB NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS envelopes_due ON envelopes (kept_until);
    CREATE INDEX IF NOT EXISTS envelopes_sent ON envelopes (boot_epoch, sequence)
     WHERE sequence IS NOT NULL;
    CREATE TABLE IF NOT EXISTS counts (
        name  TEXT PRIMARY KEY,
        value INTEGER NOT NULL
    ) STRICT;
"""
_PUT: Final = """
    INSERT INTO envelopes (created_at, kept_until, envelope)
    VALUES (:created_at, :kept_until, :envelope)
"""
_ASSIGNED: Final = """
    SELECT boot_epoch, sequence
      FROM envelopes
     WHERE sequence IS NOT NULL
     ORDER BY boot_epoch, sequence
     LIMIT 1
"""
_OF_BATCH: Final = """
    SELECT id, envelope
      FROM envelopes
     WHERE boot_epoch = :boot_epoch AND sequence = :sequence
     ORDER BY id
"""
_UNASSIGNED: Final = """
    SELECT id, length(envelope)
      FROM envelopes
     WHERE sequence IS NULL AND not_before <= :now AND kept_until > :now
     ORDER BY id
     LIMIT :most
"""
_ASSIGN: Final = """
    UPDATE envelopes SET boot_epoch = :boot_epoch, sequence = :sequence
     WHERE id = :id
"""
_RELEASE: Final = """
    UPDATE envelopes SET boot_epoch = NULL, sequence = NULL, not_before = :not_before
     WHERE id = :id
"""
_RELEASE_BROKEN: Final = """
    UPDATE envelopes SET boot_epoch = NULL, sequence = NULL
     WHERE (boot_epoch, sequence) IN
           (SELECT boot_epoch, sequence
              FROM envelopes
             WHERE kept_until <= :now AND sequence IS NOT NULL)
"""
_DELETE: Final = "DELETE FROM envelopes WHERE id = :id RETURNING length(envelope)"
_DELETE_DUE: Final = """
    DELETE FROM envelopes WHERE kept_until <= :now RETURNING length(envelope)
"""
_COUNT: Final = """
    INSERT INTO counts (name, value) VALUES (:name, :more)
    ON CONFLICT (name) DO UPDATE SET value = value + excluded.value
"""
_STATS: Final = """
    SELECT count(*), coalesce(sum(length(envelope)), 0), min(created_at),
           count(*) FILTER (WHERE not_before > :now)
      FROM envelopes
"""
_COUNTS: Final = "SELECT name, value FROM counts ORDER BY name"


@attrs.frozen(kw_only=True)
class Outgoing:
    """Envelopes with the number they are sent under.

    Attributes:
        boot_epoch: the start of the box in which the number was given.
        sequence: the number, from 1 in each boot epoch.
        ids: rows of the spool.
        envelopes: sealed reads, oldest first.
    """

    boot_epoch: int
    sequence: int
    ids: tuple[int, ...] = attrs.field(repr=False)
    envelopes: list[bytes] = attrs.field(repr=False)


class Spool:
    """The outbox.

    Promises:
        - **Durable**: when `put` returns, the read survives kill -9 and a power cut.
        - **Nothing accepted is lost** before its time: an envelope leaves only when it
          is acknowledged or due, and each way is counted.
        - **The same batch again**: `next_batch` returns one batch until it is
          acknowledged, released or due; its number was on the disk before it was ever
          returned, so that a retry after a crash carries the same content.
        - **Due means gone**: `forget_due` overwrites due envelopes and empties the
          write-ahead log. A batch in which one envelope is due is given up whole: the
          due are deleted, the others get a new number. If the old batch had arrived
          after all, the server knows the reads by their ids and counts them once.
        - **Sealed**: no plate and no camera's name is ever in the file.
        - **Threads**: any method from any thread; one process per file.

    Not promised: order between batches, and the medium's own remains (an SSD keeps old
    blocks; they hold sealed envelopes only).
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        agency_key: bytes,
        keep: timedelta,
        limit_bytes: int,
        boot_epoch: int,
    ) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._seal = SealedBox(PublicKey(agency_key))
        self._keep = keep
        self._limit_bytes = limit_bytes
        self._boot_epoch = boot_epoch
        self._sequence = 0
        self._unsaved_drops = 0
        # A crash may have left envelopes deleted long ago in the write-ahead log.
        self._log_is_dirty = True
        self._size_bytes = self._stats(_LONG_AGO).size_bytes
        self.arrived = threading.Event()
        self.arrived.set()

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        agency_key: bytes,
        keep: timedelta,
        limit_bytes: int,
        boot_epoch: int,
    ) -> "Spool":
        """Open the spool, or make it.

        Args:
            path: the SQLite file.
            agency_key: X25519 public key of the agency, 32 bytes.
            keep: a read older than this is due.
            limit_bytes: accept no read once the envelopes waiting would exceed it.
            boot_epoch: this start's number, never used before.

        Raises:
            CorruptSpoolError: the file is damaged; see `spool_file.move_aside`.
            SpoolUnavailableError: it cannot be opened.
            SpoolDiskFullError: no space to make it.
        """
        with typed():
            connection = sqlite3.connect(
                path, check_same_thread=False, isolation_level=None
            )
            try:
                path.chmod(0o600)
                _prepare(connection)
                return cls(
                    connection,
                    agency_key=agency_key,
                    keep=keep,
                    limit_bytes=limit_bytes,
                    boot_epoch=boot_epoch,
                )
            except BaseException:
                connection.close()
                raise

    def close(self) -> None:
        """Close the file; what waits stays."""
        with self._lock:
            self._connection.close()

    @property
    def boot_epoch(self) -> int:
        """The boot epoch in which new batches are numbered."""
        return self._boot_epoch

    def put(self, read: WireRead, now: datetime) -> None:
        """Seal a read and keep it; it is on the disk when this returns.

        Args:
            read: what the camera saw.
            now: by the box's clock.

        Raises:
            SpoolFullError: the limit is reached; counted as dropped.
            SpoolDiskFullError: the disk is full; counted as dropped.
            SpoolUnavailableError: the file cannot be written; counted as dropped.
        """
        envelope = self._seal.encrypt(msgspec.msgpack.encode(read))
        row = {
            "created_at": millis(now),
            "kept_until": millis(self._kept_until(read.seen_at, now)),
            "envelope": envelope,
        }
        with self._lock:
            if self._size_bytes + len(envelope) > self._limit_bytes:
                self._drop()
                raise SpoolFullError("the spool is full; a read was not accepted")
            try:
                with self._changes() as tx:
                    tx.execute(_PUT, row)
            except CharterOakError:
                self._drop()
                raise
            self._size_bytes += len(envelope)
        self.arrived.set()

    def next_batch(
        self,
        now: datetime,
        *,
        most: int = MOST_SENT,
        most_bytes: int = MOST_SENT_BYTES,
    ) -> Outgoing | None:
        """The batch to send; the same one until it is acknowledged or released.

        Args:
            now: by the box's clock.
            most: envelopes in a new batch.
            most_bytes: their bytes together; one envelope may exceed it alone.

        Returns:
            None when nothing waits.
        """
        with self._lock, self._changes() as tx:
            found = tx.execute(_ASSIGNED).fetchone()
            if found is None:
                found = self._assign(tx, now, most=most, most_bytes=most_bytes)
            if found is None:
                return None
            number = {"boot_epoch": int(found[0]), "sequence": int(found[1])}
            rows = tx.execute(_OF_BATCH, number).fetchall()
        return Outgoing(
            boot_epoch=number["boot_epoch"],
            sequence=number["sequence"],
            ids=tuple(int(row[0]) for row in rows),
            envelopes=[bytes(row[1]) for row in rows],
        )

    def acknowledge(self, batch: Outgoing, *, refused: int = 0) -> None:
        """Delete what the server has taken.

        Args:
            batch: as `next_batch` gave it.
            refused: how many of its reads the server did not keep.
        """
        with self._lock:
            with self._changes() as tx:
                gone = [tx.execute(_DELETE, row).fetchall() for row in _rows(batch)]
                sizes = [int(size) for rows in gone for (size,) in rows]
                tx.execute(_COUNT, {"name": "delivered", "more": len(sizes)})
                tx.execute(_COUNT, {"name": "refused", "more": refused})
            self._log_is_dirty = True
            self._size_bytes -= sum(sizes)

    def release(self, batch: Outgoing, *, not_before: datetime | None = None) -> None:
        """Take a batch apart; its envelopes are sent again under a new number.

        Args:
            batch: as `next_batch` gave it.
            not_before: set them aside until then; None for at once.
        """
        until = 0 if not_before is None else millis(not_before)
        with self._lock, self._changes() as tx:
            tx.executemany(
                _RELEASE, [row | {"not_before": until} for row in _rows(batch)]
            )

    def begin_epoch(self, boot_epoch: int) -> None:
        """Number the next batches anew, in a boot epoch that was never used."""
        with self._lock:
            self._boot_epoch = boot_epoch
            self._sequence = 0

    def forget_due(self, now: datetime) -> int:
        """Delete what is due and leave no copy in the files.

        Also empties the write-ahead log of envelopes that were acknowledged.

        Returns:
            How many envelopes were deleted because they were due; also counted in
            `stats`. The caller says so in its log.
        """
        due = {"now": millis(now)}
        with self._lock:
            with self._changes() as tx:
                tx.execute(_RELEASE_BROKEN, due)
                sizes = [int(size) for (size,) in tx.execute(_DELETE_DUE, due)]
                if sizes:
                    tx.execute(_COUNT, {"name": "forgotten", "more": len(sizes)})
            self._size_bytes -= sum(sizes)
            if sizes or self._log_is_dirty:
                self._empty_log()
        return len(sizes)

    def stats(self, now: datetime) -> SpoolStats:
        """What waits and what became of the rest."""
        with self._lock:
            return self._stats(now)

    def _stats(self, now: datetime) -> SpoolStats:
        with typed():
            found = _read_stats(self._connection, now)
        return attrs.evolve(found, dropped=found.dropped + self._unsaved_drops)

    def _kept_until(self, seen_at: datetime, now: datetime) -> datetime:
        if seen_at > now + FUTURE_TOLERANCE:
            return now + self._keep
        if seen_at + self._keep > now:
            return min(seen_at, now) + self._keep
        return now + min(self._keep, MISDATED_GRACE)

    def _assign(
        self, tx: sqlite3.Connection, now: datetime, *, most: int, most_bytes: int
    ) -> tuple[int, int] | None:
        rows = tx.execute(_UNASSIGNED, {"now": millis(now), "most": most}).fetchall()
        chosen: list[int] = []
        size = 0
        for identifier, length in rows:
            size += int(length)
            if chosen and size > most_bytes:
                break
            chosen.append(int(identifier))
        if not chosen:
            self.arrived.clear()
            return None
        # A number that is lost with a failed commit leaves a gap, never a repetition.
        self._sequence += 1
        number = {"boot_epoch": self._boot_epoch, "sequence": self._sequence}
        tx.executemany(_ASSIGN, [number | {"id": each} for each in chosen])
        return self._boot_epoch, self._sequence

    def _drop(self) -> None:
        self._unsaved_drops += 1
        try:
            with self._changes() as tx:
                tx.execute(_COUNT, {"name": "dropped", "more": self._unsaved_drops})
            self._unsaved_drops = 0
        except CharterOakError:
            # Kept in memory and added to the file with the next one that it takes.
            return

    def _empty_log(self) -> None:
        with typed():
            busy = self._connection.execute(
                "PRAGMA wal_checkpoint(TRUNCATE)"
            ).fetchone()[0]
        # Busy: somebody looks at the spool just now; the next call tries again.
        self._log_is_dirty = bool(busy)

    @contextmanager
    def _changes(self) -> Iterator[sqlite3.Connection]:
        with typed():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise


def look(path: Path, now: datetime) -> SpoolStats:
    """Statistics of a spool, from another process than the one that owns it.

    Raises:
        CorruptSpoolError: the file is damaged.
        SpoolUnavailableError: there is none, or it cannot be read.
    """
    with typed():
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)
        try:
            return _read_stats(connection, now)
        finally:
            connection.close()


def _prepare(connection: sqlite3.Connection) -> None:
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


def _read_stats(connection: sqlite3.Connection, now: datetime) -> SpoolStats:
    """The figures of an open spool; inside `typed`."""
    waiting, size, oldest, aside = connection.execute(
        _STATS, {"now": millis(now)}
    ).fetchone()
    counts = {str(name): int(value) for name, value in connection.execute(_COUNTS)}
    return SpoolStats(
        waiting=int(waiting),
        set_aside=int(aside),
        size_bytes=int(size),
        oldest_at=(
            None if oldest is None else datetime.fromtimestamp(oldest / 1000, UTC)
        ),
        delivered=counts.get("delivered", 0),
        refused=counts.get("refused", 0),
        forgotten=counts.get("forgotten", 0),
        dropped=counts.get("dropped", 0),
    )


def _rows(batch: Outgoing) -> list[dict[str, int]]:
    return [{"id": identifier} for identifier in batch.ids]
