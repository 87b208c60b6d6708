"""What `charteroak bench recognition --json` writes, beyond what every benchmark does."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from charteroak.bench.bench import Better, Scale
from charteroak.bench.cli import BenchLine, FigureLine
from charteroak.bench.machine import Machine
from charteroak.bench.recognition import Compared
from charteroak.bench.recognition_targets import Aims
from charteroak.bench.reliability import Bin, OperatingPoint
from charteroak.bench.scoring import Judged

_WIDTHS_PX: Final = (60, 90, 130)
"""Where groups of plates by their width begin."""


class AimedFigure(FigureLine, frozen=True, kw_only=True):
    """A figure with two marks; `target` is the one that an engine must reach.

    Attributes:
        goal: the mark ahead of all others, or null.
    """

    goal: float | None


class GroupLine(msgspec.Struct, frozen=True, kw_only=True):
    """Plates of one kind.

    Attributes:
        name: of the kind.
        count: labelled plates.
        exact_folded: of those, read right, in per cent.
        missed: how many got no read.
        state_named: of those whose state is known, in per cent; null without any.
        state_right: of those named, in per cent; null without any.
    """

    name: str
    count: int
    exact_folded: float
    missed: int
    state_named: float | None
    state_right: float | None


class EngineLine(msgspec.Struct, frozen=True, kw_only=True):
    """One engine in detail.

    Attributes:
        engine: its name.
        photos: how many were read.
        unreadable: how many of them could not be opened.
        cars: how many cars the labels tell apart.
        stacked: how many plates have letters one above the other.
        sure: the operating point, or null where no confidence is high enough.
        sure_percent: labelled plates that are read right at that point.
        reliability: ten bins of confidence.
        by_width: by the plate's width in the picture, as labelled, else as read.
        by_state: by the state that issued the plate.
        by_light: by the kind of picture.
    """

    engine: str
    photos: int
    unreadable: int
    cars: int
    stacked: int
    sure: OperatingPoint | None
    sure_percent: float
    reliability: tuple[Bin, ...]
    by_width: tuple[GroupLine, ...]
    by_state: tuple[GroupLine, ...]
    by_light: tuple[GroupLine, ...]

    @classmethod
    def of(cls, found: Compared) -> "EngineLine":
        """What one engine reached."""
        scores, pictures = found.scores, found.pictures
        return cls(
            engine=found.engine,
            photos=len(pictures),
            unreadable=found.unreadable,
            cars=scores.cars,
            stacked=scores.stacked,
            sure=scores.sure,
            sure_percent=round(scores.sure_plates, 1),
            reliability=scores.reliability,
            by_width=_groups(pictures, _width, _WIDTH_NAMES),
            by_state=_groups(pictures, lambda each: each.label.state),
            by_light=_groups(pictures, lambda each: each.light),
        )


class RecognitionLine(BenchLine, frozen=True, kw_only=True):
    """Engines side by side on one folder; the keys are a stable interface.

    Attributes:
        data: the folder's name.
        engines: each in detail.
    """

    figures: tuple[AimedFigure, ...]
    data: str
    engines: tuple[EngineLine, ...]

    @classmethod
    def of_engines(
        cls, measured: Sequence[Compared], *, data: str, aims: Aims, machine: Machine
    ) -> "RecognitionLine":
        """What was found on a folder, with the machine it was found on."""
        figures = tuple(
            _figure(target.name, value, target.unit, target.better, aims)
            for each in measured
            for target, value in each.figures()
        )
        return cls(
            bench="recognition",
            scale=Scale.FULL,
            figures=figures,
            runs=1,
            samples=({each.name: each.value for each in figures},),
            machine=machine,
            data=data,
            engines=tuple(EngineLine.of(each) for each in measured),
        )


def _figure(
    name: str, value: float, unit: str, better: Better, aims: Aims
) -> AimedFigure:
    aim = aims.get(name.partition(".")[2])
    shown = round(value, 4)
    # What is printed is what is judged.
    holds = None
    if aim is not None:
        above = shown >= aim.floor
        holds = above if better is Better.HIGHER else shown <= aim.floor
    return AimedFigure(
        name=name,
        value=shown,
        unit=unit,
        target=aim.floor if aim else None,
        better=better,
        holds=holds,
        goal=aim.goal if aim else None,
    )


def _width_name(low: int, high: int | None) -> str:
    if high is None:
        return f"{low} px and more"
    return f"{low} to {high} px" if low else f"under {high} px"


_NOT_FOUND: Final = "not found"
_WIDTH_NAMES: Final = (
    *(
        _width_name(low, high)
        for low, high in zip((0, *_WIDTHS_PX), (*_WIDTHS_PX, None), strict=True)
    ),
    _NOT_FOUND,
)


def _width(each: Judged) -> str:
    if each.width_px is None:
        return _NOT_FOUND
    return _WIDTH_NAMES[sum(each.width_px >= bound for bound in _WIDTHS_PX)]


def _groups(
    pictures: Iterable[Judged],
    kind: Callable[[Judged], str | None],
    names: Sequence[str] = (),
) -> tuple[GroupLine, ...]:
    """The pictures by their kind, in the order of the names or the alphabet."""
    groups: dict[str, list[Judged]] = {name: [] for name in names}
    for each in pictures:
        name = kind(each)
        if name is not None:
            groups.setdefault(name, []).append(each)
    ordered = groups if names else dict(sorted(groups.items()))
    return tuple(_group(name, each) for name, each in ordered.items() if each)


def _group(name: str, pictures: Sequence[Judged]) -> GroupLine:
    known = [each for each in pictures if each.label.state]
    named = [each for each in known if each.names_state]
    right = sum(
        each.read is not None and each.read.state == each.label.state for each in named
    )
    return GroupLine(
        name=name,
        count=len(pictures),
        exact_folded=_percent(sum(each.right for each in pictures), len(pictures)),
        missed=sum(each.read is None for each in pictures),
        state_named=_percent(len(named), len(known)) if known else None,
        state_right=_percent(right, len(named)) if named else None,
    )


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1)
