"""The file of the spool: its errors, its figures, and what becomes of a damaged one."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import attrs

from charteroak.core.errors import CharterOakError
from charteroak.edge import spool_sql as sql

LONGEST_ASIDE: Final = timedelta(hours=1)
"""Nothing is set aside for longer; what seems to be, was set aside by a wrong clock."""

ASIDE_MS: Final = LONGEST_ASIDE // timedelta(milliseconds=1)

_FOLLOWERS: Final = ("", "-wal", "-shm")


class SpoolFullError(CharterOakError):
    """The envelopes waiting have reached the limit; this read was not accepted."""

    code = "charteroak.spool.full"
    hint = "Restore the connection to the server, or give --spool-limit more bytes."


class SpoolDiskFullError(CharterOakError):
    """The disk took no more; this read was not accepted, the earlier ones are safe."""

    code = "charteroak.spool.disk-full"
    hint = "Free space on the disk of the data folder, or lower --spool-limit."


class SpoolUnavailableError(CharterOakError):
    """The spool cannot be opened or written; what it already holds is untouched."""

    code = "charteroak.spool.unavailable"
    hint = "Check that the disk is mounted, and that this user may write to the folder."


class CorruptSpoolError(CharterOakError):
    """The spool's file is damaged; reads acknowledged by the server are not concerned."""

    code = "charteroak.spool.corrupt"
    hint = (
        "Start the box again: it moves the damaged file aside, unread and undeleted, "
        "and goes on with an empty spool. What waited in it may be rescued with "
        "sqlite3's .recover until it is due."
    )


@attrs.frozen(kw_only=True)
class SpoolStats:
    """What waits, and what became of the rest since the spool was made.

    Attributes:
        waiting: envelopes not yet acknowledged, those set aside included.
        set_aside: envelopes that the server could not read; tried again later.
        size_bytes: of the envelopes waiting.
        oldest_at: when the oldest was sealed; None when nothing waits.
        delivered: acknowledged by the server.
        refused: acknowledged, but not kept by the server.
        forgotten: deleted here because they were due.
        dropped: not accepted, because the spool or the disk was full.
        destroyed: given up when the box was told to keep hits alone, or locked with a
            key that is gone.
    """

    waiting: int
    set_aside: int
    size_bytes: int
    oldest_at: datetime | None
    delivered: int
    refused: int
    forgotten: int
    dropped: int
    destroyed: int = 0


def move_aside(path: Path, now: datetime) -> Path:
    """Put a damaged spool beside itself, so that the box can go on with a new one.

    The file keeps its content for a rescue; `forget_aside` deletes it when due.

    Returns:
        Its new name.

    Raises:
        SpoolUnavailableError: it cannot be moved.
    """
    aside = path.with_name(f"spool-aside-{millis(now)}.sqlite3")
    try:
        for end in _FOLLOWERS:
            old = path.with_name(path.name + end)
            if old.exists():
                old.rename(aside.with_name(aside.name + end))
    except OSError as trouble:
        msg = f"cannot move the damaged spool aside: {trouble.strerror}"
        raise SpoolUnavailableError(msg) from trouble
    return aside


def forget_aside(folder: Path, *, keep: timedelta, now: datetime) -> int:
    """Delete the spools moved aside so long ago that everything in them is due.

    Returns:
        How many were deleted; the caller says so in its log.
    """
    gone = 0
    for aside in sorted(folder.glob("spool-aside-*.sqlite3")):
        moved = aside.stem.removeprefix("spool-aside-")
        if not moved.isdigit() or int(moved) + _spanmillis(keep) > millis(now):
            continue
        for end in _FOLLOWERS:
            aside.with_name(aside.name + end).unlink(missing_ok=True)
        gone += 1
    return gone


@contextmanager
def typed() -> Iterator[None]:
    """Turn SQLite's errors into ours, by their number."""
    try:
        yield
    except sqlite3.Error as trouble:
        number = getattr(trouble, "sqlite_errorcode", 0)
        if number == sqlite3.SQLITE_IOERR_SHORT_READ:
            # The file is shorter than it says it is.
            number = sqlite3.SQLITE_CORRUPT
        # Extended codes carry the primary one in the low byte.
        match number & 0xFF:
            case sqlite3.SQLITE_FULL:
                raise SpoolDiskFullError("the disk of the spool is full") from trouble
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                raise CorruptSpoolError("the spool is damaged") from trouble
            case _:
                name = getattr(trouble, "sqlite_errorname", "misuse")
                msg = f"the spool cannot be used: {name}"
                raise SpoolUnavailableError(msg) from trouble
    except OSError as trouble:
        msg = f"the spool cannot be used: {trouble.strerror}"
        raise SpoolUnavailableError(msg) from trouble


def read_stats(connection: sqlite3.Connection, now: datetime) -> SpoolStats:
    """The figures of an open spool; inside `typed`."""
    waiting, size, oldest, aside = connection.execute(
        sql.STATS, {"now": millis(now), "aside": ASIDE_MS}
    ).fetchone()
    counts = {str(name): int(value) for name, value in connection.execute(sql.COUNTS)}
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
        destroyed=counts.get("destroyed", 0),
    )


def millis(moment: datetime) -> int:
    """A moment as the file keeps it: whole milliseconds since 1970."""
    return int(moment.timestamp() * 1000)


def _spanmillis(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
