"""Maps in a real Chromium: streets are painted, pins lie right, all three views linked."""

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import attrs
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    expect,
    sync_playwright,
)
from tests.support.a_map import CENTRE, write_map
from tests.support.chromium import DESKTOP, errors_of, program
from tests.support.live import served
from tests.support.sightings import seen
from tests.support.web import PASSWORD, somebody

from charteroak.core.camera import Camera, CameraId
from charteroak.core.people import Role
from charteroak.server.actions.sign_in import SignedInAs, sign_in
from charteroak.server.agency import Agency
from charteroak.server.store import cameras
from charteroak.server.web.app import create_app
from charteroak.server.web.session import COOKIE

pytestmark = pytest.mark.browser

PATIENT_MS = 90_000
# Of map.css, for light and for dark.
WATER = (188, 215, 230)
WATER_DARK = (16, 37, 47)
NO_WEBGL = "HTMLCanvasElement.prototype.getContext = () => null;"
WATCH_POLICY = """
    document.addEventListener("securitypolicyviolation", (event) => {
        console.error("policy: " + event.violatedDirective + " " + event.blockedURI);
    });
"""


@pytest.fixture(scope="module")
def painter() -> Iterator[Browser]:
    """A Chromium that paints WebGL without a graphics card."""
    arguments = ["--no-sandbox", "--enable-unsafe-swiftshader"]
    quiet = ["--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program(), args=[*arguments, *quiet]
        )
        yield browser
        browser.close()


@pytest.fixture
def town(agency: Agency, tmp_path: Path) -> Agency:
    """Three cameras on a line to the north-east, with reads at two of them."""
    with agency.database.changes() as tx:
        for name, step in (("south", -5), ("middle", 0), ("north", 5)):
            camera = Camera(
                camera_id=CameraId(name),
                name=f"{name.title()} Street",
                latitude=CENTRE[1] + step / 1000,
                longitude=CENTRE[0] + step / 1000,
                heading_deg=45,
            )
            cameras.place(tx, camera, at=agency.clock())
    for hours, camera_id in ((1, "south"), (2, "north"), (3, "south")):
        seen(agency, "QX9A42", ago=timedelta(hours=hours), camera=camera_id)
    file = write_map(tmp_path / "town.pmtiles")
    settings = agency.settings.model_copy(update={"map_file": file})
    return attrs.evolve(agency, settings=settings)


@pytest.fixture
def address(town: Agency) -> Iterator[str]:
    with served(create_app(town)) as at:
        yield at


@pytest.fixture
def context(
    painter: Browser, town: Agency, request: pytest.FixtureRequest
) -> Iterator[BrowserContext]:
    """Signed in as an investigator; with scripts unless a test says otherwise."""
    scripted = getattr(request, "param", True)
    context = painter.new_context(
        viewport=DESKTOP, java_script_enabled=scripted, color_scheme="light"
    )
    context.set_default_timeout(PATIENT_MS)
    answer = sign_in(town, somebody(town, Role.INVESTIGATOR).login, PASSWORD)
    assert isinstance(answer, SignedInAs)
    context.add_cookies(
        [
            {
                "name": COOKIE,
                "value": answer.token,
                "domain": "127.0.0.1",
                "path": "/",
                "secure": True,
            }
        ]
    )
    yield context
    context.close()


def searched(page: Page, address: str) -> None:
    page.goto(f"{address}/search")
    page.select_option("#purpose", "robbery")
    page.fill("#case", "26-1234")
    page.fill("#plate", "QX9A42")
    page.click(".co-search__go button")
    expect(page.locator("#found")).to_contain_text("3 reads")


def pixels(place: Locator, colour: tuple[int, int, int]) -> int:
    """How many pixels of a part of the page are of a colour, or next to it."""
    picture = Image.open(io.BytesIO(place.screenshot())).convert("RGB")
    apart = np.abs(np.asarray(picture, dtype=int) - colour).max(axis=2)
    return int((apart <= 3).sum())


