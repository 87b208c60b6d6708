"""Which mode follows from the rules: the strictest of statute, policy and contract."""

from datetime import date

import pytest

from charteroak.core.codes import DataKind, Store
from charteroak.core.keeping import Mode, keeping, mode_of, stricter
from charteroak.core.policy import Denial, RuleBook
from charteroak.law.loader import load_profile, load_terms, profile_codes, terms_names

ON = date(2026, 11, 22)
FORGETFUL = {"us_nh"}
FORGETFUL_TERMS = {"minimal": Mode.EDGE_ONLY, "moratorium": Mode.STOPPED}


@pytest.mark.parametrize("code", profile_codes())
def test_the_rules_and_the_number_of_a_statute_say_the_same(code: str) -> None:
    profile = load_profile(code, on=ON)

    mode = mode_of(RuleBook(sets=(profile.rules,)), profile.custodian)

    assert mode is (Mode.EDGE_ONLY if code in FORGETFUL else Mode.ORDINARY)
    assert profile.edge_only is (code in FORGETFUL)


@pytest.mark.parametrize("name", terms_names())
def test_terms_make_it_stricter_and_never_looser(name: str) -> None:
    expected = FORGETFUL_TERMS.get(name, Mode.ORDINARY)
    for code in ("us_ct", "us_nh"):
        profile = load_profile(code, on=ON)
        terms = load_terms(name, custodian=profile.custodian)

        mode = mode_of(RuleBook(sets=(profile.rules, terms.rules)), profile.custodian)

        own = mode_of(RuleBook(sets=(profile.rules,)), profile.custodian)
        assert mode is stricter(own, expected)
        assert terms.edge_only is (expected is Mode.EDGE_ONLY)


def test_a_refusal_names_the_statute() -> None:
    profile = load_profile("us_nh", on=ON)
    book = RuleBook(sets=(profile.rules,))

    for store in (Store.EDGE_DISK, Store.SERVER):
        answer = keeping(book, profile.custodian, DataKind.NONHIT, store)
        assert isinstance(answer, Denial)
        assert "NH-nonhit-in-memory" in [rule.rule_id for rule in answer.because]
    in_memory = keeping(book, profile.custodian, DataKind.NONHIT, Store.EDGE_MEMORY)
    assert not isinstance(in_memory, Denial)
