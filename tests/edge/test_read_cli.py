"""`charteroak read` as a user runs it: results, trouble and exit statuses."""

import json
from pathlib import Path

import pytest
import typer
from PIL import Image, ImageDraw, ImageFont
from typer.testing import CliRunner, Result

from charteroak.edge.read_cli import read

PLATE = "KRT4826"


def a_plate(path: Path, text: str = PLATE) -> Path:
    picture = Image.new("RGB", (640, 360), (70, 80, 90))
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((220, 150, 420, 250), 8, (235, 238, 240))
    font = ImageFont.load_default(46)
    draw.text((320, 200), text, (20, 30, 110), font, anchor="mm")
    picture.save(path)
    return path


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
    assert found["engine"] == "rapidocr"


def test_the_letter_o_is_folded_in_the_match_key_only(tmp_path: Path) -> None:
    result = charteroak("--json", a_plate(tmp_path / "a.png", "HOW 5823"))

    found = json.loads(result.stdout)
    assert found["plate"] in {"HOW5823", "H0W5823"}
    assert found["match_key"] == "H0W5823"


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
    ],
)
def test_wrong_usage_ends_with_two(arguments: list[str], says: str) -> None:
    result = charteroak(*arguments)

    assert result.exit_code == 2
    assert says in " ".join(result.stderr.split())
    assert result.stdout == ""


def test_a_models_folder_without_weights_is_named(tmp_path: Path) -> None:
    result = charteroak(tmp_path, "--models", tmp_path)

    assert result.exit_code == 2
    assert "PP-OCRv6_det_small.onnx" in result.stderr
    assert "--models" in result.stderr


def test_other_weights_than_those_measured_are_refused(tmp_path: Path) -> None:
    (tmp_path / "PP-OCRv6_det_small.onnx").write_bytes(b"something else")

    result = charteroak(tmp_path, "--models", tmp_path)

    assert result.exit_code == 2
    assert "another version" in result.stderr


def test_help_shows_an_example() -> None:
    result = charteroak("--help")

    assert result.exit_code == 0
    assert "charteroak read --json" in result.stdout
    assert "Exit status" in result.stdout
