"""Promise 3: a prohibited list never reaches the matcher, by whichever door it comes."""

import ast
from pathlib import Path

import pytest
from tests.attack.a_site import a_marker
from tests.support.agency import NOON
from tests.support.box import FakeBox, somebody
from tests.support.tables import Tables
from tests.support.web import ClientAs, Desk
from typing_extensions import override

from charteroak.core.hotlist import ListClass
from charteroak.core.people import Role
from charteroak.law.loader import load_profile
from charteroak.server.actions.load_hotlist import (
    ListFile,
    ListProhibited,
    load_hotlist,
    rebuild_hot_file,
)
from charteroak.server.agency import Agency

PACKAGE = Path(__file__).parents[2] / "src" / "charteroak"
PROHIBITED = sorted(load_profile("us_ct", on=NOON.date()).prohibited_lists)
FORM = {"name": "List", "source": "somebody", "authority": "none"}


class Poison(bytes):
    """A file that breaks whoever looks into it."""

    @override
    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise AssertionError("the file was looked into")

    @override
    def __len__(self) -> int:
        raise AssertionError("the file was measured")


def upload(clerk: Desk, marker: str, *classes: str) -> int:
    """Load a list of one plate through the page; gives the status."""
    rows = f"plate,reason\n{marker},stolen car\n".encode()
    return clerk.post(
        "/hot-lists",
        {**FORM, "list_class": list(classes)},
        files={"file": ("list.csv", rows, "text/csv")},
    ).status_code


def everything(tables: Tables) -> str:
    """All of the agency's tables as text."""
    names = tables.rows(
        "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
        " AND relkind IN ('r', 'p') ORDER BY 1"
    )
    assert len(names) > 15
    return " ".join(tables.text_of(str(name)) for (name,) in names)


def files(data: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in data.rglob("*") if path.is_file()}


@pytest.mark.parametrize("list_class", PROHIBITED)
def test_through_the_page_it_leaves_a_refusal_and_nothing_else(
    agency: Agency,
    client_as: ClientAs,
    box: FakeBox,
    tables: Tables,
    list_class: ListClass,
) -> None:
    clerk, marker = client_as(Role.LIST_CLERK), a_marker()
    rebuild_hot_file(agency)
    before = files(agency.settings.data)

    assert upload(clerk, marker, list_class.value) == 403

    assert marker not in everything(tables)
    assert files(agency.settings.data) == before
    (entry,) = tables.public_entries("hotlist.refused")
    assert entry["list_class"] == list_class.value
    assert agency.profile.refused_lists[list_class].rule_id in str(entry["rules"])
    box.send(box.read(marker))
    assert tables.count("alerts") == 0
    # The same file of a class that is allowed is loaded, and hits: the door is real.
    assert upload(clerk, marker, "vehicle") == 200
    box.send(box.read(marker))
    assert tables.count("alerts") == 1


@pytest.mark.parametrize(
    "classes",
    [
        ("IMMIGRATION_VIOLATOR",),
        (" immigration_violator",),
        ("immigration_violator\0",),
        ("immigration-violator",),
        ("ListClass.IMMIGRATION_VIOLATOR",),
        ("vehicle", "immigration_violator"),
        ("vehicle,immigration_violator",),
        ("",),
    ],
)
def test_no_spelling_of_the_class_opens_the_door(
    client_as: ClientAs, tables: Tables, classes: tuple[str, ...]
) -> None:
    marker = a_marker()

    assert upload(client_as(Role.LIST_CLERK), marker, *classes) in {403, 422}

    assert marker not in everything(tables)
    assert tables.count("hotlists") == 0


@pytest.mark.parametrize("list_class", PROHIBITED)
def test_the_action_refuses_before_it_looks(
    agency: Agency, tables: Tables, list_class: ListClass
) -> None:
    file = ListFile(
        name="\0",  # not even the words beside the file are judged
        list_class=list_class,
        source="",
        authority="",
        content=Poison(b"plate,reason\nAB1,x\n"),
    )

    refused = load_hotlist(agency, somebody(Role.LIST_CLERK), file)

    assert isinstance(refused, ListProhibited)
    assert refused.because
    assert tables.count("hotlists") == 0
    assert tables.log_kinds().count("hotlist.refused") == 1


@pytest.mark.parametrize("rebuilt", [False, True])
@pytest.mark.parametrize("list_class", PROHIBITED)
def test_rows_that_came_past_every_door_match_nothing(  # noqa: PLR0913, PLR0917
    agency: Agency,
    box: FakeBox,
    client_as: ClientAs,
    tables: Tables,
    list_class: ListClass,
    rebuilt: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Somebody with the keys of the database gives a list that is there the class."""
    marker = a_marker()
    assert upload(client_as(Role.LIST_CLERK), marker, "vehicle") == 200

    tables.change(f"UPDATE hotlists SET list_class = '{list_class}'")  # noqa: S608
    if rebuilt:
        assert rebuild_hot_file(agency) == 0
    box.send(box.read(marker))

    assert tables.count("reads") == 1
    assert tables.count("alerts") == 0


def test_there_are_two_doors() -> None:
    """Whatever else fills hot lists would have to ask the law by itself.

    One is for lists from elsewhere, one for what a second person has approved.
    """
    callers: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Attribute | ast.Name):
                continue
            name = ast.unparse(node).rpartition(".")[2]
            door = ast.unparse(node) if name in {"add", "fill"} else name
            if door in {"hotlists.fill", "own_entries.add", "replace_entries"}:
                callers.setdefault(door, set()).add(str(path.relative_to(PACKAGE)))
    writers = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if "INSERT INTO hotlist_entries" in " ".join(path.read_text().split())
    }

    assert callers == {
        "hotlists.fill": {"server/store/own_entries.py"},
        "own_entries.add": {"server/actions/decide_entries.py"},
        "replace_entries": {
            "server/actions/decide_entries.py",
            "server/actions/load_hotlist.py",
        },
    }
    assert writers <= {"server/store/hotlists.py"}
