"""Cameras that stream, over real sockets: newest frames, true times, and back again."""

import itertools
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from charteroak.edge.camera import Frame, Interruption
from charteroak.edge.capture_clock import CaptureClock
from charteroak.edge.connection import WAITING
from charteroak.edge.jpeg import Jpeg
from charteroak.edge.stream import VideoStream
from charteroak.edge.stream_address import (
    UnusableStreamAddressError,
    is_stream,
    masked,
    parse_stream,
)
from charteroak.edge.video import UnreadableVideoError
from tests.support.mjpeg import (
    CLOSE,
    HANG,
    HANG_UNANSWERED,
    Camera,
    camera,
    jpeg_of,
)
from tests.support.rtsp import rtsp_camera
from tests.support.video import film, number_in, picture

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
PICTURES = [jpeg_of(picture(number)) for number in range(28)]


def clock() -> datetime:
    """Runs with the machine's, but is at another time of day."""
    return NOON + timedelta(seconds=time.monotonic())


def stream_of(address: str, *, silent_s: float = 30, fps: float = 1e9) -> VideoStream:
    return VideoStream(
        address=address, stop=threading.Event(), clock=clock, silent_s=silent_s, fps=fps
    )


@pytest.fixture
def a_camera() -> Iterator[Camera]:
    with camera() as served:
        yield served


def test_a_camera_that_closes_and_hangs_is_taken_up_again(a_camera: Camera) -> None:
    a_camera.plays(PICTURES[:3], then=CLOSE)
    a_camera.plays([], then=HANG_UNANSWERED)
    a_camera.plays(PICTURES[3:6], then=CLOSE)
    a_camera.plays([], then=HANG)
    stream = stream_of(a_camera.address(), silent_s=2)

    with closing(stream.arrivals()) as coming:
        arrivals = list(itertools.islice(coming, 9))

    frames = [each for each in arrivals if isinstance(each, Frame)]
    breaks = [each for each in arrivals if isinstance(each, Interruption)]
    assert [type(each) for each in arrivals] == [
        *[Frame] * 3,
        *[Interruption] * 2,
        *[Frame] * 3,
        Interruption,
    ]
    assert [number_in(frame.image) for frame in frames] == [0, 1, 2, 3, 4, 5]
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4, 5]
    times = [frame.time_s for frame in frames]
    moments = [frame.captured_at for frame in frames]
    assert times == sorted(times)
    assert moments == sorted(filter(None, moments))
    assert [each.why for each in breaks] == [
        "it cannot be reached, or broke off",
        "it gave nothing for 2 s",
        "it cannot be reached, or broke off",
    ]
    assert [each.again_in_s for each in breaks] == [1, 2, 1]
    assert breaks[0].since == breaks[1].since < breaks[2].since


def test_a_camera_that_sends_elsewhere_is_not_followed(a_camera: Camera) -> None:
    a_camera.plays([b"never asked for"], then=CLOSE)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def redirect() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(
                    b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"
                    b"Location: " + a_camera.address().encode() + b"\r\n\r\n"
                )

        answering = threading.Thread(target=redirect)
        answering.start()
        stream = stream_of(f"http://127.0.0.1:{listener.getsockname()[1]}/live")
        first = next(stream.arrivals())
        stream.stop.set()
        answering.join(30)

    assert isinstance(first, Interruption)
    assert not a_camera.sent.is_set()


def test_stop_ends_the_wait_for_a_camera_that_hangs(a_camera: Camera) -> None:
    a_camera.plays(PICTURES[:3], then=HANG)
    stream = stream_of(a_camera.address(), silent_s=200)
    coming = stream.arrivals()
    assert isinstance(next(coming), Frame)
    threading.Timer(0.2, stream.stop.set).start()

    left = list(coming)
    assert len(left) <= 2
    assert all(isinstance(each, Frame) for each in left)