def test_list_timeline_and_map_show_the_same_reads(
    context: BrowserContext, address: str
) -> None:
    context.add_init_script(WATCH_POLICY)
    page = context.new_page()
    errors = errors_of(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    searched(page, address)
    figure = page.locator(".co-found [data-map]")
    expect(figure).to_have_attribute("data-painted", "", timeout=PATIENT_MS)

    assert pixels(figure, WATER) > 500
    pins = figure.locator(".co-map__live .co-pin")
    expect(pins).to_have_count(3)
    south, north = (
        figure.locator(f'.co-map__live [data-camera="{name}"]')
        for name in ("south", "north")
    )
    low, high = south.bounding_box(), north.bounding_box()
    assert low is not None
    assert high is not None
    assert high["y"] + 50 < low["y"]
    assert low["x"] + 50 < high["x"]
    expect(south).to_have_attribute("aria-label", "South Street: 2 reads")

    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("[data-lit]")).to_have_count(4)
    for lit in ("#read-2", '.co-timeline [data-read="2"]'):
        expect(page.locator(lit)).to_have_attribute("data-lit", "")
    expect(north).to_have_attribute("data-lit", "")

    page.locator('.co-timeline [data-read="3"]').hover()
    expect(page.locator("#read-3")).to_have_attribute("data-lit", "")
    expect(south).to_have_attribute("data-lit", "")
    expect(north).not_to_have_attribute("data-lit", "")

    south.focus()
    expect(page.locator(".co-timeline [data-lit]")).to_have_count(2)
    page.keyboard.press("Enter")
    expect(page.locator("#read-1")).to_be_focused()
    expect(page.locator("#read-1")).to_have_attribute("data-co-selected", "")

    page.locator("[data-co-theme]").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    for _ in range(100):
        if pixels(figure, WATER_DARK) > 500:
            break
        page.wait_for_timeout(100)
    assert pixels(figure, WATER_DARK) > 500

    assert errors == []
    assert f"{address}/map/streets.pmtiles" in asked
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    assert not [url for url in asked if "QX9" in url.upper()]


def test_cameras_are_chosen_on_the_map_and_in_the_list_alike(
    context: BrowserContext, address: str
) -> None:
    page = context.new_page()
    page.goto(f"{address}/search")
    page.locator(".co-search__where summary").click()
    figure = page.locator(".co-search__where [data-map]")
    expect(figure).to_have_attribute("data-live", "", timeout=PATIENT_MS)
    pin = figure.locator('button[data-camera="middle"]')
    expect(pin).to_have_attribute("aria-pressed", "false")

    pin.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#camera-middle")).to_be_checked()
    page.locator("label[for=camera-middle]").click()
    expect(pin).to_have_attribute("aria-pressed", "false")

    for _ in range(4):
        figure.locator(".maplibregl-ctrl-zoom-in").click()
    north = figure.locator('button[data-camera="north"]')
    expect(north).not_to_be_in_viewport(timeout=PATIENT_MS)
    page.locator("[data-in-view]").click()
    expect(page.locator("#camera-middle")).to_be_checked()
    expect(page.locator("#camera-north")).not_to_be_checked()


def test_without_webgl_the_drawing_stays(context: BrowserContext, address: str) -> None:
    context.add_init_script(NO_WEBGL)
    page = context.new_page()
    with page.expect_console_message(lambda each: each.text.startswith("map:")):
        searched(page, address)

    pin = page.locator('.co-found .co-map__drawing [data-camera="north"]')
    expect(pin).to_be_visible()
    pin.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#read-2")).to_be_focused()
    assert page.locator("[data-live]").count() == 0


@pytest.mark.parametrize("context", [False], indirect=True)
def test_without_scripts_everything_is_there(
    context: BrowserContext, address: str
) -> None:
    page = context.new_page()
    searched(page, address)

    drawing = page.locator(".co-found .co-map__drawing")
    expect(drawing.locator(".co-pin--reads")).to_have_count(2)
    expect(page.locator(".co-found .co-row")).to_have_count(3)
    drawing.locator('[data-camera="north"] .co-pin__shape').click()
    assert page.url.endswith("#read-2")
    page.locator('.co-timeline [data-read="3"]').click()
    assert page.url.endswith("#read-3")
