"""The clock of a box jumps: nothing that waits is lost, doubled, or kept too long."""

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest
from PIL import ExifTags, Image

from charteroak.edge.camera import Frame, read_frame
from charteroak.edge.spool import Spool
from charteroak.edge.uptime import Uptime, uptime
from tests.edge.a_box import KEEP, NOON, a_read, a_spool, opened

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
YEAR = timedelta(days=365)
NINETEEN_SEVENTY = datetime.fromtimestamp(30, UTC)


@attrs.define
class Machine:
    """A machine with a clock that somebody sets, and an uptime that nobody does."""

    folder: Path
    now: datetime = NOON
    up: Uptime = attrs.field(factory=lambda: Uptime("first start", 5000))
    starts: int = 0

    def spool(self) -> Spool:
        self.starts += 1
        return a_spool(self.folder, boot_epoch=self.starts, uptime=lambda: self.up)

    def pass_time(self, by: timedelta) -> None:
        self.now += by
        self.up = Uptime(self.up.boot, self.up.ms + by // timedelta(milliseconds=1))

    def restart(self) -> None:
        self.up = Uptime(self.up.boot + " and another", 1000)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("jump", [HOUR, -HOUR, 2 * KEEP, -2 * KEEP, YEAR, -YEAR])
@pytest.mark.parametrize("new_process", [False, True])
def test_a_clock_that_jumps_makes_nothing_due_before_its_time_or_after(
    machine: Machine, jump: timedelta, *, new_process: bool
) -> None:
    spool = machine.spool()
    spool.put(a_read(), machine.now)
    machine.now += jump
    if new_process:
        spool.close()
        spool = machine.spool()

    assert spool.forget_due(machine.now) == 0
    machine.pass_time(KEEP - SECOND)
    assert spool.forget_due(machine.now) == 0
    batch = spool.next_batch(machine.now)
    assert batch is not None
    assert opened(batch.envelopes) == [a_read()]
    spool.release(batch)
    machine.pass_time(SECOND)
    assert spool.next_batch(machine.now) is None
    assert spool.forget_due(machine.now) == 1
    spool.close()


def test_a_jump_that_is_corrected_leaves_no_trace(machine: Machine) -> None:
    with closing(machine.spool()) as spool:
        spool.put(a_read(0), machine.now)
        machine.now += YEAR
        spool.put(a_read(1, seen_at=machine.now), machine.now)
        assert spool.forget_due(machine.now) == 0
        machine.now -= YEAR
        spool.put(a_read(2), machine.now)

        assert spool.forget_due(machine.now) == 0
        batch = spool.next_batch(machine.now)
        assert batch is not None
        assert [read.read_id for read in opened(batch.envelopes)] == [
            a_read(number).read_id for number in range(3)
        ]
        machine.pass_time(KEEP)
        # The one of the wrong year as well: it waited as long.
        assert spool.forget_due(machine.now) == 3


def test_a_box_that_begins_in_1970_keeps_what_it_saw_until_it_is_due(
    machine: Machine,
) -> None:
    machine.now = NINETEEN_SEVENTY
    with closing(machine.spool()) as spool:
        spool.put(a_read(0, seen_at=machine.now), machine.now)
        # A photo that says itself when it was taken.
        spool.put(a_read(1, seen_at=NOON), machine.now)
        machine.pass_time(HOUR)
        machine.now = NOON

        assert spool.forget_due(machine.now) == 0
        machine.pass_time(KEEP - HOUR - SECOND)
        assert spool.forget_due(machine.now) == 0
        machine.pass_time(SECOND)
        assert spool.forget_due(machine.now) == 2


def test_after_a_restart_of_the_machine_the_clock_decides(machine: Machine) -> None:
    """The documented rest: nothing else can say how long it was switched off."""
    with closing(machine.spool()) as spool:
        spool.put(a_read(0), machine.now)
    machine.restart()
    machine.now = NINETEEN_SEVENTY
    with closing(machine.spool()) as spool:
        # No network time yet: nothing is deleted, and what waits is delivered.
        assert spool.forget_due(machine.now) == 0
        batch = spool.next_batch(machine.now)
        assert batch is not None
        assert batch.boot_epoch == 2
        machine.now = NOON + KEEP - SECOND
        assert spool.forget_due(machine.now) == 0
        machine.pass_time(SECOND)
        assert spool.forget_due(machine.now) == 1


def test_what_was_set_aside_by_a_wrong_clock_is_sent_again(machine: Machine) -> None:
    with closing(machine.spool()) as spool:
        machine.now += YEAR
        spool.put(a_read(), machine.now)
        batch = spool.next_batch(machine.now)
        assert batch is not None
        spool.release(batch, not_before=machine.now + HOUR)
        assert spool.next_batch(machine.now) is None

        machine.now -= YEAR

        assert spool.stats(machine.now).set_aside == 0
        assert spool.next_batch(machine.now) is not None


def test_a_spool_of_the_first_release_goes_on(machine: Machine) -> None:
    with closing(machine.spool()) as spool:
        spool.put(a_read(0), machine.now)
        first = spool.next_batch(machine.now)
    assert first is not None
    path = machine.folder / "spool.sqlite3"
    path.unlink()
    with closing(sqlite3.connect(path)) as old, old:
        old.executescript(
            """
            CREATE TABLE envelopes (
                id         INTEGER PRIMARY KEY AUTOINCREMENT,
                created_at INTEGER NOT NULL,
                kept_until INTEGER NOT NULL,
                not_before INTEGER NOT NULL DEFAULT 0,
                boot_epoch INTEGER,
                sequence   INTEGER,
                envelope   BLOB NOT NULL
            ) STRICT;
            CREATE INDEX envelopes_due ON envelopes (kept_until);
            """
        )
        old.execute(
            "INSERT INTO envelopes (created_at, kept_until, envelope) VALUES (?, ?, ?)",
            (
                int(NOON.timestamp() * 1000),
                int((NOON + KEEP).timestamp() * 1000),
                first.envelopes[0],
            ),
        )

    with closing(machine.spool()) as spool:
        spool.put(a_read(1, seen_at=NOON + HOUR), NOON + HOUR)
        batch = spool.next_batch(machine.now)
        assert batch is not None
        assert len(opened(batch.envelopes)) == 2
        assert spool.forget_due(NOON + KEEP - SECOND) == 0
        assert spool.forget_due(NOON + KEEP) == 1


def test_the_uptime_of_this_machine_only_rises() -> None:
    before = uptime()
    time.sleep(0.01)
    after = uptime()

    assert before is not None
    assert after is not None
    assert before.boot == after.boot
    assert 0 < before.ms < after.ms


def photo_taken(folder: Path, name: str, local: str = "", offset: str = "") -> datetime:
    """When a photo says that it was taken."""
    exif = Image.Exif()
    if local:
        details = exif.get_ifd(ExifTags.IFD.Exif)
        details[ExifTags.Base.DateTimeOriginal] = local
        details[ExifTags.Base.OffsetTimeOriginal] = offset
    Image.new("RGB", (8, 8)).save(folder / name, "JPEG", exif=exif)
    frame = read_frame(folder / name)
    assert isinstance(frame, Frame)
    assert frame.captured_at is not None
    return frame.captured_at


def test_the_night_on_which_the_clocks_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "America/New_York")
        time.tzset()
        first = photo_taken(tmp_path, "a.jpg", "2026:11:01 01:30:00", "-04:00")
        again = photo_taken(tmp_path, "b.jpg", "2026:11:01 01:30:00", "-05:00")
        before = photo_taken(tmp_path, "c.jpg", "2027:03:14 01:59:59", "-05:00")
        after = photo_taken(tmp_path, "d.jpg", "2027:03:14 03:00:00", "-04:00")
        named = photo_taken(tmp_path, "20261101T053000Z_a.jpg")
    time.tzset()

    assert again - first == HOUR
    assert after - before == SECOND
    assert named == first


def test_a_leap_second_is_the_second_after_it(tmp_path: Path) -> None:
    new_year = datetime(2027, 1, 1, tzinfo=UTC)

    assert photo_taken(tmp_path, "20261231T235960Z.jpg") == new_year
    taken = photo_taken(tmp_path, "a.jpg", "2026:12:31 18:59:60", "-05:00")
    assert taken == new_year
