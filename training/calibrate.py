"""From the reader's own probabilities to how often it is right.

`python -m training.calibrate SAID.jsonl CALIBRATION.toml` reads one JSON object a line,

    {"what": "plate", "raw": 0.97, "right": true}
    {"what": "state", "raw": 0.80, "right": false}

made on the synthetic validation set, fits a map, and writes it into the file of the
engine's lines; a SHA256SUMS beside it is brought up to date. It never sees a real
photograph of an American plate: those are for measuring.

Drawn plates are not street photographs, and a network is right more often on what it was
trained for. So the map is made careful twice. Each share is that of a block of readings
with one wrong and one right reading more than were seen. And `--field-doubt` says what
part of the readings that would be right on drawn plates is taken to be wrong in the
street: 0.02 makes 0.99 out to be 0.97, and leaves the order of readings as it is. What
the doubt should be is judged from how much less is read right on the real sets than on
drawn plates, never fitted to them; the model card says which was taken. States may be
given a doubt of their own, `--state-doubt`: small and dark plates hide the name.
"""

import argparse
import hashlib
import json
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Numbers: TypeAlias = npt.NDArray[np.float64]
Map: TypeAlias = Callable[[Numbers], Numbers]

FOLDS = 5
LEAST_READINGS = 200
_CLEAREST = 1 - 1e-6
_LIKELY = 0.95
_BLOCK = 40
"""Fewest readings that share one value of the free map."""
_KNOTS = np.concatenate([[0.0], 1 / (1 + np.exp(-np.arange(-6.0, 10.01, 0.5))), [1.0]])


class TooFewReadingsError(ValueError):
    """There is too little to fit a map to."""


def logistic(raw: Numbers, right: Numbers) -> Map:
    """Two numbers: a line from log odds to log odds, which may not fall."""
    odds = _log_odds(raw)
    design = np.stack([odds, np.ones_like(odds)], axis=1)
    hits = right.sum()
    # As Platt had it: never quite right and never quite wrong.
    aims = np.where(right > 0, (hits + 1) / (hits + 2), 1 / (len(right) - hits + 2))
    weights, least = np.array([1.0, 0.0]), np.inf
    for _ in range(100):
        chance = _chance(design @ weights)
        # The pull towards the identity is that of one reading.
        slope = design.T @ (aims - chance) - (weights - [1.0, 0.0])
        curve = (design.T * (chance * (1 - chance))) @ design + np.eye(2)
        step, was = np.linalg.solve(curve, slope), weights
        while (now := loss(_chance(design @ (was + step)), aims)) > least:
            step = step / 2
            if np.abs(step).max() < 1e-6:
                break
        weights, least = was + step, now
        if np.abs(step).max() < 1e-6:
            break
    return _line(max(float(weights[0]), 0.0), float(weights[1]))


def _line(slope: float, shift: float) -> Map:
    return lambda at: _chance(slope * _log_odds(at) + shift)


