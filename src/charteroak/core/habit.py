"""Habits of searching that a supervisor should ask about.

Single searches with good reasons are what stalkers made: a chief looked for one woman's
car 228 times in four months. What tells is the habit, so it is counted, by a digest
that names no plate. None of these says that something is wrong.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

WATCHED_FOR: Final = timedelta(days=90)
"""How long it is remembered, by digest, what was searched."""

LOOKED_BACK: Final = timedelta(days=30)
"""Over how long repetitions are counted."""

AT_ONCE: Final = timedelta(minutes=10)
"""Two browsers that were both used within this long are used at once."""

SMALL_LIST: Final = 5
"""A list from elsewhere with fewer plates than this is looked at: states send many."""

_ENTERED_TIMES: Final = 4
_SAME_PLATE_TIMES: Final = 8
_SAME_PLATE_DAYS: Final = 4
_PLATES_OF_CASE: Final = 8
_KNOWN_FROM: Final = 40
_SELDOM: Final = 0.02
_HOURS: Final = 24


def same_plate_again(*, times: int, days: int) -> bool:
    """Whether one person searched one plate oddly often within `LOOKED_BACK`.

    >>> same_plate_again(times=3, days=3), same_plate_again(times=4, days=4)
    (False, True)
    """
    return times >= _SAME_PLATE_TIMES or days >= _SAME_PLATE_DAYS


def entered_again(times: int) -> bool:
    """Whether one person asked to list one plate oddly often within `WATCHED_FOR`.

    An entry lasts a month, so that asking three times is a case that goes on.
    """
    return times >= _ENTERED_TIMES


def many_plates(plates: int) -> bool:
    """Whether one case was used for oddly many plates within `LOOKED_BACK`."""
    return plates >= _PLATES_OF_CASE


def unusual_hour(hour: int, before: Mapping[int, int]) -> bool:
    """Whether somebody hardly ever searches at an hour of the day.

    Known by their own searches only, and not before there are enough of them: shifts
    differ, and night is no crime.

    Args:
        hour: of the local clock.
        before: how many searches fell into each hour until now.

    >>> unusual_hour(3, {9: 30, 14: 30}), unusual_hour(10, {9: 30, 14: 30})
    (True, False)
    """
    whole = sum(before.values())
    if whole < _KNOWN_FROM:
        return False
    near = sum(before.get((hour + step) % _HOURS, 0) for step in (-1, 0, 1))
    return near < _SELDOM * whole
