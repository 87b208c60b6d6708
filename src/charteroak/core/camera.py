"""A camera: a place, and the direction it looks."""

import re
from enum import StrEnum
from typing import Final, NewType

import attrs

from charteroak.core.errors import CharterOakError

CameraId = NewType("CameraId", str)
"""Short name of a camera: lower case letters, digits and dashes, 1 to 40."""

_SLUG: Final = r"[a-z0-9][a-z0-9\-]{0,39}"


class UnusableCameraNameError(CharterOakError):
    """A camera's short name does not fit the grammar."""

    code = "charteroak.camera.unusable-name"
    hint = "Use 1 to 40 lower-case letters, digits and dashes, as in main-st-north."


class Location(StrEnum):
    """Whether the public is told where a camera stands.

    `WITHHELD_BY_GRANT`: withheld because federal money was given on that condition.
    """

    PUBLISHED = "published"
    WITHHELD = "withheld"
    WITHHELD_BY_GRANT = "withheld_by_grant"


class Mount(StrEnum):
    """What a camera is mounted on."""

    FIXED = "fixed"
    VEHICLE = "vehicle"


class Place(StrEnum):
    """What a camera looks at; `ROAD` is everything that is none of the others."""

    COURT = "court"
    FOOD_BANK = "food_bank"
    HEALTH_CARE = "health_care"
    IMMIGRATION_FACILITY = "immigration_facility"
    ROAD = "road"
    SCHOOL = "school"
    WORSHIP = "worship"


@attrs.frozen(kw_only=True)
class Camera:
    """One camera, as the agency publishes it.

    Camera places are public in Connecticut (P.A. 26-14, sec. 13(e)(2)).

    Attributes:
        camera_id: short stable name.
        name: where it stands, in words.
        latitude: degrees north, WGS 84.
        longitude: degrees east, WGS 84.
        heading_deg: direction it looks, degrees clockwise from north, 0 to 360.
        place: what it looks at, where a rule knows the kind of place.
        mount: what it is mounted on.
        location: whether the public is told where it stands.
    """

    camera_id: CameraId = attrs.field()
    name: str = attrs.field(validator=attrs.validators.min_len(1))
    latitude: float = attrs.field(
        validator=[attrs.validators.ge(-90), attrs.validators.le(90)]
    )
    longitude: float = attrs.field(
        validator=[attrs.validators.ge(-180), attrs.validators.le(180)]
    )
    heading_deg: float = attrs.field(
        default=0.0, validator=[attrs.validators.ge(0), attrs.validators.le(360)]
    )

    place: Place = Place.ROAD
    mount: Mount = Mount.FIXED
    location: Location = Location.PUBLISHED

    @camera_id.validator
    def _short(self, _attribute: "attrs.Attribute[CameraId]", value: CameraId) -> None:
        if not is_camera_id(value):
            raise UnusableCameraNameError("no short name for a camera")


def is_camera_id(text: str) -> bool:
    """Whether a text can name a camera.

    >>> is_camera_id("main-st-north"), is_camera_id("Main St")
    (True, False)
    """
    return re.fullmatch(_SLUG, text) is not None
