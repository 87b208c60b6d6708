"""The council's page in a browser: before, during and after a moratorium, and the rules.

What is on each is looked at by axe-core, at the width of a phone and of a desk.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.test_pages import (
    CONTRAST,
    NARROW,
    TOO_SMALL,
    TOO_WIDE,
    WCAG,
    barriers,
)
from tests.support.agency import NOON, SettableClock, a_fresh_agency
from tests.support.chromium import DESKTOP, PHONE, errors_of
from tests.support.council import ADA, CLERK, MAYA, NOAH, an_order, enrolled
from tests.support.live import served
from tests.support.shelf import Shelf
from tests.support.sightings import placed, seen
from tests.support.web import PASSWORD, somebody

from charteroak.core.codes import Step
from charteroak.core.people import Role
from charteroak.server.actions.recall_council import recall_council
from charteroak.server.agency import Agency
from charteroak.server.law_in_force import LawInForce, NotAdopted, adopt
from charteroak.server.web.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("council")]

PLATE = "BK47193"


@attrs.frozen
class Town:
    """A served agency with policy, contract and a council."""

    agency: Agency
    address: str
    chromium: Browser
    folder: Path

    def page(self, role: Role | None = None) -> Page:
        """A fresh browser, in which somebody has signed in or nobody."""
        context = self.chromium.new_context(viewport=DESKTOP, accept_downloads=True)
        context.set_default_timeout(30_000)
        page = context.new_page()
        if role is not None:
            who = somebody(self.agency, role)
            page.goto(f"{self.address}/sign-in")
            page.fill("#login", who.login)
            page.fill("#password", PASSWORD)
            page.press("#password", "Enter")
            page.wait_for_selector(".co-me")
        return page

    def go(self, page: Page, path: str) -> None:
        page.goto(f"{self.address}{path}")


@pytest.fixture(scope="module")
def town(
    agencies: Shelf, tmp_path_factory: pytest.TempPathFactory, chromium: Browser
) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("council")
    with a_fresh_agency(agencies, SettableClock(), folder) as bare:
        settings = bare.settings.model_copy(
            update={"policy": "published_prohibitions", "contract": "no_sharing"}
        )
        law = LawInForce(adopted=adopt(settings, on=NOON.date()))
        agency = attrs.evolve(bare, settings=settings, law=law)
        with served(create_app(agency)) as address:
            placed(agency, "main-st", "Main Street at the Green")
            seen(agency, PLATE)
            yield Town(agency, address, chromium, folder)


def right(page: Page, name: str, *, status: int = 200) -> None:
    """A page without barriers that fits; a picture of it, where somebody asks."""
    pictures = os.environ.get("CHARTEROAK_PICTURES")
    wrong: list[str] = []
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    wrong += [f"dark: {each}" for each in barriers(page, **CONTRAST)]
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    wrong += [f"light: {each}" for each in barriers(page, **WCAG)]
    for width in NARROW:
        page.set_viewport_size({"width": width, "height": 780})
        wrong += [f"{width}: too wide: {e}" for e in page.evaluate(TOO_WIDE)]
        wrong += [f"{width}: too small: {e}" for e in page.evaluate(TOO_SMALL, 24)]
    if pictures:
        for word, size in (("phone", PHONE), ("desk", DESKTOP)):
            page.set_viewport_size(size)
            page.screenshot(path=f"{pictures}/{name}-{word}.png", full_page=True)
    page.set_viewport_size(DESKTOP)
    assert wrong == [], (name, status)


def test_a_moratorium_begins_and_ends_in_a_browser(town: Town, tmp_path: Path) -> None:
    nobody, officer = town.page(), town.page(Role.INVESTIGATOR)
    errors = errors_of(nobody)
    town.go(nobody, "/council")
    expect(nobody.locator("main")).to_contain_text("No council is enrolled here")
    right(nobody, "no-council")
    enrolled(town.agency)

    # Suspended by whoever brings the order's file; no account, no script needed.
    order = tmp_path / "order.json"
    order.write_bytes(an_order(town.agency, Step.SUSPEND, MAYA))
    town.go(nobody, "/council")
    right(nobody, "in-service")
    nobody.set_input_files("#file", order)
    nobody.get_by_role("button", name="Carry out the order").click()
    expect(nobody.locator("main")).to_contain_text("The order was carried out")
    expect(nobody.locator("main")).to_contain_text("Suspended by the council since")
    right(nobody, "suspended")

    town.go(officer, "/search")
    expect(officer.locator("main")).to_contain_text("Suspended by the council since")
    officer.select_option("#purpose", "robbery")
    officer.fill("#case", "26-04417")
    officer.fill("#plate", PLATE)
    officer.locator(".co-search__go button").click()
    expect(officer.locator(".co-refusal")).to_contain_text("MO-no-search")
    right(officer, "search-refused", status=403)
    town.go(officer, "/board")
    right(officer, "board-suspended")

    # One key is not enough, and the page says what is.
    nobody.fill("#order", an_order(town.agency, Step.RESUME, NOAH).decode())
    nobody.get_by_role("button", name="Carry out the order").click()
    expect(nobody.locator("[role=alert]")).to_contain_text("it takes two")
    right(nobody, "one-key", status=403)
    nobody.fill("#order", an_order(town.agency, Step.RESUME, NOAH, MAYA).decode())
    nobody.get_by_role("button", name="Carry out the order").click()
    expect(nobody.locator("main")).to_contain_text("The suspension is over")
    right(nobody, "resumed")
    keys_change_hands(town, nobody)
    assert [each for each in errors if "403" not in each] == []


def keys_change_hands(town: Town, page: Page) -> None:
    """Whose keys count is shown, and whoever gave theirs up is told so."""
    bring = page.get_by_role("button", name="Carry out the order")
    to = (NOAH, ADA, CLERK)
    order = an_order(town.agency, Step.HAND_OVER, MAYA, NOAH, to=to)
    page.fill("#order", order.decode())
    bring.click()
    expect(page.get_by_role("status")).to_contain_text("The keys were handed over")
    table = page.get_by_role("region", name="Keys that count")
    for member in to:
        expect(table.get_by_role("row", name=member.name)).to_contain_text(
            member.key.key_id
        )
    expect(table).to_contain_text(f"counting no more: {MAYA.name}")
    orders = page.get_by_role("region", name="Orders that were carried out")
    expect(orders).to_contain_text(f"keys handed over to {NOAH.name}, {ADA.name}")
    page.locator("summary", has_text="How an order is signed").click()
    right(page, "handed-over")
    page.fill("#order", an_order(town.agency, Step.SUSPEND, MAYA).decode())
    bring.click()
    expect(page.locator("[role=alert]")).to_contain_text("counts no more")
    right(page, "by-a-former-key", status=403)

    # The folder of the keys is lost: the server asks for what it cannot know.
    (town.agency.keys.folder / "council.json").unlink()
    recall_council(town.agency)
    town.go(page, "/council")
    expect(page.get_by_role("region", name="Keys that count")).to_contain_text(
        "bring that order again first"
    )
    right(page, "in-doubt")


def test_the_rules_page_shows_every_set_and_gives_the_packet_away(town: Town) -> None:
    page = town.page(Role.AUDITOR)
    town.go(page, "/rules")
    main = page.locator("main")
    expect(main).to_contain_text("The agency's own policy")
    expect(main).to_contain_text("The agency's contract")
    expect(main).to_contain_text(town.agency.in_force().rules.fingerprint)
    right(page, "rules")
    with page.expect_download() as got:
        page.get_by_role("link", name="Download as PDF").click()
    content = Path(got.value.path()).read_bytes()
    assert content.startswith(b"%PDF-1.7")
    assert b"/StructTreeRoot" in content
    with page.expect_download() as got:
        page.get_by_role("link", name="Download as HTML").click()
    text = Path(got.value.path()).read_text()
    assert "Main Street at the Green" in text
    assert "We are not lawyers" in text

    town.agency.law.refused = NotAdopted(
        at=NOON,
        says="town.cedar, line 7: not understood at robery",
        hint="Repair the rule.",
        file="town.cedar",
        line=7,
        word="robery",
    )
    try:
        town.go(page, "/rules")
        expect(page.locator("main")).to_contain_text("New rules were refused")
        right(page, "rules-refused")
        town.go(page, "/status")
        expect(page.locator("main")).to_contain_text("the last good rules go on")
        right(page, "status-refused")
    finally:
        town.agency.law.refused = None
