"""What an edit changes: the answers of two tables, side by side."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import attrs

from charteroak.core.decision_table import ActTable, Outcome, Table
from charteroak.core.people import Act


@attrs.frozen(kw_only=True)
class Change:
    """Requests that two tables answer differently, and all in the same way.

    Attributes:
        codes: field -> all its codes for which this is so; every combination is meant.
        before: what the first says; None where it knows no such act.
        after: what the second says.
        cells: how many different requests.
    """

    act: Act
    codes: Mapping[str, tuple[str, ...]]
    before: Outcome | None
    after: Outcome | None
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
    """Every request that two tables answer differently, in groups."""
    return [
        change
        for act in one.acts
        if act in other.acts
        for change in _of_act(act, one.acts[act], other.acts[act])
    ]


def _of_act(act: Act, one: ActTable, other: ActTable) -> Iterator[Change]:
    parts = refined(one, other)
    names = list(parts)
    boxes: dict[tuple[Outcome | None, Outcome | None], list[_Box]] = defaultdict(list)
    for groups in product(*(parts[name] for name in names)):
        codes = {name: group[0] for name, group in zip(names, groups, strict=True)}
        before, after = one.outcome(codes), other.outcome(codes)
        if before != after:
            boxes[before, after].append(groups)
    for (before, after), found in boxes.items():
        for box in _joined(found, len(names)):
            cells = 1
            for group in box:
                cells *= len(group)
            yield Change(
                act=act,
                codes=dict(zip(names, box, strict=True)),
                before=before,
                after=after,
                cells=cells,
            )


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
