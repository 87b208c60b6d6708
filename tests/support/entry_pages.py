"""The pages of plates of the agency's own: who sees each, and how they come to it."""

from playwright.sync_api import FilePayload, Page, expect

from charteroak.core.people import Role
from tests.support.desk_pages import Browsers, Place, at

_ROWS = (
    b"plate,state,reason,case\n"
    b"TW10010,CT,Left the crash on Mill Road on 12 October,26-04418\n"
    b"TW10011,CT,Left the crash on Mill Road on 12 October,\n"
)


def typed(browsers: Browsers, page: Page, **changed: str) -> None:
    """Fill the form of a plate and send it."""
    page.goto(f"{browsers.address}/hot-lists/enter")
    fields = {
        "#plate": "KB10O84",
        "#vehicle": "silver Ford Focus, 2019",
        "#reason": "Robbery of the pharmacy on Elm Street, 12 October",
        "#case": "26-04417",
        **{f"#{name}": value for name, value in changed.items()},
    }
    page.select_option("#purpose", fields.pop("#purpose", "robbery"))
    for field, value in fields.items():
        page.fill(field, value)
    page.locator("main form button").click()


def nothing_typed(browsers: Browsers, page: Page) -> None:
    """Send the form as it is."""
    page.goto(f"{browsers.address}/hot-lists/enter")
    page.locator("main form button").click()
    expect(page.locator(".co-summary")).to_be_visible()


def vague(browsers: Browsers, page: Page) -> None:
    """Send a reason that says nothing."""
    typed(browsers, page, reason="inv")
    expect(page.locator("#reason-error")).to_be_visible()


def banned(browsers: Browsers, page: Page) -> None:
    """Ask for a purpose that the law forbids."""
    typed(browsers, page, purpose="immigration")
    expect(page.locator(".co-refusal")).to_be_visible()


def asked(browsers: Browsers, page: Page) -> None:
    """Ask for a plate, which then waits."""
    typed(browsers, page)
    expect(page.locator("[role=status]").first).to_contain_text("Asked for")


def rejected_without_a_word(browsers: Browsers, page: Page) -> None:
    """Reject a plate without saying why."""
    page.goto(f"{browsers.address}/hot-lists/waiting")
    page.locator("button[value=reject]").first.click()
    expect(page.locator(".co-summary")).to_be_visible()


def list_waits(browsers: Browsers, page: Page) -> None:
    """Send a file of a local list."""
    page.goto(f"{browsers.address}/hot-lists")
    page.select_option("#list_class", "local")
    page.fill("#name", "Left the scene")
    page.fill("#source", "Crash unit")
    page.fill("#authority", "Order 12 of the chief")
    page.select_option("#purpose", "robbery")
    file = FilePayload(name="list.csv", mimeType="text/csv", buffer=_ROWS)
    page.set_input_files("#file", [file])
    page.locator("main form button[type=submit]").click()
    expect(page.locator("main .usa-alert--info")).to_be_visible()


def ending(browsers: Browsers, page: Page) -> None:
    """Ask to end an entry."""
    page.goto(f"{browsers.address}/hot-lists")
    page.locator("a[href$='/end']").first.click()
    page.wait_for_url("**/end")


ENTRIES = (
    Place("plate", Role.LIST_CLERK, at("/hot-lists/enter"), "main form button"),
    Place("plate-wrong", Role.LIST_CLERK, nothing_typed, status=422),
    Place("plate-vague", Role.LIST_CLERK, vague, status=422),
    Place("plate-banned", Role.LIST_CLERK, banned, status=403),
    Place("plate-asked", Role.LIST_CLERK, asked),
    Place("plates-waiting", Role.SUPERVISOR, at("/hot-lists/waiting")),
    Place("plates-unsaid", Role.SUPERVISOR, rejected_without_a_word, status=422),
    Place("own-list-waits", Role.LIST_CLERK, list_waits),
    Place("hot-lists-seen", Role.SUPERVISOR, at("/hot-lists")),
    Place("plate-ending", Role.SUPERVISOR, ending, ".usa-button--danger"),
)
