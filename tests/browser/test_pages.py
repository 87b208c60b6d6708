"""Every page of the desk, as the person it is for sees it: phone, desktop, both lights.

One agency with something on each page, one server and one browser for the module. Each
page is opened once and looked at for barriers (axe-core, WCAG 2.2 A and AA), for what
does not fit, for what a thumb cannot hit, and for anything that goes wrong in it.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support.a_desk import CASE, PLATE, furnished
from tests.support.agency import SettableClock, a_fresh_agency
from tests.support.alerts import Hit, raised
from tests.support.chromium import DESKTOP, errors_of
from tests.support.desk_pages import PLACES, Browsers, Place
from tests.support.disclosure_pages import DISCLOSURE
from tests.support.entry_pages import ENTRIES
from tests.support.live import served
from tests.support.shelf import Shelf

from charteroak.core.people import Role
from charteroak.server.web.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("desk")]

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
NARROW = (360, 390, 683)
"""A small phone, a phone, and a desktop of 1366 pixels at a zoom of 200 %."""


@pytest.fixture(scope="module")
def browsers(
    agencies: Shelf, tmp_path_factory: pytest.TempPathFactory, chromium: Browser
) -> Iterator[Browsers]:
    folder, clock = tmp_path_factory.mktemp("desk"), SettableClock()
    with (
        a_fresh_agency(agencies, clock, folder) as agency,
        served(create_app(agency)) as address,
    ):
        found = Browsers(furnished(agency), clock, address, chromium)
        yield found
        for context in found.opened.values():
            context.close()


# --------------------------------------------------------------------- what is asked


def barriers(page: Page, **only: object) -> list[str]:
    """What axe-core says against a page: rule, then where."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found = page.evaluate(
        """async (only) => {
            const result = await axe.run(document, { resultTypes: ["violations"], ...only });
            if (!result.passes.length) return ["axe looked at nothing"];
            return result.violations.map((each) => each.id + ": " + each.nodes.map((n) => n.target).join(" | "));
        }""",
        only,
    )
    assert isinstance(found, list)
    return [str(each) for each in found]


WCAG = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}

