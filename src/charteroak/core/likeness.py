"""How alike two readings of plates are, when some glyphs are easily taken for others.

Only for telling whether two readings can be of one plate. Nothing here changes what was
read: the glyphs stay as they are.
"""

from collections.abc import Iterator
from functools import cache
from typing import Final, TypeAlias

GAP: Final = None
"""Stands where one of two aligned readings has nothing."""

Pair: TypeAlias = tuple[int | None, int | None]
"""Places in the first and the second reading that belong together."""

_TAKEN_FOR: Final = (
    "0ODQCGU", "1ILTJ7", "2Z7", "38B", "4A", "5S6", "6G8B", "8BS", "9P8G", "EFBP",
    "HNMWK", "KX", "PRF", "UVJ", "VYW", "MNW",
)  # fmt: skip
"""Glyphs that engines take for each other on small, blurred or dirty plates."""

_MISTAKEN: Final = frozenset(
    (one, other) for group in _TAKEN_FOR for one in group for other in group
)
_WRONG_COST: Final = 10
"""Whole numbers: their sums are the same from either end."""
_MISTAKE_COST: Final = 4
_GAP_COST: Final = 9
"""Less than a wrong glyph: engines lose the first or last before they make up one."""


def likeness(one: str, other: str) -> float:
    """How likely two readings are of one plate: 1 for the same text, 0 for none alike.

    One less the cost of the best alignment in lengths of the longer text. Two plates of
    a state share about a seventh of their glyphs by chance; two looks at one plate
    rarely differ in more than two.

    >>> likeness("AB12345", "A812345"), likeness("AB12345", "B12345")
    (0.943, 0.871)
    >>> likeness("AB12345", "KXR980") < 0.3
    True
    """
    longest = max(len(one), len(other), 1)
    level = _level_cost(one, other)
    cost = _costs(one, other)[-1][-1] if level is None else level
    return round(1 - cost / (_WRONG_COST * longest), 3)


def aligned(one: str, other: str) -> list[Pair]:
    """The places of two readings that belong together, in order.

    >>> aligned("AB1", "B1")
    [(0, None), (1, 0), (2, 1)]
    """
    if _level_cost(one, other) is not None:
        return [(place, place) for place in range(len(one))]
    return list(reversed(list(_walk_back(one, other))))


def _level_cost(one: str, other: str) -> int | None:
    """The cost without a gap, where no alignment with gaps costs less.

    Texts of one length need two gaps or none; most looks at one plate differ by less.
    """
    if len(one) != len(other):
        return None
    cost = sum(map(_cost, one, other))
    return cost if cost <= 2 * _GAP_COST else None


def _walk_back(one: str, other: str) -> Iterator[Pair]:
    costs = _costs(one, other)
    row, column = len(one), len(other)
    while row or column:
        here = costs[row][column]
        if row and column:
            step = _cost(one[row - 1], other[column - 1])
            if here == costs[row - 1][column - 1] + step:
                row, column = row - 1, column - 1
                yield row, column
                continue
        if row and here == costs[row - 1][column] + _GAP_COST:
            row -= 1
            yield row, GAP
        else:
            column -= 1
            yield GAP, column


@cache
def _cost(one: str, other: str) -> int:
    if one == other:
        return 0
    return _MISTAKE_COST if (one, other) in _MISTAKEN else _WRONG_COST


def _costs(one: str, other: str) -> list[list[int]]:
    """Least cost of each pair of beginnings."""
    rows = [[n * _GAP_COST for n in range(len(other) + 1)]]
    for glyph in one:
        above = rows[-1]
        row = [above[0] + _GAP_COST]
        for column, against in enumerate(other):
            row.append(
                min(
                    above[column] + _cost(glyph, against),
                    above[column + 1] + _GAP_COST,
                    row[column] + _GAP_COST,
                )
            )
        rows.append(row)
    return rows
