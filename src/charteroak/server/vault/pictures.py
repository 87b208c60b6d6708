"""Pictures of reads: encrypted segments in a folder or in any S3 store.

One segment holds the pictures of one batch for one bucket: one object to write, to
sync and to delete. Each picture is AES-256-GCM under a key of its segment (HKDF-SHA256
of the bucket's key, with the segment's name), with a fresh nonce, and with its own
reference as additional data, so that no picture can be shown in another's place.
"""

import re
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import UUID

import attrs
import obstore
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url
from typing_extensions import override

from charteroak.core.errors import CharterOakError
from charteroak.server.vault import files
from charteroak.server.vault.keys import KeyGoneError, Keys

_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_MOST_REMEMBERED: Final = 10_000
_BUCKET: Final = re.compile(r"b[0-9]{8}t[0-9]{4}m[0-9]{1,4}")
_HOLD: Final = re.compile(r"h[0-9a-f]{32}")
_REF: Final = re.compile(
    rf"(?P<place>{_BUCKET.pattern}|{_HOLD.pattern})"
    r"/(?P<segment>[0-9a-f]{32}):(?P<start>[0-9]{1,10}):(?P<length>[0-9]{1,8})"
)


class PictureGoneError(CharterOakError):
    """The picture, or the key that opens it, is no longer there."""

    code = "charteroak.vault.picture-gone"
    hint = "Pictures are deleted with their read; hold a read to keep its picture."


class PictureBrokenError(CharterOakError):
    """The key is there, and does not open the picture: it was damaged or altered."""

    code = "charteroak.vault.picture-broken"
    hint = "Look at the disk; it is no deletion. The read itself is unharmed."


class PicturesUnavailableError(CharterOakError):
    """The place where pictures lie does not answer, or is full."""

    code = "charteroak.vault.pictures-unavailable"
    hint = "Nothing is lost: boxes keep their reads. Look at the disk, then try again."


@attrs.frozen
class _Ref:
    """Where a picture lies: `place/segment:start:length`, in bytes."""

    place: str
    segment: str
    start: int
    length: int

    @override
    def __str__(self) -> str:
        return f"{self.place}/{self.segment}:{self.start}:{self.length}"

    @classmethod
    def parse(cls, text: str) -> "_Ref":
        found = _REF.fullmatch(text)
        if found is None or int(found["length"]) < _NONCE_BYTES + _TAG_BYTES:
            raise PictureGoneError("not a reference to a picture")
        return cls(
            found["place"], found["segment"], int(found["start"]), int(found["length"])
        )


