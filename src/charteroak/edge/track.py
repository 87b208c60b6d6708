"""Many sightings of passing cars become one read of each.

A track is one plate followed through the frames of one camera. Sightings join a track by
where it must be by now and by how alike the readings are, never by equal text: engines
misread single glyphs all the time. Time here is the frames' own, which never jumps; what
the clocks say is only stamped on the result.
"""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import attrs
import cv2
import numpy as np

from charteroak.core.fusion import Look, fused
from charteroak.core.likeness import likeness
from charteroak.edge.camera import Frame
from charteroak.edge.recognize import Box, Image, Sighting
from charteroak.edge.redact import StoredPictures, redacted

SURE: Final = 0.9
"""A reading that two looks agree on and that is so probable needs no further look."""

LEAST: Final = 0.4
"""A track that never was so sure is no read: a shred, or text that is no plate."""

LEAST_ALONE: Final = 0.5
"""The same for a track of a single look, which nothing confirms."""

LATEST_S: Final = 1.5
"""After the first legible look a car is told of, however unsure; an alert waits."""

STANDS_FOR_S: Final = 4 * 3600.0
"""A car that stood is known at its place for so long after it was last seen there."""

MOST_TRACKS: Final = 200
"""Tracks of a camera; the one that was not seen for longest goes first."""

_MOST_KEPT: Final = 12
_ALIKE: Final = 0.7
"""So alike readings are of one plate, unless it cannot have come there."""
_SAME: Final = 0.93
"""So alike as one glyph taken for one that resembles it; no two numbers in a row are."""
_UNLIKE: Final = 0.5
"""Readings less alike are of two plates, unless one of them is a poor one."""
_CLEAR: Final = 0.7
"""Two unlike readings that are both so probable are two plates, in whatever place."""
_NEAREST, _FARTHEST = 0.5, 5.0
"""Bounds of one over the growth that is foreseen."""
_HIDDEN_S: Final = 4.0
"""A moving plate may be hidden for so long."""
_MISREAD_S: Final = 1.25
_ENDED_S: Final = 1.0
_PAST: Final = 0.8
"""The best view is past when the plate has shrunk to this share of its widest."""
_STILL_S: Final = 0.5
_STILL: Final = 0.3
"""A plate that in that time moved less than this many of its widths stands."""
_RIVAL_LOOKS: Final = 3
"""A plate that seems to stand where another is known needs so many looks that agree."""
_HOPELESS_LOOKS: Final = 8
"""A text that stands there and was never legible in so many looks is let be."""


@attrs.frozen(kw_only=True, eq=False)
class View:
    """What is kept of the frame in which a track was seen best.

    Attributes:
        pictures: already redacted; the frame itself is gone.
        box: the plate in that frame.
        index: of that frame within its source.
        time_s: of that frame within its source.
        captured_at: of that frame.
        merit: confidence by size by sharpness; larger is better.
    """

    pictures: StoredPictures = attrs.field(repr=False)
    box: Box
    index: int
    time_s: float
    captured_at: datetime | None
    merit: float


@attrs.frozen(kw_only=True, eq=False)
class Passed:
    """One car that passed or came to stand: what becomes one read.

    Attributes:
        number: of the track, from 0 for a camera's first.
        first_s: time of the first frame that showed it.
        look: the fused reading.
        looks: how many looks it was fused from.
        view: the best one.
        engine: that read it.
    """

    number: int
    first_s: float
    look: Look
    looks: int
    view: View
    engine: str


