"""A search is one question: what it covers is what was meant."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from charteroak.core.plate import PlatePattern
from charteroak.core.search import EmptyPeriodError, Purpose, Search

HALF_PAST_ONE = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo("America/New_York"))
"""A moment of the night in which clocks go back; it comes again an hour later."""


def search(since: datetime, until: datetime) -> Search:
    return Search(
        plate=PlatePattern.parse("AB12345"),
        since=since,
        until=until,
        purpose=Purpose("robbery"),
    )


def test_the_hour_that_comes_twice_is_no_empty_period() -> None:
    first, again = HALF_PAST_ONE, HALF_PAST_ONE.replace(fold=1)

    assert search(first, again).until == again

    for since, until in [(first, first), (again, again), (again, first)]:
        with pytest.raises(EmptyPeriodError):
            search(since, until)


def test_a_period_that_only_the_clocks_show_is_empty() -> None:
    # 01:50 of the second pass is later than 01:55 of the first.
    with pytest.raises(EmptyPeriodError):
        search(
            HALF_PAST_ONE.replace(minute=50, fold=1),
            HALF_PAST_ONE.replace(minute=55, fold=0),
        )
