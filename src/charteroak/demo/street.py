"""The street of the demonstration: draws passing cars into the folders of the cameras.

It draws pictures and nothing else. Whether a plate is read, and what follows, is up to
the box that watches the folders.
"""

import argparse
import os
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from charteroak.demo.children import stop_with_parent
from charteroak.demo.town import CAMERAS, WANTED
from charteroak.rendering.car import Vehicle
from charteroak.rendering.street import Placement, StreetScene
from charteroak.rendering.traffic import make_vehicle

_ROUND: Final = 36
_APPEARS: Final = {1: 0, 8: 1, 15: 0, 20: 2, 29: 1}
"""Tick of a round -> which wanted car drives by; the others are strangers."""

_WAITING_AT_MOST: Final = 3
"""Pictures that may wait for a slow box; then a car is left out, not queued."""

_PLATE_PX: Final = (112.0, 150.0)


def _passing(tick: int, rng: np.random.Generator) -> Vehicle:
    wanted = _APPEARS.get(tick % _ROUND)
    return make_vehicle(rng) if wanted is None else WANTED[wanted].vehicle


def _write(picture: Path, scene: StreetScene, vehicle: Vehicle, tick: int) -> None:
    nearness = _PLATE_PX[0] + (_PLATE_PX[1] - _PLATE_PX[0]) * ((tick * 7 % 10) / 10)
    lane = 1.45 if tick % 2 else -1.45
    placement = Placement(
        vehicle=vehicle, x_m=lane, z_m=scene.distance_m(nearness), braking=tick % 5 == 0
    )
    draft = picture.with_name(f".{picture.name}.part")
    scene.frame([placement], tick=tick).image.save(draft, "JPEG", quality=90)
    # Only whole pictures appear under a name that the box looks at.
    draft.rename(picture)


def main() -> int:
    """Draw until stopped; exit status 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every-s", type=float, default=5.0)
    options = parser.parse_args()
    # The box has the first claim on two cores.
    os.nice(5)
    stop_with_parent()
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stopped.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    rng = np.random.default_rng(options.seed)
    scenes: dict[str, StreetScene] = {}
    tick = 0
    while not stopped.is_set():
        camera = CAMERAS[tick % len(CAMERAS)].camera_id
        if camera not in scenes:
            scenes[camera] = StreetScene(options.seed + len(scenes))
        folder = options.folder / camera
        if len(list(folder.glob("*.jpg"))) < _WAITING_AT_MOST:
            now = datetime.now(UTC)  # noqa: TID251 - the shutter of a drawn camera
            name = f"{now:%Y%m%dT%H%M%S}.{now.microsecond // 1000:03d}Z-{tick}.jpg"
            _write(folder / name, scenes[camera], _passing(tick, rng), tick)
        tick += 1
        stopped.wait(options.every_s if tick > len(CAMERAS) else 0.5)
    return 0


if __name__ == "__main__":
    sys.exit(main())
