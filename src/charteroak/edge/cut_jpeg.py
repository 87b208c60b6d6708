"""JPEGs whose last bytes are missing: a camera or a disk was cut off as it finished."""

import io
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

_END_OF_JPEG: Final = b"\xff\xd9"
_NOT_DECODED: Final = 128
"""libjpeg leaves blocks without data in this grey."""
_MOST_MISSING: Final = 0.05
_MODES: Final = frozenset({"L", "RGB"})


def nearly_whole(path: Path) -> Image.Image | None:
    """A JPEG that broke off, if at most a twentieth of its rows is missing.

    A picture that arrives in two halves is more likely to be completed, or to show half
    a plate, than to be of use; and of a progressive one nobody can tell how much is
    missing. Both stay broken.

    Returns:
        The picture, its missing end in grey; None if more is missing, or cannot be told.

    Raises:
        OSError: it is no JPEG, or damaged elsewhere.
    """
    picture = Image.open(io.BytesIO(path.read_bytes() + _END_OF_JPEG))
    if picture.mode not in _MODES or "progressive" in picture.info:
        return None
    rows = np.asarray(picture).reshape(picture.height, -1)
    decoded = np.flatnonzero((rows != _NOT_DECODED).any(axis=1))
    if not decoded.size or decoded[-1] + 1 < picture.height * (1 - _MOST_MISSING):
        return None
    return picture
