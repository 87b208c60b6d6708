"""The units of systemd: it knows every word in them, and they close what they can."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
INSTALLED = "/opt/charteroak/bin/charteroak"
# systemd's own measure: 0 is closed, 10 is open; below 2 is its "OK".
MOST_EXPOSED = 2.0

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here"
)


def analyzed(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["systemd-analyze", *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def services() -> list[Path]:
    return sorted(UNITS.glob("*.service"))


def test_there_are_units() -> None:
    assert [path.stem for path in services()] == [
        "charteroak-backup",
        "charteroak-box",
        "charteroak",
    ]


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    for path in [*services(), *UNITS.glob("*.timer")]:
        # The command is not installed where the tests run: another program stands in.
        (tmp_path / path.name).write_text(
            path.read_text().replace(INSTALLED, sys.executable)
        )

    done = analyzed("verify", "--man=no", *map(str, sorted(tmp_path.iterdir())))

    assert (done.returncode, done.stderr) == (0, "")


def test_a_word_that_systemd_does_not_know_would_be_seen(tmp_path: Path) -> None:
    unit = tmp_path / "charteroak.service"
    text = (UNITS / "charteroak.service").read_text()
    unit.write_text(
        text.replace(INSTALLED, sys.executable).replace("ProtectHome=", "ProtectHouse=")
    )

    assert "ProtectHouse" in analyzed("verify", "--man=no", str(unit)).stderr


@pytest.mark.parametrize("path", services(), ids=lambda path: path.stem)
def test_a_service_is_closed_as_far_as_it_can_be(path: Path) -> None:
    done = analyzed("security", "--offline=yes", "--no-pager", str(path))

    found = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert float(found[1]) < MOST_EXPOSED
