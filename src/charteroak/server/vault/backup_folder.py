"""A backup as it lies on a disk: sealed files, and a list of them that comes last.

    <folder>/
        backup.json      what it is: written last, so a folder without it is no backup
        backup.mac       proof that it was made with the agency's backup key
        settings.env     the settings of the server, without its secrets
        tables/NAME      one table, or one bucket's or hold's part of it, sealed
        pictures/PLACE/SEGMENT   segments as they lie in the server, sealed already

It is made beside its place under another name, and given its name when it is complete
and durable: a folder that has the name and the list is whole.
"""

import hashlib
import hmac
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from charteroak.core.errors import CharterOakError
from charteroak.server.vault import files

FORMAT: Final = 1
_LIST: Final = "backup.json"
_PROOF: Final = "backup.mac"
_SETTINGS: Final = "settings.env"
_PRIVATE: Final = 0o700
_NAME: Final = re.compile(r"(tables|pictures)(/[a-z0-9_.-]+){1,2}")


class BackupExistsError(CharterOakError):
    """There is something already where the backup should go."""

    code = "charteroak.backup.exists"
    hint = "Give a folder that is not there yet, such as one with today's date."


class BackupDiskError(CharterOakError):
    """The backup cannot be written."""

    code = "charteroak.backup.disk"
    hint = "Look at the disk of the backup: its room and its rights. Nothing was left."


class NotABackupError(CharterOakError):
    """The folder holds no backup, or one that was never finished."""

    code = "charteroak.backup.none"
    hint = "A backup has the file backup.json. Without it, it broke off; use another."


class DamagedBackupError(CharterOakError):
    """A file of the backup is missing or not as it was written."""

    code = "charteroak.backup.damaged"
    hint = "Use another copy of the backup, or an earlier one."


class ForeignBackupError(CharterOakError):
    """The list of the backup was not made with these keys, or was altered since."""

    code = "charteroak.backup.foreign"
    hint = (
        "Use the keys of the server that made it. If they are, somebody has altered the "
        "backup: use another copy, and ask who could."
    )


class NewerBackupError(CharterOakError):
    """The backup was made by a newer release."""

    code = "charteroak.backup.newer"
    hint = "Install the release that made it, or a later one, and restore with that."


class SavedMigration(msgspec.Struct, frozen=True, kw_only=True):
    """A migration that the database had; `sha256` of its file, in hex."""

    number: int
    name: str
    sha256: str


