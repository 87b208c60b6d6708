"""The keys that last, in one file under a passphrase: for a safe, not for a server.

Only keys that are never destroyed are in it. Those of buckets and holds are not, and no
command copies them: a key that is destroyed must not come back from a drawer.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import SecretBox

from charteroak.core.errors import CharterOakError
from charteroak.server.vault import files
from charteroak.server.vault.keys import LASTING

_HEAD: Final = b"charteroak keys/1\n"
SHORTEST_PASSPHRASE: Final = 12
"""Characters."""


class WeakPassphraseError(CharterOakError):
    """The passphrase is too short to protect keys in a drawer."""

    code = "charteroak.keys.weak-passphrase"
    hint = "Give at least 12 characters: four or five words that nobody would guess."


class KeyFileExistsError(CharterOakError):
    """There is a file where the keys should go."""

    code = "charteroak.keys.file-exists"
    hint = "Give a name that is not taken."


class UnusableKeyFileError(CharterOakError):
    """The file holds no exported keys, or the passphrase is not theirs."""

    code = "charteroak.keys.unusable-file"
    hint = "Check the passphrase and the file; both must be of the same export."


class OtherKeysError(CharterOakError):
    """The key folder holds other keys already."""

    code = "charteroak.keys.others-there"
    hint = "Restore into a data folder without keys, or leave --keys out."


class _Exported(msgspec.Struct):
    keys: dict[str, bytes]


def export_keys(
    folder: Path, target: Path, passphrase: str, *, entropy: Callable[[int], bytes]
) -> None:
    """Write the lasting keys of a key folder into a file.

    Raises:
        WeakPassphraseError: nothing was written.
        KeyFileExistsError: nothing was written.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise WeakPassphraseError("the passphrase is too short")
    salt = entropy(argon2id.SALTBYTES)
    content = _Exported({name: (folder / name).read_bytes() for name in LASTING})
    sealed = _box(passphrase, salt).encrypt(
        msgspec.msgpack.encode(content), entropy(SecretBox.NONCE_SIZE)
    )
    made = files.make(target, _HEAD + salt + bytes(sealed), unique=entropy(8).hex())
    if not made:
        message = f"{target} is there already"
        raise KeyFileExistsError(message)


def import_keys(
    source: Path, folder: Path, passphrase: str, *, entropy: Callable[[int], bytes]
) -> None:
    """Put exported keys into a key folder, made where it is missing.

    Raises:
        UnusableKeyFileError: nothing was written.
        OtherKeysError: nothing was changed.
    """
    try:
        content = source.read_bytes()
        rest = content.removeprefix(_HEAD)
        if rest == content:
            raise UnusableKeyFileError("the file holds no exported keys")
        salt, sealed = rest[: argon2id.SALTBYTES], rest[argon2id.SALTBYTES :]
        exported = msgspec.msgpack.decode(
            _box(passphrase, salt).decrypt(sealed), type=_Exported
        )
    except (OSError, ValueError, CryptoError, msgspec.MsgspecError):
        raise UnusableKeyFileError("the keys cannot be opened") from None
    keys = {name: exported.keys[name] for name in LASTING if name in exported.keys}
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, key in keys.items():
        if (folder / name).exists() and (folder / name).read_bytes() != key:
            raise OtherKeysError("the key folder holds other keys")
    for name, key in keys.items():
        files.make(folder / name, key, unique=entropy(8).hex())


def _box(passphrase: str, salt: bytes) -> SecretBox:
    return SecretBox(
        argon2id.kdf(
            SecretBox.KEY_SIZE,
            passphrase.encode(),
            salt,
            opslimit=argon2id.OPSLIMIT_MODERATE,
            memlimit=argon2id.MEMLIMIT_MODERATE,
        )
    )
