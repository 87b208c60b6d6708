"""The pages of the desk: who sees each, and how they come to it in a browser."""

from collections.abc import Callable

import attrs
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect

from charteroak.core.people import Role
from charteroak.server.web.session import COOKIE
from tests.support.a_desk import CASE, PLATE, FullDesk
from tests.support.agency import SettableClock
from tests.support.chromium import DESKTOP
from tests.support.web import PASSWORD

Goes = Callable[["Browsers", Page], None]


@attrs.define
class Browsers:
    """One browser with a profile for each person, and the server they look at."""

    desk: FullDesk
    clock: SettableClock
    address: str
    chromium: Browser
    opened: dict[Role | None, BrowserContext] = attrs.field(factory=dict)

    def page(self, role: Role | None) -> Page:
        """A new page of somebody; None: nobody is signed in."""
        if role not in self.opened:
            context = self.chromium.new_context(viewport=DESKTOP, color_scheme="light")
            context.set_default_timeout(30_000)
            if role is not None:
                self.sign_in(context, role)
            self.opened[role] = context
        page = self.opened[role].new_page()
        page.set_viewport_size(DESKTOP)
        return page

    def sign_in(self, context: BrowserContext, role: Role) -> None:
        """Give a profile the session of somebody, as the form does."""
        context.add_cookies(
            [
                {
                    "name": COOKIE,
                    "value": self.desk.token(role),
                    "domain": "127.0.0.1",
                    "path": "/",
                    "secure": True,
                    "httpOnly": True,
                }
            ]
        )


# ------------------------------------------------------------------ how to get there


def at(path: str) -> Goes:
    """Open an address."""

    def go(browsers: Browsers, page: Page) -> None:
        page.goto(f"{browsers.address}{path}")

    return go


def alert(word: str) -> Goes:
    """Open the alert in a state."""

    def go(browsers: Browsers, page: Page) -> None:
        page.goto(f"{browsers.address}/alerts/{browsers.desk.alerts[word]}")

    return go


def half_checked(browsers: Browsers, page: Page) -> None:
    """Send a confirmation with two of four checks, past the page's own script."""
    alert("waiting")(browsers, page)
    page.locator("#check-characters").check()
    page.locator("#check-vehicle").check()
    page.evaluate("document.querySelector('form[data-checks]').submit()")
    expect(page.locator("[data-refused]")).to_be_visible()


def search(purpose: str, plate: str = PLATE) -> Goes:
    """Fill the form of a search and send it."""

    def go(browsers: Browsers, page: Page) -> None:
        page.goto(f"{browsers.address}/search")
        page.select_option("#purpose", purpose)
        page.fill("#case", CASE)
        page.fill("#plate", plate)
        page.locator(".co-search__go button").click()
        expect(page.locator(".co-again")).to_be_visible()

    return go


def search_in_doubt(browsers: Browsers, page: Page) -> None:
    """Send a search whose note leaves a doubt."""
    page.goto(f"{browsers.address}/search")
    page.select_option("#purpose", "robbery")
    page.fill("#case", CASE)
    page.fill("#note", "the rally downtown")
    page.fill("#plate", PLATE)
    page.locator(".co-search__go button").click()
    expect(page.locator("#own-waiting")).to_be_visible()


def decided_without_a_word(browsers: Browsers, page: Page) -> None:
    """Approve a search without saying why."""
    page.goto(f"{browsers.address}/oversight")
    page.locator("button[value=approve]").first.click()
    expect(page.locator(".co-summary")).to_be_visible()


def searched_for_nothing(browsers: Browsers, page: Page) -> None:
    """Send the form of a search as it is."""
    page.goto(f"{browsers.address}/search")
    page.locator(".co-search__go button").click()
    expect(page.locator(".co-summary")).to_be_visible()


def half_typed(browsers: Browsers, page: Page) -> None:
    """Fill the form with a pattern, until the panel says what it means."""
    page.goto(f"{browsers.address}/search")
    page.select_option("#purpose", "robbery")
    page.fill("#case", CASE)
    page.fill("#plate", "BK4?1*")
    expect(page.locator(".co-parts")).to_be_visible()


def hold_form(browsers: Browsers, page: Page) -> None:
    """Press Hold beside a result, and say too little."""
    search("robbery")(browsers, page)
    page.locator("#read-2 a[href$=hold]").click()
    page.fill("#reason", "why")
    page.locator("main form button").click()
    expect(page.locator(".co-summary")).to_be_visible()


