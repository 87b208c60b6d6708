"""Signing in, staying signed in, and being locked out."""

from contextlib import ExitStack
from datetime import timedelta

import psycopg
import pytest
from bs4 import BeautifulSoup
from fastapi import FastAPI
from tests.support.agency import SettableClock
from tests.support.postgres import TestAgency
from tests.support.tables import Tables
from tests.support.web import PASSWORD, ClientAs, Desk, browser, somebody

from charteroak.core.people import IDLE_LIMIT, LOCKED_FOR, SESSION_LIMIT, Act, Role
from charteroak.server.actions.sign_in import know_again
from charteroak.server.agency import Agency
from charteroak.server.store.passwords import (
    MOST_IN_LINE,
    NOBODY,
    costs_are_current,
    in_line,
    temporary_password,
)
from charteroak.server.web.session import (
    COOKIE,
    Receiving,
    SignedIn,
    check,
    csrf_of,
)


def sign_in(desk: Desk, login: str, password: str, **more: str) -> int:
    answer = desk.post("/sign-in", {"login": login, "password": password, **more})
    return answer.status_code


def kinds(schema: TestAgency) -> list[str]:
    """Kinds of the log's records, oldest first."""
    with psycopg.connect(schema.dsn("log")) as connection:
        rows = connection.execute("SELECT kind FROM log ORDER BY record_id").fetchall()
    return [str(row[0]) for row in rows]


def test_anything_opened_without_a_session_shows_the_sign_in_form(
    client_as: ClientAs,
) -> None:
    page = client_as().page("/people", status=401)

    assert page.select_one("input[name=password]") is not None
    going_on = page.select_one("input[name=next]")
    assert going_on is not None
    assert going_on["value"] == "/people"


def test_signing_in_gives_a_host_cookie_and_goes_on(
    agency: Agency, app: FastAPI
) -> None:
    person = somebody(agency, Role.ADMINISTRATOR)
    desk = browser(app)

    answer = desk.post(
        "/sign-in",
        {"login": f" {person.login.upper()} ", "password": PASSWORD, "next": "/people"},
    )

    assert (answer.status_code, answer.headers["location"]) == (303, "/people")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    for wanted in ("; Secure", "; HttpOnly", "; SameSite=lax", "; Path=/"):
        assert wanted in cookie
    assert "Domain" not in cookie
    assert desk.get("/people").status_code == 200


def test_it_never_goes_on_to_another_host(agency: Agency, app: FastAPI) -> None:
    person = somebody(agency, Role.AUDITOR)

    answer = browser(app).post(
        "/sign-in",
        {"login": person.login, "password": PASSWORD, "next": "//evil.example/"},
    )

    assert answer.headers["location"] == "/"


def test_the_token_is_new_at_each_sign_in_and_the_old_one_is_over(
    agency: Agency, client_as: ClientAs
) -> None:
    desk = client_as(Role.ADMINISTRATOR)
    assert desk.person is not None
    before = desk.http.cookies[COOKIE]

    assert sign_in(desk, desk.person.login, PASSWORD) == 303

    assert know_again(agency, before, active=False) is None


def test_only_the_hash_of_a_token_is_kept(
    agency_schema: TestAgency, client_as: ClientAs
) -> None:
    token = client_as(Role.AUDITOR).http.cookies[COOKIE]

    with psycopg.connect(agency_schema.dsn("desk")) as connection:
        rows = connection.execute("SELECT token_hash FROM sessions").fetchall()

    assert len(token) == 64
    assert [len(bytes(row[0])) for row in rows] == [32]
    assert bytes.fromhex(token) not in [bytes(row[0]) for row in rows]


def test_five_wrong_passwords_lock_for_ten_minutes(
    agency: Agency,
    app: FastAPI,
    agency_clock: SettableClock,
    agency_schema: TestAgency,
) -> None:
    person = somebody(agency, Role.OFFICER)
    desk = browser(app)
    for _ in range(4):
        assert sign_in(desk, person.login, "wrong") == 401
    assert kinds(agency_schema) == []
    assert sign_in(desk, person.login, "wrong") == 401
    assert kinds(agency_schema) == ["person.locked"]

    assert sign_in(desk, person.login, PASSWORD) == 401
    agency_clock.advance(LOCKED_FOR - timedelta(seconds=1))
    assert sign_in(desk, person.login, PASSWORD) == 401
    agency_clock.advance(timedelta(seconds=1))
    assert sign_in(desk, person.login, PASSWORD) == 303
    assert kinds(agency_schema) == ["person.locked", "person.signed_in"]


def test_the_fifth_password_may_be_the_right_one(agency: Agency, app: FastAPI) -> None:
    person = somebody(agency, Role.OFFICER)
    desk = browser(app)
    for _ in range(2):
        for _ in range(4):
            sign_in(desk, person.login, "wrong")
        assert sign_in(desk, person.login, PASSWORD) == 303


