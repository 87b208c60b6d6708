"""A drawn camera is a stream like any other: served over HTTP, with cars that drive."""

import io
import socket
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.client import HTTPConnection, HTTPResponse
from itertools import islice

import numpy as np
import pytest
from PIL import Image

from charteroak.core.camera import CameraId
from charteroak.core.plate import PlateText
from charteroak.demo.cameras import POSTS
from charteroak.demo.journeys import Passing
from charteroak.demo.mjpeg import CameraServer, Feed
from charteroak.demo.street import View
from charteroak.rendering.car import Vehicle

CAR = Vehicle(PlateText("BK47193"), "CT", "sedan", "blue")


@pytest.fixture(scope="module")
def view() -> View:
    return View.of(0, Feed(), seed=1, hour="day")


@pytest.fixture
def served() -> Iterator[tuple[str, Feed]]:
    feed = Feed()
    listener = socket.create_server(("127.0.0.1", 0))
    with CameraServer(listener, {"elm-st": feed}) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", feed
        feed.close()
        server.shutdown()
        thread.join()


def asked(address: str, path: str) -> HTTPResponse:
    connection = HTTPConnection(address.removeprefix("http://"), timeout=60)
    connection.request("GET", path)
    return connection.getresponse()


def pictures(answer: HTTPResponse) -> Iterator[bytes]:
    """The parts of a multipart stream, as a client reads them."""
    while (line := answer.readline()) != b"":
        if line.startswith(b"--frame"):
            headers = dict(
                head.decode().strip().split(": ")
                for head in iter(answer.readline, b"\r\n")
            )
            assert headers["Content-Type"] == "image/jpeg"
            yield answer.read(int(headers["Content-Length"]))


def test_a_viewer_sees_the_newest_picture_and_then_each_that_comes(
    served: tuple[str, Feed],
) -> None:
    address, feed = served
    feed.publish(b"old")
    feed.publish(b"new")
    with asked(address, "/elm-st.mjpg") as answer:
        kind = answer.headers["Content-Type"]
        assert kind.startswith("multipart/x-mixed-replace")
        assert feed.watched.wait(10)
        seen = pictures(answer)
        assert next(seen) == b"new"
        feed.publish(b"next")
        assert next(seen) == b"next"
        feed.close()
        assert list(seen) == []


def test_what_is_no_camera_is_not_found(served: tuple[str, Feed]) -> None:
    for path in ("/", "/../elm-st.mjpg", "/main.mjpg"):
        assert asked(served[0], path).status == HTTPStatus.NOT_FOUND


def test_a_passing_is_a_film_of_a_car_that_drives_away(view: View) -> None:
    film = view.film(
        Passing(
            at_s=0,
            camera=CameraId("mill-road"),
            vehicle=CAR,
            right=True,
            speed_m_s=10.0,
        ),
        number=1,
    )
    rest = gray(view.at_rest[0])
    changed = [np.abs(gray(picture) - rest).max(axis=0) > 60 for picture in film]
    widths = [int(columns.sum()) for columns in changed]
    # It enters at the lower edge, is whole soon, and grows smaller to the end.
    assert 15 < len(film) < 40
    whole = widths[5:]
    assert whole[0] > 3 * whole[-1] > 0
    assert whole == pytest.approx(sorted(whole, reverse=True), abs=8)


def test_the_street_at_rest_is_never_twice_the_same(view: View) -> None:
    assert len(set(view.at_rest)) == len(view.at_rest) > 1
    first, second = (gray(picture) for picture in islice(view.at_rest, 2))
    assert np.abs(first - second).max() < 40


def test_a_view_shows_its_street_and_what_comes(view: View) -> None:
    stopped = threading.Event()
    film = [b"first", b"second"]
    view.coming.put(film)
    seen: list[bytes] = []
    thread = threading.Thread(target=view.show, args=(stopped,))
    thread.start()
    number = 0
    while view.at_rest[0] not in seen:
        fresh = view.feed.after(number)
        assert fresh is not None
        number, picture = fresh
        seen.append(picture)
    stopped.set()
    thread.join()
    assert seen[-1] == view.at_rest[0]
    assert seen[:-1] in ([b"first", b"second"], [b"second"])


def test_there_are_thirteen_cameras_and_one_parked_car() -> None:
    assert len({post.camera.camera_id for post in POSTS}) == 13
    assert sum(post.parked for post in POSTS) == 1


def gray(picture: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    with Image.open(io.BytesIO(picture)) as opened:
        return np.asarray(opened.convert("L"), float)
