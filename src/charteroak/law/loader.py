"""Loading the law: from the package's data to a checked `Profile`.

Nothing half right is loaded. Every rule is validated against the schema, whose codes
are enumerated, and must carry all its notes; a typo is an error that names file, line
and word, because Cedar would otherwise skip a broken prohibition in silence.
"""

import hashlib
import re
import tomllib
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final, Literal

import attrs
import cedarpy
import msgspec

from charteroak.core.errors import CharterOakError
from charteroak.core.hotlist import ListClass
from charteroak.core.policy import Rule, RuleSet
from charteroak.law.profile import Fact, Profile
from charteroak.law.vocabulary import purposes, schema_text

_NOTES: Final = ("id", "statute", "plain", "confidence", "change")
_SUFFIX: Final = ".cedar"
_CONFIDENCES: Final = ("high", "medium", "low")
_NAMED: Final = re.compile(r'@id\("([^"]*)"\)')
# The engine quotes what it does not know: `Purpose::"typo"`, `Kase`, `forbidd`.
_QUOTED: Final = re.compile(r'"([^"]+)"|`([^`"]+)`|: (\w+)$')


class UnknownJurisdictionError(CharterOakError):
    """There is no law profile of that name."""

    code = "charteroak.law.unknown-jurisdiction"
    hint = "Set the law profile to one that exists, such as us_ct for Connecticut."


class NotInForceError(CharterOakError):
    """The state has a profile, but none that is in force on that day."""

    code = "charteroak.law.not-in-force"
    hint = "Without rules in force nothing may be done. Check the date of this machine."


class BrokenProfileError(CharterOakError):
    """The numbers of a profile are missing, misspelt or impossible."""

    code = "charteroak.law.broken-profile"
    hint = "Repair the file that is named, or install the package again."


class UnknownPolicyError(CharterOakError):
    """The agency's own policy is not there."""

    code = "charteroak.law.unknown-policy"
    hint = "Name a policy that ships with Charter Oak, or the path of a .cedar file."


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


class _FactText(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    id: str
    says: str
    statute: str
    confidence: Literal["high", "medium", "low"]
    source_words: str
    still_to_read: str


class _ListText(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    list_class: ListClass
    statute: str
    confidence: Literal["high", "medium", "low"]
    plain: str


class _ProfileText(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    code: str
    name: str
    custodian: str
    effective: date
    read_limit_days: int
    fact: tuple[_FactText, ...]
    prohibited_list: tuple[_ListText, ...]


def load_profile(code: str, *, on: date) -> Profile:
    """The law of a state as it is in force on a day.

    Args:
        code: such as `us_ct`; `US-CT` is the same.
        on: the day; the newest profile that took effect by then is meant.

    Raises:
        UnknownJurisdictionError: no such state.
        NotInForceError: nothing of it is in force on that day.
        BrokenProfileError: its numbers cannot be read.
        BrokenPolicyError: its rules cannot be relied on.
    """
    slug = code.strip().lower().replace("-", "_")
    folder = files(__package__).joinpath(slug)
    if not re.fullmatch(r"[a-z]{2}_[a-z]{2}", slug) or not folder.is_dir():
        raise UnknownJurisdictionError("there is no law profile of that name")
    dates = sorted(
        date.fromisoformat(each.name.removesuffix(".toml"))
        for each in folder.iterdir()
        if each.name.endswith(".toml")
    )
    in_force = [effective for effective in dates if effective <= on]
    if not in_force:
        msg = f"no rules of {slug} are in force on {on}"
        raise NotInForceError(msg)
    return _load(slug, in_force[-1])


def load_policy(name: str, *, custodian: str) -> RuleSet:
    """An agency's own policy: one that ships with the package, or a file of its own.

    Args:
        name: of a shipped policy, such as `published_prohibitions`; or the path of a
            file that ends in `.cedar`.
        custodian: how the rules name the state, such as `CT`.

    Raises:
        UnknownPolicyError: there is none.
        BrokenPolicyError: its rules cannot be relied on.
    """
    if name.endswith(_SUFFIX):
        file: Traversable = Path(name)
    else:
        file = files(__package__).joinpath("policies", f"{name}{_SUFFIX}")
    if not re.fullmatch(r"[a-z0-9_]+", name) and not name.endswith(_SUFFIX):
        raise UnknownPolicyError("there is no agency policy of that name")
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        msg = f"the agency policy {name} cannot be read"
        raise UnknownPolicyError(msg) from None
    return read_rules(text, file=file.name, custodian=custodian)


@cache
def _load(slug: str, effective: date) -> Profile:
    folder = files(__package__).joinpath(slug)
    numbers = read_numbers(folder.joinpath(f"{effective}.toml"))
    if numbers.effective != effective:
        msg = f"{slug}/{effective}.toml: another date inside than in its name"
        raise BrokenProfileError(msg)
    policy = folder.joinpath(f"{effective}.cedar")
    return Profile(
        code=numbers.code,
        name=numbers.name,
        custodian=numbers.custodian,
        effective=effective,
        read_limit=timedelta(days=numbers.read_limit_days),
        list_statutes={
            each.list_class: each.statute for each in numbers.prohibited_list
        },
        list_reasons={each.list_class: each.plain for each in numbers.prohibited_list},
        purposes=purposes(),
        facts=tuple(Fact(fact_id=each.id, **_rest(each)) for each in numbers.fact),
        rules=read_rules(
            policy.read_text("utf-8"),
            file=f"{slug}/{policy.name}",
            custodian=numbers.custodian,
        ),
    )


def _rest(fact: _FactText) -> dict[str, str]:
    return {
        "says": fact.says,
        "statute": fact.statute,
        "confidence": fact.confidence,
        "source_words": fact.source_words,
        "still_to_read": fact.still_to_read,
    }


def read_numbers(file: Traversable) -> _ProfileText:
    """Parse the numbers of a profile.

    Raises:
        BrokenProfileError: it is no TOML, or a field is missing, unknown or impossible.
    """
    try:
        numbers = msgspec.convert(tomllib.loads(file.read_text("utf-8")), _ProfileText)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as broken:
        msg = f"{file.name}: {broken}"
        raise BrokenProfileError(msg) from broken
    if numbers.read_limit_days < 1:
        msg = f"{file.name}: a read limit of less than a day"
        raise BrokenProfileError(msg)
    return numbers


def read_rules(text: str, *, file: str, custodian: str) -> RuleSet:
    """Parse rules, validate them against the schema, and collect their notes.

    Raises:
        BrokenPolicyError: any of them cannot be relied on.
    """
    schema = schema_text(custodian)
    checked = cedarpy.validate_policies(text, schema)
    if not checked.validation_passed:
        raise _located(text, checked, file=file, schema=schema)
    rules: dict[str, Rule] = {}
    for policy in cedarpy.policies_to_pst(text).static_policies.values():
        rule = _rule(dict(policy.annotations), policy.effect == "permit", text, file)
        if rule.rule_id in rules:
            raise BrokenPolicyError(
                "a second rule of the same name",
                file=file,
                line=_line(text, text.rfind(f'@id("{rule.rule_id}")')),
                word=rule.rule_id,
            )
        rules[rule.rule_id] = rule
    return RuleSet(
        policies=cedarpy.PolicySet.from_str(text),
        schema=cedarpy.Schema.from_str(schema),
        rules=rules,
        text=text,
        fingerprint=hashlib.sha256(f"{schema}\n{text}".encode()).hexdigest(),
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
