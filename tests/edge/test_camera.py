"""Photos of every kind come out upright, 8-bit RGB; broken ones come out as errors."""

import os
import struct
import threading
import zlib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from charteroak.edge.camera import (
    FolderWatch,
    Frame,
    PictureTooLargeError,
    UnreadablePictureError,
    files_in,
    read_frame,
)
from charteroak.edge.jpeg import Jpeg


def a_photo(path: Path, *, size: tuple[int, int] = (40, 20), mode: str = "RGB") -> Path:
    """Left half dark, right half light."""
    picture = Image.new("RGB", size)
    picture.paste("white", (size[0] // 2, 0, *size))
    picture.convert(mode).save(path)
    return path


def frame_of(path: Path) -> Frame:
    read = read_frame(path)
    assert isinstance(read, Frame), read
    return read


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("a.jpg", "RGB"),
        ("a.jpg", "L"),
        ("a.jpg", "CMYK"),
        ("a.png", "RGB"),
        ("a.png", "RGBA"),
        ("a.png", "LA"),
        ("a.png", "L"),
        ("a.png", "1"),
        ("a.png", "P"),
        ("a.webp", "RGB"),
        ("a.webp", "RGBA"),
        ("a.bmp", "RGB"),
        ("a.tiff", "RGB"),
        ("a.tif", "L"),
    ],
)
def test_every_kind_of_photo_becomes_rgb(tmp_path: Path, name: str, mode: str) -> None:
    image = frame_of(a_photo(tmp_path / name, mode=mode)).image

    assert image.shape == (20, 40, 3)
    assert image.dtype == np.uint8
    assert image.flags["C_CONTIGUOUS"]
    assert image[:, 35].min() > 240


@pytest.mark.parametrize("name", ["deep.png", "deep.tiff"])
def test_sixteen_bits_are_scaled_not_cut(tmp_path: Path, name: str) -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None, :].repeat(8, axis=0)
    Image.fromarray(ramp).save(tmp_path / name)

    image = frame_of(tmp_path / name).image

    assert image.shape == (8, 256, 3)
    assert abs(image[0, :, 0].astype(int) - np.arange(256)).max() <= 1


def test_transparent_ground_becomes_white(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "a.png")

    assert frame_of(tmp_path / "a.png").image.min() == 255


def test_exif_rotation_is_applied(tmp_path: Path) -> None:
    picture = Image.open(a_photo(tmp_path / "flat.png"))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    picture.save(tmp_path / "turned.jpg", exif=exif)

    image = frame_of(tmp_path / "turned.jpg").image

    assert image.shape == (40, 20, 3)
    assert image[:10].mean() < 20
    assert image[30:].mean() > 235


def test_one_pixel_is_a_frame(tmp_path: Path) -> None:
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")

    assert frame_of(tmp_path / "dot.png").image.shape == (1, 1, 3)


