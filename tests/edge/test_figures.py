"""The line that says when another engine would read better."""

from pathlib import Path

import pytest

from charteroak.edge.engines import known_engines
from charteroak.edge.engines.figures import Measured, advice, compared, measured
from tests.edge.test_read_cli import a_plate, charteroak
from tests.support import networks


def a_figure(engine: str, percent: float, of: str = "s", plates: int = 100) -> Measured:
    return Measured(engine=engine, set=of, plates=plates, exact_folded_percent=percent)


def test_only_sets_that_both_were_shown_count_each_by_its_plates() -> None:
    figures = [
        a_figure("open", 90),
        a_figure("builtin", 80),
        a_figure("open", 50, "t", 300),
        a_figure("builtin", 100, "t", 300),
        a_figure("open", 0, "u"),
    ]

    assert compared("open", "builtin", figures) == (60, 95)
    assert compared("open", "rapidocr", figures) is None


@pytest.mark.parametrize(
    ("engine", "percent"), [("builtin", 90), ("builtin", 91), ("open", 0), ("x", 0)]
)
def test_nothing_is_said_where_open_is_not_better(engine: str, percent: float) -> None:
    figures = [a_figure("open", 90), a_figure("builtin", percent)]

    assert advice(engine, {}, figures) is None


def test_it_is_said_how_to_get_at_the_better_engine(tmp_path: Path) -> None:
    figures = [a_figure("open", 90.04), a_figure("builtin", 80)]
    environment = {"CHARTEROAK_MODELS": str(tmp_path / "models")}

    without = advice("builtin", environment, figures)
    networks.a_folder(tmp_path / "models")
    beside = advice("builtin", environment, figures)

    assert without is not None
    assert "90.0 of 100 measured plates to 80.0 of `builtin`" in without
    assert "charteroak models add" in without
    assert beside is not None
    assert "--engine open" in beside
    assert "\n" not in without + beside


def test_the_figures_are_of_engines_that_there_are() -> None:
    figures = measured()

    assert {each.engine for each in figures} <= set(known_engines())
    assert len({(each.engine, each.set) for each in figures}) == len(figures)
    assert all(0 <= each.exact_folded_percent <= 100 for each in figures)


def test_it_stands_on_stderr_once_and_never_beside_json(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        a_plate(tmp_path / name)
    expected = advice("rapidocr", {"CHARTEROAK_MODELS": str(tmp_path)})
    assert expected is not None

    for_people = charteroak("--engine", "rapidocr", tmp_path)
    for_machines = charteroak("--engine", "rapidocr", "--json", tmp_path)

    assert for_people.stderr.count("would read better") == 1
    assert "would read better" not in for_people.stdout
    assert "would read better" not in for_machines.output
