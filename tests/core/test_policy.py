"""How an engine's answer becomes ours: only a clean Allow permits."""

from datetime import date
from itertools import product

import cedarpy
import pytest

from charteroak.core.codes import Case, Reach
from charteroak.core.people import Act, Role
from charteroak.core.policy import (
    BROKEN,
    SILENCE,
    Denial,
    Permit,
    Request,
    RuleSet,
    askers,
    decide_all,
    decide_by,
    sets_of_roles,
    verdict,
)
from charteroak.core.search import Purpose
from charteroak.law.loader import load_profile
from charteroak.law.rule_text import parse_rules
from charteroak.law.vocabulary import purposes, schema_text

RULES = load_profile("us_ct", on=date(2026, 11, 1)).rules
LOOKS = (Act.APPROVE_HOLD, Act.REQUEST_HOLD, Act.SEARCH_READS)
NEVER = (Role.ADMINISTRATOR, Role.AUDITOR, Role.LIST_CLERK)


def looks_of(*roles: Role) -> list[Request]:
    return [
        Request(
            act=act,
            roles=frozenset(roles),
            custodian="CT",
            purpose=purpose.code,
            case=case,
            reach=reach,
        )
        for act, purpose, case, reach in product(LOOKS, purposes(), Case, Reach)
    ]


def a_request(**changes: object) -> Request:
    return Request(
        act=Act.SEARCH_READS,
        roles=frozenset({Role.INVESTIGATOR}),
        custodian=str(changes.get("custodian", "CT")),
        purpose=Purpose(str(changes.get("purpose", "robbery"))),
        case=Case.GIVEN,
        reach=Reach.WITHIN,
    )


def test_an_added_role_never_undoes_the_separation_of_duties() -> None:
    asked = [
        Request(
            act=Act.SEARCH_READS,
            roles=roles | {extra},
            custodian="CT",
            purpose=Purpose("robbery"),
            case=Case.GIVEN,
            reach=Reach.WITHIN,
        )
        for extra, roles in product(NEVER, sets_of_roles())
    ]

    assert all(isinstance(answer, Denial) for answer in decide_all(RULES, asked))


NOTES = (
    '@id("T") @statute("s") @plain("p") @confidence("high") @review("n") @change("")\n'
)


def rules_with(extra: str) -> RuleSet:
    return parse_rules(f"{RULES.text}\n{NOTES}{extra}", file="t.cedar", custodian="CT")


@pytest.mark.parametrize("act", LOOKS)
def test_one_matching_prohibition_beats_whatever_permits(act: Act) -> None:
    one_more = rules_with(
        f'forbid (principal, action == Action::"{act}", resource) when '
        '{ context.purpose == Purpose::"arson" };'
    )
    asked = [
        request
        for request in looks_of(Role.SUPERVISOR, Role.INVESTIGATOR)
        if request.act is act
    ]
    before = decide_all(RULES, asked)
    after = decide_all(one_more, asked)

    turned = [
        (request, answer)
        for request, was, answer in zip(asked, before, after, strict=True)
        if isinstance(was, Permit) and isinstance(answer, Denial)
    ]
    assert {request.purpose for request, _ in turned} == {"arson"}
    assert all([r.rule_id for r in no.because] == ["T"] for _, no in turned)


def test_a_prohibition_of_a_group_of_acts_reaches_each_of_them() -> None:
    """Askers parsed without the schema know no groups, and the engine stays silent."""
    rules = parse_rules(
        f'{NOTES}forbid (principal, action in Action::"look", resource);',
        file="t.cedar",
        custodian="CT",
    )

    for act in LOOKS:
        asked = next(each for each in looks_of(Role.OFFICER) if each.act is act)
        assert [r.rule_id for r in decide_by(rules, asked).because] == ["T"]


def test_a_rule_that_breaks_counts_against() -> None:
    # Overflow: valid by the schema, an error when it is evaluated.
    broken = rules_with(
        "forbid (principal, action, resource) when { 9223372036854775807 + 1 == 0 };"
    )

    answer = decide_by(broken, a_request())

    assert isinstance(answer, Denial)
    assert answer.because == (BROKEN,)


def test_without_a_single_rule_the_answer_is_no() -> None:
    empty = parse_rules("", file="t.cedar", custodian="CT")

    answer = decide_by(empty, a_request())

    assert isinstance(answer, Denial)
    assert answer.because == (SILENCE,)


@pytest.mark.parametrize(
    "request_",
    [
        a_request(custodian="NH"),
        a_request(custodian='CT"; evil'),
        a_request(purpose="investigation"),
        a_request(purpose=""),
    ],
)
def test_what_the_vocabulary_does_not_hold_is_refused(request_: Request) -> None:
    answer = decide_by(RULES, request_)

    assert isinstance(answer, Denial)
    assert BROKEN in answer.because


def test_an_allow_for_a_reason_nobody_knows_is_no_permit() -> None:
    nameless = cedarpy.PolicySet.from_str("permit (principal, action, resource);")
    answer = cedarpy.is_authorized(
        {
            "principal": 'Asker::"a"',
            "action": 'Action::"search_reads"',
            "resource": 'Custodian::"CT"',
            "context": {
                "purpose": {"__entity": {"type": "Purpose", "id": "robbery"}},
                "case": {"__entity": {"type": "Case", "id": "given"}},
                "reach": {"__entity": {"type": "Reach", "id": "within"}},
            },
        },
        nameless,
        askers(cedarpy.Schema.from_str(schema_text("CT"))),
        schema_text("CT"),
    )

    assert answer.decision is cedarpy.Decision.Allow
    assert isinstance(verdict(answer, RULES, a_request()), Denial)


def test_one_by_one_or_all_at_once_the_answers_are_the_same() -> None:
    asked = looks_of(Role.OFFICER)[:60]

    assert decide_all(RULES, asked) == [decide_by(RULES, each) for each in asked]


def test_a_refusal_that_is_a_fault_raises_an_alarm() -> None:
    unknown = decide_by(RULES, a_request(purpose="investigation"))
    refused = decide_by(RULES, a_request(purpose="immigration"))

    assert isinstance(unknown, Denial)
    assert unknown.alarming
    assert isinstance(refused, Denial)
    assert not refused.alarming
