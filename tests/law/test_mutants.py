"""A rule that is dropped or turned around is noticed: the oracle sees every one."""

import re
from datetime import date
from functools import cache
from itertools import product

import pytest
from tests.law.disclosure_oracle import DISCLOSE, Asked
from tests.law.oracle import STATES, Answer, expected

from charteroak.core.codes import DECIDED_BY
from charteroak.core.decision_table import WHO, Table
from charteroak.core.people import Act, Role
from charteroak.law.comparing import refined
from charteroak.law.compiling import acts_of, compile_table
from charteroak.law.loader import load_profile, profile_codes
from charteroak.law.rule_text import parse_rules

ON = date(2026, 11, 22)


def oracle(code: str, act: Act, codes: dict[str, str]) -> Answer:
    who = codes[WHO]
    if act is Act.DISCLOSE:
        return DISCLOSE[code](Asked(who, *(codes[field] for field in DECIDED_BY[act])))
    roles = frozenset[str]() if who == "nobody" else frozenset(who.split(" "))
    assert roles <= set(Role)
    return expected(STATES[code[3:].upper()], act.value, roles, codes)


@cache
def right(code: str) -> Table:
    profile = load_profile(code, on=ON)
    return compile_table(profile.rules, custodian=profile.custodian)


def differs(code: str, rules_of_act: list[str], act: Act) -> bool:
    """Whether rules say anything else than the oracle about an act.

    Asked are the codes that neither the mutant nor the right rules tell apart.
    """
    custodian = code[3:].upper()
    rules = parse_rules("".join(rules_of_act), file="m.cedar", custodian=custodian)
    table = compile_table(rules, custodian=custodian, acts=(act,)).acts[act]
    parts = refined(right(code).acts[act], table)
    for groups in product(*parts.values()):
        codes = {field: codes[0] for field, codes in zip(parts, groups, strict=True)}
        found = table.outcome(codes)
        assert found is not None
        if (found.permits, frozenset(found.rule_ids)) != oracle(code, act, codes):
            return True
    return False


def rules_in(text: str) -> list[str]:
    return [
        part[: part.index(";\n") + 2] if ";\n" in part else part
        for part in re.split(r'(?=^@id\(")', text, flags=re.MULTILINE)[1:]
    ]


def turned(rule: str) -> str:
    """The same rule with the opposite effect."""
    if re.search(r"^permit \(", rule, re.MULTILINE):
        return re.sub(r"^permit \(", "forbid (", rule, flags=re.MULTILINE)
    return re.sub(r"^forbid \(", "permit (", rule, flags=re.MULTILINE)


@cache
def rules_about(code: str, act: Act) -> tuple[str, ...]:
    """Only these can change what is said about an act."""
    text = load_profile(code, on=ON).rules.text
    return tuple(rule for rule in rules_in(text) if act in acts_of(rule))


def survives(code: str, rule: str, mutant: str, act: Act) -> bool:
    rules = [mutant if each == rule else each for each in rules_about(code, act)]
    return not differs(code, rules, act)


@pytest.mark.parametrize("code", profile_codes())
def test_a_dropped_or_turned_rule_is_noticed(code: str) -> None:
    rules = rules_in(load_profile(code, on=ON).rules.text)
    assert len(rules) > 50
    survivors = [
        (kind, rule.splitlines()[0])
        for rule in rules
        for kind, mutant in (("dropped", ""), ("turned", turned(rule)))
        # One act is enough to be noticed.
        if survives(code, rule, mutant, acts_of(rule)[0])
    ]

    assert not survivors


@pytest.mark.parametrize("code", profile_codes())
def test_a_code_that_is_lost_from_a_set_is_noticed(code: str) -> None:
    """The first code of each set of each rule about disclosure."""
    survivors = []
    for rule in rules_in(load_profile(code, on=ON).rules.text):
        if acts_of(rule) != (Act.DISCLOSE,):
            continue
        for found in re.finditer(r'\[\s*(\w+::"\w+"),\s', rule):
            mutant = rule[: found.start(1)] + rule[found.end(1) + 1 :]
            if survives(code, rule, mutant, Act.DISCLOSE):
                survivors.append((rule.splitlines()[0], found[1]))

    assert not survivors