def case_misnamed(browsers: Browsers, page: Page) -> None:
    """End a hold, with the number of another case typed."""
    page.goto(f"{browsers.address}/cases/{CASE}")
    page.locator("details summary", has_text="End this hold").click()
    page.locator("[name=named]").fill("26-9")
    page.locator(".usa-button--danger").click()
    expect(page.locator(".usa-error-message")).to_be_visible()


def export_wrong(browsers: Browsers, page: Page) -> None:
    """Send the form of an export as it is."""
    page.goto(f"{browsers.address}/export/{CASE}")
    page.locator("main form button").click()
    expect(page.locator(".co-summary")).to_be_visible()


def export_sure(browsers: Browsers, page: Page) -> None:
    """Fill the form of an export, until it says what the law says."""
    page.goto(f"{browsers.address}/export/{CASE}")
    page.fill("#name", "State's Attorney, Hartford")
    page.fill("#note", "Trial, count 2 of the robbery")
    page.locator("main form button").click()
    expect(page.locator("button[name=sure]")).to_be_visible()


def loaded(list_class: str, content: bytes) -> Goes:
    """Load a hot list."""

    def go(browsers: Browsers, page: Page) -> None:
        page.goto(f"{browsers.address}/hot-lists")
        page.select_option("#list_class", list_class)
        page.fill("#name", "Recovered and stolen")
        page.fill("#source", "State Police")
        page.fill("#authority", "Conn. Gen. Stat. 29-1c")
        file = FilePayload(name="list.csv", mimeType="text/csv", buffer=content)
        page.set_input_files("#file", [file])
        page.locator("main form button[type=submit]").click()
        page.wait_for_load_state()
        expect(page.locator("main form")).to_have_count(
            0 if list_class == "gang" else 1
        )

    return go


def code_made(browsers: Browsers, page: Page) -> None:
    """Invite a box."""
    page.goto(f"{browsers.address}/cameras")
    page.fill("#box_name", "Mill Road cabinet")
    page.locator("label[for=cam-mill-road]").click()
    page.locator("form[action='/cameras/boxes'] button").click()
    expect(page.locator(".co-code")).to_be_visible()


def camera_refused(browsers: Browsers, page: Page) -> None:
    """Place a camera where the rules let none stand."""
    page.goto(f"{browsers.address}/cameras")
    page.locator("summary", has_text="Place a camera").click()
    page.fill("#name", "At the clinic")
    page.fill("#camera_id", "clinic")
    page.fill("#latitude", "41.81")
    page.fill("#longitude", "-72.53")
    page.select_option("#place", "health_care")
    page.locator("form[action='/cameras'] button").click()
    expect(page.locator(".co-refusal")).to_be_visible()


def camera_half_described(browsers: Browsers, page: Page) -> None:
    """Place a camera without a word of what it looks at."""
    page.goto(f"{browsers.address}/cameras")
    page.locator("summary", has_text="Place a camera").click()
    page.locator("form[action='/cameras'] button").click()
    expect(page.locator("#place-error")).to_be_visible()


def box_refused(browsers: Browsers, page: Page) -> None:
    """Revoke a box, with another name typed."""
    page.goto(f"{browsers.address}/cameras/boxes/{browsers.desk.box}/revoke")
    page.fill("#typed_name", "another")
    page.locator(".usa-button--danger").click()
    expect(page.locator(".usa-error-message")).to_be_visible()


def person(browsers: Browsers, page: Page) -> None:
    """Open the page of somebody who left."""
    page.goto(f"{browsers.address}/people/{browsers.desk.gone.person_id}")


def person_added(browsers: Browsers, page: Page) -> None:
    """Add somebody, whose password is shown once."""
    page.goto(f"{browsers.address}/people")
    page.fill("#name", "Toni Baumann")
    page.fill("#login", "t.baumann")
    page.locator("label[for=new-officer]").click()
    page.locator("main form button").click()
    expect(page.locator(".co-code")).to_be_visible()


def record(browsers: Browsers, page: Page) -> None:
    """Open the record of a search."""
    page.goto(f"{browsers.address}/log?kind=search.asked")
    page.locator("[data-co-open]").first.click()
    page.wait_for_url("**/log/*")


def wrong_password(browsers: Browsers, page: Page) -> None:
    """Sign in as nobody."""
    page.goto(f"{browsers.address}/sign-in")
    page.fill("#login", "nobody")
    page.fill("#password", PASSWORD)
    page.locator("main button").click()
    expect(page.locator("[data-co-focus]")).to_be_visible()


@attrs.frozen
class Place:
    """A page: who sees it and how they come to it.

    Attributes:
        answer: the button that the page is for; must be the largest, above the fold.
        status: of an answer that the browser notes as an error; 0: none.
    """

    name: str
    role: Role | None
    go: Goes
    answer: str = ""
    status: int = 0


