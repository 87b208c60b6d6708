"""Moments carry their time zone; a naive one is an error, never a guess."""

from datetime import datetime

import attrs

from charteroak.core.errors import NaiveTimeError


def aware(
    _instance: object, attribute: "attrs.Attribute[datetime]", value: datetime
) -> None:
    """Attrs validator: the moment names its time zone.

    Raises:
        NaiveTimeError: it does not.
    """
    if value.tzinfo is None or value.utcoffset() is None:
        msg = f"{attribute.name} has no time zone"
        raise NaiveTimeError(msg)
