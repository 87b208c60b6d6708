"""A search as the log keeps it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charteroak.core.camera import CameraId
from charteroak.core.log_record import KEY_BYTES, SALT_BYTES, RecordId, compose, unseal
from charteroak.core.people import Act, Person, PersonId, Role
from charteroak.core.plate import MatchKey, PlatePattern
from charteroak.core.policy import SILENCE, Denial, Permit, Request, Rule, request
from charteroak.core.search import (
    EmptyPeriodError,
    MissingPurposeError,
    Purpose,
    Search,
    UnreadableCaseError,
    grams,
    like,
    parse_case,
)
from charteroak.core.search_record import UnreadableRecordError, describe, recall

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
WHO = Person(
    person_id=PersonId(UUID(int=7)),
    login="ines",
    name="Ines",
    roles=frozenset({Role.INVESTIGATOR, Role.OFFICER}),
)
patterns = (
    st.text("AB1?*", min_size=2, max_size=8)
    .filter(lambda text: len(text.replace("?", "").replace("*", "")) >= 2)
    .map(PlatePattern.parse)
)
keys = st.text("AB1", min_size=1, max_size=10).map(MatchKey)


def a_search(pattern: PlatePattern, case_ref: str = "XK-778") -> Search:
    return Search(
        plate=pattern,
        since=NOON - timedelta(days=2),
        until=NOON,
        cameras=frozenset({CameraId("main-st"), CameraId("elm-st")}),
        purpose=Purpose("robbery"),
        case_ref=case_ref,
    )


def asked(search: Search) -> Request:
    return request(
        Act.SEARCH_READS,
        WHO,
        custodian="CT",
        purpose=search.purpose,
        case_ref=search.case_ref,
        since=search.since,
        at=NOON,
        limit=timedelta(days=21),
    )


@given(patterns, st.booleans())
def test_what_is_recorded_is_recalled(pattern: PlatePattern, permitted: bool) -> None:  # noqa: FBT001  (drawn)
    search = a_search(pattern)
    rule = Rule(rule_id="X", statute="s", plain="p", confidence="high")
    decision = (Permit if permitted else Denial)(
        request=asked(search), because=(rule,), fingerprint="f"
    )
    draft = describe(WHO, search, decision, at=NOON)
    record = compose(
        draft,
        salts=[bytes(SALT_BYTES)] * (len(draft.private) + 1),
        key=bytes(KEY_BYTES),
    )

    found = recall(RecordId(3), draft.public, unseal(record, key=bytes(KEY_BYTES)))

    assert found.search == search
    assert found.request == asked(search)
    assert (found.person, found.at) == (WHO.person_id, NOON)
    assert (found.permitted, found.rule_ids) == (permitted, ("X",))


def test_the_public_part_names_nobody_and_no_plate() -> None:
    search = a_search(PlatePattern.parse("ZZTOP"))
    decision = Denial(request=asked(search), because=(SILENCE,), fingerprint="f")
    draft = describe(WHO, search, decision, at=NOON)
    entry = compose(
        draft,
        salts=[bytes(SALT_BYTES)] * (len(draft.private) + 1),
        key=bytes(KEY_BYTES),
    ).entry.decode()

    for secret in [
        search.plate.text,
        "main-st",
        "XK-778",
        str(WHO.person_id),
        "officer",
    ]:
        assert secret not in entry


@pytest.mark.parametrize("missing", ["purpose", "decision", "act", "rules"])
def test_a_record_without_its_fields_tells_of_no_search(missing: str) -> None:
    search = a_search(PlatePattern.parse("AB1"))
    decision = Denial(request=asked(search), because=(SILENCE,), fingerprint="f")
    draft = describe(WHO, search, decision, at=NOON)
    public = {name: value for name, value in draft.public.items() if name != missing}

    with pytest.raises(UnreadableRecordError):
        recall(RecordId(3), public, {**draft.private, "at": NOON.isoformat()})


def index_holds(key: str) -> set[str]:
    # The specification: the array of the index `reads_grams`, in Python.
    return {"^" + key[:1], *(key[at : at + 2] for at in range(10))}


@given(patterns, keys)
def test_whatever_fits_a_pattern_has_its_grams(
    pattern: PlatePattern, key: MatchKey
) -> None:
    if pattern.matches(key):
        assert set(grams(pattern)) <= index_holds(key)


@given(patterns)
def test_grams_are_plate_characters_only(pattern: PlatePattern) -> None:
    assert not {sign for gram in grams(pattern) for sign in gram} & set("?* ")
    assert like(pattern).count("_") == pattern.text.count("?")


def test_a_plate_needs_its_start_and_its_end() -> None:
    assert grams(PlatePattern.parse("AB1")) == ("^A", "AB", "B1", "1")
    assert grams(PlatePattern.parse("*AB*")) == ("AB",)
    assert grams(PlatePattern.parse("?A?B?")) == ()


def test_a_search_has_a_purpose_and_a_period() -> None:
    pattern = PlatePattern.parse("AB1")
    with pytest.raises(MissingPurposeError):
        Search(
            plate=pattern, since=NOON, until=NOON + timedelta(1), purpose=Purpose("")
        )
    with pytest.raises(EmptyPeriodError):
        Search(plate=pattern, since=NOON, until=NOON, purpose=Purpose("robbery"))


@pytest.mark.parametrize("text", ["x", "none", "26-1;drop", "-1", "1" * 41, "ab\n12"])
def test_what_is_no_case_number_is_refused(text: str) -> None:
    with pytest.raises(UnreadableCaseError):
        parse_case(text)


def test_a_case_number_may_be_missing() -> None:
    assert parse_case("  ") == ""
