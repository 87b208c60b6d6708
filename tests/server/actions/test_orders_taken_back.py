"""Orders that somebody takes out of the database, or puts others in place of.

The folder of the keys has every order, signed. So neither a backup from before nor
whoever writes into the database ends a moratorium, or brings the power of keys back that
the council gave up, whatever was ordered since.
"""

import json
from datetime import timedelta

import pytest
from tests.support.agency import SettableClock
from tests.support.council import (
    ADA,
    CHIEF,
    CLERK,
    DEPUTY,
    MAYA,
    NOAH,
    an_order,
    council_file,
    enrolled,
    handed_over,
    holders,
    reborn,
    refused,
    slipped_in,
    suspended,
)
from tests.support.tables import Tables

from charteroak.core.codes import Step
from charteroak.core.log_record import RecordKind
from charteroak.core.moratorium import Objection
from charteroak.server.actions.enrol_council import (
    CouncilEnrolledError,
    enrol_council,
)
from charteroak.server.actions.recall_council import look_at_council
from charteroak.server.actions.take_order import Carried, take_order
from charteroak.server.agency import Agency

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("which", ["number = 1", "true"])
def test_a_moratorium_in_which_keys_changed_hands_is_not_taken_back(
    agency: Agency, agency_clock: SettableClock, tables: Tables, which: str
) -> None:
    suspended(agency)
    agency_clock.advance(HOUR)
    handed_over(agency, MAYA, NOAH, to=(NOAH, ADA))
    before = agency.law.council

    # While it runs, and before it starts: a backup from before the order does the same.
    tables.change(f"DELETE FROM council_orders WHERE {which}")  # noqa: S608
    look_at_council(agency)
    assert agency.law.council == before
    tables.change(f"DELETE FROM council_orders WHERE {which}")  # noqa: S608
    assert reborn(agency).law.council == before
    assert before.suspended
    assert not before.doubt


def test_a_doubt_in_which_keys_changed_hands_is_not_taken_back(
    agency: Agency, tables: Tables
) -> None:
    enrolled(agency)
    council_file(agency).unlink()
    doubtful = reborn(agency)
    handed_over(doubtful, MAYA, NOAH, to=(NOAH, ADA))
    tables.change("TRUNCATE council_orders")

    again = reborn(agency)

    assert again.law.council == doubtful.law.council
    assert (again.law.council.suspended, again.law.council.doubt) == (True, True)


def test_a_hand_over_that_was_said_again_is_put_back_as_it_was(
    agency: Agency, tables: Tables
) -> None:
    enrolled(agency)
    order = an_order(agency, Step.HAND_OVER, MAYA, NOAH, to=(CLERK, ADA))
    take_order(agency, order)
    tables.change("TRUNCATE council_orders")
    council_file(agency).unlink()
    doubtful = reborn(agency)
    assert isinstance(take_order(doubtful, order), Carried)
    end = an_order(doubtful, Step.RESUME, CLERK, ADA)
    assert isinstance(take_order(doubtful, end), Carried)
    tables.change("TRUNCATE council_orders")

    again = reborn(agency)

    assert again.law.council == doubtful.law.council
    assert holders(again) == [CLERK.name, ADA.name]
    assert not again.law.council.suspended


def test_an_order_in_the_place_of_a_hand_over_brings_no_old_key_back(
    agency: Agency, tables: Tables
) -> None:
    enrolled(agency)
    suspend = an_order(agency, Step.SUSPEND, MAYA)
    handed_over(agency, MAYA, NOAH, to=(CLERK, ADA))
    before = agency.law.council
    tables.change("TRUNCATE council_orders")
    slipped_in(tables, 1, "suspend", suspend)

    for now in (agency, reborn(agency), reborn(agency)):
        look_at_council(now)
        look_at_council(now)
        assert (now.law.council.suspended, now.law.council.doubt) == (True, True)
        assert holders(now) == [CLERK.name, ADA.name]
        for number in (2, 3):
            end = an_order(now, Step.RESUME, MAYA, NOAH, number=number)
            assert refused(now, end).objection is Objection.CHANGED
    assert len(tables.public_entries(RecordKind.SUSPEND_DOUBTED)) == 1

    # Whoever runs the server takes out what was put in; the folder has the rest.
    tables.change("TRUNCATE council_orders")
    again = reborn(agency)
    assert again.law.council == before
    assert not again.law.council.suspended


