"""Holds on their pages: forms that are wrong, documents, ends, and who may do what."""

import re
from collections.abc import Mapping
from datetime import timedelta

import attrs
import pytest
from bs4 import BeautifulSoup
from fastapi import FastAPI
from tests.support.agency import SettableClock
from tests.support.holds import (
    CASE,
    PDF,
    SAM,
    a_document,
    a_paper,
    a_picture,
    a_span,
    a_wish,
    asked_for,
)
from tests.support.sightings import log_kinds, placed, seen
from tests.support.tables import Tables
from tests.support.web import ClientAs, Desk, browser

from charteroak.core.case_file import CaseFile, Cases, RecordsUnreachableError
from charteroak.core.hold_ground import LARGEST_DOCUMENT
from charteroak.core.people import Role
from charteroak.server.actions.approve_hold import approve_hold
from charteroak.server.agency import Agency
from charteroak.server.web.app import create_app

DAY = timedelta(days=1)
NO_CAMERA = ("camera", "")
PATTERN = Cases(pattern=re.compile(r"\d\d-\d{4}"), example="26-4711")
WHAT = {
    "case": CASE,
    "purpose": "robbery",
    "camera": "main-st",
    "plates": "",
    "since": "2026-10-14T08:00",
    "until": "2026-10-15T08:00",
}
GROUND = {"basis": "case", "reason": "everything of the Green on Friday", "days": "90"}
COURT = {
    **GROUND,
    "basis": "paper",
    "title": "order",
    "issuer": "judge",
    "issued_by": "Superior Court, Judge R. Alvarez",
    "number": "HHD-CR26-0099",
    "dated": "2026-10-14",
}


@pytest.fixture
def agency(agency: Agency) -> Agency:
    """The agency, with a camera and a form for its case numbers."""
    placed(agency, "main-st", "Main Street at the Green")
    return attrs.evolve(agency, cases=PATTERN)


def send(
    desk: Desk, path: str, form: Mapping[str, str], *, file: bytes | None = None
) -> tuple[int, BeautifulSoup]:
    form = {name: value for name, value in form.items() if (name, value) != NO_CAMERA}
    files = None if file is None else {"document": ("a.pdf", file, "application/pdf")}
    answer = desk.post(path, dict(form), files=files)
    return answer.status_code, BeautifulSoup(answer.text, "html.parser")


def messages(page: BeautifulSoup) -> str:
    return " ".join(each.get_text(" ") for each in page.select(".usa-error-message"))


# --------------------------------------------------------------------- case numbers


@pytest.mark.parametrize("wrong", ["pharmacy", "26-471", "26-04711", "4711"])
def test_a_case_number_in_the_wrong_form_is_answered_with_one_that_is_right(
    agency: Agency, client_as: ClientAs, wrong: str
) -> None:
    ines, sam = client_as(Role.INVESTIGATOR), client_as(Role.SUPERVISOR)
    asked_for(agency, a_span(agency))

    search = {"purpose": "robbery", "case": wrong, "plate": "AB12345", "period": "24h"}
    for desk, path, form in (
        (ines, "/search", search),
        (ines, "/keep", {**WHAT, "case": wrong}),
        (ines, "/keep/ask", {**WHAT, **GROUND, "case": wrong}),
        (sam, "/end-case", {"case": CASE, "named": wrong}),
    ):
        status, page = send(desk, path, form)
        assert status == 422, path
        assert "26-4711" in messages(page), path
        # What was typed is still there.
        kept = page.select_one("#named" if path == "/end-case" else "#case")
        assert kept is not None
        assert kept["value"] == wrong


def test_an_emergency_is_bound_to_a_number_in_the_right_form(
    agency: Agency, client_as: ClientAs
) -> None:
    officer = client_as(Role.OFFICER)
    officer.post(
        "/search",
        {
            "purpose": "missing_person",
            "note": "boy of six, taken from the Green",
            "emergency": "yes",
            "plate": "AB12345",
            "period": "24h",
        },
    )
    form = officer.page("/search").select_one("form[action^='/emergencies/']")
    assert form is not None

    answer = officer.post(str(form["action"]), {"case_ref": "26-471"})

    text = answer.text
    if answer.status_code == 303:
        text = officer.get(answer.headers["location"]).text
    assert "26-4711" in text
    assert "emergency.bound" not in log_kinds(agency)


# ------------------------------------------------------------------- asking for one


