"""The agency's secrets: files outside the database, and outside its backups.

Deletion rests on them: a picture whose key is destroyed is gone from every copy that
was ever made of it. So the key folder must never be copied to where backups go.
"""

import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nacl.public import PrivateKey
from typing_extensions import override

from charteroak.core.errors import CharterOakError
from charteroak.core.hotlist import KEY_BYTES as HOTLIST_KEY_BYTES
from charteroak.server.vault import files

_KEY_BYTES: Final = 32
_BUCKET: Final = re.compile(r"b[0-9]{8}t[0-9]{4}m[0-9]{1,4}")
_HOLD: Final = re.compile(r"[0-9a-f]{32}")
_OTHERS: Final = 0o077
_PRIVATE_FOLDER: Final = 0o700


class OpenKeyFolderError(CharterOakError):
    """Others on this machine may look into the folder of the keys."""

    code = "charteroak.vault.open-key-folder"
    hint = "Run chmod 700 on it, and think about who may have read it."


class BrokenKeyError(CharterOakError):
    """A key file that does not hold a key."""

    code = "charteroak.vault.broken-key"
    hint = "The file was damaged. What it locked cannot be opened without it."


class KeyGoneError(CharterOakError):
    """The key was destroyed, or never made."""

    code = "charteroak.vault.key-gone"
    hint = "What this key locked is gone for good; that is how deletion works here."


class KeyNotDestroyedError(CharterOakError):
    """A key that had to be destroyed is still there."""

    code = "charteroak.vault.key-not-destroyed"
    hint = "Look at the disk and the rights of the key folder; it is tried again."


SIGNING: Final = "signing.key"
LASTING: Final = ("agency.key", "backup.key", "hotlist.key", SIGNING)
"""Files of the keys that are never destroyed, and alone may be exported."""


