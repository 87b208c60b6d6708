import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charteroak.core.plate import PlateText
from charteroak.rendering.car import Vehicle
from charteroak.rendering.plate import STATES
from charteroak.rendering.street import FARTHEST_M, NEAREST_M
from charteroak.rendering.traffic import (
    SERIAL_FORMATS,
    Chosen,
    CrowdedSlotError,
    Traffic,
    make_serial,
    make_vehicle,
)

STOLEN = Vehicle(PlateText("CX84731"), "CT", "sedan", "red")
SEEDS = st.integers(0, 2**32)


@given(SEEDS, st.integers(0, 100_000))
def test_any_moment_is_the_same_when_asked_for_again(seed: int, tick: int) -> None:
    assert Traffic(seed).at(tick) == Traffic(seed).at(tick)


@given(SEEDS, st.integers(0, 20_000))
def test_a_moment_shows_the_passages_that_are_under_way(seed: int, tick: int) -> None:
    traffic = Traffic(seed)
    due = itertools.takewhile(
        lambda each: each.first_tick < tick + 2 * traffic.slot_ticks,
        traffic.passages(max(tick - 2_000, 0)),
    )
    expected = {each for passage in due if (each := passage.at(tick)) is not None}
    assert set(traffic.at(tick)) == expected


@given(SEEDS, st.integers(0, 20_000))
def test_nobody_drives_through_anybody(seed: int, tick: int) -> None:
    placements = Traffic(seed, busy=1).at(tick)
    for left in (True, False):
        lane = sorted(each.z_m for each in placements if (each.x_m < 0) == left)
        assert all(b - a > 6 for a, b in itertools.pairwise(lane))
        assert all(NEAREST_M <= z <= FARTHEST_M for z in lane)


@given(SEEDS, st.integers(0, 10_000), st.integers(0, 1))
def test_a_chosen_car_enters_at_its_tick(seed: int, tick: int, lane: int) -> None:
    traffic = Traffic(seed, busy=0, chosen=[Chosen(tick, STOLEN, lane)])
    assert traffic.at(tick - 1) == ()
    (entering,) = traffic.at(tick)
    assert entering.vehicle == STOLEN
    assert entering.z_m == NEAREST_M
    assert (entering.x_m > 0) == (lane == 1)
    (later,) = traffic.at(tick + 50)
    assert later.z_m > entering.z_m


@given(SEEDS, st.integers(100, 10_000))
def test_nobody_drives_close_to_a_chosen_car(seed: int, tick: int) -> None:
    traffic = Traffic(seed, busy=1, chosen=[Chosen(tick, STOLEN, 1)])
    lane = [each for each in traffic.at(tick + 60) if each.x_m > 0]
    (stolen,) = (each for each in lane if each.vehicle == STOLEN)
    gaps = [abs(each.z_m - stolen.z_m) for each in lane if each is not stolen]
    assert all(gap > 15 for gap in gaps)


def test_two_chosen_cars_cannot_share_a_slot() -> None:
    chosen = [Chosen(10, STOLEN), Chosen(12, STOLEN)]
    with pytest.raises(CrowdedSlotError):
        Traffic(1, chosen=chosen)


@given(SEEDS, st.sampled_from(sorted(SERIAL_FORMATS)))
def test_serials_have_their_states_format(seed: int, state: str) -> None:
    grammar = SERIAL_FORMATS[state].replace("1", "[0-9]").replace("A", "[A-HJ-NPR-Z]")
    serial = make_serial(np.random.default_rng(seed), state)
    assert re.fullmatch(grammar, serial.glyphs)


def test_the_town_is_in_connecticut() -> None:
    rng = np.random.default_rng(1)
    states = [make_vehicle(rng).state for _ in range(1000)]
    assert 700 < states.count("CT") < 860
    assert set(states) <= set(STATES)
    assert set(SERIAL_FORMATS) == set(STATES)


def test_a_busy_street_is_busier() -> None:
    quiet, busy = (
        sum(len(Traffic(3, busy=share).at(tick)) for tick in range(0, 30_000, 500))
        for share in (0.2, 0.9)
    )
    assert busy > 3 * quiet > 0
