"""Reading rules: from Cedar text to rules that can be relied on, or to an error.

Every rule is validated against the schema, whose codes are enumerated, and must carry all
its notes; a typo is an error that names file, line and word, because Cedar would otherwise
skip a broken prohibition in silence. A statute permits nothing without a condition.
"""

import csv
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import Final

import attrs
import cedarpy
from cedarpy import pst

from charteroak.core.errors import CharterOakError
from charteroak.core.policy import Rule, RuleSet, askers
from charteroak.law.compiling import compile_table
from charteroak.law.vocabulary import HERE, schema_text

_NOTES: Final = ("id", "statute", "plain", "confidence", "review", "change")
_CONFIDENCES: Final = ("high", "medium", "low")
_NAMED: Final = re.compile(r'@id\("([^"]*)"\)')
# The engine quotes what it does not know: `Purpose::"typo"`, `Kase`, `forbidd`.
_QUOTED: Final = re.compile(r'"([^"]+)"|`([^`"]+)`|: (\w+)$')


class BrokenPolicyError(CharterOakError):
    """A rule that cannot be relied on: a typo, a missing note, a name used twice.

    Attributes:
        file: its file.
        line: where, from 1; the line of the rule where the engine says no more.
        word: the word that is not understood; empty where there is none.
    """

    code = "charteroak.law.broken-policy"
    hint = "Repair the rule at the line that is named, or install the package again."

    def __init__(self, trouble: str, *, file: str, line: int, word: str = "") -> None:
        super().__init__(f"{file}, line {line}: {trouble}")
        self.file = file
        self.line = line
        self.word = word


def read_rules(
    text: str, *, file: str, custodian: str, house: str | None = None
) -> RuleSet:
    """Parse rules as `parse_rules` does, and give them the fingerprint of their answers.

    Raises:
        BrokenPolicyError: any of them cannot be relied on.
    """
    rules = parse_rules(text, file=file, custodian=custodian, house=house)
    known = _fingerprints().get(rules.fingerprint)
    # Asking a statute about everything takes a second or more; so the answers of what
    # ships were hashed when it was made, and a test holds them together.
    answers = known or compile_table(rules, custodian=custodian).fingerprint
    return attrs.evolve(rules, fingerprint=answers)


def parse_rules(
    text: str, *, file: str, custodian: str, house: str | None = None
) -> RuleSet:
    """Parse rules, validate them against the schema, and collect their notes.

    They are not asked about everything: their fingerprint is that of schema and text.

    Args:
        text: the rules; `HERE` in them stands for the state of the agency.
        file: for the errors.
        custodian: how the rules name the state, such as `CT`.
        house: of a statute, what Charter Oak itself asks beside it; a policy has none.

    Raises:
        BrokenPolicyError: any of them cannot be relied on.
    """
    schema = schema_text(custodian)
    here = f'::"{custodian}"'
    text = text.replace(f'::"{HERE}"', here)
    rules = _checked(text, schema, file=file, statute=house is not None)
    if house is not None:
        house = house.replace(f'::"{HERE}"', here)
        for rule_id, rule in _checked(
            house, schema, file="house.cedar", statute=True
        ).items():
            if rule_id in rules:
                raise _twice(text, file=file, rule_id=rule_id)
            rules[rule_id] = rule
        text = f"{text}\n{house}"
    parsed = cedarpy.Schema.from_str(schema)
    return RuleSet(
        policies=cedarpy.PolicySet.from_str(text),
        schema=parsed,
        askers=askers(parsed),
        rules=rules,
        text=text,
        fingerprint=hashlib.sha256(f"{schema}\n{text}".encode()).hexdigest(),
    )


@cache
def _fingerprints() -> dict[str, str]:
    text = files(__package__).joinpath("fingerprints.csv").read_text("utf-8")
    return {row["text"]: row["answers"] for row in csv.DictReader(text.splitlines())}


def _checked(text: str, schema: str, *, file: str, statute: bool) -> dict[str, Rule]:
    checked = cedarpy.validate_policies(text, schema)
    if not checked.validation_passed:
        raise _located(text, checked, file=file, schema=schema)
    rules: dict[str, Rule] = {}
    for policy in cedarpy.policies_to_pst(text).static_policies.values():
        rule = _rule(dict(policy.annotations), policy.effect == "permit", text, file)
        if rule.rule_id in rules:
            raise _twice(text, file=file, rule_id=rule.rule_id)
        if statute and rule.permits and _is_blanket(policy):
            raise BrokenPolicyError(
                "a statute permits nothing without a condition",
                file=file,
                line=_line(text, text.find(f'@id("{rule.rule_id}")')),
                word="permit",
            )
        rules[rule.rule_id] = rule
    return rules


def _is_blanket(policy: pst.Template) -> bool:
    return not policy.clauses and isinstance(policy.action, pst.ScopeAny)


def _twice(text: str, *, file: str, rule_id: str) -> BrokenPolicyError:
    return BrokenPolicyError(
        "a second rule of the same name",
        file=file,
        line=_line(text, text.rfind(f'@id("{rule_id}")')),
        word=rule_id,
    )


def _rule(notes: dict[str, str], permits: bool, text: str, file: str) -> Rule:  # noqa: FBT001  (an effect, not a switch)
    rule_id = notes.get("id", "")
    line = _line(text, max(text.find(f'@id("{rule_id}")'), 0))
    for name in _NOTES:
        if name not in notes or (name != "change" and not notes[name].strip()):
            msg = f"the rule {rule_id or 'without a name'} has no @{name}"
            raise BrokenPolicyError(msg, file=file, line=line, word=f"@{name}")
    if notes["confidence"] not in _CONFIDENCES:
        raise BrokenPolicyError(
            "confidence is high, medium or low",
            file=file,
            line=line,
            word=notes["confidence"],
        )
    return Rule(
        rule_id=rule_id,
        statute=notes["statute"],
        plain=notes["plain"],
        confidence=notes["confidence"],
        review=notes["review"],
        change=notes["change"],
        permits=permits,
    )


@attrs.frozen
class _Chunk:
    start: int
    text: str


def _chunks(text: str) -> list[_Chunk]:
    starts = [found.start() for found in _NAMED.finditer(text)] or [0]
    ends = [*starts[1:], len(text)]
    return [
        _Chunk(start, text[start:end]) for start, end in zip(starts, ends, strict=True)
    ]


def _located(
    text: str, checked: cedarpy.ValidationResult, *, file: str, schema: str
) -> BrokenPolicyError:
    """The first trouble, with the line and the word it is about.

    The engine names the rule (not the line) of what it does not know, and nothing at
    all where it cannot parse: then the first rule that does not parse alone is meant.
    """
    trouble = checked.errors[0]
    rule_id = checked.id_annotations_by_policy_id.get(trouble.policy_id)
    chunk = _Chunk(0, text)
    for each in _chunks(text):
        if rule_id is None:
            try:
                cedarpy.policies_to_pst(each.text)
            except ValueError:
                chunk = each
                break
        elif each.text.startswith(f'@id("{rule_id}")'):
            chunk = each
            break
    quoted = [
        next(group for group in found.groups() if group)
        for found in reversed(list(_QUOTED.finditer(trouble.error)))
    ]
    # A word that the schema does not hold is the likelier culprit.
    for word in sorted(quoted, key=lambda word: word in schema):
        at = chunk.text.find(word)
        if at >= 0:
            return BrokenPolicyError(
                f"not understood at {word}: {trouble.error}",
                file=file,
                line=_line(text, chunk.start + at),
                word=word,
            )
    return BrokenPolicyError(trouble.error, file=file, line=_line(text, chunk.start))


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
