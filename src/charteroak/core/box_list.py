"""The hot lists as boxes get them: sorted keyed digests, and nothing that names a plate.

A box that keeps hits alone must know by itself what is a hit, and know it just as the
server does (`hotlist.match`): the same match key, and the same state where both name
one. So each entry is there twice: for a read without a state, and for one with a state,
under the entry's own or under none. What an entry that ends soon is worth stands beside.
"""

import hashlib
from array import array
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Final

import attrs
import msgspec
from typing_extensions import override

from charteroak.core.errors import CharterOakError
from charteroak.core.hotlist import (
    KEY_BYTES,
    BrokenIndexError,
    Digest,
    HotIndex,
    digests,
    pack_index,
)
from charteroak.core.plate import MatchKey, PlateText

_AT_ONCE: Final = 10_000
_ANY: Final = "/"
_NO_STATE: Final = "/-"


class StaleListError(CharterOakError):
    """A list that is over, or older than one that was known."""

    code = "charteroak.box-list.stale"
    hint = "Load the hot lists anew on the server, and check the clocks of both."


class UnreadableListError(CharterOakError):
    """Signed by the agency, but no list that this version can read."""

    code = "charteroak.box-list.unreadable"
    hint = "Update the software of the box."


class BoxList(msgspec.Struct, frozen=True, kw_only=True):
    """What the agency signs.

    Attributes:
        tag: names this list among all of the agency's.
        number: never falls from one list to the next; microseconds since 1970.
        expires_s: from then on it matches nothing; seconds since 1970, by the server.
        key_check: SHA-256 of the key of the digests, which goes to each box sealed.
        index: as `hotlist.pack_index` makes it.
        ending: digest -> when its last entry ends, of those that end before the list.
    """

    tag: str
    number: int
    expires_s: int
    key_check: bytes
    index: bytes
    ending: dict[int, int]


class BoxListAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A list on the wire.

    Attributes:
        content: a `BoxList` in MessagePack.
        signature: the agency's, see `orders.sign_list`.
        key: of the digests, sealed to the box's own key: a copy of the list alone, on
            whatever way it was got, tells nothing.
    """

    content: bytes
    signature: bytes
    key: bytes


class ListedPlate(msgspec.Struct, frozen=True, kw_only=True):
    """What of an entry decides whether a read hits it; a million of them at once."""

    match_key: MatchKey
    state: str | None
    expires_at: datetime | None = None

    @override
    def __repr__(self) -> str:
        """Masked: a plate never reaches a log line by accident."""
        return "ListedPlate(<masked>)"


def _texts(listed: Iterable[ListedPlate]) -> list[MatchKey]:
    """What reads that hit some entries may ask for: two texts for each, in turn."""
    found = []
    for each in listed:
        own = _NO_STATE if each.state is None else f"/{each.state}"
        found += [MatchKey(each.match_key + _ANY), MatchKey(each.match_key + own)]
    return found


def box_key(secret: bytes) -> bytes:
    """The key of the digests that boxes get: of the agency's secret, and not that."""
    own = hashlib.blake2b(key=secret, digest_size=KEY_BYTES, person=b"lists for boxes")
    return own.digest()


def key_check(key: bytes) -> bytes:
    """What tells the right key from another."""
    return hashlib.sha256(b"charteroak-box-list-key\n" + key).digest()


def pack_list(
    listed: Iterable[ListedPlate],
    *,
    key: bytes,
    tag: str,
    number: int,
    expires_s: int,
) -> bytes:
    """The content of a list.

    Args:
        listed: all entries that may alert somebody now.
        key: as `box_key` makes it.
        tag: see `BoxList`.
        number: likewise.
        expires_s: likewise.
    """
    lasting = array("Q")
    ending: dict[int, int] = {}
    entries = iter(listed)
    while some := list(islice(entries, _AT_ONCE)):
        ends = [_last_s(each, expires_s) for each in some]
        forever = [each for each, end in zip(some, ends, strict=True) if end is None]
        lasting.frombytes(digests(key, _texts(forever)).tobytes())
        for each, end in zip(some, ends, strict=True):
            if end is not None:
                for word in digests(key, _texts([each])):
                    ending[word] = max(end, ending.get(word, 0))
    words = set(lasting)
    ending = {word: end for word, end in ending.items() if word not in words}
    words.update(ending)
    return msgspec.msgpack.encode(
        BoxList(
            tag=tag,
            number=number,
            expires_s=expires_s,
            key_check=key_check(key),
            index=pack_index(map(Digest, words)),
            ending=ending,
        )
    )


def _last_s(each: ListedPlate, expires_s: int) -> int | None:
    """When an entry ends; None where it outlasts the list."""
    end = None if each.expires_at is None else int(each.expires_at.timestamp())
    return None if end is None or end >= expires_s else end


@attrs.frozen(kw_only=True, repr=False, eq=False)
class Matching:
    """A list that reads can be held against; in memory alone.

    Attributes:
        tag: of the list.
        number: likewise.
        expires_s: seconds since 1970, by the server's clock.
    """

    tag: str
    number: int
    expires_s: int
    _key: bytes
    _index: HotIndex
    _ending: dict[int, int]

    @classmethod
    def of(cls, content: bytes, key: bytes) -> "Matching":
        """Make a list ready.

        Args:
            content: whose signature has been checked.
            key: as the agency sealed it to this box.

        Raises:
            UnreadableListError: it is no list, or the key is another list's.
        """
        try:
            told = msgspec.msgpack.decode(content, type=BoxList)
            index = HotIndex(memoryview(told.index))
        except (msgspec.MsgspecError, ValueError, BrokenIndexError):
            raise UnreadableListError("not a list for boxes") from None
        if len(key) != KEY_BYTES or key_check(key) != told.key_check:
            raise UnreadableListError("the key is not this list's")
        return cls(
            tag=told.tag,
            number=told.number,
            expires_s=told.expires_s,
            key=key,
            index=index,
            ending=told.ending,
        )

    def __len__(self) -> int:
        """How many digests it holds: two for each plate with its state."""
        return len(self._index)

    def hits(self, plate: PlateText, state: str | None, *, server_s: float) -> bool:
        """Whether a read is on a list: just where `hotlist.match` finds an entry.

        Args:
            plate: as read.
            state: as read, None where none was.
            server_s: now, by the server's clock, seconds since 1970.

        Raises:
            StaleListError: the list is over.
        """
        if server_s >= self.expires_s:
            raise StaleListError("the hot list of this box is over")
        ends = (_ANY,) if state is None else (f"/{state}", _NO_STATE)
        asked = [MatchKey(plate.match_key + end) for end in ends]
        return any(
            self._index.may_hold(word)
            and self._ending.get(word, server_s + 1) > server_s
            for word in map(Digest, digests(self._key, asked))
        )
