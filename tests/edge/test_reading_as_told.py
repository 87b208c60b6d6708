"""Pictures are looked at only as far as the box was told that it may."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import attrs
import pytest
from typer.testing import CliRunner

from charteroak.core.box_list import ListedPlate
from charteroak.core.box_report import WhyNoPicture
from charteroak.core.camera import CameraId
from charteroak.core.orders import LAST_S
from charteroak.core.plate import match_key
from charteroak.edge.box import Box, opened_box
from charteroak.edge.camera import FolderWatch, Frame, Interruption, Source
from charteroak.edge.cli import app
from charteroak.edge.enrol import enrol
from charteroak.edge.report import kind_of
from charteroak.edge.settings import DataFolder, load_enrolled
from tests.edge.a_box import CAMERA, NOON
from tests.edge.a_server import CODE, Town, serving
from tests.edge.a_street import FRAME_S, Car, ColourEngine, picture
from tests.support.mjpeg import jpeg_of

LISTED, OTHER = "STALEN77", "QX7SECR"


@attrs.define
class Street:
    """Plays its scenes once, then waits."""

    scenes: list[list[Car] | Interruption]
    stop: threading.Event = attrs.field(factory=threading.Event)

    def arrivals(self) -> Iterator[Frame | Interruption]:
        for number, scene in enumerate(self.scenes):
            if isinstance(scene, Interruption):
                yield scene
                continue
            yield Frame(
                image=picture(scene, number=number),
                source="street",
                index=number,
                time_s=number * FRAME_S,
                captured_at=NOON,
            )
        self.stop.set()


def passing(plate: str) -> list[list[Car] | Interruption]:
    cars: list[list[Car] | Interruption] = [
        [Car(x, text=plate)] for x in range(-100, 740, 40)
    ]
    return [[], [], *cars, [], [], [], [], [], []]


@pytest.fixture
def town() -> Town:
    return Town(listed=[])


@pytest.fixture
def data(tmp_path: Path, town: Town) -> Iterator[DataFolder]:
    folder = DataFolder(tmp_path / "box")
    with serving(town) as server:
        enrol(folder, server=server, code=CODE, software="test")
        yield folder


def followed(data: DataFolder, town: Town, source: Source) -> tuple[Box, ColourEngine]:
    """What becomes of a source once the box has asked what it may do."""
    engine = ColourEngine()
    with opened_box(
        data,
        load_enrolled(data),
        engine=engine,
        watches={CameraId(CAMERA): source},
        spool_limit_bytes=10**9,
        clock=lambda: NOON,
        nonce=iter(bytes([n]) * 16 for n in range(1, 200)).__next__,
    ) as box:
        box.listener.attempt()
        box.keeper.asked.set()
        box.readers[0].follow()
        assert town.asked
    return box, engine


def test_of_a_stream_the_hits_are_kept(town: Town, data: DataFolder) -> None:
    town.mode = "edge-only"
    town.listed = [a_listed(LISTED)]
    street = Street([*passing(OTHER), *passing(LISTED), *passing(OTHER[::-1])])

    box, _ = followed(data, town, street)

    assert (box.tally.reads, box.tally.forgotten) == (1, 2)
    assert box.keeper.forgotten(CameraId(CAMERA))[0][1] == 2
    assert box.reporter.keeper is box.keeper


def a_listed(plate: str) -> ListedPlate:
    return ListedPlate(match_key=match_key(plate), state=None)


def test_a_camera_that_breaks_off_leaves_no_car_in_memory(
    town: Town, data: DataFolder
) -> None:
    town.mode = "edge-only"
    gone = Interruption(why="it does not answer", again_in_s=1, since=NOON)
    half = passing(OTHER)[:16]

    box, _ = followed(data, town, Street([*half, gone]))

    assert box.tally.forgotten == 1
    reader = box.readers[0]
    assert len(reader._passing._tracker.tracks) == 0


def test_photographs_on_a_disk_are_not_read_where_only_hits_are_kept(
    town: Town, data: DataFolder, tmp_path: Path
) -> None:
    town.mode = "edge-only"
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "one.jpg").write_bytes(jpeg_of(picture([Car(320, text=OTHER)])))
    stop = threading.Event()
    watch = FolderWatch(folder=photos, stop=stop, poll_s=0.02, delete=True)
    threading.Timer(1.0, stop.set).start()

    box, engine = followed(data, town, watch)

    assert (engine.looks, box.tally.pictures) == (0, 0)
    (health,) = box.cameras()
    assert health.link == "waiting"
    assert kind_of(health.why) is WhyNoPicture.NOT_ALLOWED
    # And it does not go on lying there, where that is how the box was started.
    assert list(photos.iterdir()) == []


def test_photographs_are_not_deleted_unread_while_orders_are_missing(
    town: Town, data: DataFolder, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("one.jpg", "two.jpg"):
        (photos / name).write_bytes(jpeg_of(picture([Car(320, text=OTHER)])))
    stop, now, engine = threading.Event(), NOON, ColourEngine()
    watch = FolderWatch(folder=photos, stop=stop, poll_s=0.02, delete=True)
    town.clock = lambda: now
    with opened_box(
        data,
        load_enrolled(data),
        engine=engine,
        watches={CameraId(CAMERA): watch},
        spool_limit_bytes=10**9,
        clock=lambda: now,
        nonce=iter(bytes([n]) * 16 for n in range(1, 200)).__next__,
    ) as box:
        # The orders of its enrolment are over.
        now += timedelta(seconds=LAST_S)
        box.keeper.asked.set()
        follows = threading.Thread(target=box.readers[0].follow)
        follows.start()
        try:
            until(lambda: kind_of(box.cameras()[0].why) is WhyNoPicture.NOT_ALLOWED)
            assert not stop.wait(0.5)
            assert (engine.looks, len(list(photos.iterdir()))) == (0, 2)

            box.listener.attempt()

            until(lambda: not list(photos.iterdir()))
            assert engine.looks == box.tally.pictures == 2
        finally:
            stop.set()
            follows.join()


def test_a_box_stopped_while_it_waits_for_orders_deletes_nothing(
    town: Town, data: DataFolder, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "one.jpg").write_bytes(jpeg_of(picture([Car(320, text=OTHER)])))
    stop = threading.Event()
    watch = FolderWatch(folder=photos, stop=stop, poll_s=0.02, delete=True)
    threading.Timer(1.0, stop.set).start()
    town.lasts_s = 0

    box, engine = followed(data, town, watch)

    assert (engine.looks, box.tally.pictures) == (0, 0)
    assert len(list(photos.iterdir())) == 1


def until(happens: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not happens():
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_what_waited_while_the_server_was_away_is_not_sent_under_new_rules(
    town: Town, data: DataFolder
) -> None:
    """The box hears what it may keep before it sends anything of its backlog."""
    street = Street([*passing(OTHER), *passing(OTHER[::-1])])
    box, _ = followed(data, town, street)
    assert box.tally.reads == 2
    town.mode, stop = "edge-only", threading.Event()
    with opened_box(
        data,
        load_enrolled(data),
        engine=ColourEngine(),
        watches={},
        spool_limit_bytes=10**9,
        clock=lambda: NOON,
        nonce=iter(bytes([n]) * 16 for n in range(1, 200)).__next__,
    ) as again:
        assert again.spool.stats(NOON).waiting == 2
        threading.Timer(1.5, stop.set).start()
        again.run(stop)
        assert again.spool.stats(NOON).destroyed == 2

    assert town.deliveries == []
    assert town.asked.count("/api/v1/orders") > 1


@pytest.mark.parametrize("mode", ["stopped", "a later word"])
def test_a_box_that_is_stopped_looks_at_nothing(
    town: Town, data: DataFolder, mode: str
) -> None:
    town.mode = mode

    box, engine = followed(data, town, Street(passing(OTHER)))

    assert (engine.looks, box.tally.reads, box.tally.forgotten) == (0, 0, 0)
    (health,) = box.cameras()
    assert kind_of(health.why) is WhyNoPicture.NOT_ALLOWED
    assert "told to read nothing" in box.keeper.in_words()


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("ordinary", "keeps every read until it is sent or due"),
        ("edge-only", "matches at the camera; forgets the rest at once"),
        ("stopped", "was told to read nothing"),
    ],
)
def test_the_command_line_says_what_the_box_keeps(
    town: Town, data: DataFolder, monkeypatch: pytest.MonkeyPatch, mode: str, words: str
) -> None:
    monkeypatch.setattr("charteroak.edge.cli._now", lambda: NOON)
    town.mode = mode
    followed(data, town, Street([]))

    plain = CliRunner().invoke(app, ["spool", "--data", str(data.path)])
    packed = CliRunner().invoke(app, ["spool", "--data", str(data.path), "--json"])

    assert words in plain.stdout
    assert json.loads(packed.stdout)["mode"] == mode
