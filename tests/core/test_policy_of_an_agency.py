"""An agency's own policy beside the statute: both must permit.

The oracle is written from what Putnam and West Hartford list as prohibited, not from
the Cedar text.
"""

from datetime import date
from itertools import product
from pathlib import Path

import pytest

from charteroak.core.codes import Case, Reach
from charteroak.core.people import Act, Role
from charteroak.core.policy import (
    SILENCE,
    Denial,
    Permit,
    Request,
    RuleBook,
    decide,
    decide_by,
)
from charteroak.law.loader import UnknownPolicyError, load_policy, load_profile
from charteroak.law.rule_text import BrokenPolicyError
from charteroak.law.vocabulary import purposes

STATUTE = load_profile("us_ct", on=date(2026, 11, 1)).rules
POLICY = load_policy("published_prohibitions", custodian="CT")
LOOKS = (Act.APPROVE_HOLD, Act.REQUEST_HOLD, Act.SEARCH_READS)
BOTH = RuleBook(sets=(STATUTE, POLICY))
PROHIBITED = {
    "commercial_vehicle": "AP-no-traffic-enforcement",
    "harassment": "AP-no-harassment",
    "highway_use_fee": "AP-no-traffic-enforcement",
    "immigration": "AP-no-immigration",
    "parking": "AP-no-parking",
    "personal_use": "AP-no-personal-use",
    "protected_class": "AP-no-protected-class",
    "suspended_registration": "AP-no-traffic-enforcement",
    "traffic_enforcement": "AP-no-traffic-enforcement",
}


def every_request() -> list[Request]:
    held = [frozenset[Role](), *(frozenset({role}) for role in Role)]
    return [
        Request(
            act=act,
            roles=roles,
            custodian="CT",
            purpose=purpose.code,
            case=case,
            reach=reach,
        )
        for act, roles, purpose, case, reach in product(
            LOOKS, held, purposes(), Case, Reach
        )
    ]


def test_the_policy_prohibits_what_the_departments_list_and_nothing_else() -> None:
    decided = set()
    for request in every_request():
        answer = decide_by(POLICY, request)
        rule = PROHIBITED.get(request.purpose)
        assert isinstance(answer, Denial) is (rule is not None)
        assert [each.rule_id for each in answer.because] == [
            rule or "AP-statute-decides"
        ]
        decided.add(answer.because[0].rule_id)

    assert decided == set(POLICY.rules)


def test_both_must_permit_and_every_rule_against_is_named() -> None:
    permits = 0
    for request in every_request():
        whole = decide(BOTH, request)
        parts = [decide_by(each, request) for each in BOTH.sets]
        permits += isinstance(whole, Permit)
        assert isinstance(whole, Permit) is all(isinstance(p, Permit) for p in parts)
        against = [p for p in parts if isinstance(p, Denial)]
        named = {rule.rule_id for p in against or parts for rule in p.because}
        assert {rule.rule_id for rule in whole.because} == named
        assert whole.fingerprint == BOTH.fingerprint

    assert permits > 0


def test_a_policy_cannot_permit_what_the_law_leaves_unsaid() -> None:
    dispatcher = next(
        request
        for request in every_request()
        if request.roles == frozenset()
        and isinstance(decide_by(POLICY, request), Permit)
    )

    answer = decide(BOTH, dispatcher)

    assert isinstance(answer, Denial)
    assert "AP-statute-decides" not in {rule.rule_id for rule in answer.because}


def test_two_silent_sets_say_so_once(tmp_path: Path) -> None:
    empty = tmp_path / "empty.cedar"
    empty.write_text("")
    nothing = load_policy(str(empty), custodian="CT")

    answer = decide(RuleBook(sets=(nothing, nothing)), every_request()[0])

    assert isinstance(answer, Denial)
    assert answer.because == (SILENCE,)


def test_the_fingerprint_changes_with_either_set() -> None:
    alone = RuleBook(sets=(STATUTE,))

    assert len({alone.fingerprint, BOTH.fingerprint, POLICY.fingerprint}) == 3


def test_a_book_without_rules_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="sets"):
        RuleBook(sets=())


def test_a_policy_of_its_own_is_checked_like_the_law(tmp_path: Path) -> None:
    own = tmp_path / "town.cedar"
    own.write_text(
        '@id("T-typo") @statute("s") @plain("p") @confidence("high") @review("n") @change("")\n'
        'forbid (principal, action in Action::"use", resource)\n'
        'when { context.purpose == Purpose::"parkking" };\n'
    )

    with pytest.raises(BrokenPolicyError, match=r"town\.cedar, line \d") as broken:
        load_policy(str(own), custodian="CT")
    assert broken.value.word == "parkking"


@pytest.mark.parametrize("name", ["nothing", "../us_ct/2026-10-01", "absent.cedar", ""])
def test_a_policy_that_is_not_there_stops_the_start(name: str) -> None:
    with pytest.raises(UnknownPolicyError):
        load_policy(name, custodian="CT")
