"""What a change of rules means, in words: set beside set, answer beside answer."""

from collections.abc import Mapping
from typing import Final

import attrs

from charteroak.core.policy import RuleSet
from charteroak.law.comparing import differences
from charteroak.law.compiling import compile_table
from charteroak.law.rule_text import BrokenPolicyError, parse_rules
from charteroak.law.words import change

_LONGEST: Final = 400
_MOST: Final = 40
_SILENT: Final = """\
@id("CO-set-was-not-there")
@statute("Charter Oak: a set that is not there forbids nothing")
@plain("Where there is no such set, the others alone decide.")
@confidence("high")
@review("no lawyer yet")
@change("")
permit (principal, action, resource);
"""


@attrs.frozen(kw_only=True)
class Changed:
    """What a change of rules means.

    Attributes:
        says: sentences, those that permit more first; cut where there are too many.
        requests: how many different requests are answered otherwise, set by set.
    """

    says: tuple[str, ...]
    requests: int


def changed(
    before: Mapping[str, str], after: Mapping[str, str], *, custodian: str
) -> Changed:
    """Compare rules that were in force with those that will be.

    Sets of one name are compared with each other; one that is new, or gone, with a set
    that leaves all to the others. Takes seconds where a statute changed.

    Args:
        before: the text of each set, by its name.
        after: the same.
        custodian: how the rules name the state, such as `CT`.
    """
    says: list[str] = []
    requests = 0
    for name in dict.fromkeys((*after, *before)):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        says.append(_what(name, old, new))
        try:
            one, other = (
                compile_table(_read(text, name, custodian), custodian=custodian)
                for text in (old, new)
            )
        except BrokenPolicyError:
            says.append(f"{name}: it cannot be compared with what was there.")
            continue
        for each in differences(one, other):
            requests += each.cells
            says.append(f"{name}: {change(each)}."[:_LONGEST])
    return Changed(says=tuple(says[:_MOST]), requests=requests)


def _what(name: str, old: str | None, new: str | None) -> str:
    if old is None:
        return f"{name} is new."
    return f"{name} no longer counts." if new is None else f"{name} has changed."


def _read(text: str | None, name: str, custodian: str) -> RuleSet:
    return parse_rules(text or _SILENT, file=name, custodian=custodian)
