"""`charteroak read`: the plates in photos, videos and streams, as lines or as JSON."""

import os
import threading
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import attrs
import msgspec
import typer

from charteroak.core.errors import CharterOakError
from charteroak.edge.camera import Frame, Interruption, UnreadablePictureError
from charteroak.edge.engines import DEFAULT, UnknownEngineError, open_engine
from charteroak.edge.engines.figures import advice
from charteroak.edge.gallery import Gallery, UnusableGalleryError
from charteroak.edge.inputs import Inputs, arrivals, parse_inputs
from charteroak.edge.options import EngineName, Models
from charteroak.edge.reading import Reader, ReadLine
from charteroak.edge.recognize import EngineOptions, Recognizer
from charteroak.edge.stream import VideoStream
from charteroak.edge.stream_address import masked

SOME_UNREADABLE: Final = 1
USAGE: Final = 2

Show = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Write each photo, and the best frame of each car in a video, into a new "
        "folder, with what was read drawn on it. These pictures hold plates and whoever "
        "is in view; the system does not delete them, you do.",
    ),
]


def read(  # noqa: PLR0913 - each is an option of the command
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH",
            help="Photos, videos, folders that are searched for both, or one address "
            "of a camera that streams (rtsp://..., http://..., /dev/video0).",
        ),
    ],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object per read and line.")
    ] = False,
    every_frame: Annotated[
        bool,
        typer.Option(
            "--every-frame",
            help="Of videos and streams, each plate in each frame, instead of one "
            "read per passing car.",
        ),
    ] = False,
    seconds: Annotated[
        float | None,
        typer.Option(min=0.1, help="Read a stream for so long; else until Ctrl-C."),
    ] = None,
    show: Show = None,
    engine: EngineName = DEFAULT,
    models: Models = None,
) -> None:
    """Read the license plates in photos, videos and streams.

    Example: charteroak read --json photos/ gate.jpg street.mp4

    A car that passes through a video is one read, of the frame that shows it best.

    Exit status: 0 all inputs were read, even if they show no plate; 1 some input could
    not be read (it is named on stderr, the others are done); 2 wrong usage.
    """
    inputs = _inputs(paths)
    reader = Reader(engine=_engine(engine, models), every_frame=every_frame)
    report = Report(as_json=as_json, gallery=_gallery(show, inputs))
    # Ctrl-C is how a stream ends.
    until_told = suppress(KeyboardInterrupt) if inputs.stream else nullcontext()
    try:
        with until_told, closing(_arrivals(inputs, seconds)) as coming:
            for arrival in coming:
                report.take(arrival, reader)
        report.end(reader)
    except UnusableGalleryError as unwritable:
        raise _refusal(unwritable) from unwritable
    if not as_json and report.seen:
        if not report.count:
            typer.echo("no plate was found", err=True)
        if better := advice(engine, os.environ):
            typer.echo(better, err=True)
    if unreadable := report.unread(inputs):
        typer.echo(f"{len(unreadable)} of {inputs.count} could not be read", err=True)
        raise typer.Exit(SOME_UNREADABLE)


@attrs.define
class Report:
    """What goes to stdout and to stderr.

    Attributes:
        as_json: whether stdout is for machines.
        gallery: takes the pictures too, if somebody asked for them.
        seen: sources that gave a frame.
        unreadable: sources with something that could not be read.
        count: reads that were written.
    """

    as_json: bool
    gallery: Gallery | None = None
    seen: set[str] = attrs.field(factory=set, init=False)
    unreadable: set[str] = attrs.field(factory=set, init=False)
    count: int = attrs.field(default=0, init=False)

    def take(
        self, arrival: Frame | UnreadablePictureError | Interruption, reader: Reader
    ) -> None:
        """Read what came, or say why it cannot be read."""
        match arrival:
            case Frame():
                self.seen.add(arrival.source)
                try:
                    lines = self.write(reader.take(arrival))
                    if self.gallery is not None:
                        self.gallery.take(arrival, lines)
                except UnreadablePictureError as damaged:
                    self.take(damaged, reader)
            case UnreadablePictureError():
                self.unreadable.add(arrival.source)
                typer.echo(f"cannot read {arrival}", err=True)
            case Interruption(why=why, again_in_s=again_in_s):
                typer.echo(f"no picture: {why}; again in {again_in_s:g} s", err=True)

    def end(self, reader: Reader) -> None:
        """Tell what the last source's end brings."""
        lines = self.write(reader.end())
        if self.gallery is not None:
            self.gallery.finish(lines)
            typer.echo(
                f"{self.gallery.written} pictures in {self.gallery.folder}; they show "
                "plates: delete them when they have served",
                err=True,
            )

    def unread(self, inputs: Inputs) -> set[str]:
        """The sources that could not be read."""
        if inputs.stream is None:
            return self.unreadable
        # One damaged picture of a camera is told; unread is one that gave no other.
        camera = {masked(inputs.stream)}
        return self.unreadable - camera | camera - self.seen

    def write(self, lines: Iterable[ReadLine]) -> list[ReadLine]:
        """Put reads on stdout, as they come."""
        written = []
        for line in lines:
            written.append(line)
            if self.as_json:
                typer.echo(msgspec.json.encode(line))
                continue
            state = line.state or "--"
            when = f"  at {line.time_s:.1f} s" if line.time_s else ""
            typer.echo(
                f"{line.plate:<10} {state}  {line.confidence:>4.0%}  "
                f"{line.source}{when}"
            )
        self.count += len(written)
        return written


def _inputs(paths: Sequence[str]) -> Inputs:
    try:
        inputs = parse_inputs(paths)
    except CharterOakError as wrong:
        msg = f"{wrong}. {wrong.hint}"
        raise typer.BadParameter(msg, param_hint="PATH") from None
    for folder in inputs.empty:
        typer.echo(f"no pictures in {folder}", err=True)
    return inputs


def _arrivals(
    inputs: Inputs, seconds: float | None
) -> Generator[Frame | UnreadablePictureError | Interruption]:
    yield from arrivals(inputs.files)
    if inputs.stream is None:
        return
    stop = threading.Event()
    stream = VideoStream(address=inputs.stream, stop=stop, clock=_now)
    if seconds is not None:
        timer = threading.Timer(seconds, stop.set)
        timer.daemon = True
        timer.start()
    with suppress(KeyboardInterrupt):
        yield from stream.arrivals()


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - a command line reads the clock


def _gallery(folder: Path | None, inputs: Inputs) -> Gallery | None:
    if folder is None:
        return None
    if inputs.stream is not None:
        msg = "it is for photos and video files: of a stream no frame is kept"
        raise typer.BadParameter(msg, param_hint="--show")
    try:
        return Gallery(folder)
    except UnusableGalleryError as unusable:
        raise _refusal(unusable) from unusable


def _refusal(error: CharterOakError) -> typer.Exit:
    typer.echo(f"{error}. {error.hint}", err=True)
    return typer.Exit(USAGE)


def _engine(name: str, models: Path | None) -> Recognizer:
    try:
        return open_engine(name, EngineOptions(models=models))
    except UnknownEngineError as unknown:
        raise typer.BadParameter(str(unknown), param_hint="--engine") from unknown
    except CharterOakError as unusable:
        raise _refusal(unusable) from unusable
