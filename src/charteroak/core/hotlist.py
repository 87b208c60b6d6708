"""Hot lists, their entries, and what it takes for a read to match one.

A match is exact (same glyphs) or folded (equal once O is 0). State is a second test:
where both name one and they differ, it is no match. Looser tiers are left out on
purpose: with 100,000 entries, one edit flags 14 in 100 innocent cars (measured on
synthetic reads), so fuzzy matching is a harm question before it is a speed question.
"""

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final, NewType
from uuid import UUID

import attrs
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from charteroak.core.errors import CharterOakError
from charteroak.core.plate import MatchKey, PlateText
from charteroak.core.read import STATES
from charteroak.core.time import aware

EntryId = NewType("EntryId", UUID)
HotListId = NewType("HotListId", UUID)
Digest = NewType("Digest", int)
"""Keyed digest of a match key: unsigned, 64 bits."""

KEY_BYTES: Final = 32
_MAGIC: Final = b"COHOT002"
_WORD: Final = 8
_BLOCK: Final = 16


class ListClass(StrEnum):
    """What kind of record a hot list holds, in the words of the NCIC files.

    Which of them an agency may load at all is for its law profile to say.
    """

    GANG = "gang"
    IMMIGRATION_VIOLATOR = "immigration_violator"
    LICENSE_PLATE = "license_plate"
    LOCAL = "local"
    MISSING_PERSON = "missing_person"
    PROTECTION_ORDER = "protection_order"
    SEX_OFFENDER = "sex_offender"
    SUPERVISED_RELEASE = "supervised_release"
    TERRORIST_SCREENING = "terrorist_screening"
    VEHICLE = "vehicle"
    WANTED_PERSON = "wanted_person"


class Tier(StrEnum):
    """How alike the glyphs are."""

    EXACT = "exact"
    FOLDED = "folded"


class StateAgreement(StrEnum):
    """What the states say; `UNREAD`: the camera or the entry names none."""

    AGREES = "agrees"
    UNREAD = "unread"


class BrokenIndexError(CharterOakError):
    """The file of hot-list digests is not one, or is cut short."""

    code = "charteroak.hotlist.broken-index"
    hint = "Load the hot lists again; the server then writes the file anew."


@attrs.frozen(kw_only=True)
class HotList:
    """A list of plates to look for, with who stands behind it.

    Attributes:
        source: where it came from, in words.
        authority: the statute or order it is kept under.
        loaded_at: when this copy was loaded; its age is shown at every alert.
    """

    list_id: HotListId
    name: str = attrs.field(validator=attrs.validators.min_len(1))
    list_class: ListClass
    source: str
    authority: str
    loaded_at: datetime = attrs.field(validator=aware)


@attrs.frozen(kw_only=True)
class Entry:
    """One plate on a hot list.

    Attributes:
        state: issuing state as entered, None where the list names none.
        reason: why it is on the list, in words a dispatcher can act on.
        vehicle: what the car looks like, in words; empty where unknown.
        case_ref: the case it belongs to; empty where unknown.
        expires_at: from then on it matches nothing; None: with its list.
    """

    entry_id: EntryId
    list_id: HotListId
    plate: PlateText
    state: str | None = attrs.field(
        validator=attrs.validators.optional(attrs.validators.in_(STATES))
    )
    reason: str = attrs.field(validator=attrs.validators.min_len(1))
    vehicle: str = ""
    case_ref: str = ""
    entered_at: datetime = attrs.field(validator=aware)
    expires_at: datetime | None = attrs.field(
        default=None, validator=attrs.validators.optional(aware)
    )


@attrs.frozen(kw_only=True)
class Match:
    """Why a read hit an entry.

    Attributes:
        differing: positions (from 0) whose glyphs differ; all fold to the same key.
    """

    entry: Entry
    tier: Tier
    state: StateAgreement
    differing: tuple[int, ...]


