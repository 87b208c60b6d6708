"""A later end: approved as it was shown, and as nothing else."""

from datetime import timedelta

import pytest
from tests.support.agency import SettableClock
from tests.support.holds import CASE, INES, SAM, a_span, asked_for
from tests.support.sightings import person
from tests.support.tables import Tables

from charteroak.core.hold import Extension, HoldId
from charteroak.core.people import Person, Role
from charteroak.server.actions.approve_hold import SpanBegun, approve_hold
from charteroak.server.actions.extend_hold import (
    ExtensionChanged,
    HoldExtended,
    extend_hold,
)
from charteroak.server.actions.request_extension import (
    ExtensionRequested,
    request_extension,
)
from charteroak.server.actions.see_case import CaseSeen, see_case
from charteroak.server.agency import Agency

DAY = timedelta(days=1)
IAN = person(Role.INVESTIGATOR)


def shown(agency: Agency) -> Extension:
    seen = see_case(agency, SAM, CASE)
    assert isinstance(seen, CaseSeen)
    extension = seen.lines[0].hold.extension
    assert extension is not None
    return extension


def wish(agency: Agency, hold_id: HoldId, who: Person = INES, *, days: int) -> None:
    answer = request_extension(
        agency, who, hold_id, reason="the trial was put off", span=days * DAY
    )
    assert isinstance(answer, ExtensionRequested)


@pytest.mark.parametrize(
    ("who", "days"), [(INES, 365), (IAN, 30), (INES, 30)], ids=["day", "who", "moment"]
)
def test_a_wish_that_came_after_the_page_was_shown_is_not_approved(
    agency: Agency,
    agency_clock: SettableClock,
    tables: Tables,
    who: Person,
    days: int,
) -> None:
    hold_id = asked_for(agency, a_span(agency))
    assert isinstance(approve_hold(agency, SAM, hold_id), SpanBegun)
    wish(agency, hold_id, days=30)
    seen = shown(agency)
    if who == INES and days == 30:
        agency_clock.advance(timedelta(seconds=1))
    wish(agency, hold_id, who, days=days)
    decided = len(tables.public_entries("hold.decided"))

    answer = extend_hold(agency, SAM, hold_id, shown=seen.mark)

    assert answer == ExtensionChanged(case_ref=CASE)
    assert tables.rows("SELECT ends_at - requested_at FROM holds") == [(90 * DAY,)]
    assert len(tables.public_entries("hold.decided")) == decided
    assert tables.public_entries("hold.extended") == []
    now = shown(agency)
    again = extend_hold(agency, SAM, hold_id, shown=now.mark)
    assert again == HoldExtended(case_ref=CASE, ends_at=now.to)