def test_a_period_is_counted_then_asked_for_with_the_paper_of_a_court(
    agency: Agency, client_as: ClientAs, tables: Tables
) -> None:
    for hours in (1, 2, 3):
        seen(agency, ago=timedelta(hours=hours))
    ines = client_as(Role.INVESTIGATOR)

    status, counted = send(ines, "/keep", WHAT)
    assert status == 200
    assert "3 reads" in counted.select("h1")[0].text
    assert log_kinds(agency)[-1] == "hold.counted"
    answer = ines.post(
        "/keep/ask",
        {**WHAT, **COURT},
        files={"document": ("order.pdf", PDF, "application/pdf")},
    )

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/cases/{CASE}?said=requested"
    assert tables.rows("SELECT ground, unfinished FROM holds") == [
        ("court_order", False)
    ]
    sam = client_as(Role.SUPERVISOR)
    card = sam.page(f"/cases/{CASE}")
    assert "Order of a court" in card.text
    assert "Judge R. Alvarez" in card.text
    assert "3 reads that are there now" in card.text
    (hold,) = tables.rows("SELECT hold_id FROM holds")
    approved = sam.post(f"/holds/{hold[0]}/approve", {"case_ref": CASE})
    assert approved.headers["location"] == f"/cases/{CASE}?said=kept-span"
    assert "3 reads, unseen" in sam.page(f"/cases/{CASE}").text
    assert "AB12345" not in sam.get(f"/cases/{CASE}").text
    document = sam.get(f"/holds/{hold[0]}/document")
    assert document.content == PDF
    assert document.headers["content-disposition"].startswith("attachment")
    assert document.headers["cache-control"] == "no-store"


def test_how_often_a_car_was_seen_is_not_told_before_a_search(
    agency: Agency, client_as: ClientAs
) -> None:
    seen(agency, "AB12345")
    ines = client_as(Role.INVESTIGATOR)

    for plate in ("AB12345", "ZZ99999"):
        _status, page = send(ines, "/keep", {**WHAT, "camera": "", "plates": plate})
        text = page.get_text(" ", strip=True)
        assert "every read of these plates" in text
        assert not re.search(r"\b[0-9]+ reads?\b", text)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"camera": "", "plates": ""}, "Choose cameras, or give plates"),
        ({"plates": "AB?"}, "whole plates"),
        ({"plates": ",".join(f"AB{n:04d}" for n in range(11))}, "ten plates"),
        ({"until": "2026-10-13T08:00"}, "ends before it begins"),
        ({"since": "2026-06-01T08:00"}, "92 days"),
        ({"since": "soon"}, "a date and a time"),
        ({"case": ""}, "Give the number of the case, such as 26-4711"),
        ({"purpose": "cats"}, "Choose what the case is about"),
        (
            {"since": "2026-08-01T08:00", "until": "2026-08-02T08:00"},
            "All of this period is too long ago",
        ),
    ],
)
def test_a_period_that_cannot_be_kept_says_why(
    client_as: ClientAs, change: dict[str, str], told: str
) -> None:
    status, page = send(client_as(Role.INVESTIGATOR), "/keep", {**WHAT, **change})

    assert status == 422
    assert told in messages(page)


@pytest.mark.parametrize(
    ("change", "file", "told"),
    [
        ({}, None, "Choose the file"),
        ({}, b"<html>hello", "PDF, JPEG or PNG"),
        ({}, PDF + bytes(LARGEST_DOCUMENT), "10 MB"),
        ({"dated": "2026-10-16"}, PDF, "has not come yet"),
        ({"dated": "Friday"}, PDF, "Give the day"),
        ({"issuer": ""}, PDF, "Choose who signed it"),
        ({"number": " "}, PDF, "Give the number on the paper"),
        ({"basis": "because"}, PDF, ""),
        ({"days": "4000"}, PDF, "30, 90, 180 or 365"),
        ({"reason": "inv"}, PDF, "10 to 300"),
    ],
)
def test_a_ground_that_is_not_whole_is_not_taken(
    client_as: ClientAs,
    tables: Tables,
    change: dict[str, str],
    file: bytes | None,
    told: str,
) -> None:
    status, page = send(
        client_as(Role.INVESTIGATOR),
        "/keep/ask",
        {**WHAT, **COURT, **change},
        file=file,
    )

    assert status == 422
    assert told in page.get_text(" ")
    assert tables.count("holds") == 0
    # The form is there again as it was filled.
    assert page.select_one("input[name=since]")["value"] == WHAT["since"]  # type: ignore[index]


def test_a_document_that_is_far_too_large_is_not_even_read(client_as: ClientAs) -> None:
    status, _page = send(
        client_as(Role.INVESTIGATOR),
        "/keep/ask",
        {**WHAT, **COURT},
        file=PDF + bytes(LARGEST_DOCUMENT + 2 * 1024 * 1024),
    )

    assert status == 413


def test_a_large_form_is_read_only_from_whoever_may_hold(
    client_as: ClientAs, app: FastAPI
) -> None:
    stranger = browser(app)
    assert stranger.post("/keep/ask", {**WHAT, **COURT}).status_code in {303, 401}
    officer, _page = send(
        client_as(Role.OFFICER), "/keep/ask", {**WHAT, **COURT}, file=PDF
    )
    assert officer == 403


