"""From a text detector's probability map to slanted boxes around lines of text.

The map marks the core of each line; the true line is a little larger ("unclip" in Liao
et al. 2020, "Real-time Scene Text Detection with Differentiable Binarization").
"""

import math
from collections.abc import Iterator, Sequence
from typing import Final

import attrs
import cv2
import numpy as np
import numpy.typing as npt

_CORE: Final = 0.3
"""Probability from which a pixel belongs to the core of a line."""
_LINE: Final = 0.4
"""Mean probability from which a core is a line; the detector's own default is 0.5."""
_LIKE_SLANT_DEG: Final = 12.0
_FEWEST_PX: Final = 2.0
"""Thinner cores in the map are noise."""


@attrs.frozen
class TextBox:
    """The core of one line of text: a slanted rectangle in pixels of the frame.

    Attributes:
        x: centre.
        y: centre.
        width: along the line.
        height: across the line; about two thirds of the height of the characters.
        slant_deg: clockwise from level, above -90 to 90.
    """

    x: float
    y: float
    width: float
    height: float
    slant_deg: float

    @property
    def along(self) -> npt.NDArray[np.float64]:
        """Unit vector along the line."""
        slant = math.radians(self.slant_deg)
        return np.array([math.cos(slant), math.sin(slant)])

    @property
    def across(self) -> npt.NDArray[np.float64]:
        """Unit vector down across the line."""
        slant = math.radians(self.slant_deg)
        return np.array([-math.sin(slant), math.cos(slant)])

    @property
    def centre(self) -> npt.NDArray[np.float64]:
        """Centre, x and y."""
        return np.array([self.x, self.y])


def text_boxes(
    chances: npt.NDArray[np.float32], *, scale_x: float, scale_y: float
) -> list[TextBox]:
    """The lines of text in a probability map.

    Args:
        chances: height x width, 0 to 1.
        scale_x: pixels of the frame per pixel of the map.
        scale_y: the same, downwards.
    """
    mask = cv2.dilate((chances > _CORE).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    boxes = []
    for found in contours:
        contour = np.asarray(found, np.int32)
        (x, y), (width, height), slant = cv2.minAreaRect(contour)
        if min(width, height) < _FEWEST_PX or _mean(chances, contour) < _LINE:
            continue
        if width < height:
            width, height, slant = height, width, slant - 90
        slant = (slant + 90) % 180 - 90
        boxes.append(
            TextBox(x * scale_x, y * scale_y, width * scale_x, height * scale_y, slant)
        )
    return boxes


def _mean(
    chances: npt.NDArray[np.float32],
    contour: npt.NDArray[np.int32],
) -> float:
    left, top, width, height = cv2.boundingRect(contour)
    inside = np.zeros((height, width), np.uint8)
    cv2.fillPoly(inside, [contour - [left, top]], (1,))
    window = chances[top : top + height, left : left + width]
    return float(window[inside > 0].mean()) if inside.any() else 0.0


def joined(boxes: Sequence[TextBox]) -> Iterator[TextBox]:
    """Pairs of boxes that may be two halves of one line, each as one box.

    Plates part their characters by a gap or a picture, and the detector then finds
    two lines: they are of like height and slant, on one level, and close.
    """
    for index, one in enumerate(boxes):
        for other in boxes[index + 1 :]:
            left, right = sorted((one, other), key=lambda box: box.x)
            if _one_line(left, right):
                yield _cover(left, right)


def _one_line(left: TextBox, right: TextBox) -> bool:
    height = max(left.height, right.height)
    offset = right.centre - left.centre
    gap = float(offset @ left.along) - (left.width + right.width) / 2
    return (
        min(left.height, right.height) > 0.6 * height
        and abs(left.slant_deg - right.slant_deg) < _LIKE_SLANT_DEG
        and abs(float(offset @ left.across)) < 0.5 * height
        and -0.5 * height < gap < 3.0 * height
    )


def _cover(left: TextBox, right: TextBox) -> TextBox:
    offset = right.centre - left.centre
    slant = math.degrees(math.atan2(offset[1], offset[0]))
    along = offset / max(float(np.hypot(*offset)), 1e-6)
    start = left.centre - along * left.width / 2
    end = right.centre + along * right.width / 2
    x, y = (start + end) / 2
    width = float(np.hypot(*(end - start)))
    return TextBox(float(x), float(y), width, max(left.height, right.height), slant)


def crop_line(
    image: npt.NDArray[np.uint8],
    box: TextBox,
    *,
    margin_x: float,
    margin_y: float,
    height_px: int,
) -> npt.NDArray[np.uint8]:
    """Cut a line out of the frame, level, at a given height.

    Args:
        image: the frame.
        box: the core of the line.
        margin_x: added at either end, in heights of the core.
        margin_y: added above and below, in heights of the core.
        height_px: height of the result; its width follows.
    """
    width = box.width + 2 * margin_x * box.height
    height = box.height * (1 + 2 * margin_y)
    columns = max(math.ceil(height_px * width / height), 1)
    right, down = box.along * width / 2, box.across * height / 2
    corners = np.array(
        [
            box.centre - right - down,
            box.centre + right - down,
            box.centre - right + down,
        ],
        np.float32,
    )
    onto = np.array([[0, 0], [columns, 0], [0, height_px]], np.float32)
    return np.asarray(
        cv2.warpAffine(
            image,
            cv2.getAffineTransform(corners, onto),
            (columns, height_px),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.uint8,
    )
