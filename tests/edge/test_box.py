"""The box at work: every picture's plates reach the server once, and nothing else does."""

import io
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import attrs
import numpy as np
import pytest
from PIL import Image as Pillow
from typing_extensions import override

from charteroak.core.camera import CameraId
from charteroak.core.http_signature import NONCE_BYTES
from charteroak.core.plate import PlateText
from charteroak.edge.box import AlreadyRunningError, Box, opened_box
from charteroak.edge.camera import (
    FolderWatch,
    Frame,
    Interruption,
    UnreadablePictureError,
)
from charteroak.edge.enrol import enrol
from charteroak.edge.health import Pulse
from charteroak.edge.reader import car_id, read_id
from charteroak.edge.recognize import Image, Recognizer, Sighting
from charteroak.edge.settings import DataFolder, load_enrolled
from charteroak.edge.spool_file import CorruptSpoolError
from tests.edge.a_box import CAMERA, DEVICE, KEEP, NOON, PLATE, bytes_of
from tests.edge.a_server import CODE, Town, serving
from tests.edge.a_street import FRAME_S, Car, ColourEngine, drive, picture

NAME = "20261001T120000Z_one.jpg"
SEEN_BY_NAME = NOON


@attrs.define
class OnePlate:
    """An engine that sees one plate in whatever is not black."""

    trouble: Exception | None = None
    seen: int = 0

    @property
    def name(self) -> str:
        return "one-plate"

    def sightings(self, image: Image) -> Sequence[Sighting]:
        self.seen += 1
        if self.trouble is not None:
            raise self.trouble
        if not image.any():
            return []
        return [
            Sighting(
                plate=PlateText(PLATE),
                confidence=0.9,
                characters=(0.9,) * len(PLATE),
                box=(40, 40, 40, 20),
                engine=self.name,
            )
        ]


@attrs.define
class Scene:
    """An enrolled box with one camera folder, and the town it belongs to."""

    town: Town
    folder: DataFolder
    pictures: Path
    now: datetime = NOON

    def add(self, name: str = NAME, *, grey: int = 200) -> Path:
        picture = np.full((120, 160, 3), grey, np.uint8)
        out = io.BytesIO()
        Pillow.fromarray(picture).save(out, "JPEG")
        path = self.pictures / name
        path.write_bytes(out.getvalue())
        return path

    @contextmanager
    def box(
        self,
        engine: Recognizer | None = None,
        *,
        stop: threading.Event | None = None,
        limit: int = 10**9,
        delete: bool = False,
    ) -> Iterator[Box]:
        watch = FolderWatch(
            folder=self.pictures,
            stop=stop or threading.Event(),
            poll_s=0.02,
            delete=delete,
        )
        with opened_box(
            self.folder,
            load_enrolled(self.folder),
            engine=engine or OnePlate(),
            watches={CameraId(CAMERA): watch},
            spool_limit_bytes=limit,
            clock=lambda: self.now,
            nonce=lambda: secrets.token_bytes(NONCE_BYTES),
        ) as box:
            yield box

    def work(
        self,
        until: Callable[[Box], bool],
        engine: Recognizer | None = None,
        *,
        limit: int = 10**9,
        delete: bool = False,
    ) -> Box:
        """Run a box until something is so, then stop it; give it up after a while."""
        self.now += timedelta(microseconds=1)
        stop = threading.Event()
        with self.box(engine, stop=stop, limit=limit, delete=delete) as box:
            ended: list[BaseException] = []

            def run() -> None:
                try:
                    box.run(stop)
                except BaseException as trouble:  # noqa: BLE001 - raised again below
                    ended.append(trouble)

            thread = threading.Thread(target=run)
            thread.start()
            deadline = time.monotonic() + 20
            while not until(box) and time.monotonic() < deadline and not stop.is_set():
                time.sleep(0.01)
            reached = until(box)
            stop.set()
            thread.join()
            if ended:
                raise ended[0]
            assert reached
        return box


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    town = Town()
    scene = Scene(town, DataFolder(tmp_path / "box"), tmp_path / "pictures")
    scene.pictures.mkdir()
    with serving(town) as server:
        enrol(scene.folder, server=server, code=CODE, software="test")
        yield scene


def delivered(count: int) -> Callable[[Box], bool]:
    return lambda box: box.spool.stats(NOON).delivered >= count


def test_a_picture_becomes_a_read_at_the_server(scene: Scene) -> None:
    scene.add()

    scene.work(delivered(1))

    (read,) = scene.town.reads.values()
    assert (read.plate, read.camera, read.seen_at) == (PLATE, CAMERA, NOON)
    assert read.box == (40, 40, 40, 20)
    assert read.engine == "one-plate"
    for kept in [read.plate_picture, read.vehicle_picture]:
        with Pillow.open(io.BytesIO(kept)) as opened:
            assert opened.format == "JPEG"
    # 40 pixels and a tenth on each side: nothing wider of the frame is sharp.
    with Pillow.open(io.BytesIO(read.plate_picture)) as opened:
        assert opened.size == (48, 24)
    assert read.to_read().plate == PlateText(PLATE)


