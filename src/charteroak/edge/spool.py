"""The spool: sealed envelopes that wait on the box until the server has them.

An SQLite file is the outbox. It holds envelopes sealed to the agency's public key and
the numbers needed to send them; nothing in it can be read without the agency's private
key, which is never on a box.
"""

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
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
from charteroak.edge import spool_sql as sql
from charteroak.edge.spool_file import (
    ASIDE_MS,
    SpoolDiskFullError,
    SpoolFullError,
    SpoolStats,
    millis,
    read_stats,
    typed,
)
from charteroak.edge.spool_lock import LOCK_FILE, SpoolLock, destroy
from charteroak.edge.spool_schema import prepare
from charteroak.edge.uptime import Uptime, unknown

MOST_SENT: Final = 100
MOST_SENT_BYTES: Final = 4 * 1024 * 1024
MISDATED_GRACE: Final = timedelta(hours=1)
"""How long a read that is due by its own time is kept for the server to judge it."""

RESERVE_BYTES: Final = 16 * 1024 * 1024
"""So much of the disk is left free: to deliver and to delete takes room, too, a few
times MOST_SENT_BYTES. A disk filled to the last byte could do neither, for ever."""

_DELETED_AT_ONCE: Final = 100
_MILLISECOND: Final = timedelta(milliseconds=1)
_LONG_AGO: Final = datetime.fromtimestamp(0, UTC)

