"""The board and an alert in a real Chromium: sound, keys, absence, accessibility."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.support.alerts import Hit, raised
from tests.support.chromium import DESKTOP, PHONE, errors_of
from tests.support.live import served
from tests.support.web import ClientAs, Desk

from charteroak.core.people import Role
from charteroak.server.agency import Agency
from charteroak.server.web.session import COOKIE

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[3] / "web/node_modules/axe-core/axe.min.js"

# Counts the notes that are really started, and leaves them to sound.
COUNT_NOTES = """
    window.notes = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...when) {
        window.notes += 1;
        return start.apply(this, when);
    };
"""


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    with served(app) as at:
        yield at


def signed_in(context: BrowserContext, desk: Desk, address: str) -> Page:
    context.add_cookies(
        [
            {
                "name": COOKIE,
                "value": desk.http.cookies[COOKIE],
                "domain": address.removeprefix("http://").split(":")[0],
                "path": "/",
                "secure": True,
                "httpOnly": True,
            }
        ]
    )
    return context.new_page()


def test_a_new_alert_shows_counts_and_sounds(
    agency: Agency, address: str, client_as: ClientAs, browser_context: BrowserContext
) -> None:
    browser_context.add_init_script(COUNT_NOTES)
    page = signed_in(browser_context, client_as(Role.DISPATCHER), address)
    errors = errors_of(page)
    page.goto(f"{address}/board")
    bell = page.locator("[data-sound]")
    expect(bell).to_have_text("Sound is off: turn it on")
    bell.click()
    expect(bell).to_have_text("Sound is on")
    before = page.evaluate("window.notes")

    alert_id = raised(agency)

    expect(page.locator(f'[data-alert="{alert_id}"]')).to_be_visible(timeout=2000)
    expect(page).to_have_title("(1) Board · Town Police Department")
    assert page.evaluate("window.notes") == before + 4
    raised(agency, Hit(late=True))
    expect(page).to_have_title("(2) Board · Town Police Department")
    assert page.evaluate("window.notes") == before + 4
    assert errors == []


def test_sound_is_remembered_and_says_when_it_sleeps(
    agency: Agency, address: str, client_as: ClientAs, browser_context: BrowserContext
) -> None:
    del agency
    page = signed_in(browser_context, client_as(Role.DISPATCHER), address)
    page.goto(f"{address}/board")
    page.locator("[data-sound]").click()

    page.reload()

    bell = page.locator("[data-sound]")
    said = bell.inner_text()
    assert said in {"Sound is on", "Sound is off until you click or press a key"}
    page.keyboard.press("j")
    expect(bell).to_have_text("Sound is on")


def test_an_alert_is_verified_from_the_keyboard_alone(
    agency: Agency, address: str, client_as: ClientAs, browser_context: BrowserContext
) -> None:
    raised(agency)
    raised(agency, Hit(plate="ZZ99999"))
    page = signed_in(browser_context, client_as(Role.DISPATCHER), address)
    errors = errors_of(page)
    page.goto(f"{address}/board")

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("a")
    chosen = page.locator("[data-co-selected]")
    expect(chosen).to_contain_text("has it")
    number = chosen.get_attribute("data-alert")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/alerts/{number}")
    confirm = page.locator("[data-confirm]")
    expect(confirm).to_be_disabled()
    for key in "123":
        page.keyboard.press(key)
    expect(confirm).to_be_disabled()
    page.keyboard.press("4")
    expect(confirm).to_be_enabled()
    confirm.click()

    expect(page.locator("#h-verdict")).to_have_text("✔ Confirmed")
    assert errors == []


def test_a_lost_server_is_said_to_be_lost_since_when(
    app: FastAPI, client_as: ClientAs, browser_context: BrowserContext
) -> None:
    with served(app) as address:
        page = signed_in(browser_context, client_as(Role.DISPATCHER), address)
        page.goto(f"{address}/board")
        state = page.locator("[data-connection]")
        expect(state).to_have_text("Live")

    expect(state).to_contain_text("Reconnecting… since", timeout=10_000)


def test_focus_and_choice_survive_a_new_alert(
    agency: Agency, address: str, client_as: ClientAs, browser_context: BrowserContext
) -> None:
    first = raised(agency)
    page = signed_in(browser_context, client_as(Role.OFFICER), address)
    page.goto(f"{address}/board")
    expect(page.locator("[data-connection]")).to_have_text("Live")
    page.keyboard.press("j")

    second = raised(agency, Hit(plate="ZZ99999"))

    expect(page.locator(f'[data-alert="{second}"]')).to_be_visible()
    chosen = page.locator("[data-co-selected]")
    expect(chosen).to_have_attribute("data-alert", str(first))
    held = page.evaluate("document.activeElement.closest('[data-alert]').dataset.alert")
    assert held == str(first)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_no_serious_barrier(  # noqa: PLR0913, PLR0917 (fixtures)
    agency: Agency,
    address: str,
    client_as: ClientAs,
    chromium: Browser,
    theme: str,
    size: dict[str, int],
) -> None:
    folded = Hit(plate="AB01234", listed="ABO1234", characters=(0.9, 0.7, *[0.99] * 5))
    alert_id = raised(agency, folded)
    raised(agency, Hit(state=None, late=True, clock_suspect=True))
    context = chromium.new_context(viewport=DESKTOP if size == DESKTOP else PHONE)
    context.add_init_script(f"localStorage.setItem('charteroak-theme', '{theme}')")
    page = signed_in(context, client_as(Role.DISPATCHER), address)
    try:
        for path in ("/board", f"/alerts/{alert_id}"):
            page.goto(f"{address}{path}")
            assert barriers(page) == []
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= size["width"]
    finally:
        context.close()


def barriers(page: Page) -> list[str]:
    """What axe-core calls serious or critical: rule, then where."""
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        """async () => {
            const result = await axe.run();
            if (result.passes.length < 20) return ["axe looked at nearly nothing"];
            return result.violations
                .filter((each) => ["serious", "critical"].includes(each.impact))
                .map((each) => each.id + " " + each.nodes.map((n) => n.target).join("|"));
        }"""
    )
    assert isinstance(found, list)
    return [str(each) for each in found]
