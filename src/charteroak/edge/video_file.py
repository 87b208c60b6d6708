"""Video files as frames: every frame, each with its true time, one in memory at a time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Final

import attrs
import av.error
from av.container import InputContainer
from av.video.stream import VideoStream as VideoTrack

from charteroak.edge.camera import Arrival, Frame
from charteroak.edge.video import (
    Decoded,
    UnreadableVideoError,
    open_file,
    stamp_s,
    trouble,
    video_track,
)

USUAL_FPS: Final = Fraction(25)
"""For a file that says neither when its frames were taken nor how many a second."""

_MICROSECOND: Final = Fraction(1, 1_000_000)
_LARGEST_STEP_S: Final = 86_400
_SLIP_S: Final = 1
_MOSTLY: Final = Fraction(95, 100)
_MOST_THREADS: Final = 4
"""More would hold more frames of the largest size in memory than they gain."""


def video_frames(path: Path, *, begun_at: datetime | None = None) -> Iterator[Arrival]:
    """Read all frames of a video file, in order.

    `time_s` comes from the file's time stamps, exactly, from 0 at the first frame, so a
    variable frame rate stays true. Where frames have none, it is their number over the
    file's average rate, else over 25 frames per second. It never goes backward: a stamp
    that does is taken for the one before it; a stamp that jumps back by more than a
    second or ahead by more than a day begins a new recording, one frame later.

    Args:
        path: the file.
        begun_at: moment of its first frame. By default the moment at which the file
            says that it was made, else the file's age less its length.

    Yields:
        A frame for each picture, upright. If the file is cut off or damaged, one error
        in the end that says how many frames were read; if nothing in it can be read,
        that error alone.
    """
    source = str(path)
    try:
        container = open_file(path)
    except (av.error.FFmpegError, UnicodeError) as broken:
        why = (
            trouble(broken) if isinstance(broken, av.error.FFmpegError) else "its name"
        )
        yield UnreadableVideoError(source, why)
        return
    with container:
        track = video_track(container, source)
        if not isinstance(track, VideoTrack):
            yield track
            return
        yield from _Reading(
            path=path,
            container=container,
            track=track,
            begun_at=begun_at or _begun_at(path, container),
        ).arrivals()


def about_how_many(path: Path) -> int:
    """How many frames a video file has, roughly; 1 if it cannot be told."""
    try:
        with open_file(path) as container:
            tracks = container.streams.video
            if tracks and tracks[0].frames:
                return tracks[0].frames
            fps = (tracks and tracks[0].average_rate) or USUAL_FPS
            return max(1, round((container.duration or 0) * _MICROSECOND * fps))
    except (av.error.FFmpegError, UnicodeError):
        return 1


@attrs.define
class Timeline:
    """Seconds since the first frame, for each frame in turn; never backward.

    Attributes:
        frame_s: how long a frame lasts where nothing says.
    """

    frame_s: Fraction
    _now_s: Fraction | None = attrs.field(default=None, init=False)
    _stamp_s: Fraction | None = attrs.field(default=None, init=False)

    def at(self, stamp: Fraction | None) -> Fraction:
        """The time of the next frame, given its own stamp, if it has one."""
        before_s, self._stamp_s = self._stamp_s, stamp
        if self._now_s is None:
            self._now_s = Fraction(0)
        elif stamp is None or before_s is None:
            self._now_s += self.frame_s
        else:
            step_s = stamp - before_s
            if -_SLIP_S <= step_s < 0:
                # Stay, and measure the next from where time stopped.
                self._stamp_s, step_s = before_s, Fraction(0)
            elif not 0 <= step_s <= _LARGEST_STEP_S:
                step_s = self.frame_s
            self._now_s += step_s
        return self._now_s


@attrs.define(kw_only=True)
class _Reading:
    path: Path
    container: InputContainer
    track: VideoTrack
    begun_at: datetime | None
    _read: int = attrs.field(default=0, init=False)
    _damaged: int = attrs.field(default=0, init=False)
    _end_s: Fraction = attrs.field(factory=Fraction, init=False)

    def arrivals(self) -> Iterator[Arrival]:
        self.track.thread_type = "AUTO"
        self.track.codec_context.thread_count = _MOST_THREADS
        broken = ""
        try:
            yield from self._frames()
        except av.error.FFmpegError as error:
            broken = trouble(error)
        if broken or self._damaged or not self._read or self._cut_off():
            yield UnreadableVideoError(str(self.path), self._shortfall())

    def _frames(self) -> Iterator[Frame]:
        frame_s = 1 / (self.track.average_rate or USUAL_FPS)
        timeline = Timeline(frame_s)
        for packet in self.container.demux(self.track):
            self._damaged += packet.is_corrupt
            try:
                decoded = packet.decode()
            except av.error.FFmpegError:
                # Later packets may be whole again.
                self._damaged += 1
                continue
            for frame in decoded:
                time_s = timeline.at(stamp_s(frame))
                self._end_s = time_s + frame_s
                yield Frame(
                    image=Decoded(frame),
                    source=str(self.path),
                    index=self._read,
                    time_s=float(time_s),
                    captured_at=self._captured_at(time_s),
                )
                self._read += 1

    def _captured_at(self, time_s: Fraction) -> datetime | None:
        if self.begun_at is None:
            return None
        try:
            return self.begun_at + timedelta(microseconds=round(time_s / _MICROSECOND))
        except OverflowError:
            return None

    def _cut_off(self) -> bool:
        """Whether the pictures end well before the file says that they do."""
        says_s = _length_s(self.container, self.track)
        if says_s is None:
            return False
        return self._end_s < says_s - 1 and self._end_s < says_s * _MOSTLY

    def _shortfall(self) -> str:
        if not self._read:
            return "no frame in it can be read: damaged, empty, encrypted or too large"
        return f"cut off or damaged: {self._read} frames were read"


def _length_s(container: InputContainer, track: VideoTrack) -> Fraction | None:
    """How long the pictures last by the file's own word; not by a guess of FFmpeg's."""
    if track.duration is not None and track.time_base is not None:
        return track.duration * track.time_base
    only_track = len(container.streams) == 1
    if only_track and container.format.name == "matroska,webm" and container.duration:
        return container.duration * _MICROSECOND
    return None


def _begun_at(path: Path, container: InputContainer) -> datetime | None:
    return _made_at(container) or _by_age(path, container)


def _made_at(container: InputContainer) -> datetime | None:
    try:
        made_at = datetime.fromisoformat(container.metadata.get("creation_time", ""))
    except ValueError:
        return None
    # Without its zone it is a guess.
    return made_at if made_at.tzinfo else None


def _by_age(path: Path, container: InputContainer) -> datetime | None:
    length = timedelta(microseconds=container.duration or 0)
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, tz=UTC) - length
    except (OSError, OverflowError, ValueError):
        return None
