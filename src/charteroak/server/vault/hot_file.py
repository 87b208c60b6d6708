"""The matcher's file: digests of all hot lists, memory-mapped, swapped in one step.

All processes of the server share one copy. The file is a help, never the truth: where
it is missing or broken, the matcher asks the database about every read instead.
"""

import fcntl
import mmap
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final

import attrs
import numpy as np
import numpy.typing as npt

from charteroak.core.hotlist import (
    BrokenIndexError,
    Digest,
    HotIndex,
    digests,
    index_head,
    pack_index,
)
from charteroak.core.plate import MatchKey
from charteroak.server.vault import files

_EMPTY: Final = pack_index([])


class HotFileState(StrEnum):
    """What became of the file."""

    BROKEN = "broken"
    MISSING = "missing"
    READY = "ready"


@attrs.frozen
class _Stamp:
    """Tells one version of the file from another."""

    inode: int
    modified_ns: int
    size: int


class HotFile:
    """The file of digests; safe to share between threads, and between processes."""

    def __init__(self, path: Path) -> None:
        """Take the path of the file; its folder is made where it is missing."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = path
        self._guard = threading.Lock()
        self._stamp: _Stamp | None = None
        self._state = HotFileState.MISSING
        self._index = _empty()

    @property
    def state(self) -> HotFileState:
        """Whether the file can be relied on now."""
        return self.look()[1]

    def current(self) -> HotIndex:
        """The index as it is now; empty where the file is missing or broken."""
        return self.look()[0]

    def look(self) -> tuple[HotIndex, HotFileState]:
        """The index as it is now, and whether it can be relied on.

        Costs one `stat`; the file is opened again only when it has changed.
        """
        with self._guard:
            stamp = self._look_at()
            if stamp is None:
                self._stamp, self._index = None, _empty()
                self._state = HotFileState.MISSING
            elif stamp != self._stamp:
                self._stamp = stamp
                self._index, self._state = self._open()
            return self._index, self._state

    def candidates(self, key: bytes, match_keys: Sequence[MatchKey]) -> list[MatchKey]:
        """Those of some match keys that a list may hold: none that one holds is missing.

        Args:
            key: secret of the agency, see `core.hotlist.digest`.
            match_keys: many at once cost a fraction of a microsecond each.

        Returns:
            All of them where the file cannot be relied on: slower, and no hit is
            missed because a file is.
        """
        index, state = self.look()
        if state is not HotFileState.READY:
            return list(match_keys)
        wanted = np.asarray(digests(key, match_keys), dtype=np.uint64)
        return [match_keys[place] for place in _places_held(index, wanted)]

    @contextmanager
    def changing(self, words: Callable[[], Iterable[Digest]]) -> Iterator[None]:
        """Take the file away for a block that changes the lists, then make it anew.

        No other writer is at work from the first to the last, so that none can put a
        file with the lists of before in the place that was emptied. Where the block
        breaks off the file stays away, see `HotFileState.MISSING`: no hit is missed.

        Args:
            words: reads the lists as they are when the block has ended.
        """
        with self._alone():
            self.forget()
            yield
            self._write(words)

    def rewrite(self, words: Callable[[], Iterable[Digest]]) -> int:
        """Put new digests in the file's place; whoever reads sees the old or the new.

        Args:
            words: reads the lists as they are now; called when no other writer is at
                work, because of two writers the one with the older view could else win.

        Returns:
            How many distinct digests are in the file.
        """
        with self._alone():
            return self._write(words)

    def forget(self) -> None:
        """Take the file away; to change the lists, see `changing`."""
        self._path.unlink(missing_ok=True)
        files.sync_folder(self._path.parent)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        lock = self._path.with_name(self._path.name + ".lock")
        number = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(number, fcntl.LOCK_EX)
            yield
        finally:
            os.close(number)

    def _write(self, words: Callable[[], Iterable[Digest]]) -> int:
        # As `pack_index` makes it, with 8 bytes of memory an entry and not 100.
        distinct = np.unique(np.fromiter(words(), dtype="<u8"))
        files.replace(self._path, b"".join([index_head(len(distinct)), distinct.data]))
        return len(distinct)

    def _look_at(self) -> _Stamp | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return _Stamp(found.st_ino, found.st_mtime_ns, found.st_size)

    def _open(self) -> tuple[HotIndex, HotFileState]:
        try:
            with self._path.open("rb") as file:
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            return HotIndex(memoryview(mapped)), HotFileState.READY
        except FileNotFoundError:
            return _empty(), HotFileState.MISSING
        except (OSError, ValueError, BrokenIndexError):
            return _empty(), HotFileState.BROKEN


def _places_held(index: HotIndex, wanted: npt.NDArray[np.uint64]) -> list[int]:
    """The places of those digests that are in an index: `may_hold` of many at once."""
    if not len(index):
        return []
    words = np.frombuffer(index.words, dtype=np.uint64)
    # In order, so that each search ends near the one before it, in the cache.
    order = np.argsort(wanted)
    ordered = wanted[order]
    at = np.minimum(np.searchsorted(words, ordered), len(words) - 1)
    return sorted(order[words[at] == ordered].tolist())


def _empty() -> HotIndex:
    return HotIndex(memoryview(_EMPTY))
