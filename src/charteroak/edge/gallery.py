"""Pictures for people: what was looked at, and on it what was read.

They hold plates, and whole street scenes with whoever was there: they are made only when
somebody asks, for that person, and are theirs to delete.
"""

from collections.abc import Iterable, Sequence
from itertools import count, groupby
from pathlib import Path
from typing import Final, TypeAlias

import attrs
import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from charteroak.core.errors import CharterOakError
from charteroak.edge.camera import Frame
from charteroak.edge.inputs import is_video
from charteroak.edge.reading import ReadLine
from charteroak.edge.recognize import Image as Pixels
from charteroak.edge.video_file import video_frames

_LEAST_PX, _MOST_PX = 800, 2560
"""Longer side: smaller pictures are enlarged, so that words on them can be read."""
_WORDS: Final = 1 / 36
"""Height of words, and..."""
_LINES: Final = 1 / 320
"""...width of lines, of the longer side."""
_SURE: Final = 0.9
_SURE_INK, _UNSURE_INK = "#4ade80", "#fbbf24"
_PAPER: Final = "#10161d"
_QUALITY: Final = 88

_Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont
_Area: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom."""


class UnusableGalleryError(CharterOakError):
    """The folder for pictures cannot be used."""

    code = "charteroak.gallery.folder"
    hint = "Name a new or an empty folder that this user may write to."


@attrs.define
class Gallery:
    """Writes each picture that was looked at, with what was read on it.

    A photo is written as it is read. Of a video each frame with a read is written, when
    all of it was read: it is opened again for them.

    Attributes:
        folder: made if it is not there.
        written: how many pictures.

    Raises when made: `UnusableGalleryError`, where the folder holds anything.
    """

    folder: Path
    written: int = attrs.field(default=0, init=False)
    _names: set[str] = attrs.field(factory=set, init=False)
    _source: str = attrs.field(default="", init=False)
    _waiting: list[ReadLine] = attrs.field(factory=list, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Nothing that lies there may be overwritten, or taken for a result."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            holds = any(self.folder.iterdir())
        except OSError as refused:
            msg = f"cannot write to {self.folder}: {refused.strerror}"
            raise UnusableGalleryError(msg) from refused
        if holds:
            msg = f"{self.folder} holds files already"
            raise UnusableGalleryError(msg)

    def take(self, frame: Frame, lines: Sequence[ReadLine]) -> None:
        """Remember what a frame gave; write it, if it is a photo.

        Args:
            frame: the next, in the order of the sources.
            lines: the reads that it brought, of its source or of the one before.

        Raises:
            UnusableGalleryError: the folder cannot be written to.
        """
        own = [each for each in lines if each.source == frame.source]
        if frame.source != self._source:
            self.finish(each for each in lines if each.source != frame.source)
            self._source = frame.source
        if is_video(Path(frame.source)):
            self._waiting.extend(own)
        else:
            self._write(frame, own, Path(frame.source).stem)

    def finish(self, lines: Iterable[ReadLine]) -> None:
        """Write what is left of a video, with its last reads.

        Raises:
            UnusableGalleryError: the folder cannot be written to.
        """
        known = sorted([*self._waiting, *lines], key=lambda each: each.frame)
        self._waiting = []
        wanted = {n: [*each] for n, each in groupby(known, lambda line: line.frame)}
        if not wanted:
            return
        path = Path(self._source)
        for frame in video_frames(path):
            if isinstance(frame, Frame) and frame.index in wanted:
                name = f"{path.stem}-frame-{frame.index}"
                self._write(frame, wanted.pop(frame.index), name)
            if not wanted:
                return

    def _write(self, frame: Frame, lines: Sequence[ReadLine], name: str) -> None:
        free = (f"{name}{f'-{n}' if n > 1 else ''}.jpg" for n in count(1))
        file = next(each for each in free if each.casefold() not in self._names)
        self._names.add(file.casefold())
        try:
            with (self.folder / file).open("xb") as opened:
                marked(frame.image, lines).save(opened, "JPEG", quality=_QUALITY)
        except OSError as refused:
            msg = f"cannot write {self.folder / file}: {refused.strerror or refused}"
            raise UnusableGalleryError(msg) from refused
        self.written += 1


def marked(image: Pixels, lines: Sequence[ReadLine]) -> Image.Image:
    """A picture with each plate outlined, and its reading, state and certainty beside.

    Green is 90 % sure and more, amber less; the words say it too. Small pictures are
    enlarged, very large ones made smaller. Words that fit nowhere stand below.
    """
    height, width = image.shape[:2]
    longest = max(height, width)
    scale = min(max(longest, _LEAST_PX), _MOST_PX) / longest
    size = max(1, round(width * scale)), max(1, round(height * scale))
    way = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    picture = Image.fromarray(
        np.asarray(cv2.resize(image, size, interpolation=way), np.uint8)
    )
    font = ImageFont.load_default(max(size) * _WORDS)
    notes = [_Note.of(line, scale, font) for line in lines]
    picture = picture.crop((0, 0, *_arranged(notes, size)))
    draw = ImageDraw.Draw(picture)
    thick = max(2, round(max(size) * _LINES))
    for note in notes:
        draw.line([*note.outline, *note.outline[:2]], note.ink, thick, joint="curve")
    for note in notes:
        left, top, right, bottom = note.area
        draw.rectangle(note.area, _PAPER, note.ink, max(1, thick // 2))
        middle = (left + right) / 2, (top + bottom) / 2
        draw.text(middle, note.words, note.ink, font, anchor="mm")
    return picture


@attrs.define
class _Note:
    """What is written about a plate, and where: both in pixels of the marked picture."""

    outline: list[tuple[float, float]]
    words: str
    ink: str
    room: tuple[float, float]
    area: _Area = (0, 0, 0, 0)

    @classmethod
    def of(cls, line: ReadLine, scale: float, font: _Font) -> "_Note":
        words = f"{line.plate}  {line.state or '--'}  {line.confidence:.0%}"
        if line.doubtful_places:
            odd = ", ".join(line.plate[at] for at in line.doubtful_places)
            words += f"  look again: {odd}"
        left, top, right, bottom = font.getbbox(words)
        return cls(
            _outline(line, scale),
            words,
            _SURE_INK if line.confidence >= _SURE else _UNSURE_INK,
            (right - left + bottom - top, (bottom - top) * 1.9),
        )


def _arranged(notes: Sequence[_Note], size: tuple[int, int]) -> tuple[int, int]:
    """Give each note its area: beside its plate, where it covers no other and no plate.

    Returns:
        The size of the picture; larger where notes stand below it.
    """
    taken = [_around(each.outline) for each in notes]
    right, bottom = size
    for note in notes:
        area = _free(_around(note.outline), note.room, size, taken)
        if area is None:
            width, height = note.room
            area = (0, bottom, width, bottom + height)
            right, bottom = max(right, round(width) + 1), round(area[3]) + 1
        note.area = area
        taken.append(area)
    return right, bottom


def _outline(line: ReadLine, scale: float) -> list[tuple[float, float]]:
    if line.corners is not None:
        return [(x * scale, y * scale) for x, y in line.corners]
    left, top, width, height = (each * scale for each in line.box)
    right, bottom = left + width, top + height
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _around(outline: Sequence[tuple[float, float]]) -> _Area:
    xs, ys = zip(*outline, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _free(
    plate: _Area, room: tuple[float, float], size: tuple[int, int], taken: list[_Area]
) -> _Area | None:
    """Above the plate, else below it, else beside it."""
    width, height = room
    left, top, right, bottom = plate
    gap = height / 6
    x = min(max((left + right - width) / 2, 0), max(size[0] - width, 0))
    y = min(max((top + bottom - height) / 2, 0), max(size[1] - height, 0))
    starts = [
        (x, top - gap - height),
        (x, bottom + gap),
        (right + gap, y),
        (left - gap - width, y),
    ]
    for a, b in starts:
        area = a, b, a + width, b + height
        inside = a >= 0 <= b and area[2] <= size[0] and area[3] <= size[1]
        if inside and not any(_overlap(area, each) for each in taken):
            return area
    return None


def _overlap(one: _Area, other: _Area) -> bool:
    return max(one[0], other[0]) < min(one[2], other[2]) and max(
        one[1], other[1]
    ) < min(one[3], other[3])
