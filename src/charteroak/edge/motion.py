"""Where something moves: a cheap look at a small grey picture, before any dear one.

A camera on a street sees nothing new for most of the day. The gate keeps a picture of
the street at rest and says where the present one departs from it. It compares detail and
not brightness: the logarithm of each pixel less the mean of its surroundings. A cloud,
the dusk, an exposure that jumps and the pool of a headlamp change brightness smoothly
and by a factor, so they drop out; the edges of a car do not.
"""

from typing import Final, TypeAlias

import attrs
import cv2
import numpy as np
import numpy.typing as npt

from charteroak.edge.camera import Grey
from charteroak.edge.recognize import Box

GREY_WIDTH_PX: Final = 320
"""Width of the small picture; a car far enough away to be unreadable spans some 20."""

Mask: TypeAlias = npt.NDArray[np.uint8]
"""As high and wide as the small picture; 1 where something departs, else 0."""

Detail: TypeAlias = npt.NDArray[np.float32]
"""The detail of the small picture, or of a part of it, whatever its brightness."""

_AROUND_PX: Final = 25
"""Side of the surroundings: larger than a plate, smaller than a pool of light."""
_DARK: Final = 24.0
"""Added to each grey level: below it, sensor noise is no detail."""
_FLOOR: Final = 0.10
"""Departures smaller than this, in natural logarithms, are never motion."""
_NOISES: Final = 4.0
"""A departure counts when it is so many times what the pixel usually does."""
_SETTLE_S: Final = 8.0
"""The street at rest follows slow change with this time constant."""
_ABSORB_S: Final = 60.0
"""So does it follow what departs: whatever stays becomes part of the street."""
_NOISE_S: Final = 20.0
_LONGEST_STEP_S: Final = 2.0
"""After a gap between frames the street is learnt anew over several, not in one."""
SMALLEST_PX: Final = 40
"""Changed pixels of a region; fewer are a bird or a leaf."""
_WHOLE: Final = 0.5
"""More of the picture than this cannot be traffic: the camera or its light changed."""
_SHAKEN: Final = 0.08
_FARTHEST_SHAKE_PX: Final = 12.0


@attrs.frozen(kw_only=True, eq=False)
class Motion:
    """What the gate says of one frame.

    Attributes:
        mask: where the street departs from itself at rest.
        whole: nothing is known yet, or everything changed: look at the whole frame.
    """

    mask: Mask
    whole: bool = False


@attrs.define
class MotionGate:
    """The street at rest, as one camera sees it, and what departs from it.

    Promises: memory does not grow; a frame costs about a millisecond; what departs is
    forgotten only after it was still for about a minute, and never because the picture
    as a whole grew darker or lighter.
    """

    _rest: Detail | None = attrs.field(default=None, init=False)
    _noise: Detail | None = attrs.field(default=None, init=False)
    _last: Detail | None = attrs.field(default=None, init=False)
    _learnt: int = attrs.field(default=0, init=False)
    _at_s: float = attrs.field(default=0.0, init=False)

    def look(self, grey: Grey, time_s: float) -> Motion:
        """Compare a frame with the street at rest, and learn from it.

        Args:
            grey: the small picture, about `GREY_WIDTH_PX` wide; one size for a camera,
                another one begins anew.
            time_s: seconds since any fixed moment, never falling.
        """
        detail = _detail(grey)
        step_s = min(max(time_s - self._at_s, 0.0), _LONGEST_STEP_S)
        self._at_s = time_s
        if self._rest is None or self._noise is None or self._rest.shape != grey.shape:
            return self._begun(detail)
        mask = _departures(detail, self._rest, self._noise)
        if mask.mean() > _SHAKEN:
            moved = _shaken(self._rest, detail)
            steady = _departures(detail, moved, self._noise)
            if steady.mean() < mask.mean() / 2:
                mask, self._rest = steady, moved
        if mask.mean() > _WHOLE:
            return self._begun(detail)
        self._learn(detail, mask, step_s)
        return Motion(mask=_cleaned(mask))

    def detail(self, area: Box) -> Detail:
        """What a part of the last frame looked like; for `departing`."""
        return _empty() if self._last is None else _part(self._last, area).copy()

    def departing(self, area: Box, was: Detail) -> int:
        """How many pixels of a part of the last frame depart from how it once was."""
        if self._last is None or self._noise is None:
            return 0
        now = _part(self._last, area)
        if now.shape != was.shape:
            return max(now.size, was.size)
        if not now.size:
            return 0
        mask = _departures(now, was, _part(self._noise, area))
        return int(_cleaned(mask).sum())

    def _begun(self, detail: Detail) -> Motion:
        self._rest = self._last = detail
        self._noise = np.full_like(detail, _FLOOR / _NOISES)
        self._learnt = 0
        return Motion(mask=np.ones(detail.shape, np.uint8), whole=True)

    def _learn(self, detail: Detail, mask: Mask, step_s: float) -> None:
        rest, noise, last = self._rest, self._noise, self._last
        if rest is None or noise is None or last is None:
            return
        settle, absorb = (1 - np.exp(-step_s / each) for each in (_SETTLE_S, _ABSORB_S))
        rate = np.where(mask, np.float32(absorb), np.float32(settle))
        self._rest = rest + rate * (detail - rest)
        # From frame to frame, so that a car that stands still is no noise. Leaves in
        # the wind are, and fall silent; one car is over before it counts.
        flicker = np.minimum(np.abs(detail - last), np.float32(2 * _FLOOR))
        # The first frames teach more: a night is noisy from the beginning.
        self._learnt += 1
        calm = np.float32(max(1 - np.exp(-step_s / _NOISE_S), 1 / (self._learnt + 1)))
        self._noise = noise + calm * (flicker - noise)
        self._last = detail


