"""A plate of the agency's own in a browser: asked for, approved, ended; without a script too."""

from collections.abc import Iterator

import attrs
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.support.agency import SettableClock, a_fresh_agency
from tests.support.chromium import DESKTOP, PHONE, errors_of
from tests.support.live import served
from tests.support.shelf import Shelf
from tests.support.web import PASSWORD, somebody

from charteroak.core.people import Role
from charteroak.server.agency import Agency
from charteroak.server.web.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("own-entries")]

PLATE = "KB10O84"


@attrs.frozen
class Town:
    """A served agency, and the browser that looks at it."""

    agency: Agency
    address: str
    chromium: Browser

    def page(self, role: Role, *, scripts: bool) -> Page:
        """A page of somebody new, who signed in at the form."""
        person = somebody(self.agency, role)
        context: BrowserContext = self.chromium.new_context(
            viewport=DESKTOP if scripts else PHONE, java_script_enabled=scripts
        )
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.goto(f"{self.address}/sign-in")
        page.fill("#login", person.login)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_selector(".co-me")
        page.goto(f"{self.address}/hot-lists")
        return page


@pytest.fixture(scope="module")
def town(
    agencies: Shelf, tmp_path_factory: pytest.TempPathFactory, chromium: Browser
) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    with (
        a_fresh_agency(agencies, SettableClock(), folder) as agency,
        served(create_app(agency)) as address,
    ):
        yield Town(agency, address, chromium)


@pytest.mark.parametrize("scripts", [True, False])
def test_two_persons_list_a_plate_and_one_ends_it(town: Town, *, scripts: bool) -> None:
    clerk = town.page(Role.LIST_CLERK, scripts=scripts)
    boss = town.page(Role.SUPERVISOR, scripts=scripts)
    errors, others = errors_of(clerk), errors_of(boss)

    clerk.get_by_role("link", name="Enter a plate").click()
    clerk.get_by_label("Plate", exact=True).fill("kb 10-o84")
    clerk.get_by_label("What crime or person?").fill("inv")
    clerk.get_by_label("Why is this plate looked for?").select_option("robbery")
    clerk.get_by_label("Case number").fill("26-04417")
    clerk.get_by_role("button", name="Ask a supervisor").click()
    expect(clerk.locator("#reason-error")).to_contain_text("These words say neither")
    clerk.get_by_label("What crime or person?").fill("robbery on Elm Street")
    clerk.get_by_role("button", name="Ask a supervisor").click()
    expect(clerk.locator("main")).to_contain_text("somebody else decides")
    expect(clerk.get_by_role("button", name="Approve")).to_have_count(0)
    assert PLATE not in clerk.url

    boss.get_by_role("link", name="Plates that wait").click()
    expect(boss.locator("article").last).to_contain_text(PLATE)
    boss.get_by_role("button", name="Approve: look for this plate").last.click()
    expect(boss.get_by_role("status").first).to_contain_text("Approved")

    clerk.get_by_role("link", name="The hot lists").click()
    expect(clerk.locator("main")).to_contain_text(PLATE)
    clerk.get_by_role("link", name=f"End it {PLATE}").click()
    expect(clerk.get_by_role("heading", level=1)).to_have_text(
        "Stop looking for this plate?"
    )
    clerk.get_by_role("button", name="End this entry").click()
    expect(clerk.get_by_role("status").first).to_contain_text("Ended")
    expect(clerk.locator("main")).not_to_contain_text(PLATE)
    assert [each for each in errors if " 422 " not in each] + others == []
