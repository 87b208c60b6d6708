"""A box whose disk is full, that is stolen, or whose cameras send what is no street."""

import logging
import os
import shutil
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import attrs
import numpy as np
import pytest
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from nacl.signing import SigningKey

from charteroak.core.camera import CameraId
from charteroak.edge.box import Box, opened_box
from charteroak.edge.camera import Frame, Source, UnreadablePictureError
from charteroak.edge.enrol import enrol
from charteroak.edge.settings import DataFolder, load_enrolled
from charteroak.edge.spool import RESERVE_BYTES, Spool
from charteroak.edge.spool_file import SpoolDiskFullError
from charteroak.edge.stream import VideoStream
from tests.edge.a_box import CAMERA, KEEP, NOON, a_read, a_spool, bytes_of
from tests.edge.a_server import CODE, Town, serving
from tests.edge.a_street import FRAME_S, Car, ColourEngine, picture
from tests.support.mjpeg import HANG, camera, jpeg_of
from tests.support.plate_shapes import shapes_of
from tests.support.video import film, sound

LARGE = os.urandom(100_000)
MEBIBYTE = 1024 * 1024
SEEN = "AB12345"
PATIENCE_S = 100
PLAIN = np.full((96, 160, 3), 90, np.uint8)
PARTS = b"Content-Type: multipart/x-mixed-replace; boundary=part\r\n\r\n--part\r\n"
"""The answer of a camera whose first picture never ends."""


def now() -> datetime:
    """Runs with the machine's, from noon."""
    return NOON + timedelta(seconds=time.monotonic())


