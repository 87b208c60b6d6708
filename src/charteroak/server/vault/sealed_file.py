"""Files that are compressed and sealed piece by piece, so that any size fits in memory.

A file is a random salt, and then pieces of AES-256-GCM. Their key comes from the given
one, the salt and the name of the file (HKDF-SHA256), so every file has a key of its own
and a counter does as nonce. Each piece is bound to its number and to whether it is the
last: none can be left out, moved or added without notice, and no file stands in for
another.
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from charteroak.core.errors import CharterOakError

SALT_BYTES: Final = 32
_PIECE: Final = 1 << 20
_TAG: Final = 16
_FAST: Final = 1


class UnopenableFileError(CharterOakError):
    """The key does not open the file, or the file was damaged or altered."""

    code = "charteroak.vault.unopenable-file"
    hint = "Use the keys of the server that made it, and a copy that is whole."


def seal(
    content: Iterable[bytes], *, key: bytes, name: str, salt: bytes
) -> Iterator[bytes]:
    """The bytes of a sealed file.

    Args:
        content: of the file, in parts of any size.
        key: 32 bytes.
        name: of the file; it opens under this name only.
        salt: `SALT_BYTES` fresh random bytes.
    """
    cipher = _cipher(key, name, salt)
    yield salt
    held = bytearray()
    number = 0
    for part in _compressed(content):
        held += part
        # One piece is always kept back: only at the end is it known to be the last.
        while len(held) > _PIECE:
            yield _sealed(cipher, bytes(held[:_PIECE]), number, last=False)
            del held[:_PIECE]
            number += 1
    yield _sealed(cipher, bytes(held), number, last=True)


def opened(file: BinaryIO, *, key: bytes, name: str) -> Iterator[bytes]:
    """The content of a sealed file, in parts.

    Raises:
        UnopenableFileError: another key or name, or the file is not whole. What was
            given before that is authentic, and may not be all.
    """
    cipher = _cipher(key, name, file.read(SALT_BYTES))
    expand = zlib.decompressobj()
    piece = file.read(_PIECE + _TAG)
    number = 0
    while True:
        following = file.read(_PIECE + _TAG)
        bound = _bound(number, last=not following)
        try:
            plain = cipher.decrypt(_nonce(number), piece, bound)
        except (InvalidTag, ValueError):
            raise UnopenableFileError("a sealed file does not open") from None
        yield expand.decompress(plain)
        if not following:
            break
        piece, number = following, number + 1
    yield expand.flush()


def _compressed(content: Iterable[bytes]) -> Iterator[bytes]:
    squeeze = zlib.compressobj(_FAST)
    for part in content:
        yield squeeze.compress(part)
    yield squeeze.flush()


def _sealed(cipher: AESGCM, piece: bytes, number: int, *, last: bool) -> bytes:
    return cipher.encrypt(_nonce(number), piece, _bound(number, last=last))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12)


def _bound(number: int, *, last: bool) -> bytes:
    return number.to_bytes(8) + bytes([last])


def _cipher(key: bytes, name: str, salt: bytes) -> AESGCM:
    derived = HKDF(
        algorithm=SHA256(),
        length=32,
        salt=salt,
        info=b"charteroak sealed file/1 " + name.encode(),
    ).derive(key)
    return AESGCM(derived)
