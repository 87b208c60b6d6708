"""`charteroak read` as a user runs it: results, trouble and exit statuses."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image, ImageDraw, ImageFont
from typer.testing import CliRunner, Result

from charteroak.edge.read_cli import read
from tests.support.mjpeg import HANG, Camera, camera, jpeg_of
from tests.support.video import FPS, film

PLATE = "KRT4826"


def a_plate(path: Path, text: str = PLATE) -> Path:
    plate_on(Image.new("RGB", (640, 360), (70, 80, 90)), text).save(path)
    return path


def plate_on(picture: Image.Image, text: str = PLATE) -> Image.Image:
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((220, 150, 420, 250), 8, (235, 238, 240))
    font = ImageFont.load_default(46)
    draw.text((320, 200), text, (20, 30, 110), font, anchor="mm")
    return picture


def charteroak(*arguments: str | Path) -> Result:
    app = typer.Typer()
    app.command()(read)
    app.command()(lambda: None)
    return CliRunner().invoke(app, ["read", *map(str, arguments)])


def test_one_json_object_a_line(tmp_path: Path) -> None:
    photo = a_plate(tmp_path / "a.png")

    result = charteroak("--json", photo)

    assert result.exit_code == 0, result.stderr
    (line,) = result.stdout.splitlines()
    found = json.loads(line)
    assert list(found) == [
        "source",
        "frame",
        "time_s",
        "plate",
        "match_key",
        "confidence",
        "characters",
        "state",
        "state_confidence",
        "box",
        "engine",
        "corners",
        "doubts",
        "doubtful_places",
    ]
    assert found["source"] == str(photo)
    assert (found["frame"], found["time_s"]) == (0, 0.0)
    assert found["plate"] == found["match_key"] == PLATE
    assert 0 < found["confidence"] <= 1
    assert len(found["characters"]) == len(PLATE)
    assert (found["state"], found["state_confidence"]) == (None, None)
    left, top, width, height = found["box"]
    assert left <= 250
    assert 150 <= top <= 190
    assert left + width >= 390
    assert top + height <= 270
    assert found["engine"] == "builtin"
    # A serial as Connecticut issues it; no state was named, so any may have.
    assert (found["doubts"], found["doubtful_places"]) == ([], [])


def test_the_letter_o_is_folded_in_the_match_key_only(tmp_path: Path) -> None:
    result = charteroak("--json", a_plate(tmp_path / "a.png", "BOB 701"))

    found = json.loads(result.stdout)
    assert found["plate"] == "BOB701"
    assert found["match_key"] == "B0B701"


def test_people_get_a_line_they_can_read(tmp_path: Path) -> None:
    result = charteroak(a_plate(tmp_path / "a.png"))

    assert result.exit_code == 0
    assert PLATE in result.stdout
    assert "%" in result.stdout
    assert str(tmp_path / "a.png") in result.stdout


def test_no_plate_is_no_failure(tmp_path: Path) -> None:
    Image.new("RGB", (320, 240), "grey").save(tmp_path / "a.png")
    Image.new("L", (1, 1)).save(tmp_path / "b.png")

    result = charteroak("--json", tmp_path)

    assert (result.exit_code, result.stdout) == (0, "")


def test_an_unreadable_input_is_named_and_the_rest_is_done(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"")
    (tmp_path / "b.jpg").write_text("no picture")
    a_plate(tmp_path / "c.png")

    result = charteroak("--json", tmp_path)

    assert result.exit_code == 1
    assert json.loads(result.stdout)["plate"] == PLATE
    assert str(tmp_path / "a.jpg") in result.stderr
    assert str(tmp_path / "b.jpg") in result.stderr
    assert "2 of 3" in result.stderr
    assert "Traceback" not in result.output


def test_a_file_that_is_no_photo_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")

    result = charteroak(tmp_path / "notes.txt")

    assert result.exit_code == 1
    assert "notes.txt" in result.stderr


def test_a_folder_without_pictures_says_so(tmp_path: Path) -> None:
    result = charteroak("--json", tmp_path)

    assert (result.exit_code, result.stdout) == (0, "")
    assert "no pictures" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["missing.jpg"], "does not exist"),
        ([], "Missing argument"),
        ([".", "--engine", "crystal-ball"], "rapidocr"),
        ([".", "--models", "missing"], "does not exist"),
        ([".", "--colour"], "No such option"),
        (["rtsp://"], "not the address of a camera"),
        (["rtsp://a", "rtsp://b"], "only one stream"),
    ],
)
def test_wrong_usage_ends_with_two(arguments: list[str], says: str) -> None:
    result = charteroak(*arguments)

    assert result.exit_code == 2
    assert says in " ".join(result.stderr.split())
    assert result.stdout == ""


def test_a_models_folder_without_weights_is_named(tmp_path: Path) -> None:
    result = charteroak(tmp_path, "--engine", "rapidocr", "--models", tmp_path)

    assert result.exit_code == 2
    assert "PP-OCRv6_det_small.onnx" in result.stderr
    assert "--models" in result.stderr


def test_other_weights_than_those_measured_are_refused(tmp_path: Path) -> None:
    (tmp_path / "PP-OCRv6_det_small.onnx").write_bytes(b"something else")

    result = charteroak(tmp_path, "--engine", "rapidocr", "--models", tmp_path)

    assert result.exit_code == 2
    assert "another version" in result.stderr


def test_people_are_told_that_there_is_no_plate(tmp_path: Path) -> None:
    Image.new("RGB", (320, 240)).save(tmp_path / "empty.png")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")

    seen = charteroak(tmp_path / "empty.png")
    unread = charteroak(tmp_path / "broken.jpg")

    assert (seen.exit_code, seen.stdout) == (0, "")
    assert "no plate was found" in seen.stderr
    # What could not be read at all is told alone: nothing was looked at.
    assert unread.exit_code == 1
    assert "no plate" not in unread.stderr
    assert "would read better" not in unread.stderr


def test_help_shows_an_example() -> None:
    result = charteroak("--help")

    assert result.exit_code == 0
    assert "charteroak read --json" in result.stdout
    assert "Exit status" in result.stdout


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A car passes; half a second of empty street before it and after."""
    still = np.full((360, 640, 3), (70, 80, 90), np.uint8)
    still[::24] += 20
    car = np.asarray(plate_on(Image.fromarray(still)))
    scenes = [still] * 5
    for left in range(0, 300, 50):
        scene = still.copy()
        scene[140:260, left : left + 240] = car[140:260, 200:440]
        scenes.append(scene)
    return film(
        tmp_path_factory.mktemp("street") / "street.mp4",
        size=(640, 360),
        images=[*scenes, *[still] * 5],
    )


