"""A box whose clock jumps, before the real server: nothing is lost or doubled."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from charteroak.edge.spool import Spool
from charteroak.edge.uptime import Uptime
from charteroak.server.actions.ingest_reads import Taken
from charteroak.server.agency import Agency
from tests.support.agency import SettableClock
from tests.support.box import FakeBox
from tests.support.tables import Tables

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def a_spool(box: FakeBox, folder: Path, up_ms: list[int]) -> Spool:
    return Spool.open(
        folder / "spool.sqlite3",
        agency_key=box.agency_key,
        keep=DAY,
        limit_bytes=10**8,
        boot_epoch=1,
        uptime=lambda: Uptime("one start", up_ms[0]),
    )


@pytest.mark.parametrize(
    ("wrong", "misdated"),
    [
        (HOUR, 3),
        (-HOUR, 0),
        (365 * DAY, 3),
        (datetime.fromtimestamp(30, UTC) - datetime(2026, 10, 15, 12, tzinfo=UTC), 3),
    ],
)
def test_reads_of_a_clock_that_jumps_and_is_set_right_are_kept_once(  # noqa: PLR0913, PLR0917 - two cases and four fixtures
    agency: Agency,
    agency_clock: SettableClock,
    box: FakeBox,
    tables: Tables,
    tmp_path: Path,
    wrong: timedelta,
    misdated: int,
) -> None:
    up_ms = [0]
    with closing(a_spool(box, tmp_path, up_ms)) as spool:
        # Three reads before the jump, three while the clock is wrong, three after.
        for off in (timedelta(0), wrong, timedelta(0)):
            for _ in range(3):
                agency_clock.advance(SECOND)
                up_ms[0] += 1000
                now = agency.clock() + off
                spool.put(box.read(seen_at=now), now)
                assert spool.forget_due(now) == 0
        batch = spool.next_batch(agency.clock())
        assert batch is not None
        assert len(batch.envelopes) == 9
        sent = box.batch(*batch.envelopes)

        # Sent by the wrong clock, its answer lost; sent again by the right one.
        first = box.deliver(sent, created=agency.clock() + wrong)
        second = box.deliver(sent)
        spool.acknowledge(batch)

    assert isinstance(first, Taken), first
    assert isinstance(second, Taken), second
    assert first.answer.misdated == misdated
    assert first.answer.kept + first.answer.misdated >= len(batch.envelopes)
    assert tables.count("reads") == 9 - misdated
    assert tables.count("reads_misdated") == misdated
