"""How good reads are, against what is true."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import attrs

from charteroak.bench.labelled import Label, spelled
from charteroak.bench.reliability import (
    Bin,
    OperatingPoint,
    Said,
    calibration_error,
    operating_point,
    reliability,
)
from charteroak.core.alternatives import Alternatives
from charteroak.core.fusion import Look, fused
from charteroak.core.plate import PlateText, match_key
from charteroak.edge.recognize import Box, Sighting
from charteroak.edge.track import leading

_STACKED: Final = re.compile(r"(AA|AV|AY|VAS)\d")
"""Prefixes of New York whose letters stand one above the other."""


@attrs.frozen(kw_only=True, repr=False)
class Read:
    """One read of one picture, as far as it is scored."""

    plate: str
    confidence: float
    box: Box
    state: str | None = None
    state_confidence: float | None = None
    characters: tuple[float, ...] = ()
    alternatives: Alternatives = ()

    @classmethod
    def of(cls, sighting: Sighting) -> "Read":
        """What an engine saw."""
        return cls(
            plate=sighting.plate.glyphs,
            confidence=sighting.confidence,
            box=sighting.box,
            state=sighting.state,
            state_confidence=sighting.state_confidence,
            characters=sighting.characters,
            alternatives=sighting.alternatives,
        )

    @property
    def look(self) -> Look:
        """As fusion takes it; where no glyph has its own doubt, each has its part."""
        share = self.confidence ** (1 / len(self.plate))
        return Look(
            plate=PlateText(self.plate),
            confidence=self.confidence,
            characters=self.characters or (share,) * len(self.plate),
            state=self.state,
            state_confidence=self.state_confidence,
            alternatives=self.alternatives,
        )


@attrs.frozen(kw_only=True, repr=False)
class Judged:
    """One picture: what was true, and the read that was scored, if any.

    Attributes:
        right: after folding the letter O to the digit 0.
        distance: characters to change, put in or take out; all of them for a miss.
        elsewhere: reads that do not touch the plate's box; some are real plates that
            nobody labelled.
        light: what kind of picture it is; None where it could not be opened.
    """

    label: Label
    read: Read | None
    right: bool
    distance: int
    elsewhere: int
    light: str | None = None

    @property
    def width_px(self) -> int | None:
        """Of the plate: as labelled, else as read; None where neither."""
        box = self.label.box or (self.read.box if self.read else None)
        return box[2] if box else None

    @property
    def names_state(self) -> bool:
        """Whether a state was named, where it is known which is right."""
        return bool(self.label.state and self.read and self.read.state)


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
            the ten bins of `reliability`, 0 to 1.
        state_right: of the reads that name a state, where it is known; None if none.
        state_named: pictures whose read does, of all; None where no state is known.
        cars: how many the labels tell apart.
        cars_right: of the cars, by the reads of each fused; None without any.
        cars_by_vote: the same by votes that count as much as they are sure.
        stacked: how many plates have letters one above the other.
        stacked_right: how many of those are right, folded.
        sure: the operating point; None where no confidence is high enough.
        sure_plates: labelled plates that are read right at that point, of all.
    """

    exact: float
    exact_folded: float
    within_one: float
    missed: int
    extra: int
    character_error: float
    calibration_error: float
    reliability: tuple[Bin, ...]
    state_right: float | None
    state_named: float | None
    cars: int
    cars_right: float | None
    cars_by_vote: float | None
    stacked: int
    stacked_right: int
    sure: OperatingPoint | None
    sure_plates: float


def judged(label: Label, reads: Sequence[Read], light: str | None = None) -> Judged:
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
        light=light,
    )


def scored(pictures: Sequence[Judged]) -> Scores:
    """Sum up over pictures; at least one."""
    named = [
        each.read is not None and each.read.state == each.label.state
        for each in pictures
        if each.names_state
    ]
    known = any(each.label.state for each in pictures)
    characters = sum(len(each.label.text) for each in pictures)
    # One plate read as a sentence may not outweigh all the others.
    errors = sum(min(each.distance, len(each.label.text)) for each in pictures)
    stacked = [each.right for each in pictures if _is_stacked(each.label)]
    cars = _cars(pictures)
    said = said_by(pictures)
    bins, sure = reliability(said), operating_point(said)
    return Scores(
        exact=_percent([bool(each.read) and not each.distance for each in pictures]),
        exact_folded=_percent([each.right for each in pictures]),
        within_one=_percent([each.distance <= 1 for each in pictures]),
        missed=sum(each.read is None for each in pictures),
        extra=sum(each.elsewhere for each in pictures),
        character_error=100 * errors / characters,
        calibration_error=calibration_error(bins),
        reliability=bins,
        state_right=_percent(named) if named else None,
        state_named=100 * len(named) / len(pictures) if known else None,
        cars=len(cars),
        cars_right=_percent([_is_fused(each) for each in cars]) if cars else None,
        cars_by_vote=_percent([_is_voted(each) for each in cars]) if cars else None,
        stacked=len(stacked),
        stacked_right=sum(stacked),
        sure=sure,
        sure_plates=100 * (sure.right if sure else 0) / len(pictures),
    )


def said_by(pictures: Iterable[Judged]) -> list[Said]:
    """How sure the scored reads were, and whether rightly."""
    return [(each.read.confidence, each.right) for each in pictures if each.read]


def _percent(of: Sequence[bool]) -> float:
    return 100 * sum(of) / len(of)


def _is_stacked(label: Label) -> bool:
    return label.state == "NY" and bool(_STACKED.match(label.text))


def _cars(pictures: Sequence[Judged]) -> list[list[Judged]]:
    """The pictures of each car."""
    cars: dict[str, list[Judged]] = defaultdict(list)
    for each in pictures:
        if each.label.car is not None:
            cars[each.label.car].append(each)
    return list(cars.values())


def _is_fused(car: Sequence[Judged]) -> bool:
    """Whether the reads of one car, fused as the box fuses them, name it."""
    looks = [each.read.look for each in car if each.read]
    made = fused(leading(looks)).plate.match_key if looks else ""
    return made == match_key(car[-1].label.text)


def _is_voted(car: Sequence[Judged]) -> bool:
    votes: dict[str, float] = defaultdict(float)
    for each in car:
        if each.read:
            votes[match_key(spelled(each.read.plate))] += each.read.confidence + 1e-6
    made = max(votes, key=lambda key: votes[key], default="")
    return made == match_key(car[-1].label.text)


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