def test_a_lock_and_its_record_are_one(
    agency: Agency,
    app: FastAPI,
    agency_schema: TestAgency,
    tables: Tables,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person = somebody(agency, Role.OFFICER)
    desk = browser(app)
    for _ in range(4):
        assert sign_in(desk, person.login, "wrong") == 401

    def broken(_password: str, _hashed: str) -> bool:
        raise MemoryError

    # What breaks after the try was counted leaves the account locked, and says so.
    monkeypatch.setattr("charteroak.server.actions.sign_in.fits_hash", broken)
    assert sign_in(desk, person.login, "wrong") == 500

    locked = tables.rows("SELECT locked_until IS NOT NULL FROM people")
    assert locked == [(True,)]
    assert kinds(agency_schema) == ["person.locked"]


def test_no_stranger_locks_out_who_is_signed_in(
    app: FastAPI,
    client_as: ClientAs,
    agency_clock: SettableClock,
) -> None:
    desk = client_as(Role.DISPATCHER)
    assert desk.person is not None
    agency_clock.advance(IDLE_LIMIT)
    stranger = browser(app)
    for _ in range(6):
        assert sign_in(stranger, desk.person.login, "wrong") == 401
    assert sign_in(stranger, desk.person.login, PASSWORD) == 401

    assert sign_in(desk, desk.person.login, "wrong") == 401
    assert sign_in(desk, desk.person.login, PASSWORD) == 303
    assert desk.get("/board").status_code == 200


def test_a_session_has_five_tries_of_its_own_and_ends(
    agency: Agency,
    client_as: ClientAs,
    agency_clock: SettableClock,
    agency_schema: TestAgency,
) -> None:
    desk = client_as(Role.DISPATCHER)
    assert desk.person is not None
    token = desk.http.cookies[COOKIE]
    agency_clock.advance(IDLE_LIMIT)

    for _ in range(5):
        assert know_again(agency, token, active=False) is not None
        assert sign_in(desk, desk.person.login, "wrong") == 401

    assert know_again(agency, token, active=False) is None
    assert kinds(agency_schema)[-1] == "person.locked"
    assert sign_in(desk, desk.person.login, PASSWORD) == 401
    agency_clock.advance(LOCKED_FOR)
    assert sign_in(desk, desk.person.login, PASSWORD) == 303


def test_another_s_session_gives_no_tries(
    agency: Agency, app: FastAPI, client_as: ClientAs
) -> None:
    victim, desk = somebody(agency, Role.OFFICER), client_as(Role.OFFICER)
    for _ in range(5):
        assert sign_in(browser(app), victim.login, "wrong") == 401

    assert sign_in(desk, victim.login, PASSWORD) == 401


def test_a_found_session_does_not_guess_the_password(
    agency: Agency, client_as: ClientAs, agency_schema: TestAgency, app: FastAPI
) -> None:
    desk = client_as(Role.OFFICER)
    assert desk.person is not None
    token = desk.http.cookies[COOKIE]
    guess = {"before": "wrong", "after": "a sentence that only I would write"}

    answers = [desk.post("/account/password", guess).status_code for _ in range(5)]

    assert answers == [422, 422, 422, 422, 401]
    assert know_again(agency, token, active=False) is None
    right = {**guess, "before": PASSWORD}
    assert desk.post("/account/password", right).status_code == 401
    assert sign_in(browser(app), desk.person.login, PASSWORD) == 401
    assert kinds(agency_schema)[-1] == "person.locked"


def test_the_right_password_forgets_the_wrong_ones(client_as: ClientAs) -> None:
    desk = client_as(Role.OFFICER)
    new = "a sentence that only I would write"
    for before, after in ((PASSWORD, new), (new, PASSWORD)):
        for _ in range(4):
            guess = {"before": "wrong", "after": "another sentence that is mine"}
            assert desk.post("/account/password", guess).status_code == 422
        form = {"before": before, "after": after}
        assert desk.post("/account/password", form).status_code == 303


def test_a_full_line_turns_away_and_counts_nothing(
    agency: Agency, app: FastAPI, client_as: ClientAs
) -> None:
    person = somebody(agency, Role.OFFICER)
    with ExitStack() as crowd:
        for _ in range(MOST_IN_LINE):
            crowd.enter_context(in_line())
        answers = [
            browser(app).post("/sign-in", {"login": person.login, "password": "x"})
            for _ in range(6)
        ]
        # Pages that check no password go on.
        assert client_as().get("/sign-in").status_code == 200
    assert {answer.status_code for answer in answers} == {429}
    assert answers[0].headers["retry-after"] == "3"
    assert "the line is full" in answers[0].text
    assert sign_in(browser(app), person.login, PASSWORD) == 303


def test_nobody_learns_which_logins_exist(agency: Agency, app: FastAPI) -> None:
    known = somebody(agency, Role.OFFICER).login
    pages = []
    for login in (known, "nobody-here"):
        desk = browser(app)
        form = {"login": login, "password": "wrong"}
        texts = [desk.post("/sign-in", form).text for _ in range(6)]
        pages.append([text.replace(login, "LOGIN") for text in texts])

    assert pages[0] == pages[1]
    # The hash that is checked for an unknown login costs what every other one does.
    assert costs_are_current(NOBODY)


def test_after_half_an_hour_the_same_person_is_asked_first(
    client_as: ClientAs, agency_clock: SettableClock
) -> None:
    desk = client_as(Role.ADMINISTRATOR)
    assert desk.person is not None
    agency_clock.advance(IDLE_LIMIT - timedelta(seconds=1))
    assert desk.get("/people").status_code == 200

    agency_clock.advance(IDLE_LIMIT)
    page = desk.page("/people", status=401)

    login = page.select_one("input[name=login]")
    assert login is not None
    assert (login["value"], login["type"]) == (desk.person.login, "hidden")
    assert desk.person.name in page.get_text()
    assert desk.post("/people", {"login": "x1", "name": "X"}).status_code == 401
    assert sign_in(desk, desk.person.login, PASSWORD) == 303
    assert desk.get("/people").status_code == 200


def test_twelve_hours_end_a_session_that_was_never_idle(
    client_as: ClientAs, agency_clock: SettableClock
) -> None:
    desk = client_as(Role.ADMINISTRATOR)
    step = timedelta(minutes=20)
    for _ in range(SESSION_LIMIT // step - 1):
        agency_clock.advance(step)
        assert desk.get("/people").status_code == 200

    agency_clock.advance(step)

    page = desk.page("/people", status=401)
    login = page.select_one("input[name=login]")
    assert login is not None
    assert login.get("value") == ""


def test_a_stream_goes_on_while_locked_and_wakes_nobody(
    app: FastAPI, client_as: ClientAs, agency_clock: SettableClock
) -> None:
    def stream(session: Receiving) -> str:
        return check(session, Act.SEE_ALERTS).person.login

    app.add_api_route("/test-stream", stream)
    desk = client_as(Role.DISPATCHER)
    agency_clock.advance(IDLE_LIMIT)
    assert desk.get("/test-stream").status_code == 200
    assert desk.get("/account").status_code == 401

    agency_clock.advance(SESSION_LIMIT)
    assert desk.get("/test-stream").status_code == 401
    assert client_as(Role.AUDITOR).get("/test-stream").status_code == 403


def test_signing_out_ends_the_session_and_is_recorded_once(
    agency: Agency, agency_schema: TestAgency, client_as: ClientAs
) -> None:
    desk = client_as(Role.AUDITOR)
    token = desk.http.cookies[COOKIE]

    answer = desk.post("/sign-out")

    assert answer.headers["location"] == "/sign-in?fresh=1"
    assert know_again(agency, token, active=False) is None
    assert kinds(agency_schema) == ["person.signed_in", "person.signed_out"]


@pytest.mark.parametrize("sent", [None, "", "0" * 64])
def test_a_form_without_its_own_token_changes_nothing(
    client_as: ClientAs, sent: str | None
) -> None:
    desk = client_as(Role.ADMINISTRATOR)
    form = {"login": "new.one", "name": "New One", "roles": "officer"}
    answer = desk.http.post(
        "/people", data=form if sent is None else {**form, "csrf": sent}
    )

    assert answer.status_code == 403
    assert "new.one" not in desk.get("/people").text


def test_the_token_of_another_session_does_not_fit(client_as: ClientAs) -> None:
    desk, other = client_as(Role.ADMINISTRATOR), client_as(Role.ADMINISTRATOR)

    assert desk.http.post("/sign-out", data={"csrf": other.csrf}).status_code == 403
    assert (
        desk.http.post("/sign-out", headers={"x-csrf-token": desk.csrf}).status_code
        == 303
    )


def test_the_form_token_does_not_tell_the_session() -> None:
    assert csrf_of("a" * 64) != csrf_of("b" * 64)
    assert "a" * 8 not in csrf_of("a" * 64)


def test_temporary_passwords_hold_nothing_that_looks_like_something_else() -> None:
    told = temporary_password(lambda n: bytes(range(n)))

    assert [len(group) for group in told.split("-")] == [5, 5, 5, 5]
    assert set(told).isdisjoint("il1o0")


def test_a_page_knows_its_session(app: FastAPI, client_as: ClientAs) -> None:
    def who(session: SignedIn) -> str:
        return session.person.login

    app.add_api_route("/test-who", who)
    desk = client_as(Role.AUDITOR, login="r.levin")
    assert desk.get("/test-who").json() == "r.levin"


def test_each_form_of_the_shell_carries_the_token(client_as: ClientAs) -> None:
    desk = client_as(Role.ADMINISTRATOR)
    for path in ("/people", "/cameras", "/account"):
        page: BeautifulSoup = desk.page(path)
        for form in page.select("form[method=post]"):
            field = form.select_one("input[name=csrf]")
            assert field is not None, (path, form.get("action"))
            assert field["value"] == desk.csrf
