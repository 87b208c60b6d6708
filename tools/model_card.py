"""Fills the measured parts of docs/reference/model-card.md, and draws its diagram.

The lines of docs/recognition.jsonl are what `charteroak bench recognition --data DIR
--engine builtin --json` printed, kept as they were, one for each set; the newest line of
a set counts. What stands in the page between `<!-- measured: NAME -->` and
`<!-- end -->` is written from them; all else is written by hand.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from charteroak.bench.recognition_lines import (
    AimedFigure,
    EngineLine,
    GroupLine,
    RecognitionLine,
)
from charteroak.bench.recognition_targets import AIMS
from charteroak.bench.reliability_diagram import Panel, drawn

DOCS = Path(__file__).parents[1] / "docs"
CARD = DOCS / "reference" / "model-card.md"
MEASURED = DOCS / "recognition.jsonl"
ENGINE = "builtin"

_PART = re.compile(r"(<!-- measured: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

_CALIBRATION, _COST = "calibration error", "processor time a photo, 2 threads"
_ROWS = (
    (
        "us-photos",
        (
            (
                "exact_folded_percent",
                "exact, O as 0",
                "fast-alpr 80.7, with a 10 % margin 93.0; RapidOCR 75.4; OpenALPR 50.0",
            ),
            ("missed", "missed", "fast-alpr 0"),
            ("extra", "reads elsewhere", "fast-alpr 8"),
            ("calibration_error", _CALIBRATION, "fast-alpr 0.060"),
            ("cpu_ms_per_photo", _COST, "fast-alpr 84 to 107"),
            ("memory_mb", "peak memory", "fast-alpr 170"),
        ),
    ),
    (
        "us-closeups",
        (
            ("exact_folded_percent", "exact, O as 0", "fast-alpr with margin 89.6"),
            ("state_right_percent", "state right where named", "nobody names states"),
            ("state_named_percent", "state named", "nobody names states"),
            ("calibration_error", _CALIBRATION, "fast-alpr 0.090"),
            ("cpu_ms_per_photo", _COST, "fast-alpr 84 to 107"),
            ("memory_mb", "peak memory", "fast-alpr 170"),
        ),
    ),
    (
        "nyc-bursts",
        (
            (
                "exact_folded_percent",
                "exact, O as 0, by frame",
                "fast-alpr with margin 90.5",
            ),
            (
                "cars_right_percent",
                "the same by car, frames fused",
                "fast-alpr with margin 95.1, by votes",
            ),
            ("stacked_right", "stacked prefixes right, of 7", "fast-alpr 4"),
            ("calibration_error", _CALIBRATION, "fast-alpr 0.084"),
            ("cpu_ms_per_photo", _COST, "fast-alpr 84 to 107"),
            ("memory_mb", "peak memory", "fast-alpr 170"),
        ),
    ),
)

_NOT_YET = "Not measured yet."


def measured() -> dict[str, RecognitionLine]:
    """The newest line of each set, by the beginning of its name."""
    lines = MEASURED.read_text("utf-8").splitlines() if MEASURED.exists() else []
    found = [msgspec.json.decode(line, type=RecognitionLine) for line in lines if line]
    return {
        name: line
        for name in AIMS
        for line in found
        if line.data.startswith(name) and _engine(line) is not None
    }


def card() -> str:
    """The page, its measured parts written anew."""
    lines = measured()

    def filled(part: re.Match[str]) -> str:
        return f"{part[1]}\n{_PARTS[part[2]](lines).strip()}\n\n{part[3]}"

    return _PART.sub(filled, CARD.read_text("utf-8"))


def diagram() -> str | None:
    """The reliability diagram of all sets; None before anything was measured."""
    panels = [
        Panel(line.data, engine.reliability)
        for line in measured().values()
        if (engine := _engine(line)) is not None
    ]
    return drawn(panels) if panels else None


def _engine(line: RecognitionLine) -> EngineLine | None:
    return next((each for each in line.engines if each.engine == ENGINE), None)


def _figures(lines: Mapping[str, RecognitionLine]) -> str:
    rows = [
        "| set | figure | peers | floor | goal | ours | |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, figures in _ROWS:
        line = lines.get(name)
        engine = _engine(line) if line else None
        photos = f" ({engine.photos})" if engine else ""
        title = f"`{line.data if line else name}`{photos}"
        ours = {each.name: each for each in line.figures} if line else {}
        for figure, says, peers in figures:
            aim = AIMS[name][figure]
            found = ours.get(f"{ENGINE}.{figure}")
            rows.append(
                f"| {title} | {says} | {peers} | {aim.floor:g} | {aim.goal:g} | "
                f"{_value(found)} | {_verdict(found)} |"
            )
    return "\n".join([*rows, "", _where(lines)])


def _value(figure: AimedFigure | None) -> str:
    if figure is None:
        return "-"
    if figure.unit in {"ms", "MB"}:
        return f"{figure.value:,.0f} {figure.unit}"
    if figure.unit in {"plates", "reads"}:
        return f"{figure.value:,.0f}"
    return f"{figure.value:.1f} %" if figure.unit else f"{figure.value:.3f}"


def _verdict(figure: AimedFigure | None) -> str:
    if figure is None or figure.goal is None:
        return ""
    higher = figure.better == "higher"
    reached = figure.value >= figure.goal if higher else figure.value <= figure.goal
    return "goal" if reached else "floor" if figure.holds else "**below the floor**"


def _where(lines: Mapping[str, RecognitionLine]) -> str:
    said = {
        f"{each.machine.cores} cores of {each.machine.processor}, load "
        f"{each.machine.load} when it began"
        for each in lines.values()
    }
    return f"Measured on {'; '.join(sorted(said))}." if said else _NOT_YET


def _sure(lines: Mapping[str, RecognitionLine]) -> str:
    rows = [
        "| set | sure from | reads | right | share of plates |",
        "|---|---|---|---|---|",
    ]
    for line in lines.values():
        engine = _engine(line)
        if engine is None or engine.sure is None:
            rows.append(f"| `{line.data}` | at no confidence | - | - | 0 % |")
        else:
            sure = engine.sure
            rows.append(
                f"| `{line.data}` | {sure.confidence:.4f} | {sure.reads} | {sure.right} | "
                f"{engine.sure_percent} % |"
            )
    return "\n".join(rows) if lines else _NOT_YET


def _picture(lines: Mapping[str, RecognitionLine]) -> str:
    said = "How often reads are right, by how sure they are"
    return f"![{said}](../pictures/reliability.svg)" if lines else _NOT_YET


def _kinds(
    lines: Mapping[str, RecognitionLine],
    of: Callable[[EngineLine], tuple[GroupLine, ...]],
) -> str:
    rows = [
        "| set | plates | photos | exact, O as 0 | missed |",
        "|---|---|---|---|---|",
    ]
    rows += [
        f"| `{line.data}` | {each.name} | {each.count} | {each.exact_folded} % | "
        f"{each.missed} |"
        for line in lines.values()
        if (engine := _engine(line)) is not None
        for each in of(engine)
    ]
    return "\n".join(rows) if lines else _NOT_YET


def _states(lines: Mapping[str, RecognitionLine]) -> str:
    line = lines.get("us-closeups")
    engine = _engine(line) if line else None
    if engine is None:
        return _NOT_YET
    rows = [
        "| state | plates | exact, O as 0 | state named | right where named |",
        "|---|---|---|---|---|",
    ]
    rows += [
        f"| {each.name} | {each.count} | {each.exact_folded} % | "
        f"{_share(each.state_named)} | {_share(each.state_right)} |"
        for each in engine.by_state
    ]
    return "\n".join(rows)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value} %"


_PARTS: dict[str, Callable[[Mapping[str, RecognitionLine]], str]] = {
    "figures": _figures,
    "sure": _sure,
    "diagram": _picture,
    "by-state": _states,
    "by-size": lambda lines: _kinds(lines, lambda each: each.by_width),
    "by-light": lambda lines: _kinds(lines, lambda each: each.by_light),
}
