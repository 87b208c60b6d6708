"""A read: one plate seen by one camera at one moment."""

from datetime import datetime
from typing import Final, NewType
from uuid import UUID

import attrs

from charteroak.core.camera import CameraId
from charteroak.core.plate import PlateText
from charteroak.core.time import aware

ReadId = NewType("ReadId", UUID)

_CODES: Final = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT "
    "NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY"
)
STATES: Final = frozenset(_CODES.split())
"""Postal codes of the 50 states and the District of Columbia."""

_share = [attrs.validators.ge(0), attrs.validators.le(1)]


@attrs.frozen(kw_only=True)
class Box:
    """A rectangle in a frame, in pixels of the original frame.

    Attributes:
        x: left edge, from the left.
        y: upper edge, from the top.
        width: at least 1.
        height: at least 1.
    """

    x: int = attrs.field(validator=attrs.validators.ge(0))
    y: int = attrs.field(validator=attrs.validators.ge(0))
    width: int = attrs.field(validator=attrs.validators.ge(1))
    height: int = attrs.field(validator=attrs.validators.ge(1))


@attrs.frozen(kw_only=True)
class Read:
    """One plate seen by one camera at one moment.

    Attributes:
        seen_at: shutter time by the camera's clock, with a time zone; immutable.
        confidence: calibrated probability that the whole plate is right, 0 to 1;
            whole, because one wrong character is a wrong car.
        characters: the same for each glyph; as many as `plate` has glyphs.
        state: postal code of the issuing state, None where the engine names none.
        state_confidence: probability that `state` is right; None without a state.
        plate_box: where the plate is in the frame.
        engine: which recogniser read it, with its version.
    """

    read_id: ReadId
    camera: CameraId
    seen_at: datetime = attrs.field(validator=aware)
    plate: PlateText
    confidence: float = attrs.field(validator=_share)
    characters: tuple[float, ...] = attrs.field(
        validator=attrs.validators.deep_iterable(attrs.validators.and_(*_share))
    )
    state: str | None = attrs.field(
        default=None,
        validator=attrs.validators.optional(attrs.validators.in_(STATES)),
    )
    state_confidence: float | None = attrs.field(
        default=None, validator=attrs.validators.optional(_share)
    )
    plate_box: Box
    engine: str = attrs.field(validator=attrs.validators.max_len(80))

    @characters.validator
    def _one_each(
        self, _attribute: "attrs.Attribute[tuple[float, ...]]", value: tuple[float, ...]
    ) -> None:
        if len(value) != len(self.plate.glyphs):
            msg = f"{len(value)} probabilities for {len(self.plate.glyphs)} characters"
            raise ValueError(msg)
