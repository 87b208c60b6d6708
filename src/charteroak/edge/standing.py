"""What surrounds the plates that stand: tells when one of them is worth another look.

A known plate stands for hours, and the engine need not see it again as long as the
little that surrounds it looks as it did. When that changes, the car drives off, another
one takes its place, or somebody walks by; a few looks, ever rarer, tell which.
"""

import math
from collections.abc import Callable, Iterable
from typing import Final

import attrs

from charteroak.edge.motion import Detail, MotionGate
from charteroak.edge.recognize import Box
from charteroak.edge.track import Track, apart

_HIDDEN_LOOKS: Final = 3
"""After so many looks in a row that did not find it, what is there is looked at anew."""
PACE_S: Final = 0.12
"""Between two looks at one car; quicker ones would show the same."""
_AGAIN_S: Final = 0.6
"""To the second look at what stirs; doubles with each."""
_LONGEST_S: Final = 20.0
_GONE_S: Final = 120.0
"""A plate that was sought in vain for so long is gone, not hidden by who walks by."""
_CALM_S: Final = 2.0
"""What stirs again sooner is the same thing, and gets no new looks at once."""
_AROUND: Final = 0.4
"""How far the surroundings reach beyond the plate, in its widths."""
_DIFFERS: Final = 0.1
"""So much of the surroundings departs when something moved or came before them."""
_CREEPS: Final = 0.15
"""A plate that moved by this many of its widths drives."""
_START_LOOKS: Final = 12
"""Looks at once at a car that drives off, until its speed is known."""


@attrs.define
class _Place:
    """Where one plate stands.

    Attributes:
        box: the plate, in pixels of the frame.
        area: it and its surroundings, in pixels of the small picture.
        detail: what they looked like when it was last seen there.
        stirred: they differ now.
        since_s: when they began to.
        until_s: when they last did.
        waits_s: from one look to the next, while they do.
    """

    box: Box
    area: Box
    detail: Detail
    stirred: bool = False
    since_s: float = -math.inf
    until_s: float = -math.inf
    waits_s: float = 0.0


@attrs.define
class Standing:
    """The plates of one camera that stand, and those that just drove off.

    Promises: memory is bounded by the tracks; it asks for few looks, however long the
    surroundings of a plate go on changing.
    """

    _places: dict[int, _Place] = attrs.field(factory=dict, init=False)
    _starts: dict[int, int] = attrs.field(factory=dict, init=False)

    def follow(
        self, tracks: Iterable[Track], gate: MotionGate, time_s: float
    ) -> list[Track]:
        """Compare what surrounds the plates with how it was; once with each frame.

        Returns:
            The tracks whose plates are gone.
        """
        known = {each.number: each for each in tracks}
        self._places = {n: each for n, each in self._places.items() if n in known}
        self._starts = {n: each for n, each in self._starts.items() if n in known}
        for place in self._places.values():
            departing = gate.departing(place.area, place.detail)
            place.stirred = departing > _DIFFERS * place.detail.size
            if place.stirred:
                if time_s - place.until_s >= _CALM_S:
                    place.since_s, place.waits_s = time_s, 0.0
                place.until_s = time_s
        return [
            known[number]
            for number, place in self._places.items()
            if place.stirred
            and time_s - place.since_s >= _GONE_S
            and known[number].missed >= _HIDDEN_LOOKS
        ]

    def hidden(self, track: Track) -> bool:
        """Whether something else may be where a plate stood."""
        place = self._places.get(track.number)
        return place is not None and place.stirred and track.missed >= _HIDDEN_LOOKS

    def waits_s(self, track: Track) -> float:
        """How long to wait from the last look at a track for the next."""
        place = self._places.get(track.number)
        if self._starts.get(track.number):
            return min(track.waits_s, PACE_S)
        if place is not None and place.stirred:
            return min(track.waits_s, place.waits_s)
        return track.waits_s

    def wait(self, track: Track) -> bool:
        """Take notice that a track is looked at now.

        Returns:
            Whether it was for what this class noticed, and not in the track's own turn.
        """
        place = self._places.get(track.number)
        starts = self._starts.get(track.number, 0)
        self._starts[track.number] = max(starts - 1, 0)
        if place is None or not place.stirred:
            return starts > 0
        place.waits_s = min(max(2 * place.waits_s, _AGAIN_S), _LONGEST_S)
        return True

    def seen(self, track: Track, area: Callable[[Box], Box], gate: MotionGate) -> None:
        """Take what a look showed of a track: it stands there still, or has moved.

        Args:
            track: seen in the present frame.
            area: from a box in the frame to the same in the small picture.
            gate: of the present frame.
        """
        place = self._places.pop(track.number, None)
        if place is not None and apart(place.box, track.box) > _CREEPS:
            self._starts[track.number] = _START_LOOKS
            place = None
        if not track.stands:
            return
        more = round(_AROUND * track.box[2])
        left, top, width, height = track.box
        at = area((left - more, top - more, width + 2 * more, height + 2 * more))
        detail = gate.detail(at)
        if place is None:
            place = _Place(box=track.box, area=at, detail=detail)
        place.area, place.detail = at, detail
        self._places[track.number] = place