class SavedTable(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of a table that lie in one file.

    Attributes:
        columns: of each row, in order.
        bucket: the bucket whose key opens the file; "" for none.
        hold: the hold whose key opens it, 32 hex digits; "" for none.
    """

    file: str
    table: str
    columns: tuple[str, ...]
    bucket: str = ""
    hold: str = ""


class SavedBucket(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket that was alive."""

    bucket: str
    starts_at: datetime
    ends_at: datetime
    made_at: datetime


class SavedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was written; `sha256` in hex."""

    name: str
    size_bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup is. Holds no plate, no person, no secret.

    Attributes:
        release: of Charter Oak that made it.
        made_at: the moment whose state it holds.
        sequences: last number that was given, by table and column.
    """

    format: int
    release: str
    agency: str
    made_at: datetime
    migrations: tuple[SavedMigration, ...]
    buckets: tuple[SavedBucket, ...]
    tables: tuple[SavedTable, ...]
    sequences: dict[str, int]
    files: tuple[SavedFile, ...] = ()


class BackupDraft:
    """A backup that is being written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: list[SavedFile] = []

    def write(self, name: str, content: Iterable[bytes]) -> None:
        """Write a file, durably; its name is `tables/…` or `pictures/…/…`."""
        path = _inside(self._folder, name)
        path.parent.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        digest = hashlib.sha256()
        size = 0
        with path.open("xb") as file:
            for part in content:
                file.write(part)
                digest.update(part)
                size += len(part)
            file.flush()
            os.fsync(file.fileno())
        self._files.append(
            SavedFile(name=name, size_bytes=size, sha256=digest.hexdigest())
        )

    def settings(self, text: str) -> None:
        """Write the settings: for a person to read, never read back."""
        path = self._folder / _SETTINGS
        path.write_text(text)
        files.sync_file(path)

    def finish(self, manifest: Manifest, *, key: bytes) -> int:
        """Write the list of what was written, and the proof of who did.

        Returns:
            How many bytes the backup has.
        """
        for folder, _, _ in os.walk(self._folder):
            files.sync_folder(Path(folder))
        whole = msgspec.structs.replace(manifest, files=tuple(self._files))
        content = msgspec.json.format(msgspec.json.encode(whole))
        files.make(self._folder / _PROOF, _proof(content, key), unique="draft")
        files.make(self._folder / _LIST, content, unique="draft")
        return sum(file.size_bytes for file in self._files)


@contextmanager
def drafted(target: Path, *, unique: str) -> Iterator[BackupDraft]:
    """Write a backup in the block; it has its name after it, or is not there.

    Raises:
        BackupExistsError: something is there already.
        BackupDiskError: it cannot be written.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        message = f"{target} is not empty"
        raise BackupExistsError(message)
    draft = target.with_name(f".{target.name}.unfinished-{unique}")
    try:
        draft.mkdir(mode=_PRIVATE, parents=True)
        try:
            yield BackupDraft(draft)
            draft.replace(target)
            files.sync_folder(target.parent)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as refused:
        message = f"the backup cannot be written: {refused.strerror}"
        raise BackupDiskError(message) from refused


class Backup:
    """A backup that is whole; see `read`."""

    def __init__(self, folder: Path, manifest: Manifest, content: bytes) -> None:
        self._folder = folder
        self._content = content
        self.manifest = manifest

    @classmethod
    def read(cls, folder: Path) -> "Backup":
        """Read what a backup is, and check that all its files are as written.

        Raises:
            NotABackupError: it is none, or was never finished.
            NewerBackupError: a newer release made it.
            DamagedBackupError: a file is missing or altered.
        """
        try:
            content = (folder / _LIST).read_bytes()
        except OSError:
            message = f"{folder} holds no finished backup"
            raise NotABackupError(message) from None
        try:
            form = msgspec.json.decode(content, type=_Form)
            if form.format > FORMAT:
                message = f"the backup was made by release {form.release}"
                raise NewerBackupError(message)
            manifest = msgspec.json.decode(content, type=Manifest)
        except (msgspec.MsgspecError, ValueError):
            raise DamagedBackupError("backup.json cannot be read") from None
        found = cls(folder, manifest, content)
        for saved in manifest.files:
            found._check(saved)
        return found

    def prove(self, key: bytes) -> None:
        """Check that the list was made with an agency's backup key, and is as it was.

        The list says which tables there are and when reads are due; without this
        whoever reaches the backup's disk could leave out the log, or mix two backups.

        Raises:
            ForeignBackupError: another key made it, or it was altered.
        """
        try:
            told = (self._folder / _PROOF).read_bytes()
        except OSError:
            told = b""
        if not hmac.compare_digest(told, _proof(self._content, key)):
            raise ForeignBackupError("the backup was not made with these keys")

    def path(self, name: str) -> Path:
        """Where a file of it lies."""
        return _inside(self._folder, name)

    def pictures(self) -> Iterator[tuple[str, str, Path]]:
        """Place, segment and file of all segments of pictures."""
        for saved in self.manifest.files:
            kind, _, rest = saved.name.partition("/")
            if kind == "pictures":
                place, _, segment = rest.partition("/")
                yield place, segment, self.path(saved.name)

    def _check(self, saved: SavedFile) -> None:
        try:
            with self.path(saved.name).open("rb") as file:
                same = hashlib.file_digest(file, "sha256").hexdigest() == saved.sha256
        except OSError:
            same = False
        if not same:
            message = f"the file {saved.name} is missing or was altered"
            raise DamagedBackupError(message)


class _Form(msgspec.Struct):
    format: int
    release: str


def _proof(content: bytes, key: bytes) -> bytes:
    # The key seals too: each use has a key of its own.
    own = hashlib.blake2b(key=key, digest_size=32, person=b"backup's list")
    return hmac.digest(own.digest(), content, "sha256")


def _inside(folder: Path, name: str) -> Path:
    # Names come from a file that anybody may have written.
    if not _NAME.fullmatch(name) or ".." in name:
        raise DamagedBackupError("a file of the backup has an impossible name")
    return folder / name
