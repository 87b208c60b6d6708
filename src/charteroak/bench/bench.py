"""What a benchmark is: something prepared once, run several times, and its figures."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from enum import StrEnum
from statistics import median
from typing import Protocol, TypeAlias

import attrs

from charteroak.core.errors import CharterOakError

Values: TypeAlias = Mapping[str, float]
"""One run's value for each figure, by the figure's name."""


class BenchFailedError(CharterOakError):
    """A benchmark could not be run to its end; it says why."""

    code = "charteroak.bench.failed"
    hint = "Nothing was measured. Try again on a quiet machine with room on its disk."


class Better(StrEnum):
    """Which way a figure improves."""

    HIGHER = "higher"
    LOWER = "lower"


class Scale(StrEnum):
    """How much work a benchmark does.

    FULL is what figures are quoted from. SMALL proves in seconds that it runs; its
    figures mean nothing.
    """

    FULL = "full"
    SMALL = "small"


class Steps(Protocol):
    """Tells somebody who waits how far it is."""

    def begin(self, what: str, total: int | None = None) -> None:
        """A new step begins, of so many units where that is known."""
        ...

    def advance(self, units: int = 1) -> None:
        """So many units of the step are done."""
        ...


@attrs.frozen(kw_only=True)
class Target:
    """One figure of a benchmark, and what it shall reach on two cores.

    Attributes:
        name: stable: other tools compare by it.
        unit: of the value, such as `reads/s`.
        target: at least this where higher is better, else at most; None where there
            is nothing to reach.
    """

    name: str
    unit: str
    target: float | None
    better: Better

    def held_by(self, value: float) -> bool | None:
        """Whether a value reaches the target; None without one."""
        if self.target is None:
            return None
        if self.better is Better.HIGHER:
            return value >= self.target
        return value <= self.target


Once: TypeAlias = Callable[[], Values]
"""Does the work once, and measures it."""

Prepare: TypeAlias = Callable[[Scale, Steps], AbstractContextManager[Once]]
"""Makes its data, gives the work, and cleans up at the end of the block."""


@attrs.frozen(kw_only=True)
class Bench:
    """A benchmark.

    Attributes:
        name: of the command.
        says: what is measured, in one sentence.
        lasts: how long the full one takes on two cores, in words.
        targets: its figures, in order.
        prepare: see `Prepare`.
        runs: how often the work is done; the median counts.
        note: what else a reader of the figures must know, such as the engine's name;
            asked for after the runs.
    """

    name: str
    says: str
    lasts: str
    targets: tuple[Target, ...]
    prepare: Prepare
    runs: int = 5
    note: Callable[[], str] = str

    @property
    def sentence(self) -> str:
        """What is measured, with a capital and a full stop."""
        return f"{self.says[0].upper()}{self.says[1:].rstrip('.')}."


@attrs.frozen(kw_only=True)
class Outcome:
    """What a benchmark found.

    Attributes:
        samples: the values of each run.
    """

    bench: Bench
    scale: Scale
    samples: tuple[Values, ...]

    def value(self, target: Target) -> float:
        """The median of a figure over the runs."""
        return median(sample[target.name] for sample in self.samples)


def run(
    bench: Bench, steps: Steps, *, scale: Scale = Scale.FULL, runs: int | None = None
) -> Outcome:
    """Prepare a benchmark, run it, and clean up after it.

    Args:
        bench: which.
        steps: told how far it is.
        scale: how much work.
        runs: how often; the benchmark's own number without it, once for a small one.

    Raises:
        BenchFailedError: a run left a figure out, or could not be done.
    """
    times = runs or (1 if scale is Scale.SMALL else bench.runs)
    samples: list[Values] = []
    with bench.prepare(scale, steps) as once:
        for number in range(1, times + 1):
            steps.begin(f"run {number} of {times}")
            samples.append(once())
    missing = [
        target.name
        for target in bench.targets
        if any(target.name not in sample for sample in samples)
    ]
    if missing:
        msg = f"{bench.name} did not measure {', '.join(missing)}"
        raise BenchFailedError(msg)
    return Outcome(bench=bench, scale=scale, samples=tuple(samples))
