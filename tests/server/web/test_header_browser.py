"""The header of every page in a real browser, as wide as a phone."""

from fastapi import FastAPI
from playwright.sync_api import BrowserContext
from tests.support.chromium import PHONE
from tests.support.live import served
from tests.support.web import PASSWORD, somebody

from charteroak.core.people import Role
from charteroak.server.agency import Agency


def test_on_a_phone_brand_and_name_share_a_line(
    agency: Agency, app: FastAPI, browser_context: BrowserContext
) -> None:
    person = somebody(agency, Role.INVESTIGATOR, login="maria.hernandez-montgomery")
    page = browser_context.new_page()
    page.set_viewport_size(PHONE)

    with served(app) as address:
        page.goto(f"{address}/sign-in")
        page.fill("#login", person.login)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_selector(".co-me")
        boxes = [
            page.locator(name).bounding_box()
            for name in (".co-brand", ".co-theme", ".co-me > summary", ".co-nav")
        ]
        across = page.evaluate("document.documentElement.scrollWidth")

    brand, theme, me, nav = (box for box in boxes if box is not None)
    middles = [box["y"] + box["height"] / 2 for box in (brand, theme, me)]
    assert max(middles) - min(middles) < 4
    assert brand["x"] + brand["width"] <= theme["x"]
    assert nav["y"] < 70
    assert across == PHONE["width"]
