"""A hot list is replaced whole; a prohibited one is refused before anything is read."""

import secrets
import threading

import attrs
import pytest
from tests.support.box import FakeBox, somebody
from tests.support.tables import Tables
from typing_extensions import override

from charteroak.core.alert_review import NotAllowed
from charteroak.core.hotlist import ListClass, digest
from charteroak.core.people import Role
from charteroak.core.plate import MatchKey
from charteroak.server.actions.load_hotlist import (
    ListFile,
    ListProhibited,
    ListUnreadable,
    Loaded,
    load_hotlist,
    rebuild_hot_file,
)
from charteroak.server.agency import Agency
from charteroak.server.store import hotlists
from charteroak.server.vault.hot_file import HotFileState


class Poison(bytes):
    """A body that tells when anybody looks at it."""

    __slots__ = ()

    @override
    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise AssertionError(encoding, errors)

    @override
    def __len__(self) -> int:
        raise AssertionError


def a_file(
    *rows: str,
    name: str = "stolen",
    list_class: ListClass = ListClass.VEHICLE,
    header: str = "plate,state,reason",
) -> ListFile:
    return ListFile(
        name=name,
        list_class=list_class,
        source="test",
        authority="test order 1",
        content="\n".join([header, *rows]).encode(),
    )


def loaded(agency: Agency, file: ListFile) -> Loaded:
    done = load_hotlist(agency, somebody(Role.LIST_CLERK), file)
    assert isinstance(done, Loaded), done
    return done


def may_hold(agency: Agency, plate: str) -> bool:
    index, state = agency.hot_file.look()
    assert state is HotFileState.READY
    return index.may_hold(digest(agency.keys.hotlist_key, MatchKey(plate)))


def test_a_list_is_loaded_and_its_bad_rows_are_named(
    agency: Agency, tables: Tables
) -> None:
    done = loaded(agency, a_file("ABO123,CT,stolen", "B2,ZZ,stolen", "C3,,stolen"))

    assert (done.entries, done.left_out) == (2, 1)
    assert [error.line for error in done.errors] == [3]
    assert tables.rows(
        "SELECT plate, match_key, state FROM hotlist_entries ORDER BY plate"
    ) == [("ABO123", "AB0123", "CT"), ("C3", "C3", None)]
    with agency.database.changes() as tx:
        (shown,) = hotlists.everything(tx)
    assert (shown.name, shown.list_class, shown.entries) == ("stolen", "vehicle", 2)
    assert may_hold(agency, "AB0123")
    (entry,) = tables.public_entries("hotlist.loaded")
    assert (entry["entries"], entry["left_out"]) == (2, 1)
    assert (entry["list_class"], entry["decision"]) == ("vehicle", "permitted")
    assert entry["policy"] == agency.rules.fingerprint
    assert "ABO123" not in tables.text_of("log")


def test_reasons_that_nobody_could_check_are_counted_and_named_by_line(
    agency: Agency, tables: Tables
) -> None:
    rows = ["A1,CT,inv", "B2,CT,stolen", "C3,CT,.", "D4,CT,", "E5,CT,investigation"]

    done = loaded(agency, a_file(*rows))

    # A list from elsewhere is taken as it is: only the one without any is left out.
    assert (done.vague, done.vague_rows) == ((2, 4, 6), 3)
    assert (done.entries, done.left_out) == (4, 1)
    assert may_hold(agency, "A1")
    (entry,) = tables.public_entries("hotlist.loaded")
    assert entry["vague"] == 3


def test_a_list_is_replaced_whole_and_others_stay(
    agency: Agency, box: FakeBox, tables: Tables
) -> None:
    first = loaded(agency, a_file("A1,CT,stolen", "B2,CT,stolen"))
    missing = ListClass.MISSING_PERSON
    loaded(agency, a_file("C3,CT,missing", name="missing", list_class=missing))

    second = loaded(agency, a_file("B2,CT,stolen"))

    assert second.list_id == first.list_id
    assert tables.rows("SELECT plate FROM hotlist_entries ORDER BY plate") == [
        ("B2",),
        ("C3",),
    ]
    assert not may_hold(agency, "A1")
    box.send(box.read("A1"), box.read("B2"), box.read("C3"))
    assert tables.count("alerts") == 2


