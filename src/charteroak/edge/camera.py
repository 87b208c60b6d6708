"""Where frames come from: photo files, folders of photos, and a folder being filled.

A frame is always 8-bit RGB and upright, whatever the file held. A file that cannot be
read is a value among the frames, named and typed, so that one broken picture never
hides the others. Videos and cameras that stream are in `video_file` and `stream`.
"""

import re
import warnings
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from threading import Event
from typing import Final, Protocol, TypeAlias

import attrs
import cv2
import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, UnidentifiedImageError

from charteroak.core.errors import CharterOakError
from charteroak.edge.cut_jpeg import nearly_whole
from charteroak.edge.recognize import Image as Pixels

SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
"""File names taken for photos, in any case."""

MOST_MEGAPIXELS: Final = 100
"""Larger pictures are refused unread: a small file can claim a size that fills memory."""

_FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
_WIDE_MODES: Final = frozenset({"I", "F"})
_STAMP: Final = re.compile(r"(\d{8}T\d{6})(?:[.,](\d{1,6}))?Z(?![0-9A-Za-z])")
_SETTLED_POLLS: Final = 2
"""A file of one size over so many looks is complete."""


class UnreadablePictureError(CharterOakError):
    """A file is no picture, or a broken one.

    Attributes:
        source: the path as given.
        why: what is wrong with it.
    """

    code = "charteroak.picture.unreadable"
    hint = "Give JPEG, PNG, WebP, BMP or TIFF files that open in a picture viewer."

    def __init__(self, source: str, why: str) -> None:
        super().__init__(f"{source}: {why}")
        self.source = source
        self.why = why


class PictureTooLargeError(UnreadablePictureError):
    """A picture has more pixels than any camera gives."""

    code = "charteroak.picture.too-large"
    hint = f"Scale it to at most {MOST_MEGAPIXELS} megapixels."


Grey: TypeAlias = npt.NDArray[np.uint8]
"""height x width, uint8, upright."""


class Picture(Protocol):
    """Pixels that are made when somebody asks for them.

    Most frames of a street show nothing new: to find that out takes a small grey
    picture, and the full one need not be made.
    """

    def rgb(self) -> Pixels:
        """The whole picture: height x width x 3, RGB, uint8, upright."""

    def grey_small(self, width_px: int) -> Grey:
        """The picture in grey, at most so wide, its shape kept."""


@attrs.frozen(eq=False)
class Still:
    """A picture whose pixels are there already."""

    pixels: Pixels = attrs.field(repr=False)

    def rgb(self) -> Pixels:
        """The pixels as they were given."""
        return self.pixels

    def grey_small(self, width_px: int) -> Grey:
        """Averaged down, then made grey."""
        height, width = self.pixels.shape[:2]
        size = small_size(width, height, width_px)
        small = cv2.resize(self.pixels, size, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)


def small_size(width: int, height: int, width_px: int) -> tuple[int, int]:
    """Width and height of a picture scaled down, never up, to a width.

    >>> small_size(1920, 1080, 480)
    (480, 270)
    """
    small = min(width, width_px)
    return small, max(1, round(height * small / width))


def _as_picture(given: Pixels | Picture) -> Picture:
    return Still(given) if isinstance(given, np.ndarray) else given


@attrs.frozen(kw_only=True, eq=False)
class Frame:
    """One picture from a source; made with `image=` pixels, or a `Picture` of them.

    Attributes:
        source: the path as given; for a folder, the folder as given and the file in it;
            for a stream, its address without a name or password.
        index: number of the frame within its source, from 0; 0 for a photo.
        time_s: seconds from the start of the source; 0 for a photo.
        captured_at: when the shutter opened, with a zone, or None if nothing says.
    """

    _picture: Picture = attrs.field(alias="image", converter=_as_picture, repr=False)
    source: str
    index: int = 0
    time_s: float = 0.0
    captured_at: datetime | None = None

    @cached_property
    def image(self) -> Pixels:
        """Height x width x 3, RGB, uint8, upright; made on first use and kept.

        Raises:
            UnreadablePictureError: only for the picture of a stream, whose data turn
                out to be damaged when they are decoded.
        """
        return self._picture.rgb()

    def grey_small(self, width_px: int) -> Grey:
        """A small grey picture to look for movement in; cheap, not kept.

        The full `image` is not made for it: a frame in which nothing moves costs a
        fraction of one that is read.

        Args:
            width_px: its width; narrower pictures keep theirs. The height follows.

        Raises:
            UnreadablePictureError: as for `image`.
        """
        return self._picture.grey_small(width_px)


