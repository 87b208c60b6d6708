"""Connections that go wrong in other ways than by ending."""

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np

from charteroak.edge.camera import Frame, Interruption
from charteroak.edge.stream import VideoStream
from tests.edge.a_box import NOON
from tests.support.video import film

_RATE = 48_000


def with_sound(*, pictures: int, sound_s: int) -> bytes:
    """An MPEG transport stream whose sound goes on when its pictures have stopped."""
    held = io.BytesIO()
    with av.open(held, "w", format="mpegts") as container:
        video = container.add_stream("mpeg2video", rate=25)
        video.width, video.height, video.pix_fmt = 320, 240, "yuv420p"
        audio = container.add_stream("mp2", rate=_RATE)
        for number in range(pictures):
            grey = np.full((240, 320, 3), 8 * number, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(grey)))
        container.mux(video.encode())
        for start in range(0, sound_s * _RATE, 1152):
            quiet = np.zeros((1, 2 * 1152), np.int16)
            frame = av.AudioFrame.from_ndarray(quiet, format="s16", layout="stereo")
            frame.sample_rate, frame.pts = _RATE, start
            frame.time_base = Fraction(1, _RATE)
            container.mux(audio.encode(frame))
    return held.getvalue()


@contextmanager
def served(content: bytes, *, at_once: int) -> Iterator[str]:
    """Serve the beginning at once and the rest slowly, without end, to one client."""
    ended = threading.Event()

    def serve(listener: socket.socket) -> None:
        with listener.accept()[0] as client:
            client.recv(4096)
            client.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: video/mp2t\r\n\r\n")
            client.sendall(content[:at_once])
            rest = content[at_once:]
            while not ended.wait(0.05) and rest:
                try:
                    client.sendall(rest[:1880])
                except OSError:
                    return
                rest = rest[1880:]

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/live.ts"
        ended.set()
        thread.join()


def test_a_camera_whose_sound_alone_goes_on_is_interrupted() -> None:
    content = with_sound(pictures=25, sound_s=60)
    stop = threading.Event()
    with served(content, at_once=len(content) // 4) as address:
        stream = VideoStream(
            address=address, stop=stop, clock=lambda: NOON, fps=1e9, silent_s=2
        )
        give_up = threading.Timer(60, stop.set)
        give_up.start()
        arrivals = []
        for arrival in stream.arrivals():
            arrivals.append(arrival)
            if isinstance(arrival, Interruption):
                stop.set()
        give_up.cancel()

    *before, last = arrivals
    assert before
    assert all(isinstance(each, Frame) for each in before)
    assert isinstance(last, Interruption)
    assert last.why == "it gave nothing for 2 s"


def test_a_file_of_one_picture_is_not_shown_more_often_than_wanted(
    tmp_path: Path,
) -> None:
    path = film(tmp_path / "a.mp4", frames=1)
    stream = VideoStream(
        address=str(path), stop=threading.Event(), clock=lambda: NOON, fps=10
    )
    with closing(stream.arrivals()) as coming:
        times = [each.time_s for each in islice(coming, 4) if isinstance(each, Frame)]

    assert len(times) == 4
    assert times[3] - times[0] >= 0.3


def test_a_failure_that_nobody_foresaw_is_an_interruption(tmp_path: Path) -> None:
    def clock() -> datetime:
        if threading.current_thread() is not threading.main_thread():
            raise LookupError("rtsp://anna:geheim@host")
        return NOON

    path = film(tmp_path / "a.mp4", frames=2)
    stream = VideoStream(address=str(path), stop=threading.Event(), clock=clock)
    with closing(stream.arrivals()) as coming:
        arrival = next(coming)

    assert isinstance(arrival, Interruption)
    assert arrival.why == "unexpected: LookupError"