def test_a_hand_over_in_the_place_of_an_order_gives_nobody_a_key(
    agency: Agency, tables: Tables
) -> None:
    enrolled(agency)
    # Signed, and then not brought: the council stopped the cameras instead.
    never = an_order(agency, Step.HAND_OVER, MAYA, NOAH, to=(CHIEF, DEPUTY))
    take_order(agency, an_order(agency, Step.SUSPEND, NOAH))
    tables.change("TRUNCATE council_orders")
    slipped_in(tables, 1, "hand_over", never)

    look_at_council(agency)

    for now in (agency, reborn(agency)):
        assert (now.law.council.suspended, now.law.council.doubt) == (True, True)
        assert holders(now) == [MAYA.name, NOAH.name]
        end = an_order(now, Step.RESUME, CHIEF, DEPUTY, number=3)
        assert refused(now, end).objection is Objection.CHANGED


def test_another_order_in_the_place_of_one_is_a_doubt_that_two_keys_end(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    enrolled(agency)
    other = an_order(agency, Step.SUSPEND, MAYA)
    take_order(agency, an_order(agency, Step.SUSPEND, NOAH))
    tables.change("TRUNCATE council_orders")
    slipped_in(tables, 1, "suspend", other)

    look_at_council(agency)

    assert (agency.law.council.suspended, agency.law.council.doubt) == (True, True)
    agency_clock.advance(HOUR)
    both = an_order(agency, Step.RESUME, MAYA, NOAH)
    assert isinstance(take_order(agency, both), Carried)
    assert not reborn(agency).law.council.suspended


def test_one_stolen_key_does_not_keep_two_from_replacing_it(
    agency: Agency, agency_clock: SettableClock
) -> None:
    suspended(agency)
    agency_clock.advance(HOUR)
    replaced = an_order(agency, Step.HAND_OVER, MAYA, NOAH, to=(NOAH, ADA))
    # Each would take the number of the order that is on its way, and make it too old.
    for _ in range(3):
        agency_clock.advance(timedelta(seconds=1))
        again = refused(agency, an_order(agency, Step.SUSPEND, MAYA))
        assert again.objection is Objection.ALREADY_SUSPENDED

    assert isinstance(take_order(agency, replaced), Carried)
    assert holders(agency) == [NOAH.name, ADA.name]


@pytest.mark.parametrize("row", ["never", "another's"])
def test_a_suspension_that_somebody_wrote_is_not_in_the_way_of_the_councils(
    agency: Agency, tables: Tables, row: str
) -> None:
    enrolled(agency)
    theirs = an_order(agency, Step.SUSPEND, *([CHIEF] if row != "never" else []))
    slipped_in(tables, 1, "suspend", theirs)
    look_at_council(agency)
    assert (agency.law.council.suspended, agency.law.council.doubt) == (True, True)

    order = an_order(agency, Step.SUSPEND, MAYA)
    assert isinstance(take_order(agency, order), Carried)
    # And taken back, as if nothing had been ordered.
    tables.change("DELETE FROM council_orders WHERE number = 1")
    look_at_council(agency)

    assert agency.law.council.suspended
    assert reborn(agency).law.council.suspended


def test_nobody_enrolls_in_the_place_of_keys_that_were_taken_out(
    agency: Agency, tables: Tables
) -> None:
    suspended(agency)
    tables.change("TRUNCATE council_orders, council_keys")

    with pytest.raises(CouncilEnrolledError):
        enrol_council(agency, (CHIEF.key, DEPUTY.key))

    assert reborn(agency).law.council == agency.law.council


@pytest.mark.parametrize(
    "change",
    [
        {"text": "////"},
        {"text": ""},
        {"number": 0},
        {"number": 2**31},
        {"at": "2026-10-15T12:00:00"},
    ],
)
def test_whatever_stands_in_the_file_the_server_starts_and_stands_still(
    agency: Agency, tables: Tables, change: dict[str, object]
) -> None:
    suspended(agency)
    forged = json.loads(council_file(agency).read_bytes())
    forged["orders"][0] |= change
    council_file(agency).write_text(json.dumps(forged))
    tables.change("TRUNCATE council_orders")

    again = reborn(agency)

    assert (again.law.council.suspended, again.law.council.doubt) == (True, True)
    both = an_order(again, Step.RESUME, MAYA, NOAH)
    assert isinstance(take_order(again, both), Carried)