def test_neither_the_folder_nor_the_log_names_a_plate(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.town.misbehave = [(503, b"")] * 1000
    for number in range(5):
        scene.add(f"20261001T12000{number}Z_{PLATE}.jpg")
    (scene.pictures / f"broken-{PLATE}.jpg").write_bytes(b"no picture")

    with caplog.at_level(logging.DEBUG, "charteroak"):
        box = scene.work(
            lambda box: (
                box.tally.reads == 5
                and box.tally.unreadable == 1
                and box.uplink.status.failures > 0
            )
        )

    assert len(caplog.records) > 3
    assert PLATE not in caplog.text
    assert PLATE.encode() not in bytes_of(scene.folder.path)
    assert CAMERA.encode() not in (scene.folder.path / "spool.sqlite3").read_bytes()
    assert box.tally.pictures == 5


def test_a_picture_that_is_read_again_is_counted_once(scene: Scene) -> None:
    scene.add()

    scene.work(delivered(1))
    scene.work(delivered(2))

    assert len(scene.town.deliveries) == 2
    assert len(scene.town.reads) == 1


def test_the_id_of_a_read_is_its_own() -> None:
    def made(source: str = "a/b.jpg", index: int = 0, seen_at: datetime = NOON) -> str:
        frame = Frame(image=np.zeros((1, 1, 3), np.uint8), source=source)
        return str(read_id(DEVICE, CameraId(CAMERA), frame, seen_at, index))

    assert made() == made(source="elsewhere/b.jpg")
    assert made()[14] == "8"
    others = {made(index=1), made(source="c.jpg"), made(seen_at=NOON + KEEP)}
    assert len(others | {made()}) == 4


def test_processed_pictures_are_deleted_if_wished(scene: Scene) -> None:
    paths = [scene.add(f"{number}.jpg") for number in range(3)]
    broken = scene.pictures / "broken.jpg"
    broken.write_bytes(b"no picture")

    scene.work(lambda _: not any(path.exists() for path in paths), delete=True)

    assert broken.exists()


def test_the_picture_in_hand_is_finished_when_told_to_stop(scene: Scene) -> None:
    scene.add()
    begun = threading.Event()

    class Slow(OnePlate):
        @override
        def sightings(self, image: Image) -> Sequence[Sighting]:
            begun.set()
            time.sleep(0.3)
            return super().sightings(image)

    box = scene.work(lambda _: begun.is_set(), Slow())

    assert box.tally.reads == 1
    with scene.box() as again:
        stats = again.spool.stats(NOON)
        assert stats.waiting + stats.delivered == 1


def test_a_full_spool_loses_reads_in_the_open(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.town.misbehave = [(503, b"")] * 1000
    for number in range(4):
        scene.add(f"{number}.jpg")

    box = scene.work(lambda box: box.tally.failed == 4, limit=10)

    assert box.tally.reads == 0
    told = [r.message for r in caplog.records if "a read is lost" in r.message]
    assert len(told) == 1
    with scene.box() as again:
        assert "4 dropped" in again.status()


def test_an_engine_that_fails_costs_one_picture_and_betrays_nothing(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.add("1.jpg")
    engine = OnePlate(trouble=ValueError(f"cannot read {PLATE}"))

    def second_picture(box: Box) -> bool:
        if box.tally.failed and engine.trouble is not None:
            engine.trouble = None
            scene.add("2.jpg")
        return box.tally.reads == 1

    scene.work(second_picture, engine)

    assert "a picture failed: ValueError" in caplog.text
    assert PLATE not in caplog.text


def test_two_boxes_on_one_folder_are_refused(scene: Scene) -> None:
    with scene.box(), pytest.raises(AlreadyRunningError), scene.box():
        pass
    with scene.box():
        pass


def test_a_damaged_spool_is_moved_aside_and_the_box_goes_on(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.folder.spool.write_bytes(b"damaged" * 1000)
    scene.add()

    scene.work(delivered(1))

    assert "ALARM: the spool was damaged" in caplog.text
    (aside,) = scene.folder.path.glob("spool-aside-*.sqlite3")
    assert aside.read_bytes() == b"damaged" * 1000

    scene.now += KEEP + timedelta(seconds=1)
    scene.work(lambda _: not aside.exists())


def test_what_is_due_is_deleted_while_the_server_is_away(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.town.misbehave = [(503, b"")] * 1000
    scene.add()

    def a_day_later(box: Box) -> bool:
        if box.tally.reads == 1:
            scene.now = NOON + KEEP
        return box.spool.stats(NOON).forgotten == 1

    scene.work(a_day_later)

    assert "1 reads were due before they were sent: deleted" in caplog.text
    assert not scene.town.reads


def test_a_spool_that_breaks_at_work_ends_the_box(scene: Scene) -> None:
    def cut_it_off(box: Box) -> bool:
        box.spool.arrived.set()
        for end in ["", "-wal"]:
            with Path(f"{scene.folder.spool}{end}").open("r+b") as file:
                file.truncate(100)
        return False

    with pytest.raises(CorruptSpoolError):
        scene.work(cut_it_off)


def test_a_deletion_that_cannot_be_is_told(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    def read_only(box: Box) -> bool:
        box.spool._connection.execute("PRAGMA query_only = ON")
        return "could not be deleted yet" in caplog.text

    scene.work(read_only)

    told = [r for r in caplog.records if "could not be deleted yet" in r.message]
    assert told
    assert told[0].levelno == logging.ERROR


def test_a_folder_that_went_away_is_looked_for_again(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.pictures.rmdir()

    scene.work(lambda _: "no folder" in caplog.text)


def test_the_status_line_has_the_figures(scene: Scene) -> None:
    scene.add()
    box = scene.work(delivered(1))
    assert box.tally.reads == 1
    with scene.box() as again:
        line = again.status()

    assert line.startswith("starting; 0 waiting (0 bytes, oldest 0 s), 1 delivered")
    assert PLATE not in line


@attrs.define
class Camera:
    """A source that gives what a test says: frames, and interruptions."""

    stop: threading.Event
    given: Sequence[Frame | UnreadablePictureError | Interruption]

    def arrivals(self) -> Iterator[Frame | UnreadablePictureError | Interruption]:
        yield from self.given
        self.stop.wait()


def street_frames() -> list[Frame]:
    """A car drives by: the frames of a few seconds."""
    cars: list[list[Car]] = [*[[]] * 5, *([Car(x)] for x in range(-100, 740, 40)), []]
    return [
        Frame(
            image=picture(scene, number=number),
            source="rtsp://camera/live",
            index=number,
            time_s=number * FRAME_S,
            captured_at=NOON + timedelta(seconds=number * FRAME_S),
        )
        for number, scene in enumerate(cars)
    ]


def test_a_stream_gives_one_read_of_a_passing_car(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    frames = street_frames()
    off = [
        Interruption(why="no answer", again_in_s=2.0**n, since=NOON) for n in range(5)
    ]
    damaged = UnreadablePictureError("rtsp://camera/live", "damaged")
    camera = Camera(threading.Event(), [*off, *frames[:4], damaged, *frames[4:], *off])
    turns = threading.Lock()

    with (
        caplog.at_level(logging.INFO, "charteroak"),
        opened_box(
            scene.folder,
            load_enrolled(scene.folder),
            engine=ColourEngine(),
            watches={CameraId(CAMERA): camera},
            spool_limit_bytes=10**9,
            clock=lambda: scene.now,
            nonce=iter(n.to_bytes(16) for n in range(10**6)).__next__,
            turns=turns,
        ) as box,
    ):
        (before,) = box.cameras()
        thread = threading.Thread(target=box.run, args=(camera.stop,))
        thread.start()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not (
            scene.town.reads and box.tally.interruptions == 10
        ):
            time.sleep(0.02)
        (health,) = box.cameras()
        line = box.status()
        camera.stop.set()
        thread.join()

    (read,) = scene.town.reads.values()
    assert read.plate == "AB12345"
    assert read.seen_at in {frame.captured_at for frame in frames}
    assert read.read_id.version == 8
    assert (before.link, before.frames, before.last_frame_at) == ("waiting", 0, None)
    assert (health.link, health.why) == ("waiting", "no answer")
    assert health.frames == len(frames)
    assert health.last_frame_at == scene.now
    assert "10 interruptions" in line
    assert f"waiting for {CAMERA} (no answer)" in line
    # Each kind once a minute, and the box's clock stands still here.
    told = [r.message for r in caplog.records if "no answer" in r.message]
    assert [text for text in told if "gives no picture" in text] == [
        f"{CAMERA}: gives no picture: no answer"
    ]
    assert "a picture cannot be read" in caplog.text
    assert "AB12345" not in caplog.text


def test_the_id_of_a_passing_car_is_its_own() -> None:
    def made(epoch: int = 1, number: int = 0, first_s: float = 1.0) -> UUID:
        car = attrs.evolve(one, number=number, first_s=first_s)
        return car_id(DEVICE, CameraId(CAMERA), epoch, car)

    one = drive(frame.image for frame in street_frames())[0]
    assert made() == made()
    others = {made(epoch=2), made(number=1), made(first_s=1.2)}
    assert len(others | {made()}) == 4


def test_the_rate_of_a_camera_is_by_its_own_frames() -> None:
    pulse = Pulse.of(CameraId(CAMERA), NOON)
    for number in range(50):
        pulse.frame(number / 4, NOON, 0)
    assert pulse.now.fps == 4.0
    pulse.waits("no answer", NOON + KEEP)
    assert (pulse.now.link, pulse.now.fps, pulse.now.since) == (
        "waiting",
        0.0,
        NOON + KEEP,
    )
    pulse.frame(0.0, NOON + 2 * KEEP, 3)
    assert (pulse.now.link, pulse.now.dropped) == ("ok", 3)
    assert pulse.now.since == NOON + 2 * KEEP
