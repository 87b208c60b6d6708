"""Holds end on their day, and nothing that they kept is left behind."""

from datetime import timedelta

import pytest
from tests.server.actions.test_holds import INES, SAM, a_hit, asked_for
from tests.support.agency import SettableClock
from tests.support.tables import Tables

from charteroak.core.hold import HoldId
from charteroak.server.actions.approve_hold import HoldKept, approve_hold
from charteroak.server.actions.end_hold import CaseNotNamed, HoldEnded, end_hold
from charteroak.server.actions.end_holds import NotAllForgottenError, end_holds
from charteroak.server.agency import Agency
from charteroak.server.store.erasure import TableBusyError

DAYS = timedelta(days=90)


def kept(agency: Agency) -> HoldId:
    hold_id = asked_for(agency, a_hit(agency))
    assert isinstance(approve_hold(agency, SAM, hold_id), HoldKept)
    return hold_id


def test_a_hold_ends_on_its_day_and_not_before(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    kept(agency)
    agency_clock.advance(DAYS - timedelta(microseconds=1))
    assert end_holds(agency) == 0
    assert tables.count("held_reads") == 1

    agency_clock.advance(timedelta(microseconds=1))

    assert end_holds(agency) == 1
    assert tables.count("held_reads") == 0
    assert agency.keys.holds() == []
    assert agency.pictures.holds() == []
    assert tables.public_entries("hold.ended") == [{"why": "its_day_has_come"}]
    assert tables.rows("SELECT what FROM erasures_owed") == []
    assert end_holds(agency) == 0
    assert len(tables.public_entries("hold.ended")) == 1


def test_whoever_reads_held_reads_for_long_stops_nobody_and_nothing_stays(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    kept(agency)
    agency_clock.advance(DAYS)
    with tables.read_by_somebody("held_reads"):
        with pytest.raises(TableBusyError):
            end_holds(agency)

        assert tables.count("held_reads") == 0
        assert tables.rows("SELECT what FROM erasures_owed WHERE what = 'held_reads'")

    end_holds(agency)

    assert tables.rows("SELECT what FROM erasures_owed") == []


def test_a_hold_that_a_person_ended_is_forgotten_at_the_next_look(
    agency: Agency, tables: Tables
) -> None:
    hold_id, other = kept(agency), kept(agency)
    wrong = end_hold(agency, INES, hold_id, named="26-9")
    assert isinstance(wrong, CaseNotNamed)
    assert end_holds(agency) == 0
    right = end_hold(agency, INES, hold_id, named=wrong.case_ref)
    assert isinstance(right, HoldEnded)

    assert end_holds(agency) == 1

    assert agency.keys.holds() == [other]
    assert tables.rows("SELECT hold_id FROM held_reads") == [(other,)]


def test_what_a_broken_off_approval_left_is_forgotten_with_its_hold(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    kept(agency)
    # The copy of the pictures was made, and the row was not.
    tables.change("DELETE FROM held_reads")
    assert len(agency.pictures.holds()) == 1
    end_holds(agency)
    assert len(agency.pictures.holds()) == 1  # the hold stands

    agency_clock.advance(DAYS)

    assert end_holds(agency) == 1
    assert agency.pictures.holds() == []
    assert agency.keys.holds() == []


def test_a_copy_that_cannot_be_deleted_is_told_and_stops_no_other(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    stuck, _other = kept(agency), kept(agency)
    agency_clock.advance(DAYS)
    key = agency.settings.data / "keys" / "holds" / f"{stuck.hex}.key"
    key.unlink()
    key.mkdir()  # not a file: it can be neither opened nor unlinked, by root either

    with pytest.raises(NotAllForgottenError) as told:
        end_holds(agency)

    assert len(told.value.troubles) == 1
    assert tables.rows("SELECT hold_id FROM held_reads") == [(stuck,)]
    key.rmdir()
    assert end_holds(agency) == 1
    assert tables.count("held_reads") == 0


def test_a_run_that_died_before_the_table_was_written_anew_is_finished(
    agency: Agency, tables: Tables
) -> None:
    kept(agency)
    tables.change("DELETE FROM held_reads")
    tables.change("INSERT INTO erasures_owed VALUES ('held_reads', 1)")
    ((before,),) = tables.rows("SELECT pg_relation_filenode('held_reads')")

    end_holds(agency)

    ((after,),) = tables.rows("SELECT pg_relation_filenode('held_reads')")
    assert after != before
    assert tables.rows("SELECT what FROM erasures_owed") == []
