"""Tiny real ONNX networks in the shapes of our own: a detector that finds white plates on
dark ground, by two averages and their difference, a reader that knows one text, and a
network that knows one state.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from charteroak.edge.engines import bundled
from tests.support.networks import (
    ALPHABET,
    FLOAT,
    UINT8,
    model,
    node,
    tensor,
    value,
    whole,
    wholes,
)

SLOTS, STATES, NEW_YORK = 9, 52, 34
WIDTH_PX, HEIGHT_PX = 72, 40
"""The plates that the detector knows: 9 x 5 cells."""


def finder(*, channels: int = 9) -> bytes:
    """White plates of 72 x 40 pixels, and down to 54, on ground that is nearly black."""
    around = np.full((1, 1, 9, 13), -1 / (9 * 13 - 5 * 9), np.float32)
    around[:, :, 2:-2, 2:-2] = 1 / (5 * 9)
    x, y = WIDTH_PX / 2, HEIGHT_PX / 2
    corners = np.zeros((1, channels - 1, 1, 1), np.float32)
    corners[0, :8, 0, 0] = [-x, -y, x, -y, x, y, -x, y]
    scale = np.array([20 / 255], np.float32)
    return model(
        [
            node("Cast", ["picture"], "f", whole("to", FLOAT)),
            node("Transpose", ["f"], "t", wholes("perm", 0, 3, 1, 2)),
            node("ReduceMean", ["t"], "grey", wholes("axes", 1), whole("keepdims", 1)),
            node(
                "AveragePool",
                ["grey"],
                "cells",
                wholes("kernel_shape", 8, 8),
                wholes("strides", 8, 8),
            ),
            node("Conv", ["cells", "around"], "lit", wholes("pads", 4, 6, 4, 6)),
            node("Mul", ["lit", "scale"], "scaled"),
            node("Sub", ["scaled", "doubt"], "odds"),
            node("Sigmoid", ["odds"], "chance"),
            node("Mul", ["chance", "nought"], "z"),
            node("Add", ["z", "corners"], "places"),
            node("Concat", ["chance", "places"], "plates", whole("axis", 1)),
        ],
        [
            tensor("around", around),
            tensor("corners", corners),
            tensor("scale", scale),
            tensor("doubt", np.array([11], np.float32)),
            tensor("nought", np.zeros((1, 1, 1, 1), np.float32)),
        ],
        value("picture", UINT8, [1, "h", "w", 3]),
        value("plates", FLOAT, [1, channels, "rows", "columns"]),
    )


def reader(
    text: str = "KRT4826",
    sure: float = 0.999,
    *,
    slots: int = SLOTS,
) -> bytes:
    """Reads the same text from every plate, all equally sure."""
    known = np.full((1, slots, 37), (1 - sure) / 36, np.float32)
    for slot, sign in enumerate(text.ljust(slots, "_")):
        known[0, slot, ALPHABET.index(sign)] = sure
    return model(
        [
            node("Cast", ["plates"], "f", whole("to", FLOAT)),
            # The picture counts for nothing, but a network must use what it takes.
            node("ReduceMean", ["f"], "m", wholes("axes", 1, 2, 3)),
            node("Mul", ["m", "nought"], "z"),
            node("Reshape", ["z", "each"], "r"),
            node("Add", ["known", "r"], "characters"),
        ],
        [
            tensor("known", known),
            tensor("each", np.array([-1, 1, 1], np.int64)),
            tensor("nought", np.zeros(1, np.float32)),
        ],
        value("plates", UINT8, ["n", 64, 144, 3]),
        value("characters", FLOAT, ["n", slots, 37]),
    )


def states(state: int = NEW_YORK, *, count: int = STATES) -> bytes:
    """Takes every plate for one of the same state."""
    known = np.full((1, count), 0.1 / (count - 1), np.float32)
    known[0, state] = 0.9
    return model(
        [
            node("Cast", ["plates"], "f", whole("to", FLOAT)),
            node("ReduceMean", ["f"], "m", wholes("axes", 1, 2, 3)),
            node("Mul", ["m", "nought"], "z"),
            node("Reshape", ["z", "row"], "r"),
            node("Add", ["known", "r"], "states"),
        ],
        [
            tensor("known", known),
            tensor("row", np.array([-1, 1], np.int64)),
            tensor("nought", np.zeros(1, np.float32)),
        ],
        value("plates", UINT8, ["n", 128, 288, 3]),
        value("states", FLOAT, ["n", count]),
    )


UNCALIBRATED = """
found_least = 0.3
found_sure = 0.7
read_least = 0.05
whole_least = 0.9
state_least = 0.5
raw = [0.0, 1.0]
calibrated = [0.0, 1.0]
"""
"""Lines that take the networks at their word."""


def a_folder(folder: Path, files: Mapping[str, bytes] | None = None) -> Path:
    """A whole folder of weights: the tiny networks, some files of it replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / bundled.DETECTOR).write_bytes(finder())
    (folder / bundled.READER).write_bytes(reader())
    (folder / bundled.STATES).write_bytes(states())
    (folder / bundled.CALIBRATION).write_text(UNCALIBRATED)
    for name, content in (files or {}).items():
        (folder / name).write_bytes(content)
    with (folder / bundled.SUMS).open("w") as sums:
        for path in sorted(folder.iterdir()):
            if path.name != bundled.SUMS:
                sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
                sums.write(f"{sha256}  {path.name}\n")
    return folder
