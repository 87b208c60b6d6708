"""One connection to a camera that streams: a thread takes what comes, a reader the newest.

The thread never waits for the reader, so nothing piles up in the camera or the network.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from fractions import Fraction
from functools import partial
from pathlib import Path
from threading import Condition, Event, Thread
from typing import Final, cast

import attrs
import av.error
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream as VideoTrack

from charteroak.edge.camera import Picture, UnreadablePictureError
from charteroak.edge.capture_clock import CaptureClock
from charteroak.edge.jpeg import Jpeg
from charteroak.edge.stream_address import DEVICES, is_file, masked
from charteroak.edge.video import (
    Decoded,
    UnreadableVideoError,
    open_file,
    open_video,
    stamp_s,
    trouble,
    video_track,
)
from charteroak.edge.video_file import USUAL_FPS, Timeline

WAITING: Final = 8
"""Frames that wait for a slow reader."""

_BEGIN_OF_JPEG: Final = b"\xff\xd8\xff"
_LOOK_S: Final = 0.2
_JOIN_S: Final = 0.5
_NEARLY: Final = 0.9
_SOON: Final = {"analyzeduration": "1000000", "fpsprobesize": "0"}
"""Looking at a stream for its frame rate would hold up slow cameras for seconds."""

_STAMPLESS: Final = frozenset({"mpjpeg", "mjpeg", "h264", "hevc"})
"""Formats without time stamps; FFmpeg makes some up, at 25 frames per second."""


@attrs.frozen(kw_only=True)
class Taken:
    """A picture and when it was captured.

    Attributes:
        captured_at: by the box's clock.
        captured_s: by a clock that nobody sets.
    """

    picture: Picture
    captured_at: datetime
    captured_s: float


@attrs.define
class _Ration:
    """Which frames are handed on, so that there are not more of them than wanted."""

    fps: float
    _due_s: float | None = attrs.field(default=None, init=False)

    def takes(self, at_s: float) -> bool:
        """Whether the frame of this moment is one of them."""
        gap_s = 1 / self.fps
        if self._due_s is None or at_s > self._due_s + gap_s:
            self._due_s = at_s
        # A camera of just this rate must not lose every other frame to its jitter.
        if at_s < self._due_s - gap_s / 4:
            return False
        self._due_s += gap_s
        return True


@attrs.define(kw_only=True)
class Connection:
    """One attempt at a camera, until it breaks off.

    Attributes:
        address: of the camera, or a file.
        clock: the box's.
        fps: frames handed on at most.
        silent_s: how long opening and each frame may take.
        why: after the end: what ended it, in words without an address.
        ended_well: it was a file, and was played to its end.
        dropped: frames that the reader missed.
    """

    address: str = attrs.field(repr=masked)
    clock: Callable[[], datetime]
    fps: float
    silent_s: float
    why: str = attrs.field(default="", init=False)
    ended_well: bool = attrs.field(default=False, init=False)
    dropped: int = attrs.field(default=0, init=False)
    _newest: deque[Taken | UnreadablePictureError] = attrs.field(
        factory=deque, init=False
    )
    _more: Condition = attrs.field(factory=Condition, init=False)
    _closing: Event = attrs.field(factory=Event, init=False)
    _over: bool = attrs.field(default=False, init=False)
    _heard_s: float = attrs.field(factory=time.monotonic, init=False)

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Talk to the camera, in a thread, while the context lasts."""
        # A daemon: a process that ends need not wait for a camera that hangs.
        thread = Thread(target=self._run, name=masked(self.address), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._closing.set()
            thread.join(_JOIN_S)

    def taken(self, stop: Event) -> Iterator[Taken | UnreadablePictureError]:
        """Yield what came, the newest that wait, until the end or until told to stop."""
        while not stop.is_set():
            with self._more:
                if not self._newest and not self._over:
                    self._more.wait(_LOOK_S)
                taken = self._newest.popleft() if self._newest else None
                over = self._over
            if taken is not None:
                yield taken
            elif over:
                break

    def _run(self) -> None:
        try:
            self._pump()
        except av.error.FFmpegError as error:
            # A wait that was cut short comes out as any kind of error.
            self.why = self._silence() or trouble(error)
        except Exception as bug:  # noqa: BLE001 - one camera must not end the others
            # The kind only: the text of a foreign error may hold an address.
            self.why = f"unexpected: {type(bug).__name__}"
        finally:
            with self._more:
                self._over = True
                self._more.notify()

    def _pump(self) -> None:
        with _open(self.address, self.silent_s) as container:
            track = video_track(container, masked(self.address))
            if not isinstance(track, VideoTrack):
                self.why = track.why
                return
            pump = _Pump(self, container, track)
            # All of it: a camera whose sound goes on is silent when its pictures stop.
            for packet in container.demux():
                # FFmpeg answers the first wait cut short with what it had kept back.
                self.why = self._silence()
                if self.why or self._closing.is_set():
                    return
                if packet.stream is track:
                    pump.take(cast("Packet[VideoTrack]", packet))
                    self._heard_s = time.monotonic()
            self.why = "it ended" if pump.taken else "no picture came from it"
            self.ended_well = pump.taken > 0 and is_file(self.address)
            if self.ended_well:
                # Its last picture lasts, too, before the first is shown again.
                self.wait(1 / self.fps)

    def _silence(self) -> str:
        if time.monotonic() - self._heard_s < self.silent_s * _NEARLY:
            return ""
        return f"it gave nothing for {self.silent_s:g} s"

    def wait(self, seconds: float) -> None:
        """Pass time, unless the connection is to be closed."""
        self._closing.wait(max(seconds, 0))

    def put(self, taken: Taken | UnreadablePictureError) -> None:
        """Have a picture wait for the reader; the oldest makes room."""
        with self._more:
            if len(self._newest) == WAITING:
                self._newest.popleft()
                self.dropped += 1
            self._newest.append(taken)
            self._more.notify()


class _Pump:
    """Packets in, pictures out, at most so many a second, each with its capture time."""

    def __init__(
        self, connection: Connection, container: InputContainer, track: VideoTrack
    ) -> None:
        self.taken = 0
        self._connection = connection
        self._source = masked(connection.address)
        self._codec = track.codec_context
        self._stampless = container.format.name in _STAMPLESS
        self._captures = CaptureClock()
        self._ration = _Ration(connection.fps)
        self._film = is_file(connection.address)
        self._timeline = Timeline(1 / (track.average_rate or USUAL_FPS))
        self._begun_s = time.monotonic()

    def take(self, packet: "Packet[VideoTrack]") -> None:
        """Hand on the pictures of a packet."""
        # Of a sequence, all must be decoded to have one; of single pictures, that one.
        if self._codec.codec.intra_only:
            if packet.size:
                self._offer(stamp_s(packet), partial(self._single, packet))
            return
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            # Before the first key frame this is as it should be.
            if self.taken:
                self._connection.put(self._damaged())
            return
        for frame in frames:
            # What was decoded without the frames that it builds on is no evidence.
            if not frame.is_corrupt:
                self._offer(stamp_s(frame), partial(Decoded, frame))

    def _offer(self, stamp: Fraction | None, picture: Callable[[], Picture]) -> None:
        if self._film:
            stamp = self._timeline.at(stamp)
            self._connection.wait(self._begun_s + float(stamp) - time.monotonic())
        captured_at = self._captures.at(
            self._connection.clock(),
            steady_s=time.monotonic(),
            stamp_s=None if stamp is None or self._stampless else float(stamp),
        )
        if not self._ration.takes(self._captures.captured_s):
            return
        try:
            taken = Taken(
                picture=picture(),
                captured_at=captured_at,
                captured_s=self._captures.captured_s,
            )
        except UnreadablePictureError as damaged:
            self._connection.put(damaged)
            return
        self.taken += 1
        self._connection.put(taken)

    def _single(self, packet: "Packet[VideoTrack]") -> Picture:
        if self._codec.name == "mjpeg":
            jpeg = Jpeg.of(bytes(packet), self._source)
            # Interlaced video has two JPEGs of half the height in each packet. One
            # alone is that of a camera that was told to send smaller pictures.
            is_half = jpeg.size()[1] * 2 == self._codec.height
            if not (is_half and jpeg.data.count(_BEGIN_OF_JPEG) > 1):
                return jpeg
        try:
            return Decoded(packet.decode()[0])
        except (av.error.FFmpegError, IndexError):
            raise self._damaged() from None

    def _damaged(self) -> UnreadableVideoError:
        return UnreadableVideoError(self._source, "a damaged picture came")


def _open(address: str, silent_s: float) -> InputContainer:
    if is_file(address):
        return open_file(Path(address))
    if address.startswith(DEVICES):
        return open_video(address, protocols="file", form="v4l2", timeout_s=silent_s)
    if address.lower().startswith("rtsp"):
        # Over UDP, lost packets smear pictures, and firewalls keep them out.
        return open_video(
            address,
            protocols="rtsp,rtp,tcp,tls",
            options={"rtsp_transport": "tcp", **_SOON},
            timeout_s=silent_s,
        )
    return open_video(
        address,
        protocols="http,https,httpproxy,tcp,tls",
        # Who answers for a camera may not send the box to another address.
        options={"max_redirects": "0", **_SOON},
        timeout_s=silent_s,
    )
