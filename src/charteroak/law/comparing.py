"""What an edit changes: the answers of two tables, side by side."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod

import attrs

from charteroak.core.decision_table import ActTable, Outcome, Table
from charteroak.core.people import Act


@attrs.frozen(kw_only=True)
class Change:
    """Requests that two tables answer differently, and all in the same way.

    Attributes:
        codes: field -> all its codes for which this is so; every combination is meant.
        was: whether it was permitted.
        now: whether it is.
        gained: rules that decide now and did not.
        lost: rules that decided and do not now.
        cells: how many different requests.
    """

    act: Act
    codes: Mapping[str, tuple[str, ...]]
    was: bool
    now: bool
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    cells: int


def refined(one: ActTable, other: ActTable) -> dict[str, list[tuple[str, ...]]]:
    """Field -> the codes that neither table tells apart, as the first orders them."""
    found = {}
    for field, groups in one.classes.items():
        place = {
            code: number
            for number, group in enumerate(other.classes[field])
            for code in group
        }
        parts: dict[tuple[int, int | None], list[str]] = defaultdict(list)
        for number, group in enumerate(groups):
            for code in group:
                parts[number, place.get(code)].append(code)
        found[field] = [tuple(part) for part in parts.values()]
    return found


def differences(one: Table, other: Table) -> list[Change]:
    """Every request that two tables answer differently, in groups.

    First what is now permitted, then what is now refused, then what is only told by
    other rules.
    """
    found = [
        change
        for act in one.acts
        if act in other.acts
        for change in _of_act(act, one.acts[act], other.acts[act])
    ]
    return sorted(found, key=lambda each: (each.was == each.now, not each.now))


def _of_act(act: Act, one: ActTable, other: ActTable) -> Iterator[Change]:
    parts = refined(one, other)
    names = list(parts)
    boxes: dict[tuple[bool, bool], dict[_Rules, list[_Box]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for groups in product(*(parts[name] for name in names)):
        codes = {name: group[0] for name, group in zip(names, groups, strict=True)}
        before, after = one.outcome(codes), other.outcome(codes)
        if before and after and before != after:
            boxes[before.permits, after.permits][_rules(before, after)].append(groups)
    for (was, now), by_rules in boxes.items():
        # Which of several rules tells it matters less than that it turns.
        groups_of = by_rules if was == now else _together(by_rules)
        for (more, less), found in groups_of.items():
            for box in _joined(found, len(names)):
                yield Change(
                    act=act,
                    codes=dict(zip(names, box, strict=True)),
                    was=was,
                    now=now,
                    gained=more,
                    lost=less,
                    cells=prod(len(group) for group in box),
                )


def _together(by_rules: "dict[_Rules, list[_Box]]") -> "dict[_Rules, list[_Box]]":
    gained = dict.fromkeys(rule for rules in by_rules for rule in rules[0])
    lost = dict.fromkeys(rule for rules in by_rules for rule in rules[1])
    every = [box for found in by_rules.values() for box in found]
    return {(tuple(gained), tuple(lost)): every}


_Rules = tuple[tuple[str, ...], tuple[str, ...]]


def _rules(before: Outcome, after: Outcome) -> _Rules:
    """The rules that decide after and not before, and the reverse."""
    gained = tuple(each for each in after.rule_ids if each not in before.rule_ids)
    lost = tuple(each for each in before.rule_ids if each not in after.rule_ids)
    return gained, lost


_Box = tuple[tuple[str, ...], ...]


def _joined(boxes: Sequence[_Box], width: int) -> list[_Box]:
    """Fewer and larger boxes that hold the same cells: joined along one axis at a time."""
    for axis in range(width):
        alike: dict[_Box, list[str]] = defaultdict(list)
        for box in boxes:
            alike[(*box[:axis], *box[axis + 1 :])].extend(box[axis])
        boxes = [
            (*rest[:axis], tuple(codes), *rest[axis:]) for rest, codes in alike.items()
        ]
    return list(boxes)
