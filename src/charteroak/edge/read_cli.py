"""`charteroak read`: the plates in photos and folders, as lines or as JSON."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress

from charteroak.core.errors import CharterOakError
from charteroak.core.plate import MatchKey
from charteroak.edge.camera import Frame, UnreadablePictureError, frames, pictures_in
from charteroak.edge.engines import DEFAULT, UnknownEngineError, open_engine
from charteroak.edge.recognize import Box, EngineOptions, Recognizer, Sighting

SOME_UNREADABLE: Final = 1
USAGE: Final = 2

_PATIENCE_S: Final = 2.0
"""Work that takes longer shows a progress bar."""


class ReadLine(msgspec.Struct, frozen=True, kw_only=True):
    """One read as `--json` writes it; the keys are a stable interface.

    Attributes:
        source: path as given, or found below the folder given.
        frame: number of the frame in its source, from 0.
        time_s: seconds from the start of the source.
        plate: raw glyphs, upper case.
        match_key: the same with the letter O folded to the digit 0.
        confidence: calibrated probability that the whole plate is right.
        characters: probability of each glyph.
        state: two letters, or null.
        state_confidence: probability of the state, or null.
        box: left, top, width, height in pixels of the original frame.
        engine: what read it.
    """

    source: str
    frame: int
    time_s: float
    plate: str
    match_key: MatchKey
    confidence: float
    characters: tuple[float, ...]
    state: str | None
    state_confidence: float | None
    box: Box
    engine: str

    @classmethod
    def of(cls, frame: Frame, sighting: Sighting) -> "ReadLine":
        """Put a sighting and the frame it was in together."""
        return cls(
            source=frame.source,
            frame=frame.index,
            time_s=frame.time_s,
            plate=sighting.plate.glyphs,
            match_key=sighting.plate.match_key,
            confidence=round(sighting.confidence, 4),
            characters=tuple(round(each, 4) for each in sighting.characters),
            state=sighting.state,
            state_confidence=sighting.state_confidence,
            box=sighting.box,
            engine=sighting.engine,
        )


def read(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            exists=True,
            help="Photos, and folders that are searched for photos.",
        ),
    ],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object per read and line.")
    ] = False,
    engine: Annotated[
        str, typer.Option(metavar="NAME", help="The engine that reads.")
    ] = DEFAULT,
    models: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="Folder with the engine's weights, if it brings none.",
        ),
    ] = None,
) -> None:
    """Read the license plates in photos.

    Example: charteroak read --json photos/ gate.jpg

    Exit status: 0 all inputs were read, even if they show no plate; 1 some input could
    not be read (it is named on stderr, the others are done); 2 wrong usage.
    """
    reader = _engine(engine, models)
    files = _files(paths)
    unreadable = 0
    for arrival in _with_progress(files):
        if isinstance(arrival, UnreadablePictureError):
            unreadable += 1
            typer.echo(f"cannot read {arrival}", err=True)
            continue
        for sighting in reader.sightings(arrival.image):
            _write(ReadLine.of(arrival, sighting), as_json=as_json)
    if unreadable:
        typer.echo(f"{unreadable} of {len(files)} could not be read", err=True)
        raise typer.Exit(SOME_UNREADABLE)


def _engine(name: str, models: Path | None) -> Recognizer:
    try:
        return open_engine(name, EngineOptions(models=models))
    except UnknownEngineError as unknown:
        raise typer.BadParameter(str(unknown), param_hint="--engine") from unknown
    except CharterOakError as unusable:
        typer.echo(f"{unusable}. {unusable.hint}", err=True)
        raise typer.Exit(USAGE) from unusable


def _files(paths: Sequence[Path]) -> list[Path]:
    files = []
    for path in paths:
        found = pictures_in(path)
        if not found:
            typer.echo(f"no pictures in {path}", err=True)
        files.extend(found)
    return files


def _with_progress(files: Sequence[Path]) -> Iterator[Frame | UnreadablePictureError]:
    """The frames; on a terminal, with a bar on stderr once it takes long."""
    console = Console(stderr=True)
    begun = time.monotonic()
    with ExitStack() as shown:
        bar: Progress | None = None
        for done, arrival in enumerate(frames(files)):
            late = time.monotonic() - begun > _PATIENCE_S
            if bar is None and late and console.is_terminal and len(files) > 1:
                # A bar that redirected stdout would mix with the results.
                bar = Progress(console=console, transient=True, redirect_stdout=False)
                shown.enter_context(bar)
                bar.add_task("Reading", total=len(files), completed=done)
            if bar is not None:
                bar.update(bar.task_ids[0], completed=done)
            yield arrival


def _write(line: ReadLine, *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(line))
        return
    state = line.state or "--"
    typer.echo(f"{line.plate:<10} {state}  {line.confidence:>4.0%}  {line.source}")
