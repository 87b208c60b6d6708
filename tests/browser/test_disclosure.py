"""The disclosure desk as a clerk and a supervisor use it, with and without a mouse."""

import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta

import attrs
import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect
from tests.support.a_partner import SCAN, declare, partner
from tests.support.agency import SettableClock, a_fresh_agency
from tests.support.chromium import DESKTOP, errors_of
from tests.support.live import served
from tests.support.shelf import Shelf
from tests.support.sightings import placed, seen
from tests.support.web import PASSWORD, somebody

from charteroak.core.codes import AgencyKind
from charteroak.core.people import Role
from charteroak.server.agency import Agency
from charteroak.server.web.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("disclosure")]

PLATE = "BK47193"


@attrs.frozen
class Town:
    """A served agency, and the browser that looks at it."""

    agency: Agency
    clock: SettableClock
    address: str
    chromium: Browser

    def page(self, role: Role, login: str, *, scripts: bool = True) -> Page:
        """The disclosure desk of somebody new, who signed in at the form."""
        somebody(self.agency, role, login=login)
        context = self.chromium.new_context(
            viewport=DESKTOP, java_script_enabled=scripts
        )
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.goto(f"{self.address}/sign-in?next=/disclosure")
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_selector(".co-me")
        page.goto(f"{self.address}/disclosure")
        return page


@pytest.fixture(scope="module")
def town(
    agencies: Shelf, tmp_path_factory: pytest.TempPathFactory, chromium: Browser
) -> Iterator[Town]:
    folder, clock = tmp_path_factory.mktemp("town"), SettableClock()
    with (
        a_fresh_agency(agencies, clock, folder) as agency,
        served(create_app(agency)) as address,
    ):
        placed(agency, "main-st", "Main Street at the Green")
        seen(agency, PLATE)
        declare(agency, partner(agency, "Yonkers Police", "NY"))
        rye = partner(agency, "Rye Police", "NY")
        declare(agency, rye, ends_in=timedelta(hours=4))
        partner(agency, "Removal Office", "US", kind=AgencyKind.FEDERAL_AGENCY)
        yield Town(agency, clock, address, chromium)


def fill(page: Page, agency: str, *, purpose: str = "robbery") -> None:
    page.get_by_role("link", name="Enter an agency's request").click()
    label = page.locator(f"#partner option:has-text('{agency}')").text_content()
    page.select_option("#partner", label=label)
    page.fill("#person", "Det. Maya Lind")
    page.fill("#contact", "914-555-0147")
    page.fill("#reference", "YPD 26-118")
    page.select_option("#paper", "none")
    page.select_option("#purpose", purpose)
    page.get_by_text("All reads of the plate").click()
    page.fill("#plate", PLATE)


def test_a_request_goes_from_a_clerk_to_a_supervisor_to_a_file(town: Town) -> None:
    clerk = town.page(Role.LIST_CLERK, "cleo.m")
    errors = errors_of(clerk)
    fill(clerk, "Yonkers")
    explain = clerk.locator("#explain")
    expect(explain).to_contain_text("The law allows an answer")
    expect(explain).to_contain_text("CT-share-neighbors")
    clerk.select_option("#purpose", "immigration")
    expect(explain).to_contain_text("This would be refused, with a letter")
    expect(explain).to_contain_text("Reads are never used to enforce immigration law.")
    clerk.select_option("#purpose", "robbery")
    clerk.get_by_role("button", name="Enter the request").click()
    expect(clerk.locator("main")).to_contain_text("Entered.")
    expect(clerk.get_by_role("button", name="Approve the answer")).to_have_count(0)
    number = re.search(r"/requests/(\d+)", clerk.url)
    assert number is not None
    assert PLATE not in clerk.url

    supervisor = town.page(Role.SUPERVISOR, "sam.d")
    # Others may have left requests here that wait too.
    waiting = supervisor.locator("a[href='/disclosure'] .co-tell")
    expect(waiting).to_have_text(re.compile(r"^[1-9]\d*$"))
    supervisor.locator(f"main a[href$='/requests/{number[1]}']").click()
    supervisor.get_by_label("Why?").fill("The declaration is in force")
    supervisor.get_by_role("button", name="Approve the answer").click()
    with supervisor.expect_download() as coming:
        supervisor.get_by_role("button", name="Look it up and make").click()
    package = coming.value
    assert package.suggested_filename == f"disclosure-{number[1]}.zip"
    with zipfile.ZipFile(package.path()) as archive:
        assert archive.testzip() is None
        assert f"disclosure-{number[1]}/SHA256SUMS.sig" in archive.namelist()
    supervisor.reload()
    expect(supervisor.locator("main")).to_contain_text("A package with 1 read was made")
    assert errors == []


