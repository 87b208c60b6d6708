"""Papers that agencies and owners bring: sealed, each under a key of its own.

The key comes from a lasting one and the paper's identifier (HKDF-SHA256), so that a
paper opens on a server that was restored from a backup, and nowhere without the keys.
What is sealed lies in the database with the row that speaks of it: both are there, or
neither is.
"""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from charteroak.core.errors import CharterOakError
from charteroak.server.vault.keys import Keys

_NONCE_BYTES: Final = 12


class PaperBrokenError(CharterOakError):
    """A kept paper does not open: it, or the key, was damaged or altered."""

    code = "charteroak.vault.paper-broken"
    hint = "Restore it from a backup; the log holds the SHA-256 of the right one."


def seal_paper(
    keys: Keys, paper_id: UUID, content: bytes, *, entropy: Callable[[int], bytes]
) -> bytes:
    """The bytes that are kept of a paper."""
    nonce = entropy(_NONCE_BYTES)
    return nonce + _cipher(keys, paper_id).encrypt(nonce, content, paper_id.bytes)


def open_paper(keys: Keys, paper_id: UUID, sealed: bytes) -> bytes:
    """The paper.

    Raises:
        PaperBrokenError: it does not open.
    """
    nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return _cipher(keys, paper_id).decrypt(nonce, rest, paper_id.bytes)
    except (InvalidTag, ValueError):
        raise PaperBrokenError("a paper does not open") from None


def _cipher(keys: Keys, paper_id: UUID) -> AESGCM:
    derived = HKDF(
        algorithm=SHA256(),
        length=32,
        salt=None,
        info=b"charteroak paper/1 " + paper_id.bytes,
    ).derive(keys.backup_key)
    return AESGCM(derived)
