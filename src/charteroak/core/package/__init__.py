"""A package: reads that leave the house, so that anybody can check them without us.

A ZIP file with one folder: a page that a person can read, the reads as tables, their
pictures, the decision that let them out, the entry of the log that says so, and a
manifest of SHA-256 in the form of `sha256sum -c`, signed with Ed25519 so that OpenSSL
verifies it. Nothing in a file's name tells of a plate, a name or a case.

The manifest and its signature are written last, and the list of a ZIP file's contents
comes after them: what broke off half-way cannot be taken for a package.
"""

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from charteroak.core.errors import CharterOakError
from charteroak.core.package.checking import (
    PUBLIC_KEY,
    SIGNATURE,
    SUMS,
    fingerprint,
    verify_text,
)
from charteroak.core.package.contents import (
    Missing,
    Package,
    PackageRead,
    PackageRecord,
    Picture,
    PictureKind,
    picture_name,
)
from charteroak.core.package.page import index_html
from charteroak.core.package.tables import (
    decision_json,
    entry_proofs,
    reads_csv,
    reads_json,
)

__all__ = [
    "LARGEST_BYTES",
    "Missing",
    "Package",
    "PackageRead",
    "PackageRecord",
    "PackageTooLargeError",
    "Picture",
    "PictureKind",
    "WrongKeyError",
    "build",
    "files_of",
    "fingerprint",
    "sha256_sums",
]

LARGEST_BYTES: Final = 64 * 2**20
"""A package is made in memory, so that no half of one ever lies on a disk."""

# Of every entry: the same package is the same bytes, whenever it is written.
_TIME: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_RIGHTS: Final = 0o100644 << 16


class PackageTooLargeError(CharterOakError):
    """There is more in it than is made at once."""

    code = "charteroak.package.too-large"
    hint = "Put fewer reads into one package, and make several."


class WrongKeyError(CharterOakError):
    """The public key does not verify what the private one signed."""

    code = "charteroak.package.wrong-key"
    hint = "Look at signing.key in the key folder: it was changed while the server ran."


def build(
    package: Package, *, sign: Callable[[bytes], bytes], public_key_pem: str
) -> bytes:
    """The ZIP file of a package; the same package and key give the same bytes.

    Args:
        package: what is in it.
        sign: Ed25519 (RFC 8032) over the given bytes, by the agency's key.
        public_key_pem: the public half of that key, PEM (SubjectPublicKeyInfo).

    Raises:
        PackageTooLargeError: more than `LARGEST_BYTES`; nothing is made.
        WrongKeyError: the two keys do not belong together.
    """
    files = files_of(package, public_key_pem=public_key_pem)
    if sum(map(len, files.values())) > LARGEST_BYTES:
        raise PackageTooLargeError("the package is too large")
    sums = sha256_sums(files)
    signature = sign(sums)
    _check(public_key_pem, signature, sums)
    target = io.BytesIO()
    # Stored, not deflated: pictures do not shrink, and a deflater of another version
    # would make other bytes of the same.
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in [*files.items(), (SUMS, sums), (SIGNATURE, signature)]:
            entry = zipfile.ZipInfo(f"{package.folder}/{name}", date_time=_TIME)
            entry.create_system = _UNIX
            entry.external_attr = _RIGHTS
            archive.writestr(entry, content)
    return target.getvalue()


def files_of(package: Package, *, public_key_pem: str) -> dict[str, bytes]:
    """Every file that the manifest covers, by its name in the folder, in order."""
    key = fingerprint(public_key_pem)
    files = {
        "VERIFY.txt": verify_text(package, key_fingerprint=key),
        PUBLIC_KEY: public_key_pem.encode(),
        "decision.json": decision_json(package),
        "index.html": index_html(package, key_fingerprint=key),
        "log-entry-proofs.jsonl": entry_proofs(package),
        "log-entry.json": package.record.entry,
        "reads.csv": reads_csv(package),
        "reads.json": reads_json(package),
    }
    for number, read in enumerate(package.reads, start=1):
        for each in read.pictures:
            if each.jpeg is not None:
                files[picture_name(number, each)] = each.jpeg
    return dict(sorted(files.items()))


def sha256_sums(files: Mapping[str, bytes]) -> bytes:
    """The manifest, as `sha256sum` writes it and `sha256sum -c` reads it."""
    lines = (
        f"{hashlib.sha256(content).hexdigest()}  {name}\n"
        for name, content in sorted(files.items())
    )
    return "".join(lines).encode()


def _check(public_key_pem: str, signature: bytes, signed: bytes) -> None:
    key = load_pem_public_key(public_key_pem.encode())
    if not isinstance(key, Ed25519PublicKey):
        raise WrongKeyError("not a key of Ed25519")
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        raise WrongKeyError("the keys do not belong together") from None