def regions(mask: Mask) -> list[Box]:
    """The upright boxes around what departs, in pixels of the mask; largest first.

    Parts that lie closer together than a few pixels are one.
    """
    near = cv2.dilate(mask, np.ones((9, 9), np.uint8))
    outlines, _ = cv2.findContours(near, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    boxes = []
    for outline in outlines:
        left, top, width, height = (int(each) for each in cv2.boundingRect(outline))
        if mask[top : top + height, left : left + width].sum() >= SMALLEST_PX:
            boxes.append((left, top, width, height))
    return sorted(boxes, key=lambda box: (-box[2] * box[3], box))


def _empty() -> Detail:
    return np.empty((0, 0), np.float32)


def _part(whole: Detail, area: Box) -> Detail:
    left, top, width, height = area
    right, bottom = max(left + width, 0), max(top + height, 0)
    return whole[max(top, 0) : bottom, max(left, 0) : right]


def _detail(grey: Grey) -> Detail:
    light = np.log(grey.astype(np.float32) + np.float32(_DARK))
    return np.asarray(light - cv2.blur(light, (_AROUND_PX, _AROUND_PX)), np.float32)


def _departures(detail: Detail, rest: Detail, noise: Detail) -> Mask:
    """Where a pixel is like none of its neighbours at rest."""
    near = np.ones((3, 3), np.uint8)
    over, under = detail - cv2.dilate(rest, near), cv2.erode(rest, near) - detail
    limit = np.maximum(np.float32(_FLOOR), np.float32(_NOISES) * noise)
    return np.asarray(np.maximum(over, under) > limit, np.uint8)


def _cleaned(mask: Mask) -> Mask:
    """Without single pixels."""
    around = cv2.boxFilter(mask, -1, (3, 3), normalize=False)
    return np.asarray(mask & (around > 1), np.uint8)


def _shaken(rest: Detail, detail: Detail) -> Detail:
    """The street at rest as a camera sees it that was pushed aside by a few pixels."""
    window = cv2.createHanningWindow(rest.shape[::-1], cv2.CV_32F)
    # OpenCV multiplies the window into what it is given.
    (right, down), _sure = cv2.phaseCorrelate(rest.copy(), detail.copy(), window)
    if max(abs(right), abs(down)) > _FARTHEST_SHAKE_PX:
        return rest
    shift = np.array([[1, 0, right], [0, 1, down]], np.float32)
    moved = cv2.warpAffine(
        rest, shift, rest.shape[::-1], borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved, np.float32)