# What sticks out sideways, or is cut off, and is not in a part that scrolls by itself.
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
    .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
    .filter((each) => !each.closest(".co-nav, .co-map, .co-faceoff__scroll, .usa-sr-only, thead"))
    .slice(0, 5).map((each) => each.tagName + "." + each.className)
    .concat(document.documentElement.scrollWidth > innerWidth ? ["the page"] : [])"""

# Controls that are smaller than a thumb can hit. A link within a sentence may be.
TOO_SMALL = """(least) => [...document.querySelectorAll("a[href], button, summary, select, input, textarea, label")]
    .filter((each) => {
        if (!each.checkVisibility({ visibilityProperty: true })) return false;
        if (each.closest(".usa-skipnav, .co-map")) return false;
        if (each.matches("a") && getComputedStyle(each).display === "inline") return false;
        if (each.matches("label:not([class$=__label])")) return false;
        if (each.matches(".usa-checkbox__input, .usa-radio__input")) return false;
        const { width, height } = each.getBoundingClientRect();
        return width < least || height < least;
    }).map((each) => each.outerHTML.slice(0, 90))"""

# The button of a page's answer, compared with all the other buttons above the fold.
LARGER = """(answer) => {
    const area = (each) => {
        const { width, height } = each.getBoundingClientRect();
        return width * height;
    };
    const [mine] = document.querySelectorAll(answer);
    return [...document.querySelectorAll("main button, main .usa-button")]
        .filter((each) => each !== mine && area(each) > area(mine))
        .map((each) => each.outerHTML.slice(0, 90));
}"""


@pytest.mark.parametrize(
    "place", [*PLACES, *DISCLOSURE, *ENTRIES], ids=lambda place: place.name
)
def test_a_page_is_right(browsers: Browsers, place: Place) -> None:
    page = browsers.page(place.role)
    errors = errors_of(page)
    place.go(browsers, page)
    wrong: list[str] = []
    try:
        if place.answer:
            wrong += above_the_fold(page, place.answer)
        page.evaluate("document.documentElement.dataset.theme = 'light'")
        wrong += [f"light: {each}" for each in barriers(page, **WCAG)]
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        wrong += [f"dark: {each}" for each in barriers(page, **CONTRAST)]
        for width in NARROW:
            page.set_viewport_size({"width": width, "height": 780})
            wrong += [f"{width}: too wide: {e}" for e in page.evaluate(TOO_WIDE)]
            wrong += [f"{width}: too small: {e}" for e in page.evaluate(TOO_SMALL, 24)]
        wrong += [each for each in errors if f" {place.status} " not in each]
    finally:
        page.close()
    assert wrong == []


def above_the_fold(page: Page, answer: str) -> list[str]:
    """What is wrong with the button that a page is for."""
    box = page.locator(answer).first.bounding_box()
    assert box is not None
    wrong = [
        f"larger than the answer: {each}" for each in page.evaluate(LARGER, answer)
    ]
    if box["y"] + box["height"] > DESKTOP["height"]:
        wrong.append(f"below the fold: {box}")
    if min(box["width"], box["height"]) < 44:
        wrong.append(f"hard to hit: {box}")
    return wrong


# -------------------------------------------------------------------- without a mouse

# What has the focus: a word for it, and what is wrong with how it shows.
FOCUSED = """async () => {
    await Promise.all(document.getAnimations().map((each) => each.finished));
    const here = document.activeElement;
    if (here === document.body) return ["body", ""];
    const word = here.id || here.className.baseVal || here.className || here.textContent.trim();
    const label = here.matches(".usa-checkbox__input, .usa-radio__input") && here.labels[0];
    const drawn = label ? getComputedStyle(label, "::before") : getComputedStyle(here);
    const { bottom, top, width } = (label || here).getBoundingClientRect();
    let wrong = "";
    if (drawn.outlineStyle === "none" || parseFloat(drawn.outlineWidth) < 2) wrong = "not seen";
    if (!width || bottom < 0 || top > innerHeight) wrong = "out of sight";
    if (here.tabIndex > 0) wrong = "out of order";
    return [`${here.tagName} ${word}`, wrong];
}"""
MOST_TABS = 120
TABBED = frozenset(
    {
        *("sign-in", "board", "alert-folded", "search", "results", "cases", "case"),
        *("hot-lists", "cameras", "people", "person", "log", "record", "status"),
        *("account", "not-your-role"),
    }
)


@pytest.mark.parametrize(
    "place",
    [each for each in PLACES if each.name in TABBED],
    ids=lambda place: place.name,
)
def test_the_focus_goes_through_a_page_and_is_seen(
    browsers: Browsers, place: Place
) -> None:
    page = browsers.page(place.role)
    place.go(browsers, page)
    # Wherever the page put the focus, Tab is to start from its beginning.
    page.evaluate("document.body.tabIndex = -1; document.body.focus(); scrollTo(0, 0)")
    page.evaluate("document.body.removeAttribute('tabindex')")
    steps: list[tuple[str, str]] = []
    while len(steps) < MOST_TABS:
        page.keyboard.press("Tab")
        word, wrong = page.evaluate(FOCUSED)
        if word == "body":
            break
        steps.append((word, wrong))
    page.close()

    assert len(steps) < MOST_TABS, "the focus does not come out again"
    assert "usa-skipnav" in steps[0][0]
    assert [step for step in steps if step[1]] == []


def test_the_skip_link_leads_past_the_navigation(browsers: Browsers) -> None:
    page = browsers.page(Role.INVESTIGATOR)
    page.goto(f"{browsers.address}/search")

    page.keyboard.press("Tab")
    expect(page.locator(".usa-skipnav")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    expect(page.locator("#purpose")).to_be_focused()
    page.close()


def test_an_alert_is_confirmed_from_the_keyboard(browsers: Browsers) -> None:
    page = browsers.page(Role.DISPATCHER)
    page.goto(f"{browsers.address}/board")
    expect(page.locator("[data-connection]")).to_have_text("Live")
    browsers.clock.advance(timedelta(seconds=1))
    number = raised(browsers.desk.agency, Hit(plate="MN40021"))
    expect(page.locator(f'[data-alert="{number}"]')).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("[data-co-selected]")).to_have_attribute(
        "data-alert", str(number)
    )
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/alerts/{number}")

    for key in "123":
        page.keyboard.press(key)
    # Three are not enough: the form stays where it is.
    page.keyboard.press("Enter")
    expect(page.locator("[data-confirm]")).to_be_disabled()
    page.keyboard.press("4")
    page.keyboard.press("Enter")

    expect(page.locator("#h-verdict")).to_have_text("✔ Confirmed")
    page.close()


def test_an_alert_is_rejected_from_the_keyboard(browsers: Browsers) -> None:
    number = raised(browsers.desk.agency, Hit(plate="MN40022"))
    page = browsers.page(Role.OFFICER)
    page.goto(f"{browsers.address}/alerts/{number}")

    page.keyboard.press("4")
    page.keyboard.press("4")
    # Confirm is not open, so what comes after the checks is the first of the four.
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("✕ Wrong characters")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator("#h-verdict")).to_have_text("✕ Rejected: Wrong state")
    page.close()


def test_a_search_is_asked_and_gone_through_from_the_keyboard(
    browsers: Browsers,
) -> None:
    page = browsers.page(Role.INVESTIGATOR)
    page.goto(f"{browsers.address}/search")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    # Between the case and the plate: the emergency's tick, and the note.
    for keys in ("Robbery", CASE, "", "", PLATE):
        page.keyboard.press("Tab")
        page.keyboard.type(keys)
    page.keyboard.press("Enter")
    expect(page.locator("#found")).to_contain_text("5 reads")
    expect(page.locator("#found")).to_be_focused()

    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("#read-2")).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("#read-1")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[data-co-selected]")).to_have_count(0)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/hold")
    page.close()


def test_escape_closes_the_menu(browsers: Browsers) -> None:
    page = browsers.page(Role.AUDITOR)
    page.goto(f"{browsers.address}/log")
    menu = page.locator(".co-me summary")
    menu.press("Enter")
    expect(page.locator(".co-me__panel")).to_be_visible()
    page.keyboard.press("Tab")

    page.keyboard.press("Escape")

    expect(page.locator(".co-me__panel")).to_be_hidden()
    expect(menu).to_be_focused()
    page.close()