_log = logging.getLogger(__name__)


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
        - **A clock that is set changes nothing**: how long an envelope has waited is
          measured by the machine's uptime. Only after the machine was started anew is
          it judged by the clock, which then has to be right.
        - **Sealed**: no plate and no camera's name is ever in the file; and locked with
          a key beside it, so that all of it can be destroyed at once.
        - **Threads**: any method from any thread; one process per file.

    Not promised: order between batches, and the medium's own remains (an SSD keeps old
    blocks; they hold sealed envelopes only).
    """

    def __init__(  # noqa: PLR0913 - what a spool is told, each part named
        self,
        connection: sqlite3.Connection,
        *,
        folder: Path,
        agency_key: bytes,
        keep: timedelta,
        limit_bytes: int,
        boot_epoch: int,
        uptime: Callable[[], Uptime | None],
    ) -> None:
        self._connection = connection
        self._folder = folder
        self._lock = threading.Lock()
        self._locker: SpoolLock | None = None
        self._seal = SealedBox(PublicKey(agency_key))
        self._keep = keep
        self._limit_bytes = limit_bytes
        self._boot_epoch = boot_epoch
        self._uptime = uptime
        self._sequence = 0
        self._unsaved_drops = 0
        # A crash may have left envelopes deleted long ago in the write-ahead log.
        self._log_is_dirty = True
        self._size_bytes = self._stats(_LONG_AGO).size_bytes
        self._open_lock()
        self.arrived = threading.Event()
        self.arrived.set()

    @classmethod
    def open(  # noqa: PLR0913 - likewise
        cls,
        path: Path,
        *,
        agency_key: bytes,
        keep: timedelta,
        limit_bytes: int,
        boot_epoch: int,
        uptime: Callable[[], Uptime | None] = unknown,
    ) -> "Spool":
        """Open the spool, or make it.

        Args:
            path: the SQLite file.
            agency_key: X25519 public key of the agency, 32 bytes.
            keep: a read older than this is due.
            limit_bytes: accept no read once the envelopes waiting would exceed it.
            boot_epoch: this start's number, never used before.
            uptime: the machine's; without it the clock alone says what is due.

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
                prepare(connection)
                return cls(
                    connection,
                    folder=path.parent,
                    agency_key=agency_key,
                    keep=keep,
                    limit_bytes=limit_bytes,
                    boot_epoch=boot_epoch,
                    uptime=uptime,
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

    def put(self, read: WireRead, now: datetime, *, hit: bool = False) -> None:
        """Seal a read and keep it; it is on the disk when this returns.

        Args:
            read: what the camera saw.
            now: by the box's clock.
            hit: it is on a list, and may wait where nothing else may.

        Raises:
            SpoolFullError: the limit is reached; counted as dropped.
            SpoolDiskFullError: the disk is full; counted as dropped.
            SpoolUnavailableError: the file cannot be written; counted as dropped.
        """
        sealed = self._seal.encrypt(msgspec.msgpack.encode(read))
        created_at, kept_until = (
            millis(now),
            millis(self._kept_until(read.seen_at, now)),
        )
        up = self._uptime()
        row: dict[str, object] = {
            "created_at": created_at,
            "kept_until": kept_until,
            "boot": None if up is None else up.boot,
            "due_ms": None if up is None else up.ms + kept_until - created_at,
            "hit": int(hit),
        }
        with self._lock:
            try:
                locker = self._open_lock()
                envelope = locker.lock(sealed)
                row |= {"lock": locker.name, "envelope": envelope}
                if self._size_bytes + len(envelope) > self._limit_bytes:
                    raise SpoolFullError("the spool is full; a read was not accepted")
                self._check_room()
                with self._changes() as tx:
                    tx.execute(sql.PUT, row)
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
        with self._lock:
            locker = self._open_lock()
            with self._changes() as tx:
                found = tx.execute(sql.ASSIGNED).fetchone()
                if found is None:
                    found = self._assign(tx, now, most=most, most_bytes=most_bytes)
                if found is None:
                    return None
                number = {"boot_epoch": int(found[0]), "sequence": int(found[1])}
                rows = tx.execute(sql.OF_BATCH, number).fetchall()
        return Outgoing(
            boot_epoch=number["boot_epoch"],
            sequence=number["sequence"],
            ids=tuple(int(row[0]) for row in rows),
            envelopes=[
                locker.open(envelope) if locked else bytes(envelope)
                for _, locked, envelope in rows
            ],
        )

    def holds_any(self) -> bool:
        """Whether anything waits at all."""
        with self._lock, typed():
            return bool(self._connection.execute(sql.ANY).fetchone()[0])

    def acknowledge(self, batch: Outgoing, *, refused: int = 0) -> None:
        """Delete what the server has taken.

        Args:
            batch: as `next_batch` gave it.
            refused: how many of its reads the server did not keep.
        """
        with self._lock:
            with self._changes() as tx:
                gone = [tx.execute(sql.DELETE, row).fetchall() for row in _rows(batch)]
                sizes = [int(size) for rows in gone for (size,) in rows]
                tx.execute(sql.COUNT, {"name": "delivered", "more": len(sizes)})
                tx.execute(sql.COUNT, {"name": "refused", "more": refused})
            self._log_is_dirty = True
            self._size_bytes -= sum(sizes)

    def release(self, batch: Outgoing, *, not_before: datetime | None = None) -> None:
        """Take a batch apart; its envelopes are sent again under a new number.

        Args:
            batch: as `next_batch` gave it.
            not_before: set them aside until then, at most LONGEST_ASIDE ahead; None for
                at once.
        """
        until = 0 if not_before is None else millis(not_before)
        with self._lock, self._changes() as tx:
            tx.executemany(
                sql.RELEASE, [row | {"not_before": until} for row in _rows(batch)]
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
        due = self._moment(now)
        gone = 0
        with self._lock:
            # A few at a time: the log of a deletion is as large as what is deleted.
            while sizes := self._forget_some(due):
                gone += len(sizes)
                self._empty_log()
            if self._log_is_dirty:
                self._empty_log()
        return gone

    def _forget_some(self, due: dict[str, int | str]) -> list[int]:
        which = due | {"most": _DELETED_AT_ONCE}
        with self._changes() as tx:
            tx.execute(sql.RELEASE_BROKEN, due)
            sizes = [int(size) for (size,) in tx.execute(sql.DELETE_DUE, which)]
            if sizes:
                tx.execute(sql.COUNT, {"name": "forgotten", "more": len(sizes)})
        self._size_bytes -= sum(sizes)
        self._log_is_dirty |= bool(sizes)
        return sizes

    def shorten(self, keep: timedelta) -> None:
        """Keep nothing for longer than this from now on, nor what waits already."""
        with self._lock:
            if keep < self._keep:
                self._keep = keep
                with self._changes() as tx:
                    tx.execute(sql.SHORTEN, {"keep_ms": keep // _MILLISECOND})

    def keep_hits_only(self) -> int:
        """Destroy all that waits and is not known to be a hit, and leave no copy.

        Its key ends first, so that it ends in every copy of the file too; where hits
        wait beside it they keep theirs, and the rest is overwritten.

        Returns:
            How many envelopes were destroyed; also counted in `stats`.
        """
        with self._lock:
            with typed():
                hits, others = self._connection.execute(sql.KINDS).fetchone()
            if others and not hits:
                # First: whatever fails next, nothing more is locked with it.
                self._locker = None
                destroy(self._folder / LOCK_FILE)
            gone = self._destroy(sql.DELETE_OTHERS)
            self._open_lock()
        return gone

    def _destroy(self, which: str, *, lock: str = "") -> int:
        gone = 0
        while sizes := self._destroy_some(which, lock):
            gone += len(sizes)
            self._empty_log()
        return gone

    def _destroy_some(self, which: str, lock: str) -> list[int]:
        with self._changes() as tx:
            most = {"lock": lock, "most": _DELETED_AT_ONCE}
            sizes = [int(size) for (size,) in tx.execute(which, most)]
            if sizes:
                tx.execute(sql.UNNUMBER)
                tx.execute(sql.COUNT, {"name": "destroyed", "more": len(sizes)})
        self._size_bytes -= sum(sizes)
        self._log_is_dirty |= bool(sizes)
        return sizes

    def _open_lock(self) -> SpoolLock:
        """The lock whose key lies beside the spool; a new one where none does.

        What was locked with a key that is gone can be read by nobody: it goes, too.
        """
        path = self._folder / LOCK_FILE
        with typed():
            if not path.exists():
                self._locker = None
        if self._locker is None:
            locker = SpoolLock.of(path)
            gone = self._destroy(sql.OF_OTHER_LOCKS, lock=locker.name)
            if gone:
                _log.warning(
                    "the key of the spool is gone: %d reads that waited were destroyed",
                    gone,
                )
            self._locker = locker
        return self._locker

    def stats(self, now: datetime) -> SpoolStats:
        """What waits and what became of the rest."""
        with self._lock:
            return self._stats(now)

    def _stats(self, now: datetime) -> SpoolStats:
        with typed():
            found = read_stats(self._connection, now)
        return attrs.evolve(found, dropped=found.dropped + self._unsaved_drops)

    def _check_room(self) -> None:
        with typed():
            disk = os.statvfs(self._folder)
            # What was delivered leaves room inside the file, which does not shrink.
            inside = self._connection.execute(sql.FREE_INSIDE).fetchone()[0]
        if disk.f_bavail * disk.f_frsize + inside < RESERVE_BYTES:
            raise SpoolDiskFullError("the disk of the spool is full")

    def _moment(self, now: datetime) -> dict[str, int | str]:
        """What says whether an envelope is due: this clock, or the uptime."""
        up = self._uptime() or Uptime("", 0)
        return {"now": millis(now), "boot": up.boot, "up_ms": up.ms}

    def _kept_until(self, seen_at: datetime, now: datetime) -> datetime:
        if seen_at > now + FUTURE_TOLERANCE:
            return now + self._keep
        if seen_at + self._keep > now:
            return min(seen_at, now) + self._keep
        return now + min(self._keep, MISDATED_GRACE)

    def _assign(
        self, tx: sqlite3.Connection, now: datetime, *, most: int, most_bytes: int
    ) -> tuple[int, int] | None:
        which = self._moment(now) | {"aside": ASIDE_MS, "most": most}
        rows = tx.execute(sql.UNASSIGNED, which).fetchall()
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
        tx.executemany(sql.ASSIGN, [number | {"id": each} for each in chosen])
        return self._boot_epoch, self._sequence

    def _drop(self) -> None:
        self._unsaved_drops += 1
        try:
            with self._changes() as tx:
                tx.execute(sql.COUNT, {"name": "dropped", "more": self._unsaved_drops})
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
            return read_stats(connection, now)
        finally:
            connection.close()


def _rows(batch: Outgoing) -> list[dict[str, int]]:
    return [{"id": identifier} for identifier in batch.ids]
