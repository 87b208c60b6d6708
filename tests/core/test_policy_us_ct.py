"""The whole space of what Connecticut's rules decide, against an oracle from the facts.

The oracle is plain Python written from the sources, not from the Cedar text. It says
the decision and which rules must have decided.
"""

from collections.abc import Iterator
from datetime import date
from itertools import chain, combinations, product

import cedarpy
import pytest

from charteroak.core.people import Act, Role
from charteroak.core.policy import (
    BROKEN,
    SILENCE,
    Case,
    Denial,
    Permit,
    Reach,
    Request,
    RuleSet,
    decide_by,
    verdict,
)
from charteroak.core.search import Purpose
from charteroak.law.loader import load_profile, read_rules
from charteroak.law.vocabulary import RULED_ACTS, purposes, schema_text

PROFILE = load_profile("us_ct", on=date(2026, 11, 1))
RULES = PROFILE.rules
LISTED = frozenset(
    [
        "stolen_vehicle",
        "stolen_plate",
        "hit_and_run",
        "missing_person",
        "endangered_person",
        "amber_alert",
        "silver_alert",
        "felony_warrant",
        "homicide",
        "assault",
        "domestic_violence",
        "robbery",
        "sexual_assault",
        "kidnapping",
        "human_trafficking",
        "weapons",
        "terrorism",
        "burglary",
        "larceny",
        "fraud",
        "arson",
        "drug_trafficking",
    ]
)
BANNED = {
    "immigration": "CT-no-immigration",
    "reproductive_care": "CT-no-reproductive-care",
    "gender_affirming_care": "CT-no-gender-affirming-care",
    "protected_activity": "CT-no-protected-activity",
    "protected_class": "CT-no-protected-class",
}
NEVER = {
    Role.ADMINISTRATOR: "CO-administrator-never-looks",
    Role.AUDITOR: "CO-auditor-never-looks",
    Role.LIST_CLERK: "CO-list-clerk-never-looks",
}
SEARCHERS = {Role.DISPATCHER, Role.INVESTIGATOR, Role.OFFICER, Role.SUPERVISOR}
ALL_ROLES = [
    frozenset(roles)
    for roles in chain.from_iterable(
        combinations(sorted(Role), count) for count in range(len(Role) + 1)
    )
]


def against(request: Request) -> set[str]:
    """Ids of the rules that must stand against a request."""
    found = {NEVER[role] for role in request.roles if role in NEVER}
    if request.purpose in BANNED:
        found.add(BANNED[request.purpose])
    elif request.purpose not in LISTED:
        found.add("CT-purpose-not-listed")
    if request.case is Case.NONE:
        found.add("CT-case-number")
    if request.reach is Reach.BEYOND:
        found.add("CT-21-days")
    askers = {Role.INVESTIGATOR, Role.SUPERVISOR}
    if request.act is Act.REQUEST_HOLD and not request.roles & askers:
        found.add("CO-hold-by-investigator")
    if request.act is Act.APPROVE_HOLD and Role.SUPERVISOR not in request.roles:
        found.add("CT-hold-by-supervisor")
    return found


def oracle(request: Request) -> tuple[bool, set[str]]:
    """Whether it must be permitted, and by which rules it is decided."""
    denied = against(request)
    if denied:
        return False, denied
    if request.act is Act.SEARCH_READS:
        if request.roles & SEARCHERS:
            return True, {"CT-search-listed"}
        return False, {SILENCE.rule_id}
    if request.act is Act.REQUEST_HOLD:
        return True, {"CT-hold-request"}
    return True, {"CT-hold-approval"}


def space(roles: list[frozenset[Role]]) -> Iterator[Request]:
    for act, held, purpose, case, reach in product(
        RULED_ACTS, roles, purposes(), Case, Reach
    ):
        yield Request(
            act=act,
            roles=held,
            custodian="CT",
            purpose=purpose.code,
            case=case,
            reach=reach,
        )


def held_against_the_oracle(requests: Iterator[Request]) -> tuple[int, set[str]]:
    points, decided = 0, set[str]()
    for request in requests:
        answer = decide_by(RULES, request)
        permitted, ids = oracle(request)
        assert isinstance(answer, Permit) is permitted, request
        assert {rule.rule_id for rule in answer.because} == ids, request
        points += 1
        decided |= ids
    return points, decided


def test_every_point_of_one_role_or_none() -> None:
    single = [roles for roles in ALL_ROLES if len(roles) <= 1]

    points, decided = held_against_the_oracle(space(single))

    assert points == 3 * 8 * len(purposes()) * 4
    # Every rule decides somewhere: none is dead text.
    assert decided == {*RULES.rules, SILENCE.rule_id}


@pytest.mark.slow
def test_every_point_of_every_set_of_roles() -> None:
    points, _ = held_against_the_oracle(space(ALL_ROLES))

    assert points == 3 * 2 ** len(Role) * len(purposes()) * 4


def test_the_purposes_are_listed_banned_or_said_to_be_neither() -> None:
    codes = {purpose.code for purpose in purposes()}

    assert LISTED | set(BANNED) < codes
    assert len(codes) == len(purposes())


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
    for extra in NEVER:
        for roles in ALL_ROLES:
            request = Request(
                act=Act.SEARCH_READS,
                roles=roles | {extra},
                custodian="CT",
                purpose=Purpose("robbery"),
                case=Case.GIVEN,
                reach=Reach.WITHIN,
            )
            assert isinstance(decide_by(RULES, request), Denial)


NOTES = '@id("T") @statute("s") @plain("p") @confidence("high") @change("")\n'


def rules_with(extra: str) -> RuleSet:
    return read_rules(f"{RULES.text}\n{NOTES}{extra}", file="t.cedar", custodian="CT")


def test_one_matching_prohibition_beats_whatever_permits() -> None:
    for request in space([frozenset({Role.SUPERVISOR, Role.INVESTIGATOR})]):
        if not isinstance(decide_by(RULES, request), Permit):
            continue
        one_more = rules_with(
            f'forbid (principal, action == Action::"{request.act}", resource) when '
            f'{{ context.purpose == Purpose::"{request.purpose}" }};'
        )
        answer = decide_by(one_more, request)
        assert isinstance(answer, Denial)
        assert [rule.rule_id for rule in answer.because] == ["T"]


def test_a_rule_that_breaks_counts_against() -> None:
    # Overflow: valid by the schema, an error when it is evaluated.
    broken = rules_with(
        "forbid (principal, action, resource) when { 9223372036854775807 + 1 == 0 };"
    )

    answer = decide_by(broken, a_request())

    assert isinstance(answer, Denial)
    assert answer.because == (BROKEN,)


def test_without_a_single_rule_the_answer_is_no() -> None:
    empty = read_rules("", file="t.cedar", custodian="CT")

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
        [],
        schema_text("CT"),
    )

    assert answer.decision is cedarpy.Decision.Allow
    assert isinstance(verdict(answer, RULES, a_request()), Denial)


def test_a_decision_is_replayed_the_same() -> None:
    for request in space([frozenset({Role.OFFICER})]):
        assert decide_by(RULES, request) == decide_by(RULES, request)
