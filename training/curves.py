"""Curves of a training, from its log to a picture."""

import json
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

_WIDTH: Final = 720
_HEIGHT: Final = 200
_EDGE: Final = 40


def draw_curves(log: Path, picture: Path) -> None:
    """Draw every value of a log of JSON lines over its minutes, one panel each."""
    entries = [_flat(json.loads(line)) for line in log.read_text("utf-8").splitlines()]
    names = dict.fromkeys(name for entry in entries for name in entry)
    panels = [
        _panel(name, [(e["minutes"], e[name]) for e in entries if name in e])
        for name in names
        if name not in {"minutes", "samples"}
    ]
    cv2.imwrite(str(picture), np.concatenate(panels))


def _flat(entry: dict[str, float | list[float]]) -> dict[str, float]:
    """The losses of an entry as values with names of their own."""
    flat: dict[str, float] = {}
    for name, value in entry.items():
        if isinstance(value, list):
            flat |= {f"{name} {place}": each for place, each in enumerate(value)}
        else:
            flat[name] = value
    return flat


def _panel(name: str, points: list[tuple[float, float]]) -> npt.NDArray[np.uint8]:
    sheet = np.full((_HEIGHT, _WIDTH, 3), 255, np.uint8)
    values = np.array(points, np.float64)
    low, high = values[:, 1].min(), np.percentile(values[:, 1], 98)
    high = high if high > low else low + 1
    last = max(float(values[:, 0].max()), 1e-3)
    x = _EDGE + values[:, 0] / last * (_WIDTH - 2 * _EDGE)
    share = np.clip((values[:, 1] - low) / (high - low), 0, 1)
    y = _HEIGHT - _EDGE - share * (_HEIGHT - 2 * _EDGE)
    line = np.round(np.stack([x, y], axis=1)).astype(np.int32)
    cv2.polylines(sheet, [line], False, (160, 60, 20), 2, cv2.LINE_AA)
    title = (
        f"{name}: {low:.4g} to {high:.4g}, last {values[-1, 1]:.4g}; {last:.0f} minutes"
    )
    cv2.putText(sheet, title, (_EDGE, 26), 0, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return sheet
