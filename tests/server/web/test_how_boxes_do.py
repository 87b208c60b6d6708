"""How boxes and cameras do, on the pages: a quiet street is not a dead camera."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup, Tag
from fastapi import FastAPI
from tests.support.agency import NOON, SettableClock
from tests.support.box import CAMERA, a_box, a_camera_report, a_report
from tests.support.pseudo import Pseudo, untranslated
from tests.support.tables import Tables
from tests.support.web import PASSWORD, ClientAs, Desk, browser, somebody

from charteroak.core.people import Role
from charteroak.server.actions.see_cameras import see_cameras
from charteroak.server.actions.see_status import Trouble, see_status
from charteroak.server.actions.sign_in import SignedInAs, sign_in
from charteroak.server.agency import Agency
from charteroak.server.web.app import create_app
from charteroak.server.web.session import COOKIE

BLIND = a_camera_report(
    "elm-north", gives_picture=False, for_s=600, fps=0.0, last_frame_s=605, why="denied"
)


def words(page: BeautifulSoup | Tag | None) -> str:
    assert page is not None
    for line in page.find_all("br"):
        line.replace_with(" ")
    return " ".join(page.get_text("").split())


def strip(desk: Desk) -> str:
    return words(desk.page("/board").select_one("[data-strip]"))


def read_hours_ago(tables: Tables, hours: int) -> None:
    hour = (NOON - timedelta(hours=hours)).isoformat()
    tables.change("DELETE FROM read_counts")
    tables.change(
        f"INSERT INTO read_counts VALUES ('{CAMERA}', '{hour}', 1, 0, 0, 0)"  # noqa: S608 - of this file
    )


def test_each_page_says_how_boxes_and_cameras_do(
    agency: Agency, agency_clock: SettableClock, client_as: ClientAs
) -> None:
    box = a_box(agency, CAMERA, "elm-north", "oak-north")
    desk = client_as(Role.DISPATCHER)
    never = words(desk.page("/cameras").select_one(f"#at-{CAMERA}"))
    box.report(a_report(a_camera_report(), BLIND, waiting=3, oldest_s=40))
    agency_clock.advance(timedelta(seconds=20))

    page = desk.page("/cameras")
    said = strip(desk)
    status = words(desk.page("/status"))

    assert "never read" in never
    main, elm, oak = (
        words(page.select_one(f"#at-{each}"))
        for each in (CAMERA, "elm-north", "oak-north")
    )
    assert "there 5.0 frames a second, last 20 seconds ago" in main
    assert "no picture" in elm
    assert "none since 07:50 EDT: it does not accept the box's name or password" in elm
    assert "not watched the box was not told where its pictures are" in oak
    boxes = words(page.select_one("[aria-labelledby='boxes-head']"))
    assert "20 seconds ago 3 reads wait the oldest for 40 seconds 40 GB free" in boxes
    assert "charteroak 0.2.0" in boxes
    assert "1 of 3 cameras heard" in said
    assert "gives no picture since 07:50 EDT" in said
    assert "its box does not watch it" in said
    assert "A camera gives no picture" in status
    assert see_status(agency).troubles == (Trouble.CAMERA_NO_PICTURE,)

    agency_clock.advance(timedelta(minutes=3))
    elm = words(desk.page("/cameras").select_one("#at-elm-north"))
    assert "no word from its box" in elm
    assert "not known no word from the box since 08:00 EDT" in elm
    assert "0 of 3 cameras heard" in strip(desk)
    assert "no word from its box since 08:00 EDT" in strip(desk)
    seen = see_status(agency)
    assert seen.troubles == (Trouble.BOX_SILENT,)
    assert [each.since for each in seen.named(Trouble.BOX_SILENT)] == [NOON]
    for path in ("/cameras", "/board", "/status"):
        assert "co-status--danger" not in desk.get(path).text


@pytest.mark.parametrize(
    ("hours_ago", "reports", "state"),
    [
        (1, True, "working"),
        (2, True, "quiet-street"),
        (23, True, "quiet-street"),
        (24, True, "quiet"),
        (2, False, "quiet"),
    ],
)
def test_a_quiet_street_is_no_dead_camera(
    agency: Agency, tables: Tables, hours_ago: int, *, reports: bool, state: str
) -> None:
    box = a_box(agency)
    read_hours_ago(tables, hours_ago)
    if reports:
        box.report(a_report(a_camera_report()))

    assert see_cameras(agency).cameras[0].state == state


def test_a_night_without_cars_is_calm_on_every_page(
    agency: Agency, agency_clock: SettableClock, client_as: ClientAs, tables: Tables
) -> None:
    box = a_box(agency)
    box.send(box.read())
    read_hours_ago(tables, 6)
    agency_clock.advance(timedelta(hours=6))
    tables.change("UPDATE read_counts SET hour = hour + interval '6 hours'")
    box.report(a_report(a_camera_report()))
    desk = client_as(Role.DISPATCHER)

    shown = desk.page("/cameras").select_one(f"#at-{CAMERA}")

    assert "quiet street" in words(shown)
    assert shown is not None
    assert shown.select(".co-status--attention") == []
    assert "1 camera heard" in strip(desk)
    assert "gives its picture; last reads" in strip(desk)
    assert see_status(agency).troubles == ()


def test_of_two_boxes_the_one_that_has_the_picture_counts(agency: Agency) -> None:
    old = a_box(agency)
    new = a_box(agency)
    new.report(a_report(a_camera_report()))
    old.report(a_report(a_camera_report(gives_picture=False, for_s=90, why="silent")))
    old.report(a_report(number=2))

    assert see_cameras(agency).cameras[0].state == "never-read"
    assert see_status(agency).blind == ()


def test_a_held_up_queue_a_full_disk_and_lost_reads_are_told(
    agency: Agency, agency_clock: SettableClock, client_as: ClientAs
) -> None:
    box = a_box(agency)
    desk = client_as(Role.ADMINISTRATOR)
    held = {"waiting": 1, "oldest_s": 600, "disk_free_bytes": 9 * 10**8}
    box.report(a_report(a_camera_report(), lost=4, **held))

    first = words(desk.page("/cameras"))
    troubles = see_status(agency).troubles
    box.report(a_report(a_camera_report(), number=2, lost=16))
    second = desk.page("/cameras")
    status = desk.page("/status")

    assert "1 read waits the oldest for 10 minutes nearly full 900 MB free" in first
    assert "lost" not in first
    assert troubles == (Trouble.BOX_QUEUE_OLD, Trouble.BOX_DISK_LOW)
    (red,) = second.select(".co-status--danger")
    assert words(red) == "16 reads lost"
    assert [words(each) for each in status.select(".co-status--danger")] == [
        "reads lost"
    ]
    agency_clock.advance(timedelta(days=1))
    box.report(a_report(a_camera_report(), number=3, lost=16))
    assert see_status(agency).troubles == ()


def test_every_text_of_the_boxes_goes_through_gettext(
    agency: Agency, agency_clock: SettableClock
) -> None:
    app: FastAPI = create_app(agency, words=Pseudo())
    desk = browser(app)
    ada = somebody(agency, Role.ADMINISTRATOR, Role.DISPATCHER)
    signed_in = sign_in(agency, ada.login, PASSWORD)
    assert isinstance(signed_in, SignedInAs)
    desk.http.cookies.set(COOKIE, signed_in.token, domain="localhost.local")
    box = a_box(agency, CAMERA, "elm-north", "oak-north")
    box.report(a_report(a_camera_report(), BLIND, waiting=3, oldest_s=900))
    box.report(a_report(a_camera_report(), BLIND, number=2, lost=2, disk_free_bytes=1))

    for _ in range(2):
        page = desk.page("/cameras")
        tables = "".join(str(table) for table in page.select("table"))
        assert untranslated(tables) == []
        sections = desk.page("/status").select("section")
        assert untranslated("".join(map(str, sections))) == []
        agency_clock.advance(timedelta(minutes=3))
