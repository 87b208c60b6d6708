"""The thirteen cameras of Fernwood: where they stand and what they look along."""

from typing import Final

import attrs

from charteroak.core.camera import Camera, CameraId
from charteroak.demo.plan import Metres, place


@attrs.frozen(kw_only=True)
class Post:
    """A camera on its post.

    Attributes:
        camera: as the agency publishes it.
        at: on the plan, metres.
        parked: whether a car is parked in its view, all day.
    """

    camera: Camera
    at: Metres
    parked: bool = False


def _post(
    camera_id: str, name: str, at: Metres, heading_deg: float, *, parked: bool = False
) -> Post:
    latitude, longitude = place(at)
    camera = Camera(
        camera_id=CameraId(camera_id),
        name=name,
        latitude=round(latitude, 5),
        longitude=round(longitude, 5),
        heading_deg=heading_deg,
    )
    return Post(camera=camera, at=at, parked=parked)


POSTS: Final = (
    _post("mill-road", "Mill Road at the river bridge, eastbound", (-820, -325), 94),
    _post("main-st-north", "Main Street at the Green, northbound", (0, -60), 0),
    _post("elm-st", "Elm Street at the high school, eastbound", (420, 384), 90),
    _post("route-83-elm", "Route 83 at Elm Street, northbound", (915, 460), 11),
    _post("hillside-ave", "Hillside Avenue at Route 83, eastbound", (1180, 961), 77),
    _post("route-83-north", "Route 83, north town line", (1062, 2700), 3),
    _post("route-83-south", "Route 83, south town line", (880, -2250), 173),
    _post("route-83-mill", "Route 83 at Mill Road, southbound", (765, -690), 188),
    _post("main-st-depot", "Main Street at Depot Street, southbound", (-63, -1080), 182),
    _post(
        "depot-st", "Depot Street at the river, northbound", (-722, -817), 351,
        parked=True,
    ),
    _post("church-st", "Church Street at Park Street, eastbound", (640, 2), 90),
    _post("old-post-road", "Old Post Road, west town line", (-2300, 690), 281),
    _post("quarry-road", "Quarry Road at Main Street, westbound", (-120, 1706), 272),
)  # fmt: skip

CAMERAS: Final = tuple(post.camera for post in POSTS)
