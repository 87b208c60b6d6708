"""Somebody wants to be told where one private person's car is, and can fill hot lists.

In the news officers put the plate of a former partner, or of a critic, on a custom hot
list of the vendor's system: nobody else had to agree, and the system then told them each
time the car passed. Each test goes through the pages, as a list clerk would.
"""

from datetime import timedelta

from bs4 import BeautifulSoup
from tests.support.box import FakeBox
from tests.support.tables import Tables
from tests.support.web import ClientAs, Desk

from charteroak.core.people import Role
from charteroak.server.agency import Agency

HER_CAR = "BK47193"
LOCAL = {
    "name": "Watch",
    "list_class": "local",
    "source": "Own",
    "authority": "Own",
    "purpose": "robbery",
}
STATE = {**LOCAL, "name": "State file", "list_class": "vehicle", "purpose": ""}


def entered(agency: Agency, desk: Desk, **changed: str) -> int:
    """The answer to the form with her plate."""
    ends = agency.clock().astimezone(agency.zone).date() + timedelta(days=7)
    form = {
        "plate": HER_CAR,
        "state": "CT",
        "reason": "robbery of the pharmacy on Elm Street",
        "purpose": "robbery",
        "case": "26-1234",
        "ends": ends.isoformat(),
        **changed,
    }
    return desk.post("/hot-lists/enter", form).status_code


def sent(desk: Desk, form: dict[str, str], rows: str) -> int:
    """The answer to a file."""
    content = f"plate,state,reason,case\n{rows}".encode()
    return desk.post(
        "/hot-lists", form, files={"file": ("a.csv", content, "text/csv")}
    ).status_code


def flagged(desk: Desk) -> str:
    """All that a supervisor is asked to look at."""
    page = BeautifulSoup(desk.get("/oversight").text, "html.parser")
    return page.select_one("main").text  # type: ignore[union-attr]  # every page has one


def drives_past(box: FakeBox, tables: Tables) -> int:
    """She passes a camera; how many alerts there are by then."""
    box.send(box.read(HER_CAR))
    return tables.count("alerts")


def test_alone_nobody_is_told_where_her_car_is(
    agency: Agency, box: FakeBox, tables: Tables, client_as: ClientAs
) -> None:
    clerk = client_as(Role.LIST_CLERK)

    # By the form, by a file, under the name of the list of hand entries, as a file that
    # replaces another, and by answering the wish himself.
    assert entered(agency, clerk) == 303
    assert sent(clerk, LOCAL, f"{HER_CAR},CT,robbery of a shop,26-1\n") == 200
    by_hand = {**LOCAL, "name": "Entered by hand"}
    assert sent(clerk, by_hand, f"{HER_CAR},CT,robbery of a shop,26-1\n") == 422
    by_hand = {**STATE, "name": "entered by Hand"}
    assert sent(clerk, by_hand, f"{HER_CAR},CT,robbery of a shop,26-1\n") == 422
    for (asked,) in tables.rows("SELECT record_id FROM entry_wishes"):
        path = f"/hot-lists/waiting/{asked}"
        assert clerk.post(path, {"answer": "approve"}).status_code == 403

    assert drives_past(box, tables) == 0
    assert tables.count("hotlist_entries") == 0
    assert HER_CAR not in tables.text_of("log") + tables.text_of("entry_wishes")


def test_a_second_role_makes_nobody_their_own_second_person(
    agency: Agency, box: FakeBox, tables: Tables, client_as: ClientAs
) -> None:
    both = client_as(Role.LIST_CLERK, Role.SUPERVISOR)
    entered(agency, both)
    ((asked,),) = tables.rows("SELECT record_id FROM entry_wishes")

    answer = both.post(f"/hot-lists/waiting/{asked}", {"answer": "approve"})

    assert answer.headers["location"] == "/hot-lists/waiting?said=same"
    assert drives_past(box, tables) == 0


def test_no_reason_and_no_purpose_of_the_banned_ones_gets_as_far_as_a_second_person(
    agency: Agency, tables: Tables, client_as: ClientAs
) -> None:
    clerk, boss = client_as(Role.LIST_CLERK), client_as(Role.SUPERVISOR)

    assert entered(agency, clerk, purpose="personal_use") == 403
    assert entered(agency, clerk, purpose="immigration") == 403
    assert entered(agency, clerk, reason="ICE asked for it") == 403
    assert entered(agency, clerk, reason="inv") == 422
    assert entered(agency, clerk, case="") == 422
    rows = f"{HER_CAR},CT,immigration,26-1\n{HER_CAR},CT,robbery of a shop,\n"
    assert sent(clerk, LOCAL, rows) == 422

    assert tables.count("entry_wishes") == 0
    assert HER_CAR not in boss.get("/hot-lists/waiting").text
    told = flagged(boss)
    assert "A note says what is forbidden" in told
    assert "A hot list says what is forbidden" in told


def test_a_rejected_plate_under_a_false_name_alerts_and_is_shown_to_a_supervisor(
    agency: Agency, box: FakeBox, tables: Tables, client_as: ClientAs
) -> None:
    """What stays possible: a clerk calls a file of their own a list of the state.

    Nobody but the state knows what its list holds, so it is not stopped: the source that
    was named is recorded, and a supervisor is told where such a file is very short, or
    holds a plate that was refused or rejected before.
    """
    clerk, boss = client_as(Role.LIST_CLERK), client_as(Role.SUPERVISOR)
    entered(agency, clerk)
    ((asked,),) = tables.rows("SELECT record_id FROM entry_wishes")
    boss.post(
        f"/hot-lists/waiting/{asked}",
        {"answer": "reject", "reason": "Nothing of this case is about that car"},
    )
    cars = "".join(f"ZZ{n}0001,CT,stolen,\n" for n in range(9))

    assert sent(clerk, STATE, f"{cars}{HER_CAR},CT,stolen,\n") == 200

    assert drives_past(box, tables) == 1
    told = flagged(boss)
    assert "A rejected plate came back on another list" in told
    assert "A very short list" not in told
    short = {**STATE, "name": "Another file"}
    assert sent(clerk, short, "XX10001,CT,stolen,\n") == 200
    assert "A very short list from elsewhere" in flagged(boss)
    assert HER_CAR not in flagged(boss)


def test_asking_again_and_again_is_shown_to_a_supervisor(
    agency: Agency, tables: Tables, client_as: ClientAs
) -> None:
    clerk, boss = client_as(Role.LIST_CLERK), client_as(Role.SUPERVISOR)

    for _ in range(4):
        assert entered(agency, clerk) == 303

    assert "One plate put on our own list again and again" in flagged(boss)
    assert tables.count("hotlist_entries") == 0
