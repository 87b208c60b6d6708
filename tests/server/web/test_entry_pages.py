"""The pages on which a plate is asked for, approved, and ended."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from tests.support.agency import SettableClock, a_fresh_agency
from tests.support.shelf import Shelf
from tests.support.web import ClientAs, Desk

from charteroak.core.people import Role
from charteroak.server.agency import Agency

HER_CAR = "BK47193"
LIST = {
    "name": "Towed",
    "list_class": "local",
    "source": "Our patrol",
    "authority": "Order 1",
}


@pytest.fixture(scope="module")
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture(scope="module")
def agency(
    agencies: Shelf, clock: SettableClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Agency]:
    """One for all tests here: each brings people and plates of its own."""
    with a_fresh_agency(agencies, clock, tmp_path_factory.mktemp("agency")) as made:
        yield made


def form(agency: Agency, **changed: str) -> dict[str, str | list[str]]:
    ends = agency.clock().astimezone(agency.zone).date() + timedelta(days=7)
    return {
        "plate": HER_CAR,
        "state": "CT",
        "vehicle": "silver Ford Focus",
        "reason": "robbery of the pharmacy on Elm Street",
        "purpose": "robbery",
        "case": "26-1234",
        "ends": ends.isoformat(),
        **changed,
    }


def soup(text: str) -> BeautifulSoup:
    return BeautifulSoup(text, "html.parser")


def wish_of(desk: Desk, plate: str) -> str:
    """Where to answer about a plate that waits."""
    card = next(
        each
        for each in desk.page("/hot-lists/waiting").select("article")
        if plate in each.text
    )
    found = card.select_one("form")
    assert found is not None, card.text
    return str(found["action"])


def test_a_plate_is_asked_for_approved_listed_and_ended(
    agency: Agency, client_as: ClientAs
) -> None:
    clerk, boss = client_as(Role.LIST_CLERK), client_as(Role.SUPERVISOR)
    asked = clerk.post("/hot-lists/enter", form(agency, plate="ab-10 O"))
    assert (asked.status_code, asked.headers["location"]) == (
        303,
        "/hot-lists/waiting?said=asked",
    )
    own = clerk.page("/hot-lists/waiting?said=asked")
    assert "AB10O" in own.text
    assert "somebody else decides" in own.text
    assert not own.select("article form")
    assert "AB10O" not in clerk.get("/hot-lists").text
    # Other tests of this file may have left some waiting, in any order.
    assert re.search(r">[1-9][0-9]*<", boss.get("/hot-lists/count").text)
    assert not clerk.get("/hot-lists/count").text.strip()
    shown = boss.page("/hot-lists/waiting")
    for said in ("AB10O", "silver Ford Focus", "26-1234", "0 and O", "robbery of the"):
        assert said in shown.text

    done = boss.post(wish_of(boss, "AB10O"), {"answer": "approve", "reason": ""})

    assert done.headers["location"] == "/hot-lists/waiting?said=approved"
    paths = set[str]()
    for desk in (clerk, boss):
        page = desk.page("/hot-lists")
        assert "AB10O" in page.text
        link = page.select_one("a[href$='/end']")
        assert link is not None
        paths.add(str(link["href"]))
    (path,) = paths
    assert "AB10O" not in path
    assert "Stop looking for this plate?" in clerk.page(path).text
    ended = clerk.post(path)
    assert ended.headers["location"] == "/hot-lists?said=ended"
    assert "AB10O" not in clerk.get("/hot-lists?said=ended").text
    assert clerk.post(path).headers["location"] == "/hot-lists?said=gone"


def test_a_rejection_says_why(agency: Agency, client_as: ClientAs) -> None:
    clerk, boss = client_as(Role.LIST_CLERK), client_as(Role.SUPERVISOR)
    clerk.post("/hot-lists/enter", form(agency, plate="REJ1"))
    path = wish_of(boss, "REJ1")

    unsaid = boss.post(path, {"answer": "reject", "reason": "no"})

    assert unsaid.status_code == 422
    assert 'value="no"' in unsaid.text
    done = boss.post(path, {"answer": "reject", "reason": "It is not of this case"})
    assert done.headers["location"] == "/hot-lists/waiting?said=rejected"
    assert "Rejected" in clerk.page("/hot-lists/waiting").text
    late = boss.post(path, {"answer": "approve"})
    assert late.headers["location"] == "/hot-lists/waiting?said=none"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("plate", "", "Give the whole plate"),
        ("plate", "AB?12*", "a whole plate is listed"),
        ("state", "ZZ", "Choose the state"),
        ("reason", "", "What crime or person?"),
        ("reason", "inv", "These words say neither"),
        ("purpose", "nothing", "Choose why the plate is looked for"),
        ("case", "", "no plate is listed without"),
        ("case", "abc", "A case number has"),
        ("ends", "", "Give a day from"),
        ("ends", "2020-01-01", "Give a day from"),
        ("ends", "2027-01-01", "Give a day from"),
    ],
)
def test_what_is_missing_is_said_at_its_field(
    agency: Agency, client_as: ClientAs, field: str, value: str, said: str
) -> None:
    answer = client_as(Role.LIST_CLERK).post(
        "/hot-lists/enter", form(agency, **{field: value})
    )

    assert answer.status_code == 422
    page = soup(answer.text)
    error = page.select_one(f"#{field}-error")
    assert error is not None
    assert said in error.text
    if field != "vehicle":
        kept = page.select_one("#vehicle")
        assert kept is not None
        assert kept["value"] == "silver Ford Focus"


@pytest.mark.parametrize(
    "changed", [{"purpose": "immigration"}, {"reason": "ICE detainer"}]
)
def test_what_the_law_forbids_is_a_calm_refusal(
    agency: Agency, client_as: ClientAs, changed: dict[str, str]
) -> None:
    answer = client_as(Role.LIST_CLERK).post(
        "/hot-lists/enter", form(agency, plate="BAN1", **changed)
    )

    assert answer.status_code == 403
    assert "P.A. 26-14" in answer.text
    assert "BAN1" not in answer.text
    boss = client_as(Role.SUPERVISOR)
    assert "BAN1" not in boss.get("/hot-lists/waiting").text


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.LIST_CLERK}))
def test_who_enters_no_plates_has_no_form(
    agency: Agency, client_as: ClientAs, role: Role
) -> None:
    desk = client_as(role)

    assert desk.get("/hot-lists/enter").status_code == 403
    assert desk.post("/hot-lists/enter", form(agency)).status_code == 403


def test_who_is_no_supervisor_answers_nothing(
    agency: Agency, client_as: ClientAs
) -> None:
    clerk, boss = client_as(Role.LIST_CLERK), client_as(Role.SUPERVISOR)
    clerk.post("/hot-lists/enter", form(agency, plate="MINE1"))
    path = wish_of(boss, "MINE1")

    assert clerk.post(path, {"answer": "approve"}).status_code == 403
    assert client_as(Role.OFFICER).get("/hot-lists/waiting").status_code == 403
    assert "MINE1" not in clerk.get("/hot-lists").text


def test_a_list_from_elsewhere_shows_which_lines_give_no_reason(
    client_as: ClientAs,
) -> None:
    clerk = client_as(Role.LIST_CLERK)
    rows = b"plate,reason\nVAGUE1,inv\nCLEAR1,stolen\nVAGUE2,.\n"
    stolen = {**LIST, "name": "state file", "list_class": "vehicle"}

    answer = clerk.post(
        "/hot-lists", stolen, files={"file": ("a.csv", rows, "text/csv")}
    )

    assert "3 plates are on it." in answer.text
    assert "2 lines give no reason that anybody could check" in answer.text
    assert "2, 4</span>" in answer.text
    assert not re.search(r"VAGUE[12]", answer.text)


def test_a_local_file_waits_and_says_so(client_as: ClientAs) -> None:
    clerk, boss = client_as(Role.LIST_CLERK), client_as(Role.SUPERVISOR)
    rows = b"plate,reason,case\nFILE1,towed after the crash on Elm,26-1\nFILE2,x y z,\n"
    files = {"file": ("a.csv", rows, "text/csv")}
    unsaid = clerk.post("/hot-lists", LIST, files=files)
    assert unsaid.status_code == 422
    assert "it is a list of our own" in unsaid.text

    answer = clerk.post("/hot-lists", {**LIST, "purpose": "robbery"}, files=files)

    assert answer.status_code == 200
    assert "1 plate waits for a supervisor" in answer.text
    assert "1 line was left out" in answer.text
    assert not re.search(r"FILE[12]", answer.text)
    boss.post(wish_of(boss, "FILE1"), {"answer": "approve"})
    assert "FILE1" in boss.get("/hot-lists").text
    banned = clerk.post("/hot-lists", {**LIST, "purpose": "immigration"}, files=files)
    assert banned.status_code == 403