def match(
    plate: PlateText, state: str | None, entry: Entry, *, at: datetime
) -> Match | None:
    """Hold a read against one entry.

    Args:
        plate: glyphs as read.
        state: state as read, None where none was.
        entry: the entry.
        at: the moment of matching; an entry that has expired by then matches nothing.
    """
    if entry.expires_at is not None and entry.expires_at <= at:
        return None
    if plate.match_key != entry.plate.match_key:
        return None
    if state is not None and entry.state is not None and state != entry.state:
        return None
    differing = tuple(
        place
        for place, (read, listed) in enumerate(
            zip(plate.glyphs, entry.plate.glyphs, strict=True)
        )
        if read != listed
    )
    both = state is not None and entry.state is not None
    return Match(
        entry=entry,
        tier=Tier.FOLDED if differing else Tier.EXACT,
        state=StateAgreement.AGREES if both else StateAgreement.UNREAD,
        differing=differing,
    )


def digest(key: bytes, match_key: MatchKey) -> Digest:
    """Keyed digest of a match key, see `digests`."""
    return Digest(digests(key, [match_key])[0])


def digests(key: bytes, match_keys: Iterable[MatchKey]) -> memoryview:
    """Keyed digests of match keys, in their order: 64-bit words (format `Q`).

    Each is half of the AES-256 block of the match key, padded with zeros: a
    pseudo-random function of 16 bytes, which a match key never fills. A batch is one
    call and runs on the processor's own AES, at a tenth of the time of keyed BLAKE2b.

    Args:
        key: secret of the agency, `KEY_BYTES` long: without it the digests of all
            plates could be listed in minutes.
        match_keys: see `core.plate`.
    """
    blocks = "".join([each.ljust(_BLOCK, "\0") for each in match_keys]).encode()
    # The secret has other uses too: each has a key of its own.
    own = hashlib.blake2b(key=key, digest_size=KEY_BYTES, person=b"hot-list index")
    cipher = Cipher(algorithms.AES(own.digest()), modes.ECB())  # noqa: S305 - no text: every block is a plate of its own
    return memoryview(cipher.encryptor().update(blocks)).cast("Q")[::2]


def pack_index(words: Iterable[Digest]) -> bytes:
    """The file of a matcher: its head, then the digests sorted, native 64-bit words.

    8 bytes an entry, one copy for all processes when memory-mapped, no plate in it.
    """
    distinct = array("Q", sorted(set(words)))
    return index_head(len(distinct)) + distinct.tobytes()


def index_head(count: int) -> bytes:
    """What stands before the digests in the file of a matcher: magic and count."""
    return _MAGIC + count.to_bytes(_WORD, "little")


class HotIndex:
    """Answers "may this plate be on a list?" from a packed index.

    Says yes for every entry, and for another plate about once in 2**64 / entries; the
    store then looks the entry up. Reading is thread-safe; the buffer is not copied.
    """

    def __init__(self, buffer: memoryview) -> None:
        """Take a buffer as `pack_index` makes it.

        Raises:
            BrokenIndexError: it is not one.
        """
        if buffer.nbytes < len(_MAGIC) + _WORD or bytes(buffer[:8]) != _MAGIC:
            raise BrokenIndexError("not a hot-list index")
        count = int.from_bytes(buffer[8:16], "little")
        if buffer.nbytes != len(_MAGIC) + _WORD * (count + 1):
            raise BrokenIndexError("the hot-list index is cut short")
        self._words = buffer[16:].cast("Q")

    def __len__(self) -> int:
        """Number of distinct digests."""
        return len(self._words)

    @property
    def words(self) -> memoryview:
        """All digests, sorted, of the type `Q`; for whoever looks many up at once."""
        return self._words

    def may_hold(self, wanted: Digest) -> bool:
        """Whether a digest is in the index: binary search, about 20 steps a million."""
        at = bisect_left(self._words, wanted)
        return at < len(self._words) and self._words[at] == wanted
