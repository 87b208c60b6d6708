"""Pictures with what was read drawn on them: which are written, and what they show."""

from pathlib import Path
from typing import Final

import numpy as np
import pytest
from PIL import Image

from charteroak.core.plate import match_key
from charteroak.edge.camera import Frame, read_frame
from charteroak.edge.gallery import Gallery, UnusableGalleryError, marked
from charteroak.edge.reading import ReadLine
from charteroak.edge.recognize import Box, Corners
from tests.edge.test_read_cli import PLATE, a_plate, charteroak, plate_on
from tests.support.mjpeg import jpeg_of
from tests.support.video import film, number_in

GREEN: Final = (74, 222, 128)
AMBER: Final = (251, 191, 36)
GREY: Final = 90


def a_line(  # noqa: PLR0913  (by name)
    source: str = "a.png",
    *,
    frame: int = 0,
    confidence: float = 0.97,
    box: Box = (200, 150, 100, 50),
    corners: Corners | None = None,
    doubtful_places: tuple[int, ...] = (),
) -> ReadLine:
    return ReadLine(
        source=source,
        frame=frame,
        time_s=0.0,
        plate=PLATE,
        match_key=match_key(PLATE),
        confidence=confidence,
        characters=(0.9,) * 7,
        state="CT",
        state_confidence=0.9,
        box=box,
        engine="e",
        corners=corners,
        doubtful_places=doubtful_places,
    )


def a_ground(
    width: int, height: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((height, width, 3), GREY, np.uint8)


def of_colour(
    picture: Image.Image, colour: tuple[int, int, int]
) -> set[tuple[int, int]]:
    found = np.argwhere((np.asarray(picture) == colour).all(axis=2))
    return {(x, y) for y, x in found.tolist()}


def test_box_and_words_are_drawn_and_the_plate_itself_stays_bare() -> None:
    picture = marked(a_ground(1000, 500), [a_line()])

    green = of_colour(picture, GREEN)
    assert picture.size == (1000, 500)
    assert {(250, 150), (200, 175), (300, 175), (250, 200)} <= green
    inside = picture.crop((206, 156, 294, 194)).getextrema()
    assert inside == ((GREY, GREY),) * 3
    # The words stand above it, within its middle.
    assert any(y < 145 and 230 < x < 270 for x, y in green)


def test_four_corners_are_drawn_as_they_lie() -> None:
    slanted: Corners = ((200, 150), (300, 180), (300, 230), (200, 200))
    picture = marked(a_ground(1000, 500), [a_line(corners=slanted)])

    assert {(250, 165), (300, 205), (250, 215)} <= of_colour(picture, GREEN)


def test_where_a_lookalike_may_stand_is_said_beside() -> None:
    plain = marked(a_ground(1000, 500), [a_line()])
    told = marked(a_ground(1000, 500), [a_line(doubtful_places=(1,))])

    def words(picture: Image.Image) -> int:
        return max(x for x, y in of_colour(picture, GREEN) if y < 145)

    assert words(told) > words(plain) + 40


def test_an_unsure_reading_has_another_colour() -> None:
    picture = marked(a_ground(1000, 500), [a_line(confidence=0.89)])

    assert of_colour(picture, AMBER)
    assert not of_colour(picture, GREEN)


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((1, 1), (0, 0, 1, 1)),
        ((60, 30), (5, 4, 50, 22)),
        ((4000, 12), (10, 1, 30, 10)),
        ((12, 4000), (1, 10, 10, 5)),
        ((10_000, 8_000), (5_000, 4_000, 900, 450)),
    ],
)
def test_words_can_be_read_at_any_size(size: tuple[int, int], box: Box) -> None:
    picture = marked(a_ground(*size), [a_line(box=box)])

    assert 800 <= max(picture.size) <= 2560 * 1.1
    green = of_colour(picture, GREEN)
    assert green
    left, right = min(x for x, _ in green), max(x for x, _ in green)
    assert right - left > 0.2 * min(800, picture.width)
    # Whole, whatever they cover: a frame of their own is around them.
    assert max(y for _, y in green) < picture.height


def test_notes_of_many_plates_cover_neither_plates_nor_each_other() -> None:
    lines = [
        a_line(box=(60 * column, 40 * row, 58, 38))
        for column in range(10)
        for row in range(5)
    ]

    picture = marked(a_ground(1000, 500), lines)

    # There is no room between the plates: most words stand below the picture.
    assert picture.height > 500
    inside = [
        picture.crop((x + 6, y + 6, x + 52, y + 32))
        for x, y, _, _ in (line.box for line in lines)
    ]
    assert all(each.getextrema() == ((GREY, GREY),) * 3 for each in inside)


