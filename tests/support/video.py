"""Small real videos, made with the encoders of FFmpeg."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

FPS = 10
SIZE = (160, 96)
STEP = 8
"""Frame n of a test film is a grey of n x STEP, with a white bar along its top."""


def picture(number: int, size: tuple[int, int] = SIZE) -> npt.NDArray[np.uint8]:
    """The picture of that number; RGB, upright."""
    image = np.full((size[1], size[0], 3), number % 28 * STEP, np.uint8)
    image[: size[1] // 4] = 255
    return image


def number_in(image: npt.NDArray[np.uint8]) -> int:
    """Which number an upright picture shows."""
    return round(float(image[image.shape[0] // 2 :].mean()) / STEP)


def film(  # noqa: PLR0913 - all that can differ between two files
    path: Path,
    *,
    frames: int = 12,
    codec: str = "libx264",
    size: tuple[int, int] = SIZE,
    stamps_ms: Sequence[int] = (),
    turned_deg: int = 0,
    mirrored: bool = False,
    metadata: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
    form: str | None = None,
    images: Iterable[npt.NDArray[np.uint8]] | None = None,
) -> Path:
    """Write a film of the numbered pictures, or of the images given.

    Args:
        path: of the file; its suffix chooses the container unless `form` does.
        frames: how many.
        codec: FFmpeg's name of the encoder.
        size: width and height.
        stamps_ms: when each frame is shown; by default FPS of them a second.
        turned_deg: the camera's counter-clockwise rotation, as its file notes it.
        mirrored: a mirroring noted after that.
        metadata: of the container.
        options: of the container.
        form: FFmpeg's name of the container.
        images: instead of the numbered pictures.
    """
    with av.open(str(path), "w", format=form, options=dict(options or {})) as out:
        out.metadata.update(metadata or {})
        track = out.add_stream(codec, rate=FPS)
        assert isinstance(track, VideoStream)
        track.width, track.height = size
        track.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        base = Fraction(1, 1000) if stamps_ms else Fraction(1, FPS)
        track.codec_context.time_base = base
        if turned_deg or mirrored:
            track.set_display_rotation(turned_deg, hflip=mirrored)
        for place, image in enumerate(
            (picture(number, size) for number in range(frames))
            if images is None
            else images
        ):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = stamps_ms[place] if stamps_ms else place
            frame.time_base = base
            out.mux(track.encode(frame))
        out.mux(track.encode())
    return path


def sound(path: Path) -> Path:
    """Write a second of silence, without pictures."""
    with av.open(str(path), "w") as out:
        track = out.add_stream("aac", rate=8000)
        assert isinstance(track, AudioStream)
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 8000), np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate = 8000
        out.mux(track.encode(frame))
        out.mux(track.encode())
    return path