@attrs.define(kw_only=True, eq=False)
class Track:
    """One plate, followed.

    Attributes:
        told: its read was given, at `told_s`; later looks only keep it known.
        missed: looks in a row that did not find it.
        dismissed: it stands and was never legible; known as well, and read if a later
            look can.
        rival: a track that stands at the same place with another plate.
    """

    number: int
    first_s: float
    last_s: float
    box: Box
    widest: float
    engine: str
    told: bool = False
    told_s: float = 0.0
    dismissed: bool = False
    seen: int = 0
    missed: int = 0
    rival: "Track | None" = None
    looks: list[Look] = attrs.field(factory=list)
    speed: tuple[float, float] = (0.0, 0.0)
    growth: float = 0.0
    rested_at: Box
    rested_s: float
    legible_s: float | None = None
    view: View | None = None
    reading: Look | None = None
    looked_s: float = -math.inf
    waits_s: float = 0.0

    @property
    def stands(self) -> bool:
        """Whether it was seen at one place for a while."""
        return self.last_s - self.rested_s >= _STILL_S

    def expected(self, time_s: float) -> Box:
        """Where its plate must be by now, going on as before.

        What drives at one speed on a straight road grows and moves in the picture as
        1 / (1 - growth x time): fast when near, hardly at all when far.
        """
        if self.stands:
            return self.box
        ahead = min(max(time_s - self.last_s, 0.0), _HIDDEN_S)
        scale = 1 / min(max(1 - self.growth * ahead, _NEAREST), _FARTHEST)
        x, y = middle(self.box)
        width, height = self.box[2] * scale, self.box[3] * scale
        x, y = x + self.speed[0] * ahead * scale, y + self.speed[1] * ahead * scale
        return (
            round(x - width / 2),
            round(y - height / 2),
            max(round(width), 1),
            max(round(height), 1),
        )

    def join(self, sighting: Sighting, time_s: float) -> None:
        """Take a sighting as one of this plate."""
        self._move(sighting.box, time_s)
        self.seen += 1
        if self.rival is not None and apart(self.box, self.rival.box) > 1:
            self.rival = None
        if self.dismissed and sighting.confidence >= _CLEAR:
            self.told = self.dismissed = False
        if self.told:
            return
        self.looks = [*self.looks, sighting.look][-_MOST_KEPT:]
        self.reading = fused(leading(self.looks))
        self.engine = sighting.engine
        if self.legible_s is None and sighting.confidence >= LEAST:
            self.legible_s = time_s

    def _move(self, box: Box, time_s: float) -> None:
        step_s = time_s - self.last_s
        if step_s > 0:
            (x, y), (was_x, was_y) = middle(box), middle(self.box)
            fresh = (x - was_x) / step_s, (y - was_y) / step_s
            # The second sight gives the first speed; later ones correct it.
            old = 0.3 if self.last_s > self.first_s else 0.0
            self.speed = (
                old * self.speed[0] + (1 - old) * fresh[0],
                old * self.speed[1] + (1 - old) * fresh[1],
            )
            # As of now: `expected` looks ahead from here, the step was until here.
            grown = (box[2] / self.box[2] - 1) / step_s
            fresh = (fresh[0] * box[2] / self.box[2], fresh[1] * box[2] / self.box[2])
            self.growth = old * self.growth + (1 - old) * grown
        if apart(box, self.rested_at) > _STILL:
            self.rested_at, self.rested_s = box, time_s
        self.box, self.last_s, self.missed = box, time_s, 0
        self.widest = max(self.widest, box[2])

    def agreeing(self) -> int:
        """How many looks read just what the fused reading says."""
        if self.reading is None:
            return 0
        key = self.reading.plate.match_key
        return sum(look.plate.match_key == key for look in self.looks)


