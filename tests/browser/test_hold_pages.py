"""The pages of holds in a browser: asked for, approved, looked into, extended, ended.

One agency for the module; each page is looked at for barriers and for what does not fit,
on a phone and on a desktop, and the way through them is walked with and without script.
"""

import io
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import attrs
import numpy as np
import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect
from tests.browser.test_pages import CONTRAST, TOO_SMALL, TOO_WIDE, WCAG, barriers
from tests.support.agency import SettableClock, a_fresh_agency
from tests.support.chromium import DESKTOP, errors_of
from tests.support.holds import PDF, a_document, a_paper, a_wish
from tests.support.live import served
from tests.support.shelf import Shelf
from tests.support.sightings import a_read, placed, taken
from tests.support.web import PASSWORD, somebody

from charteroak.core.camera import CameraId
from charteroak.core.case_file import Cases
from charteroak.core.hold import HoldId
from charteroak.core.hold_ground import Document, HoldPaper
from charteroak.core.hold_span import HoldSpan
from charteroak.core.people import Person, Role
from charteroak.core.plate import PlateText
from charteroak.core.search import Purpose
from charteroak.law.profile import Limit
from charteroak.rendering.plate import render_plate
from charteroak.server.actions.approve_hold import SpanBegun, approve_hold
from charteroak.server.actions.note_retention import note_retention
from charteroak.server.actions.request_extension import request_extension
from charteroak.server.actions.request_hold import HoldRequested, request_span
from charteroak.server.agency import Agency
from charteroak.server.outbound.case_csv import CsvCases
from charteroak.server.web.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("holds")]

CASE, CLOSED, OTHER = "26-04417", "26-03900", "26-05120"
PHONE = {"width": 390, "height": 844}
PLATE = "BK47193"
DAY = timedelta(days=1)
INES, SAM = "ines.c", "sam.d"


@attrs.frozen
class Town:
    """A served agency with holds in every state, and the browser that looks at it."""

    agency: Agency
    address: str
    chromium: Browser
    holds: dict[str, HoldId]

    def page(self, login: str, *, scripts: bool = True) -> Page:
        """A page of somebody who signed in at the form."""
        context = self.chromium.new_context(
            viewport=DESKTOP, java_script_enabled=scripts, color_scheme="light"
        )
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.goto(f"{self.address}/sign-in?next=/cases")
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_selector(".co-me")
        return page


def a_picture(plate: str) -> bytes:
    image = render_plate(plate, state="CT", width_px=240, rng=np.random.default_rng(1))
    held = io.BytesIO()
    image.convert("RGB").save(held, "JPEG", quality=88)
    return held.getvalue()


@pytest.fixture(scope="module")
def town(
    agencies: Shelf, tmp_path_factory: pytest.TempPathFactory, chromium: Browser
) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("holds")
    records = folder / "cases.csv"
    records.write_text(f"case,status\n{CASE},open\n{CLOSED},closed\n{OTHER},open\n")
    clock = SettableClock()
    with a_fresh_agency(agencies, clock, folder) as made:
        agency = attrs.evolve(
            made, cases=Cases(example="26-01234", records=CsvCases(records))
        )
        with served(create_app(agency)) as address:
            yield Town(agency, address, chromium, furnished(agency))


def furnished(agency: Agency) -> dict[str, HoldId]:
    """Cameras, reads, two people, and a hold in each state."""
    ines = somebody(agency, Role.INVESTIGATOR, login=INES)
    sam = somebody(agency, Role.SUPERVISOR, login=SAM)
    placed(agency, "main-st", "Main Street at the Green, northbound")
    placed(agency, "mill-road", "Mill Road at the bridge")
    for hours in range(1, 15):
        plate = PLATE if hours % 4 == 1 else f"AB{hours:05d}"
        camera = "main-st" if hours % 2 else "mill-road"
        read = a_read(agency, plate, ago=timedelta(hours=hours), camera=camera)
        taken(agency, read, pictures=[a_picture(plate), b"vehicle"])
    made = {
        "order": ask(agency, ines, paper=a_paper(), document=a_document()),
        "wish": ask(agency, ines, paper=a_wish(), back=40 * DAY),
        "plates": ask(agency, ines, plates=(PLATE,)),
        "closed": ask(agency, ines, case=CLOSED, days=30),
        "waits": ask(agency, ines, case=OTHER, ahead=3 * DAY),
    }
    for word in ("order", "plates", "closed"):
        assert isinstance(approve_hold(agency, sam, made[word]), SpanBegun)
    request_extension(
        agency, ines, made["closed"], reason="the trial was put off", span=30 * DAY
    )
    law = Limit(limit=21 * DAY, because="US-CT", statute="Conn. P.A. 26-14, sec. 13")
    note_retention(agency, law)
    note_retention(agency, attrs.evolve(law, limit=7 * DAY, because="agency setting"))
    return made


