"""The search pages, as a browser sees them, without JavaScript."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from bs4 import BeautifulSoup
from tests.support.agency import SettableClock
from tests.support.sightings import (
    a_read,
    a_search,
    log_kinds,
    placed,
    seen,
    taken,
)
from tests.support.web import PASSWORD, ClientAs, browser, somebody

from charteroak.core.log_record import Draft, RecordId, RecordKind, Value
from charteroak.core.people import Role
from charteroak.core.retention import Retention
from charteroak.core.search_answer import Found
from charteroak.server.actions.make_buckets import make_buckets
from charteroak.server.actions.sign_in import SignedInAs, sign_in
from charteroak.server.agency import Agency
from charteroak.server.web.app import create_app
from charteroak.server.web.search_view import timeline
from charteroak.server.web.session import COOKIE

FORM: Mapping[str, str] = {
    "purpose": "robbery",
    "case": "26-1234",
    "plate": "QX9?4*",
    "period": "3d",
}


def text_of(html: str) -> str:
    return " ".join(BeautifulSoup(html, "html.parser").get_text(" ").split())


def test_the_form_asks_for_purpose_and_case_first(client_as: ClientAs) -> None:
    page = client_as(Role.INVESTIGATOR).page("/search")

    names = [
        field["name"]
        for field in page.select("#search-form [name]")
        if field.get("type") != "hidden"
    ]
    assert names[:5] == ["purpose", "case", "emergency", "note", "plate"]
    assert "AMBER alert" in page.select_one("#emergency-hint").get_text()  # type: ignore[union-attr]  # it is there, or the test fails
    codes = {option["value"] for option in page.select("#purpose option")}
    assert "immigration" in codes
    assert "Choose a purpose" in page.select_one("#explain").get_text()  # type: ignore[union-attr]  # it is there, or the test fails


def test_results_are_the_answer_of_the_post_and_are_not_kept(
    agency: Agency, client_as: ClientAs
) -> None:
    placed(agency, "main-st", "Main Street")
    read = taken(agency, a_read(agency, "QX9A42"), pictures=[b"plate", b"vehicle"])
    desk = client_as(Role.INVESTIGATOR)

    answer = desk.post("/search", FORM)

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    page = BeautifulSoup(answer.text, "html.parser")
    row = page.select_one("#read-1")
    assert row is not None
    assert "QX9A42" in row.get_text()
    assert "Main Street" in row.get_text()
    assert "Recorded as number 2 of the log" in text_of(answer.text)
    picture = row.select_one("img")
    assert picture is not None
    source = str(picture["src"])
    assert source == f"/searches/2/reads/{read.read_id}/plate.jpg"
    shown = desk.get(source)
    assert (shown.status_code, shown.content) == (200, b"plate")
    assert shown.headers["cache-control"] == "no-store"
    assert client_as(Role.INVESTIGATOR).get(source).status_code == 404
    for segment in (agency.settings.data / "pictures").rglob("*"):
        if segment.is_file():
            segment.write_bytes(bytes(segment.stat().st_size))
    damaged = desk.get(source)
    assert (damaged.status_code, "damaged" in damaged.text) == (200, True)


def test_no_address_on_the_page_holds_a_plate(
    agency: Agency, client_as: ClientAs
) -> None:
    seen(agency, "QX9A42")

    html = client_as(Role.INVESTIGATOR).post("/search", FORM).text

    addresses = re.findall(r'(?:href|src|action|hx-post)="([^"]*)"', html)
    assert addresses
    assert not [each for each in addresses if "QX9" in each.upper()]


def test_a_read_stands_in_the_list_on_the_timeline_and_on_the_map(
    agency: Agency, client_as: ClientAs
) -> None:
    placed(agency, "main-st", "Main Street")
    placed(agency, "elm-st", "Elm Street")
    for hours, camera in ((1, "main-st"), (5, "main-st"), (7, "gone-st")):
        seen(agency, "QX9A42", ago=timedelta(hours=hours), camera=camera)

    html = client_as(Role.INVESTIGATOR).post("/search", FORM).text

    found = BeautifulSoup(html, "html.parser").select_one(".co-found")
    assert found is not None
    rows = [(row["id"], row["data-camera"]) for row in found.select("tr.co-row")]
    assert rows == [
        ("read-1", "main-st"),
        ("read-2", "main-st"),
        ("read-3", "gone-st"),
    ]
    marks = found.select(".co-timeline a")
    assert [mark["href"] for mark in marks] == ["#read-1", "#read-2", "#read-3"]
    across = [float(str(mark.circle["cx"])) for mark in marks if mark.circle]
    assert across == sorted(across, reverse=True)
    pins = {str(pin["aria-label"]): pin.get("href") for pin in found.select(".co-pin")}
    assert pins == {"Main Street: 2 reads": "#read-1", "Elm Street: 0 reads": None}
    assert "1 read is from a camera that has no place any more." in text_of(html)


@pytest.mark.parametrize(
    ("since", "until", "labels"),
    [
        # Noon in Connecticut is 16:00 UTC in summer.
        ("14T14:05", "14T16:00", ["10:30", "11:00", "11:30", "12:00"]),
        ("14T05:00", "15T01:00", ["06:00", "12:00", "18:00"]),
        ("14T12:00", "15T12:00", ["12:00", "18:00", "Oct 15", "06:00"]),
        ("01T12:00", "15T12:00", ["Oct 4", "Oct 7", "Oct 10", "Oct 13"]),
    ],
)
def test_the_axis_has_round_local_times(
    agency: Agency, since: str, until: str, labels: list[str]
) -> None:
    moments = [
        datetime.fromisoformat(f"2026-10-{at}:00+00:00") for at in (since, until)
    ]
    search = attrs.evolve(a_search(agency), since=moments[0], until=moments[1])
    found = Found(
        asked=RecordId(1),
        search=search,
        looked_from=search.since,
        sightings=(),
        cut=False,
        because=(),
    )

    drawn = timeline(found, agency.zone)

    assert [tick.label for tick in drawn.ticks] == labels
    assert drawn.zone == "EDT"


def test_a_cut_page_says_what_is_missing(agency: Agency, client_as: ClientAs) -> None:
    for minute in range(101):
        seen(agency, "QX9A42", ago=timedelta(minutes=minute + 1))

    html = client_as(Role.INVESTIGATOR).post("/search", FORM).text

    assert "These are the newest 100; there are more." in text_of(html)


def test_the_page_says_what_span_was_looked_through(agency: Agency) -> None:
    short = attrs.evolve(agency, retention=Retention(timedelta(days=2)))
    desk = browser(create_app(short))
    ines = somebody(agency, Role.INVESTIGATOR)
    signed_in = sign_in(agency, ines.login, PASSWORD)
    assert isinstance(signed_in, SignedInAs)
    desk.http.cookies.set(COOKIE, signed_in.token, domain="localhost.local")
    seen(agency, "QX9A42")
    seen(agency, "QX9B43", ago=timedelta(days=2, seconds=1))

    cut = text_of(desk.post("/search", FORM).text)
    within = text_of(desk.post("/search", {**FORM, "period": "24h"}).text)

    assert "QX9A42" in cut
    assert "QX9B43" not in cut
    assert re.search(r"seen from .*Oct.* 13.* 08:00 .*on was looked through", cut)
    assert "only what was seen" not in within


def test_a_refusal_is_a_calm_page(agency: Agency, client_as: ClientAs) -> None:
    seen(agency, "QX9A42")

    answer = client_as(Role.INVESTIGATOR).post(
        "/search", {**FORM, "purpose": "immigration"}
    )

    assert answer.status_code == 403
    page = text_of(answer.text)
    assert "Reads are never used to enforce immigration law." in page
    assert "Conn. P.A. 26-14, sec. 13(c)" in page
    assert "CT-no-immigration" in page
    assert "Record 2 of the log" in page
    assert "QX9A42" not in answer.text
    assert log_kinds(agency)[-1] == "search.asked"


def test_an_administrator_is_told_why_not(client_as: ClientAs) -> None:
    answer = client_as(Role.ADMINISTRATOR).post("/search", FORM)

    assert answer.status_code == 403
    assert "nobody both runs the machine and looks" in text_of(answer.text)


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"purpose": ""}, "purpose", "Choose what the search is for."),
        ({"purpose": "investigation"}, "purpose", "Choose what the search is for."),
        ({"case": "???"}, "case", "A case number has 2 to 40 letters"),
        ({"plate": "*"}, "plate", "alone would list everybody"),
        ({"plate": "?*A"}, "plate", "alone would list everybody"),
        ({"plate": "AB;DROP"}, "plate", "Use letters and digits"),
        ({"plate": " "}, "plate", "Give a plate"),
        ({"period": "custom"}, "since", "Give a date and a time"),
        (
            {
                "period": "custom",
                "since": "0001-01-01T00:00",
                "until": "9999-12-31T23:59",
            },
            "since",
            "Give a date and a time",
        ),
        ({"camera": "Main St"}, "camera", "Choose cameras from the list"),
        ({"camera": "a" * 41}, "camera", "Choose cameras from the list"),
        (
            {
                "period": "custom",
                "since": "2026-10-14T10:00",
                "until": "2026-10-14T09:00",
            },
            "since",
            "ends before it begins",
        ),
    ],
)
def test_an_error_stands_at_its_field_and_nothing_is_lost(
    agency: Agency,
    client_as: ClientAs,
    changes: Mapping[str, str],
    field: str,
    message: str,
) -> None:
    typed = {**FORM, **changes}

    answer = client_as(Role.INVESTIGATOR).post("/search", typed)

    assert answer.status_code == 422
    page = BeautifulSoup(answer.text, "html.parser")
    error = page.select_one(f"#{field}-error")
    assert error is not None
    assert message in error.get_text()
    summary = page.select_one(".co-summary")
    assert summary is not None
    assert summary.select_one(f'a[href="#{field}"]') is not None
    assert page.select_one(f"#{field}") is not None
    for name in ["case", "plate", "since", "until"]:
        kept = page.select_one(f"#{name}")
        assert kept is not None
        assert kept["value"] == typed.get(name, "")
    assert "search.asked" not in log_kinds(agency)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "The law allows this search"),
        ({"case": ""}, "Looking back needs a case number."),
        ({"purpose": "immigration"}, "This search would be refused"),
        ({"purpose": ""}, "Choose a purpose"),
        (
            {
                "period": "custom",
                "since": "2026-09-01T00:00",
                "until": "2026-10-14T09:00",
            },
            "Nobody looks back further",
        ),
    ],
)
def test_the_panel_says_beforehand_and_records_nothing(
    agency: Agency, client_as: ClientAs, changes: Mapping[str, str], words: str
) -> None:
    answer = client_as(Role.INVESTIGATOR).post(
        "/search/explain", {**FORM, **changes}, headers={"hx-request": "true"}
    )

    assert answer.status_code == 200
    assert answer.text.strip().startswith("<aside")
    assert words in text_of(answer.text)
    assert "any one" in text_of(answer.text)
    assert log_kinds(agency) == ["person.signed_in"]


def test_without_scripts_the_law_is_asked_for_by_a_button_and_the_form_stays(
    agency: Agency, client_as: ClientAs
) -> None:
    client = client_as(Role.INVESTIGATOR)
    (button,) = client.page("/search").select("noscript button")

    answer = client.post(str(button["formaction"]), FORM)

    page = BeautifulSoup(answer.text, "html.parser")
    assert "The law allows this search" in text_of(str(page.select_one("#explain")))
    (plate,) = page.select("#plate")
    assert plate["value"] == FORM["plate"]
    assert not page.select(".co-summary")
    assert log_kinds(agency) == ["person.signed_in"]


def test_all_that_is_kept_is_within_the_law(client_as: ClientAs) -> None:
    answer = client_as(Role.INVESTIGATOR).post("/search", {**FORM, "period": "all"})

    assert answer.status_code == 200


def test_a_custom_period_is_meant_in_local_time(
    agency: Agency, client_as: ClientAs
) -> None:
    # Noon in the test is 12:00 UTC, 08:00 in Connecticut.
    seen(agency, "QX9A42", ago=timedelta(hours=1))
    desk = client_as(Role.INVESTIGATOR)
    form = {**FORM, "period": "custom", "since": "2026-10-15T06:30"}

    found = desk.post("/search", {**form, "until": "2026-10-15T07:30"})
    missed = desk.post("/search", {**form, "until": "2026-10-15T07:00"})

    assert "QX9A42" in found.text
    assert "No read fits" in missed.text


def test_an_hour_that_the_clocks_show_twice_is_searched_whole(
    agency: Agency, agency_clock: SettableClock, client_as: ClientAs
) -> None:
    # On 2026-11-01 in Connecticut 01:30 comes at 05:30 UTC and again at 06:30 UTC.
    agency_clock.now = datetime(2026, 11, 1, 12, tzinfo=UTC)
    make_buckets(agency)
    seen(agency, "QX9A42", ago=timedelta(hours=6))
    seen(agency, "QX9B43", ago=timedelta(hours=7))
    desk = client_as(Role.INVESTIGATOR)
    form = {**FORM, "period": "custom", "until": "2026-11-01T01:30"}

    found = desk.post("/search", {**form, "since": "2026-11-01T01:30"})
    empty = desk.post("/search", {**form, "since": "2026-11-01T02:30"})

    assert found.status_code == 200
    assert "QX9A42" in found.text
    assert "QX9B43" not in found.text
    assert "The period ends before it begins." in text_of(empty.text)


def test_without_its_form_token_nothing_is_searched(
    agency: Agency, client_as: ClientAs
) -> None:
    answer = client_as(Role.INVESTIGATOR).post("/search", {**FORM, "csrf": "x"})

    assert answer.status_code == 403
    assert "search.asked" not in log_kinds(agency)


def test_an_auditor_is_not_shown_the_form(client_as: ClientAs) -> None:
    assert client_as(Role.AUDITOR).get("/search").status_code == 403


def test_from_result_to_case(agency: Agency, client_as: ClientAs) -> None:
    taken(agency, a_read(agency, "QX9A42"), pictures=[b"plate", b"vehicle"])
    ines, sam = client_as(Role.INVESTIGATOR), client_as(Role.SUPERVISOR)
    page = BeautifulSoup(ines.post("/search", FORM).text, "html.parser")
    link = page.select_one("#read-1 a.usa-button")
    assert link is not None
    address = str(link["href"])

    ines.page(address)
    short = ines.post(address, {"reason": "short", "days": "90"})
    asked = ines.post(address, {"reason": "the car at the pump", "days": "90"})

    assert short.status_code == 422
    assert 'value="short"' in short.text
    assert asked.status_code == 303
    assert asked.headers["location"] == "/cases/26-1234?said=requested"
    assert "26-1234" in ines.page("/cases").get_text()
    case = sam.page("/cases/26-1234")
    approve = case.select_one('form[action$="/approve"]')
    assert approve is not None
    kept = sam.post(str(approve["action"]), {"case_ref": "26-1234"})
    assert kept.headers["location"] == "/cases/26-1234?said=kept"
    case = sam.page("/cases/26-1234?said=kept")
    assert "QX9A42" in case.get_text()
    picture = case.select_one("img.co-hold__picture")
    assert picture is not None
    assert sam.get(str(picture["src"])).content == b"plate"


def test_the_rules_are_open_to_everybody(client_as: ClientAs) -> None:
    for role in Role:
        page = client_as(role).page("/rules")
        assert page.select_one("#CT-21-days") is not None
        assert "This is not legal advice." in page.get_text()


def test_the_log_says_moments_and_names_as_people_do(
    agency: Agency, client_as: ClientAs
) -> None:
    public: dict[str, Value] = {
        "until": "2026-10-14T06:54:00+00:00",
        "limit_minutes": 30_240,
    }
    with agency.database.changes() as tx:
        agency.record(
            tx,
            Draft(kind=RecordKind.BUCKET_PURGED, at=agency.clock(), public=public),
        )

    log = client_as(Role.AUDITOR).page("/log")

    text = text_of(str(log))
    assert "until Oct 14, 2026 02:54 EDT" in text
    assert "limit minutes 30240" in text
    assert "limit_minutes" not in text
    assert log.select_one('td time[datetime="2026-10-14T02:54:00-04:00"]') is not None


def test_the_log_is_the_auditors(agency: Agency, client_as: ClientAs) -> None:
    seen(agency, "QX9A42")
    client_as(Role.INVESTIGATOR).post("/search", FORM)
    auditor = client_as(Role.AUDITOR)

    listed = auditor.page("/log?kind=search.asked")
    link = listed.select_one("tbody a")
    assert link is not None
    record = auditor.get(str(link["href"])).text

    assert "The rules say the same now: permitted" in record
    assert "•••?•*" in record
    assert "QX9" not in record
    assert auditor.get("/log/999").status_code == 404
    assert client_as(Role.SUPERVISOR).get("/log").status_code == 403
