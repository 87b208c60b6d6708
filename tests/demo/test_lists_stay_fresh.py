"""The demonstration loads its lists anew, so that they alert however long it runs."""

import time
from datetime import timedelta

from tests.support.agency import SettableClock

from charteroak.demo.founding import found
from charteroak.demo.run import lists_kept_fresh
from charteroak.server.actions.see_hotlists import see_hotlists
from charteroak.server.agency import Agency


def test_lists_are_loaded_anew_while_the_town_runs(
    agency: Agency, agency_clock: SettableClock
) -> None:
    founded = found(agency)
    agency_clock.advance(timedelta(hours=13))
    assert all(each.stale for each in see_hotlists(agency).lists)

    with lists_kept_fresh(agency, founded, every_s=0.01):
        ends = time.monotonic() + 20
        while any(each.stale for each in see_hotlists(agency).lists):
            assert time.monotonic() < ends
            time.sleep(0.05)
