"""A search whose note stops or delays it, as its asker and a supervisor see it."""

import re
from collections.abc import Iterator

import attrs
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support.agency import SettableClock, a_fresh_agency
from tests.support.chromium import DESKTOP, errors_of
from tests.support.live import served
from tests.support.shelf import Shelf
from tests.support.sightings import placed, seen
from tests.support.web import PASSWORD, somebody

from charteroak.core.people import Role
from charteroak.server.agency import Agency
from charteroak.server.web.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("second-person")]

PLATE = "BK47193"


@attrs.frozen
class Town:
    """A served agency, and the browser that looks at it."""

    agency: Agency
    address: str
    chromium: Browser

    def page(self, role: Role, login: str) -> Page:
        """The search page of somebody new, who signed in at the form."""
        somebody(self.agency, role, login=login)
        context = self.chromium.new_context(viewport=DESKTOP)
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.goto(f"{self.address}/sign-in?next=/search")
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_selector(".co-me")
        page.goto(f"{self.address}/search")
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
        placed(agency, "main-st", "Main Street at the Green")
        seen(agency, PLATE)
        yield Town(agency, address, chromium)


def fill(
    page: Page, note: str, *, purpose: str = "robbery", case: str = "26-04417"
) -> None:
    page.select_option("#purpose", purpose)
    page.fill("#case", case)
    page.fill("#note", note)
    page.fill("#plate", PLATE)


def press(page: Page) -> None:
    page.locator(".co-search__go button").click()


def test_what_the_law_says_stands_there_before_the_click_and_after(town: Town) -> None:
    page = town.page(Role.OFFICER, "omar.p")
    errors = errors_of(page)
    explain = page.locator("#explain")

    fill(page, "robbery at the pharmacy")
    expect(explain).to_contain_text("The law allows this search")
    page.fill("#note", "ICE assist")
    expect(explain).to_contain_text("This search would be refused")
    expect(explain).to_contain_text("Reads are never used to enforce immigration law.")
    expect(explain).to_contain_text("P.A. 26-14")
    press(page)

    refusal = page.locator(".co-refusal")
    expect(refusal).to_contain_text("Reads are never used to enforce immigration law.")
    expect(refusal).to_contain_text("CO-note-immigration-agency")
    expect(refusal).to_contain_text("Nothing was looked up")
    expect(page.locator("#note")).to_have_value("ICE assist")
    page.fill("#note", "inv")
    press(page)
    expect(page.locator("#note-error")).to_contain_text("What crime or person?")
    assert [each for each in errors if " 403 " not in each] == []


def test_a_doubt_is_decided_by_a_second_person_and_searched_once(town: Town) -> None:
    officer = town.page(Role.OFFICER, "dana.w")
    errors = errors_of(officer)
    fill(officer, "shots fired at the rally")
    expect(officer.locator("#explain")).to_contain_text("A second person would look")
    press(officer)
    expect(officer.locator("main")).to_contain_text(
        "A supervisor looks at this search first"
    )
    expect(officer.locator(".co-found")).to_have_count(0)

    supervisor = town.page(Role.SUPERVISOR, "sam.d")
    expect(supervisor.locator("nav .co-tell")).to_have_text(re.compile(r"^[12]$"))
    supervisor.locator("nav .co-tell").click()
    card = supervisor.locator("article", has_text="Dana.W")
    expect(card.locator("mark")).to_have_text("rally")
    card.get_by_label("Why?").fill("The shooting is case 26-04417")
    card.get_by_role("button", name="Approve").click()
    expect(supervisor.locator("main")).to_contain_text("Approved.")

    officer.goto(f"{town.address}/search")
    officer.get_by_role("button", name="Search now, once").click()
    expect(officer.locator("#found")).to_contain_text("1 read")
    officer.goto(f"{town.address}/search")
    expect(officer.locator("#own-waiting")).to_have_count(0)
    assert errors == []


def test_an_emergency_begins_without_a_case_and_gets_one(town: Town) -> None:
    page = town.page(Role.OFFICER, "lena.a")
    fill(page, "boy of six, taken", purpose="missing_person", case="")
    expect(page.locator("#explain")).to_contain_text(
        "Looking back needs a case number."
    )
    page.locator("label[for=emergency]").click()
    expect(page.locator("#explain")).to_contain_text("within 24 hours")
    press(page)
    expect(page.locator("main")).to_contain_text("An emergency search without a case")

    page.goto(f"{town.address}/search")
    page.locator("#bind-1").fill("26-04418")
    page.get_by_role("button", name="Bind to this case").click()

    expect(page.locator("main")).to_contain_text("Bound to the case.")
    expect(page.locator("#own-emergencies")).to_have_count(0)