@attrs.define
class Tracker:
    """All plates that one camera follows, and those that it knows to stand there.

    Promises: each track is told of once at most; memory is bounded, and no picture of
    a frame is kept but the redacted best of each track that is not told of yet.
    """

    _tracks: list[Track] = attrs.field(factory=list, init=False)
    _count: int = attrs.field(default=0, init=False)

    @property
    def tracks(self) -> tuple[Track, ...]:
        """The plates that are followed or known, oldest first."""
        return tuple(self._tracks)

    def see(
        self,
        sightings: Sequence[Sighting],
        frame: Frame,
        *,
        time_s: float,
    ) -> None:
        """Take what one look at a frame showed.

        Args:
            sightings: in pixels of the whole frame.
            frame: the whole frame; not kept.
            time_s: its time, never falling.
        """
        for sighting, track in self._paired(sightings, time_s):
            track.join(sighting, time_s)
            if not track.told:
                _keep_best(track, sighting, frame)
            for rival in [each for each in self._tracks if each.rival is track]:
                # The one that stood there is still there: the other was a misreading.
                self._tracks.remove(rival)

    def due(self, time_s: float, frame: tuple[int, int]) -> list[Passed]:
        """The tracks that are to be told of now; each only once.

        Args:
            time_s: of the newest frame, after what it showed was taken.
            frame: its width and height.
        """
        passed = []
        replaced = []
        for track in self._tracks:
            if track.told:
                continue
            told = _passed(track) if _is_due(track, time_s, frame) else None
            if told is not None:
                passed.append(told)
                replaced.append(track.rival)
            elif not track.stands or track.seen < _HOPELESS_LOOKS:
                continue
            else:
                track.dismissed = True
            track.told, track.told_s, track.rival = True, time_s, None
            track.looks, track.view = [], None
        self._tracks = [each for each in self._tracks if each not in replaced]
        self._forget(time_s)
        return passed

    def finish(self) -> list[Passed]:
        """The cars in view that were not told of yet, when no more frames come."""
        waiting = [
            _passed(each)
            for each in self._tracks
            if not each.told and each.rival is None
        ]
        self._tracks = []
        return [each for each in waiting if each is not None]

    def end(self, track: Track) -> None:
        """Know a plate no more that was told of: it is gone from where it stood."""
        if track.told:
            self._tracks.remove(track)

    def _forget(self, time_s: float) -> None:
        self._tracks = [each for each in self._tracks if not _gone(each, time_s)]
        while len(self._tracks) > MOST_TRACKS:
            self._tracks.remove(min(self._tracks, key=lambda each: each.last_s))

    def _paired(
        self, sightings: Sequence[Sighting], time_s: float
    ) -> list[tuple[Sighting, Track]]:
        """Each sighting with its track; the best pairs first, then new tracks."""
        fits = sorted(
            (
                (fit, -track.number, place, track)
                for place, sighting in enumerate(sightings)
                for track in self._tracks
                if (fit := _fit(track, sighting, time_s)) > 0
            ),
            key=lambda each: each[:3],
            reverse=True,
        )
        paired: dict[int, Track] = {}
        for _fit_of, _number, place, track in fits:
            if place not in paired and track not in paired.values():
                paired[place] = track
        known = [(sightings[place], track) for place, track in paired.items()]
        for place, sighting in enumerate(sightings):
            if place not in paired and not any(
                overlap(sighting.box, other.box) > _STILL for other, _ in known
            ):
                known.append((sighting, self._begun(sighting, time_s)))
        return known

    def _begun(self, sighting: Sighting, time_s: float) -> Track:
        track = Track(
            number=self._count,
            first_s=time_s,
            last_s=time_s,
            box=sighting.box,
            widest=sighting.box[2],
            engine=sighting.engine,
            rested_at=sighting.box,
            rested_s=time_s,
            rival=next(
                (
                    each
                    for each in self._tracks
                    if each.stands and apart(each.box, sighting.box) < 1
                ),
                None,
            ),
        )
        self._count += 1
        self._tracks.append(track)
        return track


def middle(box: Box) -> tuple[float, float]:
    """The middle of a box."""
    return box[0] + box[2] / 2, box[1] + box[3] / 2


def apart(one: Box, other: Box) -> float:
    """How far the middles of two boxes are from each other, in their mean width."""
    (x, y), (to_x, to_y) = middle(one), middle(other)
    return math.hypot(to_x - x, to_y - y) / ((one[2] + other[2]) / 2)


def overlap(one: Box, other: Box) -> float:
    """Intersection over union.

    >>> overlap((0, 0, 10, 10), (5, 0, 10, 10))
    0.3333333333333333
    """
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    both = max(width, 0) * max(height, 0)
    return both / (one[2] * one[3] + other[2] * other[3] - both)


def _fit(track: Track, sighting: Sighting, time_s: float) -> float:
    """How well a sighting goes with a track, 0 to 2; 0 when it cannot be."""
    if track.reading is None:
        return 0.0
    alike = likeness(track.reading.plate.glyphs, sighting.plate.glyphs)
    if track.looks:
        # The last look may be nearer to this one than what all together say.
        last = track.looks[-1].plate.glyphs
        alike = max(alike, likeness(last, sighting.plate.glyphs))
    away_s = time_s - track.last_s
    distance = apart(track.expected(time_s), sighting.box)
    reach = _reach(track, sighting, alike, away_s)
    scale = abs(math.log(sighting.box[2] / track.expected(time_s)[2]))
    if distance >= reach or scale > _STILL + max(away_s, 0.0):
        return 0.0
    return alike + (1 - distance / reach)


