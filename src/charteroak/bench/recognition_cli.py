"""`charteroak bench recognition`: engines side by side on photos that are labelled."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from charteroak.bench.bench import BenchFailedError, Better, Scale, Steps
from charteroak.bench.cli import BenchLine, FigureLine, shown
from charteroak.bench.labelled import Label, UnusableLabelsError, labels_in
from charteroak.bench.machine import Machine, this_machine
from charteroak.bench.recognition import Compared, EngineRefusedError, compare
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
WrongFolder = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        file_okay=False,
        help="Draw what was read wrong, as contact sheets in this folder.",
    ),
]

_WORDS: Final = {
    "exact_percent": "exact",
    "exact_folded_percent": "exact, O as 0",
    "within_one_percent": "at most one character wrong",
    "missed": "missed",
    "extra": "reads elsewhere",
    "character_error_percent": "characters wrong",
    "calibration_error": "calibration error, 0 to 1",
    "state_right_percent": "states right, where named",
    "cars_right_percent": "cars right, by votes",
    "cpu_ms_per_photo": "processor time per photo",
    "memory_mb": "peak memory",
}


def recognition(  # noqa: PLR0913 - each is an option of the command
    *,
    data: Data,
    engine: Engines = None,
    models: ModelsFolder = None,
    threads: Threads = 2,
    wrong: WrongFolder = None,
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
        _tell(measured, machine, as_json=as_json)
    for found in measured if wrong else ():
        for path in draw_wrong(found.engine, found.pictures, wrong or data):
            typer.echo(f"drawn: {path}", err=True)
    if left_out or not measured:
        raise typer.Exit(NOT_MEASURED)


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


def _tell(measured: Sequence[Compared], machine: Machine, *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(_line(measured, machine)))
        return
    photos = len(measured[0].pictures)
    table = Table(f"{photos} photos", title_justify="left")
    columns = []
    for each in measured:
        table.add_column(each.engine, justify="right")
        columns.append(
            {
                target.name.partition(".")[2]: (value, target.unit, target.better)
                for target, value in each.figures()
            }
        )
    for name, words in _WORDS.items():
        cells = [column.get(name) for column in columns]
        if not any(cells):
            continue
        known = [cell[0] for cell in cells if cell]
        shown_cells = []
        for cell in cells:
            if cell is None:
                shown_cells.append("-")
                continue
            value, unit, better = cell
            best = value == (max if better is Better.HIGHER else min)(known)
            text = f"{_number(value, unit)} {unit}".rstrip()
            shown_cells.append(f"[bold]{text}[/]" if best and len(known) > 1 else text)
        table.add_row(words, *shown_cells)
    console = Console(highlight=False)
    console.print(table)
    console.print(
        "Reads elsewhere may be real plates that nobody labelled. "
        f"{machine.cores} cores of {machine.processor}; load {machine.load} when it "
        "began.",
        style="dim",
    )


def _number(value: float, unit: str) -> str:
    if unit in {"plates", "reads", "ms", "MB"}:
        return f"{value:,.0f}"
    return f"{value:.1f}" if unit else f"{value:.3f}"


def _line(measured: Sequence[Compared], machine: Machine) -> BenchLine:
    figures = [figure for each in measured for figure in each.figures()]
    return BenchLine(
        bench="recognition",
        scale=Scale.FULL,
        figures=tuple(
            FigureLine(
                name=target.name,
                value=round(value, 4),
                unit=target.unit,
                target=None,
                better=target.better,
                holds=None,
            )
            for target, value in figures
        ),
        runs=1,
        samples=({target.name: value for target, value in figures},),
        machine=machine,
    )