def test_a_slow_reader_misses_frames_and_stays_current(a_camera: Camera) -> None:
    a_camera.plays(PICTURES, then=HANG)
    stream = stream_of(a_camera.address())
    with closing(stream.arrivals()) as coming:
        first = next(coming)
        until = time.monotonic() + 100
        # On a busy machine more than the first may have come before it was taken.
        while stream.dropped < 27 - WAITING and time.monotonic() < until:
            time.sleep(0.01)
        newest = list(itertools.islice(coming, 27 - stream.dropped))

    frames = [each for each in [first, *newest] if isinstance(each, Frame)]
    numbers = [number_in(frame.image) for frame in frames]
    assert len(newest) in {WAITING - 1, WAITING}
    assert numbers[1:] == list(range(28 - len(newest), 28))
    assert numbers[0] < numbers[1]
    assert stream.dropped == 28 - len(numbers)


def test_no_more_frames_than_wanted(a_camera: Camera) -> None:
    a_camera.plays(PICTURES, then=CLOSE)
    stream = stream_of(a_camera.address(), fps=0.1)

    with closing(stream.arrivals()) as coming:
        arrivals = list(itertools.islice(coming, 2))

    assert [type(each) for each in arrivals] == [Frame, Interruption]
    assert stream.dropped == 0


