"""Who a box is: its Ed25519 key, and how often it has started."""

import stat
from typing import Final

import attrs
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from charteroak.core.errors import CharterOakError
from charteroak.edge.settings import DataFolder, NotEnrolledError, write_durably

_KEY_BYTES: Final = 32


class UnreadableKeyError(CharterOakError):
    """The file with the box's key is damaged or cannot be read."""

    code = "charteroak.edge.unreadable-key"
    hint = "Run this as the user who enrolled the box, or enrol it again."


class OpenKeyError(CharterOakError):
    """Other users of this machine can read the box's key."""

    code = "charteroak.edge.open-key"
    hint = "Run chmod 600 on box.key; if others used this machine, enrol again."


class LostBootEpochError(CharterOakError):
    """The file that counts the starts does not hold a number."""

    code = "charteroak.edge.lost-boot-epoch"
    hint = "Write a number into boot-epoch that is higher than any start so far."


@attrs.frozen
class Identity:
    """The key of a box; it never leaves the box and is never shown.

    Attributes:
        private_key: signs batches and requests.
    """

    private_key: Ed25519PrivateKey = attrs.field(repr=False)

    @classmethod
    def create(cls, folder: DataFolder) -> "Identity":
        """Make a key and put it into the folder, replacing one that is there.

        Raises:
            DataFolderError: the disk does not take it.
        """
        key = Ed25519PrivateKey.generate()
        write_durably(folder.key, key.private_bytes_raw())
        return cls(key)

    @classmethod
    def load(cls, folder: DataFolder) -> "Identity":
        """Read the key.

        Raises:
            NotEnrolledError: there is none.
            OpenKeyError: other users could read it.
            UnreadableKeyError: it is damaged, or this user may not read it.
        """
        try:
            mode = folder.key.stat().st_mode
            content = folder.key.read_bytes()
        except FileNotFoundError:
            raise NotEnrolledError("this folder holds no key") from None
        except OSError as trouble:
            msg = f"cannot read the key: {trouble.strerror}"
            raise UnreadableKeyError(msg) from None
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise OpenKeyError("other users of this machine can read the key")
        if len(content) != _KEY_BYTES:
            raise UnreadableKeyError("the key is damaged")
        return cls(Ed25519PrivateKey.from_private_bytes(content))

    @property
    def public_key(self) -> bytes:
        """The public key, 32 bytes."""
        return self.private_key.public_key().public_bytes_raw()


def next_boot_epoch(folder: DataFolder) -> int:
    """Count one start up, durably, and return its number, from 1.

    A number is never given twice, not even when the power fails meanwhile.

    Raises:
        LostBootEpochError: the counter is damaged.
        DataFolderError: the disk does not take it.
    """
    try:
        last = int(folder.boot_epoch.read_text(encoding="ascii"))
    except FileNotFoundError:
        last = 0
    except (OSError, ValueError):
        raise LostBootEpochError("the count of starts cannot be read") from None
    if last < 0:
        raise LostBootEpochError("the count of starts is below zero")
    write_durably(folder.boot_epoch, f"{last + 1}\n".encode("ascii"))
    return last + 1
