from datetime import UTC, datetime, timedelta
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charteroak.core.hotlist import (
    BrokenIndexError,
    Digest,
    Entry,
    EntryId,
    HotIndex,
    HotListId,
    StateAgreement,
    Tier,
    digest,
    match,
    pack_index,
)
from charteroak.core.plate import MatchKey, PlateText

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
GLYPHS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
words = st.integers(0, 2**64 - 1).map(Digest)
glyphs = st.text(GLYPHS, min_size=1, max_size=10)


def an_entry(plate: str = "AB12345", state: str | None = "CT") -> Entry:
    return Entry(
        entry_id=EntryId(UUID(int=1)),
        list_id=HotListId(UUID(int=2)),
        plate=PlateText(plate),
        state=state,
        reason="stolen vehicle",
        entered_at=NOW,
    )


@pytest.mark.parametrize(
    ("read", "state", "tier", "agreement"),
    [
        ("AB12345", "CT", Tier.EXACT, StateAgreement.AGREES),
        ("AB12345", None, Tier.EXACT, StateAgreement.UNREAD),
        ("AB12345", "NY", None, None),
        ("AB12346", "CT", None, None),
        ("A812345", "CT", None, None),
    ],
)
def test_tiers(
    read: str, state: str | None, tier: Tier | None, agreement: StateAgreement | None
) -> None:
    found = match(PlateText(read), state, an_entry(), at=NOW)
    assert (found and found.tier) == tier
    assert (found and found.state) == agreement


def test_a_zero_for_an_o_is_folded_and_named() -> None:
    found = match(PlateText("0B1O345"), None, an_entry("OB10345"), at=NOW)
    assert found is not None
    assert found.tier is Tier.FOLDED
    assert found.differing == (0, 3)


def test_an_expired_entry_matches_nothing() -> None:
    entry = attrs.evolve(an_entry(), expires_at=NOW)
    plate = PlateText("AB12345")
    assert match(plate, None, entry, at=NOW) is None
    assert match(plate, None, entry, at=NOW - timedelta(seconds=1)) is not None


@given(glyphs, glyphs)
def test_a_match_is_never_more_than_the_fold(read: str, listed: str) -> None:
    found = match(PlateText(read), None, an_entry(listed), at=NOW)
    assert (found is not None) == (read.replace("O", "0") == listed.replace("O", "0"))


@given(st.lists(words), words)
def test_the_index_says_what_a_set_says(held: list[Digest], other: Digest) -> None:
    index = HotIndex(memoryview(pack_index(held)))
    assert len(index) == len(set(held))
    assert all(index.may_hold(word) for word in held)
    assert index.may_hold(other) == (other in held)


@given(st.lists(words, min_size=1), st.integers(1, 20))
def test_a_cut_index_is_an_error(held: list[Digest], cut: int) -> None:
    with pytest.raises(BrokenIndexError):
        HotIndex(memoryview(pack_index(held)[:-cut]))


@given(glyphs, st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_digests_depend_on_the_key(plate: str, one: bytes, other: bytes) -> None:
    key = PlateText(plate).match_key
    assert digest(one, key) == digest(one, key)
    assert (digest(one, key) == digest(other, key)) == (one == other)


def test_a_digest_stays_what_it_is_in_the_files_of_before() -> None:
    assert digest(bytes(range(32)), MatchKey("AB12345")) == 0x40D5CA860C47F81E
