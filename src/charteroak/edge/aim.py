"""How well a camera is aimed: what one plate in view says about place and lens.

For whoever stands on the ladder. Three things decide whether a plate can be read: how
many pixels it spans, how far its edges smear, and whether dark and bright still differ.
Each is a number with a limit; the verdict names the first that fails, and what to do.
"""

from enum import StrEnum
from typing import Final

import attrs
import cv2
import numpy as np
import numpy.typing as npt

from charteroak.edge.recognize import Image, Sighting, checked

LEAST_WIDTH_PX: Final = 70
"""Sharp rendered plates are read from 60 pixels on; below this nothing is left for dirt,
an angle and the night."""

GOOD_WIDTH_PX: Final = 100
"""With this a little smear does no harm yet."""

MOST_SMEAR: Final = 0.055
"""An edge may smear over so much of the plate's width; a stroke of a US plate is about
0.03 of it. Measured on rendered plates of 60 to 170 pixels under a Gaussian blur: up to
0.05, 79 of 80 were read; to 0.06, 13 of 20; above, 9 of 44."""

LEAST_CONTRAST: Final = 40
"""Grey levels between the plate's dark and bright parts, of 255."""

_STRONG: Final = 0.25
"""Edges of at least so much of the strongest one count."""

_ROWS: Final = 24

Grey = npt.NDArray[np.float32]


class Verdict(StrEnum):
    """What is wrong first; GOOD where nothing is."""

    GOOD = "good"
    TOO_SMALL = "too small"
    SMEARED = "smeared"
    FLAT = "flat"
    SMALL = "small"


ADVICE: Final = {
    Verdict.GOOD: "Plates can be read here.",
    Verdict.SMALL: (
        f"It works, with little to spare: zoom in until plates are {GOOD_WIDTH_PX} "
        "pixels wide."
    ),
    Verdict.TOO_SMALL: (
        f"Too small. Zoom in, or come nearer, until plates are at least "
        f"{GOOD_WIDTH_PX} pixels wide."
    ),
    Verdict.SMEARED: (
        "Smeared. Focus on the place where plates pass; for moving cars shorten the "
        "exposure to 1/1000 s or less."
    ),
    Verdict.FLAT: (
        "Too little contrast. Clean the lens, turn the camera away from the light, or "
        "correct the exposure."
    ),
}
"""What to do, for each verdict."""


@attrs.frozen(kw_only=True)
class Aim:
    """What one plate in view says.

    Attributes:
        width_px: of the plate in the frame.
        edge_px: how far a sharp edge smears, pixels; the median over the plate.
        contrast: grey levels between its dark and bright parts, 0 to 255.
        confidence: of the reading, 0 to 1.
    """

    width_px: int
    edge_px: float
    contrast: float
    confidence: float

    @property
    def verdict(self) -> Verdict:
        """The first thing that is wrong."""
        if self.width_px < LEAST_WIDTH_PX:
            return Verdict.TOO_SMALL
        if self.contrast < LEAST_CONTRAST:
            return Verdict.FLAT
        if self.edge_px > MOST_SMEAR * self.width_px:
            return Verdict.SMEARED
        if self.width_px < GOOD_WIDTH_PX:
            return Verdict.SMALL
        return Verdict.GOOD

    @property
    def advice(self) -> str:
        """The verdict in a sentence that says what to do."""
        return ADVICE[self.verdict]


def aim_of(image: Image, sighting: Sighting) -> Aim:
    """Judge one plate of a frame.

    Args:
        image: the whole frame, RGB.
        sighting: the plate in it.

    Raises:
        BadFrameError: `image` is no frame.
    """
    left, top, width, height = sighting.box
    crop = checked(image)[top : top + height, left : left + width]
    grey = np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), np.float32)
    dark, bright = np.percentile(grey, [5, 95])
    return Aim(
        width_px=width,
        edge_px=round(edge_width_px(grey), 2),
        contrast=round(float(bright - dark), 1),
        confidence=sighting.confidence,
    )


def edge_width_px(grey: Grey) -> float:
    """How far edges across the rows of a picture smear, in pixels; the median.

    At each strong edge the row is followed both ways until it no longer rises, or
    falls: the distance is the width of that edge. A picture without edges has none: 0.

    Args:
        grey: height x width, any range.

    Source:
        Marziliano, Dufaux, Winkler and Ebrahimi, A no-reference perceptual blur
        metric, ICIP 2002.
    """
    height, width = grey.shape
    if height == 0 or width < 3:  # noqa: PLR2004 - a slope needs two neighbours
        return 0.0
    rows = grey[:: max(1, height // _ROWS)]
    slopes = np.diff(rows, axis=1)
    strongest = float(np.abs(slopes).max())
    if strongest <= 0:
        return 0.0
    least = _STRONG * strongest
    widths = [edge for row in slopes for edge in _edges(row, least=least)]
    return float(np.median(widths)) if widths else 0.0


def _edges(slopes: Grey, *, least: float) -> list[int]:
    """Widths of the runs of one sign that hold a strong slope."""
    signs = np.sign(slopes)
    ends = np.flatnonzero(np.diff(signs)) + 1
    runs = np.split(slopes, ends)
    return [len(run) for run in runs if np.abs(run).max() >= least]
