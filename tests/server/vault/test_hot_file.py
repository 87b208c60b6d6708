"""The matcher's file: swapped whole, never a crash, and its state can be seen."""

import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charteroak.core.hotlist import KEY_BYTES, Digest, HotIndex, digest, pack_index
from charteroak.core.plate import MatchKey
from charteroak.server.vault.hot_file import HotFile, HotFileState


def words(*numbers: int) -> list[Digest]:
    return [Digest(number) for number in numbers]


def test_a_new_list_is_seen_by_all_who_have_the_file_open(tmp_path: Path) -> None:
    writer, reader = HotFile(tmp_path / "hot"), HotFile(tmp_path / "hot")
    assert reader.look()[1] is HotFileState.MISSING
    assert not reader.current().may_hold(Digest(5))

    assert writer.rewrite(lambda: words(5, 7, 7)) == 2

    assert reader.look()[1] is HotFileState.READY
    assert reader.current().may_hold(Digest(5))
    old = reader.current()
    writer.rewrite(lambda: words(9))
    assert not reader.current().may_hold(Digest(5))
    assert reader.current().may_hold(Digest(9))
    assert old.may_hold(Digest(5))  # whoever is in the midst of a batch is not cut off


@pytest.mark.parametrize(
    "content", [b"", b"short", b"COHOT001" + bytes(9), b"x" * 64, pack_index([])[:-1]]
)
def test_a_broken_file_is_seen_and_is_no_crash(tmp_path: Path, content: bytes) -> None:
    hot_file = HotFile(tmp_path / "hot")
    hot_file.rewrite(lambda: words(5))
    assert hot_file.look()[1] is HotFileState.READY
    (tmp_path / "new").write_bytes(content)
    (tmp_path / "new").rename(tmp_path / "hot")

    index, state = hot_file.look()

    assert state is HotFileState.BROKEN
    assert len(index) == 0
    hot_file.rewrite(lambda: words(5))
    assert hot_file.look()[1] is HotFileState.READY


def test_a_file_that_vanishes_is_missing(tmp_path: Path) -> None:
    hot_file = HotFile(tmp_path / "hot")
    hot_file.rewrite(lambda: words(5))
    hot_file.current()

    (tmp_path / "hot").unlink()

    assert hot_file.look()[1] is HotFileState.MISSING
    assert len(hot_file.current()) == 0


def test_the_writer_that_read_last_writes_last(tmp_path: Path) -> None:
    hot_file = HotFile(tmp_path / "hot")
    lists = [1]
    inside = threading.Event()

    def slow_read() -> list[Digest]:
        view = words(*lists)
        inside.set()
        lists.append(2)
        return view

    def second() -> None:
        inside.wait()
        hot_file.rewrite(lambda: words(*lists))

    other = threading.Thread(target=second)
    other.start()
    hot_file.rewrite(slow_read)
    other.join()

    assert len(hot_file.current()) == 2


def test_a_draft_that_a_crash_left_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / ".hot.new").write_bytes(b"half")
    hot_file = HotFile(tmp_path / "hot")

    hot_file.rewrite(lambda: words(5))

    assert hot_file.current().may_hold(Digest(5))


@given(
    listed=st.sets(st.integers(0, 2**64 - 1), max_size=50),
    asked=st.integers(0, 2**64 - 1),
)
def test_the_index_says_what_the_set_says(listed: set[int], asked: int) -> None:
    index = HotIndex(memoryview(pack_index(words(*listed))))

    assert index.may_hold(Digest(asked)) == (asked in listed)
    assert all(index.may_hold(Digest(each)) for each in listed)


KEY = bytes(range(KEY_BYTES))
match_keys = st.text("AB019", min_size=1, max_size=3).map(MatchKey)


@settings(deadline=None)  # each example is a durable file
@given(listed=st.sets(match_keys), asked=st.lists(match_keys))
def test_many_at_once_are_found_as_each_alone_is(
    tmp_path_factory: pytest.TempPathFactory,
    listed: set[MatchKey],
    asked: list[MatchKey],
) -> None:
    path = tmp_path_factory.mktemp("matcher") / "hot"
    hot_file = HotFile(path)
    assert hot_file.candidates(KEY, asked) == asked  # missing: the database is asked

    held = [digest(KEY, each) for each in listed]
    assert hot_file.rewrite(lambda: iter(held)) == len(listed)

    assert path.read_bytes() == pack_index(held)
    assert hot_file.candidates(KEY, asked) == [key for key in asked if key in listed]
