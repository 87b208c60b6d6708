"""A file of plates of the agency's own waits; one from elsewhere is watched."""

import pytest
from tests.support.box import FakeBox, an_account, own_entries_approved
from tests.support.own_entries import (
    HEADER,
    ROBBERY,
    a_file,
    a_plate,
    approved,
    asked,
)
from tests.support.tables import Tables

from charteroak.core.hotlist import ListClass
from charteroak.core.own_entry import LONGEST
from charteroak.core.people import Person, Role
from charteroak.server.actions.ask_entries import (
    EntriesWait,
    ask_list,
)
from charteroak.server.actions.decide_entries import decide_entries
from charteroak.server.actions.load_hotlist import (
    ListUnreadable,
    Loaded,
    NeedsSecondPerson,
    load_hotlist,
)
from charteroak.server.agency import Agency


@pytest.fixture
def clerk(agency: Agency) -> Person:
    return an_account(agency, Role.LIST_CLERK)


@pytest.fixture
def boss(agency: Agency) -> Person:
    return an_account(agency, Role.SUPERVISOR)


def test_a_file_of_the_agencys_own_waits_as_a_plate_does(
    agency: Agency, box: FakeBox, tables: Tables, clerk: Person, boss: Person
) -> None:
    file = a_file(
        "A1,CT,robbery of a shop on Elm,,26-1,\n"
        "B2,CT,robbery of a shop on Elm,,,\n"
        "C3,CT,inv,,26-3,\n"
        "D4,CT,robbery of a shop on Elm,ICE target,26-4,\n"
        "E5,CT,robbery of a shop on Elm,,26-5,2020-01-01\n"
        "F6,CT,immigration sweep,,26-6,\n"
        "G7,CT,robbery of a shop on Elm,,26-7,2026-10-20\n"
    )
    assert isinstance(load_hotlist(agency, clerk, file), NeedsSecondPerson)

    done = ask_list(agency, clerk, file, purpose=ROBBERY)

    assert isinstance(done, EntriesWait)
    assert (done.entries, done.left_out) == (2, 5)
    assert [(each.line, each.column) for each in done.errors] == [
        (3, "case"),
        (4, "reason"),
        (5, "vehicle"),
        (6, "expires"),
        (7, "reason"),
    ]
    assert "for a case" in done.errors[0].trouble
    box.send(box.read("A1"), box.read("G7"))
    assert tables.count("alerts") == tables.count("hotlist_entries") == 0
    assert tables.rows("SELECT kind FROM flags") == [("list_note",)]

    assert approved(agency, boss, done.asked).entries == 2

    box.send(box.read("A1"), box.read("G7"), box.read("B2"))
    assert tables.count("alerts") == 2
    ends = tables.rows("SELECT expires_at FROM hotlist_entries ORDER BY plate")
    assert ends[0] == (agency.clock() + LONGEST,)


@pytest.mark.parametrize(
    ("name", "rows", "trouble"),
    [
        ("entered BY hand", "A1,CT,robbery of a shop,,26-1,", "by hand"),
        ("stolen", "A1,CT,robbery of a shop,,26-1,", "from elsewhere"),
        ("towed", "A1,CT,robbery of a shop,,,", "none of the rows"),
        (
            "towed",
            "".join(f"A{n},CT,robbery of a shop,,26-1,\n" for n in range(201)),
            "more than 200",
        ),
    ],
)
def test_a_file_that_cannot_wait_is_refused(  # noqa: PLR0913, PLR0917
    agency: Agency, tables: Tables, clerk: Person, name: str, rows: str, trouble: str
) -> None:
    stolen = a_file("Z9,CT,stolen,,,", name="stolen", list_class=ListClass.VEHICLE)
    assert isinstance(load_hotlist(agency, clerk, stolen), Loaded)

    done = ask_list(agency, clerk, a_file(rows, name=name), purpose=ROBBERY)

    assert isinstance(done, ListUnreadable)
    assert trouble in done.trouble
    assert tables.count("entry_wishes") == 0


def test_a_list_from_elsewhere_takes_the_place_of_none_of_our_own(
    agency: Agency, tables: Tables, clerk: Person
) -> None:
    own_entries_approved(agency, f"{HEADER}A1,CT,robbery of a shop,,26-1,\n")

    for name in ("Local", "Entered by hand"):
        other = a_file("Z9,CT,stolen,,,", name=name, list_class=ListClass.VEHICLE)
        assert isinstance(load_hotlist(agency, clerk, other), ListUnreadable)

    assert tables.rows("SELECT plate FROM hotlist_entries") == [("A1",)]


def test_a_plate_that_was_rejected_is_flagged_when_it_comes_back_elsewhere(
    agency: Agency, tables: Tables, clerk: Person, boss: Person
) -> None:
    wish = asked(agency, clerk, a_plate(agency, "BKO7193"))
    decide_entries(agency, boss, wish, approve=False, reason="Not of this case")
    rows = "".join(f"Z{n},CT,stolen,,,\n" for n in range(9))
    file = a_file(
        f"{rows}BK07193,CT,stolen,,,\n", name="state", list_class=ListClass.VEHICLE
    )

    assert isinstance(load_hotlist(agency, clerk, file), Loaded)

    assert tables.rows("SELECT kind, about FROM flags") == [
        ("list_rejected_plate", clerk.person_id)
    ]
    assert "BKO7193" not in tables.text_of("flags") + tables.text_of("entries_asked")


@pytest.mark.parametrize("beside", ["", "C3,CT,robbery of a shop on Elm,,26-3,\n"])
@pytest.mark.parametrize(
    "row",
    ["BKO7193,CT,immigration sweep,,26-6,\n", "BKO7193,CT,robbery,ICE target,26-6,\n"],
)
def test_a_plate_that_was_refused_in_a_file_is_flagged_when_it_comes_back_elsewhere(
    agency: Agency, tables: Tables, clerk: Person, *, row: str, beside: str
) -> None:
    ask_list(agency, clerk, a_file(row + beside), purpose=ROBBERY)
    rows = "".join(f"Z{n},CT,stolen,,,\n" for n in range(9))
    file = a_file(
        f"{rows}BK07193,CT,stolen,,,\nC3,CT,stolen,,,\n",
        name="state",
        list_class=ListClass.VEHICLE,
    )

    assert isinstance(load_hotlist(agency, clerk, file), Loaded)

    flags = tables.rows("SELECT kind FROM flags ORDER BY kind")
    assert flags == [("list_note",), ("list_rejected_plate",)]
    assert "BKO7193" not in tables.text_of("flags") + tables.text_of("entries_asked")


def test_a_very_short_list_from_elsewhere_is_flagged(
    agency: Agency, tables: Tables, clerk: Person
) -> None:
    file = a_file("Z9,CT,stolen,,,", name="state", list_class=ListClass.VEHICLE)

    load_hotlist(agency, clerk, file)
    load_hotlist(agency, clerk, file)

    assert tables.rows("SELECT kind, times FROM flags") == [("list_small", 1)]
