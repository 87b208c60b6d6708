"""The page for supervisors, and the search form where a note stops or delays it."""

from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup, Tag
from tests.support.agency import SettableClock, a_fresh_agency
from tests.support.shelf import Shelf
from tests.support.sightings import seen
from tests.support.web import ClientAs, Desk

from charteroak.core.people import Role
from charteroak.server.agency import Agency

PLATE = "QX94A7"


@pytest.fixture(scope="module")
def agency(
    agencies: Shelf, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Agency]:
    """One for all tests here: each brings people of its own."""
    folder = tmp_path_factory.mktemp("agency")
    with a_fresh_agency(agencies, SettableClock(), folder) as made:
        seen(made, PLATE)
        yield made


def form(note: str, *, purpose: str = "robbery") -> dict[str, str | list[str]]:
    return {"purpose": purpose, "case": "26-1234", "plate": PLATE, "note": note}


def sent(desk: Desk, note: str, *, status: int) -> BeautifulSoup:
    answer = desk.post("/search", form(note))
    assert answer.status_code == status, answer.text
    return BeautifulSoup(answer.text, "html.parser")


def card_of(desk: Desk, name: str) -> Tag:
    cards = desk.page("/oversight").select("article")
    return next(card for card in cards if name in card.text)


def test_a_banned_note_is_a_calm_refusal_with_the_statute(client_as: ClientAs) -> None:
    page = sent(client_as(Role.OFFICER), "ICE assist", status=403)

    refusal = page.select_one(".co-refusal")
    assert refusal is not None
    assert "Reads are never used to enforce immigration law." in refusal.text
    assert "P.A. 26-14" in refusal.text
    kept = page.select_one("#note")
    assert kept is not None
    assert kept["value"] == "ICE assist"


def test_a_vague_note_is_asked_about_at_its_field(client_as: ClientAs) -> None:
    page = sent(client_as(Role.OFFICER), "inv", status=403)

    error = page.select_one("#note-error")
    assert error is not None
    assert "What crime or person?" in error.text


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ("robbery at the pharmacy", "The law allows this search"),
        ("rally downtown", "A second person would look at it first"),
        ("ICE", "This search would be refused"),
        ("inv", "What crime or person?"),
    ],
)
def test_the_panel_says_it_before_the_click(
    client_as: ClientAs, note: str, said: str
) -> None:
    answer = client_as(Role.OFFICER).post("/search/explain", form(note))

    assert said in answer.text


def test_a_doubt_goes_to_a_supervisor_and_comes_back(client_as: ClientAs) -> None:
    officer, supervisor = client_as(Role.OFFICER), client_as(Role.SUPERVISOR)
    waits = sent(officer, "rally <b>downtown</b>", status=200)
    assert "A supervisor looks at this search first" in waits.text
    assert officer.person is not None
    assert "to look at" in supervisor.get("/oversight/count").text
    assert not officer.get("/oversight/count").text.strip()

    card = card_of(supervisor, officer.person.name)
    marked = card.select_one("mark")
    assert marked is not None
    assert marked.text == "rally"
    assert "rally <b>downtown</b>" in card.text
    decide = card.select_one("form[action^='/oversight/searches/']")
    assert decide is not None
    action = str(decide["action"])
    unsaid = supervisor.post(action, {"answer": "approve", "reason": "ok"})
    assert unsaid.status_code == 422
    assert 'value="ok"' in unsaid.text
    done = supervisor.post(
        action, {"answer": "approve", "reason": "It is the robbery at the rally"}
    )
    assert done.headers["location"] == "/oversight?said=approved"

    ready = officer.page("/search").select_one("form[action^='/search/waiting/']")
    assert ready is not None
    found = officer.post(str(ready["action"]))
    assert found.status_code == 200
    assert "1 read" in BeautifulSoup(found.text, "html.parser").text
    again = officer.post(str(ready["action"]))
    assert again.headers["location"] == "/search?said=not-waiting"


def test_a_flag_is_written_down_with_what_came_of_it(client_as: ClientAs) -> None:
    officer, supervisor = client_as(Role.OFFICER), client_as(Role.SUPERVISOR)
    assert officer.person is not None
    sent(officer, "planned parenthood", status=403)

    card = card_of(supervisor, officer.person.name)
    # What was written with an entry or a hold is flagged too: it need be no search.
    assert "Written by" in card.text
    assert "search" not in card.text
    look = card.select_one("form")
    assert look is not None
    action = str(look["action"])
    unsaid = supervisor.post(action, {"reason": "Talked with the officer"})
    assert unsaid.status_code == 422
    done = supervisor.post(
        action, {"outcome": "taught", "reason": "Talked with the officer"}
    )
    assert done.headers["location"] == "/oversight?said=looked"
    assert officer.person.name not in supervisor.page("/oversight").text
    assert "a mistake" in supervisor.page("/oversight?show=all").text


def test_a_supervisor_is_not_asked_about_their_own_searches(
    client_as: ClientAs,
) -> None:
    chief = client_as(Role.SUPERVISOR)
    assert chief.person is not None
    sent(chief, "my ex girlfriend", status=403)
    sent(chief, "rally downtown", status=200)

    page = chief.page("/oversight")
    own = [each for each in page.select("article") if chief.person.name in each.text]
    assert len(own) == 2
    assert not any(each.select("form") for each in own)


@pytest.mark.parametrize("role", [Role.OFFICER, Role.ADMINISTRATOR, Role.AUDITOR])
def test_only_supervisors_oversee(client_as: ClientAs, role: Role) -> None:
    desk = client_as(role)

    # An auditor looks at flags, which name no car, and decides about no search.
    shown = 200 if role is Role.AUDITOR else 403
    assert desk.get("/oversight").status_code == shown
    assert desk.post("/oversight/searches/1", {"answer": "approve"}).status_code == 403