def ask(  # noqa: PLR0913  (what differs, by name)
    agency: Agency,
    who: Person,
    *,
    case: str = CASE,
    paper: HoldPaper | None = None,
    document: Document | None = None,
    plates: tuple[str, ...] = (),
    back: timedelta = DAY,
    ahead: timedelta = timedelta(0),
    days: int = 90,
) -> HoldId:
    now = agency.clock()
    answer = request_span(
        agency,
        who,
        HoldSpan(
            since=now - back,
            until=now + ahead + timedelta(seconds=1),
            cameras=frozenset() if plates else frozenset({CameraId("main-st")}),
            plates=tuple(PlateText(each) for each in plates),
        ),
        case_ref=case,
        purpose=Purpose("robbery"),
        reason="everything of the Green on the day of the robbery",
        keep=timedelta(days=days),
        paper=paper,
        document=document,
    )
    assert isinstance(answer, HoldRequested), answer
    return answer.hold_id


# ------------------------------------------------------------------ how to get there


def fill_what(page: Page, *, case: str = CASE, plates: str = "") -> None:
    page.fill("#case", case)
    page.select_option("#purpose", "robbery")
    page.fill("#since", "2026-09-10T06:00")
    page.fill("#until", "2026-10-16T06:00")
    if plates:
        page.fill("#plates", plates)
    else:
        page.locator("label[for=camera-main-st]").click()


def counted(town: Town, page: Page) -> None:
    page.goto(f"{town.address}/keep")
    fill_what(page)
    page.locator("main form button").click()
    expect(page.locator("h1")).to_contain_text("This would keep 7 reads")


def by_plate(town: Town, page: Page) -> None:
    page.goto(f"{town.address}/keep")
    fill_what(page, plates="BK4-7193, cd 123")
    page.locator("main form button").click()
    expect(page.locator("h1")).to_contain_text("every read of these plates")


def nothing_typed(town: Town, page: Page) -> None:
    page.goto(f"{town.address}/keep")
    page.locator("main form button").click()
    expect(page.locator(".co-summary")).to_be_visible()


def no_ground(town: Town, page: Page) -> None:
    counted(town, page)
    page.locator("label[for=basis-paper]").click()
    page.locator("main form button").click()
    expect(page.locator(".co-summary")).to_contain_text("Choose who signed it")


def request_typed(town: Town, page: Page) -> None:
    counted(town, page)
    page.locator("label[for=basis-request]").click()


def refused(town: Town, page: Page) -> None:
    counted(town, page)
    page.locator("label[for=basis-paper]").click()
    page.select_option("#title", "warrant")
    page.select_option("#issuer", "agency")
    page.fill("#issued_by", "Field office")
    page.fill("#number", "I-200")
    page.fill("#dated", "2026-10-14")
    page.fill("#reason", "everything of the Green on Friday")
    page.set_input_files(
        "#document", FilePayload(name="w.pdf", mimeType="application/pdf", buffer=PDF)
    )
    page.locator("main form button").click()
    expect(page.locator(".co-refusal")).to_contain_text("CO-administrative-warrant")


def misnamed(town: Town, page: Page) -> None:
    page.goto(f"{town.address}/end-case?case={CLOSED}")
    page.fill("#named", "26-9")
    page.locator(".usa-button--danger").click()
    expect(page.locator(".co-summary")).to_be_visible()


def searched(town: Town, page: Page) -> None:
    page.goto(f"{town.address}/holds/{town.holds['order']}/search?case={CASE}")
    page.fill("#note", "robbery of the pharmacy, red car")
    page.locator("main form button").click()
    expect(page.locator("h1")).to_contain_text("7 held reads")


def unsaid(town: Town, page: Page) -> None:
    page.goto(f"{town.address}/holds/{town.holds['order']}/search?case={CASE}")
    page.locator("main form button").click()
    expect(page.locator(".co-summary")).to_be_visible()


