"""What the box must forget is not known for long, and its memory is on no disk."""

import subprocess
import sys
from pathlib import Path

import pytest

from charteroak.edge.memory import is_safe
from charteroak.edge.passing import Passing
from tests.edge.a_street import Car, ColourEngine, drive

OTHER = "QX7SECR"


def last_told(passing: Passing) -> str | None:
    return passing._last_told[0]


def known(passing: Passing) -> int:
    return len(passing._tracker.tracks)


def test_a_parked_car_that_was_forgotten_is_not_known_for_long() -> None:
    comes = [[Car(x, text=OTHER)] for x in range(700, 320, -30)]
    parked = [[Car(320, text=OTHER)]] * 12
    passing = Passing(engine=ColourEngine())
    (told,) = drive([[], *comes, *parked], passing=passing)
    passing.forget(0, but={told.number})
    passing.forget(150)
    assert known(passing) == 1

    passing.forget(0)

    assert known(passing) == 0
    assert last_told(passing) == OTHER
    # It is another passing, to be weighed by the list of that moment.
    assert len(drive(parked, passing=passing, start_s=20)) == 1
    drive([[]] * 3, passing=passing, start_s=40)
    passing.forget(0)
    assert (known(passing), last_told(passing)) == (0, None)


@pytest.mark.parametrize(
    ("swaps", "limit", "safe"),
    [
        ("", None, True),
        ("/dev/zram0 partition 1 0 5\n", None, True),
        ("/dev/sda2 partition 1 0 -2\n", None, False),
        ("/dev/sda2 partition 1 0 -2\n", "max", False),
        ("/swapfile file 1 0 -2\n", "0", True),
    ],
)
def test_swap_is_seen(
    tmp_path: Path, swaps: str, limit: str | None, *, safe: bool
) -> None:
    (tmp_path / "swaps").write_text("Filename Type Size Used Priority\n" + swaps)
    (tmp_path / "own").write_text("0::/system.slice/box.service\n")
    group = tmp_path / "groups" / "system.slice"
    (group / "box.service").mkdir(parents=True)
    if limit is not None:
        (group / "memory.swap.max").write_text(f"{limit}\n")

    found = is_safe(tmp_path / "swaps", tmp_path / "own", tmp_path / "groups")

    assert found is safe
    assert is_safe(tmp_path / "none", tmp_path / "own", tmp_path / "groups") is False


def test_a_process_that_keeps_in_memory_leaves_no_core_file() -> None:
    asks = """
import resource
from charteroak.edge.memory import keep_in_memory
keep_in_memory()
print(resource.getrlimit(resource.RLIMIT_CORE))
"""
    said = subprocess.run(
        [sys.executable, "-c", asks], check=True, capture_output=True, text=True
    )

    assert said.stdout.strip() == "(0, 0)"
