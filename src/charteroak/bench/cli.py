"""`charteroak bench`: measure what is claimed, on this machine."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from charteroak.bench import catalogue
from charteroak.bench.bench import Bench, Better, Outcome, Scale, Steps, run
from charteroak.bench.machine import Machine, this_machine

app: Final = typer.Typer(
    help="Measure what is claimed, on this machine.", no_args_is_help=True
)

_GROUPED_FROM: Final = 100
"""Larger figures are whole numbers with groups; smaller ones have three digits."""

AsJson = Annotated[bool, typer.Option("--json", help="Plain JSON on stdout.")]
Small = Annotated[
    bool,
    typer.Option("--small", help="Only prove that it runs; the figures mean nothing."),
]
Runs = Annotated[
    int | None, typer.Option(min=1, max=99, help="How often; the median counts.")
]


class FigureLine(msgspec.Struct, frozen=True, kw_only=True):
    """A figure as `--json` writes it; the keys are a stable interface."""

    name: str
    value: float
    unit: str
    target: float | None
    better: Better
    holds: bool | None


class BenchLine(msgspec.Struct, frozen=True, kw_only=True):
    """A benchmark as `--json` writes it; the keys are a stable interface.

    Attributes:
        figures: each the median over the runs; `holds` is null in a small one.
        runs: how many.
        samples: the values of each run.
        note: what else a reader must know; may be empty.
    """

    bench: str
    scale: Scale
    figures: tuple[FigureLine, ...]
    runs: int
    samples: tuple[dict[str, float], ...]
    machine: Machine
    note: str = ""

    @classmethod
    def of(cls, outcome: Outcome, machine: Machine) -> "BenchLine":
        """What a benchmark found, with the machine it was found on."""
        figures = []
        for target in outcome.bench.targets:
            value = outcome.value(target)
            judged = outcome.scale is Scale.FULL
            figures.append(
                FigureLine(
                    name=target.name,
                    value=round(value, 4),
                    unit=target.unit,
                    target=target.target,
                    better=target.better,
                    holds=target.held_by(value) if judged else None,
                )
            )
        return cls(
            bench=outcome.bench.name,
            scale=outcome.scale,
            figures=tuple(figures),
            runs=len(outcome.samples),
            samples=tuple(dict(sample) for sample in outcome.samples),
            machine=machine,
            note=outcome.bench.note(),
        )


@app.command("list")
def show_list() -> None:
    """Name every benchmark, what it measures and how long it takes.

    Example: charteroak bench list

    Exit status: 0 listed.
    """
    table = Table("bench", "measures", "takes", box=None, padding=(0, 2))
    for name in catalogue.names():
        bench = catalogue.find(name)
        table.add_row(name, bench.sentence, bench.lasts)
    Console().print(table)


@app.command("all")
def run_all(
    *, as_json: AsJson = False, small: Small = False, runs: Runs = None
) -> None:
    """Run every benchmark, one after the other.

    Example: charteroak bench all --json

    Exit status: 0 all could be measured, whatever they found; 1 one could not.
    """
    for name in catalogue.names():
        _run(catalogue.find(name), as_json=as_json, small=small, runs=runs)


def _run(bench: Bench, *, as_json: bool, small: bool, runs: int | None) -> None:
    machine = this_machine()
    console = Console(stderr=True)
    scale = Scale.SMALL if small else Scale.FULL
    if scale is Scale.FULL:
        console.print(f"[bold]{bench.name}[/]: {bench.sentence} Takes {bench.lasts}.")
    with shown(console) as steps:
        outcome = run(bench, steps, scale=scale, runs=runs)
    line = BenchLine.of(outcome, machine)
    if as_json:
        typer.echo(msgspec.json.encode(line))
    else:
        _print(line)


def _print(line: BenchLine) -> None:
    table = Table(
        "figure",
        "median",
        "target",
        "",
        "each run",
        title=line.bench,
        title_justify="left",
    )
    for figure in line.figures:
        sign = "at least" if figure.better is Better.HIGHER else "at most"
        target = "-" if figure.target is None else f"{sign} {_number(figure.target)}"
        holds = {True: "[green]holds[/]", False: "[red]misses[/]", None: ""}
        each = [sample[figure.name] for sample in line.samples]
        table.add_row(
            figure.name,
            f"{_number(figure.value)} {figure.unit}",
            target,
            holds[figure.holds],
            f"{_bars(each)}  {_number(min(each))} to {_number(max(each))}",
        )
    console = Console()
    console.print(table)
    if line.note:
        console.print(line.note, highlight=False)
    machine = line.machine
    console.print(
        f"{line.runs} runs on {machine.cores} cores of {machine.processor}, "
        f"{machine.memory_gib} GiB, Python {machine.python}; load {machine.load} "
        "when it began",
        style="dim",
        highlight=False,
    )


def _number(value: float) -> str:
    if abs(value) >= _GROUPED_FROM or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _bars(values: Sequence[float]) -> str:
    """A small picture of the runs: how even they were."""
    top = max(values) or 1.0
    return "".join("▁▂▃▄▅▆▇█"[min(int(value / top * 7.99), 7)] for value in values)


class _Shown:
    """Steps as a bar on a terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def begin(self, what: str, total: int | None = None) -> None:
        """A new step begins."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(what, total=total)

    def advance(self, units: int = 1) -> None:
        """So many units are done."""
        if self._task is not None:
            self._progress.advance(self._task, units)


@contextmanager
def shown(console: Console) -> Iterator[Steps]:
    """Steps on a terminal, as a bar that goes when all is done."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
        # A bar that redirected stdout would mix with the results.
        redirect_stdout=False,
    ) as progress:
        yield _Shown(progress)


def _add(name: str) -> None:
    def measure(
        *, as_json: AsJson = False, small: Small = False, runs: Runs = None
    ) -> None:
        _run(catalogue.find(name), as_json=as_json, small=small, runs=runs)

    measure.__doc__ = (
        f"Run the benchmark `{name}`; `bench list` says what it measures.\n\n"
        f"Example: charteroak bench {name} --json\n\n"
        "Exit status: 0 it was measured, whatever it found; 1 it could not be."
    )
    app.command(name)(measure)


for _name in catalogue.names():
    _add(_name)
