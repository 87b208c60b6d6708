"""The demonstration town: Fernwood, Connecticut, which does not exist.

Its people, cameras and lists are made up; its pictures are drawn by the project; its
plates belong to nobody. What happens to them is real: nothing injects a read.
"""

from datetime import timedelta
from typing import Final

import attrs

from charteroak.core.hotlist import ListClass
from charteroak.core.people import Role
from charteroak.core.plate import PlateText
from charteroak.rendering.car import Vehicle

AGENCY: Final = "fernwood"
AGENCY_NAME: Final = "Fernwood Police Department"

POLICY: Final = "published_prohibitions"
"""What Putnam and West Hartford have published as prohibited, beside the law."""

KEEP: Final = timedelta(minutes=10)
"""A shorter limit than the law's 21 days, so that the visitor sees reads go."""


@attrs.frozen(kw_only=True)
class Resident:
    """Somebody who can sign in to the demonstration."""

    login: str
    name: str
    roles: frozenset[Role]
    does: str


PEOPLE: Final = (
    Resident(
        login="dana",
        name="Dana Whitfield",
        roles=frozenset({Role.DISPATCHER}),
        does="dispatcher: verifies alerts",
    ),
    Resident(
        login="ines",
        name="Ines Okafor",
        roles=frozenset({Role.INVESTIGATOR}),
        does="investigator: searches with a purpose",
    ),
    Resident(
        login="sam",
        name="Sam Tolland",
        roles=frozenset({Role.SUPERVISOR}),
        does="supervisor: approves holds",
    ),
    Resident(
        login="ada",
        name="Ada Brandt",
        roles=frozenset({Role.ADMINISTRATOR, Role.LIST_CLERK}),
        does="administrator, list clerk: cannot search",
    ),
    Resident(
        login="lou",
        name="Lou Marchetti",
        roles=frozenset({Role.AUDITOR}),
        does="auditor: reads the log, never a plate",
    ),
)


@attrs.frozen(kw_only=True)
class Wanted:
    """A car of the street that is on a list.

    Attributes:
        vehicle: as it is painted; its plate is what the camera sees.
        listed_as: plate as the list has it; the letter O entered as a zero happens.
    """

    vehicle: Vehicle
    listed_as: str
    list_name: str
    reason: str
    looks: str
    case_ref: str


WANTED: Final = (
    Wanted(
        vehicle=Vehicle(
            body="sedan", colour="blue", plate=PlateText("BK47193"), state="CT"
        ),
        listed_as="BK47193",
        list_name="Stolen vehicles",
        reason="Stolen vehicle, reported this morning",
        looks="blue Honda Accord, 2021",
        case_ref="26-04417",
    ),
    Wanted(
        vehicle=Vehicle(
            body="suv", colour="silver", plate=PlateText("KOA1829"), state="NY"
        ),
        listed_as="K0A1829",
        list_name="Missing persons",
        reason="Missing and endangered, 78, may be confused",
        looks="silver Subaru Forester, 2018",
        case_ref="26-04398",
    ),
    Wanted(
        vehicle=Vehicle(
            body="pickup", colour="red", plate=PlateText("AM60824"), state="CT"
        ),
        listed_as="AM60824",
        list_name="Stolen vehicles",
        reason="Stolen vehicle, taken at a fuel station",
        looks="red Ford F-150, 2016",
        case_ref="26-04361",
    ),
    Wanted(
        vehicle=Vehicle(
            body="suv", colour="black", plate=PlateText("7LDN28"), state="MA"
        ),
        listed_as="7LDN28",
        list_name="Stolen vehicles",
        reason="Stolen vehicle, reported by Massachusetts",
        looks="black Toyota RAV4, 2022",
        case_ref="26-04402",
    ),
)

LISTS: Final = (
    (
        "Stolen vehicles",
        ListClass.VEHICLE,
        "Made up for the demonstration, in the shape of a state extract",
        "Conn. P.A. 26-14, sec. 13: comparison with a list of stolen vehicles",
    ),
    (
        "Missing persons",
        ListClass.MISSING_PERSON,
        "Made up for the demonstration, in the shape of a state extract",
        "Conn. P.A. 26-14, sec. 13: missing persons",
    ),
)