def test_no_other_writer_puts_the_list_of_before_back_while_one_is_loaded(
    agency: Agency,
) -> None:
    loaded(agency, a_file("A1,CT,stolen"))
    other = threading.Thread(target=rebuild_hot_file, args=[agency])
    seen: list[HotFileState] = []

    def entropy(size: int) -> bytes:
        # Called for the record, when the new list is written and not yet committed.
        if not seen and agency.hot_file.state is HotFileState.MISSING:
            other.start()
            other.join(timeout=1)
            seen.append(agency.hot_file.state)
        return secrets.token_bytes(size)

    loaded(attrs.evolve(agency, entropy=entropy), a_file("B2,CT,stolen"))

    other.join()
    assert seen == [HotFileState.MISSING]
    assert may_hold(agency, "B2")
    assert not may_hold(agency, "A1")


def test_an_entry_that_stays_keeps_its_id(agency: Agency, tables: Tables) -> None:
    ids = "SELECT entry_id FROM hotlist_entries WHERE plate = 'A1'"
    header = "plate,state,reason,expires"
    loaded(agency, a_file("A1,CT,stolen,", header=header))
    before = tables.rows(ids)

    loaded(agency, a_file("A1,CT,stolen,2027-01-01", "B2,CT,x,", header=header))

    assert tables.rows(ids) == before
    loaded(agency, a_file("A1,NY,stolen,", header=header))
    assert tables.rows(ids) != before


def test_every_prohibited_class_is_refused_before_anything_is_read(
    agency: Agency, tables: Tables
) -> None:
    assert ListClass.IMMIGRATION_VIOLATOR in agency.profile.prohibited_lists
    loaded(agency, a_file("A1,CT,stolen"))

    for list_class in sorted(agency.profile.prohibited_lists):
        file = ListFile(
            name="stolen",
            list_class=list_class,
            source="test",
            authority="test order 1",
            content=Poison(b"plate,reason\nB2,x\n"),
        )
        refused = load_hotlist(agency, somebody(Role.LIST_CLERK), file)

        assert isinstance(refused, ListProhibited)
        assert agency.profile.refused_lists[list_class] in refused.because

    assert [
        (entry["list_class"], entry["decision"])
        for entry in tables.public_entries("hotlist.refused")
    ] == [(each.value, "refused") for each in sorted(agency.profile.prohibited_lists)]
    assert tables.rows("SELECT plate FROM hotlist_entries") == [("A1",)]


def test_a_class_that_becomes_prohibited_matches_nothing_from_then_on(
    agency: Agency, box: FakeBox, tables: Tables
) -> None:
    loaded(agency, a_file("A1,CT,stolen"))
    tables.change("UPDATE hotlists SET list_class = 'immigration_violator'")

    # The file still holds it, the database is asked, and says no.
    assert may_hold(agency, "A1")
    box.send(box.read("A1"))
    rebuild_hot_file(agency)

    assert not may_hold(agency, "A1")
    assert tables.count("alerts") == 0
    assert tables.count("reads") == 1


@pytest.mark.parametrize(
    "file",
    [
        a_file("!,CT,stolen", "!!,CT,stolen"),
        a_file("A1,CT", header="plate,state"),
        a_file("A1,CT,stolen", name=" "),
        a_file("A1,CT,stolen", name="line\nbreak"),
    ],
)
def test_an_unreadable_file_leaves_the_list_of_before(
    agency: Agency, tables: Tables, file: ListFile
) -> None:
    loaded(agency, a_file("A1,CT,stolen"))

    done = load_hotlist(agency, somebody(Role.LIST_CLERK), file)

    assert isinstance(done, ListUnreadable)
    assert tables.rows("SELECT plate FROM hotlist_entries") == [("A1",)]
    assert may_hold(agency, "A1")


def test_who_is_no_list_clerk_may_not(agency: Agency, tables: Tables) -> None:
    done = load_hotlist(agency, somebody(Role.ADMINISTRATOR), a_file("A1,CT,stolen"))

    assert isinstance(done, NotAllowed)
    assert tables.count("hotlists") == 0


def test_an_expired_entry_hits_nothing(
    agency: Agency, box: FakeBox, tables: Tables
) -> None:
    loaded(
        agency,
        a_file(
            "A1,stolen,2026-10-14",
            "B2,stolen,2026-10-15",
            header="plate,reason,expires",
        ),
    )

    box.send(box.read("A1"), box.read("B2"))

    assert tables.rows("SELECT entry_plate FROM alert_evidence") == [("B2",)]


def test_the_file_is_made_anew_at_a_start(agency: Agency) -> None:
    loaded(agency, a_file("A1,CT,stolen", "AO,CT,x", "A0,CT,x"))
    agency.hot_file.forget()

    assert rebuild_hot_file(agency) == 2

    assert may_hold(agency, "A1")
