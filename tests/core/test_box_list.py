"""A box knows a hit just as the server does, from a file without a plate in it."""

import itertools
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from charteroak.core import hotlist
from charteroak.core.box_list import (
    BoxList,
    ListedPlate,
    Matching,
    StaleListError,
    UnreadableListError,
    box_key,
    key_check,
    pack_list,
)
from charteroak.core.plate import MatchKey, PlateText

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRET = bytes(range(32))
KEY = box_key(SECRET)
ENDS = NOW + timedelta(hours=12)

PLATES = ("AB12345", "ABO2345", "AB02345", "XY99", "0", "MMMMMMMMMM")
STATES = (None, "NH", "MA")
EXPIRIES = (
    None,
    NOW - timedelta(seconds=1),
    NOW,
    NOW + timedelta(hours=1),
    NOW + timedelta(days=3),
)


def entry(plate: str, state: str | None, expires: datetime | None) -> hotlist.Entry:
    return hotlist.Entry(
        entry_id=hotlist.EntryId(UUID(int=1)),
        list_id=hotlist.HotListId(UUID(int=2)),
        plate=PlateText(plate),
        state=state,
        reason="stolen",
        entered_at=NOW - timedelta(days=1),
        expires_at=expires,
    )


def matching(*entries: hotlist.Entry, ends: datetime = ENDS) -> Matching:
    content = pack_list(
        [
            ListedPlate(
                match_key=each.plate.match_key,
                state=each.state,
                expires_at=each.expires_at,
            )
            for each in entries
        ],
        key=KEY,
        tag="t",
        number=1,
        expires_s=int(ends.timestamp()),
    )
    return Matching.of(content, KEY)


@pytest.mark.parametrize(
    ("listed", "state"), tuple(itertools.product(PLATES[:4], STATES))
)
def test_the_box_and_the_server_agree(listed: str, state: str | None) -> None:
    for expires, later in itertools.product(
        EXPIRIES, (timedelta(), timedelta(hours=2), timedelta(hours=11))
    ):
        on = entry(listed, state, expires)
        box = matching(on)
        at = NOW + later
        for plate, seen in itertools.product(map(PlateText, PLATES), STATES):
            server = hotlist.match(plate, seen, on, at=at) is not None
            assert box.hits(plate, seen, server_s=at.timestamp()) is server


def test_of_two_entries_of_a_plate_the_one_that_lasts_longer_counts() -> None:
    soon, late = (NOW + timedelta(hours=hours) for hours in (1, 5))
    box = matching(entry("AB1", "NH", soon), entry("AB1", None, late))
    at = (NOW + timedelta(hours=2)).timestamp()

    assert box.hits(PlateText("AB1"), "MA", server_s=at)
    assert box.hits(PlateText("AB1"), None, server_s=at)
    assert not box.hits(PlateText("AB1"), None, server_s=late.timestamp())
    lasting = matching(entry("AB1", None, soon), entry("AB1", None, None))
    assert lasting.hits(PlateText("AB1"), None, server_s=late.timestamp())


def test_a_list_that_is_over_answers_nothing() -> None:
    box = matching(entry("AB1", None, None))

    with pytest.raises(StaleListError):
        box.hits(PlateText("AB1"), None, server_s=ENDS.timestamp())


def test_no_plate_and_no_key_is_in_the_file() -> None:
    content = pack_list(
        [ListedPlate(match_key=MatchKey("AB12345"), state="NH")],
        key=KEY,
        tag="t",
        number=1,
        expires_s=2_000_000_000,
    )

    for secret in (b"AB12345", "AB12345".encode("utf-16-le"), KEY, SECRET):
        assert secret not in content
    assert KEY != SECRET
    told = msgspec.msgpack.decode(content, type=BoxList)
    # As the server's own file is, but under another key: the one opens not the other.
    own = hotlist.digest(SECRET, MatchKey("AB12345"))
    assert own.to_bytes(8, "little") not in told.index


@pytest.mark.parametrize(
    "said",
    [
        {"index": b"COHOT002"},
        {"index": b"no index at all"},
        {"key_check": key_check(bytes(32))},
    ],
)
def test_a_list_that_is_none_is_refused(said: dict[str, bytes]) -> None:
    good = msgspec.msgpack.decode(
        pack_list([], key=KEY, tag="t", number=1, expires_s=1), type=BoxList
    )

    with pytest.raises(UnreadableListError):
        Matching.of(msgspec.msgpack.encode(msgspec.structs.replace(good, **said)), KEY)
    with pytest.raises(UnreadableListError):
        Matching.of(b"\xc1", KEY)


def test_nothing_of_it_is_printed() -> None:
    listed = ListedPlate(match_key=MatchKey("AB12345"), state="NH")

    assert "AB12345" not in repr(listed)
    assert KEY.hex()[:8] not in repr(matching(entry("AB1", None, None)))
