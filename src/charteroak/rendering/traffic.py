"""The traffic of a small Connecticut town: seeded, endless, and the same every time.

Each lane's time is cut into slots, and each slot's car follows from the seed, the lane
and the slot's number alone. So any moment can be asked for without playing what came
before, and nothing has to be kept.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import attrs
import numpy as np

from charteroak.core.errors import CharterOakError
from charteroak.core.plate import PlateText
from charteroak.rendering.car import BODIES, COLOURS, Vehicle
from charteroak.rendering.street import FARTHEST_M, LANES_M, NEAREST_M, Placement

# I, O and Q are left out of the serials we make up: beside 1 and 0 they would make a
# wrong read our fault and not the reader's.
_LETTERS: Final = tuple("ABCDEFGHJKLMNPRSTUVWXYZ")

SERIAL_FORMATS: Final[dict[str, str]] = {
    "CT": "AA11111",
    "FL": "AA11AA",
    "MA": "1AAA11",
    "ME": "1111AA",
    "NH": "1111111",
    "NJ": "A11AAA",
    "NY": "AAA1111",
    "PA": "AAA1111",
    "RI": "AA111",
    "VT": "AAA111",
}
"""A usual serial of each state: A is a letter, 1 a digit."""

_STATE_SHARE: Final[dict[str, float]] = {
    "CT": 0.78, "MA": 0.07, "NY": 0.07, "RI": 0.02, "NJ": 0.02,
    "NH": 0.01, "VT": 0.01, "ME": 0.01, "PA": 0.005, "FL": 0.005,
}  # fmt: skip
_BODY_SHARE: Final = (0.40, 0.40, 0.12, 0.08)
_COLOUR_SHARE: Final = (0.22, 0.16, 0.17, 0.17, 0.06, 0.08, 0.07, 0.04, 0.03)


class CrowdedSlotError(CharterOakError):
    """Two chosen cars were asked for in the same lane at nearly the same time."""

    code = "charteroak.rendering.crowded-slot"
    hint = "Let chosen cars be at least one slot apart, or in different lanes."


def make_serial(rng: np.random.Generator, state: str) -> PlateText:
    """Make up a serial in the usual format of a state.

    Raises:
        KeyError: `state` is not in SERIAL_FORMATS.
    """
    signs = (
        _LETTERS[int(rng.integers(len(_LETTERS)))]
        if kind == "A"
        else str(int(rng.integers(10)))
        for kind in SERIAL_FORMATS[state]
    )
    return PlateText("".join(signs))


def make_vehicle(rng: np.random.Generator) -> Vehicle:
    """Make up a vehicle as the town sees them: mostly Connecticut, mostly grey."""
    state = str(rng.choice(list(_STATE_SHARE), p=list(_STATE_SHARE.values())))
    return Vehicle(
        plate=make_serial(rng, state),
        state=state,
        body=BODIES[int(rng.choice(len(BODIES), p=_BODY_SHARE))],
        colour=COLOURS[int(rng.choice(len(COLOURS), p=_COLOUR_SHARE))],
    )


@attrs.frozen
class Chosen:
    """A vehicle that shall come by at a known time.

    Attributes:
        tick: frame in which it enters.
        vehicle: which.
        lane: 0 left, 1 right.
    """

    tick: int
    vehicle: Vehicle
    lane: int = 1


@attrs.frozen
class Passage:
    """One vehicle's drive down the street.

    Attributes:
        vehicle: which.
        lane: 0 left, 1 right.
        first_tick: frame in which it enters, at NEAREST_M.
        speed_m: metres per tick.
        offset_m: how far from the middle of its lane.
    """

    vehicle: Vehicle
    lane: int
    first_tick: int
    speed_m: float
    offset_m: float

    def at(self, tick: int) -> Placement | None:
        """Where it is in a frame, or None before it comes and after it has gone."""
        z = NEAREST_M + (tick - self.first_tick) * self.speed_m
        if tick < self.first_tick or z > FARTHEST_M:
            return None
        return Placement(self.vehicle, LANES_M[self.lane] + self.offset_m, z)


class Traffic:
    """Traffic of two lanes.

    Args:
        seed: the same seed gives the same traffic.
        chosen: vehicles that come at given ticks; others keep clear of them.
        slot_ticks: length of a slot; one slot holds at most one car.
        busy: share of slots that hold a car, 0 to 1.
        speed_m: metres per tick; one speed for a lane, so that nobody collides.

    Raises:
        CrowdedSlotError: two chosen vehicles share a slot of a lane.
    """

    def __init__(
        self,
        seed: int,
        *,
        chosen: Sequence[Chosen] = (),
        slot_ticks: int = 75,
        busy: float = 0.6,
        speed_m: float = 0.4,
    ) -> None:
        self.seed = seed
        self.slot_ticks = slot_ticks
        self.busy = busy
        self.speed_m = speed_m
        self._chosen = {(each.lane, each.tick // slot_ticks): each for each in chosen}
        if len(self._chosen) < len(chosen):
            raise CrowdedSlotError("two chosen vehicles share a slot")

    def passages(self, first_tick: int = 0) -> Iterator[Passage]:
        """Every passage from the slot of a tick onwards, by slot, without end."""
        slot = first_tick // self.slot_ticks
        while True:
            for lane in range(len(LANES_M)):
                passage = self._passage(lane, slot)
                if passage is not None:
                    yield passage
            slot += 1

    def at(self, tick: int) -> tuple[Placement, ...]:
        """Every vehicle on the street in a frame."""
        drive_ticks = int((FARTHEST_M - NEAREST_M) / self.speed_m) + 1
        oldest = max((tick - drive_ticks) // self.slot_ticks, 0)
        placements = (
            passage.at(tick)
            for slot in range(oldest, tick // self.slot_ticks + 1)
            for lane in range(len(LANES_M))
            if (passage := self._passage(lane, slot)) is not None
        )
        return tuple(each for each in placements if each is not None)

    def _crowded(self, lane: int, entry: int) -> bool:
        """Whether a car would drive too close to a chosen one, and so stays away."""
        slot, room = entry // self.slot_ticks, self.slot_ticks * 2 // 3
        around = (self._chosen.get((lane, slot + step)) for step in (-1, 0, 1))
        return any(each and abs(each.tick - entry) < room for each in around)

    def _passage(self, lane: int, slot: int) -> Passage | None:
        rng = np.random.default_rng([self.seed, 41, lane, slot])
        vehicle, comes = make_vehicle(rng), float(rng.uniform()) < self.busy
        # The rest of the slot keeps a car's length between one car and the next.
        entry = slot * self.slot_ticks + int(rng.integers(max(self.slot_ticks // 3, 1)))
        offset_m = float(rng.normal(0, 0.05))
        chosen = self._chosen.get((lane, slot))
        if chosen is not None:
            vehicle, comes, entry = chosen.vehicle, True, chosen.tick
        elif self._crowded(lane, entry):
            comes = False
        if not comes:
            return None
        return Passage(vehicle, lane, entry, self.speed_m, offset_m)
