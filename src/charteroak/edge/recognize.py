"""What a plate-reading engine promises, and what it answers.

An engine turns one picture into the plates it sees there. It is the only part of the
box that knows about neural networks; everything behind it works with `Sighting`.
The engines by name are in `charteroak.edge.engines`.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from charteroak.core.alternatives import Alternatives, fitting
from charteroak.core.errors import CharterOakError
from charteroak.core.fusion import Look
from charteroak.core.plate import PlateText

Image: TypeAlias = npt.NDArray[np.uint8]
"""A picture: height x width x 3, red-green-blue, 8 bits each."""

Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, width, height in pixels of the original frame; width and height > 0."""

Corners: TypeAlias = tuple[
    tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]
]
"""Top left, top right, bottom right and bottom left of a plate, x and y in pixels of the
original frame; they may lie outside it where the plate is cut."""

_CHANNELS: Final = 3


class BadFrameError(CharterOakError):
    """A frame is no height x width x 3 array of 8-bit red-green-blue."""

    code = "charteroak.frame.bad"
    hint = "Convert the picture to 8-bit RGB first, as edge.camera does."


def _probability(
    _instance: object, attribute: "attrs.Attribute[float]", value: float
) -> None:
    if not 0 <= value <= 1:
        raise ValueError(attribute.name, "is no probability")


@attrs.frozen(kw_only=True)
class Sighting:
    """One plate in one frame, as one engine read it.

    Attributes:
        plate: glyphs as read, never folded or corrected.
        confidence: calibrated probability that the whole plate is right, 0 to 1.
        characters: one probability for each glyph, 0 to 1: that this glyph is right
            if the others are.
        state: two letters of the issuing state, upper case, or None when the engine
            does not say.
        state_confidence: probability that `state` is right, or None with it.
        box: the plate, upright, clipped to the frame.
        engine: name of the engine that read it.
        alternatives: for each glyph, what else it may be; empty where the engine does
            not say.
        corners: of the plate as it lies in the frame, or None where the engine finds
            boxes alone.
    """

    plate: PlateText
    confidence: float = attrs.field(validator=_probability)
    characters: tuple[float, ...] = attrs.field()
    state: str | None = None
    state_confidence: float | None = None
    box: Box = attrs.field()
    engine: str
    # Not printed: beside doubtful glyphs the right one often stands.
    alternatives: Alternatives = attrs.field(default=(), validator=fitting, repr=False)
    corners: Corners | None = attrs.field(default=None)

    @characters.validator
    def _one_each(
        self, _attribute: "attrs.Attribute[tuple[float, ...]]", value: tuple[float, ...]
    ) -> None:
        if len(value) != len(self.plate.glyphs):
            raise ValueError("as many probabilities as glyphs")
        if not all(0 <= each <= 1 for each in value):
            raise ValueError("characters holds what is no probability")

    @box.validator
    def _has_area(self, _attribute: "attrs.Attribute[Box]", value: Box) -> None:
        if value[2] <= 0 or value[3] <= 0:
            raise ValueError("an empty box")

    @corners.validator
    def _four_points(
        self, _attribute: "attrs.Attribute[Corners | None]", value: Corners | None
    ) -> None:
        if value is None:
            return
        if [len(each) for each in value] != [2, 2, 2, 2]:
            raise ValueError("corners are four points")
        if not all(math.isfinite(along) for each in value for along in each):
            raise ValueError("corners lie somewhere")

    def __attrs_post_init__(self) -> None:
        """State and its confidence come together or not at all."""
        if (self.state is None) != (self.state_confidence is None):
            raise ValueError("state and state_confidence come together")

    @property
    def look(self) -> Look:
        """What it says, without its place."""
        return Look(
            plate=self.plate,
            confidence=self.confidence,
            characters=self.characters,
            state=self.state,
            state_confidence=self.state_confidence,
            alternatives=self.alternatives,
        )

    def moved(self, left: int, top: int) -> "Sighting":
        """The same in a frame of which this saw a part, that begins there."""
        x, y, width, height = self.box
        if self.corners is None:
            corners = None
        else:
            one, two, three, four = ((a + left, b + top) for a, b in self.corners)
            corners = one, two, three, four
        return attrs.evolve(
            self, box=(left + x, top + y, width, height), corners=corners
        )


class Recognizer(Protocol):
    """A plate-reading engine.

    Promises:
        - **Pure of I/O.** Weights are loaded when the engine is made. `sightings` opens
          no file and no socket, logs nothing and reads no clock.
        - **Same frame, same answer**, and the frame is neither changed nor kept.
        - **Any thread.** `sightings` may be called from several threads at once; one
          call uses up to `EngineOptions.threads` cores, so a process with several
          cameras gains nothing from more calls at once than cores divided by that.
        - **No plate is no error**: an empty list.
    """

    @property
    def name(self) -> str:
        """The name the engine is registered under; `Sighting.engine` repeats it."""
        ...

    def sightings(self, image: Image) -> Sequence[Sighting]:
        """Find and read the plates in a picture, most confident first.

        Args:
            image: height x width x 3, RGB, uint8; any size from 1 x 1 pixel.

        Raises:
            BadFrameError: the array has another shape or type.
        """
        ...


@attrs.frozen(kw_only=True)
class EngineOptions:
    """What every engine can be told when it is made.

    Attributes:
        models: folder with the engine's weights; None for what the engine brings.
        longest_side_px: the picture's longer side is scaled to this before plates are
            looked for; smaller is faster and misses smaller plates. None: what scores
            best. Characters are always read from the original pixels.
        threads: cores that one call may use.
    """

    models: Path | None = None
    longest_side_px: int | None = attrs.field(
        default=None,
        validator=attrs.validators.optional(attrs.validators.ge(64)),
    )
    threads: int = attrs.field(default=2, validator=attrs.validators.ge(1))


def checked(image: Image) -> Image:
    """Refuse what is no picture.

    Raises:
        BadFrameError: no height x width x 3 array of uint8, or an empty one.
    """
    if image.dtype != np.uint8 or image.ndim != _CHANNELS or image.size == 0:
        raise BadFrameError("a frame is height x width x 3, 8 bits each")
    if image.shape[2] != _CHANNELS:
        raise BadFrameError("a frame has 3 channels: red, green and blue")
    return image
