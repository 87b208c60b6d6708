"""How fast notes are screened, how many that should stop do, and how many stop wrongly.

The lists lie outside of the package: those that were written apart from this project,
where they are beside the checkout, else the tests' own.
"""

import time
from pathlib import Path
from typing import Final

import charteroak
from charteroak.bench.bench import Better, Target, Values
from charteroak.core.screening import Verdict, screen
from charteroak.law.screening import note_rules

_ROOT: Final = Path(charteroak.__file__).parents[2]
_APART: Final = _ROOT.parent / "shared" / "data" / "notes"
_OWN: Final = _ROOT / "tests" / "law" / "notes"

NOTES: Final = (
    Target(name="notes_per_s", unit="/s", target=10_000, better=Better.HIGHER),
    Target(name="notes_stopped", unit="notes", target=31, better=Better.HIGHER),
    Target(name="notes_false", unit="notes", target=1, better=Better.LOWER),
)


def screened(count: int) -> Values:
    """Screen the lists, and `count` notes of the tests' own for the speed."""
    rules = note_rules()
    stop, passing = _lists(_APART if _APART.is_dir() else _OWN)
    mixed = [note for notes in _lists(_OWN) for note in notes]
    began = time.perf_counter()
    for number in range(count):
        screen(mixed[number % len(mixed)], rules)
    per_s = count / (time.perf_counter() - began)

    def stopped(notes: list[str]) -> int:
        return sum(screen(note, rules).verdict is not Verdict.OK for note in notes)

    return {
        "notes_per_s": per_s,
        "notes_stopped": stopped(stop),
        "notes_false": stopped(passing),
    }


def note() -> str:
    """Which lists."""
    kept_apart = _APART.is_dir()
    stop, passing = _lists(_APART if kept_apart else _OWN)
    whose = "kept apart from the project" if kept_apart else "of the tests"
    return f"notes: {len(stop)} that should stop and {len(passing)} that should pass, {whose}"


def _lists(folder: Path) -> tuple[list[str], list[str]]:
    stop, passing = (
        (folder / f"should-{name}.txt").read_text("utf-8").splitlines()
        for name in ("stop", "pass")
    )
    return stop, passing
