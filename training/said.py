"""What the engine says of drawn plates, and whether it is right: for calibration.

    python -m training.said --plates 2000 > said.jsonl

The plates are of dies that training never sees, in pictures of 640 x 360 pixels; engine
and weights are the ones in the package, or those of `--models`, without their calibration. One JSON line for each
reading (`what` is `plate`) and each named state (`state`): the raw chance, and whether
it was right. States are asked of plates of their own, as their network is taught with,
in typefaces that it was not taught; one that is of no state has every state wrong.
"""

import argparse
import json
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from charteroak.core.plate import PlateText
from charteroak.edge.engines import bundled
from charteroak.edge.engines.builtin import BuiltinEngine
from charteroak.edge.engines.bundled import CALIBRATION, SUMS
from charteroak.edge.recognize import EngineOptions, Sighting
from training.calibrate import sums_renewed
from training.crops import some_width, view
from training.plates import draw_plate
from training.state_plates import draw_state_plate, weather
from training.state_plates import some_width as state_width

_SIZE = (640, 360)
_PACKAGE = Path(bundled.__file__).with_name("weights")


def said(engine: BuiltinEngine, seed: int, count: int) -> Iterator[dict[str, object]]:
    """Readings of drawn plates.

    Args:
        engine: to ask.
        seed: of the plates.
        count: of pictures, each with one plate.
    """
    rng = np.random.default_rng([seed, 77])
    for _ in range(count):
        plate = draw_plate(rng, held_out=True)
        seen = view(rng, plate, width=some_width(rng), size=_SIZE)
        middle = seen.corners.mean(axis=0)
        for read in engine.sightings(seen.picture):
            if not _covers(read, middle):
                continue
            yield {
                "what": "plate",
                "raw": read.confidence,
                "right": read.plate.match_key == PlateText(plate.text).match_key,
            }


def named(engine: BuiltinEngine, seed: int, count: int) -> Iterator[dict[str, object]]:
    """States of drawn plates; see `said`."""
    rng = np.random.default_rng([seed, 78])
    for _ in range(count):
        plate = draw_state_plate(rng, held_out=True)
        width = state_width(rng)
        seen = view(rng, plate, width=width, size=_SIZE, weather=weather)
        middle = seen.corners.mean(axis=0)
        for read in engine.sightings(seen.picture):
            if _covers(read, middle) and read.state is not None:
                yield {
                    "what": "state",
                    "raw": read.state_confidence,
                    "right": read.state == plate.state,
                }


def uncalibrated(weights: Path, folder: Path) -> None:
    """Copy weights with a map that changes nothing, and every state named."""
    for file in weights.iterdir():
        if file.suffix in {".onnx", ".toml"} or file.name == SUMS:
            shutil.copy(file, folder)
    lines = tomllib.loads((folder / CALIBRATION).read_text("utf-8"))
    lines |= {"raw": [0.0, 1.0], "calibrated": [0.0, 1.0], "state_least": 0.0}
    text = "".join(f"{name} = {value}\n" for name, value in lines.items())
    (folder / CALIBRATION).write_text(text, "utf-8")
    sums_renewed(folder, CALIBRATION)


def _covers(read: Sighting, point: npt.NDArray[np.float64]) -> bool:
    left, top, width, height = read.box
    return bool(left <= point[0] <= left + width and top <= point[1] <= top + height)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plates", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--models", type=Path, help="instead of the package's weights")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder)
        uncalibrated(args.models or _PACKAGE, raw)
        engine = BuiltinEngine(EngineOptions(models=raw, threads=1))
    lines = chain(
        said(engine, args.seed, args.plates), named(engine, args.seed, args.plates)
    )
    for number, line in enumerate(lines, start=1):
        print(json.dumps(line))
        if number % 500 == 0:
            print(f"{number} readings", file=sys.stderr)


if __name__ == "__main__":
    main()
