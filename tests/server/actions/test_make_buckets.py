"""Buckets are made ahead, once, and fit together where the limit was changed."""

from datetime import datetime, timedelta
from itertools import pairwise

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.agency import NOON, SettableClock

from charteroak.core.retention import Bucket, Retention
from charteroak.server.actions.make_buckets import make_buckets, plan, uncovered
from charteroak.server.agency import Agency
from charteroak.server.store import buckets
from charteroak.server.store.buckets import BucketMap, StoredBucket

DAY = timedelta(days=1)


def stored(agency: Agency) -> list[StoredBucket]:
    with agency.database.purges() as tx:
        return buckets.spanning(tx, since=NOON - 999 * DAY, until=NOON + 999 * DAY)


def test_every_moment_that_can_be_kept_has_its_bucket_and_key(agency: Agency) -> None:
    there = stored(agency)

    # The bucket of the day on which the limit runs out is due already.
    oldest = NOON.replace(hour=0) - agency.retention.limit + DAY
    assert there[0].starts_at == oldest
    assert there[-1].starts_at == NOON.replace(hour=0) + 7 * DAY
    for one, other in pairwise(there):
        assert one.ends_at == other.starts_at
    assert all(agency.keys.has_bucket(bucket.bucket) for bucket in there)


def test_making_them_again_makes_none(agency: Agency) -> None:
    before = stored(agency)

    assert make_buckets(agency) == 0

    assert stored(agency) == before


def test_a_day_later_one_more_is_made(
    agency: Agency, agency_clock: SettableClock
) -> None:
    agency_clock.advance(DAY)

    assert make_buckets(agency) == 1


@pytest.mark.parametrize("limit", [timedelta(minutes=3), timedelta(hours=5)])
def test_a_changed_limit_leaves_no_gap_and_no_overlap(
    agency: Agency, agency_clock: SettableClock, limit: timedelta
) -> None:
    changed = attrs.evolve(agency, retention=Retention(limit))
    make_buckets(changed)
    agency_clock.advance(timedelta(days=9))
    make_buckets(changed)
    make_buckets(agency)

    there = stored(agency)
    for bucket in Retention(limit).ahead(agency_clock()):
        for moment in [bucket.starts_at, bucket.ends_at - timedelta(microseconds=1)]:
            assert BucketMap(there).of(moment) is not None
    for one, other in pairwise(there):
        assert one.ends_at <= other.starts_at


def test_a_lost_key_of_a_live_bucket_is_made_anew_and_one_of_a_due_bucket_is_not(
    agency: Agency, agency_clock: SettableClock
) -> None:
    due, *_, live = stored(agency)
    agency_clock.advance(timedelta(hours=12))  # now the oldest is due
    for bucket in [due, live]:
        agency.keys.destroy_bucket(bucket.bucket)

    make_buckets(agency)

    assert agency.keys.has_bucket(live.bucket)
    assert not agency.keys.has_bucket(due.bucket)


def minute(number: int) -> timedelta:
    return timedelta(minutes=number)


@given(
    cuts=st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), max_size=5),
    begin=st.integers(0, 30),
    length=st.integers(1, 10),
)
def test_pieces_and_what_is_there_cover_every_minute_once(
    cuts: list[tuple[int, int]], begin: int, length: int
) -> None:
    there: list[StoredBucket] = []
    for start, long in sorted(cuts):
        if there and NOON + minute(start) < there[-1].ends_at:
            continue
        there.append(
            StoredBucket(
                bucket="",
                starts_at=NOON + minute(start),
                ends_at=NOON + minute(start + long),
                dropped_at=None,
            )
        )
    wanted = Bucket(NOON + minute(begin), NOON + minute(begin + length))

    pieces = uncovered(wanted, there)

    spans = [(each.starts_at, each.ends_at) for each in there]
    spans += [(each.starts_at, each.ends_at) for each in pieces]
    for at in (NOON + minute(begin + each) for each in range(length)):
        assert len([True for starts, ends in spans if starts <= at < ends]) == 1
    assert all(
        wanted.starts_at <= piece.starts_at < piece.ends_at <= wanted.ends_at
        for piece in pieces
    )


def dropped(
    retention: Retention, there: list[StoredBucket], now: datetime
) -> list[StoredBucket]:
    """What a purge leaves, as `purge_reads` and `drop_bucket` do it."""
    cut = retention.ahead(now)[0].starts_at
    return [
        attrs.evolve(each, dropped_at=now, ends_at=min(each.ends_at, cut))
        if each.dropped_at is None and each.starts_at + retention.limit <= now
        else each
        for each in there
    ]


def made(
    retention: Retention, there: list[StoredBucket], now: datetime
) -> list[StoredBucket]:
    """What making leaves, as `make_buckets` does it where nothing is in the way."""
    wanted = plan(retention, there, now=now)
    new = [
        StoredBucket(
            bucket=each.name,
            starts_at=each.starts_at,
            ends_at=each.ends_at,
            dropped_at=None,
        )
        for each in wanted.make
    ]
    stay = [each for each in there if each not in wanted.unmake]
    assert not {each.bucket for each in new} & {each.bucket for each in stay}
    return sorted([*stay, *new], key=lambda each: each.starts_at)


@settings(deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from([1, 3, 59, 60, 90, 300, 1439, 1440, 3000, 30240]),
            st.integers(0, 5000),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_the_limit_was_every_live_moment_has_exactly_one_bucket(
    steps: list[tuple[int, int]],
) -> None:
    there: list[StoredBucket] = []
    now = NOON
    for limit, minutes in steps:
        retention = Retention(minute(limit))
        for _ in range(2):  # at the change, and some time later
            there = made(retention, there, now)
            there = made(retention, dropped(retention, there, now), now)
            ahead = retention.ahead(now)
            live = [each for each in there if each.ends_at > ahead[0].starts_at]
            assert live[0].starts_at <= ahead[0].starts_at
            assert live[-1].ends_at >= ahead[-1].ends_at
            for one, other in pairwise(there):
                assert one.ends_at <= other.starts_at
            for one, other in pairwise(live):
                assert one.ends_at == other.starts_at
            for each in there:
                if each.ends_at > now:
                    assert each.dropped_at is None
                if each.dropped_at is None:
                    assert each.starts_at + retention.limit > now
            now += minute(minutes)
