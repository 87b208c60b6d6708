"""What leaves the house: what may be asked for, and the letter that says no."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charteroak.core.camera import CameraId
from charteroak.core.codes import AgencyKind, DataKind, Declared, Process, Standing
from charteroak.core.disclosure import (
    PAUSED,
    TURNED_DOWN,
    Details,
    Wanted,
    WildcardPlateError,
    agency_question,
    names_plate,
    owner_question,
    parse_whole_plate,
)
from charteroak.core.papers import ALL_PLEDGES, Declaration
from charteroak.core.partner import (
    Partner,
    PartnerId,
    UnusableNameError,
    parse_name,
    worth,
)
from charteroak.core.people import Act, Person, PersonId, Role
from charteroak.core.plate import PlatePattern
from charteroak.core.policy import Rule
from charteroak.core.refusal_letter import Letter
from charteroak.core.search import EmptyPeriodError, Purpose

NOON = datetime(2026, 10, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PLATE = PlatePattern.parse("AB0123")
PLATES = st.text("ABCDEFGHIJKLMNPQRSTUVWXYZ0123456789", min_size=2, max_size=8)


def wanted(plate: PlatePattern | None = PLATE) -> Wanted:
    return Wanted(
        plate=plate,
        since=NOON - DAY,
        until=NOON,
        cameras=frozenset({CameraId("main-st")}),
        state="CT",
    )


def test_one_car_and_a_period_that_is_one() -> None:
    for wide in ("AB?123", "AB*"):
        with pytest.raises(WildcardPlateError):
            parse_whole_plate(wide)
        with pytest.raises(WildcardPlateError):
            wanted(PlatePattern.parse(wide))
    with pytest.raises(EmptyPeriodError):
        Wanted(plate=PLATE, since=NOON, until=NOON)
    assert parse_whole_plate("ab-o123") == PLATE


@pytest.mark.parametrize("plate", [PLATE, None])
def test_the_log_gives_back_what_was_asked(plate: PlatePattern | None) -> None:
    details = Details(
        wanted=wanted(plate),
        person="Det. Lind",
        contact="555-0100",
        reference="26-1",
        note="robbery",
        identity="",
        co_owner="",
        paper="warrant",
        issuer="judge",
    )

    assert Details.of_fields(details.fields) == details
    with pytest.raises(TypeError):
        Details.of_fields({**details.fields, "cameras": "main-st"})
    assert "AB0123" not in repr(details)


@given(PLATES, st.text(" -./", max_size=1), st.text("xyz ", max_size=5))
def test_a_plate_is_found_in_a_text_however_it_is_spaced(
    plate: str, between: str, around: str
) -> None:
    pattern = PlatePattern.parse(plate)
    spaced = between.join(plate.lower())

    assert names_plate(f"{around} {spaced} {around}", pattern)
    assert not names_plate("", pattern)
    assert not names_plate(spaced, None)


def test_the_rules_are_asked_who_and_what_and_under_which_papers() -> None:
    partner = Partner(
        partner_id=PartnerId(UUID(int=1)),
        name="Yonkers Police",
        kind=AgencyKind.MUNICIPAL_POLICE,
        jurisdiction="NY",
        added_at=NOON,
    )
    clerk = Person(
        person_id=PersonId(UUID(int=2)),
        login="clerk",
        name="Clerk",
        roles=frozenset({Role.LIST_CLERK}),
    )

    asked = agency_question(
        partner,
        custodian="CT",
        purpose=Purpose("robbery"),
        data_kind=DataKind.HIT,
        process=Process.NONE,
        declared=Declared.VALID,
    )
    own = owner_question(clerk, custodian="CT", standing=Standing.SOLE_OWNER)

    assert (asked.act, asked.requester) == (Act.DISCLOSE, "NY")
    assert asked.codes["declaration"] == "valid"
    assert own.codes == {"standing": "sole_owner", "data_kind": "own_record"}


def test_one_declaration_in_force_is_enough_and_an_ended_one_is_more_than_none() -> (
    None
):
    def until(end: datetime) -> Declaration:
        return Declaration(
            agency="Yonkers Police",
            signer="Chief",
            signed_at=NOON - DAY,
            ends_at=end,
            pledges=ALL_PLEDGES,
        )

    assert worth([], NOON) is Declared.NONE
    assert worth([until(NOON)], NOON) is Declared.EXPIRED
    assert worth([until(NOON), until(NOON + DAY)], NOON) is Declared.VALID


def test_names_are_lines() -> None:
    assert parse_name(" A  B ") == "A B"
    for wrong in ("", " x ", "x" * 121):
        with pytest.raises(UnusableNameError):
            parse_name(wrong)


def test_a_letter_names_each_rule_and_holds_nothing_that_runs() -> None:
    rule = Rule(
        rule_id="XX-<b>",
        statute="Act & <i>",
        plain="No <script>alert(1)</script>.",
        confidence="low",
        review="no lawyer yet",
        change="Bring <u>.",
    )
    letter = Letter(
        agency="Town <Police>",
        contact="",
        number=7,
        recorded=8,
        date="October 15, 2026",
        addressee=["Det. <Lind>"],
        asked=[("Purpose", "Robbery & more")],
        because=[rule, PAUSED, TURNED_DOWN],
    ).html()

    for tag in ("<script", "<b>", "<i>", "<u>", "<Lind>", "<Police>", "http", "src="):
        assert tag not in letter
    for text in (
        "Act &amp; &lt;i&gt;",
        "confidence of our reading: low",
        "numbers 7 and 8",
    ):
        assert text in letter
    for each in (PAUSED, TURNED_DOWN):
        assert each.plain in letter
        assert each.change in letter
    assert "Write to this agency" in letter