def test_a_car_in_a_video_is_one_read(street: Path) -> None:
    result = charteroak("--json", street.parent)

    assert result.exit_code == 0, result.stderr
    (line,) = result.stdout.splitlines()
    found = json.loads(line)
    assert (found["source"], found["plate"]) == (str(street), PLATE)
    assert 5 <= found["frame"] < 11
    assert found["time_s"] == found["frame"] / FPS


def test_every_frame_of_a_video_on_demand(tmp_path: Path) -> None:
    still = np.asarray(plate_on(Image.new("RGB", (640, 360), (70, 80, 90))))
    film(tmp_path / "a.mp4", size=(640, 360), images=[still] * 2)
    whole = (tmp_path / "a.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])

    result = charteroak("--json", "--every-frame", tmp_path)

    reads = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(each["frame"], each["plate"]) for each in reads] == [
        (0, PLATE),
        (1, PLATE),
    ]
    assert result.exit_code == 1
    assert "cut.mp4" in result.stderr
    assert "1 of 2" in result.stderr


@pytest.fixture
def a_camera() -> Iterator[Camera]:
    with camera() as served:
        yield served


def test_a_stream_is_read_for_the_time_given(a_camera: Camera) -> None:
    a_camera.plays([jpeg_of(plate_on(Image.new("RGB", (640, 360))))] * 3, then=HANG)

    result = charteroak("--json", "--seconds", "6", a_camera.address("anna", "geheim"))

    reads = [json.loads(line) for line in result.stdout.splitlines()]
    assert {each["plate"] for each in reads} == {PLATE}
    assert {each["source"] for each in reads} == {a_camera.address()}
    assert result.exit_code == 0
    assert "geheim" not in result.output


def test_a_camera_that_gives_nothing_is_unread() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    address = f"rtsp://anna:geheim@127.0.0.1:{port}/live"

    result = charteroak("--seconds", "0.5", address)

    assert result.exit_code == 1
    assert "refuses the connection; again in 1 s" in result.stderr
    assert "geheim" not in result.output
