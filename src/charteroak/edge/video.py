"""What video files and streams share: safe opening, upright pictures, words for trouble.

FFmpeg, through PyAV, reads formats that strangers can write. It is held short: it may
open only formats that cameras make, by only the protocols that the source needs (a
playlist that names other files or addresses is no video here), no picture larger than
`MOST_MEGAPIXELS`, and it prints nothing: its messages can hold addresses with their
passwords. For the same reason none of its error texts is passed on; `trouble` has ours.
"""

import struct
from fractions import Fraction
from pathlib import Path
from typing import Final

import attrs
import av
import av.error
import av.logging
import numpy as np
from av.buffer import Buffer
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream as VideoTrack

from charteroak.edge.camera import (
    MOST_MEGAPIXELS,
    Grey,
    PictureTooLargeError,
    UnreadablePictureError,
    small_size,
)
from charteroak.edge.recognize import Image as Pixels

SUFFIXES: Final = frozenset(
    f".{name}"
    for name in (
        *("264", "265", "h264", "h265", "hevc", "mjpeg", "mjpg", "ivf"),
        *("3gp", "asf", "avi", "dav", "flv", "m4v", "mkv", "mov", "mp4", "ogv"),
        *("m2ts", "mpeg", "mpg", "mts", "ts", "webm", "wmv"),
    )
)
"""File names taken for videos, in any case."""

# FFmpeg's names. Without hls, concat, dash, sdp, image2 and their like: these open what
# their text names.
_FORMATS: Final = (
    "3gp,asf,avi,dhav,flv,h264,hevc,ivf,m4v,matroska,mjpeg,mov,mp4,mpeg,mpegts,"
    "mpegvideo,mpjpeg,ogg,rtsp,webm,v4l2"
)
_SANE: Final = {"max_pixels": str(MOST_MEGAPIXELS * 1_000_000)}
_ENCRYPTED: Final = frozenset({"encv", "drmi"})


class UnreadableVideoError(UnreadablePictureError):
    """A file or a stream is no video, or a broken one."""

    code = "charteroak.video.unreadable"
    hint = "Give a whole video that plays on a computer: MP4, MOV, MKV, WebM or AVI."


@attrs.frozen(eq=False)
class Decoded:
    """A decoded picture; its colours are converted when they are asked for."""

    frame: VideoFrame = attrs.field(repr=False)

    def rgb(self) -> Pixels:
        """All of it, upright."""
        return self._upright(self.frame.to_ndarray(format="rgb24"))

    def grey_small(self, width_px: int) -> Grey:
        """Averaged down while it is converted; `width_px` is of the upright picture."""
        width, height = self.frame.width, self.frame.height
        if _turns(self.frame)[0]:
            height, width = small_size(height, width, width_px)
        else:
            width, height = small_size(width, height, width_px)
        small = self.frame.reformat(width, height, "gray", interpolation="AREA")
        return self._upright(small.to_ndarray())

    def _upright(self, given: object) -> Pixels:
        pixels = np.asarray(given, np.uint8)
        across_corner, mirrored, upside_down = _turns(self.frame)
        if across_corner:
            pixels = pixels.swapaxes(0, 1)
        if mirrored:
            pixels = pixels[:, ::-1]
        if upside_down:
            pixels = pixels[::-1]
        return np.ascontiguousarray(pixels)


def _turns(frame: VideoFrame) -> tuple[bool, bool, bool]:
    """What makes a picture upright: swap its axes, then mirror it, then turn it over.

    By the matrix of ISO/IEC 14496-12, 8.3.2: x' = a x + c y, y' = b x + d y, where
    cameras use multiples of a quarter turn.
    """
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if not isinstance(matrix, Buffer):
        return False, False, False
    a, b, _u, c, d = struct.unpack_from("=5i", bytes(matrix))
    if abs(b) + abs(c) > abs(a) + abs(d):
        return True, c < 0, b < 0
    return False, a < 0, d < 0


def stamp_s(timed: "VideoFrame | Packet[VideoTrack]") -> Fraction | None:
    """The time stamp of a frame or packet in seconds, exactly, if it has one."""
    if timed.pts is None or timed.time_base is None:
        return None
    return timed.pts * timed.time_base


def open_video(
    address: str,
    *,
    protocols: str,
    options: dict[str, str] | None = None,
    timeout_s: float | None = None,
    form: str | None = None,
) -> InputContainer:
    """Open a file, a device or an address within the limits of this module.

    Args:
        address: as FFmpeg takes it; a file with `file:` before it.
        protocols: FFmpeg's names of those it may use, comma between.
        options: further ones of FFmpeg's.
        timeout_s: how long opening and each read may take; None for ever.
        form: FFmpeg's name of the format, where it cannot be seen.

    Raises:
        av.error.FFmpegError: it does not open.
    """
    av.logging.set_level(None)
    return av.open(
        address,
        mode="r",
        format=form,
        options={
            "protocol_whitelist": protocols,
            "format_whitelist": _FORMATS,
            **_SANE,
            **(options or {}),
        },
        metadata_errors="replace",
        timeout=timeout_s,
    )


def open_file(path: Path) -> InputContainer:
    """Open a video file; whatever it says, FFmpeg may open no other and no address.

    Raises:
        av.error.FFmpegError: it does not open.
    """
    # Without the prefix a file called "http:..." would be taken for an address.
    return open_video(f"file:{path}", protocols="file")


def video_track(
    container: InputContainer, source: str
) -> VideoTrack | UnreadablePictureError:
    """The moving pictures in what was opened, or why it has none that can be read."""
    tracks = [
        track
        for track in container.streams.video
        # A song's cover is a video track to FFmpeg.
        if not track.disposition & av.stream.Disposition.attached_pic
    ]
    if not tracks:
        return UnreadableVideoError(source, "there are no pictures in it, only sound")
    track = tracks[0]
    context = getattr(track, "codec_context", None)
    if context is None:
        return UnreadableVideoError(source, "its pictures are coded in an unknown way")
    if context.codec_tag in _ENCRYPTED:
        return UnreadableVideoError(source, "it is encrypted")
    if context.width * context.height > MOST_MEGAPIXELS * 1_000_000:
        return PictureTooLargeError(
            source, f"{context.width} x {context.height} pixels are too many"
        )
    # A picture can be larger than its file says.
    context.options = _SANE
    return track


_WORDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (av.error.HTTPUnauthorizedError, "the name or the password is not accepted"),
    (av.error.HTTPForbiddenError, "access is forbidden"),
    (av.error.HTTPNotFoundError, "nothing is at this address"),
    (av.error.HTTPError, "it answers with an error"),
    (av.error.HTTPClientError, "it does not understand the request"),
    (av.error.ConnectionRefusedError, "it refuses the connection"),
    (av.error.ConnectionResetError, "it cut the connection"),
    (av.error.BrokenPipeError, "it cut the connection"),
    (av.error.ExitError, "it does not answer"),
    (av.error.TimeoutError, "it does not answer"),
    (av.error.EOFError, "it ended"),
    (av.error.FileNotFoundError, "it is not there"),
    (av.error.PermissionError, "this user may not read it"),
    (av.error.DecoderNotFoundError, "its pictures are coded in an unknown way"),
    (av.error.InvalidDataError, "not a video, or a broken one"),
    (av.error.ArgumentError, "not a kind of video that cameras make"),
    (av.error.OSError, "it cannot be reached, or broke off"),
)


def trouble(error: av.error.FFmpegError) -> str:
    """What an error of FFmpeg's means, in words that hold no address."""
    return next((words for kind, words in _WORDS if isinstance(error, kind)), "broken")