class Pictures:
    """Encrypted pictures of one agency; safe to share between threads and processes."""

    def __init__(
        self, where: Path | str, *, keys: Keys, entropy: Callable[[int], bytes]
    ) -> None:
        """Take a place for segments.

        Args:
            where: a folder, made where it is missing, or a URL that `obstore` knows.
            keys: of the buckets and holds.
            entropy: so many fresh random bytes.
        """
        self._keys = keys
        self._entropy = entropy
        self._synced: set[str] = set()
        self._folder = where if isinstance(where, Path) else None
        self._store: ObjectStore = (
            from_url(where) if isinstance(where, str) else _local(where)
        )

    def store(self, bucket: str, pictures: Sequence[bytes]) -> list[str]:
        """Keep pictures of a bucket, as one segment; on return they are durable.

        Returns:
            A reference for each, in their order.

        Raises:
            PictureGoneError: the bucket's key is not there; nothing is kept.
            PicturesUnavailableError: they could not be written.
        """
        key = self._key(bucket)
        refs = self._write(bucket, key, pictures)
        # A purge may have destroyed the key and listed the objects before this one was
        # there: then it must not stay.
        if not self._keys.has_bucket(bucket):
            self._delete([f"{bucket}/{refs[0].segment}"] if refs else [])
            raise PictureGoneError("the bucket was purged meanwhile")
        return [str(ref) for ref in refs]

    def fetch(self, ref: str) -> bytes:
        """The picture.

        Raises:
            PictureGoneError: it, or its key, is gone.
            PictureBrokenError: it was damaged or altered.
            PicturesUnavailableError: the place does not answer.
        """
        found = _Ref.parse(ref)
        key = self._key(found.place)
        try:
            record = bytes(
                obstore.get_range(
                    self._store,
                    f"{found.place}/{found.segment}",
                    start=found.start,
                    length=found.length,
                )
            )
        except (NotFoundError, FileNotFoundError):
            raise PictureGoneError("the picture is not there") from None
        except (BaseError, OSError) as failed:
            raise PicturesUnavailableError("a picture cannot be read") from failed
        nonce, sealed = record[:_NONCE_BYTES], record[_NONCE_BYTES:]
        try:
            return _cipher(key, found.segment).decrypt(nonce, sealed, ref.encode())
        except (InvalidTag, ValueError):
            raise PictureBrokenError("the picture does not open with its key") from None

    def drop_bucket(self, bucket: str) -> int:
        """Destroy a bucket's key, then its segments; may be done again.

        Returns:
            How many segments were deleted.

        Raises:
            KeyNotDestroyedError: the key is still there; nothing was deleted.
            PicturesUnavailableError: segments are left (that nobody can open).
        """
        self._keys.destroy_bucket(bucket)
        return self._drop(bucket)

    def buckets(self) -> list[str]:
        """Buckets that have segments, oldest first.

        Raises:
            PicturesUnavailableError: the place does not answer.
        """
        return self._places(_BUCKET)

    def holds(self) -> list[UUID]:
        """Holds that have copies; see `buckets`."""
        return [UUID(hex=place[1:]) for place in self._places(_HOLD)]

    def segments(self, place: str) -> list[str]:
        """Segments of a bucket or hold, by the name of its place.

        Raises:
            PicturesUnavailableError: the place does not answer.
        """
        try:
            found = [
                str(each["path"]).removeprefix(f"{place}/")
                for page in obstore.list(self._store, prefix=place, chunk_size=1000)
                for each in page
            ]
        except (BaseError, OSError) as failed:
            raise PicturesUnavailableError("pictures cannot be listed") from failed
        return sorted(found)

    def sealed(self, place: str, segment: str) -> bytes:
        """A segment as it lies there: for a backup, which cannot open it either.

        Raises:
            PictureGoneError: it was purged.
            PicturesUnavailableError: the place does not answer.
        """
        try:
            return bytes(obstore.get(self._store, f"{place}/{segment}").bytes())
        except (NotFoundError, FileNotFoundError):
            raise PictureGoneError("the segment is not there") from None
        except (BaseError, OSError) as failed:
            raise PicturesUnavailableError("a segment cannot be read") from failed

    def put_back(self, place: str, segment: str, content: bytes) -> None:
        """Put a segment of a backup in its place; durable on return.

        Raises:
            PictureGoneError: its key is not there; nothing is kept.
            PicturesUnavailableError: it could not be written.
        """
        self._key(place)
        self._put(place, segment, content)

    def keep(self, hold_id: UUID, contents: Sequence[bytes]) -> list[str]:
        """Keep pictures or papers of a hold, as one segment under the key of the hold.

        Returns:
            A reference for each, in their order, for `fetch`.

        Raises:
            PicturesUnavailableError: they could not be written.
        """
        self._keys.make_hold(hold_id)
        key = self._keys.hold(hold_id)
        return [str(ref) for ref in self._write(hold_place(hold_id), key, contents)]

    def drop_hold(self, hold_id: UUID) -> int:
        """Destroy a hold's key, then its copies; see `drop_bucket`."""
        self._keys.destroy_hold(hold_id)
        return self._drop(hold_place(hold_id))

    # ------------------------------------------------------------------- internals

    def _key(self, place: str) -> bytes:
        try:
            if place.startswith("h"):
                return self._keys.hold(UUID(hex=place[1:]))
            return self._keys.bucket(place)
        except KeyGoneError:
            raise PictureGoneError("the key of the picture is gone") from None

    def _write(self, place: str, key: bytes, pictures: Sequence[bytes]) -> list[_Ref]:
        if not pictures:
            return []
        segment = self._entropy(16).hex()
        cipher = _cipher(key, segment)
        refs: list[_Ref] = []
        parts: list[bytes] = []
        start = 0
        for picture in pictures:
            length = _NONCE_BYTES + len(picture) + _TAG_BYTES
            ref = _Ref(place, segment, start, length)
            nonce = self._entropy(_NONCE_BYTES)
            parts += [nonce, cipher.encrypt(nonce, picture, str(ref).encode())]
            refs.append(ref)
            start += length
        self._put(place, segment, b"".join(parts))
        return refs

    def _put(self, place: str, segment: str, content: bytes) -> None:
        try:
            obstore.put(self._store, f"{place}/{segment}", content, mode="create")
            if self._folder is not None:
                # `object_store` does not sync, and what is acknowledged may not be lost.
                files.sync_file(self._folder / place / segment)
                files.sync_folder(self._folder / place)
                self._sync_once(self._folder, place)
        except (BaseError, OSError) as failed:
            raise PicturesUnavailableError("pictures cannot be written") from failed

    def _places(self, kind: re.Pattern[str]) -> list[str]:
        if self._folder is not None and not self._folder.is_dir():
            # The store would list nothing, as if all were deleted.
            raise PicturesUnavailableError("pictures cannot be listed")
        try:
            found = obstore.list_with_delimiter(self._store)["common_prefixes"]
        except NotFoundError:
            return []
        except (BaseError, OSError) as failed:
            raise PicturesUnavailableError("pictures cannot be listed") from failed
        return sorted(place for place in found if kind.fullmatch(place))

    def _sync_once(self, folder: Path, place: str) -> None:
        """Make a place's own name durable: once in each process is enough."""
        if place in self._synced:
            return
        files.sync_folder(folder)
        if len(self._synced) >= _MOST_REMEMBERED:
            self._synced.clear()
        self._synced.add(place)

    def _drop(self, place: str) -> int:
        # Its folder goes with its last segment, and would be a new one if it came back.
        self._synced.discard(place)
        try:
            paths = [
                found["path"]
                for page in obstore.list(self._store, prefix=place, chunk_size=1000)
                for found in page
            ]
        except (BaseError, OSError) as failed:
            raise PicturesUnavailableError("pictures cannot be listed") from failed
        deleted = self._delete(paths)
        self._remove_folder(place)
        return deleted

    def _remove_folder(self, place: str) -> None:
        """Remove what a broken-off write left, which the store does not list."""
        if self._folder is None:
            return
        try:
            shutil.rmtree(self._folder / place)
            files.sync_folder(self._folder)
        except FileNotFoundError:
            return
        except OSError as failed:
            raise PicturesUnavailableError("pictures cannot be deleted") from failed

    def _delete(self, paths: Sequence[str]) -> int:
        try:
            deleted = self._delete_at_once(paths)
            if self._folder is not None:
                files.sync_folder(self._folder)
        except (BaseError, OSError) as failed:
            raise PicturesUnavailableError("pictures cannot be deleted") from failed
        return deleted

    def _delete_at_once(self, paths: Sequence[str]) -> int:
        """Delete all together, or where one is gone already one by one."""
        with suppress(NotFoundError, FileNotFoundError):
            obstore.delete(self._store, list(paths))
            return len(paths)
        deleted = 0
        for path in paths:
            with suppress(NotFoundError, FileNotFoundError):
                obstore.delete(self._store, path)
                deleted += 1
        return deleted


def _local(folder: Path) -> LocalStore:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return LocalStore(folder, automatic_cleanup=True)


def hold_place(hold_id: UUID) -> str:
    """The place of a hold's copies; that of a bucket is its name."""
    return f"h{hold_id.hex}"


def _cipher(key: bytes, segment: str) -> AESGCM:
    derived = HKDF(
        algorithm=SHA256(),
        length=32,
        salt=None,
        info=b"charteroak pictures/1 " + segment.encode(),
    ).derive(key)
    return AESGCM(derived)