def _reach(track: Track, sighting: Sighting, alike: float, away_s: float) -> float:
    """How far from where it is expected a plate may be, in its widths; 0 for never."""
    if alike >= _ALIKE:
        if track.stands:
            # It stands still, or drives away from there; its neighbour may be alike.
            return 6.0 if alike >= _SAME else 1.0 + min(away_s, 1.0)
        if away_s > _HIDDEN_S:
            return 0.0
        # Without a speed it may have gone any way: 50 km/h are 46 plates a second.
        return 1.5 + away_s * (8.0 if track.last_s > track.first_s else 40.0)
    at_once = away_s < _MISREAD_S
    if alike >= _UNLIKE:
        return 1.0 if at_once or track.stands else 0.0
    surest = 0.0 if track.reading is None else track.reading.confidence
    both_clear = min(sighting.confidence, surest) >= _CLEAR
    return 0.6 + 1.5 * away_s if at_once and not both_clear else 0.0


def _is_due(track: Track, time_s: float, frame: tuple[int, int]) -> bool:
    if track.reading is None or track.legible_s is None:
        return False
    if track.rival is not None:
        return track.agreeing() >= _RIVAL_LOOKS
    sure = track.reading.confidence >= SURE and track.agreeing() > 1
    past = track.box[2] < _PAST * track.widest or _leaves(track, time_s, frame)
    late = time_s - track.legible_s >= LATEST_S
    return sure or past or late or time_s - track.last_s >= _ENDED_S


def _leaves(track: Track, time_s: float, frame: tuple[int, int]) -> bool:
    """Whether it will be cut by the frame's edge before long."""
    if track.last_s == track.first_s:
        return False
    left, top, width, height = track.expected(time_s + 0.3)
    return left < 0 or top < 0 or left + width > frame[0] or top + height > frame[1]


def _gone(track: Track, time_s: float) -> bool:
    away_s = time_s - track.last_s
    if track.told:
        return away_s > (STANDS_FOR_S if track.stands else _HIDDEN_S)
    return away_s > _HIDDEN_S


def _passed(track: Track) -> Passed | None:
    reading, view = track.reading, track.view
    least = LEAST if len(track.looks) > 1 else LEAST_ALONE
    if reading is None or view is None or reading.confidence < least:
        return None
    return Passed(
        number=track.number,
        first_s=track.first_s,
        look=reading,
        looks=len(track.looks),
        view=view,
        engine=track.engine,
    )


def leading(looks: Sequence[Look]) -> list[Look]:
    """The looks that can be of one plate, of those the most trusted."""

    def with_it(one: Look) -> list[Look]:
        return [
            other
            for other in looks
            if likeness(one.plate.glyphs, other.plate.glyphs) >= _UNLIKE
        ]

    groups = (with_it(look) for look in looks)
    return max(groups, key=lambda group: sum(look.confidence for look in group))


def _keep_best(track: Track, sighting: Sighting, frame: Frame) -> None:
    crisp = sharpness(frame.image, sighting.box)
    merit = sighting.confidence * sighting.box[2] * crisp
    if track.view is None or merit > track.view.merit:
        track.view = View(
            pictures=redacted(frame.image, sighting.box),
            box=sighting.box,
            index=frame.index,
            time_s=frame.time_s,
            captured_at=frame.captured_at,
            merit=merit,
        )


def sharpness(image: Image, box: Box) -> float:
    """How crisp the edges in a box are, 0 to 1, whatever its contrast.

    The change from pixel to pixel as a share of the change over the whole box, at the
    size it has; a plate out of focus or smeared by motion changes slowly.
    """
    left, top, width, height = box
    crop = image[max(top, 0) : top + height, max(left, 0) : left + width]
    if crop.size == 0:
        return 0.0
    grey = cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_RGB2GRAY)
    spread = float(grey.std())
    edges = float(cv2.Laplacian(grey, cv2.CV_32F).std())
    return edges / (edges + 4 * spread + 1)
