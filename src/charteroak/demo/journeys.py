"""Who drives where in Fernwood, and when: the same for the same seed, without end.

Wanted cars drive routes, from camera to camera, at times that a car can keep; strangers
pass a camera here and there. A round of eight minutes comes again and again.
"""

import heapq
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Final

import attrs
import numpy as np

from charteroak.core.camera import CameraId
from charteroak.demo.cameras import POSTS
from charteroak.demo.town import WANTED
from charteroak.rendering.car import Vehicle
from charteroak.rendering.traffic import make_vehicle

ROUND_S: Final = 480.0

CLEAR_S: Final = 9.0
"""So long one camera is left to one car."""

_RIGHT_SHARE: Final = 0.7

Route = tuple[tuple[float, str], ...]

ROUTES: Final[Mapping[str, Route]] = {
    # Stolen this morning: in over the bridge, past the Green, out to the north.
    "BK47193": (
        (6, "mill-road"), (80, "main-st-north"), (125, "elm-st"),
        (160, "route-83-elm"), (295, "route-83-north"),
    ),
    # Missing, 78: goes round the middle of the town.
    "KOA1829": (
        (36, "church-st"), (190, "main-st-depot"), (330, "main-st-north"),
        (400, "church-st"),
    ),
    # Taken at a fuel station: along Church Street and down Route 83.
    "AM60824": ((132, "church-st"), (240, "route-83-mill"), (360, "route-83-south")),
    # From Massachusetts: up Main Street and out to the west.
    "7LDN28": ((215, "main-st-north"), (335, "quarry-road")),
}  # fmt: skip
"""Plate -> seconds into the round and the camera that it passes then."""


@attrs.frozen(kw_only=True)
class Passing:
    """One car passes one camera.

    Attributes:
        at_s: seconds after the street was opened.
        camera: whose view it drives through.
        vehicle: as it is painted.
        right: whether it takes the right of the two lanes.
        speed_m_s: metres a second.
    """

    at_s: float
    camera: CameraId
    vehicle: Vehicle = attrs.field(repr=False)
    right: bool
    speed_m_s: float


def passings(seed: int, *, every_s: float) -> Iterator[Passing]:
    """Everything that passes, in order of time.

    Args:
        seed: another seed is other strangers.
        every_s: seconds from one stranger to the next, across the whole town.
    """
    return heapq.merge(_wanted(), _strangers(seed, every_s), key=lambda each: each.at_s)


def _wanted() -> Iterator[Passing]:
    cars = {each.vehicle.plate.glyphs: each.vehicle for each in WANTED}
    stops = sorted(
        (at_s, camera, plate)
        for plate, route in ROUTES.items()
        for at_s, camera in route
    )
    for number in count():
        for at_s, camera, plate in stops:
            yield Passing(
                at_s=number * ROUND_S + at_s,
                camera=CameraId(camera),
                vehicle=cars[plate],
                right=_may_take_right(camera),
                speed_m_s=13.0,
            )


def _strangers(seed: int, every_s: float) -> Iterator[Passing]:
    rng = np.random.default_rng([seed, 61])
    last: dict[str, float] = {}
    # Every camera sees a car soon, so that the desk need not wonder about it.
    order = rng.permutation(len(POSTS)).tolist()
    for number in count():
        at_s = (number + 0.5 + float(rng.uniform(-0.3, 0.3))) * every_s
        chance = int(rng.integers(len(POSTS)))
        first = order[number] if number < len(order) else chance
        vehicle, right = make_vehicle(rng), bool(rng.uniform() < _RIGHT_SHARE)
        speed_m_s = float(rng.uniform(11, 15))
        for step in range(len(POSTS)):
            camera = POSTS[(first + step) % len(POSTS)].camera.camera_id
            taken = at_s - last.get(camera, -CLEAR_S) < CLEAR_S
            if not taken and _clear_of_wanted(camera, at_s):
                last[camera] = at_s
                yield Passing(
                    at_s=at_s,
                    camera=camera,
                    vehicle=vehicle,
                    right=right and _may_take_right(camera),
                    speed_m_s=speed_m_s,
                )
                break


def _clear_of_wanted(camera: str, at_s: float) -> bool:
    """Whether no wanted car comes at that time; strangers give way to them."""
    near = (
        abs((at_s - comes_s + ROUND_S / 2) % ROUND_S - ROUND_S / 2)
        for route in ROUTES.values()
        for comes_s, where in route
        if where == camera
    )
    return all(apart_s >= CLEAR_S for apart_s in near)


def _may_take_right(camera: str) -> bool:
    """The right lane is the parked car's neighbour, where one is parked."""
    return not any(post.parked and post.camera.camera_id == camera for post in POSTS)
