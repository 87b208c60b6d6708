"""Every benchmark runs, small, and gives the figures it promises."""

import math

import pytest

from charteroak.bench import catalogue
from charteroak.bench.bench import Bench, Scale, run


class Silent:
    """Steps that nobody watches."""

    def begin(self, what: str, total: int | None = None) -> None:
        assert what
        assert total is None or total > 0

    def advance(self, units: int = 1) -> None:
        assert units >= 0


@pytest.mark.parametrize("name", catalogue.names())
def test_it_runs_and_gives_every_figure(name: str) -> None:
    bench = catalogue.find(name)
    assert isinstance(bench, Bench)
    assert bench.name == name

    outcome = run(bench, Silent(), scale=Scale.SMALL)

    assert len(outcome.samples) == 1
    for target in bench.targets:
        assert math.isfinite(outcome.value(target)), target.name
