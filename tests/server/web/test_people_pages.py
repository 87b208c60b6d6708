"""People: accounts, roles that keep apart, passwords told once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from fastapi import FastAPI
from tests.support.agency import SettableClock
from tests.support.postgres import TestAgency
from tests.support.tables import Tables
from tests.support.web import PASSWORD, ClientAs, Desk, browser, somebody

from charteroak.core.log_record import RecordKind
from charteroak.core.people import Person, Role
from charteroak.server.actions.add_person import (
    LoginTaken,
    PersonAdded,
    UnusableAccountError,
    add_person,
)
from charteroak.server.actions.change_person import (
    Changed,
    NotChanged,
    Refusal,
    change_roles,
    disable,
    enable,
)
from charteroak.server.agency import Agency

NEW: dict[str, str | list[str]] = {
    "login": "M.Garcia",
    "name": "Miguel Garcia",
    "roles": ["investigator"],
}


def told(html: str) -> str:
    """The password on the page that shows it."""
    return html.partition('class="co-code" translate="no">')[2].partition("<")[0]


def public_of(schema: TestAgency, kind: RecordKind) -> list[bytes]:
    with psycopg.connect(schema.dsn("log")) as connection:
        rows = connection.execute(
            "SELECT entry FROM log WHERE kind = %s ORDER BY record_id", [kind]
        ).fetchall()
    return [bytes(row[0]) for row in rows]


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATOR}))
def test_only_administrators_manage_people(client_as: ClientAs, role: Role) -> None:
    desk = client_as(role)

    assert desk.get("/people").status_code == 403
    assert desk.post("/people", NEW).status_code == 403
    assert "administrator" in desk.get("/people").text


def test_an_account_is_added_and_its_password_shown_once(
    client_as: ClientAs, agency_schema: TestAgency
) -> None:
    desk = client_as(Role.ADMINISTRATOR)

    answer = desk.post("/people", NEW)

    password = told(answer.text)
    assert len(password) == 23
    assert "Miguel Garcia" in desk.get("/people").text
    assert password not in desk.get("/people").text
    entry = public_of(agency_schema, RecordKind.PERSON_ADDED)
    assert len(entry) == 1
    assert b"investigator" in entry[0]
    assert b"garcia" not in entry[0].lower()
    with psycopg.connect(agency_schema.dsn("desk")) as connection:
        rows = connection.execute("SELECT password_hash FROM people").fetchall()
    assert all(str(row[0]).startswith("$argon2id$") for row in rows)


def test_a_temporary_password_must_be_changed_before_anything_else(
    client_as: ClientAs,
) -> None:
    admin = client_as(Role.ADMINISTRATOR)
    password = told(admin.post("/people", NEW).text)
    desk = browser(admin.http.app)  # type: ignore[arg-type]  # typed as any ASGI app
    entered = desk.post("/sign-in", {"login": "m.garcia", "password": password})
    assert entered.headers["location"] == "/account"

    assert desk.get("/cameras").headers["location"] == "/account"
    assert desk.get("/search").status_code == 303
    short = desk.post("/account/password", {"before": password, "after": "short"})
    wrong = desk.post("/account/password", {"before": "x", "after": PASSWORD})
    same = desk.post("/account/password", {"before": password, "after": password})
    assert [page.status_code for page in (short, wrong, same)] == [422, 422, 422]
    chosen = desk.post("/account/password", {"before": password, "after": PASSWORD})

    assert chosen.headers["location"] == "/account?done=password"
    assert desk.get("/cameras").status_code == 200
    again = browser(admin.http.app)  # type: ignore[arg-type]  # typed as any ASGI app
    old = again.post("/sign-in", {"login": "m.garcia", "password": password})
    new = again.post("/sign-in", {"login": "m.garcia", "password": PASSWORD})
    assert (old.status_code, new.status_code) == (401, 303)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"login": "M Garcia"}, "2 to 40 letters"),
        ({"login": ""}, "2 to 40 letters"),
        ({"name": " "}, "up to 80"),
        ({"roles": []}, "at least one role"),
        ({"roles": ["administrator", "investigator"]}, "cannot also look"),
        ({"roles": ["auditor", "officer"]}, "cannot also look"),
    ],
)
def test_a_form_that_is_not_taken_keeps_what_was_typed(
    client_as: ClientAs, wrong: dict[str, str | list[str]], word: str
) -> None:
    typed = {**NEW, "name": "Typed By Hand", **wrong}

    answer = client_as(Role.ADMINISTRATOR).post("/people", typed)

    assert answer.status_code == 422
    assert word in answer.text
    assert "Typed By Hand" in answer.text or "name" in wrong


def test_a_login_is_never_given_twice(agency: Agency, client_as: ClientAs) -> None:
    desk = client_as(Role.ADMINISTRATOR)
    desk.post("/people", NEW)

    answer = desk.post("/people", {**NEW, "name": "Maria Garcia"})

    assert answer.status_code == 422
    assert "has this login already" in answer.text
    again = add_person(agency, None, login="m.garcia", name="X", roles=[Role.OFFICER])
    assert again == LoginTaken("m.garcia")


def changed(desk: Desk, person: Person, what: str, **form: str) -> int:
    return desk.post(f"/people/{person.person_id}/{what}", form).status_code


def test_each_change_takes_effect_at_once_and_is_recorded(
    client_as: ClientAs, agency_schema: TestAgency
) -> None:
    admin, other = client_as(Role.ADMINISTRATOR), client_as(Role.DISPATCHER)
    assert other.person is not None

    assert changed(admin, other.person, "roles", roles="auditor") == 303
    assert other.get("/account").status_code == 401
    assert changed(admin, other.person, "disable") == 303
    login = {"login": other.person.login, "password": PASSWORD}
    assert other.post("/sign-in", login).status_code == 401
    assert changed(admin, other.person, "enable") == 303
    assert other.post("/sign-in", login).status_code == 303
    assert changed(admin, other.person, "password") == 200
    assert other.get("/account").status_code == 401

    kinds = [
        entry.partition(b'"change":"')[2].partition(b'"')[0].decode()
        for entry in public_of(agency_schema, RecordKind.PERSON_CHANGED)
    ]
    assert kinds == ["roles", "disabled", "enabled", "password_replaced"]


def test_an_administrator_unlocks_before_the_ten_minutes_are_over(
    agency: Agency, client_as: ClientAs, agency_clock: SettableClock
) -> None:
    admin, desk = client_as(Role.ADMINISTRATOR), client_as()
    person = somebody(agency, Role.OFFICER)
    for _ in range(5):
        desk.post("/sign-in", {"login": person.login, "password": "wrong"})
    assert "locked" in admin.get(f"/people/{person.person_id}").text

    assert changed(admin, person, "unlock") == 303

    login = {"login": person.login, "password": PASSWORD}
    assert desk.post("/sign-in", login).status_code == 303
    assert agency_clock.now == agency.clock()


def test_whose_password_was_replaced_is_told_until_they_know(
    agency: Agency, app: FastAPI, client_as: ClientAs, tables: Tables
) -> None:
    notice = "An administrator replaced your password at"
    person = somebody(agency, Role.INVESTIGATOR)
    boss = client_as(Role.ADMINISTRATOR)
    temporary = told(boss.post(f"/people/{person.person_id}/password").text)
    own = "a sentence that only I would write"
    desk = browser(app)
    desk.post("/sign-in", {"login": person.login, "password": temporary})

    assert notice in desk.get("/account").text
    desk.post("/account/password", {"before": temporary, "after": own})
    assert notice in desk.get("/search").text
    later = browser(app)
    later.post("/sign-in", {"login": person.login, "password": own})
    assert notice in later.get("/board").text

    assert later.post("/account/notice").status_code == 303
    assert later.post("/account/notice").status_code == 303

    assert notice not in later.get("/board").text
    assert notice not in boss.get("/people").text
    records = tables.rows("SELECT count(*) FROM log WHERE kind = 'person.changed'")
    assert records == [(3,)]


def test_nobody_gives_themselves_roles(client_as: ClientAs) -> None:
    desk = client_as(Role.ADMINISTRATOR)
    assert desk.person is not None

    for what in ("roles", "disable", "password"):
        assert changed(desk, desk.person, what, roles="investigator") == 422
    assert desk.get("/people").status_code == 200


def test_the_last_administrator_stays(agency: Agency) -> None:
    last = somebody(agency, Role.ADMINISTRATOR)
    officer = frozenset({Role.OFFICER})

    refused = NotChanged(Refusal.LAST_ADMINISTRATOR)
    assert disable(agency, None, last.person_id) == refused
    assert change_roles(agency, None, last.person_id, officer) == refused
    somebody(agency, Role.ADMINISTRATOR)
    assert isinstance(disable(agency, None, last.person_id), Changed)


def test_two_administrators_cannot_disable_each_other_at_once(agency: Agency) -> None:
    first, second = (somebody(agency, Role.ADMINISTRATOR) for _ in range(2))
    for _ in range(10):
        together = threading.Barrier(2)

        def switch_off(
            who: Person, other: Person, together: threading.Barrier = together
        ) -> Changed | NotChanged:
            together.wait(10)
            return disable(agency, who, other.person_id)

        with ThreadPoolExecutor(2) as two:
            answers = [
                two.submit(switch_off, first, second),
                two.submit(switch_off, second, first),
            ]
        assert sorted(type(each.result()).__name__ for each in answers) == [
            "Changed",
            "NotChanged",
        ]
        for each in (first, second):
            enable(agency, None, each.person_id)


def test_a_filter_survives_in_the_address(agency: Agency, client_as: ClientAs) -> None:
    desk = client_as(Role.ADMINISTRATOR)
    gone = somebody(agency, Role.OFFICER, login="gone.person")
    disable(agency, None, gone.person_id)

    assert "gone.person" not in desk.get("/people").text
    assert "gone.person" in desk.get("/people?show=disabled").text
    assert "gone.person" in desk.get("/people?show=all").text
    assert desk.get("/people?show=nonsense").status_code == 200


def test_an_unknown_account_is_said(client_as: ClientAs) -> None:
    desk = client_as(Role.ADMINISTRATOR)
    nobody = "/people/00000000-0000-4000-8000-000000000000"

    assert desk.get(nobody).status_code == 404
    assert desk.post(f"{nobody}/disable").status_code in {404, 422}


def test_the_command_line_adds_people_with_nobody_signed_in(agency: Agency) -> None:
    added = add_person(agency, None, login="first", name="F", roles=[Role.AUDITOR])

    assert isinstance(added, PersonAdded)
    assert added.password not in repr(added)
    with pytest.raises(UnusableAccountError):
        add_person(agency, None, login="a b", name="F", roles=[Role.AUDITOR])
