"""An export for court, from the case to the file that OpenSSL verifies."""

import hashlib
import io
import json
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.test_pages import barriers
from tests.support.a_desk import CASE, PLATE, FullDesk, furnished
from tests.support.agency import SettableClock, a_fresh_agency
from tests.support.chromium import PHONE, errors_of
from tests.support.desk_pages import Browsers
from tests.support.live import served
from tests.support.shelf import Shelf

from charteroak.core.camera import CameraId
from charteroak.core.hold import HoldId
from charteroak.core.hold_span import HoldSpan
from charteroak.core.package import fingerprint
from charteroak.core.people import Role
from charteroak.core.search import Purpose
from charteroak.server.actions.approve_hold import SpanBegun, approve_hold
from charteroak.server.actions.request_hold import HoldRequested, request_span
from charteroak.server.web.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("export")]


@pytest.fixture(scope="module")
def browsers(
    agencies: Shelf, tmp_path_factory: pytest.TempPathFactory, chromium: Browser
) -> Iterator[Browsers]:
    folder, clock = tmp_path_factory.mktemp("desk"), SettableClock()
    with (
        a_fresh_agency(agencies, clock, folder) as agency,
        served(create_app(agency)) as address,
    ):
        yield Browsers(furnished(agency), clock, address, chromium)


def a_page(browsers: Browsers, role: Role, *, scripts: bool = True) -> Page:
    context = browsers.chromium.new_context(java_script_enabled=scripts)
    context.set_default_timeout(30_000)
    browsers.sign_in(context, role)
    return context.new_page()


def fill(page: Page, *, note: str = "Trial, count 2 of the robbery") -> None:
    page.locator("label[for=to-court]").click()
    page.fill("#name", "Superior Court, Hartford")
    page.fill("#note", note)
    page.get_by_role("button", name="See what the law says").click()


@pytest.mark.parametrize("scripts", ["with scripts", "without scripts"])
def test_from_the_case_to_a_package_that_openssl_verifies(
    browsers: Browsers, tmp_path: Path, scripts: str
) -> None:
    page = a_page(browsers, Role.INVESTIGATOR, scripts=scripts == "with scripts")
    page.goto(f"{browsers.address}/cases/{CASE}")
    page.get_by_role("link", name="Export for court").click()
    expect(page.locator("#reads")).to_contain_text(PLATE)
    fill(page)
    says = page.locator(".co-explain")
    expect(says).to_contain_text("The rules allow this export")
    expect(says).to_contain_text("may be exported for that case")
    expect(page.locator("main form")).to_contain_text("Court: Superior Court, Hartford")

    with page.expect_download() as waiting:
        page.get_by_role("button", name="Make and download the package").click()

    download = waiting.value
    assert download.suggested_filename.startswith("export-")
    assert PLATE not in download.suggested_filename + download.url + page.url
    with zipfile.ZipFile(io.BytesIO(Path(download.path()).read_bytes())) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    for command in (
        ["sha256sum", "--strict", "-c", "SHA256SUMS"],
        ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "agency.pem",
         "-in", "SHA256SUMS", "-sigfile", "SHA256SUMS.sig"],
    ):  # fmt: skip
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    assert PLATE in (folder / "reads.csv").read_text("utf-8-sig")
    page.goto(f"{browsers.address}/export/{CASE}")
    given_out = hashlib.sha256(Path(download.path()).read_bytes()).hexdigest()
    expect(page.locator("main")).to_contain_text(given_out)
    look_at(browsers, folder)


def look_at(browsers: Browsers, folder: Path) -> None:
    """Open the package's page from the disk, as somebody without a server does."""
    context = browsers.chromium.new_context(viewport=PHONE, offline=True)
    page = context.new_page()
    errors = errors_of(page)
    page.goto((folder / "index.html").as_uri())
    expect(page.get_by_role("heading", name="Export for court")).to_be_visible()
    widths = page.eval_on_selector_all("img", "all => all.map(i => i.naturalWidth)")
    assert len(widths) >= 1
    assert all(widths)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert barriers(page) == []
    assert errors == []
    context.close()


