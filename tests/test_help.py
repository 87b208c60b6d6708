"""What `--help` of every command says, on a terminal of 80 columns."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
import typer.main
from typer.core import TyperGroup
from typer.testing import CliRunner

from charteroak.cli import command

COLUMNS = 80


def leaves(group: TyperGroup, *path: str) -> Iterator[tuple[str, ...]]:
    for name, each in group.commands.items():
        if isinstance(each, TyperGroup):
            yield from leaves(each, *path, name)
        else:
            yield (*path, name)


def all_commands() -> list[tuple[str, ...]]:
    root = typer.main.get_command(command())
    assert isinstance(root, TyperGroup)
    return list(leaves(root))


def told(*path: str) -> list[str]:
    """The help as it stands on the screen, without what pads its lines."""
    shown = CliRunner().invoke(
        command(path[0]), [*path, "--help"], env={"COLUMNS": str(COLUMNS)}
    )
    assert shown.exit_code == 0
    return [line.rstrip() for line in shown.stdout.splitlines()]


@pytest.mark.parametrize("path", all_commands(), ids=" ".join)
def test_help_fits_the_screen_and_fills_its_lines(path: tuple[str, ...]) -> None:
    lines = told(*path)
    prose = lines[: next(n for n, line in enumerate(lines) if line.startswith("╭"))]

    assert max(map(len, lines)) <= COLUMNS
    for line, following in pairwise(prose):
        if line and following:
            word = following.split()[0]
            assert len(f"{line} {word}") >= COLUMNS, f"broken too early: {line}"


@pytest.mark.parametrize("path", all_commands(), ids=" ".join)
def test_help_has_an_example_and_says_how_it_ends(path: tuple[str, ...]) -> None:
    text = " ".join(" ".join(told(*path)).split())

    assert f"charteroak {' '.join(path)} " in text.partition("Example: ")[2]
    assert "Exit status: 0 " in text
