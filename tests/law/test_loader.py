"""The law is loaded whole or not at all."""

from datetime import date, timedelta

import pytest

from charteroak.core.hotlist import ListClass
from charteroak.law.loader import (
    NotInForceError,
    UnknownJurisdictionError,
    load_profile,
)
from charteroak.law.rule_text import BrokenPolicyError, read_rules

ON = date(2026, 11, 1)
TEXT = load_profile("us_ct", on=ON).rules.text


def test_connecticut_as_it_is_in_force() -> None:
    profile = load_profile("us_ct", on=ON)

    assert (profile.code, profile.custodian) == ("US-CT", "CT")
    assert profile.effective == date(2026, 10, 1)
    assert profile.read_limit == timedelta(days=21)
    assert ListClass.IMMIGRATION_VIOLATOR in profile.prohibited_lists
    assert "13(c)" in profile.refused_lists[ListClass.IMMIGRATION_VIOLATOR].statute


def test_spelling_of_the_name_does_not_matter() -> None:
    assert load_profile(" US-CT ", on=ON) is load_profile("us_ct", on=ON)


def test_what_is_not_sure_is_said() -> None:
    questions = load_profile("us_ct", on=ON).questions

    assert questions[0].confidence == "low"
    assert any("26-76" in fact.still_to_read for fact in questions)


@pytest.mark.parametrize("code", ["us_zz", "", "../us_ct", "us_ct/..", "CT"])
def test_an_unknown_state_is_refused(code: str) -> None:
    with pytest.raises(UnknownJurisdictionError):
        load_profile(code, on=ON)


def test_the_day_before_it_takes_effect_nothing_is_in_force() -> None:
    with pytest.raises(NotInForceError):
        load_profile("us_ct", on=date(2026, 9, 30))

    assert load_profile("us_ct", on=date(2026, 10, 1)).code == "US-CT"


@pytest.mark.parametrize(
    ("right", "wrong", "word"),
    [
        ('Purpose::"immigration"', 'Purpose::"imigration"', "imigration"),
        ('Role::"auditor"', 'Role::"auditr"', "auditr"),
        ('Action::"approve_hold"', 'Action::"aprove_hold"', "aprove_hold"),
        ("context.case", "context.kase", "kase"),
        ("context.reach == Reach", "context.reach == Rich", "Rich"),
        ("forbid (", "forbidd (", "forbidd"),
        ('@confidence("high")', '@confidence("hihg")', "hihg"),
        ('@id("CT-21-days")', '@id("CT-case-number")', "CT-case-number"),
    ],
)
def test_a_typo_is_refused_with_its_file_line_and_word(
    right: str, wrong: str, word: str
) -> None:
    line = TEXT[: TEXT.index(right)].count("\n") + 1

    with pytest.raises(BrokenPolicyError) as caught:
        read_rules(TEXT.replace(right, wrong, 1), file="x.cedar", custodian="CT")

    assert caught.value.file == "x.cedar"
    assert caught.value.word == word
    # A note is reported at its rule, which begins a few lines above it.
    assert 0 <= line - caught.value.line <= 3
    assert "x.cedar, line" in str(caught.value)


@pytest.mark.parametrize(
    "note", ["id", "statute", "plain", "confidence", "review", "change"]
)
def test_a_rule_without_one_of_its_notes_is_refused(note: str) -> None:
    start = TEXT.index(f"@{note}(")
    cut = TEXT[:start] + TEXT[TEXT.index("\n", start) + 1 :]

    with pytest.raises(BrokenPolicyError, match=f"@{note}"):
        read_rules(cut, file="x.cedar", custodian="CT")


def test_the_fingerprint_changes_with_an_answer_and_not_with_a_word() -> None:
    before = load_profile("us_ct", on=ON).rules.fingerprint
    told = read_rules(
        TEXT.replace("21 days", "three weeks"), file="x.cedar", custodian="CT"
    )
    changed = read_rules(
        TEXT.replace(
            'principal == Jurisdiction::"CT"', 'principal == Jurisdiction::"VT"', 1
        ),
        file="x.cedar",
        custodian="CT",
    )

    assert told.fingerprint == before
    assert changed.fingerprint != before
