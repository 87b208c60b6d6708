"""The pages of the disclosure desk: who sees each, and how they come to it."""

from playwright.sync_api import FilePayload, Page, expect

from charteroak.core.people import Role
from tests.support.a_desk import PLATE
from tests.support.a_partner import SCAN
from tests.support.desk_pages import Browsers, Goes, Place, at


def request_of(word: str) -> Goes:
    """Open the request that stands somewhere."""

    def go(browsers: Browsers, page: Page) -> None:
        number = browsers.desk.requests.numbers[word]
        page.goto(f"{browsers.address}/disclosure/requests/{number}")

    return go


def of_partner(*, paused: bool) -> Goes:
    """Open an agency of the register."""

    def go(browsers: Browsers, page: Page) -> None:
        desk = browsers.desk.requests
        one = desk.paused if paused else desk.neighbor
        page.goto(f"{browsers.address}/disclosure/agencies/{one.partner_id}")

    return go


def fill(  # noqa: PLR0913  (the fields of the form that differ)
    browsers: Browsers,
    page: Page,
    *,
    agency: str = "Yonkers",
    paper: str = "none",
    issuer: str = "",
    purpose: str = "robbery",
) -> None:
    """Fill the form of an agency's request."""
    page.goto(f"{browsers.address}/disclosure/new")
    label = page.locator(f"#partner option:has-text('{agency}')").text_content()
    page.select_option("#partner", label=label)
    page.fill("#person", "Det. Maya Lind")
    page.fill("#contact", "914-555-0147")
    page.fill("#reference", "YPD 26-118")
    page.select_option("#paper", paper)
    if paper != "none":
        page.select_option("#issuer", issuer)
        scan = FilePayload(
            name="scan.pdf", mimeType="application/pdf", buffer=SCAN.content
        )
        page.set_input_files("#scan", [scan])
    page.select_option("#purpose", purpose)
    page.fill("#note", "robbery at the pharmacy on Elm Street")
    page.locator("label[for=data_kind]").click()
    page.fill("#plate", PLATE)


def half_filled(browsers: Browsers, page: Page) -> None:
    """Fill the form until the panel says what the law says."""
    fill(browsers, page, agency="Removal", paper="warrant", issuer="agency")
    expect(page.locator("#explain")).to_contain_text("would be refused")


def sent_empty(browsers: Browsers, page: Page) -> None:
    """Send the form as it is."""
    page.goto(f"{browsers.address}/disclosure/new")
    page.locator(".co-search__go button").first.click()
    expect(page.locator(".co-summary")).to_be_visible()


def owner_half_filled(browsers: Browsers, page: Page) -> None:
    """Say that the other owner has not agreed."""
    page.goto(f"{browsers.address}/disclosure/owners/new")
    page.locator("label[for=standing-joint_owner_alone]").click()
    expect(page.locator("#explain")).to_contain_text("would be refused")


def decided_without_a_word(browsers: Browsers, page: Page) -> None:
    """Approve a request without saying why."""
    request_of("waiting")(browsers, page)
    page.locator("button[value=approve]").click()
    expect(page.locator(".co-summary")).to_be_visible()


def letter(browsers: Browsers, page: Page) -> None:
    """Open the letter of a refused request."""
    request_of("refused")(browsers, page)
    page.get_by_role("link", name="Letter of refusal").click()
    expect(page.locator("h2").first).to_be_visible()


DISCLOSURE = (
    Place("requests", Role.SUPERVISOR, at("/disclosure")),
    Place("requests-all", Role.LIST_CLERK, at("/disclosure?show=all")),
    Place("request-new", Role.LIST_CLERK, at("/disclosure/new")),
    Place("request-typed", Role.LIST_CLERK, half_filled),
    Place("request-empty", Role.LIST_CLERK, sent_empty, status=422),
    Place("request-waiting", Role.SUPERVISOR, request_of("waiting")),
    Place("request-unsaid", Role.SUPERVISOR, decided_without_a_word, status=422),
    Place("request-approved", Role.SUPERVISOR, request_of("approved")),
    Place("request-answered", Role.SUPERVISOR, request_of("answered")),
    Place("request-refused", Role.LIST_CLERK, request_of("refused")),
    Place("request-owner", Role.SUPERVISOR, request_of("owner")),
    Place("letter", Role.LIST_CLERK, letter),
    Place("owner-new", Role.LIST_CLERK, owner_half_filled),
    Place("agencies", Role.SUPERVISOR, at("/disclosure/agencies")),
    Place("agency", Role.LIST_CLERK, of_partner(paused=False)),
    Place("agency-paused", Role.LIST_CLERK, of_partner(paused=True)),
)
"""Every page of the disclosure desk, as the person it is for sees it."""
