"""Every answer of every statute, preset and contract, against the oracle.

The tables hold every answer there is. That a table answers as the rules themselves do is
tested here too, on requests drawn from the whole space; `charteroak law check --all` asks
the rules about all of it.
"""

import json
from datetime import date
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from tests.law.disclosure_oracle import DISCLOSE, Asked
from tests.law.oracle import SILENCE, STATES, expected

from charteroak.core.codes import DECIDED_BY, JURISDICTIONS
from charteroak.core.decision_table import WHO, ActTable, Outcome, Table
from charteroak.core.people import Act
from charteroak.core.policy import (
    Permit,
    Request,
    RuleSet,
    decide_all,
    decide_by,
    name_of,
    sets_of_roles,
)
from charteroak.law.compiling import classes_of, compile_table, request_of
from charteroak.law.loader import load_profile, load_terms, profile_codes
from charteroak.law.vocabulary import values

ON = date(2026, 11, 22)
CELLS = Path(__file__).parents[3] / "shared" / "data" / "decisions" / "disclose.jsonl"
TERMS = tuple(sorted(set(DISCLOSE) - set(profile_codes())))
ACTS = tuple(act for act in DECIDED_BY if act is not Act.DISCLOSE)


@cache
def rules_of(name: str) -> tuple[RuleSet, str]:
    """The rules of a statute, or of a preset or contract in Connecticut."""
    if name in profile_codes():
        profile = load_profile(name, on=ON)
        return profile.rules, profile.custodian
    return load_terms(name, custodian="CT").rules, "CT"


@cache
def table_of(name: str) -> Table:
    rules, custodian = rules_of(name)
    return compile_table(rules, custodian=custodian)


def answers(table: ActTable) -> dict[Outcome, tuple[bool, frozenset[str]]]:
    return {each: (each.permits, frozenset(each.rule_ids)) for each in table.outcomes}


@pytest.mark.parametrize("name", sorted(DISCLOSE))
def test_every_disclosure_is_decided_as_the_facts_say(name: str) -> None:
    table, oracle = table_of(name).acts[Act.DISCLOSE], DISCLOSE[name]
    told = answers(table)
    points = 0
    for requester, kind, purpose, declaration, data, process in product(
        JURISDICTIONS,
        *(
            values(field)
            for field in (
                "agency_kind",
                "purpose",
                "declaration",
                "data_kind",
                "legal_process",
            )
        ),
    ):
        found = table.outcome(
            {
                WHO: requester,
                "agency_kind": kind,
                "purpose": purpose,
                "declaration": declaration,
                "data_kind": data,
                "legal_process": process,
            }
        )
        assert found is not None
        asked = Asked(requester, kind, purpose, declaration, data, process)
        assert told[found] == oracle(asked), asked
        points += 1

    assert points == 53 * 8 * 39 * 3 * 4 * 5


@pytest.mark.parametrize("code", sorted(STATES))
def test_every_other_act_is_decided_as_the_facts_say(code: str) -> None:
    tables = table_of(f"us_{code.lower()}")
    decided = {
        rule_id
        for table in tables.acts.values()
        for outcome in table.outcomes
        for rule_id in outcome.rule_ids
    }
    for act in ACTS:
        table, fields = tables.acts[act], DECIDED_BY[act]
        told = answers(table)
        spaces = [values(field) for field in fields]
        for roles, given in product(sets_of_roles(), product(*spaces)):
            codes = dict(zip(fields, given, strict=True))
            found = table.outcome({WHO: name_of(roles), **codes})
            assert found is not None
            held = frozenset(role.value for role in roles)
            right = expected(STATES[code], act.value, held, codes)
            assert told[found] == right, (act, held, codes)

    # Every rule decides somewhere: none is dead text.
    assert decided == {*rules_of(f"us_{code.lower()}")[0].rules, SILENCE}


def drawn(name: str, count: int, seed: int) -> list[Request]:
    """Requests from the whole space, every act alike."""
    draw = np.random.default_rng(seed)
    custodian, requests = rules_of(name)[1], []
    for _ in range(count):
        act = tuple(DECIDED_BY)[draw.integers(len(DECIDED_BY))]
        codes = {
            field: values(field)[draw.integers(len(values(field)))]
            for field in DECIDED_BY[act]
        }
        by_state = act is Act.DISCLOSE
        roles = sets_of_roles()[draw.integers(128)]
        requests.append(
            request_of(
                act,
                codes,
                custodian=custodian,
                requester=JURISDICTIONS[draw.integers(53)] if by_state else "",
                roles=frozenset() if by_state else roles,
            )
        )
    return requests


@pytest.mark.parametrize("name", sorted(DISCLOSE))
def test_a_table_answers_as_the_rules_do(name: str) -> None:
    rules, _ = rules_of(name)
    table = table_of(name)
    requests = drawn(name, 1_500, seed=7)

    for request, decision in zip(requests, decide_all(rules, requests), strict=True):
        assert table.outcome(request) == Outcome(
            isinstance(decision, Permit),
            tuple(rule.rule_id for rule in decision.because),
        ), request


@pytest.mark.parametrize("name", sorted(DISCLOSE))
def test_codes_of_one_class_are_alike_to_the_rules(name: str) -> None:
    """The first and the last code of each class, all else being equal."""
    rules, custodian = rules_of(name)
    for act in (Act.DISCLOSE, Act.SEARCH_READS):
        classes = classes_of(rules, act)
        first = {field: groups[0][0] for field, groups in classes.items()}
        for field in DECIDED_BY[act]:
            for group in classes[field]:
                codes = {**first, field: group[0]}, {**first, field: group[-1]}
                asked = [
                    request_of(
                        act,
                        {k: v for k, v in each.items() if k != WHO},
                        custodian=custodian,
                        requester=each[WHO] if act is Act.DISCLOSE else "",
                    )
                    for each in codes
                ]
                one, other = (decide_by(rules, each).because for each in asked)
                assert one == other


@pytest.mark.parametrize("name", profile_codes())
def test_the_fingerprint_that_ships_is_of_the_answers(name: str) -> None:
    assert rules_of(name)[0].fingerprint == table_of(name).fingerprint


@pytest.mark.skipif(not CELLS.exists(), reason="no decisions to compare with are here")
def test_no_cell_of_the_uncontested_decisions_is_wrong() -> None:
    wrong = []
    for line in CELLS.read_text().splitlines():
        cell = json.loads(line)
        process = cell["legal_process"].replace("warrant", "judicial_warrant")
        request = request_of(
            Act.DISCLOSE,
            {
                "agency_kind": cell["agency_kind"],
                "purpose": cell["purpose"],
                "declaration": cell["declaration"],
                "data_kind": cell["data"],
                "legal_process": process,
            },
            custodian=cell["custodian"],
            requester=cell["requester"],
        )
        found = table_of(f"us_{cell['custodian'].lower()}").outcome(request)
        if found is None or found.permits is not cell["permit"]:
            wrong.append((cell, found))

    assert not wrong
