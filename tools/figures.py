"""Writes docs/reference/figures.md from docs/figures.jsonl.

The lines are what `charteroak bench NAME --json` printed, kept as they were.
"""

from pathlib import Path

import msgspec

from charteroak.bench import catalogue
from charteroak.bench.cli import BenchLine, FigureLine

MEASURED = Path(__file__).parents[1] / "docs" / "figures.jsonl"
_GROUPED_FROM = 100

_HEAD = """# Figures

What was measured with `charteroak bench`, and on what. The value is the median of the runs,
with the least and the greatest beside it; the load is how busy the machine was with other
things when the benchmark began (0 is idle, 2 is two processes all the time). Measure on your
own machine before you rely on any of it: `charteroak bench list` says what there is. Written
from `docs/figures.jsonl`; do not edit.
"""


def figures() -> str:
    """The page."""
    lines = [_HEAD]
    for text in MEASURED.read_text("utf-8").splitlines():
        lines += _section(msgspec.json.decode(text, type=BenchLine))
    return "\n".join(lines)


def _section(line: BenchLine) -> list[str]:
    says = (
        catalogue.find(line.bench).sentence if line.bench in catalogue.names() else ""
    )
    return [
        f"## {line.bench}",
        "",
        says,
        *(["", f"{line.note[0].upper()}{line.note[1:]}."] if line.note else []),
        "",
        "| figure | median | least | greatest | target | |",
        "|---|---|---|---|---|---|",
        *(_row(figure, line) for figure in line.figures),
        "",
        _where(line),
        "",
    ]


def _where(line: BenchLine) -> str:
    machine = line.machine
    return (
        f"{line.runs} run{'' if line.runs == 1 else 's'} on {machine.cores} cores of {machine.processor}, "
        f"{machine.memory_gib} GiB, {machine.system}, Python {machine.python}, "
        f"load {machine.load}."
    )


def _row(figure: FigureLine, line: BenchLine) -> str:
    values = [sample[figure.name] for sample in line.samples]
    target = "-"
    if figure.target is not None:
        sign = "at least" if figure.better == "higher" else "at most"
        target = f"{sign} {_number(figure.target)}"
    holds = {True: "holds", False: "**misses**", None: ""}[figure.holds]
    return (
        f"| `{figure.name}` | {_number(figure.value)} {figure.unit} | "
        f"{_number(min(values))} | {_number(max(values))} | {target} | {holds} |"
    )


def _number(value: float) -> str:
    if abs(value) >= _GROUPED_FROM or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"
