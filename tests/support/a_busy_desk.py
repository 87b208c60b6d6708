"""Requests in each state at the disclosure desk, as clerks and supervisors made them."""

from collections.abc import Mapping
from datetime import timedelta

import attrs

from charteroak.core.codes import AgencyKind, Process, Standing
from charteroak.core.disclosure import OwnerAsks, Wanted
from charteroak.core.log_record import RecordId
from charteroak.core.partner import Partner
from charteroak.core.people import Person, Role
from charteroak.core.plate import PlatePattern
from charteroak.server.actions.ask_disclosure import ask_disclosure
from charteroak.server.actions.ask_owner_record import OwnerEntered, ask_owner_record
from charteroak.server.actions.decide_disclosure import (
    DisclosureApproved,
    decide_disclosure,
)
from charteroak.server.actions.pause_partner import pause_partner
from charteroak.server.actions.release_disclosure import release_disclosure
from charteroak.server.agency import Agency
from tests.support.a_partner import (
    SCAN,
    answered,
    asked_by,
    declare,
    entered,
    partner,
    refused,
)


@attrs.frozen(kw_only=True)
class BusyDesk:
    """What there is at the disclosure desk.

    Attributes:
        numbers: of requests, by a word for where each stands.
        neighbor: has a declaration in force and one that ended.
        paused: gets nothing.
    """

    numbers: Mapping[str, RecordId]
    neighbor: Partner
    paused: Partner


def busy(agency: Agency, people: Mapping[Role, Person], plate: str) -> BusyDesk:
    """Enter requests in each state."""
    clerk, supervisor = people[Role.LIST_CLERK], people[Role.SUPERVISOR]
    neighbor = partner(agency, "Yonkers Police Department", "NY")
    declare(agency, neighbor, ends_in=timedelta(hours=-1))
    declare(agency, neighbor)
    federal = partner(
        agency, "Enforcement and Removal", "US", kind=AgencyKind.FEDERAL_AGENCY
    )
    texas = partner(agency, "Johnson County Sheriff", "TX", kind=AgencyKind.SHERIFF)
    here = partner(agency, "Manchester Police Department", "CT")
    pause_partner(
        agency, clerk, texas.partner_id, paused=True, reason="Searched for a woman"
    )

    def settled(asks_for: Partner, process: Process) -> RecordId:
        asks = asked_by(agency, asks_for, plate=plate, process=process)
        return entered(agency, asks, who=clerk)

    def approved(number: RecordId) -> RecordId:
        said = decide_disclosure(
            agency, supervisor, number, approve=True, reason="The papers bear it out"
        )
        assert isinstance(said, DisclosureApproved), said
        return number

    administrative = asked_by(
        agency, federal, plate=plate, process=Process.ADMINISTRATIVE_WARRANT
    )
    numbers = {
        "refused": refused(ask_disclosure(agency, clerk, administrative)).number,
        "waiting": settled(neighbor, Process.JUDICIAL_WARRANT),
        "approved": approved(settled(neighbor, Process.NONE)),
        "answered": approved(settled(here, Process.NONE)),
        "owner": _owner(agency, clerk, plate),
    }
    answered(release_disclosure(agency, supervisor, numbers["answered"]), agency)
    return BusyDesk(numbers=numbers, neighbor=neighbor, paused=texas)


def owner_asks(
    agency: Agency, plate: str, *, standing: Standing = Standing.SOLE_OWNER
) -> OwnerAsks:
    """An owner at the desk; one of two brings the other's consent where it is given."""
    now = agency.clock()
    agreed = standing is Standing.JOINT_OWNER_AGREED
    return OwnerAsks(
        person="Rosa Lindqvist",
        contact="860-555-0119",
        identity="Driver's license and registration",
        standing=standing,
        co_owner="Per Lindqvist" if agreed else "",
        scan=SCAN if agreed else None,
        wanted=Wanted(
            plate=PlatePattern.parse(plate),
            since=now - timedelta(days=20),
            until=now,
            state="CT",
        ),
    )


def _owner(agency: Agency, clerk: Person, plate: str) -> RecordId:
    asks = owner_asks(agency, plate, standing=Standing.JOINT_OWNER_AGREED)
    answer = ask_owner_record(agency, clerk, asks)
    assert isinstance(answer, OwnerEntered), answer
    return answer.number