def test_a_letter_comes_from_a_warrant_that_no_judge_signed(town: Town) -> None:
    clerk = town.page(Role.LIST_CLERK, "cody.r")
    fill(clerk, "Removal")
    clerk.select_option("#paper", "warrant")
    clerk.select_option("#issuer", "agency")
    scan = FilePayload(
        name="warrant.pdf", mimeType="application/pdf", buffer=SCAN.content
    )
    clerk.set_input_files("#scan", [scan])
    expect(clerk.locator("#explain")).to_contain_text("No judge signed this paper")

    clerk.get_by_role("button", name="Enter the request").click()
    expect(clerk.locator("main")).to_contain_text("Refused, and recorded.")
    clerk.get_by_role("link", name="Letter of refusal").click()

    expect(clerk.locator("h1")).to_contain_text("not granted")
    expect(clerk.locator("main")).to_contain_text("P.A. 26-14")
    width = clerk.evaluate("document.body.getBoundingClientRect().width")
    # Its own style is let in by its digest, and nothing else.
    assert width < DESKTOP["width"] - 100
    assert PLATE not in clerk.content()


def test_a_declaration_ends_while_the_supervisor_reads(town: Town) -> None:
    clerk = town.page(Role.LIST_CLERK, "chris.t")
    fill(clerk, "Rye")
    clerk.get_by_role("button", name="Enter the request").click()
    expect(clerk.locator("main")).to_contain_text("Entered.")
    supervisor = town.page(Role.SUPERVISOR, "sia.k")
    supervisor.goto(clerk.url)
    supervisor.get_by_label("Why?").fill("The declaration is in force")
    supervisor.get_by_role("button", name="Approve the answer").click()
    expect(supervisor.locator("main")).to_contain_text("Approved.")

    town.clock.advance(timedelta(hours=5))
    later = town.page(Role.SUPERVISOR, "sol.w")
    later.goto(clerk.url)
    expect(later.locator("main")).to_contain_text("It would be refused now")
    later.get_by_role("button", name="Look it up and make").click()

    expect(later.locator("main")).to_contain_text("Refused, and recorded.")
    expect(later.locator("main")).to_contain_text("Letter of refusal")


def test_an_owner_is_served_without_scripts(town: Town) -> None:
    clerk = town.page(Role.LIST_CLERK, "cary.p", scripts=False)
    clerk.get_by_role("link", name="An owner asks").click()
    clerk.fill("#person", "Rosa Lindqvist")
    clerk.fill("#contact", "860-555-0119")
    clerk.fill("#identity", "Driver's license and registration")
    clerk.get_by_text("Somebody else's car").click()
    clerk.fill("#plate", PLATE)
    clerk.get_by_role("button", name="First say what the law says").click()
    expect(clerk.locator("#explain")).to_contain_text("CT-owner-other")
    expect(clerk.locator("#plate")).to_have_value(PLATE)
    clerk.get_by_text("They are its only registered owner").click()
    clerk.get_by_role("button", name="Enter the request").click()

    expect(clerk.locator("main")).to_contain_text("Entered.")
    assert PLATE not in clerk.url


def test_an_agency_is_paused_by_the_keyboard_alone(town: Town) -> None:
    clerk = town.page(Role.LIST_CLERK, "cam.v")
    clerk.goto(f"{town.address}/disclosure/agencies")
    clerk.get_by_role("link", name="Removal Office").focus()
    clerk.keyboard.press("Enter")
    clerk.get_by_label("Why?").focus()
    clerk.keyboard.type("Found in the press")
    clerk.keyboard.press("Tab")
    clerk.keyboard.press("Enter")

    expect(clerk.locator("main")).to_contain_text("this agency gets nothing")
    expect(clerk.locator("header.co-head")).to_contain_text("Paused: gets nothing")