def hold_a_read(town: Town, page: Page) -> None:
    page.goto(f"{town.address}/search")
    page.select_option("#purpose", "robbery")
    page.fill("#case", CASE)
    page.fill("#plate", PLATE)
    page.locator(".co-search__go button").click()
    page.locator("a[href$=hold]").first.click()
    page.locator("label[for=basis-paper]").click()
    expect(page.locator("#issued_by")).to_be_visible()
    expect(page.locator("#asker")).to_be_hidden()


def at(path: str) -> Callable[[Town, Page], None]:
    def go(town: Town, page: Page) -> None:
        page.goto(f"{town.address}{path}")

    return go


PLACES: list[tuple[str, str, Callable[[Town, Page], None], int]] = [
    ("limits", INES, at("/rules#limits"), 0),
    ("hold-a-read", INES, hold_a_read, 0),
    ("keep", INES, at("/keep"), 0),
    ("keep-wrong", INES, nothing_typed, 422),
    ("keep-counted", INES, counted, 0),
    ("keep-plates", INES, by_plate, 0),
    ("keep-no-ground", INES, no_ground, 422),
    ("keep-request", INES, request_typed, 0),
    ("keep-refused", INES, refused, 403),
    ("case", SAM, at(f"/cases/{CASE}"), 0),
    ("case-closed", SAM, at(f"/cases/{CLOSED}"), 0),
    ("cases", SAM, at("/cases"), 0),
    ("holds", SAM, at("/holds"), 0),
    ("holds-closed", SAM, at("/holds/closed"), 0),
    ("case-end", SAM, at(f"/end-case?case={CASE}"), 0),
    ("case-end-none", SAM, at("/end-case?case=26-00001"), 0),
    ("case-end-misnamed", SAM, misnamed, 422),
    ("hold-search", INES, searched, 0),
    ("hold-search-unsaid", INES, unsaid, 422),
]


@pytest.mark.parametrize(
    ("name", "login", "go", "status"), PLACES, ids=[each[0] for each in PLACES]
)
def test_a_page_is_right(
    town: Town,
    name: str,
    login: str,
    go: Callable[[Town, Page], None],
    status: int,
) -> None:
    page = town.page(login)
    errors = errors_of(page)
    go(town, page)
    shots = os.environ.get("CHARTEROAK_SHOTS")
    if shots:
        page.screenshot(path=Path(shots) / f"{name}-1366.png", full_page=True)
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    wrong = barriers(page, **WCAG)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    wrong += [f"dark: {each}" for each in barriers(page, **CONTRAST)]
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    for width in (360, 390, 683):
        page.set_viewport_size({"width": width, "height": 844})
        wrong += [f"{width}: too wide: {e}" for e in page.evaluate(TOO_WIDE)]
        wrong += [f"{width}: too small: {e}" for e in page.evaluate(TOO_SMALL, 24)]
    if shots:
        page.set_viewport_size({"width": 390, "height": 844})
        page.screenshot(path=Path(shots) / f"{name}-390.png", full_page=True)
    wrong += [each for each in errors if f" {status} " not in each]
    page.context.close()
    assert wrong == []


def test_without_scripts_everything_is_there_and_works(town: Town) -> None:
    page = town.page(INES, scripts=False)
    counted(town, page)
    for field in ("#title", "#issued_by", "#party", "#asker", "#document"):
        expect(page.locator(field)).to_be_visible()
    page.locator("label[for=basis-request]").click()
    page.select_option("#party", "defence")
    page.fill("#asked_on", "2026-10-14")
    page.fill("#asker", "Attorney J. Bell, for the defense")
    page.fill("#contact", "bell@example.org")
    page.fill("#reason", "the defense wants all of the Green")
    page.locator("main form button").click()

    expect(page.locator("main")).to_contain_text("A supervisor who is not you")
    sam = town.page(SAM, scripts=False)
    sam.goto(f"{town.address}/cases/{CASE}")
    card = sam.locator("article", has_text="the defense wants all of the Green")
    card.get_by_role("button", name="Approve and copy it, unseen").click()
    expect(sam.locator("main")).to_contain_text("All reads that there are so far")
    expect(card).to_contain_text("7 reads, unseen")
    for each in (page, sam):
        each.context.close()
