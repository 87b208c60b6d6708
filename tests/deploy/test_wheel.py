"""The wheel holds all that a server needs, and one installed from it starts."""

import os
import signal
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import httpx2
import pytest

from tests.server.test_cli import PATIENCE_S, free_port
from tests.support.postgres import reachable_folder

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "charteroak"
DATA = (
    "law/**/*.cedar",
    "law/**/*.toml",
    "law/*.csv",
    "py.typed",
    "server/store/migrations/*.sql",
    "server/web/static/**/*",
    "server/web/templates/*.html",
)

pytestmark = pytest.mark.slow


def run(*words: str | Path, **more: str) -> str:
    done = subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        cwd="/",
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **more},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_server_from_the_wheel_serves_its_pages() -> None:
    with reachable_folder("wheel") as folder:
        # Built by what is installed for the tests: no network is asked.
        build = "import hatchling.build as b, sys; print(b.build_wheel(sys.argv[1]))"
        subprocess.run(
            [sys.executable, "-c", build, str(folder)],
            cwd=ROOT,
            check=True,
            capture_output=True,
            timeout=240,
        )
        (wheel,) = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as held:
            names = set(held.namelist())
        missing = [
            str(path.relative_to(PACKAGE.parent))
            for pattern in DATA
            for path in PACKAGE.glob(pattern)
            if path.is_file()
            and path.relative_to(PACKAGE.parent).as_posix() not in names
        ]
        assert not missing

        place = folder / "venv"
        venv.create(place, with_pip=False)
        site = place / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
        site /= "site-packages"
        # What it depends on is that of the tests; the program itself is the wheel's.
        (site / "depends.pth").write_text(sysconfig.get_path("purelib") + "\n")
        with zipfile.ZipFile(wheel) as held:
            held.extractall(site)
        python = place / "bin" / "python"
        where = run(python, "-c", "import charteroak; print(charteroak.__file__)")
        assert Path(where.strip()).is_relative_to(place)
        check_served(python, folder)


def check_served(python: Path, folder: Path) -> None:
    """It starts, shows a page with its styles, and stops in order."""
    port = free_port()
    settings = {
        "PATH": os.environ["PATH"],
        "CHARTEROAK_DATA": str(folder / "data"),
        "CHARTEROAK_PORT": str(port),
        "CHARTEROAK_KEEP": "P3D",
    }
    with subprocess.Popen(
        [str(python), "-m", "charteroak.cli", "server", "run"],
        env=settings,
        cwd="/",
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stderr is not None
        said = ""
        for line in server.stderr:
            said += line
            if "Ctrl-C stops it" in line:
                break
        assert "Ctrl-C stops it" in said, said
        page = httpx2.get(f"http://127.0.0.1:{port}/sign-in")
        assert page.status_code == 200
        sheet = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
        styles = httpx2.get(f"http://127.0.0.1:{port}{sheet}")
        assert styles.headers["content-type"].startswith("text/css")
        server.send_signal(signal.SIGTERM)
        server.stderr.read()
        assert server.wait(PATIENCE_S) == 0
