"""What can go wrong around the embedded database, one class per cause."""

import errno
from pathlib import Path

from charteroak.core.errors import CharterOakError


class DatabaseError(CharterOakError):
    """The embedded database cannot be run."""

    code = "charteroak.database.failed"
    hint = "Read the end of postgres.log in the data folder."


class DatabaseDidNotStartError(DatabaseError):
    """The server process ended before it was ready."""

    code = "charteroak.database.did-not-start"


class DatabaseNotRunningError(DatabaseError):
    """Something was asked of a server that is not running."""

    code = "charteroak.database.not-running"
    hint = "Start it first."

    def __init__(self) -> None:
        super().__init__("the embedded database is not running")


class DataFolderHeldError(DatabaseError):
    """Another process runs a database on this data folder.

    Attributes:
        holder: its process number, or None if it could not be read.
    """

    code = "charteroak.database.held"
    hint = "Stop the other one, or give this one a data folder of its own."

    def __init__(self, holder: int | None) -> None:
        who = "unknown" if holder is None else str(holder)
        super().__init__(f"data folder held by another Charter Oak (process {who})")
        self.holder = holder


class NotADataFolderError(DatabaseError):
    """The folder holds files that no database of ours has put there."""

    code = "charteroak.database.not-a-data-folder"
    hint = "Name an empty folder, or one that does not exist yet."

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} holds other files and is not a database's folder")


class UnreachableFolderError(DatabaseError):
    """The service user may not pass through a folder above the data.

    We never open a folder that somebody has closed: it may be a home.
    """

    code = "charteroak.database.unreachable"
    hint = "Choose a data folder outside any home, such as /var/lib/charteroak."

    def __init__(self, *, blocked_by: Path, user: str) -> None:
        super().__init__(
            f"PostgreSQL must not run as root, and the user {user!r} that it runs as "
            f"may not enter {blocked_by}"
        )
        self.blocked_by = blocked_by


class NoPermissionError(DatabaseError):
    """A file or folder of the database may not be read or written."""

    code = "charteroak.database.no-permission"
    hint = "Run as the user who owns the data folder, or choose another folder."


class DiskFullError(DatabaseError):
    """No space is left where the data lie."""

    code = "charteroak.database.disk-full"
    hint = "Make room on that disk, then start again; nothing committed is lost."


class DataVersionError(DatabaseError):
    """The data were written by another major version of PostgreSQL."""

    code = "charteroak.database.version"
    hint = "Export with the release that wrote the data, then import with this one."

    def __init__(self, *, found: str, wanted: int) -> None:
        super().__init__(
            f"the data folder was written by PostgreSQL {found}, "
            f"this release runs PostgreSQL {wanted}"
        )


class SecretMissingError(DatabaseError):
    """There are data, but the file with the administrator's password is gone."""

    code = "charteroak.database.secret-missing"
    hint = "Put the file back from the place where the keys are kept."

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is missing, but its database exists")


class BinariesMissingError(DatabaseError):
    """The PostgreSQL programs are absent or are not the ones that were installed."""

    code = "charteroak.database.binaries"
    hint = "Install again, or set CHARTEROAK_DSN to a PostgreSQL of your own."


def from_os_error(trouble: OSError, *, doing: str) -> DatabaseError:
    """Name the cause of an operating-system error in our terms."""
    message = f"{doing}: {trouble.strerror or trouble}"
    if isinstance(trouble, PermissionError) or trouble.errno == errno.EROFS:
        return NoPermissionError(message)
    if trouble.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFullError(message)
    return DatabaseError(message)


def from_message(message: str) -> DatabaseError:
    """Name the cause of a failure that a PostgreSQL program has put into words.

    The programs run with `LC_ALL=C`, so the texts are those of strerror in English.
    """
    if "No space left on device" in message or "Disk quota exceeded" in message:
        return DiskFullError(message)
    if "Permission denied" in message or "Operation not permitted" in message:
        return NoPermissionError(message)
    if "Read-only file system" in message:
        return NoPermissionError(message)
    return DatabaseDidNotStartError(message)
