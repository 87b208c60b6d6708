from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charteroak.core.errors import NaiveTimeError
from charteroak.core.retention import (
    FUTURE_TOLERANCE,
    Arrival,
    ImpossibleRetentionError,
    Retention,
)

limits = st.timedeltas(timedelta(minutes=1), timedelta(days=1000)).map(Retention)
moments = st.datetimes(
    datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2040, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(UTC),
)


@given(limits, moments)
def test_a_bucket_holds_its_moment_and_is_one_granule(
    retention: Retention, moment: datetime
) -> None:
    bucket = retention.bucket(moment)
    assert bucket.starts_at <= moment < bucket.ends_at
    assert bucket.ends_at - bucket.starts_at == retention.granule


@given(limits, moments)
def test_nothing_is_late_and_nothing_goes_a_granule_early(
    retention: Retention, moment: datetime
) -> None:
    due = retention.due_at(retention.bucket(moment))
    assert due <= moment + retention.limit
    assert due > moment + retention.limit - retention.granule


@pytest.mark.parametrize(
    ("limit", "granule"),
    [
        (timedelta(minutes=3), timedelta(minutes=1)),
        (timedelta(minutes=59), timedelta(minutes=1)),
        (timedelta(hours=1), timedelta(hours=1)),
        (timedelta(hours=23), timedelta(hours=1)),
        (timedelta(days=1), timedelta(days=1)),
        (timedelta(days=21), timedelta(days=1)),
    ],
)
def test_granules(limit: timedelta, granule: timedelta) -> None:
    assert Retention(limit).granule == granule


@given(limits, moments)
def test_buckets_ahead_leave_no_gap_and_hold_now(
    retention: Retention, now: datetime
) -> None:
    ahead = retention.ahead(now)
    for earlier, later in pairwise(ahead):
        assert earlier.ends_at == later.starts_at
    assert ahead[0].starts_at <= now < ahead[-1].ends_at
    assert all(retention.due_at(bucket) > now for bucket in ahead)
    assert len({bucket.name for bucket in ahead}) == len(ahead)


@given(limits, moments, st.timedeltas(timedelta(0), timedelta(days=900)))
def test_what_is_kept_has_a_bucket_that_is_not_due(
    retention: Retention, received: datetime, age: timedelta
) -> None:
    seen = received - age
    arrival = retention.arrival(seen_at=seen, received_at=received)
    if arrival is Arrival.KEEP:
        assert retention.bucket(seen) in retention.ahead(received)
    if age > retention.limit and age < timedelta(days=300):
        assert arrival is Arrival.DUE


def test_times_that_cannot_be_right_are_set_apart() -> None:
    retention, now = Retention(timedelta(days=21)), datetime(2026, 11, 1, tzinfo=UTC)

    def arrival(seen: datetime) -> Arrival:
        return retention.arrival(seen_at=seen, received_at=now)

    assert arrival(now + FUTURE_TOLERANCE) is Arrival.KEEP
    assert arrival(now + FUTURE_TOLERANCE + timedelta(seconds=1)) is Arrival.MISDATED
    assert arrival(datetime(1970, 1, 1, tzinfo=UTC)) is Arrival.MISDATED
    assert arrival(now - timedelta(days=30)) is Arrival.DUE


@pytest.mark.parametrize(
    "limit", [timedelta(0), timedelta(seconds=59), timedelta(days=4000)]
)
def test_impossible_limits(limit: timedelta) -> None:
    with pytest.raises(ImpossibleRetentionError):
        Retention(limit)


def test_a_naive_time_is_an_error() -> None:
    with pytest.raises(NaiveTimeError):
        Retention(timedelta(days=1)).bucket(datetime(2026, 1, 1))  # noqa: DTZ001 - the point
