"""The box's reports: told in codes, never in the way, and tried again."""

import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import attrs
import pytest

from charteroak.core.box_report import WhyNoPicture
from charteroak.core.camera import CameraId
from charteroak.core.http_signature import NONCE_BYTES
from charteroak.core.wire import LONGEST_AGE_S
from charteroak.edge import video
from charteroak.edge.enrol import enrol
from charteroak.edge.health import CameraHealth
from charteroak.edge.identity import Identity
from charteroak.edge.orders import Keeper
from charteroak.edge.report import Reporter, kind_of
from charteroak.edge.settings import DataFolder
from charteroak.edge.spool_file import SpoolUnavailableError
from charteroak.edge.uplink import REVOKED_PAUSE_S, Sender
from charteroak.edge.web_client import open_client
from tests.edge.a_box import CAMERA, NOON, a_read, a_spool
from tests.edge.a_server import CODE, Town, serving

HEALTH = CameraHealth(camera=CameraId(CAMERA), link="ok", since=NOON)


@attrs.define
class Scene:
    town: Town
    reporter: Reporter
    cameras: list[CameraHealth]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    town, folder, cameras = Town(), DataFolder(tmp_path / "box"), [HEALTH]
    with serving(town) as server:
        enrolled = enrol(folder, server=server, code=CODE, software="test")
        with open_client(server, None) as client:
            sender = Sender(
                client=client,
                server=server,
                device=enrolled.enrolment.device,
                identity=Identity.load(folder),
                nonce=lambda: secrets.token_bytes(NONCE_BYTES),
            )
            spool = a_spool(tmp_path)
            keeper = Keeper(
                folder=folder,
                enrolment=enrolled.enrolment,
                identity=sender.identity,
                spool=spool,
                clock=lambda: NOON,
            )
            keeper.open()
            reporter = Reporter(
                sender=sender,
                spool=spool,
                keeper=keeper,
                memory_safe=True,
                cameras=lambda: cameras,
                disk=tmp_path,
                clock=lambda: NOON,
            )
            yield Scene(town, reporter, cameras)
            reporter.spool.close()


def test_everything_that_cameras_are_found_to_do_has_its_code() -> None:
    texts = [words for _, words in video._WORDS]
    texts += ["it gave nothing for 8 s", "no folder: No such file or directory"]

    assert {kind_of(text) for text in texts} <= set(WhyNoPicture) - {WhyNoPicture.OTHER}
    assert kind_of("QX7SECR") is WhyNoPicture.OTHER


def test_a_report_counts_what_waits_and_what_was_lost(scene: Scene) -> None:
    spool = scene.reporter.spool
    spool.put(a_read(), NOON)

    first = scene.reporter.report(NOON + timedelta(seconds=40))
    spool.forget_due(NOON + timedelta(days=2))
    second = scene.reporter.report(NOON + timedelta(days=2))

    assert (first.number, first.waiting, first.oldest_s, first.lost) == (1, 1, 40, 0)
    assert first.queue_bytes > 0
    assert first.disk_free_bytes is not None
    assert (second.number, second.waiting, second.oldest_s, second.lost) == (
        2,
        0,
        None,
        1,
    )


def test_a_clock_that_was_set_gives_no_impossible_age(scene: Scene) -> None:
    later = attrs.evolve(HEALTH, since=NOON + timedelta(hours=1))
    ancient = attrs.evolve(HEALTH, last_frame_at=NOON - timedelta(days=20_000))
    scene.cameras[:] = [later, ancient]

    one, other = scene.reporter.report(NOON).cameras

    assert one.for_s == 0
    assert other.last_frame_s == LONGEST_AGE_S


def test_the_words_of_a_camera_do_not_leave_the_box(scene: Scene) -> None:
    scene.cameras[:] = [attrs.evolve(HEALTH, link="waiting", why="QX7SECR is there")]

    (camera,) = scene.reporter.report(NOON).cameras

    assert (camera.gives_picture, camera.why) == (False, "other")


def test_what_goes_wrong_only_delays_the_next_report(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "charteroak")
    # This server is of a version without reports.
    assert scene.reporter.attempt() == REVOKED_PAUSE_S

    nowhere = attrs.evolve(scene.reporter.sender, server="http://127.0.0.1:9")
    scene.reporter.sender = nowhere
    pauses = [scene.reporter.attempt() for _ in range(8)]

    assert pauses[0] == 30
    assert 30 < pauses[-1] <= 60

    def broken(_now: object) -> None:
        raise SpoolUnavailableError("the disk is away")

    monkeypatch.setattr(scene.reporter.spool, "stats", broken)
    assert scene.reporter.attempt() >= 30
    # Each kind of trouble once, not at every attempt.
    assert len(caplog.records) == 3
