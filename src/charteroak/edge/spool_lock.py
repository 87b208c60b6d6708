"""The lock on what waits in the spool: one key, whose end is the end of all of it.

An envelope is sealed to the agency, whose key lasts. Here it is locked once more with a
key that lies beside the spool, so that what must be destroyed is destroyed by 32 bytes,
in every copy of the file too.
"""

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

import attrs
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from charteroak.edge.settings import DataFolderError, write_durably
from charteroak.edge.spool_file import CorruptSpoolError, SpoolUnavailableError

LOCK_FILE: Final = "spool.key"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


@attrs.frozen
class SpoolLock:
    """Locks and opens envelopes.

    Attributes:
        key: of this spool alone, 32 bytes.
    """

    key: bytes = attrs.field(repr=False)

    @classmethod
    def of(cls, path: Path) -> "SpoolLock":
        """The lock whose key lies in a file; made where there is none.

        Raises:
            SpoolUnavailableError: it cannot be read, or the disk does not take it.
        """
        try:
            key = path.read_bytes()
        except FileNotFoundError:
            key = os.urandom(_KEY_BYTES)
            try:
                write_durably(path, key)
            except DataFolderError as trouble:
                msg = f"the spool cannot be used: {trouble}"
                raise SpoolUnavailableError(msg) from trouble
        except OSError as trouble:
            msg = f"the spool cannot be used: {trouble.strerror}"
            raise SpoolUnavailableError(msg) from trouble
        if len(key) != _KEY_BYTES:
            # It opens nothing any more; what it locked is gone, as after `destroy`.
            destroy(path)
            return cls.of(path)
        return cls(key)

    @property
    def name(self) -> str:
        """What tells this key from another, and tells nothing of it."""
        return hashlib.sha256(b"spool key\n" + self.key).hexdigest()[:16]

    def lock(self, envelope: bytes) -> bytes:
        """An envelope as it lies in the file."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self.key).encrypt(nonce, envelope, None)

    def open(self, locked: bytes) -> bytes:
        """The envelope again.

        Raises:
            CorruptSpoolError: the file was altered.
        """
        try:
            nonce, rest = locked[:_NONCE_BYTES], locked[_NONCE_BYTES:]
            return AESGCM(self.key).decrypt(nonce, rest, None)
        except (InvalidTag, ValueError):
            raise CorruptSpoolError("the spool is damaged") from None


def destroy(path: Path) -> None:
    """End a key: overwritten, unlinked, and the folder synced.

    Raises:
        SpoolUnavailableError: it is still there.
    """
    try:
        with suppress(FileNotFoundError):
            number = os.open(path, os.O_WRONLY)
            try:
                # A full disk that copies on write refuses this, and must not keep it.
                with suppress(OSError):
                    os.write(number, os.urandom(_KEY_BYTES))
                    os.fsync(number)
                path.unlink(missing_ok=True)
            finally:
                os.close(number)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as trouble:
        msg = f"the key of the spool cannot be removed: {trouble.strerror}"
        raise SpoolUnavailableError(msg) from trouble
