"""Tails hurt: no file over 500 lines, no function over 60."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_LINES_IN_A_FILE = 500
MOST_LINES_IN_A_FUNCTION = 60


def sources() -> Iterator[Path]:
    for folder in ("src", "tests", "tools", "training"):
        yield from (ROOT / folder).rglob("*.py")
    for ending in ("*.js", "*.mjs", "*.css"):
        yield from (ROOT / "web" / "src").rglob(ending)


def long_functions(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MOST_LINES_IN_A_FUNCTION:
                found.append(f"{node.name}: {lines} lines")
    return found


def test_there_are_sources_to_measure() -> None:
    assert len(list(sources())) > 50


def test_no_file_is_long() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in sources()}
    long = {
        str(path.relative_to(ROOT)): lines
        for path, lines in lengths.items()
        if lines > MOST_LINES_IN_A_FILE
    }
    assert not long


def test_no_function_is_long() -> None:
    long = {
        str(path.relative_to(ROOT)): found
        for path in sources()
        if path.suffix == ".py" and (found := long_functions(path.read_text()))
    }
    assert not long


@pytest.mark.parametrize(("lines", "named"), [(59, 0), (60, 1)])
def test_the_measure_of_a_function_counts_its_first_line(
    lines: int, named: int
) -> None:
    body = "\n".join("    x = 1" for _ in range(lines))
    assert len(long_functions(f"def f():\n{body}\n")) == named
