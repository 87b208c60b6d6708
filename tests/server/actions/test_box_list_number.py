"""The list for boxes has a number that never falls: a box takes no older list."""

from datetime import timedelta

import attrs
from tests.support.agency import SettableClock
from tests.support.box import wanted
from tests.support.tables import Tables

from charteroak.server.agency import Agency
from charteroak.server.ordering import ListInForce, list_in_force


def in_force(agency: Agency) -> ListInForce:
    with agency.database.ingests() as tx:
        return list_in_force(agency, tx)


def test_a_longer_term_gives_no_lower_number(
    agency: Agency, agency_clock: SettableClock, tables: Tables
) -> None:
    wanted(agency, "STOLEN77")
    first = in_force(agency)
    agency_clock.advance(timedelta(hours=13))
    over = in_force(agency)
    assert over.number > first.number
    assert over.list_ids == ()
    profile = attrs.evolve(agency.profile, list_refresh=timedelta(hours=48))
    longer = attrs.evolve(agency, profile=profile)

    found = in_force(longer)

    assert found.number == over.number
    assert found.tag != over.tag
    assert found.list_ids == first.list_ids
    # A restore does not bring the number back: it begins with the present.
    tables.change("DELETE FROM box_list_number")
    assert in_force(longer).number > over.number
