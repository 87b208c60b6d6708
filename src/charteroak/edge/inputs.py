"""What `charteroak read` is given: photos, folders, videos and streams, as frames."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import attrs
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from charteroak.core.errors import CharterOakError
from charteroak.edge.camera import SUFFIXES as PHOTOS
from charteroak.edge.camera import Arrival, Frame, files_in, read_frame
from charteroak.edge.stream_address import is_file, is_stream, parse_stream
from charteroak.edge.video import SUFFIXES as VIDEOS
from charteroak.edge.video_file import about_how_many, video_frames

_PATIENCE_S: Final = 2.0
"""Work that takes longer shows a progress bar."""


class MissingInputError(CharterOakError):
    """A path that leads nowhere."""

    code = "charteroak.read.missing"
    hint = "Check the path."


class ManyStreamsError(CharterOakError):
    """A stream never ends, so a second one would never begin."""

    code = "charteroak.read.many-streams"
    hint = "Run one `charteroak read` for each stream."


@attrs.frozen(kw_only=True)
class Inputs:
    """The inputs, sorted out.

    Attributes:
        files: photos and videos, in order.
        stream: address of a camera, if one was given; it is read last.
        empty: folders in which there is neither.
    """

    files: tuple[Path, ...]
    stream: str | None
    empty: tuple[Path, ...]

    @property
    def count(self) -> int:
        """How many there are to be read."""
        return len(self.files) + (self.stream is not None)


def parse_inputs(texts: Sequence[str]) -> Inputs:
    """Sort out what was given.

    Raises:
        MissingInputError: a path that is not there.
        ManyStreamsError: more than one stream.
        UnusableStreamAddressError: an address that is none.
    """
    streams = [text for text in texts if is_stream(text) and not is_file(text)]
    if len(streams) > 1:
        raise ManyStreamsError("only one stream can be read at a time")
    files: list[Path] = []
    empty = []
    for text in texts:
        if text in streams:
            continue
        path = Path(text)
        if not path.exists():
            msg = f"{text} does not exist"
            raise MissingInputError(msg)
        found = files_in(path, PHOTOS | VIDEOS)
        files.extend(found)
        if not found:
            empty.append(path)
    stream = parse_stream(streams[0]) if streams else None
    return Inputs(files=tuple(files), stream=stream, empty=tuple(empty))


def is_video(path: Path) -> bool:
    """Whether a file's name is that of a video; other files are taken for photos."""
    return path.suffix.lower() in VIDEOS


def arrivals(files: Sequence[Path]) -> Iterator[Arrival]:
    """The frames of files; on a terminal, with a bar on stderr once it takes long."""
    console = Console(stderr=True)
    begun = time.monotonic()
    done = 0
    with ExitStack() as shown:
        bar: Progress | None = None
        for place, path in enumerate(files):
            for arrival in video_frames(path) if is_video(path) else [read_frame(path)]:
                late = time.monotonic() - begun > _PATIENCE_S
                if bar is None and late and console.is_terminal:
                    bar = _bar(console)
                    shown.enter_context(bar)
                    left = sum(map(_pictures, files[place:]))
                    index = arrival.index if isinstance(arrival, Frame) else 0
                    bar.add_task("Reading", total=done - index + left)
                if bar is not None:
                    bar.update(bar.task_ids[0], completed=done)
                yield arrival
                done += 1


def _bar(console: Console) -> Progress:
    # A bar that redirected stdout would mix with the results.
    return Progress(
        *Progress.get_default_columns()[:1],
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        redirect_stdout=False,
    )


def _pictures(path: Path) -> int:
    return about_how_many(path) if is_video(path) else 1
