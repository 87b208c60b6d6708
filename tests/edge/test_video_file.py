"""Videos of every kind, whole, odd, broken and hostile, become frames with true times."""

import os
import socket
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charteroak.edge import video
from charteroak.edge.camera import Frame, PictureTooLargeError, UnreadablePictureError
from charteroak.edge.video import UnreadableVideoError
from charteroak.edge.video_file import Timeline, video_frames
from tests.support.video import FPS, SIZE, film, number_in, picture, sound

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
FASTSTART = {"movflags": "faststart"}
DASH = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:full:2011"
  type="static" mediaPresentationDuration="PT9S"><Period>
<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1">
<BaseURL>{there}</BaseURL></Representation></AdaptationSet></Period></MPD>"""


def read(path: Path) -> tuple[list[Frame], list[UnreadablePictureError]]:
    arrivals = list(video_frames(path))
    frames = [each for each in arrivals if isinstance(each, Frame)]
    errors = [each for each in arrivals if isinstance(each, UnreadablePictureError)]
    # Errors come last.
    assert arrivals == [*frames, *errors]
    return frames, errors


def error_of(path: Path) -> UnreadablePictureError:
    frames, errors = read(path)
    assert frames == []
    (error,) = errors
    assert error.source == str(path)
    assert error.hint
    return error


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"),
        ("a.mov", "libx265"),
        ("a.avi", "mpeg4"),
        ("a.avi", "mjpeg"),
        ("a.mkv", "libx264"),
        ("a.webm", "libvpx-vp9"),
        ("a.ts", "libx264"),
    ],
)
def test_every_frame_comes_once_in_order_with_its_time(
    tmp_path: Path, name: str, codec: str
) -> None:
    path = film(tmp_path / name, codec=codec)

    frames, errors = read(path)

    assert errors == []
    assert [number_in(frame.image) for frame in frames] == list(range(12))
    assert [frame.index for frame in frames] == list(range(12))
    assert [frame.time_s for frame in frames] == [n / FPS for n in range(12)]
    assert {frame.source for frame in frames} == {str(path)}
    image = frames[0].image
    assert image.shape == (SIZE[1], SIZE[0], 3)
    assert image.dtype == np.uint8
    assert image.flags["C_CONTIGUOUS"]
    assert frames[0].image is image


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
def test_a_variable_rate_stays_true(tmp_path: Path, name: str) -> None:
    stamps_ms = [0, 40, 80, 1080, 1090, 9000, 9500]

    frames, errors = read(film(tmp_path / name, frames=7, stamps_ms=stamps_ms))

    assert errors == []
    assert [round(frame.time_s * 1000) for frame in frames] == stamps_ms


@pytest.mark.parametrize(("form", "codec"), [("mjpeg", "mjpeg"), ("h264", "libx264")])
def test_without_stamps_frames_are_25_a_second(
    tmp_path: Path, form: str, codec: str
) -> None:
    frames, errors = read(film(tmp_path / f"a.{form}", codec=codec, form=form))

    assert errors == []
    assert [frame.time_s for frame in frames] == [n / 25 for n in range(12)]


def test_stamps_that_go_back_repeat_are_missing_or_jump() -> None:
    timeline = Timeline(Fraction(1, 10))
    stamps = [-5, -4, -4.5, -4, -3, None, 0, 1, -1000, -999, 10**9, 10**9]

    times = [timeline.at(None if s is None else Fraction(s)) for s in stamps]

    tenth = Fraction(1, 10)
    assert times[:5] == [0, 1, 1, 1, 2]
    assert times[5:8] == [2 + tenth, 2 + 2 * tenth, 3 + 2 * tenth]
    assert times[8:] == [3 + 3 * tenth, 4 + 3 * tenth, 4 + 4 * tenth, 4 + 4 * tenth]


@settings(max_examples=50)
@given(st.lists(st.none() | st.fractions()))
def test_time_never_goes_backward(stamps: list[Fraction | None]) -> None:
    timeline = Timeline(Fraction(1, 25))

    times = [timeline.at(stamp) for stamp in stamps]

    assert times == sorted(times)
    assert times[:1] in ([], [0])


def test_the_moment_is_the_callers_the_files_or_its_age(tmp_path: Path) -> None:
    aged = film(tmp_path / "aged.mp4")
    os.utime(aged, (NOON.timestamp(), NOON.timestamp()))
    made = film(
        tmp_path / "made.mp4", metadata={"creation_time": "2026-10-01T08:00:00-04:00"}
    )

    told = [frame.captured_at for frame in video_frames(aged, begun_at=NOON)]  # type: ignore[union-attr] # whole
    by_file = [frame.captured_at for frame in read(made)[0]]
    by_age = [frame.captured_at for frame in read(aged)[0]]

    every = [NOON + timedelta(seconds=n / FPS) for n in range(12)]
    assert told == by_file == every
    assert by_age == [moment - timedelta(seconds=1.2) for moment in every]


@pytest.mark.parametrize("turned_deg", [0, 90, 180, -90])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_camera_that_hung_sideways_is_turned_upright(
    tmp_path: Path, turned_deg: int, *, mirrored: bool
) -> None:
    upright = picture(3)
    upright[:, : SIZE[0] // 4] = (200, 0, 0)
    # As the sensor saw it: what the note in the file must undo.
    seen = upright[:, ::-1] if mirrored else upright
    seen = np.ascontiguousarray(np.rot90(seen, -turned_deg // 90))
    path = film(
        tmp_path / "a.mp4",
        size=(seen.shape[1], seen.shape[0]),
        turned_deg=turned_deg,
        mirrored=mirrored,
        images=[seen] * 2,
    )

    frames, errors = read(path)

    assert errors == []
    image, grey = frames[1].image, frames[1].grey_small(SIZE[0] // 2)
    assert image.shape == upright.shape
    assert np.abs(image.astype(int) - upright).mean() < 8
    assert grey.shape == (SIZE[1] // 2, SIZE[0] // 2)
    whole = image.mean(axis=2)[::2, ::2]
    assert np.corrcoef(grey.ravel(), whole.ravel())[0, 1] > 0.9


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mp4", "libx264", FASTSTART),
        ("a.mkv", "libx264", {}),
        ("a.avi", "mpeg4", {}),
    ],
)
def test_a_file_cut_off_gives_what_is_whole_and_says_how_much(
    tmp_path: Path, name: str, codec: str, options: dict[str, str]
) -> None:
    noise = np.random.default_rng(5).integers(0, 255, (40, SIZE[1], SIZE[0], 3), "u1")
    path = film(tmp_path / name, codec=codec, options=options, images=noise)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])

    frames, errors = read(path)

    assert 5 < len(frames) < 35
    (error,) = errors
    assert isinstance(error, UnreadableVideoError)
    assert f"{len(frames)} frames" in str(error)
    assert [frame.index for frame in frames] == list(range(len(frames)))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("This is no video.\n" * 99)


def without_index(path: Path) -> None:
    """As when the recorder lost its power."""
    film(path)
    path.write_bytes(path.read_bytes()[:-400])


def unknown_codec(path: Path) -> None:
    film(path)
    path.write_bytes(path.read_bytes().replace(b"avc1\0", b"XYZW\0"))


def encrypted(path: Path) -> None:
    key = "00112233445566778899aabbccddeeff"
    how = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": key}
    film(path, options={**how, "encryption_kid": key})


def only_sound(path: Path) -> None:
    sound(path)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (empty, "not a video"),
        (text, "not a video"),
        (without_index, "not a video"),
        (unknown_codec, "unknown way"),
        (encrypted, "encrypted"),
        (only_sound, "only sound"),
        (lambda _path: None, "not there"),
    ],
)
def test_what_cannot_be_read_is_one_error(
    tmp_path: Path,
    make: Callable[[Path], None],
    says: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "a.mp4"
    make(path)

    assert says in str(error_of(path))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{there}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{there}'\n",
        "v=0\no=- 0 0 IN IP4 {host}\ns=x\nt=0 0\nm=video {port} RTP/AVP 26\n",
        DASH,
    ],
)
def test_a_playlist_opens_no_other_file_and_no_address(
    tmp_path: Path, playlist: str
) -> None:
    other = film(tmp_path / "other.ts")
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0)
        host, port = trap.getsockname()
        for there in (f"http://{host}:{port}/a.ts", f"file:{other}", "other.ts"):
            path = tmp_path / "a.mp4"
            path.write_text(playlist.format(there=there, host=host, port=port))
            error_of(path)
        with pytest.raises(BlockingIOError):
            trap.accept()


def test_a_name_that_looks_like_an_address_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    film(tmp_path / "a.mp4").rename(tmp_path / "concat:x|y.mp4")

    frames, errors = read(Path("concat:x|y.mp4"))

    assert (len(frames), errors) == (12, [])


def test_a_frame_of_8k_is_read(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mkv", codec="mjpeg", frames=1, size=(7680, 4320))

    frames, errors = read(path)

    assert errors == []
    assert frames[0].grey_small(320).shape == (180, 320)
    assert frames[0].image.shape == (4320, 7680, 3)


def test_a_video_that_is_too_large_is_refused_undecoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "MOST_MEGAPIXELS", 0.01)

    assert isinstance(error_of(film(tmp_path / "a.mp4")), PictureTooLargeError)


def test_a_picture_larger_than_its_file_says_is_refused(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", codec="mjpeg")
    small, large = struct.pack(">HH", *SIZE[::-1]), struct.pack(">HH", 9200, 11_000)
    whole = path.read_bytes()
    assert whole.count(small) == 12
    path.write_bytes(whole.replace(small, large))

    assert "too large" in str(error_of(path))
