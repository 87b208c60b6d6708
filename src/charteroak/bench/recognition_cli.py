"""`charteroak bench recognition`: engines side by side on photos that are labelled."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console

from charteroak.bench.bench import BenchFailedError, Steps
from charteroak.bench.cli import shown
from charteroak.bench.labelled import Label, UnusableLabelsError, labels_in
from charteroak.bench.machine import this_machine
from charteroak.bench.recognition import Compared, EngineRefusedError, compare
from charteroak.bench.recognition_lines import RecognitionLine
from charteroak.bench.recognition_table import tell
from charteroak.bench.recognition_targets import aims_for
from charteroak.bench.reliability_diagram import Panel, drawn
from charteroak.bench.wrong_sheet import draw_wrong
from charteroak.edge.engines import BRINGS_WEIGHTS, known_engines
from charteroak.edge.recognize import EngineOptions

NOT_MEASURED: Final = 1
USAGE: Final = 2

Data = Annotated[
    Path,
    typer.Option(
        "--data",
        metavar="DIR",
        exists=True,
        file_okay=False,
        help="Folder with photos and their labels.csv.",
    ),
]
Engines = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="An engine; repeatable. All, without it."),
]
ModelsFolder = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        exists=True,
        file_okay=False,
        help="Folder with the weights of engines that bring none.",
    ),
]
Threads = Annotated[int, typer.Option(min=1, help="Cores that one reading may use.")]
DiagramFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.svg",
        dir_okay=False,
        help="Draw how sure the reads were against how many were right.",
    ),
]
WrongFolder = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        file_okay=False,
        help="Draw what was read wrong, as contact sheets in this folder.",
    ),
]


def recognition(  # noqa: PLR0913 - each is an option of the command
    *,
    data: Data,
    engine: Engines = None,
    models: ModelsFolder = None,
    threads: Threads = 2,
    wrong: WrongFolder = None,
    diagram: DiagramFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Plain JSON.")] = False,
) -> None:
    """Compare engines on a folder of photos whose plates are known.

    Each engine runs in a process of its own, so that its memory is its own. How to
    label a folder: docs/how-to/measure-recognition.md.

    Example: charteroak bench recognition --data photos/ --engine rapidocr

    Exit status: 0 all engines were measured, whatever they reached; 1 one could not be;
    2 wrong usage, or labels that cannot be understood.
    """
    machine = this_machine()
    chosen = _chosen(engine)
    try:
        labels = labels_in(data)
    except UnusableLabelsError as unusable:
        typer.echo(f"{unusable}. {unusable.hint}", err=True)
        raise typer.Exit(USAGE) from unusable
    measured, left_out = [], 0
    console = Console(stderr=True, highlight=False)
    with shown(console) as steps:
        for name in chosen:
            given = None if name in BRINGS_WEIGHTS else models
            options = EngineOptions(models=given, threads=threads)
            found = _measured(name, options, labels, steps)
            if found is None:
                left_out += engine is not None
            else:
                measured.append(found)
    if measured:
        aims = aims_for(data.resolve().name)
        if as_json:
            line = RecognitionLine.of_engines(
                measured, data=data.resolve().name, aims=aims, machine=machine
            )
            typer.echo(msgspec.json.encode(line))
        else:
            tell(measured, machine, aims)
    if measured and diagram:
        _draw(measured, diagram)
    for found in measured if wrong else ():
        for path in draw_wrong(found.engine, found.pictures, wrong or data):
            typer.echo(f"drawn: {path}", err=True)
    if left_out or not measured:
        raise typer.Exit(NOT_MEASURED)


def _draw(measured: Sequence[Compared], diagram: Path) -> None:
    panels = [Panel(each.engine, each.scores.reliability) for each in measured]
    try:
        diagram.write_text(drawn(panels), "utf-8")
    except OSError as refused:
        typer.echo(f"cannot write {diagram}: {refused.strerror}", err=True)
        raise typer.Exit(NOT_MEASURED) from refused
    typer.echo(f"drawn: {diagram}", err=True)


def _chosen(engine: Sequence[str] | None) -> tuple[str, ...]:
    known = known_engines()
    for name in engine or ():
        if name not in known:
            msg = f"no engine {name!r}; known are: {', '.join(known)}"
            raise typer.BadParameter(msg, param_hint="--engine")
    return tuple(dict.fromkeys(engine or known))


def _measured(
    name: str, options: EngineOptions, labels: Sequence[Label], steps: Steps
) -> Compared | None:
    """What an engine reached; None, and a sentence on stderr, where it cannot run."""
    try:
        found = compare(name, options, labels, steps)
    except (EngineRefusedError, BenchFailedError) as refused:
        typer.echo(f"left out: {refused}.", err=True)
        return None
    if found.unreadable:
        typer.echo(
            f"{name}: {found.unreadable} of {len(labels)} pictures could not be opened "
            "and count as missed",
            err=True,
        )
    return found
