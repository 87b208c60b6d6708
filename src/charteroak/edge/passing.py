"""From the frames of one street camera to one read of each passing car.

Each frame is looked at small and grey: that tells where something moves. Only there, and
only as often as needed, the engine looks at the frame itself, in its original pixels. A
plate that was found is looked at again until its reading is sure or its best view is
past; then the car is told of, and looked at rarely.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Final

import attrs

from charteroak.core.plate import MatchKey
from charteroak.edge.camera import Frame
from charteroak.edge.motion import (
    GREY_WIDTH_PX,
    SMALLEST_PX,
    Detail,
    Mask,
    MotionGate,
    regions,
)
from charteroak.edge.recognize import Box, Image, Recognizer, Sighting
from charteroak.edge.standing import PACE_S, Standing
from charteroak.edge.track import Passed, Track, Tracker, overlap

_WHOLE_EVERY_S: Final = 5.0
"""While the whole picture changes all the time it is looked at only so often."""
_BLANK_S: Final = 0.2
"""After a look at something moving that showed no plate; doubles with each."""
_MOVING_S: Final = 0.6
"""The longest wait for what moves: a plate may become legible at any moment."""
_TOLD_S: Final = 2.4
"""The longest wait for a moving car that was told of, so that it stays known."""
_STILL_S: Final = 20.0
"""The longest wait for what departs from the street at rest, but is still."""
_KNOWN_S: Final = 600.0
"""The longest wait for a plate that is known to stand there."""
_AGAIN_S: Final = 0.6
"""After a car was told of; doubles with each look."""
_SOON_S: Final = 0.7
"""After so long a car may have stopped instead of going on."""
_FORGET_S: Final = 3.0
_EAGER_LOOKS: Final = 6
_FIRST_LOOKS: Final = 3
"""So many looks show whether a plate stands, also where nothing moves."""
_STAYS: Final = 0.7
"""Intersection over union of what departs in two frames, if it does not move."""
_GOES_ON: Final = 0.2
"""The same, if it is one thing at all."""
_BACKWARDS_S: Final = 10.0
"""When a source counts time anew, so much is taken to have passed."""
_ONE_PASSING_S: Final = 10.0
"""The same plate again within so long, and no other between, has not been away."""
_MOST_AREAS: Final = 3
_SMALLEST_PX: Final = 240
"""Side of the smallest part of a frame that is given to an engine."""


@attrs.define(eq=False)
class _Patch:
    """Something that moves and is no known plate yet.

    Attributes:
        shown: where it was at its last look, and what was there.
    """

    box: Box
    seen_s: float
    shown: tuple[Box, Detail] | None = None
    next_s: float = 0.0
    blanks: int = 0


@attrs.define(kw_only=True)
class Passing:
    """Follows one camera.

    Promises: each passing or parking car is told of once, as soon as it is sure and at
    the latest when it is gone; the engine does not run while nothing moves; memory is
    bounded. Not for use from several threads at once.

    Attributes:
        engine: finds and reads; one for all cameras of a box, if it takes turns itself.
        looks: how often it was asked.
    """

    engine: Recognizer
    looks: int = 0
    _gate: MotionGate = attrs.field(factory=MotionGate, init=False)
    _tracker: Tracker = attrs.field(factory=Tracker, init=False)
    _standing: Standing = attrs.field(factory=Standing, init=False)
    _patches: list[_Patch] = attrs.field(factory=list, init=False)
    _now_s: float = attrs.field(default=0.0, init=False)
    _offset_s: float = attrs.field(default=0.0, init=False)
    _blanks: int = attrs.field(default=0, init=False)
    _blank_s: float = attrs.field(default=float("-inf"), init=False)
    _whole_s: float = attrs.field(default=float("-inf"), init=False)
    _scale: float = attrs.field(default=1.0, init=False)
    _size: tuple[int, int] = attrs.field(default=(0, 0), init=False)
    _last_told: tuple[MatchKey | None, float] = attrs.field(
        default=(None, 0.0), init=False, repr=False
    )

    def take(self, frame: Frame) -> list[Passed]:
        """Look at the next frame, as far as needed.

        Returns:
            The cars to be told of now; mostly none.

        Raises:
            UnreadablePictureError: the frame's data are damaged.
            CharterOakError: the engine's.
        """
        now = self._moment(frame.time_s)
        motion = self._gate.look(frame.grey_small(GREY_WIDTH_PX), now)
        for gone in self._standing.follow(self._tracker.tracks, self._gate, now):
            self._tracker.end(gone)
        if motion.whole and now - self._whole_s >= _WHOLE_EVERY_S:
            self._whole_s = now
            height, width = motion.mask.shape
            areas = [(0, 0, width, height)]
        elif motion.whole:
            areas = list(self._of_tracks(now, None))
        else:
            areas = [*self._of_tracks(now, motion.mask), *self._moving(motion.mask)]
        if areas:
            self._look_at(frame, areas, motion.mask.shape[1])
        return self._once(self._tracker.due(now, self._size))

    def finish(self) -> list[Passed]:
        """The cars in view that were not told of yet, when no more frames come."""
        return self._once(self._tracker.finish())

    def forget(self, after_s: float, *, but: Container[int] = ()) -> None:
        """Know no car any more that was told of so long ago.

        One that is parked there is told of anew.

        Args:
            after_s: seconds by the frames' own time.
            but: numbers of those that stay known.
        """
        for track in self._tracker.tracks:
            if self._now_s - track.told_s >= after_s and track.number not in but:
                self._tracker.end(track)
        if self._now_s - self._last_told[1] >= _ONE_PASSING_S:
            self._last_told = None, 0.0

    def _once(self, passed: Iterable[Passed]) -> list[Passed]:
        """Those whose plate is not the one that was told of last, a moment ago.

        A box that is short of time misses frames, and may lose a car that it told of
        and find it again: the same plate so soon is the same passing.
        """
        new = []
        for each in passed:
            key, at_s = self._last_told
            if key != each.look.plate.match_key or self._now_s - at_s >= _ONE_PASSING_S:
                new.append(each)
            self._last_told = each.look.plate.match_key, self._now_s
        return new

    def _moment(self, time_s: float) -> float:
        """The frame's time, on a scale that only rises."""
        if time_s + self._offset_s < self._now_s:
            self._offset_s = self._now_s + _BACKWARDS_S - time_s
        self._now_s = time_s + self._offset_s
        return self._now_s

    def _look_at(self, frame: Frame, areas: Sequence[Box], grey_width: int) -> None:
        image = frame.image
        self._size = image.shape[1], image.shape[0]
        self._scale = image.shape[1] / grey_width
        crops = [
            crop
            for area in _merged(areas)
            if min((crop := self._in_frame(area))[2:]) > 0
        ]
        for track in self._tracker.tracks:
            places = _places(track, self._now_s)
            if any(_holds(crop, each) for crop in crops for each in places):
                self._wait(track)
        sightings = [each for crop in crops for each in self._seen_in(image, crop)]
        self._tracker.see(sightings, frame, time_s=self._now_s)
        for track in self._tracker.tracks:
            if track.last_s == self._now_s:
                self._standing.seen(track, self._small, self._gate)
            elif track.looked_s == self._now_s and not track.stands:
                # It did not go on as before: it may have stopped.
                track.waits_s = min(track.waits_s, _AGAIN_S)
        # One pace for all that moves and shows no plate, however many parts it has.
        self._blanks = 0 if sightings else self._blanks + 1
        pause = min(_BLANK_S * 2.0**self._blanks, _MOVING_S) if self._blanks else 0.0
        self._blank_s = self._now_s + pause - PACE_S
        for patch in self._patches:
            box = self._in_frame(patch.box)
            if any(_touch(box, crop) for crop in crops):
                self._rest(patch, found=any(_touch(box, s.box) for s in sightings))

    def _seen_in(self, image: Image, crop: Box) -> Iterator[Sighting]:
        """What the engine sees in a part of the frame, in pixels of the frame."""
        left, top, width, height = crop
        self.looks += 1
        part = image[top : top + height, left : left + width]
        for sighting in self.engine.sightings(part):
            if not self._is_cut(crop, sighting.box):
                yield sighting.moved(left, top)

    def _is_cut(self, crop: Box, box: Box) -> bool:
        """Whether a plate reaches over the edge of the part, but not of the frame."""
        left, top, width, height = crop
        columns, rows = self._size
        return (
            (box[0] <= 1 and left > 0)
            or (box[1] <= 1 and top > 0)
            or (box[0] + box[2] >= width - 1 and left + width < columns)
            or (box[1] + box[3] >= height - 1 and top + height < rows)
        )

    def _in_frame(self, area: Box) -> Box:
        """A box of the small picture in pixels of the frame, clipped, not too small.

        Where nothing of it lies in the frame, width or height is 0 or less.
        """
        columns, rows = self._size
        left, top, width, height = (round(each * self._scale) for each in area)
        more_x, more_y = (max(_SMALLEST_PX - each, 0) // 2 for each in (width, height))
        right, bottom = left + width + more_x, top + height + more_y
        left, top = max(left - more_x, 0), max(top - more_y, 0)
        return left, top, min(right, columns) - left, min(bottom, rows) - top

    def _of_tracks(self, now: float, mask: Mask | None) -> Iterator[Box]:
        """Around the plates that another look is due for, in the small picture.

        Takes the known cars out of `mask`.
        """
        for track in self._tracker.tracks:
            plates = [self._small(each) for each in _places(track, now)]
            # Down to the road and its shadow, and out to the mirrors.
            cars = [_around(each, beside=3.5, above=5.5, below=3.0) for each in plates]
            moves = mask is None or any(_part(mask, car).any() for car in cars)
            known = track.seen > 1 and not self._standing.hidden(track)
            if mask is not None and known:
                _part(mask, cars[0])[:] = 0
            due = now - track.looked_s >= self._standing.waits_s(track)
            sought = track.missed < _FIRST_LOOKS or track.stands
            lively = moves or track.stands or track.seen < _FIRST_LOOKS
            near = [_around(each, beside=1.5, above=1.2, below=1.2) for each in plates]
            frame = self._small((0, 0, *self._size))
            in_view = any(_touch(each, frame) for each in plates)
            if in_view and due and sought and (lively or not track.told):
                yield _union(near)

    def _moving(self, mask: Mask) -> Iterator[Box]:
        """Where something else moves that another look is due for."""
        patches = []
        for box in regions(mask):
            patch = next((p for p in self._patches if _same(p.box, box)), None)
            if patch is None:
                patch = _Patch(box, self._now_s)
            else:
                self._patches.remove(patch)
            if overlap(patch.box, box) < _STAYS or self._differs(patch):
                # It goes on moving, or something comes into what a parked car left
                # behind; what stays can wait longer.
                patch.next_s = min(patch.next_s, patch.seen_s + _MOVING_S)
            patch.box, patch.seen_s = box, self._now_s
            patches.append(patch)
            if self._now_s >= max(patch.next_s, self._blank_s):
                yield _grown(box, mask.shape[1])
        lost = (p for p in self._patches if self._now_s - p.seen_s < _FORGET_S)
        self._patches = [*patches, *lost]

    def _differs(self, patch: _Patch) -> bool:
        """Whether something else is to be seen there than at the last look."""
        return patch.shown is not None and (
            self._gate.departing(*patch.shown) >= SMALLEST_PX
        )

    def _rest(self, patch: _Patch, *, found: bool) -> None:
        patch.blanks = 0 if found else patch.blanks + 1
        wait = PACE_S if found else _BLANK_S * 2.0**patch.blanks
        patch.next_s = self._now_s + min(wait, _STILL_S)
        patch.shown = patch.box, self._gate.detail(patch.box)

    def _wait(self, track: Track) -> None:
        """Set when a plate that is looked at now shall be looked at next."""
        track.looked_s = self._now_s
        track.missed += 1
        if self._standing.wait(track):
            return
        if not track.told and track.seen < _EAGER_LOOKS:
            track.waits_s = PACE_S
        else:
            longest = _KNOWN_S if track.stands else _TOLD_S
            track.waits_s = min(max(2 * track.waits_s, _AGAIN_S), longest)

    def _small(self, box: Box) -> Box:
        left, top, width, height = (each / self._scale for each in box)
        return round(left), round(top), max(round(width), 1), max(round(height), 1)


def _places(track: Track, time_s: float) -> list[Box]:
    """Where a plate may be by now: where it is expected, or where it was seen last."""
    if track.told and (track.missed or time_s - track.last_s > _SOON_S):
        return [track.expected(time_s), track.box]
    return [track.expected(time_s)]


def _around(plate: Box, *, beside: float, above: float, below: float) -> Box:
    """A plate and its surroundings, in widths of the plate."""
    left, top, width, height = plate
    return (
        round(left - beside * width),
        round(top - above * width),
        round((1 + 2 * beside) * width),
        round(height + (above + below) * width),
    )


def _grown(box: Box, width: int) -> Box:
    """With a margin: a plate may lie at the edge of what was seen to move."""
    margin = round(0.03 * width + 0.08 * max(box[2], box[3]))
    left, top, wide, high = box
    return left - margin, top - margin, wide + 2 * margin, high + 2 * margin


def _part(mask: Mask, box: Box) -> Mask:
    left, top = max(box[0], 0), max(box[1], 0)
    right, bottom = max(box[0] + box[2], 0), max(box[1] + box[3], 0)
    return mask[top:bottom, left:right]


def _touch(one: Box, other: Box) -> bool:
    return overlap(one, other) > 0


def _holds(one: Box, other: Box) -> bool:
    """Whether the middle of the other lies in the one."""
    x, y = other[0] + other[2] / 2, other[1] + other[3] / 2
    return one[0] <= x < one[0] + one[2] and one[1] <= y < one[1] + one[3]


def _same(was: Box, now: Box) -> bool:
    """Whether what moved there is what moves here."""
    return overlap(was, now) > _GOES_ON or _holds(was, now) or _holds(now, was)


def _union(boxes: Iterable[Box]) -> Box:
    lefts, tops, widths, heights = zip(*boxes, strict=True)
    left, top = min(lefts), min(tops)
    right = max(a + b for a, b in zip(lefts, widths, strict=True))
    bottom = max(a + b for a, b in zip(tops, heights, strict=True))
    return left, top, right - left, bottom - top


def _merged(areas: Sequence[Box]) -> list[Box]:
    """Few parts that hold all areas; those that overlap are looked at together."""
    merged = list(areas)
    together = True
    while together:
        together = False
        for number, one in enumerate(merged):
            touching = [other for other in merged[number + 1 :] if _touch(one, other)]
            if touching or (number == 0 and len(merged) > _MOST_AREAS):
                parts = touching or merged[1:2]
                merged = [each for each in merged if each is not one]
                merged = [each for each in merged if each not in parts]
                merged.append(_union([one, *parts]))
                together = True
                break
    return merged
