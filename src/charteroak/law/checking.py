"""Checking rules whole: everything they can be asked, and what is wrong with them."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Final

import attrs

from charteroak.core.codes import DECIDED_BY, JURISDICTIONS
from charteroak.core.decision_table import Outcome, Table
from charteroak.core.people import Act
from charteroak.core.policy import (
    BROKEN,
    Permit,
    Request,
    RuleSet,
    decide_all,
    sets_of_roles,
)
from charteroak.law.compiling import compile_table, question_count, whole_space
from charteroak.law.loader import (
    UnknownPolicyError,
    house_text,
    load_profile,
    load_terms,
    profile_codes,
)
from charteroak.law.rule_text import parse_rules
from charteroak.law.vocabulary import values

_AT_ONCE: Final = 2_000

Begin = Callable[[str, int], Callable[[int], None]]
"""Begins to show a work of so many steps; gives what is told how many are done."""

_STATE: Final = re.compile(r"us_[a-z]{2}")


@attrs.frozen(kw_only=True)
class Report:
    """What was found.

    Attributes:
        requests: different requests that there are.
        asked: how many the rules were asked about.
        answers: different answers.
        troubles: each in a sentence.
    """

    requests: int
    asked: int
    answers: int
    fingerprint: str
    troubles: tuple[str, ...]


def found(
    name: str, *, law: str, on: date, statute: bool = False
) -> tuple[RuleSet, str]:
    """The rules of a name, and whose reads they are about.

    Args:
        name: of a state, of what ships beside it, or of a `.cedar` file.
        law: the state that a policy or a file is read in.
        on: the day.
        statute: read a file as the statute of that state, and not as a policy.

    Raises:
        CharterOakError: there are none, or they cannot be relied on.
    """
    slug = name.strip().lower().replace("-", "_")
    if slug in profile_codes() or _STATE.fullmatch(slug):
        profile = load_profile(slug, on=on)
        return profile.rules, profile.custodian
    custodian = load_profile(law, on=on).custodian
    if not (statute and name.endswith(".cedar")):
        return load_terms(name, custodian=custodian).rules, custodian
    try:
        text = Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        msg = f"{name} cannot be read"
        raise UnknownPolicyError(msg) from None
    rules = parse_rules(
        text, file=Path(name).name, custodian=custodian, house=house_text()
    )
    return rules, custodian


def tables_of(sides: Sequence[tuple[RuleSet, str]], *, begin: Begin) -> list[Table]:
    """The table of each of some rules."""
    total = sum(question_count(rules) for rules, _ in sides)
    advance = begin("asking", total)
    return [
        compile_table(rules, custodian=custodian, advance=advance)
        for rules, custodian in sides
    ]


def check_rules(rules: RuleSet, *, custodian: str, whole: bool, begin: Begin) -> Report:
    """Ask about everything; with `whole`, about every request one by one."""
    asked = question_count(rules)
    table = compile_table(
        rules, custodian=custodian, advance=begin("asking the rules", asked)
    )
    troubles = [*_of_table(table, rules)]
    if rules.fingerprint != table.fingerprint:
        troubles.append("the fingerprint that ships is not that of the answers")
    requests = space_size()
    if whole:
        advance = begin("every request", requests)
        troubles += one_by_one(rules, table, custodian=custodian, advance=advance)
        asked += requests
    return Report(
        requests=requests,
        asked=asked,
        answers=sum(len(each.outcomes) for each in table.acts.values()),
        fingerprint=table.fingerprint,
        troubles=tuple(troubles),
    )


def space_size() -> int:
    """How many different requests there are."""
    total = 0
    for act, fields in DECIDED_BY.items():
        cells = len(JURISDICTIONS) if act is Act.DISCLOSE else len(sets_of_roles())
        for field in fields:
            cells *= len(values(field))
        total += cells
    return total


def _of_table(table: Table, rules: RuleSet) -> Iterator[str]:
    deciding = {
        rule_id
        for act in table.acts.values()
        for outcome in act.outcomes
        for rule_id in outcome.rule_ids
    }
    for rule_id in rules.rules:
        if rule_id not in deciding:
            yield f"the rule {rule_id} never decides anything"
    if BROKEN.rule_id in deciding:
        yield "a rule breaks while it is evaluated"


def one_by_one(
    rules: RuleSet,
    table: Table,
    *,
    custodian: str,
    acts: Iterable[Act] = tuple(DECIDED_BY),
    advance: Callable[[int], None] = lambda _done: None,
) -> Iterator[str]:
    """Ask the rules about every request, and tell where a table says otherwise."""
    for act in acts:
        wrong = 0
        for some in _batches(whole_space(act, custodian=custodian)):
            for request, decision in zip(some, decide_all(rules, some), strict=True):
                told = Outcome(
                    isinstance(decision, Permit),
                    tuple(rule.rule_id for rule in decision.because),
                )
                wrong += table.outcome(request) != told
            advance(len(some))
        if wrong:
            yield f"{act}: the table says otherwise than the rules {wrong:,} times"


def _batches(requests: Iterable[Request]) -> Iterator[list[Request]]:
    rest = iter(requests)
    while some := list(islice(rest, _AT_ONCE)):
        yield some
