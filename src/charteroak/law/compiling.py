"""From rules to a table: asking them about everything, without asking twice.

Two codes that stand in the same places of all rules of an act (the same sets, and alone
in none) can be exchanged without changing one rule; so no rule can tell them apart, and
one of them answers for both. That is how 700,000 different requests for disclosure come
down to about a thousand questions, without leaving one out. `charteroak law check --all`
asks all of them, one by one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache, lru_cache
from itertools import product
from typing import Final

import cedarpy
import msgspec
from cedarpy import pst

from charteroak.core.codes import (
    ASKED_BY_A_JURISDICTION,
    CODES,
    DECIDED_BY,
    GROUPS,
    JURISDICTIONS,
)
from charteroak.core.decision_table import CELL_BYTES, WHO, ActTable, Outcome, Table
from charteroak.core.people import Act, Role
from charteroak.core.policy import (
    BROKEN,
    SILENCE,
    Permit,
    Request,
    RuleBook,
    RuleSet,
    decide_all,
    name_of,
    sets_of_roles,
)
from charteroak.law.vocabulary import values

_AT_ONCE: Final = 500
"""Requests in one call of the engine: progress is shown between them."""

Classes = Mapping[str, tuple[tuple[str, ...], ...]]


def compile_table(
    rules: RuleSet,
    *,
    custodian: str,
    acts: Sequence[Act] = tuple(DECIDED_BY),
    advance: Callable[[int], None] = lambda _cells: None,
) -> Table:
    """Ask the rules about everything, and keep the answers.

    Args:
        rules: one set.
        custodian: whose reads, as the rules name it.
        acts: only these.
        advance: told how many questions were asked, now and then.
    """
    named = (*rules.rules.values(), SILENCE, BROKEN)
    return Table(
        acts={
            act: _act_table(rules, act, custodian=custodian, advance=advance)
            for act in acts
        },
        rules={rule.rule_id: rule for rule in named},
    )


def tables_about(book: RuleBook, custodian: str, act: Act) -> tuple[Table, ...]:
    """The table of each set of a rule book about one act, in their order.

    Made when first asked for, and kept for these rules: 0.15 s for disclosure.
    """
    return tuple(_table_about(rules, custodian, act) for rules in book.sets)


@lru_cache(maxsize=32)
def _table_about(rules: RuleSet, custodian: str, act: Act) -> Table:
    return compile_table(rules, custodian=custodian, acts=(act,))


def whole_space(act: Act, *, custodian: str) -> Iterator[Request]:
    """Every different request about an act; for disclosure about three million."""
    everyone = {field: tuple((code,) for code in values(field)) for field in CODES}
    everyone[WHO] = tuple((who,) for who in _askers(act))
    return _requests(act, _ordered(act, everyone), custodian=custodian)


def classes_of(rules: RuleSet, act: Act) -> Classes:
    """The codes of an act, put together where no rule can tell them apart."""
    places = _places(rules.text, act)

    def apart(kind: str, codes: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        groups: dict[frozenset[int], list[str]] = defaultdict(list)
        for code in codes:
            groups[places.get((kind, code), frozenset())].append(code)
        return tuple(tuple(group) for group in groups.values())

    found = {field: apart(CODES[field][0], values(field)) for field in DECIDED_BY[act]}
    if act in ASKED_BY_A_JURISDICTION:
        found[WHO] = apart("Jurisdiction", JURISDICTIONS)
    else:
        # A rule asks whether any role of the asker is among some: so two sets of roles
        # are alike where their roles stand, together, in the same places.
        groups: dict[frozenset[frozenset[int]], list[str]] = defaultdict(list)
        for roles in sets_of_roles():
            stands = {places.get(("Role", role), frozenset()) for role in roles}
            groups[frozenset(stands) - {frozenset()}].append(name_of(roles))
        found[WHO] = tuple(tuple(group) for group in groups.values())
    return _ordered(act, found)


def acts_of(text: str) -> tuple[Act, ...]:
    """The acts that any rule of a text is about."""
    return tuple(
        act
        for act in DECIDED_BY
        if any(_is_about(policy, act) for policy in _parsed(text))
    )


def question_count(rules: RuleSet) -> int:
    """How many questions `compile_table` asks."""
    total = 0
    for act in DECIDED_BY:
        cells = 1
        for classes in classes_of(rules, act).values():
            cells *= len(classes)
        total += cells
    return total


def _act_table(
    rules: RuleSet, act: Act, *, custodian: str, advance: Callable[[int], None]
) -> ActTable:
    classes = classes_of(rules, act)
    outcomes: dict[Outcome, int] = {}
    cells: list[int] = []
    requests = list(_requests(act, classes, custodian=custodian))
    for start in range(0, len(requests), _AT_ONCE):
        some = requests[start : start + _AT_ONCE]
        for decision in decide_all(rules, some):
            outcome = Outcome(
                isinstance(decision, Permit),
                tuple(rule.rule_id for rule in decision.because),
            )
            cells.append(outcomes.setdefault(outcome, len(outcomes)))
        advance(len(some))
    return _smallest(classes, tuple(outcomes), cells)


def _smallest(
    classes: Classes, outcomes: tuple[Outcome, ...], cells: Sequence[int]
) -> ActTable:
    """Put together what the answers do not tell apart, whatever the rules' text does.

    So two texts that answer alike everywhere have the same table, byte for byte.
    """
    names = list(classes)
    grid = dict(
        zip(product(*(range(len(classes[name])) for name in names)), cells, strict=True)
    )
    kept: list[list[list[int]]] = []
    for axis, name in enumerate(names):
        slices: dict[tuple[int, ...], list[int]] = defaultdict(list)
        lines: dict[int, list[int]] = defaultdict(list)
        for at, cell in grid.items():
            lines[at[axis]].append(cell)
        for place in range(len(classes[name])):
            slices[tuple(lines[place])].append(place)
        kept.append(list(slices.values()))
    order: dict[int, int] = {}
    small = bytearray()
    for at in product(*(tuple(group[0] for group in groups) for groups in kept)):
        small += order.setdefault(grid[at], len(order)).to_bytes(CELL_BYTES)
    return ActTable(
        classes={
            name: tuple(
                tuple(code for place in group for code in classes[name][place])
                for group in groups
            )
            for name, groups in zip(names, kept, strict=True)
        },
        outcomes=tuple(outcomes[old] for old in order),
        cells=bytes(small),
    )


def _requests(act: Act, classes: Classes, *, custodian: str) -> Iterator[Request]:
    """One request for each cell: the first code of each class."""
    names = list(classes)
    by_who = act in ASKED_BY_A_JURISDICTION
    for codes in product(*(tuple(one[0] for one in classes[name]) for name in names)):
        given = dict(zip(names, codes, strict=True))
        who = given.pop(WHO)
        yield request_of(
            act,
            given,
            custodian=custodian,
            requester=who if by_who else "",
            roles=frozenset() if by_who else _roles(who),
        )


def request_of(
    act: Act,
    codes: Mapping[str, str],
    *,
    custodian: str,
    requester: str = "",
    roles: frozenset[Role] = frozenset(),
) -> Request:
    """A request from its codes as text.

    Raises:
        msgspec.ValidationError: a code is none of its list.
    """
    return msgspec.convert(
        {
            "act": act,
            "custodian": custodian,
            "roles": roles,
            "requester": requester,
            **codes,
        },
        Request,
    )


def _ordered(act: Act, found: Classes) -> Classes:
    return {name: found[name] for name in (WHO, *DECIDED_BY[act])}


def _askers(act: Act) -> tuple[str, ...]:
    if act in ASKED_BY_A_JURISDICTION:
        return JURISDICTIONS
    return tuple(name_of(roles) for roles in sets_of_roles())


@cache
def _roles(name: str) -> frozenset[Role]:
    return frozenset() if name == "nobody" else frozenset(map(Role, name.split(" ")))


def _places(text: str, act: Act) -> dict[tuple[str, str], frozenset[int]]:
    """(kind, code) -> the places of the rules about an act in which the code stands."""
    places: dict[tuple[str, str], set[int]] = defaultdict(set)
    about = (policy for policy in _parsed(text) if _is_about(policy, act))
    nodes = ((each.principal, each.resource, each.clauses) for each in about)
    for place, codes in enumerate(_standing_together(tuple(nodes))):
        for code in codes:
            places[code].add(place)
    return {code: frozenset(found) for code, found in places.items()}


def _standing_together(node: object) -> Iterator[frozenset[tuple[str, str]]]:
    """The codes of each set, together, and each code that stands alone, alone."""
    if isinstance(node, pst.EntityUid):
        yield frozenset({(node.type.basename, node.id)})
    elif isinstance(node, pst.Set):
        plain = [each for each in node.elements if isinstance(each, pst.EntityLit)]
        yield frozenset((each.value.type.basename, each.value.id) for each in plain)
        # Whatever is no plain code is a place of its own: finer, never coarser.
        for each in node.elements:
            if each not in plain:
                yield from _standing_together(each)
    else:
        for child in _children(node):
            yield from _standing_together(child)


def _children(node: object) -> Iterable[object]:
    if isinstance(node, tuple | list):
        return node
    if isinstance(node, Mapping):
        return node.values()
    if is_dataclass(node):
        return (getattr(node, each.name) for each in fields(node))
    return ()


@cache
def _parsed(text: str) -> tuple[pst.Template, ...]:
    return tuple(cedarpy.policies_to_pst(text).static_policies.values())


def _is_about(policy: pst.Template, act: Act) -> bool:
    scope = policy.action
    if isinstance(scope, pst.ActionEq):
        return scope.entity.id == act.value
    if isinstance(scope, pst.ActionIn):
        return any(
            each.id == act.value or act in GROUPS.get(each.id, ())
            for each in scope.entities
        )
    return True
