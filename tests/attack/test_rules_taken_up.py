"""`charteroak server run` and a policy in a file: refused at the start, taken up later."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.attack.a_running_server import Running, running

from charteroak.core.people import Role
from charteroak.law import loader

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("rules")]

SHIPPED = Path(loader.__file__).parent / "policies" / "published_prohibitions.cedar"
NO_ROBBERY = """
@id("OWN-no-robbery")
@statute("Town policy 7")
@plain("Nobody searches for a robbery here.")
@confidence("high")
@review("no lawyer yet")
@change("")
forbid (principal, action == Action::"search_reads", resource)
when { context.purpose == Purpose::"robbery" };
"""
TYPO = NO_ROBBERY.replace('"robbery" }', '"robery" }')
PATIENCE_S = 180


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running() as started:
        yield started


def until(done: Callable[[], bool]) -> None:
    begun = time.monotonic()
    while not done():
        assert time.monotonic() - begun < PATIENCE_S
        time.sleep(0.2)


def adopted(server: Running) -> str:
    """The text of the policy that was recorded last as in force."""
    with server.admin() as admin:
        row = admin.execute(
            "SELECT texts FROM rules_adopted ORDER BY adopted_id DESC LIMIT 1"
        ).fetchone()
    texts = row[0] if row is not None else {}
    assert isinstance(texts, dict)
    return next((text for name, text in texts.items() if "policy" in name), "")


def test_a_policy_is_refused_at_the_start_and_taken_up_while_it_runs(
    server: Running,
) -> None:
    policy = server.folder / "town.cedar"
    shutil.copy(SHIPPED, policy)
    server.end()
    server.environment["CHARTEROAK_POLICY"] = str(policy)
    policy.write_text(SHIPPED.read_text() + TYPO)
    line = policy.read_text().count("\n")

    done = subprocess.run(
        [sys.executable, "-m", "charteroak.cli", "server", "run"],
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert f"town.cedar, line {line}: not understood at robery" in done.stderr
    assert "Repair the rule" in done.stderr
    assert "Traceback" not in done.stderr

    policy.write_text(SHIPPED.read_text())
    server.start()
    # A file counts at the second look; until then there is nothing that could change.
    until(lambda: adopted(server) == policy.read_text())
    desk = server.at_the_desk(Role.AUDITOR)
    assert "OWN-no-robbery" not in desk.get("/rules").text

    policy.write_text(SHIPPED.read_text() + NO_ROBBERY)
    until(lambda: "OWN-no-robbery" in desk.get("/rules").text)
    until(lambda: "the rules have changed" in server.said)

    policy.write_text(SHIPPED.read_text() + TYPO)
    until(lambda: "New rules were refused" in desk.get("/rules").text)
    page = desk.get("/rules").text
    assert f"town.cedar, line {line}" in page
    assert "robery" in page
    assert "OWN-no-robbery" in page
    assert "the last good rules go on" in desk.get("/status").text
    assert "the last good ones go on" in server.said
    with server.admin() as admin:
        kinds = admin.execute(
            "SELECT kind FROM log WHERE kind LIKE 'rules.%' ORDER BY record_id"
        ).fetchall()
    # Before that, perhaps, what was in force without a policy.
    assert [row[0] for row in kinds][-3:] == [
        "rules.changed",
        "rules.changed",
        "rules.refused",
    ]

    # Asked to look at once, it says again what is wrong; repaired, it goes on.
    assert server.process is not None
    server.process.send_signal(signal.SIGHUP)
    until(lambda: server.said.count("the last good ones go on") == 2)
    policy.write_text(SHIPPED.read_text())
    until(lambda: "New rules were refused" not in desk.get("/rules").text)
    assert "OWN-no-robbery" not in desk.get("/rules").text
