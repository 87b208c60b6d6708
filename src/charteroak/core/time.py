"""Moments carry their time zone; a naive one is an error, never a guess."""

from datetime import datetime, timedelta

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


def whole_years(span: timedelta) -> int:
    """How many years a number of days is, leap days included; 0 where it is not whole.

    What is less than a day counts nothing.

    >>> [whole_years(timedelta(days=each)) for each in (364, 365, 366, 730, 731, 732)]
    [0, 1, 1, 2, 2, 0]
    """
    years, rest = divmod(span.days, 365)
    return years if rest <= years // 4 + 1 else 0