def test_an_administrative_warrant_is_refused_with_its_rule(
    client_as: ClientAs, tables: Tables
) -> None:
    form = {**WHAT, **COURT, "title": "warrant", "issuer": "agency"}

    status, page = send(client_as(Role.INVESTIGATOR), "/keep/ask", form, file=PDF)

    assert status == 403
    assert "CO-administrative-warrant" in page.text
    assert tables.count("holds") == 0


def test_a_request_to_preserve_comes_with_its_person(
    client_as: ClientAs, tables: Tables
) -> None:
    ines = client_as(Role.INVESTIGATOR)
    form = {**WHAT, **GROUND, "basis": "request", "asked_on": "2026-10-14"}
    status, page = send(ines, "/keep/ask", form)
    assert status == 422
    assert "Choose who asks." in messages(page)

    more = {"party": "defence", "asker": "Attorney J. Bell", "contact": "555-0100"}
    answer = ines.post("/keep/ask", {**form, **more})

    assert answer.status_code == 303
    assert tables.rows("SELECT party, contact FROM hold_papers") == [
        ("defence", "555-0100")
    ]


# --------------------------------------------------------- lists, extensions, ends


def test_holds_are_listed_by_the_day_they_end_and_those_that_end_soon_are_marked(
    agency: Agency, client_as: ClientAs, agency_clock: SettableClock
) -> None:
    first = asked_for(agency, a_span(agency))
    approve_hold(agency, SAM, first)
    agency_clock.advance(5 * DAY)
    asked_for(agency, a_span(agency), paper=a_wish())
    ines = client_as(Role.INVESTIGATOR)

    rows = [
        row.get_text(" ", strip=True) for row in ines.page("/holds").select("tbody tr")
    ]
    assert "Active case" in rows[0]
    assert "Request to preserve" in rows[1]
    assert "in 85 days" in rows[0]
    agency_clock.advance(75 * DAY)
    ines = client_as(Role.INVESTIGATOR)
    row = ines.page("/holds").select("tbody tr")[0]
    assert row.select_one(".co-status--attention") is not None
    assert client_as(Role.DISPATCHER).get("/holds").status_code == 403


def test_an_extension_is_asked_for_and_approved_by_another(
    agency: Agency, client_as: ClientAs, tables: Tables
) -> None:
    hold = asked_for(agency, a_span(agency))
    approve_hold(agency, SAM, hold)
    both = client_as(Role.INVESTIGATOR, Role.SUPERVISOR)
    sam = client_as(Role.SUPERVISOR)
    status, page = send(
        both,
        f"/holds/{hold}/extension",
        {"case_ref": CASE, "reason": "why", "days": "30"},
    )
    assert status == 422
    assert "10 to 300 characters" in messages(page)
    vague = both.post(
        f"/holds/{hold}/extension",
        {"case_ref": CASE, "reason": "ICE wants the car", "days": "30"},
    )
    assert vague.status_code == 403

    asked = both.post(
        f"/holds/{hold}/extension",
        {"case_ref": CASE, "reason": "the trial was put off", "days": "30"},
    )
    assert asked.headers["location"].endswith("said=extension")
    own = both.post(f"/holds/{hold}/extend", {"case_ref": CASE})
    assert own.headers["location"].endswith("said=same")
    seen = sam.page(f"/cases/{CASE}")
    assert "the trial was put off" in seen.text
    (shown,) = seen.select(f'form[action="/holds/{hold}/extend"] [name=shown]')
    stale = sam.post(f"/holds/{hold}/extend", {"case_ref": CASE})
    assert stale.headers["location"].endswith("said=changed")
    done = sam.post(f"/holds/{hold}/extend", {"shown": str(shown["value"])})

    assert done.headers["location"].endswith("said=extended")
    assert tables.rows("SELECT ends_at - requested_at FROM holds") == [(120 * DAY,)]
    assert tables.public_entries("hold.extended") == [{"days": 30}]
    assert tables.public_entries("hold.decided")[-1]["approval"] == "given"
    again = sam.post(f"/holds/{hold}/extend", {"case_ref": CASE})
    assert again.headers["location"].endswith("said=none")


def test_a_hold_that_ended_is_not_extended(
    agency: Agency, client_as: ClientAs, agency_clock: SettableClock
) -> None:
    hold = asked_for(agency, a_span(agency))
    approve_hold(agency, SAM, hold)
    agency_clock.advance(90 * DAY)

    late = client_as(Role.INVESTIGATOR).post(
        f"/holds/{hold}/extension",
        {"case_ref": CASE, "reason": "the trial was put off", "days": "30"},
    )

    assert late.headers["location"].endswith("said=none")


