"""A plate of the agency's own is in no file before it is approved, and in none after.

Every byte of every file of a real server is searched, as for reads that are due.
"""

from datetime import timedelta

import pytest
from tests.attack.a_site import Rig, a_marker, rigged
from tests.support.box import an_account
from tests.support.own_entries import a_plate, approved, asked

from charteroak.core.people import Role
from charteroak.core.second_person import WAITS_FOR
from charteroak.server.actions.decide_entries import EntriesDecided, decide_entries
from charteroak.server.actions.end_entry import EntryEnded, end_entry
from charteroak.server.actions.see_entries import see_entries

pytestmark = pytest.mark.slow

HOUR = timedelta(hours=1)


def tidied(rig: Rig) -> None:
    """Let the worker do all that is due within two hours."""
    for _ in range(2):
        rig.clock.advance(HOUR)
        rig.work()


def test_a_plate_of_our_own_is_in_no_byte_of_any_file_when_it_has_ended() -> None:
    waiting, rejected, early, expiring = (a_marker() for _ in range(4))
    with rigged(timedelta(minutes=3)) as rig:
        agency = rig.agency
        clerk = an_account(agency, Role.LIST_CLERK)
        boss = an_account(agency, Role.SUPERVISOR)
        asked(agency, clerk, a_plate(agency, waiting, days=30))
        wish = asked(agency, clerk, a_plate(agency, rejected))
        done = decide_entries(
            agency, boss, wish, approve=False, reason="Not a car of this case"
        )
        assert done == EntriesDecided(approved=False, entries=0)
        # What is not approved never was in the clear, the write-ahead log included.
        assert rig.found(waiting) == rig.found(rejected) == []

        for plate in (early, expiring):
            approved(agency, boss, asked(agency, clerk, a_plate(agency, plate, days=2)))
            assert rig.file_of("hotlist_entries") in rig.found(plate)
        entries = see_entries(agency, boss)
        assert isinstance(entries, tuple)
        first = next(each for each in entries if each.plate.glyphs == early)
        assert isinstance(end_entry(agency, clerk, first.entry_id), EntryEnded)
        tidied(rig)
        assert rig.found(early) == []
        assert rig.file_of("hotlist_entries") in rig.found(expiring)

        rig.clock.advance(max(WAITS_FOR, timedelta(days=2)))
        rig.work()
        tidied(rig)

        for plate in (waiting, rejected, early, expiring):
            assert rig.found(plate) == []
        assert rig.rows("SELECT count(*) FROM hotlist_entries") == [(0,)]
