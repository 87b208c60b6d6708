"""What is promised in one sentence, as a loop over every request it speaks of."""

from collections.abc import Iterator
from datetime import date
from functools import cache
from itertools import product

import pytest
from tests.law.oracle import APART, BANNED, DUTY

from charteroak.core.codes import DECIDED_BY, GROUPS, JURISDICTIONS
from charteroak.core.decision_table import WHO, ActTable
from charteroak.core.people import Act
from charteroak.core.policy import name_of, sets_of_roles
from charteroak.law.compiling import compile_table
from charteroak.law.loader import load_profile, profile_codes
from charteroak.law.vocabulary import values

ON = date(2026, 11, 22)


@cache
def table(code: str, act: Act) -> ActTable:
    profile = load_profile(code, on=ON)
    made = compile_table(profile.rules, custodian=profile.custodian, acts=(act,))
    return made.acts[act]


def space(act: Act, **only: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Every request about an act, or those whose fields are among some codes."""
    everyone = (
        JURISDICTIONS
        if act is Act.DISCLOSE
        else tuple(name_of(roles) for roles in sets_of_roles())
    )
    fields = (WHO, *DECIDED_BY[act])
    full = {field: values(field) for field in DECIDED_BY[act]} | {WHO: everyone}
    for codes in product(*(only.get(field, full[field]) for field in fields)):
        yield dict(zip(fields, codes, strict=True))


def permitted(code: str, act: Act, codes: dict[str, str]) -> bool:
    outcome = table(code, act).outcome(codes)
    assert outcome is not None
    return outcome.permits


def but(field: str, *codes: str) -> tuple[str, ...]:
    return tuple(code for code in values(field) if code not in codes)


def test_nothing_leaves_connecticut_for_afar_without_a_judicial_warrant() -> None:
    far = tuple(set(JURISDICTIONS) - {"CT", "MA", "NY", "RI"})
    asked = space(
        Act.DISCLOSE,
        who=far,
        data_kind=but("data_kind", "aggregate"),
        legal_process=but("legal_process", "judicial_warrant"),
    )

    assert not any(permitted("us_ct", Act.DISCLOSE, codes) for codes in asked)


def test_neighbors_of_connecticut_get_nothing_on_an_expired_declaration() -> None:
    asked = space(
        Act.DISCLOSE,
        who=("MA", "NY", "RI"),
        declaration=but("declaration", "valid"),
        data_kind=but("data_kind", "aggregate"),
        legal_process=but("legal_process", "judicial_warrant"),
    )

    assert not any(permitted("us_ct", Act.DISCLOSE, codes) for codes in asked)


def test_a_read_that_hit_nothing_never_leaves_new_hampshire_nor_its_memory() -> None:
    sent = space(Act.DISCLOSE, data_kind=("nonhit",))
    kept = space(Act.KEEP, data_kind=("nonhit",), store=but("store", "edge_memory"))

    assert not any(permitted("us_nh", Act.DISCLOSE, codes) for codes in sent)
    assert not any(permitted("us_nh", Act.KEEP, codes) for codes in kept)


@pytest.mark.parametrize("code", profile_codes())
@pytest.mark.parametrize("act", sorted(GROUPS["use"]))
def test_no_banned_purpose_is_ever_permitted(code: str, act: Act) -> None:
    asked = space(act, purpose=tuple(sorted(BANNED)))

    assert not any(permitted(code, act, codes) for codes in asked)


@pytest.mark.parametrize("code", profile_codes())
def test_an_administrative_warrant_opens_no_more_than_no_paper(code: str) -> None:
    disclose = table(code, Act.DISCLOSE)
    for codes in space(
        Act.DISCLOSE, legal_process=("none",), who=("CT", "NH", "VA", "WA", "US", "XX")
    ):
        signed_by_nobody = {**codes, "legal_process": "administrative_warrant"}
        assert disclose.outcome(codes) == disclose.outcome(signed_by_nobody)
    kept = space(Act.HOLD, ground=("administrative_warrant",))
    assert not any(permitted(code, Act.HOLD, codes) for codes in kept)


@pytest.mark.parametrize("code", profile_codes())
def test_an_expired_declaration_is_none(code: str) -> None:
    disclose = table(code, Act.DISCLOSE)
    for codes in space(
        Act.DISCLOSE, declaration=("none",), who=(code[3:].upper(), "NY")
    ):
        expired = {**codes, "declaration": "expired"}
        assert disclose.outcome(codes) == disclose.outcome(expired)


@pytest.mark.parametrize("code", profile_codes())
def test_a_vendor_gets_no_read_that_hit_nothing(code: str) -> None:
    asked = space(Act.DISCLOSE, agency_kind=("vendor",), data_kind=("nonhit",))

    assert not any(permitted(code, Act.DISCLOSE, codes) for codes in asked)


@pytest.mark.parametrize("code", profile_codes())
def test_whoever_keeps_watch_never_looks_and_whoever_looks_is_on_duty(
    code: str,
) -> None:
    for codes in space(Act.SEARCH_READS):
        if permitted(code, Act.SEARCH_READS, codes):
            roles = set(codes[WHO].split(" "))
            assert not roles & APART
            assert roles & DUTY


@pytest.mark.parametrize("code", profile_codes())
def test_only_two_keys_end_a_moratorium_or_hand_over(code: str) -> None:
    for codes in space(Act.SUSPEND):
        enough = {"one", "two"} if codes["step"] == "suspend" else {"two"}
        assert permitted(code, Act.SUSPEND, codes) is (codes["keys"] in enough)


@pytest.mark.parametrize("code", profile_codes())
def test_the_immigration_file_is_loaded_nowhere_and_alerts_nobody(code: str) -> None:
    for act in (Act.LOAD_HOTLIST, Act.RECEIVE_ALERT):
        asked = space(act, list_class=("immigration_violator",))
        assert not any(permitted(code, act, codes) for codes in asked)
