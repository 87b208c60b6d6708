"""Whether confidence means what it says: of the reads given 0.9, nine in ten right."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final, TypeAlias

import msgspec

Said: TypeAlias = tuple[float, bool]
"""The confidence of a read, and whether it was right."""

BINS: Final = 10

SURE: Final = 0.99
"""Share of reads that must be right at the operating point."""


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """The reads whose confidence lies between two bounds, the upper not included.

    Attributes:
        low: lower bound.
        high: upper bound; 1 itself is in the last.
        count: of reads.
        confidence: their mean; null without any.
        right: share of them that is right; null without any.
    """

    low: float
    high: float
    count: int
    confidence: float | None
    right: float | None


class OperatingPoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where to draw the line so that 99 of 100 reads above it are right.

    Attributes:
        confidence: the lowest that will do.
        reads: how many reach it.
        right: how many of those are right.
    """

    confidence: float
    reads: int
    right: int


def reliability(said: Iterable[Said]) -> tuple[Bin, ...]:
    """The table of `BINS` equal bins, from 0 to 1."""
    bins: dict[int, list[Said]] = defaultdict(list)
    for sure, right in said:
        bins[min(int(sure * BINS), BINS - 1)].append((sure, right))
    return tuple(_bin(number, bins[number]) for number in range(BINS))


def _bin(number: int, said: Sequence[Said]) -> Bin:
    count = len(said)
    return Bin(
        low=number / BINS,
        high=(number + 1) / BINS,
        count=count,
        confidence=sum(sure for sure, _ in said) / count if count else None,
        right=sum(right for _, right in said) / count if count else None,
    )


def calibration_error(bins: Iterable[Bin]) -> float:
    """Expected difference between confidence and share right, over the bins."""
    filled = [
        (each.count, each.confidence - each.right)
        for each in bins
        if each.confidence is not None and each.right is not None
    ]
    total = sum(count for count, _ in filled)
    return sum(count * abs(gap) for count, gap in filled) / max(total, 1)


def operating_point(said: Iterable[Said]) -> OperatingPoint | None:
    """The lowest confidence from which on 99 of 100 reads are right; None without one.

    Reads of one confidence stand or fall together: no line can be drawn between them.
    """
    found = None
    reads = right = 0
    ranked = sorted(said, key=lambda each: each[0], reverse=True)
    for sure, group in groupby(ranked, key=lambda each: each[0]):
        hits = [hit for _, hit in group]
        reads, right = reads + len(hits), right + sum(hits)
        if right >= SURE * reads:
            found = OperatingPoint(confidence=sure, reads=reads, right=right)
    return found