def test_each_photo_is_written_and_none_over_another(tmp_path: Path) -> None:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    photos = [tmp_path / "in" / name for name in ("a.png", "A.jpg", "sub/a.png")]
    for photo in photos:
        a_plate(photo)
    Image.new("RGB", (320, 240), "grey").save(tmp_path / "in" / "none.png")

    result = charteroak(tmp_path / "in", "--show", tmp_path / "new" / "out")

    assert result.exit_code == 0, result.stderr
    names = [path.name for path in (tmp_path / "new" / "out").iterdir()]
    assert sorted(name.casefold() for name in names) == [
        "a-2.jpg",
        "a-3.jpg",
        "a.jpg",
        "none.jpg",
    ]
    assert not any(PLATE in name for name in names)
    assert "4 pictures" in result.stderr
    assert PLATE not in result.stderr


def test_a_folder_that_holds_anything_is_left_alone(tmp_path: Path) -> None:
    photo = a_plate(tmp_path / "a.png")
    before = photo.read_bytes()

    result = charteroak(photo, "--show", tmp_path)

    assert result.exit_code == 2
    assert "holds files already" in result.stderr
    assert result.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    assert photo.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    photo = a_plate(tmp_path / "a.png")

    result = charteroak(photo, "--show", photo / "out")

    assert result.exit_code == 2
    assert "cannot write to" in result.stderr
    assert "Traceback" not in result.output


def test_a_folder_that_goes_away_is_a_sentence(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path / "out")
    (tmp_path / "out").rmdir()
    frame = read_frame(a_plate(tmp_path / "a.png"))
    assert isinstance(frame, Frame)

    with pytest.raises(UnusableGalleryError, match="cannot write"):
        gallery.take(frame, [])


def test_streams_are_not_shown(tmp_path: Path) -> None:
    result = charteroak("rtsp://127.0.0.1:1/a", "--show", tmp_path / "out")

    assert result.exit_code == 2
    assert "no frame is kept" in " ".join(result.stderr.replace("│", " ").split())
    assert not (tmp_path / "out").exists()


def frame_of(source: Path, number: int) -> Frame:
    return Frame(image=a_ground(8, 8), source=str(source), index=number)


def test_of_a_video_the_frames_with_a_read_are_written_when_it_ends(
    tmp_path: Path,
) -> None:
    one = film(tmp_path / "one.mp4", frames=12, size=(640, 360))
    other = film(tmp_path / "other.mp4", frames=12, size=(640, 360))
    gallery = Gallery(tmp_path / "out")

    gallery.take(frame_of(one, 4), [])
    gallery.take(frame_of(one, 5), [a_line(str(one), frame=3)])
    gallery.take(frame_of(one, 6), [a_line(str(one), frame=3, box=(9, 200, 90, 50))])
    assert gallery.written == 0
    # A car that is told of because the video ended comes with the next source's frame.
    gallery.take(frame_of(other, 0), [a_line(str(one), frame=9)])
    gallery.finish([a_line(str(other), frame=1)])

    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"one-frame-3.jpg", "one-frame-9.jpg", "other-frame-1.jpg"}
    for name in names:
        with Image.open(tmp_path / "out" / name) as written:
            clean = np.asarray(written)[:, -200:]
        assert number_in(clean) == int(name.removesuffix(".jpg").split("-")[-1])


def test_each_frame_of_a_video_is_shown_on_demand(tmp_path: Path) -> None:
    still = np.asarray(plate_on(Image.new("RGB", (640, 360), (70, 80, 90))))
    (tmp_path / "in").mkdir()
    film(tmp_path / "in" / "a.mp4", size=(640, 360), images=[still] * 3)
    (tmp_path / "in" / "b.jpg").write_bytes(jpeg_of(still))

    result = charteroak(
        tmp_path / "in", "--every-frame", "--json", "--show", tmp_path / "out"
    )

    assert result.exit_code == 0, result.stderr
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["a-frame-0.jpg", "a-frame-1.jpg", "a-frame-2.jpg", "b.jpg"]
    assert len(result.stdout.splitlines()) == 4


def test_help_says_who_deletes_the_pictures() -> None:
    words = " ".join(charteroak("--help").stdout.replace("│", " ").split())

    assert "hold plates" in words
    assert "does not delete them" in words