def test_a_damaged_picture_is_told_and_the_next_comes(a_camera: Camera) -> None:
    cut = PICTURES[1][: len(PICTURES[1]) // 2]
    a_camera.plays([PICTURES[0], cut, PICTURES[2]], then=HANG)

    with closing(stream_of(a_camera.address()).arrivals()) as coming:
        kinds = [type(each) for each in itertools.islice(coming, 3)]

    assert kinds == [Frame, UnreadableVideoError, Frame]


def test_names_and_passwords_are_never_told(
    a_camera: Camera,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = f"127.0.0.1:{taken.getsockname()[1]}"
    a_camera.plays(PICTURES[:3], then=CLOSE)
    there = a_camera.address("anna", "geheim") + "?token=geheim"
    told = []
    for address in (
        there,
        f"rtsp://anna:geheim@{closed}/a",
        f"http://a:geheim@{closed}",
    ):
        stream = stream_of(address)
        with closing(stream.arrivals()) as coming:
            arrivals = list(itertools.islice(coming, 4 if address == there else 1))
        told += [repr(stream), *map(repr, arrivals), *map(str, threading.enumerate())]
        assert isinstance(arrivals[-1], Interruption)

    assert any("127.0.0.1" in each for each in told)
    everything = " ".join([*told, caplog.text, *capfd.readouterr()])
    assert "geheim" not in everything
    assert "anna" not in everything


def test_rtsp_frames_come_in_order_and_once() -> None:
    with rtsp_camera(PICTURES[:6], fps=4) as address:
        stream = stream_of(address)
        with closing(stream.arrivals()) as coming:
            arrivals = list(itertools.islice(coming, 6))

    frames = [each for each in arrivals if isinstance(each, Frame)]
    numbers = [number_in(frame.image) for frame in frames]
    assert numbers == [0, 1, 2, 3, 4, 5]
    assert {frame.source for frame in frames} == {address}


def test_a_file_plays_in_its_own_time_and_again(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", frames=4)
    begun = time.monotonic()

    with closing(stream_of(str(path)).arrivals()) as coming:
        arrivals = list(itertools.islice(coming, 7))

    frames = [each for each in arrivals if isinstance(each, Frame)]
    assert [number_in(frame.image) for frame in frames] == [0, 1, 2, 3, 0, 1, 2]
    assert [frame.index for frame in frames] == list(range(7))
    assert time.monotonic() - begun > 0.4


def test_a_file_that_is_no_video_is_an_interruption(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("hello")

    with closing(stream_of(str(tmp_path / "a.mp4")).arrivals()) as coming:
        arrival = next(coming)

    assert isinstance(arrival, Interruption)
    assert "not a video" in arrival.why


def test_a_jpeg_is_decoded_as_far_as_asked() -> None:
    noise = np.random.default_rng(3).integers(0, 255, (36, 64, 3), np.uint8)
    scene = np.asarray(Image.fromarray(noise).resize((1280, 720)))
    whole = jpeg_of(scene)
    cut_tables = whole[: whole.index(b"\xff\xc4")] + whole[whole.index(b"\xff\xda") :]

    for data in (whole, cut_tables):
        jpeg = Jpeg.of(data, "a")
        grey = jpeg.grey_small(320).astype(int)
        assert np.abs(jpeg.rgb().astype(int) - scene).mean() < 5
        assert grey.shape == (180, 320)
        luma = np.asarray(Image.fromarray(scene).convert("L").reduce(4), int)
        assert np.abs(grey - luma).mean() < 5


@pytest.mark.parametrize(
    "text",
    ["ftp://a/b", "rtsp://", "rtsp://a b", "http://a:x/", "/photos", "rtsp://[/"],
)
def test_what_is_no_address_is_refused_unrepeated(text: str) -> None:
    with pytest.raises(UnusableStreamAddressError) as refused:
        parse_stream(text)

    assert text not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["rtsp://u:p@host:554/live", "https://host/a?x=1", "/dev/video0", "a b.mp4"]
)
def test_what_is_an_address_is_kept(text: str) -> None:
    assert is_stream(text)
    assert parse_stream(text) == text


@pytest.mark.parametrize(
    "address",
    [
        "rtsp://anna:geheim@host/live",
        "rtsp://anna:ge@hei:geheim@host/live",
        "http://host/live?user=anna&pwd=geheim",
        "http://host/live#geheim",
        "rtsp://host/user=anna&password=geheim",
    ],
)
def test_a_masked_address_keeps_the_host_only(address: str) -> None:
    assert masked(address) in {"rtsp://host/live", "http://host/live", "rtsp://host"}


@pytest.mark.parametrize(
    "address",
    [
        "rtsp://anna:geheim/?#geheim@host/live",
        "rtsp://anna:12/geheim@host/live",
        "http://host/live?user=anna&pwd=p@geheim",
        "http://anna:x@host/live#@geheim",
    ],
)
def test_an_address_whose_host_is_in_doubt_is_not_told(address: str) -> None:
    assert masked(address) in {"rtsp://...", "http://..."}


@settings(max_examples=50)
@given(st.lists(st.floats(0, 0.9), min_size=2, max_size=60))
def test_jitter_of_the_network_does_not_smear_times(delays_s: list[float]) -> None:
    captures = CaptureClock()
    delays_s[0] = 0.0
    told = []
    came_s = 0.0
    for number, delay_s in enumerate(delays_s):
        # No frame overtakes another.
        came_s = max(came_s, number / 10 + delay_s)
        now = NOON + timedelta(seconds=came_s)
        told.append(captures.at(now, steady_s=came_s, stamp_s=500 + number / 10))

    for number, moment in enumerate(told):
        true = NOON + timedelta(seconds=number / 10)
        assert abs(moment - true) < timedelta(milliseconds=1)


@given(
    st.lists(st.tuples(st.floats(0, 20), st.none() | st.floats(-1e6, 1e6)), max_size=40)
)
def test_captures_never_go_backward(arrivals: list[tuple[float, float | None]]) -> None:
    captures = CaptureClock()
    told, steady_s = [], 0.0
    for gap_s, stamp_s in arrivals:
        steady_s += gap_s
        now = NOON + timedelta(seconds=steady_s)
        told.append(captures.at(now, steady_s=steady_s, stamp_s=stamp_s))
        assert told[-1] <= now

    assert all(b - a > timedelta(microseconds=-2) for a, b in itertools.pairwise(told))


def test_a_clock_that_is_set_is_followed_at_once() -> None:
    captures = CaptureClock()
    before = [
        captures.at(NOON + timedelta(seconds=n), steady_s=n, stamp_s=n)
        for n in range(5)
    ]
    hour = timedelta(hours=1)

    back = captures.at(NOON - hour + timedelta(seconds=5), steady_s=5, stamp_s=5)
    ahead = captures.at(NOON + hour + timedelta(seconds=6.5), steady_s=6.5, stamp_s=6)

    assert before[-1] == NOON + timedelta(seconds=4)
    assert back == NOON - hour + timedelta(seconds=5)
    assert ahead == NOON + hour + timedelta(seconds=6)