class Keys:
    """Secrets of one agency, each in a file that only the service can read.

    Safe to share between threads and processes: a key is made by one of them, and the
    others get the same. Nothing is kept in memory, so that a destroyed key is gone.
    """

    def __init__(self, folder: Path, *, entropy: Callable[[int], bytes]) -> None:
        """Take a folder, made where it is missing; lasting keys are made at once.

        Args:
            folder: for keys alone; on a disk that no backup of the database takes in.
            entropy: so many fresh random bytes.

        Raises:
            OpenKeyFolderError: others may look into the folder.
        """
        self._folder = folder
        self._entropy = entropy
        for each in [folder, self._pictures, self._holds]:
            each.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
            if each.stat().st_mode & _OTHERS:
                message = f"others may look into the key folder {each}"
                raise OpenKeyFolderError(message)
        self._agency = PrivateKey(self._lasting("agency.key", _KEY_BYTES))
        self._hotlist = self._lasting("hotlist.key", HOTLIST_KEY_BYTES)
        self._backup = self._lasting("backup.key", _KEY_BYTES)
        self._signing = Ed25519PrivateKey.from_private_bytes(
            self._lasting(SIGNING, _KEY_BYTES)
        )

    @override
    def __repr__(self) -> str:
        """Masked."""
        return "Keys(<secret>)"

    @property
    def agency_key(self) -> PrivateKey:
        """X25519 key that opens what boxes seal."""
        return self._agency

    @property
    def hotlist_key(self) -> bytes:
        """Key of the digests of match keys."""
        return self._hotlist

    @property
    def backup_key(self) -> bytes:
        """Key of what in a backup belongs to no bucket and no hold."""
        return self._backup

    @property
    def public_pem(self) -> str:
        """The public half of the key that signs what leaves the house, PEM."""
        public = self._signing.public_key()
        return public.public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        ).decode()

    @property
    def public_key(self) -> bytes:
        """The same as the 32 bytes of RFC 8032, for boxes."""
        return self._signing.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """The agency's signature of something that leaves the house: Ed25519, RFC 8032."""
        return self._signing.sign(message)

    @property
    def folder(self) -> Path:
        """Where they lie: outside the database, and outside its backups."""
        return self._folder

    @property
    def database_root(self) -> Path:
        """File of the secret that the passwords of the database roles come from."""
        return self._folder / "database-root.key"

    # ------------------------------------------------------------------- pictures

    def make_bucket(self, bucket: str) -> None:
        """Make the key of a bucket's pictures, where it is not there already.

        Only for a bucket that is not yet due: a key that was destroyed would come
        back as another one, and late pictures would outlive their bucket.
        """
        self._make(self._bucket_file(bucket))

    def bucket(self, bucket: str) -> bytes:
        """The key of a bucket's pictures.

        Raises:
            KeyGoneError: it was destroyed, or never made.
        """
        return _key_in(self._bucket_file(bucket))

    def has_bucket(self, bucket: str) -> bool:
        """Whether the key of a bucket's pictures is there."""
        return self._bucket_file(bucket).exists()

    def buckets(self) -> list[str]:
        """Buckets whose keys are there, oldest first."""
        return sorted(
            path.stem
            for path in self._pictures.glob("*.key")
            if _BUCKET.fullmatch(path.stem)
        )

    def destroy_bucket(self, bucket: str) -> bool:
        """Destroy the key of a bucket's pictures: overwritten, unlinked, synced.

        Returns:
            False where there was none.

        Raises:
            KeyNotDestroyedError: it is still there.
        """
        return _destroy(self._bucket_file(bucket), self._entropy)

    # ---------------------------------------------------------------------- holds

    def make_hold(self, hold_id: UUID) -> None:
        """Make the key of a hold's pictures, where it is not there already."""
        self._make(self._hold_file(hold_id))

    def hold(self, hold_id: UUID) -> bytes:
        """The key of a hold's pictures.

        Raises:
            KeyGoneError: the hold has ended, or never began.
        """
        return _key_in(self._hold_file(hold_id))

    def holds(self) -> list[UUID]:
        """Holds whose keys are there."""
        return sorted(
            UUID(hex=path.stem)
            for path in self._holds.glob("*.key")
            if _HOLD.fullmatch(path.stem)
        )

    def destroy_hold(self, hold_id: UUID) -> bool:
        """Destroy the key of a hold's pictures; see `destroy_bucket`."""
        return _destroy(self._hold_file(hold_id), self._entropy)

    # ------------------------------------------------------------------- internals

    @property
    def _pictures(self) -> Path:
        return self._folder / "pictures"

    @property
    def _holds(self) -> Path:
        return self._folder / "holds"

    def _bucket_file(self, bucket: str) -> Path:
        if not _BUCKET.fullmatch(bucket):
            raise KeyGoneError("not the name of a bucket")
        return self._pictures / f"{bucket}.key"

    def _hold_file(self, hold_id: UUID) -> Path:
        return self._holds / f"{hold_id.hex}.key"

    def _make(self, path: Path) -> None:
        if not path.exists():
            files.make(path, self._entropy(_KEY_BYTES), unique=self._entropy(8).hex())

    def _lasting(self, name: str, size: int) -> bytes:
        path = self._folder / name
        if not path.exists():
            files.make(path, self._entropy(size), unique=self._entropy(8).hex())
        return _key_in(path, size)


def _key_in(path: Path, size: int = _KEY_BYTES) -> bytes:
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        raise KeyGoneError("the key is not there") from None
    if len(key) != size:
        raise BrokenKeyError("a key of the wrong length")
    return key


def _destroy(path: Path, entropy: Callable[[int], bytes]) -> bool:
    # Overwriting reaches the medium on a plain disk only; on flash and on file systems
    # that copy on write it is the unlinking that counts, and an encrypted disk below.
    try:
        number = os.open(path, os.O_WRONLY)
    except FileNotFoundError:
        return False
    except OSError as refused:
        raise KeyNotDestroyedError("a key cannot be opened") from refused
    try:
        # A full disk that copies on write refuses this, and must not keep the key.
        with suppress(OSError):
            os.write(number, entropy(_KEY_BYTES))
            os.fsync(number)
        path.unlink(missing_ok=True)
        files.sync_folder(path.parent)
    except OSError as refused:
        raise KeyNotDestroyedError("a key cannot be removed") from refused
    finally:
        os.close(number)
    return True
