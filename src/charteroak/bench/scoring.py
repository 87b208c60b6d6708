"""How good reads are, against what is true."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import attrs

from charteroak.bench.labelled import Label, spelled
from charteroak.core.plate import match_key
from charteroak.edge.recognize import Box

_BINS: Final = 10


@attrs.frozen(kw_only=True, repr=False)
class Read:
    """One read of one picture, as far as it is scored."""

    plate: str
    confidence: float
    box: Box
    state: str | None = None


@attrs.frozen(kw_only=True, repr=False)
class Judged:
    """One picture: what was true, and the read that was scored, if any.

    Attributes:
        right: after folding the letter O to the digit 0.
        distance: characters to change, put in or take out; all of them for a miss.
        elsewhere: reads that do not touch the plate's box; some are real plates that
            nobody labelled.
    """

    label: Label
    read: Read | None
    right: bool
    distance: int
    elsewhere: int


@attrs.frozen(kw_only=True)
class Scores:
    """What an engine reached. Percentages are of all labelled pictures.

    Attributes:
        exact: letter by letter.
        exact_folded: with the letter O as the digit 0, which label sets mix up.
        within_one: at most one character wrong.
        missed: pictures whose plate got no read.
        extra: reads that do not touch the labelled plate.
        character_error: edits by characters of all plates, in per cent.
        calibration_error: expected difference between confidence and being right, over
            ten bins, 0 to 1.
        state_right: of the reads that name a state, where it is known; None if none.
        cars_right: of the cars, by votes that count as much as they are sure; None
            where the labels name no cars.
    """

    exact: float
    exact_folded: float
    within_one: float
    missed: int
    extra: int
    character_error: float
    calibration_error: float
    state_right: float | None
    cars_right: float | None


def judged(label: Label, reads: Sequence[Read]) -> Judged:
    """Choose the read to score: what overlaps the box most, or is surest without one."""
    box = label.box
    if box is None:
        read = max(reads, key=lambda each: each.confidence, default=None)
        elsewhere = 0
    else:
        touching = [each for each in reads if _overlap(each.box, box) > 0]
        read = max(touching, key=lambda each: _overlap(each.box, box), default=None)
        elsewhere = len(reads) - len(touching)
    got = spelled(read.plate) if read else ""
    distance = _edits(got, label.text) if read else len(label.text)
    return Judged(
        label=label,
        read=read,
        right=match_key(got) == match_key(label.text),
        distance=distance,
        elsewhere=elsewhere,
    )


def scored(pictures: Sequence[Judged]) -> Scores:
    """Sum up over pictures; at least one."""

    def percent(of: Iterable[bool]) -> float:
        right = list(of)
        return 100 * sum(right) / len(right)

    exact = [each.read is not None and each.distance == 0 for each in pictures]
    named = [
        each.read.state == each.label.state
        for each in pictures
        if each.read is not None and each.read.state and each.label.state
    ]
    characters = sum(len(each.label.text) for each in pictures)
    # One plate read as a sentence may not outweigh all the others.
    errors = sum(min(each.distance, len(each.label.text)) for each in pictures)
    cars = _cars(pictures)
    return Scores(
        exact=percent(exact),
        exact_folded=percent(each.right for each in pictures),
        within_one=percent(each.distance <= 1 for each in pictures),
        missed=sum(each.read is None for each in pictures),
        extra=sum(each.elsewhere for each in pictures),
        character_error=100 * errors / characters,
        calibration_error=_calibration_error(pictures),
        state_right=percent(named) if named else None,
        cars_right=percent(cars) if cars else None,
    )


def _calibration_error(pictures: Sequence[Judged]) -> float:
    bins: dict[int, list[float]] = defaultdict(list)
    for each in pictures:
        if each.read is not None:
            sure = each.read.confidence
            bins[min(int(sure * _BINS), _BINS - 1)].append(sure - each.right)
    count = sum(len(each) for each in bins.values())
    return sum(abs(sum(each)) for each in bins.values()) / max(count, 1)


def _cars(pictures: Sequence[Judged]) -> list[bool]:
    """For each car whether its reads together name it."""
    votes: dict[str, dict[str, float]] = {}
    truth: dict[str, str] = {}
    for each in pictures:
        if each.label.car is None:
            continue
        mine = votes.setdefault(each.label.car, defaultdict(float))
        truth[each.label.car] = match_key(each.label.text)
        if each.read is not None:
            key = match_key(spelled(each.read.plate))
            mine[key] += each.read.confidence + 1e-6
    return [
        max(mine, key=lambda key: mine[key], default="") == truth[car]
        for car, mine in votes.items()
    ]


def _overlap(one: Box, other: Box) -> int:
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(across, 0) * max(down, 0)


def _edits(one: str, other: str) -> int:
    """Levenshtein's distance.

    >>> _edits("KRT4826", "KRT486"), _edits("", "AB")
    (1, 2)
    """
    row = list(range(len(other) + 1))
    for n, a in enumerate(one, 1):
        before, row[0] = row[0], n
        for m, b in enumerate(other, 1):
            before, row[m] = row[m], min(row[m] + 1, row[m - 1] + 1, before + (a != b))
    return row[-1]
