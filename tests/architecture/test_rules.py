"""What review would repeat: each rule with the story of what it prevents."""

import ast
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "charteroak"
SERVER = PACKAGE / "server"

SQL = re.compile(
    r"\b(SELECT\s+.+\s+FROM|INSERT\s+INTO|DELETE\s+FROM|UPDATE\s+\w+\s+SET)\b",
    re.IGNORECASE | re.DOTALL,
)


def strings_of(path: Path) -> list[str]:
    tree = ast.parse(path.read_text())
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(
            node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        )
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
    ]


def test_sql_stands_in_the_store_alone() -> None:
    """One project says that all queries live in repositories; 54 lived in services."""
    # The box keeps its queue in SQLite: its SQL is in its spool, and nowhere else.
    # A benchmark fills tables, and counts what is in them.
    spool = {
        PACKAGE / "edge" / name
        for name in ("spool.py", "spool_schema.py", "spool_sql.py")
    }
    allowed = {SERVER / "store", *spool, PACKAGE / "bench"}
    found = [
        str(path.relative_to(ROOT))
        for path in PACKAGE.rglob("*.py")
        if not any(path.is_relative_to(place) for place in allowed)
        and any(SQL.search(text) for text in strings_of(path))
    ]
    assert not found


def test_no_statement_selects_every_column() -> None:
    """`SELECT *` hands out a column the day somebody adds it."""
    found = [
        str(path.relative_to(ROOT))
        for path in PACKAGE.rglob("*.py")
        if any(re.search(r"\bSELECT\s+\*", text) for text in strings_of(path))
    ]
    assert not found


def test_statements_take_time_as_a_parameter() -> None:
    """now() makes tests wait, and on a cluster each node has its own."""
    clock = re.compile(
        r"\b(now\(\)|clock_timestamp\(\)|current_timestamp)", re.IGNORECASE
    )
    python = [
        str(path.relative_to(ROOT))
        for path in (SERVER / "store").rglob("*.py")
        if any(clock.search(text) for text in strings_of(path))
    ]
    migrations = [
        str(path.relative_to(ROOT))
        for path in (SERVER / "store").rglob("*.sql")
        if clock.search(re.sub(r"--[^\n]*", "", path.read_text()))
    ]
    assert not python + migrations


FAMILIES = {
    # Six changes of an account that share one transaction, one check, one record.
    "change_person",
}


def test_every_action_is_one_file_with_one_action() -> None:
    """The file's name is what is done; a stranger finds it without a search."""
    wrong = []
    for path in (SERVER / "actions").glob("*.py"):
        if path.name == "__init__.py" or path.stem in FAMILIES:
            continue
        public = {
            node.name
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        }
        if path.stem not in public:
            wrong.append(f"{path.name}: {sorted(public)}")
    assert not wrong


def test_nothing_swallows_an_exception_silently() -> None:
    """A deletion that passes over its failures is how promised deletion fails."""
    wrong = []
    for path in PACKAGE.rglob("*.py"):
        wrong += [
            f"{path.relative_to(ROOT)}:{node.lineno}"
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ExceptHandler)
            and all(isinstance(line, ast.Pass) for line in node.body)
        ]
    assert not wrong


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name]


def test_no_tracked_file_names_a_package_registry() -> None:
    """A lock file with addresses in it reads on one mirror only."""
    hosts = re.compile(
        # Brackets, so that this file does not find itself.
        rb"python[h]osted\.org|py[p]i\.org/simple|registry\.npm[j]s\.org"
    )
    found = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if path.is_file() and hosts.search(path.read_bytes())
    ]
    assert not found