def test_ending_a_case_names_it_and_ends_all_its_holds(
    agency: Agency, client_as: ClientAs, tables: Tables
) -> None:
    seen(agency)
    for paper, document in ((None, None), (a_paper(), a_document())):
        hold = asked_for(agency, a_span(agency), paper=paper, document=document)
        approve_hold(agency, SAM, hold)
    sam = client_as(Role.SUPERVISOR)
    page = sam.page(f"/end-case?case={CASE}")
    assert "2 holds end" in page.text
    assert "2 reads are deleted" in page.text
    assert "Order of a court" in page.text

    wrong = sam.post("/end-case", {"case": CASE, "named": "26-9999"})
    assert wrong.status_code == 422
    assert "Nothing was deleted" in wrong.text
    assert (
        client_as(Role.INVESTIGATOR)
        .post("/end-case", {"case": CASE, "named": CASE})
        .status_code
        == 403
    )
    assert tables.rows("SELECT count(*) FROM holds WHERE ended_at IS NULL") == [(2,)]

    done = sam.post("/end-case", {"case": CASE, "named": f" {CASE} "})

    assert done.headers["location"] == "/holds?said=ended"
    assert tables.rows("SELECT count(*) FROM holds WHERE ended_at IS NULL") == [(0,)]
    assert tables.public_entries("case.ended") == [{"holds": 2}]
    assert tables.public_entries("hold.ended") == [{"why": "case_ended"}] * 2
    again = sam.post("/end-case", {"case": CASE, "named": CASE})
    assert again.headers["location"] == "/holds?said=nothing"


@attrs.frozen
class Records:
    """A records system with one closed case, that may be out of order."""

    out_of_order: bool = False

    def find(self, case_ref: str) -> CaseFile | None:
        if self.out_of_order:
            raise RecordsUnreachableError("it does not answer")
        return CaseFile(open=case_ref != CASE)


@pytest.mark.parametrize(
    ("records", "told"),
    [
        (Records(), CASE),
        (Records(out_of_order=True), "stopped answering after 0 cases"),
        (None, "No records system is connected"),
    ],
)
def test_closed_cases_are_listed_and_nothing_is_deleted_by_that(
    agency: Agency,
    client_as: ClientAs,
    tables: Tables,
    records: Records | None,
    told: str,
) -> None:
    asked_for(agency, a_span(agency))
    connected = attrs.evolve(agency, cases=attrs.evolve(PATTERN, records=records))
    desk = browser(create_app(connected))
    sam = client_as(Role.SUPERVISOR)
    desk.http.cookies = sam.http.cookies

    page = desk.page("/holds/closed")

    assert told in page.select("main")[0].get_text(" ", strip=True)
    assert tables.rows("SELECT count(*) FROM holds WHERE ended_at IS NULL") == [(1,)]
    assert client_as(Role.INVESTIGATOR).get("/holds/closed").status_code == 403


def test_a_hold_is_searched_from_its_page(
    agency: Agency, client_as: ClientAs, tables: Tables
) -> None:
    seen(agency, "AB12345")
    hold = asked_for(agency, a_span(agency))
    approve_hold(agency, SAM, hold)
    ines = client_as(Role.INVESTIGATOR)
    path = f"/holds/{hold}/search"

    assert ines.get(f"{path}?case={CASE}").status_code == 200
    assert send(ines, path, {"case": CASE, "note": ""})[0] == 422
    assert send(ines, path, {"case": CASE, "note": "x", "plate": "*"})[0] == 422
    status, vague = send(ines, path, {"case": CASE, "note": "inv"})
    assert status == 403
    assert "CO-note" in vague.text
    status, page = send(ines, path, {"case": CASE, "note": "robbery of the pharmacy"})

    assert status == 200
    assert "1 held read" in page.text
    assert page.select_one(".co-plate__glyphs").text == "AB12345"  # type: ignore[union-attr]
    assert tables.public_entries("hold.searched")[-1]["decision"] == "permitted"


def test_a_picture_may_be_the_document(client_as: ClientAs) -> None:
    ines = client_as(Role.INVESTIGATOR)
    answer = ines.post(
        "/keep/ask",
        {**WHAT, **COURT},
        files={"document": ("order.png", a_picture(), "image/png")},
    )

    assert answer.status_code == 303


def test_a_hold_that_became_due_before_its_approval_says_so(
    agency: Agency, client_as: ClientAs, agency_clock: SettableClock
) -> None:
    seen(agency)
    hold = asked_for(agency, a_span(agency))
    agency_clock.advance(agency.retention.limit + DAY)
    sam = client_as(Role.SUPERVISOR)

    answer = sam.post(f"/holds/{hold}/approve", {"case_ref": CASE})

    page = sam.page(answer.headers["location"])
    assert "Too late: it is due" in page.text
    assert "Nothing could be kept" in page.text
    assert "Ended" in page.select("article")[0].text
