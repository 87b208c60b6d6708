"""What `charteroak bench recognition` prints for people."""

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.table import Table

from charteroak.bench.bench import Better, Target
from charteroak.bench.machine import Machine
from charteroak.bench.recognition import Compared
from charteroak.bench.recognition_lines import EngineLine, GroupLine
from charteroak.bench.recognition_targets import Aims
from charteroak.bench.reliability import BINS

_WORDS: Final = {
    "exact_percent": "exact",
    "exact_folded_percent": "exact, O as 0",
    "within_one_percent": "at most one character wrong",
    "missed": "missed",
    "extra": "reads elsewhere",
    "character_error_percent": "characters wrong",
    "state_right_percent": "states right, where named",
    "state_named_percent": "states named",
    "cars_right_percent": "cars right, reads fused",
    "cars_by_vote_percent": "cars right, by votes",
    "stacked_right": "stacked prefixes right",
    "calibration_error": "calibration error, 0 to 1",
    "sure_percent": "right, and sure of it",
    "sure_from": "sure from, 0 to 1",
    "cpu_ms_per_photo": "processor time per photo",
    "memory_mb": "peak memory",
}


def tell(measured: Sequence[Compared], machine: Machine, aims: Aims) -> None:
    """Print what engines reached, side by side, then each in detail."""
    console = Console(highlight=False)
    console.print(_side_by_side(measured, aims))
    for each in measured:
        line = EngineLine.of(each)
        console.print(_reliability(line))
        console.print(_groups(line))
        if line.by_state:
            console.print(_states(line))
    console.print(
        "Reads elsewhere may be real plates that nobody labelled. "
        f"{machine.cores} cores of {machine.processor}; load {machine.load} when it "
        "began.",
        style="dim",
    )


def _side_by_side(measured: Sequence[Compared], aims: Aims) -> Table:
    table = Table(f"{len(measured[0].pictures)} photos", title_justify="left")
    columns = []
    for each in measured:
        table.add_column(each.engine, justify="right")
        columns.append(
            {
                target.name.partition(".")[2]: (target, value)
                for target, value in each.figures()
            }
        )
    if aims:
        table.add_column("floor", justify="right")
        table.add_column("goal", justify="right")
    for name, words in _WORDS.items():
        cells = [column.get(name) for column in columns]
        known = [cell for cell in cells if cell]
        if not known:
            continue
        row = [words, *(_cell(cell, known) for cell in cells)]
        if aims:
            aim, unit = aims.get(name), known[0][0].unit
            marks = (aim.floor, aim.goal) if aim else ()
            row += [_number(mark, unit) for mark in marks]
        table.add_row(*row)
    return table


def _cell(
    cell: tuple[Target, float] | None, known: Sequence[tuple[Target, float]]
) -> str:
    """A figure, the best of several in bold."""
    if cell is None:
        return "-"
    target, value = cell
    values = [each for _, each in known]
    best = max(values) if target.better is Better.HIGHER else min(values)
    text = f"{_number(value, target.unit)} {target.unit}".rstrip()
    return f"[bold]{text}[/]" if value == best and len(known) > 1 else text


def _reliability(line: EngineLine) -> Table:
    table = Table(
        "how sure",
        "reads",
        "mean",
        "right",
        title=f"{line.engine}: {BINS} bins of confidence",
        title_justify="left",
    )
    for each in line.reliability:
        if each.confidence is not None and each.right is not None:
            table.add_row(
                f"{each.low:.1f} to {each.high:.1f}",
                f"{each.count:,}",
                f"{each.confidence:.3f}",
                f"{each.right:.3f}",
            )
    if line.sure is None:
        table.caption = "At no confidence are 99 of 100 reads right."
    else:
        table.caption = (
            f"From {line.sure.confidence:.4f} on 99 of 100 reads are right "
            f"({line.sure.right} of {line.sure.reads}): {line.sure_percent} % of the "
            "plates."
        )
    return table


def _groups(line: EngineLine) -> Table:
    table = Table(
        "plates",
        "photos",
        "exact, O as 0",
        "missed",
        title=f"{line.engine}: by width and light",
        title_justify="left",
    )
    for each in (*line.by_width, *line.by_light):
        table.add_row(
            each.name, f"{each.count:,}", f"{each.exact_folded} %", f"{each.missed}"
        )
    return table


def _states(line: EngineLine) -> Table:
    table = Table(
        "state",
        "photos",
        "exact, O as 0",
        "named",
        "right, where named",
        title=f"{line.engine}: by state",
        title_justify="left",
    )
    for each in line.by_state:
        table.add_row(*_state(each))
    return table


def _state(each: GroupLine) -> tuple[str, ...]:
    return (
        each.name,
        f"{each.count:,}",
        f"{each.exact_folded} %",
        "-" if each.state_named is None else f"{each.state_named} %",
        "-" if each.state_right is None else f"{each.state_right} %",
    )


def _number(value: float, unit: str) -> str:
    if unit in {"plates", "reads", "ms", "MB"}:
        return f"{value:,.0f}"
    return f"{value:.1f}" if unit else f"{value:.3f}"
