"""What a box was told counts from its enrolment on, and for as long as it said."""

from pathlib import Path

from charteroak.core.keeping import Mode
from charteroak.edge.listener import EVERY_S
from tests.edge.a_server import Town
from tests.edge.test_a_box_that_forgets import OTHER, a_scene, mode_of_files


def test_a_box_enrolled_to_keep_hits_alone_never_keeps_more(tmp_path: Path) -> None:
    with a_scene(tmp_path, Town(mode="edge-only")) as scene:
        assert mode_of_files(scene) is Mode.EDGE_ONLY
        scene.town.mode = "ordinary"
        with scene.box() as box:
            assert box.listener.attempt() == EVERY_S
            assert box.mode() is Mode.EDGE_ONLY
            assert not box.sees(OTHER)
        assert mode_of_files(scene) is Mode.EDGE_ONLY
