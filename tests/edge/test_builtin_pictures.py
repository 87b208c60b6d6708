"""`charteroak read --engine builtin` on pictures as they come: odd, broken, empty, huge."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from PIL import ExifTags, Image
from typer.testing import Result

from charteroak.edge.engines import bundled
from tests.edge.test_read_cli import charteroak
from tests.support import own_networks

WHITE: Final = 255
DARK: Final = 20
PLATE: Final = (248, 168, 144, 80)
"""Where the plate lies in `a_street`; the tiny detector knows it at half its size."""


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own_networks.a_folder(tmp_path_factory.mktemp("weights"))


def a_street(*, plate: bool = True) -> Image.Image:
    image = np.full((720, 1280), DARK, np.uint8)
    if plate:
        left, top, width, height = PLATE
        image[top : top + height, left : left + width] = WHITE
    return Image.fromarray(image)


def grey(path: Path) -> None:
    a_street().save(path)


def sixteen_bits(path: Path) -> None:
    Image.fromarray(np.asarray(a_street()).astype(np.uint16) * 257).save(path)


def with_alpha(path: Path) -> None:
    picture = a_street().convert("RGBA")
    picture.putalpha(Image.new("L", picture.size, 255))
    picture.save(path)


def palette(path: Path) -> None:
    a_street().convert("P").save(path)


def turned_by_exif(path: Path) -> None:
    notes = Image.Exif()
    notes[ExifTags.Base.Orientation] = 6
    turned = a_street().transpose(Image.Transpose.ROTATE_90)
    turned.save(path, exif=notes)


def animated(path: Path) -> None:
    a_street().save(path, save_all=True, append_images=[a_street(plate=False)])


def read(weights: Path, *arguments: str | Path) -> Result:
    return charteroak("--json", "--engine", "builtin", "--models", weights, *arguments)


@pytest.mark.parametrize(
    ("draw", "ending"),
    [
        (grey, "png"),
        (grey, "jpg"),
        (sixteen_bits, "png"),
        (sixteen_bits, "tiff"),
        (with_alpha, "png"),
        (with_alpha, "webp"),
        (palette, "png"),
        (turned_by_exif, "jpg"),
        (animated, "png"),
        (animated, "webp"),
    ],
)
def test_a_plate_is_found_in_any_kind_of_picture(
    weights: Path, tmp_path: Path, draw: Callable[[Path], None], ending: str
) -> None:
    photo = tmp_path / f"a.{ending}"
    draw(photo)

    result = read(weights, photo)

    assert result.exit_code == 0, result.stderr
    (line,) = result.stdout.splitlines()
    found = json.loads(line)
    assert found["box"] == pytest.approx(PLATE, abs=12)
    assert np.ravel(found["corners"][0]) == pytest.approx(PLATE[:2], abs=12)
    assert (found["state"], found["engine"]) == ("NY", "builtin")


@pytest.mark.parametrize(
    "size", [(1, 1), (2, 1), (1, 3000), (20_000, 8), (8, 20_000), (1280, 720)]
)
def test_a_picture_without_a_plate_gives_no_read(
    weights: Path, tmp_path: Path, size: tuple[int, int]
) -> None:
    Image.new("L", size, DARK).save(tmp_path / "a.png")

    result = read(weights, tmp_path)

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_a_hundred_megapixels_are_searched_too(weights: Path, tmp_path: Path) -> None:
    image = np.full((10_000, 10_000), DARK, np.uint8)
    # 72 x 40 where the picture is 640 wide.
    image[3000:3625, 2000:3125] = WHITE
    Image.fromarray(image).save(tmp_path / "a.png", compress_level=1)
    del image

    result = read(weights, tmp_path)

    assert result.exit_code == 0, result.stderr
    (line,) = result.stdout.splitlines()
    assert json.loads(line)["box"] == pytest.approx((2000, 3000, 1125, 625), abs=130)


@pytest.mark.parametrize("edge", ["left", "top", "right", "bottom"])
def test_a_plate_cut_by_the_edge_stays_inside_the_picture(
    weights: Path, tmp_path: Path, edge: str
) -> None:
    left, top, width, height = PLATE
    # A tenth of the plate is gone.
    beside, over = width // 10, height // 10
    window = {
        "left": (left + beside, 0, 1280, 720),
        "top": (0, top + over, 1280, 720),
        "right": (0, 0, left + width - beside, 720),
        "bottom": (0, 0, 1280, top + height - over),
    }[edge]
    cut = a_street().crop(window)
    cut.save(tmp_path / "a.png")

    result = read(weights, tmp_path)

    assert result.exit_code == 0, result.stderr
    for line in result.stdout.splitlines():
        x, y, wide, high = json.loads(line)["box"]
        assert 0 <= x < x + wide <= cut.width
        assert 0 <= y < y + high <= cut.height


def test_broken_pictures_are_named_and_the_rest_is_read(
    weights: Path, tmp_path: Path
) -> None:
    grey(tmp_path / "a.jpg")
    whole = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "b.jpg").write_bytes(whole[: len(whole) // 3])
    (tmp_path / "c.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))

    result = read(weights, tmp_path)

    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 1
    assert "b.jpg" in result.stderr
    assert "c.png" in result.stderr
    assert "2 of 3" in result.stderr


def test_altered_weights_are_a_sentence_and_no_traceback(tmp_path: Path) -> None:
    own_networks.a_folder(tmp_path / "weights")
    with (tmp_path / "weights" / bundled.READER).open("ab") as file:
        file.write(b"\0")
    grey(tmp_path / "a.png")

    result = read(tmp_path / "weights", tmp_path / "a.png")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert bundled.READER in result.stderr
    assert result.stderr.count("SHA-256") == 1
    assert "Traceback" not in result.output
