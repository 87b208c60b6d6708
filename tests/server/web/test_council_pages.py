"""The council's page: open to everybody, moved by signatures alone."""

from datetime import timedelta

from fastapi import FastAPI
from tests.support.agency import SettableClock
from tests.support.council import (
    ADA,
    MAYA,
    NOAH,
    REASON,
    Member,
    an_order,
    enrolled,
    handed_over,
)
from tests.support.pseudo import Pseudo, untranslated
from tests.support.sightings import seen
from tests.support.tables import Tables
from tests.support.web import PASSWORD, ClientAs, browser, somebody

from charteroak.core.codes import Step
from charteroak.core.people import Role
from charteroak.server.actions.recall_council import look_at_council
from charteroak.server.actions.sign_in import SignedInAs, sign_in
from charteroak.server.agency import Agency
from charteroak.server.web.app import create_app
from charteroak.server.web.session import COOKIE

CHIEF = Member(name="Chief")


def test_a_stranger_with_a_good_signature_suspends_and_every_page_says_so(
    agency: Agency, app: FastAPI, client_as: ClientAs
) -> None:
    seen(agency)
    enrolled(agency)
    stranger = browser(app)
    assert "in service" in stranger.get("/council").text
    officer = client_as(Role.OFFICER)

    done = stranger.http.post(
        "/council", data={"order": an_order(agency, Step.SUSPEND, MAYA).decode()}
    )

    assert done.status_code == 200
    assert "The order was carried out" in done.text
    assert "Signed by Maya Ortiz" in done.text
    for desk, path in [
        (stranger, "/sign-in"),
        (stranger, "/council"),
        (officer, "/board"),
        (officer, "/search"),
        (officer, "/rules"),
        (officer, "/status"),
        (officer, "/no-such-page"),
    ]:
        text = desk.get(path).text
        assert "Suspended by the council since" in text, path
        assert REASON in text
    assert "MO-no-search" in officer.get("/rules").text


def test_an_order_comes_as_a_file_too_and_one_key_does_not_resume(
    agency: Agency, app: FastAPI
) -> None:
    enrolled(agency)
    stranger = browser(app)
    suspend = an_order(agency, Step.SUSPEND, MAYA)
    files = {"file": ("order.json", suspend, "application/json")}
    assert stranger.http.post("/council", files=files).status_code == 200

    no = stranger.http.post(
        "/council", data={"order": an_order(agency, Step.RESUME, NOAH).decode()}
    )

    assert no.status_code == 403
    assert "it takes two to start them again" in no.text
    assert "Bring a second key of the council." in no.text
    assert "Good signatures: Noah Weiss." in no.text
    both = an_order(agency, Step.RESUME, NOAH, MAYA)
    yes = stranger.http.post("/council", data={"order": both.decode()})
    assert yes.status_code == 200
    assert "Suspended by the council since" not in yes.text


def test_a_form_of_another_site_moves_nothing(agency: Agency, app: FastAPI) -> None:
    enrolled(agency)
    stranger = browser(app)
    order = an_order(agency, Step.SUSPEND, MAYA).decode()

    answer = stranger.http.post(
        "/council", data={"order": order}, headers={"sec-fetch-site": "cross-site"}
    )

    assert answer.status_code == 403
    assert not agency.law.council.suspended


def test_nonsense_is_refused_and_floods_are_slowed(
    agency: Agency, app: FastAPI, agency_clock: SettableClock
) -> None:
    enrolled(agency)
    stranger = browser(app)

    codes = [
        stranger.http.post("/council", data={"order": each}).status_code
        for each in ["", "x", "{}", an_order(agency, Step.SUSPEND, CHIEF).decode()] * 3
    ]

    assert codes == [403] * 10 + [429] * 2
    agency_clock.advance(timedelta(minutes=1))
    assert stranger.http.post("/council", data={"order": "x"}).status_code == 403


def test_without_a_council_the_page_says_what_is_missing(app: FastAPI) -> None:
    text = browser(app).get("/council").text

    assert "No council is enrolled here" in text
    assert "<form" not in text.partition('id="bring"')[2].partition("</section>")[0]


def test_every_text_went_through_gettext(agency: Agency) -> None:
    enrolled(agency)
    desk = browser(create_app(agency, words=Pseudo()))
    who = somebody(agency, Role.OFFICER)
    signed_in = sign_in(agency, who.login, PASSWORD)
    assert isinstance(signed_in, SignedInAs)
    desk.http.cookies.set(COOKIE, signed_in.token, domain="localhost.local")
    assert untranslated(desk.get("/council").text) == []
    order = an_order(agency, Step.SUSPEND, MAYA).decode()
    desk.http.post("/council", data={"order": order})
    handed_over(agency, MAYA, NOAH, to=(NOAH, ADA))

    assert untranslated(desk.get("/council").text) == []


def test_the_page_says_whose_keys_count_since_when_and_who_gave_theirs_up(
    agency: Agency, app: FastAPI, agency_clock: SettableClock
) -> None:
    enrolled(agency)
    agency_clock.advance(timedelta(days=1))
    stranger = browser(app)
    order = an_order(agency, Step.HAND_OVER, MAYA, NOAH, to=(NOAH, ADA))

    done = stranger.http.post("/council", data={"order": order.decode()})

    assert done.status_code == 200
    assert "The keys were handed over" in done.text
    keys = done.text.partition('id="keys"')[2].partition("</section>")[0]
    rows = keys.split("<tr>")
    assert [NOAH.name in rows[2], "(enrolled)" in rows[2]] == [True, True]
    assert [ADA.name in rows[3], "(enrolled)" in rows[3]] == [True, False]
    assert [day in rows[n] for n, day in ((2, "Oct 15"), (3, "Oct 16"))] == [True] * 2
    former = keys.partition("counting no more")[2]
    assert MAYA.key.key_id in former
    assert ADA.key.key_id not in former
    no = stranger.http.post("/council", data={"order": order.decode()})
    assert no.status_code == 403
    assert "was carried out already" in no.text


def test_after_a_doubt_the_page_asks_for_what_was_handed_over(
    agency: Agency, app: FastAPI, tables: Tables
) -> None:
    enrolled(agency)
    order = an_order(agency, Step.HAND_OVER, MAYA, NOAH, to=(NOAH, ADA))
    tables.change(
        "INSERT INTO council_orders SELECT 1, 'doubt', max(enrolled_at), '?', '', "
        "max(record_id) FROM council_keys"
    )
    look_at_council(agency)
    stranger = browser(app)
    asks = "bring that order again first, however old it is"
    assert asks in stranger.get("/council").text

    done = stranger.http.post("/council", data={"order": order.decode()})

    assert done.status_code == 200
    assert "suspended" in done.text
    assert [each.name for each in agency.law.council.keys] == [NOAH.name, ADA.name]
