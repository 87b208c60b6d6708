"""The commands of the box, as a person types them; the last test kills it for real."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from PIL import Image as Pillow
from typer.testing import CliRunner

from charteroak.core.errors import CharterOakError
from charteroak.edge.cli import app
from charteroak.edge.engines import UnknownEngineError
from charteroak.edge.recognize import Recognizer
from charteroak.edge.self_test import self_test
from charteroak.edge.settings import DataFolder, load_enrolled, write_durably
from charteroak.rendering.plate import render_plate
from tests.edge.a_box import CAMERA, NOON, PLATE, a_read, a_spool, bytes_of
from tests.edge.a_server import CODE, Town, serving

SEEN = "ABC1234"


@pytest.fixture
def town() -> Town:
    return Town(clock=lambda: datetime.now(UTC))  # noqa: TID251 - as the command line


@pytest.fixture
def server(town: Town) -> Iterator[str]:
    with serving(town) as address:
        yield address


@pytest.fixture
def data(tmp_path: Path, server: str) -> Path:
    folder = tmp_path / "box"
    done = CliRunner().invoke(
        app,
        ["enrol", "--data", str(folder), "--server", server, "--code", CODE],
    )
    assert done.exit_code == 0, done.output
    assert "Testville Police" in done.stdout
    return folder


def test_the_code_is_asked_for(tmp_path: Path, town: Town, server: str) -> None:
    folder = tmp_path / "box"
    done = CliRunner().invoke(
        app, ["enrol", "--data", str(folder), "--server", server], input=f"{CODE}\n"
    )

    assert done.exit_code == 0
    assert town.keys


def test_a_wrong_code_is_one_sentence(tmp_path: Path, server: str) -> None:
    args = ["enrol", "--data", str(tmp_path), "--server", server, "--code", "X"]
    refused = CliRunner().invoke(app, args).exception

    # The root command prints it and exits with 1.
    assert isinstance(refused, CharterOakError)
    assert "was used or has expired" in str(refused)
    assert "\n" not in str(refused)


def test_the_key_is_never_shown(data: Path) -> None:
    key = DataFolder(data).key.read_bytes()
    shown = ""
    for command in ["spool", "self-test"]:
        shown += CliRunner().invoke(app, [command, "--data", str(data)]).output
    assert key.hex() not in shown


def test_self_test_of_a_good_box(data: Path) -> None:
    done = CliRunner().invoke(app, ["self-test", "--data", str(data), "--json"])

    checks = {check["name"]: check for check in json.loads(done.stdout)}
    assert done.exit_code == 0, checks
    assert list(checks) == [
        "key",
        "enrolment",
        "data folder",
        "spool",
        "orders",
        "server",
        "clock",
        "engine",
    ]
    assert all(check["ok"] and not check["hint"] for check in checks.values())
    assert not (data / "self-test").exists()


def test_self_test_says_what_is_wrong_and_what_to_do(data: Path) -> None:
    folder = DataFolder(data)
    folder.key.chmod(0o644)
    folder.spool.write_bytes(b"damaged" * 1000)
    nowhere = msgspec.structs.replace(
        load_enrolled(folder), server="http://127.0.0.1:9"
    )
    write_durably(folder.enrolment, msgspec.json.encode(nowhere))

    args = ["self-test", "--data", str(data), "--engine", "nonesuch"]
    done = CliRunner().invoke(app, [*args, "--json"])

    assert done.exit_code == 1
    failed = {check["name"]: check for check in json.loads(done.stdout)}
    wrong = {name for name, check in failed.items() if not check["ok"]}
    assert wrong == {"key", "spool", "orders", "server", "engine"}
    assert all(failed[name]["hint"] for name in wrong)
    table = CliRunner().invoke(app, args)
    assert "failed" in table.stdout


@pytest.mark.parametrize(("ahead_s", "ok"), [(0, True), (-3600, False), (40, False)])
def test_self_test_compares_the_clock_with_the_servers(
    data: Path, ahead_s: int, *, ok: bool
) -> None:
    def clock() -> datetime:
        # The server in this test reads the real clock, so the box must too.
        return datetime.now(tz=UTC) + timedelta(seconds=ahead_s)  # noqa: TID251

    def no_engine() -> Recognizer:
        raise UnknownEngineError("none", ())

    checks = self_test(DataFolder(data), open_engine=no_engine, clock=clock)

    (compared,) = [check for check in checks if check.name == "clock"]
    assert compared.ok is ok
    assert ok or "time synchronisation" in compared.hint


def test_self_test_takes_no_broken_server_for_a_good_one(
    data: Path, town: Town
) -> None:
    town.front = (502, b"bad gateway")
    done = CliRunner().invoke(app, ["self-test", "--data", str(data), "--json"])

    checks = {check["name"]: check for check in json.loads(done.stdout)}
    assert not checks["server"]["ok"]
    assert "502" in checks["server"]["found"]
    assert "clock" not in checks


def test_spool_shows_its_figures(data: Path) -> None:
    a_spool(data).put(a_read(), NOON)

    told = CliRunner().invoke(app, ["spool", "--data", str(data)])
    found = CliRunner().invoke(app, ["spool", "--data", str(data), "--json"])

    assert "oldest age s" in told.stdout
    assert PLATE not in told.stdout
    figures = json.loads(found.stdout)
    assert figures["waiting"] == 1
    assert figures["oldest_age_s"] > 0


def test_a_camera_given_twice_is_wrong_usage(data: Path) -> None:
    watch = ["--watch", f"{CAMERA}={data}"]
    done = CliRunner().invoke(app, ["run", "--data", str(data), *watch, *watch])

    assert done.exit_code == 2
    assert "given twice" in done.stderr


def test_self_test_before_enrolment(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["self-test", "--data", str(tmp_path), "--json"])

    assert done.exit_code == 1
    checks = {check["name"]: check for check in json.loads(done.stdout)}
    assert "enrol" in checks["enrolment"]["hint"]
    assert not checks["server"]["ok"]


@pytest.mark.parametrize(
    ("watch", "said"),
    [
        ("no-sign", "CAMERA=SOURCE"),
        ("stranger=.", "enrolled"),
        (f"{CAMERA}=/no/such/folder", "no folder"),
    ],
)
def test_a_wrong_watch_is_wrong_usage(data: Path, watch: str, said: str) -> None:
    done = CliRunner().invoke(app, ["run", "--data", str(data), "--watch", watch])

    assert done.exit_code == 2
    assert said in re.sub(r"\W*\n\W*", " ", done.stderr)


HIDDEN = "geheim"


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        (f'{CAMERA} = "rtsp://a:{HIDDEN}@host/live"', 0o640, "chmod 600"),
        (f'{CAMERA} = "rtsp://a:{HIDDEN}@host/live"', 0o604, "chmod 600"),
        (f"{CAMERA} = rtsp://a:{HIDDEN}@host/live", 0o600, "at line 1, column"),
        (f'{CAMERA} = ["{HIDDEN}"]', 0o600, "in quotes"),
        (f'{CAMERA} = "ftp://{HIDDEN}"', 0o600, "rtsp://name:password"),
        (f'stranger = "rtsp://{HIDDEN}/live"', 0o600, "enrolled"),
        (f'{CAMERA} = "rtsp://a:{HIDDEN}@host/live"', 0o600, "given twice"),
        ("", 0o600, "--watch CAMERA=SOURCE"),
        (None, 0o600, "No such file"),
    ],
)
def test_a_wrong_file_of_cameras_is_wrong_usage_and_never_repeated(
    data: Path, tmp_path: Path, content: str | None, mode: int, said: str
) -> None:
    path = tmp_path / "c.toml"
    if content is not None:
        path.write_text(content)
        path.chmod(mode)
    args = ["run", "--data", str(data), "--cameras", str(path)]
    if said == "given twice":
        args += ["--watch", f"{CAMERA}={data}"]

    done = CliRunner().invoke(app, args, env={"COLUMNS": "500"})

    assert done.exit_code == 2
    assert said in done.stderr
    assert HIDDEN not in done.output


def test_spool_without_a_spool(data: Path) -> None:
    done = CliRunner().invoke(app, ["spool", "--data", str(data)])

    assert isinstance(done.exception, CharterOakError)


_COMMAND = "from charteroak.edge.cli import app; app()"


class Running:
    """`charteroak edge run` as a process of its own."""

    def __init__(self, data: Path, pictures: Path) -> None:
        cameras = data.with_name("cameras.toml")
        cameras.touch(mode=0o600)
        cameras.write_text(f'{CAMERA} = "{pictures}"')
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-c", _COMMAND, "run", "--data", str(data)),
                *("--cameras", str(cameras)),
            ],
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self, number: signal.Signals) -> tuple[int, str]:
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said

    def until(self, so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not so():
            assert self.process.poll() is None, self.process.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.05)


def figures(data: Path) -> dict[str, int]:
    done = CliRunner().invoke(app, ["spool", "--data", str(data), "--json"])
    if done.exit_code:
        return {"waiting": 0, "delivered": 0}
    found: dict[str, int] = json.loads(done.stdout)
    return found


def a_picture(folder: Path, number: int) -> None:
    """A rendered plate on grey, named by a moment just passed."""
    street = Pillow.new("RGB", (640, 480), (120, 120, 120))
    plate = render_plate(SEEN, width_px=300)
    street.paste(plate, (170, 200), plate)
    stamp = datetime.now(tz=UTC)  # noqa: TID251 - the process under test has a real clock
    beside = folder / f".{number}.part"
    street.save(beside, "JPEG", quality=95)
    beside.rename(folder / f"{stamp:%Y%m%dT%H%M%S}.{number}Z_cam.jpg")


@pytest.mark.slow
def test_the_whole_box_through_an_outage_and_a_kill(
    data: Path, town: Town, tmp_path: Path
) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    town.misbehave = [(503, b"")] * 10_000
    running = Running(data, pictures)
    for number in range(3):
        a_picture(pictures, number)
    running.until(lambda: figures(data)["waiting"] == 3)
    assert SEEN.encode() not in bytes_of(data)
    _, said = running.end(signal.SIGKILL)
    assert SEEN not in said

    stolen = tmp_path / "stolen"
    shutil.copytree(data, stolen)
    assert SEEN.encode() not in bytes_of(stolen)

    town.misbehave.clear()
    again = Running(data, pictures)
    # The pictures are still in the folder, so they are read once more.
    again.until(lambda: figures(data)["delivered"] == 6)
    status, said = again.end(signal.SIGTERM)

    assert status == 0, said
    assert "stopping" in said
    assert SEEN not in said
    assert len(town.deliveries) == 6
    assert len(town.reads) == 3
    assert {read.plate for read in town.reads.values()} == {SEEN}
    assert figures(data)["waiting"] == 0
