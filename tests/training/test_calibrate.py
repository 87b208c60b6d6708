"""The map from raw to honest probabilities: it rises, it helps, it is careful."""

import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training.calibrate import (
    FITS,
    Map,
    Numbers,
    TooFewReadingsError,
    chosen,
    crossed,
    error,
    loss,
    state_line,
    sums_renewed,
    table,
    written,
)

from charteroak.edge.engines.bundled import Calibration

ROOT = Path(__file__).parents[2]
OLD = """found_least = 0.3
found_sure = 0.7
read_least = 0.05
whole_least = 0.9
state_least = 0.5
raw = [0.0, 1.0]
calibrated = [0.0, 1.0]
"""


def some_readings(
    seed: int, count: int, *, slope: float, shift: float
) -> tuple[Numbers, Numbers]:
    """Readings of a network whose log odds are a line off the true ones."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(2.5, 2.5, count)
    true = 1 / (1 + np.exp(-(slope * odds + shift)))
    right = (rng.random(count) < true).astype(np.float64)
    return 1 / (1 + np.exp(-odds)), right


def lines_of(raw: Numbers, right: Numbers, what: str = "plate") -> list[str]:
    return [
        json.dumps({"what": what, "raw": float(one), "right": bool(hit)})
        for one, hit in zip(raw, right, strict=True)
    ]


@pytest.mark.parametrize("name", sorted(FITS))
def test_a_fit_makes_an_overly_sure_network_honest(name: str) -> None:
    raw, right = some_readings(1, 4000, slope=0.5, shift=-0.6)
    new_raw, new_right = some_readings(2, 4000, slope=0.5, shift=-0.6)

    made = FITS[name](raw, right)(new_raw)

    assert error(new_raw, new_right) > 0.1
    assert error(made, new_right) < 0.03
    assert loss(made, new_right) < loss(new_raw, new_right)


def test_the_line_is_chosen_where_it_is_one_and_the_free_map_where_not() -> None:
    raw, right = some_readings(3, 600, slope=0.6, shift=-0.5)
    rng = np.random.default_rng(4)
    bent = rng.random(6000)
    steps = np.where(bent > 0.7, 0.95, np.where(bent > 0.3, 0.5, 0.45))
    hits = (rng.random(6000) < steps).astype(np.float64)

    assert chosen(raw, right)[0] == "logistic"
    assert chosen(bent, hits)[0] == "isotonic"


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 99),
    st.floats(-0.5, 2.0),
    st.floats(-3, 3),
    st.sampled_from([0.0, 0.01, 0.1]),
)
def test_whatever_was_read_the_map_rises_and_is_one_the_engine_takes(
    seed: int, slope: float, shift: float, doubt: float
) -> None:
    raw, right = some_readings(seed, 300, slope=slope, shift=shift)

    made = msgspec.toml.decode(
        written(OLD, lines_of(raw, right), field_doubt=doubt), type=Calibration
    )

    assert made.raw[0] == 0
    assert made.raw[-1] == 1
    assert max(made.calibrated) <= 1 - doubt + 1e-9
    assert made.state_least == 0.5
    chances = [made.confidence(each / 100) for each in range(101)]
    assert chances == sorted(chances)


def test_readings_that_are_all_right_are_not_made_certain() -> None:
    raw = np.linspace(0.5, 1, 400)

    for fit in FITS.values():
        assert fit(raw, np.ones(400))(np.array([1.0]))[0] < 1


def test_the_field_is_doubted_more_and_in_the_same_order() -> None:
    raw, right = some_readings(5, 1000, slope=0.8, shift=0)
    _, rises = chosen(raw, right)

    at, drawn = table(rises, field_doubt=0)
    _, field = table(rises, field_doubt=0.05)

    assert len(at) == len(set(at))
    assert field == pytest.approx([0.95 * each for each in drawn], abs=1e-4)


def test_a_fit_is_judged_by_what_it_has_not_seen() -> None:
    """A map that learns by heart is perfect on what it was fitted to, and found out."""
    raw, right = some_readings(6, 300, slope=0.5, shift=0)

    def by_heart(one: Numbers, hits: Numbers) -> Map:
        known = dict(zip(one.tolist(), hits.tolist(), strict=True))
        return lambda at: np.array([known.get(each, 0.5) for each in at.tolist()])

    assert loss(by_heart(raw, right)(raw), right) < 0.001
    assert loss(crossed(by_heart, raw, right), right) > 0.5


def test_a_state_is_named_from_where_most_are_right() -> None:
    raw = np.array([0.99, 0.95, 0.9, 0.8, 0.7, 0.6])

    assert state_line(raw, np.array([1, 1, 1, 1, 0, 0.0]), field_doubt=0.01) == 0.8
    assert state_line(raw, np.zeros(6), field_doubt=0.0) == 1.0


def test_too_few_readings_are_refused() -> None:
    with pytest.raises(TooFewReadingsError, match="3 readings"):
        chosen(np.array([0.1, 0.2, 0.3]), np.ones(3))


def test_the_command_writes_the_map_and_the_sum(tmp_path: Path) -> None:
    lines = tmp_path / "calibration.toml"
    lines.write_text(OLD)
    (tmp_path / "SHA256SUMS").write_text(
        f"{'0' * 64}  calibration.toml\n{'1' * 64}  a\n"
    )
    raw, right = some_readings(7, 500, slope=0.7, shift=-0.2)
    said = [*lines_of(raw, right), *lines_of(raw, right, "state")]
    (tmp_path / "said.jsonl").write_text("\n".join(said))

    done = subprocess.run(
        [sys.executable, "-m", "training.calibrate", tmp_path / "said.jsonl", lines],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )

    assert done.returncode == 0, done.stderr
    made = tomllib.loads(lines.read_text())
    assert made["found_sure"] == 0.7
    assert made["state_least"] != 0.5
    digest = hashlib.sha256(lines.read_bytes()).hexdigest()
    assert (tmp_path / "SHA256SUMS").read_text() == (
        f"{'1' * 64}  a\n{digest}  calibration.toml\n"
    )


def test_no_list_of_sums_is_made_up(tmp_path: Path) -> None:
    sums_renewed(tmp_path, "calibration.toml")

    assert not list(tmp_path.iterdir())
