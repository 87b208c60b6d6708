"""Cameras and Status where what hits nothing is forgotten at the camera."""

from collections.abc import Iterator
from pathlib import Path

import attrs
import msgspec
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from tests.server.a_state import under
from tests.support.agency import SettableClock, a_fresh_agency
from tests.support.box import a_box, a_camera_report, a_report
from tests.support.chromium import DESKTOP, PHONE, errors_of
from tests.support.live import served
from tests.support.shelf import Shelf
from tests.support.web import PASSWORD, somebody

from charteroak.core.people import Role
from charteroak.server.actions.note_box_report import Noted
from charteroak.server.agency import Agency
from charteroak.server.web.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("boxes-that-forget")]

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
TOO_WIDE = """() => [...document.querySelectorAll("main *")]
    .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
    .filter((each) => !each.closest(".co-map, .usa-sr-only, thead"))
    .map((each) => each.tagName + "." + each.className)
"""
SAID: dict[str, dict[str, object]] = {
    "good": {"mode": "edge-only", "list_left_s": 39_000, "memory_safe": True},
    "blunt": {"mode": "edge-only", "list_left_s": None, "memory_safe": False},
    "unheard": {"mode": "ordinary"},
    "old": {},
    "still": {"mode": "stopped"},
}


@attrs.frozen
class Town:
    """A served agency whose boxes said what they keep, and the browser."""

    agency: Agency
    address: str
    chromium: Browser

    def page(self, path: str, size: ViewportSize) -> Page:
        login = f"ada-{path.strip('/')}-{size['width']}"
        somebody(self.agency, Role.ADMINISTRATOR, login=login)
        context = self.chromium.new_context(viewport=size)
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.goto(f"{self.address}/sign-in?next={path}")
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_selector(".co-me")
        page.goto(f"{self.address}{path}")
        return page


@pytest.fixture(scope="module")
def town(
    agencies: Shelf, tmp_path_factory: pytest.TempPathFactory, chromium: Browser
) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    with a_fresh_agency(agencies, SettableClock(), folder) as agency:
        for name, said in SAID.items():
            box = a_box(agency, f"{name}-street")
            hour = int(agency.clock().timestamp()) // 3600
            seen = a_camera_report(
                f"{name}-street", forgotten=[(hour, 41), (hour - 1, 97)]
            )
            report = msgspec.structs.replace(a_report(seen), **said)
            assert isinstance(box.report(report), Noted)
            with agency.database.changes() as tx:
                tx.connection.execute(
                    "UPDATE boxes SET name = %s WHERE box_id = %s",
                    (f"{name} box", box.device),
                )
        minimal = under(agency, "us_ct", "minimal")
        with served(create_app(minimal)) as address:
            yield Town(minimal, address, chromium)


def barriers(page: Page) -> list[str]:
    page.evaluate(AXE.read_text())
    found: list[str] = page.evaluate(
        """async () => {
            const result = await axe.run(document, { resultTypes: ["violations"] });
            if (!result.passes.length) return ["axe looked at nothing"];
            return result.violations
                .filter((each) => ["serious", "critical"].includes(each.impact))
                .map((each) => `${each.id}: ${each.nodes[0].target}`);
        }"""
    )
    return found


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_cameras_page_says_what_each_box_keeps(
    town: Town, size: ViewportSize
) -> None:
    page = town.page("/cameras", size)
    errors = errors_of(page)
    page.reload()

    head = page.locator("section", has=page.locator("#keeps-head"))
    expect(head).to_contain_text("Matches at the camera; forgets the rest at once")
    expect(head).to_contain_text("Charter Oak preset minimal")
    for name, words in {
        "good": "hits alone",
        "blunt": "no list in force: it finds no car",
        "unheard": "until it is told; here nothing of it is kept",
        "old": "update the software of the box",
        "still": "nothing",
    }.items():
        row = page.locator("tr", has_text=f"{name} box").last
        expect(row.locator("[data-label=Keeps]")).to_contain_text(words)
    blunt = page.locator("tr", has_text="blunt box").last
    expect(blunt).to_contain_text("it may be written to the disk")
    # What was forgotten is counted as traffic.
    expect(page.locator("#at-good-street")).to_contain_text("working")
    assert page.evaluate(TOO_WIDE) == []
    assert barriers(page) == []
    assert errors == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_status_page_says_so_and_what_to_do(town: Town, size: ViewportSize) -> None:
    page = town.page("/status", size)

    expect(page.locator("body")).to_contain_text(
        "hits alone; boxes match at the camera and forget the rest at once"
    )
    troubles = page.locator("section", has=page.locator("#troubles"))
    expect(troubles).to_contain_text("has no hot list in force")
    expect(troubles).to_contain_text("swapoff -a")
    assert page.evaluate(TOO_WIDE) == []
    assert barriers(page) == []


def test_elsewhere_nothing_is_said_of_it(
    agencies: Shelf, tmp_path: Path, chromium: Browser
) -> None:
    with a_fresh_agency(agencies, SettableClock(), tmp_path) as agency:
        a_box(agency).report(a_report(a_camera_report(), mode="ordinary"))
        with served(create_app(agency)) as address:
            page = Town(agency, address, chromium).page("/cameras", DESKTOP)
            expect(page.locator("#boxes-head")).to_be_visible()
            expect(page.locator("#keeps-head")).to_have_count(0)
            expect(page.locator("[data-label=Keeps]")).to_have_count(0)