def until(so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@attrs.define
class Street:
    """A camera past which a car drives whenever a test says so."""

    stop: threading.Event
    cars: int = 0
    driven: int = 0

    def arrivals(self) -> Iterator[Frame | UnreadablePictureError]:
        number = 0
        empty: list[list[Car]] = [[]] * 5
        drive = [*empty, *([Car(x)] for x in range(-100, 740, 40)), *empty]
        while not self.stop.wait(0.01):
            if self.driven == self.cars:
                continue
            self.driven += 1
            for scene in drive:
                number += 1
                yield Frame(
                    image=picture(scene, number=number),
                    source="street",
                    index=number,
                    time_s=number * FRAME_S + 100.0 * self.driven,
                    captured_at=now(),
                )


@contextmanager
def running(
    folder: DataFolder, watches: Mapping[str, Source], stop: threading.Event
) -> Iterator[Box]:
    """A box at work on cameras."""
    with opened_box(
        folder,
        load_enrolled(folder),
        engine=ColourEngine(),
        watches={CameraId(name): each for name, each in watches.items()},
        spool_limit_bytes=10**9,
        clock=now,
        nonce=lambda: os.urandom(16),
    ) as box:
        thread = threading.Thread(target=box.run, args=(stop,))
        thread.start()
        try:
            yield box
        finally:
            stop.set()
            thread.join()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MiB, real to everybody who writes to it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    options = ["-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(["mount", *options], check=False).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_filled_by_its_own_spool_still_delivers_and_deletes(
    small_disk: Path,
) -> None:
    with closing(a_spool(small_disk, limit_bytes=10**9)) as spool:
        accepted = fill_up(spool)
        batch = spool.next_batch(NOON)
        assert batch is not None
        marks = stored(small_disk)
        spool.acknowledge(batch)
        spool.put(a_read(1000, picture=LARGE), NOON)

        assert spool.forget_due(NOON + KEEP) == accepted - len(batch.ids) + 1
        stats = spool.stats(NOON + KEEP)
        assert (stats.waiting, stats.dropped) == (0, 1)
        assert stats.delivered == len(batch.ids)
        assert envelopes_in(small_disk, marks) == []


def fill_up(spool: Spool) -> int:
    """How many reads a spool took until its disk was full."""
    for number in range(1000):
        try:
            spool.put(a_read(number, picture=LARGE), NOON)
        except SpoolDiskFullError:
            return number
    pytest.fail("the disk does not fill")


def envelopes_in(folder: Path, envelopes: Sequence[bytes]) -> list[bytes]:
    left = bytes_of(folder)
    return [each for each in envelopes if each[40:72] in left]


def stored(folder: Path) -> list[bytes]:
    """Each envelope as it lies in the file."""
    with sqlite3.connect(folder / "spool.sqlite3") as connection:
        found = connection.execute("SELECT envelope FROM envelopes").fetchall()
    connection.close()
    return [row[0] for row in found]


def test_a_disk_filled_by_others_is_told_and_goes_on_when_there_is_room(
    small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    town, stop = Town(), threading.Event()
    folder = DataFolder(small_disk / "box")
    others = small_disk / "others"
    street = Street(stop, cars=1)
    with serving(town) as server:
        enrol(folder, server=server, code=CODE, software="test")
        with running(folder, {CAMERA: street}, stop) as box:
            until(lambda: len(town.reads) == 1)
            fill(others, small_disk)
            street.cars = 2
            until(lambda: box.tally.failed == 1)
            others.unlink()
            street.cars = 3
            until(lambda: box.spool.stats(now()).delivered == 2)
            stats = box.spool.stats(now())

    assert len(town.reads) == 2
    assert (stats.waiting, stats.dropped) == (0, 1)
    told = [r.message for r in caplog.records if r.levelno >= logging.ERROR]
    assert len(told) == 1
    assert "Free space on the disk" in told[0]
    # Undamaged: opening it checks every page.
    a_spool(folder.path, boot_epoch=99).close()


def fill(path: Path, disk: Path) -> None:
    """Leave a single mebibyte free."""
    assert RESERVE_BYTES > MEBIBYTE
    free = os.statvfs(disk)
    path.write_bytes(bytes(free.f_bavail * free.f_frsize - MEBIBYTE))


def test_what_is_stolen_with_a_box_shows_no_plate_and_no_picture(
    tmp_path: Path,
) -> None:
    town, stop = Town(), threading.Event()
    folder = DataFolder(tmp_path / "box")
    with serving(town) as server:
        enrol(folder, server=server, code=CODE, software="test")
        town.misbehave = [(503, b"")] * 10_000
        with running(folder, {CAMERA: Street(stop, cars=1)}, stop) as box:
            until(lambda: box.tally.reads == 1)
            stolen = DataFolder(tmp_path / "stolen while it ran")
            shutil.copytree(folder.path, stolen.path)
        for thief in (stolen, folder):
            everything = bytes_of(thief.path)
            assert len(everything) > 5000
            assert [each for each in shapes_of(SEEN) if each in everything] == []
            # The beginning of a JPEG's first table, of WebP, PNG, and of MessagePack.
            for picture_of in (b"\xff\xd8\xff", b"JFIF", b"RIFF", b"\x89PNG"):
                assert picture_of not in everything
            assert b"plate_picture" not in everything
        with closing(a_spool(stolen.path, boot_epoch=99)) as spool:
            batch = spool.next_batch(now())
    assert batch is not None
    keys = keys_in(stolen)
    assert len(keys) > 10
    for key in keys:
        for envelope in batch.envelopes:
            with pytest.raises(CryptoError):
                SealedBox(key).decrypt(envelope)


def keys_in(stolen: DataFolder) -> list[PrivateKey]:
    """Every 32 bytes of every small file of a box, taken for a key."""
    signing = stolen.key.read_bytes()
    enrolment = stolen.enrolment.read_bytes()
    agency_key = load_enrolled(stolen).enrolment.agency_key
    found = [PrivateKey(signing), PrivateKey(agency_key)]
    found.append(SigningKey(signing).to_curve25519_private_key())
    found += [
        PrivateKey(enrolment[place : place + 32])
        for place in range(len(enrolment) - 32)
    ]
    return found


@contextmanager
def babbling(head: bytes = b"\r\n") -> Iterator[str]:
    """A camera that sends bytes which mean nothing, as fast as they are taken."""
    noise = os.urandom(65_536)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = threading.Event()

        def babble() -> None:
            while not done.is_set():
                try:
                    with listener.accept()[0] as connection:
                        connection.sendall(b"HTTP/1.0 200 OK\r\n" + head)
                        while not done.wait(0.005):
                            connection.sendall(noise)
                except OSError:
                    continue

        thread = threading.Thread(target=babble)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/live"
        finally:
            done.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def odd_videos(folder: Path) -> dict[str, str]:
    """What no camera should send, each in a file of its own."""

    def made(name: str, frames: int = 12, **how: object) -> Path:
        return film(folder / name, images=[PLAIN] * frames, **how)  # type: ignore[arg-type] # passed on as they are

    whole = made("whole.mp4", 30).read_bytes()
    cut = made("cut.mkv", 40, codec="mjpeg")
    cut.write_bytes(cut.read_bytes()[: len(cut.read_bytes()) // 2])
    (folder / "no-index.mp4").write_bytes(whole[: len(whole) // 2])
    (folder / "no-codec.mp4").write_bytes(whole.replace(b"avc1", b"zzzz"))
    (folder / "text.mp4").write_text("no video")
    (folder / "nothing.mp4").touch()
    sound(folder / "sound.mp4")
    made("variable.mkv", 4, stamps_ms=[0, 7, 400, 401])
    made("stampless.h264")
    film(folder / "huge.mkv", codec="mjpeg", frames=1, size=(7680, 4320))
    (folder / "whole.mp4").unlink()
    return {path.stem: str(path) for path in sorted(folder.iterdir())}


def test_odd_videos_harm_neither_the_box_nor_its_other_cameras(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    town, stop = Town(), threading.Event()
    folder = DataFolder(tmp_path / "box")
    odd = tmp_path / "odd"
    odd.mkdir()
    street = Street(stop)
    with (
        serving(town) as server,
        babbling() as noise,
        babbling(PARTS + b"Content-Type: image/jpeg\r\n\r\n") as endless,
        camera() as changing,
    ):
        enrol(folder, server=server, code=CODE, software="test")
        sizes = [(640, 360), (320, 180), (400, 300), (1280, 720), (640, 360)]
        greys = [np.full((h, w, 3), 90, np.uint8) for w, h in sizes for _ in range(2)]
        changing.plays([jpeg_of(each) for each in greys], then=HANG)
        sources = odd_videos(odd) | {"noise": noise, "endless": endless}
        sources["changing"] = changing.address()
        watches: dict[str, Source] = {
            name: VideoStream(address=each, stop=stop, clock=now)
            for name, each in sources.items()
        }
        Path("/proc/self/clear_refs").write_text("5")
        before = most_memory_bytes()
        with running(folder, watches | {CAMERA: street}, stop) as box:

            def health(name: str) -> tuple[str, int]:
                found = {each.camera: each for each in box.cameras()}[CameraId(name)]
                return found.why, found.frames

            street.cars = 1
            until(lambda: len(town.reads) == 1)
            broken = ["no-index", "no-codec", "text", "nothing", "sound"]
            babblers = ["noise", "endless"]
            for name in [*broken, *babblers]:
                until(lambda name=name: health(name)[0] not in {"", "no picture yet"})  # type: ignore[misc] # mypy cannot infer a lambda with a default
            for name in ["cut", "variable", "stampless", "huge", "changing"]:
                until(lambda name=name: health(name)[1] > 0)  # type: ignore[misc] # likewise
            # And the good camera goes on beside all of them.
            street.cars = 2
            until(lambda: len(town.reads) == 2)
            grown = most_memory_bytes() - before
            assert all(health(name)[1] == 0 for name in [*broken, *babblers])
            assert box.tally.failed == 0
        assert stop.is_set()

    assert {read.plate for read in town.reads.values()} == {SEEN}
    # A frame of 8K is 100 MB, in colour; what never ends is cut off after 8 s.
    assert grown < 1500 * MEBIBYTE, grown
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]


def most_memory_bytes() -> int:
    """The most that this process has held since it was told to forget (proc(5))."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