Arrival: TypeAlias = Frame | UnreadablePictureError
"""A frame, or the reason why there is none."""


@attrs.frozen(kw_only=True)
class Interruption:
    """A camera gave nothing; it is asked again. The next frame says that it is back.

    Attributes:
        why: what happened, for a person; never a password or an address.
        again_in_s: seconds until the next attempt.
        since: when it stopped; the same in every interruption until it is back.
    """

    why: str
    again_in_s: float
    since: datetime


class Source(Protocol):
    """One camera of a box, whatever it is: a folder being filled, or a stream.

    Attributes:
        stop: set it from any thread; `arrivals` then ends within a second.
    """

    stop: Event

    def arrivals(self) -> Iterator[Frame | UnreadablePictureError | Interruption]:
        """Yield pictures until `stop` is set; blocks between them."""


def files_in(path: Path, suffixes: AbstractSet[str] = SUFFIXES) -> list[Path]:
    """The files a path stands for: itself, or all of a kind below a folder, sorted.

    Files are taken at their word: whether one is a photo shows when it is read.
    Hidden files and folders are passed over.
    """
    if not path.is_dir():
        return [path]
    return sorted(
        found
        for found in path.rglob("*")
        if found.suffix.lower() in suffixes
        and found.is_file()
        and not any(part.startswith(".") for part in found.relative_to(path).parts)
    )


def read_frame(path: Path) -> Arrival:
    """Read one photo; an unreadable one is an answer, not an exception."""
    source = str(path)
    try:
        with warnings.catch_warnings():
            # Pillow warns of odd metadata and large sizes; both are judged below.
            warnings.simplefilter("ignore")
            with Image.open(path, formats=_FORMATS) as opened:
                if opened.width * opened.height > MOST_MEGAPIXELS * 1_000_000:
                    return PictureTooLargeError(
                        source, f"{opened.width} x {opened.height} pixels are too many"
                    )
                captured_at = _captured_at(path, opened)
                image = _rgb(_loaded(path, opened))
                return Frame(image=image, source=source, captured_at=captured_at)
    except Image.DecompressionBombError:
        return PictureTooLargeError(source, "it claims an absurd number of pixels")
    except UnidentifiedImageError:
        return UnreadablePictureError(source, "not a picture")
    except OSError as broken:
        return UnreadablePictureError(source, broken.strerror or "broken or cut off")
    except Exception:  # noqa: BLE001 - Pillow meets hostile bytes with any kind
        return UnreadablePictureError(source, "broken picture data")


def _loaded(path: Path, opened: Image.Image) -> Image.Image:
    try:
        opened.load()
    except OSError:
        nearly = nearly_whole(path) if opened.format == "JPEG" else None
        if nearly is None:
            raise
        return nearly
    return opened


_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""By EXIF's orientation, how a picture is turned upright."""


def _rgb(opened: Image.Image) -> Pixels:
    # `ImageOps.exif_transpose` writes the notes anew as well, and fails over odd ones.
    turn = _TURNS.get(opened.getexif().get(ExifTags.Base.Orientation, 1))
    upright = opened if turn is None else opened.transpose(turn)
    if upright.mode in _WIDE_MODES or upright.mode.startswith("I;"):
        values = np.asarray(upright, np.float64)
        # 16-bit files span 0 to 65535; a float file spans what it spans.
        top = max(float(np.nanmax(values)), 1e-9) if upright.mode == "F" else 65535.0
        grey = _eight_bits(values, top=top)
        return np.ascontiguousarray(np.repeat(grey[:, :, None], 3, axis=2))
    if upright.has_transparency_data:
        # Onto white: black would turn dark characters on a cut-out plate into nothing.
        upright = upright.convert("RGBA")
        ground = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(ground, upright)
    return np.array(upright.convert("RGB"), np.uint8)


def _eight_bits(values: npt.NDArray[np.float64], *, top: float) -> Pixels:
    return np.clip(np.nan_to_num(values) * (255.0 / top), 0, 255).astype(np.uint8)


def _captured_at(path: Path, opened: Image.Image) -> datetime | None:
    """The shutter time: by the file's name, else by EXIF, else by the file's age.

    EXIF counts only with its offset from UTC: a time without a zone is a guess.
    """
    return _named_time(path) or _exif_time(opened) or _file_time(path)


