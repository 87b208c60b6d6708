"""From the detector's answer to plates, and how many of them are right."""

from collections.abc import Iterable
from typing import Final

import attrs
import cv2
import numpy as np
from numpy.typing import NDArray

from training.canvas import Corners
from training.scenes import Mark

CELL: Final = 8
_SAME: Final = 0.5
"""Overlap (intersection over union) from which two outlines are one plate."""


@attrs.frozen(kw_only=True, eq=False)
class Detection:
    """A plate that the detector found: its certainty and corners, shape (4, 2)."""

    certainty: float
    corners: Corners


def found_in(answer: NDArray[np.float32], *, least: float = 0.1) -> list[Detection]:
    """Read the plates out of an answer.

    Args:
        answer: shape (9, h, w): probability, then corners in pixels from the cells'
            middles.
        least: certainty below which nothing is looked at.

    Returns:
        Plates, the surest first; of those that overlap only the surest.
    """
    heat = np.ascontiguousarray(answer[0])
    peaks = (heat >= cv2.dilate(heat, np.ones((3, 3)))) & (heat >= least)
    rows, columns = np.nonzero(peaks)
    kept: list[Detection] = []
    for place in np.argsort(-heat[rows, columns], kind="stable"):
        row, column = rows[place], columns[place]
        middle = np.array([column + 0.5, row + 0.5], np.float32) * CELL
        corners = answer[1:, row, column].reshape(4, 2) + middle
        if all(outline_overlap(corners, other.corners) < _SAME for other in kept):
            kept.append(Detection(certainty=float(heat[row, column]), corners=corners))
    return kept


def outline_overlap(one: Corners, other: Corners) -> float:
    """Give the intersection of two outlines over their union, from 0 to 1."""
    first, second = cv2.convexHull(one), cv2.convexHull(other)
    shared, _ = cv2.intersectConvexConvex(first, second)
    whole = cv2.contourArea(first) + cv2.contourArea(second) - shared
    return float(shared / whole) if whole > 0 else 0.0


@attrs.frozen(kw_only=True)
class Score:
    """How well the plates of some scenes were found.

    Attributes:
        recall: share of the plates that were found.
        precision: share of what was found that is a plate.
        corner_error: median over found plates of the mean distance of their corners
            from the true ones, in percent of the plate's width.
        corner_error_90: what nine in ten stay below.
    """

    recall: float
    precision: float
    corner_error: float
    corner_error_90: float


def score(
    pairs: Iterable[tuple[list[Detection], tuple[Mark, ...]]], *, certainty: float = 0.4
) -> Score:
    """Compare what was found with what is there, scene by scene."""
    plates = hits = claims = 0
    errors: list[float] = []
    for detections, marks in pairs:
        sure = [found for found in detections if found.certainty >= certainty]
        open_marks = list(marks)
        for found in sure:
            overlaps = [outline_overlap(found.corners, m.corners) for m in open_marks]
            best = int(np.argmax(overlaps)) if overlaps else -1
            if best >= 0 and overlaps[best] >= _SAME:
                mark = open_marks.pop(best)
                if mark.ignored:
                    continue
                hits += 1
                claims += 1
                if mark.weight == 1:
                    errors.append(_corner_error(found.corners, mark.corners))
            elif not _in_ignored(found.corners, marks):
                claims += 1
        plates += sum(not mark.ignored for mark in marks)
    return Score(
        recall=hits / max(plates, 1),
        precision=hits / max(claims, 1),
        corner_error=float(np.median(errors)) if errors else 100.0,
        corner_error_90=float(np.percentile(errors, 90)) if errors else 100.0,
    )


def _in_ignored(corners: Corners, marks: tuple[Mark, ...]) -> bool:
    x, y = corners.mean(axis=0)
    for mark in marks:
        low, high = mark.corners.min(axis=0), mark.corners.max(axis=0)
        within = low[0] - CELL <= x <= high[0] + CELL
        if mark.ignored and within and low[1] - CELL <= y <= high[1] + CELL:
            return True
    return False


def _corner_error(found: Corners, true: Corners) -> float:
    width = float(np.hypot(*(true[1] - true[0])) + np.hypot(*(true[2] - true[3]))) / 2
    return float(np.hypot(*(found - true).T).mean() / max(width, 1e-3) * 100)
