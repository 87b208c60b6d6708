"""The data folder of an embedded database.

    <folder>/            the caller's; 0700, or 0710 for the service user's group
        lock             held (flock) by the process that runs the server
        admin.secret     the administrator's password, 0600, the caller's alone
        postgres.log     what the server says; never a plate
        socket           path of the socket folder of the server that runs now
        pgdata/          PostgreSQL's own, 0700, the service user's
        run/             the socket, 0700, the service user's

As root, the service user may pass through the folder but not write into it: it could
otherwise lead root, by links, to files that are not its own.
"""

import contextlib
import fcntl
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs

from charteroak.server.store.postgres.errors import (
    DataFolderHeldError,
    NoPermissionError,
    NotADataFolderError,
    SecretMissingError,
    UnreachableFolderError,
)
from charteroak.server.store.postgres.service_user import ServiceUser

# sun_path holds 104 bytes on macOS and 108 on Linux, the closing zero included.
_SOCKET_PATH_MAX_BYTES: Final = 103
_SOCKET_NAME: Final = ".s.PGSQL.5432"
# A comma or a quote would end the path, both in the server's setting and in libpq's.
_PLAIN_PATH: Final = re.compile(r"/[A-Za-z0-9_./+-]+")
_SHORT_PREFIX: Final = "charteroak-"

_OPEN_SAFELY: Final = os.O_NOFOLLOW | os.O_CLOEXEC


@attrs.frozen
class DataFolder:
    """Paths below a data folder, and the few things done to them."""

    root: Path

    @property
    def pgdata(self) -> Path:
        """PostgreSQL's data directory."""
        return self.root / "pgdata"

    @property
    def log(self) -> Path:
        """What the server writes to its standard error."""
        return self.root / "postgres.log"

    @property
    def secret(self) -> Path:
        """The administrator's password."""
        return self.root / "admin.secret"

    @property
    def socket_note(self) -> Path:
        """Where the socket is, for other processes of the same user."""
        return self.root / "socket"

    def prepare(self, user: ServiceUser) -> None:
        """Make the folder, closed to everyone else, unless it is somebody else's.

        Raises:
            NotADataFolderError: it holds files that are not ours.
            OSError: it cannot be made.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        names = {path.name for path in self.root.iterdir()}
        if names and "lock" not in names:
            raise NotADataFolderError(self.root)
        if user.drop:
            os.chown(self.root, os.geteuid(), user.gid)
        self.root.chmod(0o710 if user.drop else 0o700)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep every other supervisor out; the kernel lets go when we die.

        Raises:
            DataFolderHeldError: another process has it.
        """
        lock = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT | _OPEN_SAFELY, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as taken:
                holder = os.pread(lock, 20, 0).strip()
                raise DataFolderHeldError(
                    int(holder) if holder.isdigit() else None
                ) from taken
            os.ftruncate(lock, 0)
            os.pwrite(lock, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(lock)

    def password(self) -> str:
        """Read the administrator's password, or make one for data yet to be made.

        Raises:
            SecretMissingError: there are data already, so a new one would not fit.
        """
        with contextlib.suppress(FileNotFoundError):
            return self.secret.read_text("ascii")
        if self.pgdata.exists():
            raise SecretMissingError(self.secret)
        password = secrets.token_urlsafe(32)
        draft = self.root / f".secret.{secrets.token_hex(8)}"
        write_private(draft, password)
        draft.rename(self.secret)
        sync(self.root)
        return password

    def clear_drafts(self) -> None:
        """Remove what a start that was killed half-way has left."""
        for pattern in ("pgdata.new-*", "password-*", ".secret.*"):
            for leftover in self.root.glob(pattern):
                if leftover.is_dir() and not leftover.is_symlink():
                    shutil.rmtree(leftover, ignore_errors=True)
                else:
                    leftover.unlink()

    def make_socket_folder(self, user: ServiceUser) -> Path:
        """Make a closed folder whose path a socket address can hold.

        It is `run` in the data folder. Where that path is too long or has characters
        that connection strings cannot carry, it is a new, randomly named folder in
        the runtime or temporary folder: nobody can have made it before us.

        Raises:
            NoPermissionError: there is no place for it.
        """
        self.remove_socket_folder(user)
        chosen = self.root / "run"
        if _fits(chosen):
            chosen.mkdir(mode=0o700, exist_ok=True)
        else:
            chosen = _short_folder(user)
        user.give(chosen)
        chosen.chmod(0o700)
        self.socket_note.unlink(missing_ok=True)
        write_private(self.socket_note, str(chosen))
        return chosen

    def socket_folder(self) -> Path | None:
        """Where the socket of the running server is, if one has been started."""
        try:
            return Path(self.socket_note.read_text())
        except FileNotFoundError:
            return None

    def remove_socket_folder(self, user: ServiceUser) -> None:
        """Remove a short socket folder that an earlier start has made."""
        known = self.socket_folder()
        if known is None:
            return
        if known.parent != self.root and known.name.startswith(_SHORT_PREFIX):
            with contextlib.suppress(FileNotFoundError):
                # Only what we made: the name may have been reused by a stranger.
                if known.lstat().st_uid == user.uid:
                    shutil.rmtree(known)
        self.socket_note.unlink(missing_ok=True)


def write_private(path: Path, text: str) -> None:
    """Create a file that only its owner may read, durably; it must not exist yet."""
    made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OPEN_SAFELY, 0o600)
    with os.fdopen(made, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def sync(folder: Path) -> None:
    """Make renames within a folder survive a power cut."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _fits(folder: Path) -> bool:
    address = os.fsencode(folder / _SOCKET_NAME)
    plain = _PLAIN_PATH.fullmatch(str(folder)) is not None
    return plain and len(address) <= _SOCKET_PATH_MAX_BYTES


def _short_folder(user: ServiceUser) -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    places = [] if runtime is None or user.drop else [Path(runtime)]
    for place in [*places, Path(tempfile.gettempdir()), Path("/tmp")]:  # noqa: S108  # mkdtemp below it
        if not _fits(place / f"{_SHORT_PREFIX}12345678"):
            continue
        try:
            user.must_reach(place)
            return Path(tempfile.mkdtemp(prefix=_SHORT_PREFIX, dir=place))
        except (OSError, UnreachableFolderError):
            continue
    raise NoPermissionError("no short folder for the database's socket can be made")