def a_period_kept(desk: FullDesk) -> HoldId:
    """All of one camera, held for the case by a supervisor's approval, unseen."""
    people, now = desk.people, desk.agency.clock()
    asked = request_span(
        desk.agency,
        people[Role.INVESTIGATOR],
        HoldSpan(
            since=now - timedelta(days=1),
            until=now,
            cameras=frozenset({CameraId("main-st-north")}),
        ),
        case_ref=CASE,
        purpose=Purpose("robbery"),
        reason="everything of the camera by the shop",
        keep=timedelta(days=90),
    )
    assert isinstance(asked, HoldRequested)
    done = approve_hold(desk.agency, people[Role.SUPERVISOR], asked.hold_id)
    assert isinstance(done, SpanBegun)
    return asked.hold_id


def test_what_is_found_in_a_kept_period_is_chosen_and_exported(
    browsers: Browsers,
) -> None:
    hold = a_period_kept(browsers.desk)
    page = a_page(browsers, Role.INVESTIGATOR)
    page.goto(f"{browsers.address}/export/{CASE}")
    before = page.locator("input[name=read]").count()
    page.goto(f"{browsers.address}/holds/{hold}/search?case={CASE}")
    page.fill("#note", "robbery of the shop on Main Street")
    page.fill("#plate", PLATE)
    page.get_by_role("button", name="Search and record it").click()
    page.get_by_role("button", name="Export some of these for court").click()
    found = page.locator("input[name=read]:checked").count()
    assert found >= 1
    expect(page.locator("input[name=read]")).to_have_count(before + found)
    expect(page.locator(".co-summary")).to_have_count(0)

    fill(page)
    expect(page.locator("main form")).to_contain_text(f"{found} held read")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Make and download the package").click()

    content = Path(waiting.value.path()).read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith("reads.json"))
        assert len(json.loads(archive.read(name))) == found


def test_a_package_that_did_not_arrive_is_made_again(browsers: Browsers) -> None:
    page = a_page(browsers, Role.INVESTIGATOR)
    page.goto(f"{browsers.address}/export/{CASE}")
    fill(page)
    make = page.get_by_role("button", name="Make and download the package")
    with page.expect_download() as first:
        make.click()
    # For a moment a second press counts for nothing: it is rarely meant.
    expect(page.locator("form[data-co-sent]")).to_have_count(0)

    with page.expect_download() as second:
        make.click()

    assert first.value.suggested_filename != second.value.suggested_filename


def test_the_key_is_shown_where_an_outsider_can_compare_it(browsers: Browsers) -> None:
    nobody = browsers.chromium.new_context().new_page()
    with nobody.expect_download() as waiting:
        nobody.evaluate(f"location.href = '{browsers.address}/signing-key.pem'")
    pem = Path(waiting.value.path()).read_text()
    officer = a_page(browsers, Role.OFFICER)
    officer.goto(f"{browsers.address}/rules#signing-key")

    shown = officer.locator("#signing-key .co-hash").inner_text().replace(" ", "")

    assert shown == fingerprint(pem)


def test_what_would_be_refused_is_said_before_the_click_and_recorded_after(
    browsers: Browsers,
) -> None:
    page = a_page(browsers, Role.INVESTIGATOR)
    page.goto(f"{browsers.address}/export/{CASE}")
    page.select_option("#purpose", "immigration")
    fill(page)
    expect(page.locator(".co-explain")).to_contain_text("This export would be refused")
    expect(page.locator(".co-explain")).to_contain_text("P.A. 26-14")

    page.get_by_role("button", name="Change it").click()
    expect(page.locator("#name")).to_have_value("Superior Court, Hartford")
    expect(page.locator("#purpose")).to_have_value("immigration")
    page.get_by_role("button", name="See what the law says").click()
    page.get_by_role("button", name="Ask all the same").click()

    expect(page.locator(".co-refusal")).to_contain_text("CT-no-immigration")
    expect(page.locator(".co-refusal")).to_contain_text("of the log")


def test_what_is_missing_is_said_at_its_field_and_nothing_typed_is_lost(
    browsers: Browsers,
) -> None:
    page = a_page(browsers, Role.INVESTIGATOR)
    page.goto(f"{browsers.address}/export/{CASE}")
    page.locator("label[for=read-1]").click()
    fill(page, note="trial")

    expect(page.locator(".co-summary")).to_contain_text("Choose at least one read.")
    expect(page.locator("#note-error")).to_contain_text("10 to 300 characters")
    expect(page.locator("#name")).to_have_value("Superior Court, Hartford")
    expect(page.locator("#read-1")).not_to_be_checked()
    expect(page.locator("#to-court")).to_be_checked()
