"""Who drives by is settled by the seed, and could be driven."""

import math
from itertools import pairwise, takewhile

import pytest

from charteroak.demo.cameras import POSTS
from charteroak.demo.journeys import (
    CLEAR_S,
    ROUND_S,
    ROUTES,
    Passing,
    passings,
)
from charteroak.demo.town import WANTED

AN_HOUR_S = 3600.0
EVERY_S = 5.0


@pytest.fixture(scope="module")
def hour() -> list[Passing]:
    return list(
        takewhile(lambda each: each.at_s < AN_HOUR_S, passings(3, every_s=EVERY_S))
    )


def test_the_same_seed_is_the_same_traffic(hour: list[Passing]) -> None:
    assert [
        each for each, _ in zip(passings(3, every_s=EVERY_S), hour, strict=False)
    ] == hour
    other = passings(4, every_s=EVERY_S)
    assert [each for each, _ in zip(other, hour, strict=False)] != hour


def test_cars_come_in_order_and_as_often_as_was_asked_for(hour: list[Passing]) -> None:
    assert all(one.at_s <= next_.at_s for one, next_ in pairwise(hour))
    wanted = sum(len(route) for route in ROUTES.values()) * AN_HOUR_S / ROUND_S
    assert len(hour) - wanted == pytest.approx(AN_HOUR_S / EVERY_S, rel=0.02)


def test_no_two_cars_share_a_camera(hour: list[Passing]) -> None:
    for post in POSTS:
        times = [each.at_s for each in hour if each.camera == post.camera.camera_id]
        assert len(times) > 20
        assert min(late - early for early, late in pairwise(times)) >= CLEAR_S


def test_every_wanted_car_drives_and_the_first_comes_at_once(
    hour: list[Passing],
) -> None:
    plates = {each.vehicle.plate.glyphs for each in WANTED}
    assert set(ROUTES) == plates
    first = next(each for each in hour if each.vehicle.plate.glyphs in plates)
    assert first.at_s < 10


@pytest.mark.parametrize("plate", ROUTES)
def test_a_route_can_be_driven(plate: str) -> None:
    places = {str(post.camera.camera_id): post.at for post in POSTS}
    for (left_s, start), (come_s, end) in pairwise(ROUTES[plate]):
        straight_m = math.dist(places[start], places[end])
        assert 0 < straight_m / (come_s - left_s) < 20


def test_nobody_drives_through_the_parked_car(hour: list[Passing]) -> None:
    parked = {post.camera.camera_id for post in POSTS if post.parked}
    assert len(parked) == 1
    assert not [each for each in hour if each.camera in parked and each.right]
    assert [each for each in hour if each.camera in parked]


def test_what_a_passing_prints_holds_no_plate(hour: list[Passing]) -> None:
    assert hour[0].vehicle.plate.glyphs not in repr(hour[0])
