"""One car from the camera's stream to the verdict, in the town that `make demo` starts.

Nothing here puts a read anywhere: a car is drawn driving by, the box reads it from the
camera's stream, seals it, sends it; the server matches it and shows it; a person in a
real Chromium verifies it, others search, are refused, and read the log.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support.chromium import DESKTOP, errors_of

from charteroak.demo.cameras import CAMERAS

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("town")]

# The machine may be busy with other tests; the demonstration itself takes seconds.
UNTIL_UP_S = 120
UNTIL_READ_MS = 120_000
TRUTH = "truth.jsonl"


@attrs.frozen(kw_only=True)
class Town:
    """A running demonstration."""

    address: str
    passwords: dict[str, str]
    process: "subprocess.Popen[str]"
    folder: Path

    def drove_by(self, plate: str) -> int:
        """How often a car passed a camera so far, by the street's own record."""
        lines = (self.folder / TRUTH).read_text().splitlines()
        return sum(json.loads(line)["plate"] == plate for line in lines)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with tempfile.TemporaryDirectory(prefix="charteroak-test-town-") as place:
        # The database's user must be able to pass through.
        Path(place).chmod(0o711)
        process = subprocess.Popen(
            [
                sys.executable,
                *("-m", "charteroak.cli", "demo"),
                *("--port", str(free_port()), "--every", "8", "--keep", "30m"),
                *("--truth", str(Path(place) / TRUTH)),
            ],
            env={**os.environ, "TMPDIR": place, "COLUMNS": "120"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said = until_said(process, "Everything is made up")
        address = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert address is not None
        passwords = dict(
            re.findall(r"^\s*(\w+)\s+([A-Z0-9-]{14})\s", said, re.MULTILINE)
        )
        yield Town(
            address=address[0],
            passwords=passwords,
            process=process,
            folder=Path(place),
        )
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
        assert process.returncode == 0, rest
        assert "Traceback" not in rest
        assert not [each for each in Path(place).rglob("*") if each.name == "postgres"]


def until_said(process: "subprocess.Popen[str]", words: str) -> str:
    said = ""
    deadline = time.monotonic() + UNTIL_UP_S
    assert process.stdout is not None
    while words not in said:
        line = process.stdout.readline()
        assert line, f"the demonstration ended: {said}"
        assert time.monotonic() < deadline, said
        said += line
    return said


def at_the_desk(chromium: Browser, town: Town, login: str) -> Page:
    context = chromium.new_context(viewport=DESKTOP, base_url=town.address)
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto("/sign-in")
    page.fill("#login", login)
    page.fill("#password", town.passwords[login])
    page.click("main button[type=submit]")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    return page


def test_a_stolen_car_is_read_shown_and_verified(chromium: Browser, town: Town) -> None:
    board = at_the_desk(chromium, town, "dana")
    errors = errors_of(board)
    expect(board.locator("h1")).to_have_text("Board")
    # It comes over the open stream: the page is never loaded again.
    stolen = board.locator("[data-alert]", has_text="BK47193").first
    expect(stolen).to_be_visible(timeout=UNTIL_READ_MS)
    # Its state, or that nobody knows it: never nothing.
    expect(stolen).to_contain_text(re.compile(r"CT\s*BK47193|state not read: check"))
    expect(board).to_have_title(re.compile(r"^\(\d+\)"))
    picture = stolen.locator("img")
    # `decode` waits for the picture, and fails where there is none.
    assert (
        picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 50
    )
    stolen.locator("a[data-co-open]").click()
    board.wait_for_url("**/alerts/*")
    assert "BK47193" not in board.url
    expect(board.locator(".co-lead")).to_contain_text("A lead. Not by itself")

    # Three checks are not enough, whatever the page's script says.
    for key in "123":
        board.keyboard.press(key)
    board.evaluate("document.querySelector('form[data-checks]').submit()")
    expect(board.locator("[data-refused]")).to_contain_text("Nothing was written")

    for name in ("characters", "state", "vehicle", "live_record"):
        board.locator(f"#check-{name}").check()
    board.locator("[data-confirm]").click()
    expect(board.locator("#h-verdict")).to_contain_text("Confirmed")
    expect(board.locator(".co-deeds")).to_contain_text("Dana Whitfield")
    expect(board.locator(".co-lead")).to_contain_text("A lead. Not by itself")
    board.get_by_role("button", name=re.compile("recovered", re.IGNORECASE)).click()
    expect(board.locator(".co-alert__verdict")).to_contain_text(
        re.compile("recovered", re.IGNORECASE)
    )
    # The server answered the incomplete confirmation with a status that says so.
    assert not [each for each in errors if "409" not in each and "422" not in each]


def asked(desk: Page) -> int:
    """Send the search form; gives the status of the answer."""
    with desk.expect_response(
        lambda answer: (
            answer.request.method == "POST" and not answer.url.endswith("/explain")
        )
    ) as sent:
        desk.locator(".co-search__go button").click()
    return int(sent.value.status)


def test_each_car_that_drives_by_is_read_once(chromium: Browser, town: Town) -> None:
    board = at_the_desk(chromium, town, "dana")
    expect(board.locator("[data-alert]", has_text="BK47193").first).to_be_visible(
        timeout=UNTIL_READ_MS
    )
    # Its passing was some twenty frames. A second read of it would be another alert.
    board.wait_for_timeout(5_000)
    drove = town.drove_by("BK47193")
    assert drove >= 1
    assert board.locator("[data-alert]", has_text="BK47193").count() <= drove


def test_thirteen_cameras_are_on_the_page_of_cameras(
    chromium: Browser, town: Town
) -> None:
    page = at_the_desk(chromium, town, "ada")
    page.goto("/cameras")
    for camera in CAMERAS:
        expect(page.locator("main")).to_contain_text(camera.name)
    assert len(CAMERAS) == 13


def test_a_search_is_answered_and_recorded(chromium: Browser, town: Town) -> None:
    # The tests come in any order: the car must have been read before it is looked for.
    board = at_the_desk(chromium, town, "dana")
    read = board.locator("[data-alert]", has_text="BK47193").first
    expect(read).to_be_visible(timeout=UNTIL_READ_MS)

    desk = at_the_desk(chromium, town, "ines")
    desk.goto("/search")
    desk.select_option("#purpose", "stolen_vehicle")
    desk.fill("#case", "26-04417")
    desk.fill("#plate", "BK4*")
    desk.locator(".co-search__go button").click()
    expect(desk.locator("main")).to_contain_text("BK47193")
    assert "BK4" not in desk.url
    number = desk.locator(".co-recorded strong").inner_text()

    auditor = at_the_desk(chromium, town, "lou")
    auditor.goto("/log")
    expect(auditor.locator("main")).to_contain_text(number)
    assert "BK47193" not in auditor.content()


def test_a_banned_purpose_is_refused_with_its_rule_and_recorded(
    chromium: Browser, town: Town
) -> None:
    desk = at_the_desk(chromium, town, "ines")
    desk.goto("/search")
    desk.select_option("#purpose", "immigration")
    desk.fill("#case", "26-04417")
    desk.fill("#plate", "BK47193")
    assert asked(desk) == 403
    main = desk.locator("main")
    expect(main).to_contain_text("26-14")
    expect(main).to_contain_text(re.compile("record", re.IGNORECASE))


def test_the_administrator_cannot_search(chromium: Browser, town: Town) -> None:
    desk = at_the_desk(chromium, town, "ada")
    desk.goto("/search")
    desk.select_option("#purpose", "stolen_vehicle")
    desk.fill("#case", "26-04417")
    desk.fill("#plate", "BK47193")
    assert asked(desk) == 403
    expect(desk.locator("main")).to_contain_text("Whoever administers the system")
    expect(desk.locator(".co-recorded")).to_have_count(0)
