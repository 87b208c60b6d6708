"""A person asks for the record of their own car."""

import io
import zipfile
from datetime import timedelta

import attrs
import pytest
from tests.support.a_busy_desk import owner_asks
from tests.support.a_partner import answered, letter_of, refused
from tests.support.agency import SettableClock
from tests.support.sightings import a_read, log_kinds, person, seen, taken
from tests.support.tables import Tables

from charteroak.core.codes import Standing
from charteroak.core.disclosure import PeriodNotOver
from charteroak.core.hold import NotAllowed, SamePerson
from charteroak.core.log_record import RecordId
from charteroak.core.people import Role
from charteroak.server.actions.ask_owner_record import (
    ConsentMissing,
    OwnerEntered,
    ask_owner_record,
)
from charteroak.server.actions.decide_disclosure import (
    DisclosureApproved,
    decide_disclosure,
)
from charteroak.server.actions.release_disclosure import release_disclosure
from charteroak.server.actions.see_disclosures import see_disclosures
from charteroak.server.agency import Agency

CLERK, SUPERVISOR = person(Role.LIST_CLERK), person(Role.SUPERVISOR)
CAR = "BK47193"
WHY = "License and registration were shown"


def approved(agency: Agency, standing: Standing) -> RecordId:
    entered = ask_owner_record(
        agency, CLERK, owner_asks(agency, CAR, standing=standing)
    )
    assert isinstance(entered, OwnerEntered), entered
    said = decide_disclosure(
        agency, SUPERVISOR, entered.number, approve=True, reason=WHY
    )
    assert isinstance(said, DisclosureApproved), said
    return entered.number


@pytest.mark.parametrize("standing", [Standing.SOLE_OWNER, Standing.JOINT_OWNER_AGREED])
def test_an_owner_gets_the_reads_of_their_car_and_of_no_other(
    agency: Agency, standing: Standing, tables: Tables
) -> None:
    sure = attrs.evolve(a_read(agency, CAR), confidence=0.97)
    unsure = attrs.evolve(a_read(agency, CAR, ago=timedelta(hours=3)), confidence=0.6)
    other_state = attrs.evolve(a_read(agency, CAR, ago=timedelta(hours=4)), state="NY")
    taken(agency, sure, pictures=(b"own plate", b"street"))
    taken(agency, unsure, pictures=(b"perhaps another", b"street"))
    taken(agency, other_state, pictures=(b"of New York", b"street"))
    seen(agency, "BK47194")

    made = answered(
        release_disclosure(agency, SUPERVISOR, approved(agency, standing)), agency
    )

    assert made.reads == 2
    with zipfile.ZipFile(io.BytesIO(made.content)) as archive:
        inside = {
            name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()
        }
    pictures = [inside[name] for name in inside if name.startswith("pictures/")]
    assert pictures == [b"own plate"]
    assert "BK47194" not in inside["reads.csv"].decode()
    assert log_kinds(agency)[-4:] == [
        "owner.asked",
        "owner.approved",
        "owner.released",
        "owner.answered",
    ]
    agreed = standing is Standing.JOINT_OWNER_AGREED
    told = tables.public_entries("owner.asked")[0]["papers"]
    assert isinstance(told, list)
    assert bool(told) == agreed


@pytest.mark.parametrize(
    ("standing", "rule"),
    [
        (Standing.JOINT_OWNER_ALONE, "CT-owner-consent"),
        (Standing.OTHER, "CT-owner-other"),
    ],
)
def test_who_is_not_the_owner_gets_a_letter(
    agency: Agency, standing: Standing, rule: str
) -> None:
    seen(agency, CAR)

    refusal = refused(
        ask_owner_record(agency, CLERK, owner_asks(agency, CAR, standing=standing))
    )

    assert [each.rule_id for each in refusal.because] == [rule]
    letter = letter_of(agency, refusal.number)
    assert rule in letter
    assert CAR not in letter
    assert log_kinds(agency) == ["owner.asked", "owner.refused"]


def test_consent_counts_only_with_its_paper(agency: Agency) -> None:
    asks = owner_asks(agency, CAR, standing=Standing.JOINT_OWNER_AGREED)

    for bare in (attrs.evolve(asks, scan=None), attrs.evolve(asks, co_owner="")):
        assert ask_owner_record(agency, CLERK, bare) == ConsentMissing()
    assert log_kinds(agency) == []


def test_an_owners_record_ends_when_it_is_asked_for(
    agency: Agency, agency_clock: SettableClock
) -> None:
    asks = owner_asks(agency, CAR)
    later = attrs.evolve(asks.wanted, until=agency_clock() + timedelta(minutes=1))

    answer = ask_owner_record(agency, CLERK, attrs.evolve(asks, wanted=later))

    assert answer == PeriodNotOver()
    assert log_kinds(agency) == []
    seen(agency, CAR)
    number = approved(agency, Standing.SOLE_OWNER)
    agency_clock.advance(timedelta(days=2))
    seen(agency, CAR)
    assert answered(release_disclosure(agency, SUPERVISOR, number), agency).reads == 1


def test_nobody_at_the_desk_looks_up_a_car_alone(agency: Agency) -> None:
    seen(agency, CAR)
    entered = ask_owner_record(agency, SUPERVISOR, owner_asks(agency, CAR))
    assert isinstance(entered, OwnerEntered)

    answer = decide_disclosure(
        agency, SUPERVISOR, entered.number, approve=True, reason=WHY
    )

    assert answer == SamePerson()
    assert release_disclosure(agency, CLERK, entered.number) == NotAllowed()
    assert "owner.answered" not in log_kinds(agency)


def test_an_owner_gets_nothing_that_is_due(
    agency: Agency, agency_clock: SettableClock
) -> None:
    seen(agency, CAR, ago=timedelta(days=20))
    number = approved(agency, Standing.SOLE_OWNER)
    agency_clock.advance(timedelta(days=2))

    assert answered(release_disclosure(agency, SUPERVISOR, number), agency).reads == 0
    shown = see_disclosures(agency, SUPERVISOR, closed_too=True)
    assert not isinstance(shown, NotAllowed)
    assert shown[0].reads == 0