CSV = (
    b"plate,state,reason,expires\n"
    b"AA11111,CT,Stolen,\n,CT,Stolen,\nBB22222,CT,Stolen,soon\n"
)
PLACES = (
    Place("sign-in", None, at("/sign-in"), "main form button"),
    Place("sign-in-failed", None, wrong_password, "main form button", status=401),
    Place("board", Role.DISPATCHER, at("/board")),
    Place("board-filtered", Role.OFFICER, at("/board?show=rejected&camera=mill-road")),
    Place("alert-waiting", Role.DISPATCHER, alert("waiting"), "[data-confirm]"),
    Place("alert-folded", Role.OFFICER, alert("folded"), "[data-confirm]"),
    Place("alert-taken", Role.DISPATCHER, alert("taken"), "[data-confirm]"),
    Place("alert-late", Role.DISPATCHER, alert("late"), "[data-confirm]"),
    Place("alert-unchecked", Role.DISPATCHER, half_checked, status=422),
    Place("alert-confirmed", Role.DISPATCHER, alert("confirmed")),
    Place("alert-concluded", Role.DISPATCHER, alert("concluded")),
    Place("alert-rejected", Role.DISPATCHER, alert("rejected")),
    Place("alert-deleted", Role.DISPATCHER, alert("deleted")),
    Place("search", Role.INVESTIGATOR, at("/search"), ".co-search__go button"),
    Place("search-typed", Role.INVESTIGATOR, half_typed, ".co-search__go button"),
    Place("search-wrong", Role.INVESTIGATOR, searched_for_nothing, status=422),
    Place("results", Role.INVESTIGATOR, search("robbery")),
    Place("results-none", Role.INVESTIGATOR, search("robbery", "ZZ0*")),
    Place("refused", Role.INVESTIGATOR, search("immigration"), status=403),
    Place("hold", Role.INVESTIGATOR, hold_form, "main form button", status=422),
    Place("cases", Role.SUPERVISOR, at("/cases")),
    Place("case", Role.SUPERVISOR, at(f"/cases/{CASE}")),
    Place("case-misnamed", Role.SUPERVISOR, case_misnamed, status=422),
    Place("case-empty", Role.INVESTIGATOR, at("/cases/26-00000")),
    Place("export", Role.INVESTIGATOR, at(f"/export/{CASE}"), "main form button"),
    Place("export-wrong", Role.INVESTIGATOR, export_wrong, status=422),
    Place("export-sure", Role.INVESTIGATOR, export_sure, "button[name=sure]"),
    Place("export-none", Role.SUPERVISOR, at("/export/26-00000")),
    Place("oversight", Role.SUPERVISOR, at("/oversight")),
    Place("oversight-unsaid", Role.SUPERVISOR, decided_without_a_word, status=422),
    Place("search-waits", Role.OFFICER, search_in_doubt),
    Place("hot-lists", Role.LIST_CLERK, at("/hot-lists")),
    Place("list-loaded", Role.LIST_CLERK, loaded("vehicle", CSV)),
    Place("list-broken", Role.LIST_CLERK, loaded("vehicle", b"what"), status=422),
    Place("list-refused", Role.LIST_CLERK, loaded("gang", CSV), status=403),
    Place("cameras", Role.ADMINISTRATOR, at("/cameras")),
    Place("camera-refused", Role.ADMINISTRATOR, camera_refused, status=403),
    Place("camera-wrong", Role.ADMINISTRATOR, camera_half_described, status=422),
    Place("cameras-seen", Role.OFFICER, at("/cameras?state=retired")),
    Place("box-code", Role.ADMINISTRATOR, code_made, ".co-actions .usa-button"),
    Place("box-revoke", Role.ADMINISTRATOR, box_refused, status=422),
    Place("people", Role.ADMINISTRATOR, at("/people?show=all")),
    Place("person", Role.ADMINISTRATOR, person),
    Place("person-added", Role.ADMINISTRATOR, person_added, ".co-actions .usa-button"),
    Place("log", Role.AUDITOR, at("/log")),
    Place("log-none", Role.AUDITOR, at("/log?kind=box.revoked")),
    Place("record", Role.AUDITOR, record),
    Place("rules", Role.OFFICER, at("/rules")),
    Place("status", Role.ADMINISTRATOR, at("/status")),
    Place("account", Role.OFFICER, at("/account"), "main form button"),
    Place("not-your-role", Role.OFFICER, at("/people"), status=403),
    Place("no-such-page", Role.OFFICER, at("/nowhere"), status=404),
)
