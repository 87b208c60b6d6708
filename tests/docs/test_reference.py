"""The reference says what the code says, and every link leads somewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
]


def test_the_reference_is_current() -> None:
    done = subprocess.run(
        [sys.executable, "tools/reference.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_named_files_and_tests_exist(page: Path) -> None:
    named = re.findall(
        r"`((?:tests|edge|server|core|law|demo|rendering)/[\w/]+\.(?:py|html))"
        r"(?:::(\w+))?`",
        page.read_text(),
    )
    for path, function in named:
        file = (
            ROOT / path if path.startswith("tests/") else ROOT / "src/charteroak" / path
        )
        assert file.exists(), f"{page.name} names {path}"
        if function:
            assert f"def {function}(" in file.read_text(), f"{path}::{function}"


def test_the_tests_that_replay_misuse_exist() -> None:
    page = (ROOT / "docs" / "explanation" / "misuse.md").read_text()
    # A name without a folder is of this one; one without a file, of the last file.
    file = folder = ROOT / "tests" / "attack" / "misuse"
    named = re.findall(r"`((?:tests/[\w/]+/)?test_\w+\.py)?(?:::(\w+))?`", page)
    assert any(function for _path, function in named)
    for path, function in named:
        if path:
            file = ROOT / path if "/" in path else folder / path
            assert file.is_file(), path
        if function:
            assert f"def {function}(" in file.read_text(), f"{file.name}::{function}"
