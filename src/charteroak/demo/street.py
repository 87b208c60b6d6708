"""The streets of Fernwood: thirteen cameras before which cars drive by.

It draws pictures and shows them as thirteen streams, and nothing else. Whether a plate
is read, and what follows, is up to the boxes that look at the streams. Each passing is
drawn in the pause before it.
"""

import argparse
import io
import json
import os
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, get_args

import attrs
from PIL import Image

from charteroak.core.plate import PlateText
from charteroak.demo.cameras import POSTS
from charteroak.demo.children import stop_with_parent
from charteroak.demo.journeys import Passing, passings
from charteroak.demo.mjpeg import CameraServer, Feed
from charteroak.rendering.car import Vehicle
from charteroak.rendering.light import Hour
from charteroak.rendering.street import LANES_M, Placement, StreetScene

DRIVING_FPS: Final = 7.0
IDLE_S: Final = 1.0
"""Seconds between two pictures of an empty street."""

_NEAREST_M: Final = 6.0
_FARTHEST_M: Final = 42.0
"""A car is drawn from where it enters the view to where nobody can read its plate."""

_LOOK_S: Final = 0.2
_IDLE_PICTURES: Final = 4
_AHEAD: Final = 3
"""So many passings are drawn before their time; each is some 6 MB."""

_QUALITY: Final = 85
_PARKED: Final = Placement(
    Vehicle(PlateText("CX30518"), "CT", "sedan", "white"), x_m=2.95, z_m=17.0
)

Film = Sequence[bytes]


@attrs.frozen(eq=False)
class View:
    """What one camera sees: its street, at rest and with cars.

    Attributes:
        feed: where its pictures go.
        scene: its street.
        standing: what is parked there.
        at_rest: a few JPEGs of the street without moving cars; their noise differs.
    """

    feed: Feed
    scene: StreetScene
    standing: tuple[Placement, ...]
    at_rest: Film
    coming: "queue.SimpleQueue[Film]" = attrs.field(factory=queue.SimpleQueue)

    @classmethod
    def of(cls, number: int, feed: Feed, *, seed: int, hour: Hour) -> "View":
        """Draw the street of a camera; takes one or two seconds."""
        scene = StreetScene(seed * 100 + number, hour=hour)
        standing = (_PARKED,) if POSTS[number].parked else ()
        at_rest = [
            _jpeg(scene.frame(standing, tick=tick).image)
            for tick in range(_IDLE_PICTURES)
        ]
        return cls(feed, scene, standing, at_rest)

    def film(self, passing: Passing, number: int) -> Film:
        """Draw a car that drives by.

        Args:
            passing: the car, its lane and its speed.
            number: of the passing; seeds its noise.
        """
        step_m = passing.speed_m_s / DRIVING_FPS
        count = int((_FARTHEST_M - _NEAREST_M) / step_m) + 1
        lane = LANES_M[1 if passing.right else 0]
        placements = (
            Placement(passing.vehicle, lane, _NEAREST_M + step_m * index)
            for index in range(count)
        )
        return [
            _jpeg(
                self.scene.frame(
                    [*self.standing, placement], tick=number * 1000 + index
                ).image
            )
            for index, placement in enumerate(placements)
        ]

    def show(self, stopped: threading.Event) -> None:
        """Publish until stopped: each car that comes, and the street between them."""
        turn = 0
        while not stopped.is_set():
            try:
                film = self.coming.get(timeout=IDLE_S)
            except queue.Empty:
                turn += 1
                self.feed.publish(self.at_rest[turn % len(self.at_rest)])
                continue
            for picture in film:
                self.feed.publish(picture)
                if stopped.wait(1 / DRIVING_FPS):
                    return
            self.feed.publish(self.at_rest[0])


def _jpeg(image: Image.Image) -> bytes:
    held = io.BytesIO()
    image.save(held, "JPEG", quality=_QUALITY)
    return held.getvalue()


class Street:
    """Opens the views, draws what comes and lets it drive at its time."""

    def __init__(
        self, *, seed: int, every_s: float, hour: Hour, truth: Path | None
    ) -> None:
        self.feeds: dict[str, Feed] = {post.camera.camera_id: Feed() for post in POSTS}
        self._seed, self._every_s, self._hour = seed, every_s, hour
        self._truth = truth
        self._views: dict[str, View] = {}
        self._drawn: queue.Queue[tuple[Passing, Film]] = queue.Queue(_AHEAD)
        self._stopped = threading.Event()

    def run(self) -> None:
        """Let the town live until `stop`; cars drive once somebody looks."""
        first = POSTS[0].camera.camera_id
        threading.Thread(target=self._open_views, name="views", daemon=True).start()
        while not (first in self._views and self.feeds[first].watched.is_set()):
            if self._stopped.wait(_LOOK_S):
                return
        began = time.monotonic()
        threading.Thread(target=self._draw, name="films", daemon=True).start()
        while not self._stopped.is_set():
            try:
                passing, film = self._drawn.get(timeout=IDLE_S)
            except queue.Empty:
                continue
            if not self._stopped.wait(max(began + passing.at_s - time.monotonic(), 0)):
                self._views[passing.camera].coming.put(film)
                self._tell(passing)
        for feed in self.feeds.values():
            feed.close()

    def stop(self) -> None:
        """End `run` soon; for a signal handler."""
        self._stopped.set()

    def _open_views(self) -> None:
        for number, post in enumerate(POSTS):
            if self._stopped.is_set():
                return
            camera = post.camera.camera_id
            view = View.of(number, self.feeds[camera], seed=self._seed, hour=self._hour)
            self._views[camera] = view
            threading.Thread(
                target=view.show, args=(self._stopped,), name=camera, daemon=True
            ).start()

    def _draw(self) -> None:
        # Of this thread alone: the boxes have the first claim on two cores.
        os.nice(5)
        for number, passing in enumerate(passings(self._seed, every_s=self._every_s)):
            view = self._views.get(passing.camera)
            # In the first seconds some streets are not drawn yet: nobody drives there.
            if view is not None:
                self._drawn.put((passing, view.film(passing, number)))

    def _tell(self, passing: Passing) -> None:
        """Write down what drives by, where a test asked for it."""
        if self._truth is None:
            return
        line = {
            "at": datetime.now(UTC).isoformat(),  # noqa: TID251 - a drawn car's time
            "camera": passing.camera,
            "plate": passing.vehicle.plate.glyphs,
        }
        with self._truth.open("a") as file:
            file.write(json.dumps(line) + "\n")


def main() -> int:
    """Show the streets until stopped; exit status 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every-s", type=float, default=5.0)
    parser.add_argument("--hour", choices=get_args(Hour), default="day")
    parser.add_argument("--truth", type=Path)
    options = parser.parse_args()
    stop_with_parent()
    street = Street(
        seed=options.seed,
        every_s=options.every_s,
        hour=options.hour,
        truth=options.truth,
    )
    signal.signal(signal.SIGTERM, lambda _number, _frame: street.stop())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = CameraServer(socket.socket(fileno=options.socket), street.feeds)
    threading.Thread(target=server.serve_forever, name="cameras", daemon=True).start()
    street.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