def _named_time(path: Path) -> datetime | None:
    """ISO 8601 basic form at the start of the name: `20261001T120000.250Z_cam4.jpg`."""
    stamp = _STAMP.match(path.name)
    if stamp is None:
        return None
    moment = _moment(stamp[1] + "+0000", "%Y%m%dT%H%M%S%z", second_at=13)
    if moment is None:
        return None
    return moment.replace(microsecond=int((stamp[2] or "0").ljust(6, "0")))


def _exif_time(opened: Image.Image) -> datetime | None:
    details = opened.getexif().get_ifd(ExifTags.IFD.Exif)
    taken = details.get(ExifTags.Base.DateTimeOriginal)
    offset = details.get(ExifTags.Base.OffsetTimeOriginal)
    if not isinstance(taken, str) or not isinstance(offset, str):
        return None
    moment = _moment(f"{taken} {offset}", "%Y:%m:%d %H:%M:%S %z", second_at=17)
    if moment is None:
        return None
    parts = details.get(ExifTags.Base.SubsecTimeOriginal)
    if isinstance(parts, str) and parts.strip().isdecimal():
        moment = moment.replace(microsecond=int(parts.strip()[:6].ljust(6, "0")))
    return moment


def _moment(text: str, form: str, *, second_at: int) -> datetime | None:
    """A time with a zone; a leap second is the second after it, as clocks count it."""
    leap = text[second_at : second_at + 2] == "60"
    if leap:
        text = text[:second_at] + "59" + text[second_at + 2 :]
    try:
        return datetime.strptime(text, form) + timedelta(seconds=leap)  # noqa: DTZ007 - every form that is given has a zone
    except (OverflowError, ValueError):
        return None


def _file_time(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
    except (OSError, OverflowError, ValueError):
        return None


@attrs.define(kw_only=True)
class FolderWatch:
    """Pictures as they arrive in a folder, from a camera that uploads by file.

    Promises:
        - A picture is read only when it is complete: it was there, with one size and
          time, at two looks in a row. Writers that write beside and rename into place
          are safe, and so are slow uploads that pause for less than a look.
        - Each file is yielded once, oldest name first among those that became ready
          together; a file replaced under its name counts as new.
        - With `delete`, a file goes when the consumer asks for the next one, so a crash
          in between leaves it to be read again. Unreadable files stay: somebody must
          look at them.
        - `stop` ends the watch within one poll, also between two files.

    Attributes:
        folder: looked at without its subfolders.
        stop: set it from any thread.
        poll_s: seconds between two looks.
        delete: remove what was processed.
    """

    folder: Path
    stop: Event
    poll_s: float = attrs.field(default=0.5, validator=attrs.validators.gt(0))
    delete: bool = False
    _seen: dict[Path, tuple[int, int]] = attrs.field(factory=dict, init=False)
    _steady: dict[Path, int] = attrs.field(factory=dict, init=False)

    def arrivals(self) -> Iterator[Arrival]:
        """Yield pictures until `stop` is set; blocks between them."""
        while not self.stop.is_set():
            for path in self._ready():
                if self.stop.is_set():
                    return
                arrival = read_frame(path)
                yield arrival
                if self.delete and isinstance(arrival, Frame):
                    path.unlink(missing_ok=True)
                    self._forget(path)
            self.stop.wait(self.poll_s)

    def _ready(self) -> list[Path]:
        present = self._look()
        for path in set(self._seen) - set(present):
            self._forget(path)
        ready = []
        for path, size_and_time in sorted(present.items()):
            if self._seen.get(path) != size_and_time:
                self._seen[path] = size_and_time
                self._steady[path] = 1
            elif self._steady[path] < _SETTLED_POLLS:
                self._steady[path] += 1
                if self._steady[path] == _SETTLED_POLLS:
                    ready.append(path)
        return ready

    def _look(self) -> dict[Path, tuple[int, int]]:
        present = {}
        for path in self.folder.iterdir():
            if path.name.startswith(".") or path.suffix.lower() not in SUFFIXES:
                continue
            try:
                state = path.stat()
            except FileNotFoundError:
                # Renamed or removed between the listing and here.
                continue
            if path.is_file():
                present[path] = (state.st_size, state.st_mtime_ns)
        return present

    def _forget(self, path: Path) -> None:
        self._seen.pop(path, None)
        self._steady.pop(path, None)
