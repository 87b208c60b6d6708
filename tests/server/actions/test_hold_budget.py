"""A long copy leaves time for a purge and for other holds, and goes on by itself."""

import secrets
from datetime import timedelta

import attrs
import pytest
from tests.support.agency import SettableClock
from tests.support.holds import SAM, a_span, asked_for
from tests.support.sightings import a_read, taken
from tests.support.tables import Tables

from charteroak.core.duty import Duty, every
from charteroak.core.hold import HoldId
from charteroak.server.actions.approve_hold import SpanBegun, approve_hold, keep_spans
from charteroak.server.actions.make_buckets import make_buckets
from charteroak.server.actions.note_duty import standing
from charteroak.server.agency import Agency
from charteroak.server.vault.pictures import Pictures
from charteroak.server.worker import Worker

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    approving = "charteroak.server.actions.approve_hold"
    monkeypatch.setattr(f"{approving}._MOST_AT_ONCE", 0)
    monkeypatch.setattr(f"{approving}.walking._BATCH", 2)


def passing(agency: Agency, reads: int, *, camera: str = "main-st") -> None:
    for number in range(reads):
        read = a_read(agency, ago=(number + 1) * MINUTE, camera=camera)
        taken(agency, read, pictures=[b"plate of it", b"vehicle of it"])


@pytest.fixture
def slow(agency: Agency, agency_clock: SettableClock) -> Agency:
    """The agency on a disk that needs 30 seconds for a batch of two."""

    def entropy(size: int) -> bytes:
        agency_clock.advance(timedelta(seconds=6))  # a name and four nonces
        return secrets.token_bytes(size)

    folder = agency.settings.data / "pictures"
    pictures = Pictures(folder, keys=agency.keys, entropy=entropy)
    return attrs.evolve(agency, pictures=pictures)


def approved(agency: Agency, camera: str = "main-st") -> HoldId:
    hold_id = asked_for(agency, a_span(agency, cameras=(camera,)))
    assert isinstance(approve_hold(agency, SAM, hold_id), SpanBegun)
    return hold_id


def test_a_purge_comes_on_time_between_two_runs_of_a_long_copy(
    agency: Agency, slow: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    old = taken(agency, a_read(agency, ago=2 * DAY))
    agency_clock.advance(agency.retention.limit)
    make_buckets(agency)
    passing(agency, 8)
    approved(agency)
    begun = agency_clock()
    worker = Worker(slow)
    worker.look()

    budget = every(Duty.KEEP_HOLDS, agency.retention.granule)
    assert tables.count("held_reads") == 4
    purged = standing(agency)[Duty.PURGE_READS].last_success_at
    assert purged is not None
    assert purged - begun <= budget
    gone = tables.rows(f"SELECT 1 FROM reads WHERE read_id = '{old.read_id}'")  # noqa: S608
    assert gone == []

    agency_clock.advance(budget)
    worker.look()

    assert tables.count("held_reads") == 8
    assert len(tables.public_entries("hold.kept")) == 4
    assert tables.rows("SELECT plate_picture = '' FROM held_reads GROUP BY 1") == [
        (False,)
    ]


def test_no_hold_starves_behind_others(
    agency: Agency, slow: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    cameras = [f"camera-{number}" for number in range(4)]
    for camera in cameras:
        passing(agency, 20, camera=camera)
    holds = [approved(agency, camera) for camera in cameras]

    # A batch is half of what one run may take: two of four get one at a time.
    for _ in cameras:
        begun = agency_clock()
        assert keep_spans(slow) == 4
        assert agency_clock() - begun == MINUTE
        agency_clock.advance(every(Duty.KEEP_HOLDS, agency.retention.granule))

    rows = tables.rows("SELECT hold_id, count(*) FROM held_reads GROUP BY hold_id")
    assert set(rows) == {(hold, 4) for hold in holds}