def isotonic(raw: Numbers, right: Numbers) -> Map:
    """Any map that rises: straight between the middles of blocks of readings."""
    order = np.argsort(raw, kind="stable")
    pieces = np.array_split(order, max(len(raw) // _BLOCK, 1))
    blocks = [(raw[at].mean(), right[at].sum(), float(len(at))) for at in pieces]
    merged: list[tuple[float, float, float]] = []
    for block in blocks:
        merged.append(block)
        # Two blocks of which the surer is right less often are one.
        while len(merged) > 1 and _share(merged[-2]) >= _share(merged[-1]):
            (one, hits, count), (other, more, many) = merged[-2:]
            middle = (one * count + other * many) / (count + many)
            merged[-2:] = [(middle, hits + more, count + many)]
    at, value = [each[0] for each in merged], [_share(each) for each in merged]
    return lambda asked: np.interp(asked, at, value)


def _share(block: tuple[float, float, float]) -> float:
    return (block[1] + 1) / (block[2] + 2)


FITS: dict[str, Callable[[Numbers, Numbers], Map]] = {
    "isotonic": isotonic,
    "logistic": logistic,
}


def losses(chance: Numbers, right: Numbers) -> Numbers:
    """Negative log likelihood of each: what an honest probability makes least."""
    chance = np.clip(chance, 1 - _CLEAREST, _CLEAREST)
    return np.asarray(
        -(right * np.log(chance) + (1 - right) * np.log(1 - chance)), np.float64
    )


def loss(chance: Numbers, right: Numbers) -> float:
    """The mean of the losses."""
    return float(losses(chance, right).mean())


def error(chance: Numbers, right: Numbers, bins: int = 10) -> float:
    """Expected calibration error."""
    place = np.minimum((chance * bins).astype(int), bins - 1)
    gaps = [abs((chance - right)[place == n].sum()) for n in range(bins)]
    return float(sum(gaps) / len(chance))


def crossed(
    fit: Callable[[Numbers, Numbers], Map], raw: Numbers, right: Numbers
) -> Numbers:
    """What a fit says of readings that it was not fitted to."""
    fold = np.arange(len(raw)) % FOLDS
    said = np.empty_like(raw)
    for number in range(FOLDS):
        held = fold == number
        said[held] = fit(raw[~held], right[~held])(raw[held])
    return said


def chosen(raw: Numbers, right: Numbers) -> tuple[str, Map]:
    """The map that does best on readings it has not seen, by the log likelihood.

    The free one must be better than the line by more than a standard error: what it
    gains by less is chance.

    Raises:
        TooFewReadingsError: fewer than `LEAST_READINGS`.
    """
    if len(raw) < LEAST_READINGS:
        msg = f"{len(raw)} readings; at least {LEAST_READINGS} are needed"
        raise TooFewReadingsError(msg)
    line, free = (
        losses(crossed(FITS[name], raw, right), right)
        for name in ("logistic", "isotonic")
    )
    gain = line - free
    better = gain.mean() > gain.std() / np.sqrt(len(gain))
    name = "isotonic" if better else "logistic"
    return name, FITS[name](raw, right)


def table(rises: Map, *, field_doubt: float) -> tuple[list[float], list[float]]:
    """The map as points with straight lines between them, made careful for the field."""
    raw = _KNOTS.round(5)
    value = np.maximum.accumulate(np.clip(rises(raw), 0, 1)) * (1 - field_doubt)
    return raw.tolist(), value.round(4).tolist()


def state_line(raw: Numbers, right: Numbers, *, field_doubt: float) -> float:
    """The least probability from which on `_LIKELY` of the named states are right.

    1 where no line will do: then no state is named.
    """
    order = np.argsort(-raw, kind="stable")
    share = np.cumsum(right[order]) / np.arange(1, len(raw) + 1)
    good = np.flatnonzero(share * (1 - field_doubt) >= _LIKELY)
    return round(float(raw[order][good[-1]]), 4) if len(good) else 1.0


def readings(lines: Sequence[str], what: str) -> tuple[Numbers, Numbers]:
    """Raw probability and whether it was right, of the readings of one kind."""
    said = [json.loads(line) for line in lines if line.strip()]
    mine = [(each["raw"], each["right"]) for each in said if each["what"] == what]
    pairs = np.array(mine, np.float64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def written(
    old: str,
    lines: Sequence[str],
    *,
    field_doubt: float,
    state_doubt: float | None = None,
) -> str:
    """The engine's lines with a new map, and a new line for states if any were said.

    Args:
        old: the file as it is; what is not fitted here stays.
        lines: of the readings.
        field_doubt: see above.
        state_doubt: the same for states; None for no other.
    """
    raw, right = readings(lines, "plate")
    name, rises = chosen(raw, right)
    before, after = error(raw, right), error(crossed(FITS[name], raw, right), right)
    kept = tomllib.loads(old)
    states = readings(lines, "state")
    if len(states[0]):
        doubt = field_doubt if state_doubt is None else state_doubt
        kept["state_least"] = state_line(*states, field_doubt=doubt)
    at, value = table(rises, field_doubt=field_doubt)
    scalars = [
        f"{key} = {kept[key]}" for key in kept if key not in {"raw", "calibrated"}
    ]
    return "\n".join(
        [
            "# Where the engine `builtin` draws its lines, fitted to the networks",
            "# beside this file. All numbers are probabilities; what each means:",
            "# `Calibration` in bundled.py.",
            "",
            *scalars,
            "",
            "# From the reader's own probability of a whole plate to how often it is",
            f"# right: {name}, from {len(raw)} readings of drawn plates; calibration",
            f"# error {before:.4f} before and {after:.4f} after, on readings it was not",
            f"# fitted to; then a doubt of {field_doubt} for the field.",
            f"raw = {at}",
            f"calibrated = {value}",
            "",
        ]
    )


def sums_renewed(folder: Path, file: str) -> None:
    """Put a file's SHA-256 into the folder's list, if there is a list."""
    sums = folder / "SHA256SUMS"
    if not sums.exists():
        return
    digest = hashlib.sha256((folder / file).read_bytes()).hexdigest()
    others = [
        line for line in sums.read_text("ascii").splitlines() if line[66:] != file
    ]
    lines = sorted([*others, f"{digest}  {file}"], key=lambda line: line[66:])
    sums.write_text("\n".join([*lines, ""]), "ascii")


def _log_odds(chance: Numbers) -> Numbers:
    clear = np.clip(chance, 1 - _CLEAREST, _CLEAREST)
    return np.asarray(np.log(clear / (1 - clear)), np.float64)


def _chance(log_odds: Numbers) -> Numbers:
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -40, 40))), np.float64)


def main() -> None:
    """Fit, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("said", type=Path, help="readings, one JSON object a line")
    parser.add_argument("lines", type=Path, help="the engine's calibration.toml")
    parser.add_argument("--field-doubt", type=float, default=0.01)
    parser.add_argument(
        "--state-doubt", type=float, help="for states; else --field-doubt"
    )
    given = parser.parse_args()
    if not all(0 <= each < 1 for each in (given.field_doubt, given.state_doubt or 0)):
        parser.error("--field-doubt and --state-doubt are shares, 0 to less than 1")
    lines = given.said.read_text("utf-8").splitlines()
    try:
        text = written(
            given.lines.read_text("utf-8"),
            lines,
            field_doubt=given.field_doubt,
            state_doubt=given.state_doubt,
        )
    except (TooFewReadingsError, KeyError, json.JSONDecodeError) as refused:
        parser.error(f"{given.said}: {refused}")
    given.lines.write_text(text, "utf-8")
    sums_renewed(given.lines.parent, given.lines.name)
    print(f"written: {given.lines}")


if __name__ == "__main__":
    main()