def broken_files(folder: Path) -> list[Path]:
    noise = np.random.default_rng(1).integers(0, 256, (200, 200, 3), np.uint8)
    Image.fromarray(noise).save(folder / "whole.jpg")
    whole = (folder / "whole.jpg").read_bytes()
    (folder / "whole.jpg").unlink()
    (folder / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "header.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / "text.jpg").write_text("not a picture")
    return sorted(folder.iterdir())


def test_broken_files_are_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    broken = broken_files(tmp_path)
    good = a_photo(tmp_path / "zzz.png")

    answers = [read_frame(path) for path in [*broken, good]]

    assert [type(each) for each in answers[:-1]] == [UnreadablePictureError] * 4
    assert isinstance(answers[-1], Frame)
    for path, answer in zip(broken, answers, strict=False):
        assert isinstance(answer, UnreadablePictureError)
        assert answer.source == str(path)
        assert str(path) in str(answer)


def test_notes_in_a_photo_that_contradict_their_type_are_no_crash(
    tmp_path: Path,
) -> None:
    notes = Image.Exif()
    notes[ExifTags.Base.Orientation] = 6
    notes[ExifTags.Base.ImageDescription] = "a text of some length"
    # A text that claims to be a fraction; Pillow fails over it with AttributeError.
    said = notes.tobytes().replace(b"\x01\x0e\x00\x02", b"\x01\x0e\x00\x05")
    path = tmp_path / "odd.jpg"
    Image.new("RGB", (64, 48)).save(path, exif=said)

    frame = read_frame(path)
    assert isinstance(frame, Frame)
    assert frame.image.shape == (64, 48, 3)
    with pytest.raises(UnreadablePictureError):
        Jpeg.of(path.read_bytes(), "camera").rgb()


def test_a_missing_file_is_an_error_too(tmp_path: Path) -> None:
    assert isinstance(read_frame(tmp_path / "gone.jpg"), UnreadablePictureError)


@pytest.mark.parametrize("side_px", [10_001, 60_000])
def test_a_small_file_that_claims_a_huge_picture(tmp_path: Path, side_px: int) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    header = struct.pack(">IIBBBBB", side_px, side_px, 8, 0, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    bomb += chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    (tmp_path / "bomb.png").write_bytes(bomb)

    assert isinstance(read_frame(tmp_path / "bomb.png"), PictureTooLargeError)


def test_folders_are_searched_deep_and_sorted(tmp_path: Path) -> None:
    for name in ("b/2.JPG", "a/1.png", "c.webp", ".hidden/x.png", "a/.y.png", "n.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    found = [str(path.relative_to(tmp_path)) for path in files_in(tmp_path)]

    assert found == ["a/1.png", "b/2.JPG", "c.webp"]


def test_the_name_says_when(tmp_path: Path) -> None:
    path = a_photo(tmp_path / "20261001T120000.250Z_gate.png")

    taken = frame_of(path).captured_at

    assert taken == datetime(2026, 10, 1, 12, 0, 0, 250_000, UTC)


def test_exif_says_when_if_it_knows_the_zone(tmp_path: Path) -> None:
    exif = Image.Exif()
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.DateTimeOriginal] = "2026:10:01 08:00:00"
    details[ExifTags.Base.OffsetTimeOriginal] = "-04:00"
    details[ExifTags.Base.SubsecTimeOriginal] = "5"
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg", exif=exif)

    taken = frame_of(tmp_path / "a.jpg").captured_at

    zone = timezone(timedelta(hours=-4))
    assert taken == datetime(2026, 10, 1, 8, 0, 0, 500_000, zone)


@pytest.mark.parametrize("name", ["a.jpg", "20261399T990000Z.jpg"])
def test_else_the_age_of_the_file_says_when(tmp_path: Path, name: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = (
        "2001:01:01 00:00:00"
    )
    Image.new("RGB", (8, 8)).save(tmp_path / name, exif=exif)
    os.utime(tmp_path / name, (1_790_000_000, 1_790_000_000))

    taken = frame_of(tmp_path / name).captured_at

    assert taken == datetime.fromtimestamp(1_790_000_000, UTC)


def test_a_watch_yields_what_arrives_once_and_deletes_it(tmp_path: Path) -> None:
    stop = threading.Event()
    watch = FolderWatch(folder=tmp_path, stop=stop, poll_s=0.01, delete=True)
    a_photo(tmp_path / "1.png")
    seen: list[str] = []

    for arrival in watch.arrivals():
        seen.append(Path(arrival.source).name)
        if len(seen) == 1:
            a_photo(tmp_path / "2.png")
        if len(seen) == 2:
            # Set before the file is done with: it must still be there.
            assert (tmp_path / "2.png").exists()
            assert not (tmp_path / "1.png").exists()
            stop.set()

    assert seen == ["1.png", "2.png"]
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_grows_is_left_alone_until_it_is_whole(tmp_path: Path) -> None:
    whole = a_photo(tmp_path / "whole.png").read_bytes()
    (tmp_path / "whole.png").unlink()
    stop = threading.Event()
    watch = FolderWatch(folder=tmp_path, stop=stop, poll_s=0.2)
    path = tmp_path / "slow.png"

    def upload() -> None:
        with path.open("wb") as file:
            for start in range(0, len(whole), 16):
                file.write(whole[start : start + 16])
                file.flush()
                stop.wait(0.02)

    writer = threading.Thread(target=upload)
    writer.start()
    first = next(watch.arrivals())
    writer.join()

    assert isinstance(first, Frame)
    assert path.exists()


def test_an_unreadable_arrival_is_told_once_and_kept(tmp_path: Path) -> None:
    stop = threading.Event()
    watch = FolderWatch(folder=tmp_path, stop=stop, poll_s=0.01, delete=True)
    (tmp_path / "a.jpg").write_text("no picture")
    seen: list[object] = []
    threading.Timer(0.3, stop.set).start()

    seen.extend(watch.arrivals())

    assert [type(each) for each in seen] == [UnreadablePictureError]
    assert (tmp_path / "a.jpg").exists()


def test_a_watch_of_an_empty_folder_stops_when_told(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()

    assert list(FolderWatch(folder=tmp_path, stop=stop).arrivals()) == []


def test_a_photo_that_lacks_its_last_bytes_is_read(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (400, 400, 3), np.uint8)
    path = tmp_path / "a.jpg"
    Image.fromarray(noise).save(path)
    whole = path.read_bytes()
    sound = frame_of(path).image
    for missing in (1, 2, 10, len(whole) // 30):
        path.write_bytes(whole[:-missing])
        image = frame_of(path).image
        assert image.shape == sound.shape
        assert np.array_equal(image[:370], sound[:370])
    for missing in (len(whole) // 8, len(whole) // 2):
        path.write_bytes(whole[:-missing])
        assert isinstance(read_frame(path), UnreadablePictureError)
    # Of a progressive one nobody can tell how much is missing.
    Image.fromarray(noise).save(path, progressive=True)
    path.write_bytes(path.read_bytes()[:-10])
    assert isinstance(read_frame(path), UnreadablePictureError)
