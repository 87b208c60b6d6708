"""What a box was told counts from its enrolment on, and for as long as it said."""

from datetime import timedelta
from pathlib import Path

import pytest

from charteroak.core.box_list import ListedPlate
from charteroak.core.keeping import Mode
from charteroak.core.orders import LAST_S
from charteroak.core.plate import match_key
from charteroak.edge.listener import EVERY_S
from charteroak.edge.uptime import Uptime
from tests.edge.a_box import NOON
from tests.edge.a_server import Town
from tests.edge.test_a_box_that_forgets import (
    LISTED,
    OTHER,
    Opened,
    Scene,
    a_scene,
    mode_of_files,
)


def test_a_box_enrolled_to_keep_hits_alone_never_keeps_more(tmp_path: Path) -> None:
    with a_scene(tmp_path, Town(mode="edge-only")) as scene:
        assert mode_of_files(scene) is Mode.EDGE_ONLY
        scene.town.mode = "ordinary"
        with scene.box() as box:
            assert box.listener.attempt() == EVERY_S
            assert box.mode() is Mode.EDGE_ONLY
            assert not box.sees(OTHER)
        assert mode_of_files(scene) is Mode.EDGE_ONLY


@pytest.mark.parametrize("new_process", [False, True])
@pytest.mark.parametrize("set_by_s", [-2 * LAST_S, 2 * LAST_S])
def test_orders_end_in_their_time_however_the_clock_is_set(
    tmp_path: Path, set_by_s: int, *, new_process: bool
) -> None:
    with a_scene(tmp_path, Town()) as scene:
        scene.up = Uptime("this start", 1000)
        with scene.box() as box:
            assert box.listener.attempt() == EVERY_S
            scene.now = NOON + timedelta(seconds=set_by_s)
            if not new_process:
                assert counts_for(scene, box) == LAST_S
        if new_process:
            with scene.box() as again:
                assert counts_for(scene, again) == LAST_S


def counts_for(scene: Scene, box: Opened) -> int:
    """For how long the box's orders go on counting, seconds."""
    ends = []
    for up_s in (0, LAST_S - 1, LAST_S):
        scene.up = Uptime("this start", 1000 + up_s * 1000)
        if box.keeper.orders is None:
            ends.append(up_s)
    return ends[0]


def test_a_list_ends_in_its_time_however_the_clock_is_set(tmp_path: Path) -> None:
    town = Town(
        mode="edge-only",
        listed=[ListedPlate(match_key=match_key(LISTED), state=None)],
    )
    with a_scene(tmp_path, town) as scene, scene.box() as box:
        scene.up = Uptime("this start", 1000)
        assert box.listener.attempt() == EVERY_S
        scene.now -= timedelta(days=1)
        scene.up = Uptime("this start", 3_600_000)
        assert box.sees(LISTED)
        assert box.keeper.list_left_s == 1
        scene.up = Uptime("this start", 3_601_000)
        assert not box.sees(LISTED)
        assert box.keeper.list_left_s is None


def test_after_the_machine_was_started_anew_its_clock_counts(tmp_path: Path) -> None:
    with a_scene(tmp_path, Town()) as scene:
        scene.up = Uptime("this start", 1000)
        with scene.box() as box:
            assert box.listener.attempt() == EVERY_S
        scene.up = Uptime("another start", 1000)
        with scene.box() as again:
            assert again.mode() is Mode.ORDINARY
            scene.now += timedelta(seconds=LAST_S)
            assert again.mode() is Mode.STOPPED
