"""Aiming a camera: the measures, the page, and that nothing of it is for strangers."""

import datetime as dt
import hashlib
import io
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs
import cv2
import numpy as np
import pytest
from PIL import Image as Pillow
from starlette.testclient import TestClient
from typing_extensions import override

from charteroak.core.plate import PlateText
from charteroak.edge.aim import Aim, Verdict, aim_of, edge_width_px
from charteroak.edge.aim_cli import UnusableAimError, aim
from charteroak.edge.aim_page.app import create_app
from charteroak.edge.aim_page.certificate import make_certificate
from charteroak.edge.aim_page.watcher import VIEW_CELLS, Watcher
from charteroak.edge.camera import Frame, Interruption, UnreadablePictureError
from charteroak.edge.recognize import Box, Image, Sighting
from charteroak.rendering.street import Placement, StreetScene
from charteroak.rendering.traffic import make_vehicle

NOON = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)


@attrs.frozen
class Seeing:
    """An engine that is told what to see."""

    sees: Sequence[Sighting]
    name: str = "told"

    def sightings(self, image: Image) -> Sequence[Sighting]:
        assert image.ndim == 3
        return self.sees


@attrs.define
class Given:
    """A camera with a few arrivals."""

    given: Sequence[Frame | UnreadablePictureError | Interruption]
    stop: threading.Event = attrs.field(factory=threading.Event)

    def arrivals(self) -> Iterator[Frame | UnreadablePictureError | Interruption]:
        yield from self.given


def a_sighting(box: Box, plate: str = "KOA1829") -> Sighting:
    return Sighting(
        plate=PlateText(plate),
        confidence=0.93,
        characters=tuple(0.99 for _ in plate),
        box=box,
        engine="told",
    )


@pytest.fixture(scope="module")
def street() -> tuple[Image, Box]:
    scene = StreetScene(5)
    vehicle = make_vehicle(np.random.default_rng(1))
    frame = scene.frame(
        [Placement(vehicle=vehicle, x_m=1.45, z_m=scene.distance_m(140))]
    )
    return np.asarray(frame.image, np.uint8), frame.truth[0].box


def smeared(image: Image, sigma: float) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)


def test_an_edge_is_as_wide_as_it_was_made() -> None:
    for width in (1, 3, 8):
        row = np.concatenate([np.zeros(20), np.linspace(0, 255, width + 1), [255] * 20])
        grey = np.tile(row, (30, 1)).astype(np.float32)
        assert edge_width_px(grey) == width


def test_a_picture_without_edges_has_none() -> None:
    assert edge_width_px(np.full((20, 60), 7, np.float32)) == 0
    assert edge_width_px(np.zeros((0, 0), np.float32)) == 0


def test_more_blur_is_a_worse_verdict(street: tuple[Image, Box]) -> None:
    image, box = street
    aims = [
        aim_of(image if not sigma else smeared(image, sigma), a_sighting(box))
        for sigma in (0, 1.5, 3, 6)
    ]

    widths = [each.edge_px for each in aims]
    assert widths == sorted(widths)
    assert aims[0].verdict is Verdict.GOOD
    assert aims[-1].verdict is Verdict.SMEARED
    assert "focus" in aims[-1].advice.lower()


def test_every_verdict_can_come_and_says_what_to_do() -> None:
    cases = {
        Verdict.GOOD: (140, 3.0, 200.0),
        Verdict.SMALL: (80, 2.0, 200.0),
        Verdict.TOO_SMALL: (69, 2.0, 200.0),
        Verdict.SMEARED: (140, 12.0, 200.0),
        Verdict.FLAT: (140, 3.0, 20.0),
    }
    assert set(cases) == set(Verdict)
    for verdict, (width, edge, contrast) in cases.items():
        aim = Aim(width_px=width, edge_px=edge, contrast=contrast, confidence=0.9)
        assert aim.verdict is verdict
        assert aim.advice


def a_watcher(street: tuple[Image, Box]) -> Watcher:
    image, box = street
    small = a_sighting((10, 10, 30, 15), plate="SMALL1")
    watcher = Watcher(
        source=Given([Frame(image=image, source="camera")]),
        engine=Seeing([small, a_sighting(box)]),
        clock=lambda: NOON,
    )
    watcher.follow()
    return watcher


def test_the_largest_plate_is_judged_and_shown_sharp(
    street: tuple[Image, Box],
) -> None:
    watcher = a_watcher(street)

    view = watcher.view()

    assert [plate.reading for plate in view.plates] == ["KOA1829", "SMALL1"]
    assert view.plates[0].verdict == "good"
    assert view.plates[1].verdict == "too small"
    shown = watcher.plate(0)
    assert shown is not None
    with Pillow.open(io.BytesIO(shown)) as picture:
        assert picture.width >= street[1][2]
    assert watcher.plate(2) is None


def test_the_view_shows_nobody(street: tuple[Image, Box]) -> None:
    """Two pictures that differ only inside the cells are one view, byte for byte."""
    image, _ = street
    height, width, _ = image.shape
    cell = width // VIEW_CELLS
    assert (width % cell, height % cell) == (0, 0)
    # Within every cell what was above is now below: no mean changes.
    rows = np.arange(height).reshape(-1, cell)[:, ::-1].ravel()
    other = np.ascontiguousarray(image[rows])
    assert not np.array_equal(image, other)

    views = []
    for each in (image, other):
        watcher = Watcher(
            source=Given([Frame(image=each, source="camera")]),
            engine=Seeing([]),
            clock=lambda: NOON,
        )
        watcher.follow()
        views.append(watcher.mosaic())

    assert views[0] is not None
    assert views[0] == views[1]


@attrs.frozen
class Failing:
    """An engine that fails."""

    name: str = "failing"

    def sightings(self, image: Image) -> Sequence[Sighting]:
        raise MemoryError(image.shape)


class Vanishing(Given):
    """A folder that is taken away."""

    @override
    def arrivals(self) -> Iterator[Frame | UnreadablePictureError | Interruption]:
        yield from self.given
        raise FileNotFoundError(2, "No such file or directory")


def test_an_engine_or_a_folder_that_fails_is_said(street: tuple[Image, Box]) -> None:
    frame = Frame(image=street[0], source="camera")
    cases: list[tuple[Given, Seeing | Failing, str]] = [
        (Given([frame, frame]), Failing(), "the engine failed (MemoryError)"),
        (Vanishing([frame]), Seeing([]), "No such file or directory"),
    ]
    for source, engine, said in cases:
        watcher = Watcher(source=source, engine=engine, clock=lambda: NOON)
        watcher.follow()
        assert said in watcher.view().trouble


def test_a_camera_that_is_gone_is_said(street: tuple[Image, Box]) -> None:
    image, _ = street
    gone = Interruption(why="the camera gives nothing", again_in_s=1, since=NOON)
    watcher = Watcher(
        source=Given([Frame(image=image, source="camera"), gone]),
        engine=Seeing([]),
        clock=lambda: NOON,
    )
    assert watcher.view().trouble
    watcher.follow()

    assert watcher.view().trouble == "the camera gives nothing"
    assert watcher.view().number == 1


def test_whoever_lacks_the_secret_finds_nothing(street: tuple[Image, Box]) -> None:
    app = create_app(a_watcher(street), secret="s3cret")  # noqa: S106 - of this test
    with TestClient(app) as client:
        names = ["", "aim.css", "aim.js", "view.json", "view.jpg", "plate.jpg"]
        for name in names:
            known = client.get(f"/s3cret/{name}")
            assert known.status_code == 200, name
            assert known.headers["cache-control"] == "no-store"
            assert "default-src 'none'" in known.headers["content-security-policy"]
            for wrong in ("S3cret", "s3cre", "s3cretx", "é"):
                assert client.get(f"/{wrong}/{name}").status_code == 404
        assert client.get("/s3cret/other.js").status_code == 404
        assert client.get("/s3cret/..%2fapp.py").status_code == 404
        assert client.get("/").status_code == 404


@pytest.mark.parametrize("host", ["0.0.0.0", "0", "", "::", "::0"])  # noqa: S104 - refused
def test_the_page_is_not_shown_at_all_addresses(host: str, tmp_path: Path) -> None:
    with pytest.raises(UnusableAimError, match="not at all of them"):
        aim(str(tmp_path), host=host, port=0)


def test_the_certificate_is_the_one_whose_fingerprint_is_shown() -> None:
    made = make_certificate("127.0.0.1", now=NOON, lasts=dt.timedelta(hours=1))
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        raw, _ = listener.accept()
        with raw, made.context.wrap_socket(raw, server_side=True) as secure:
            secure.sendall(b"x")

    thread = threading.Thread(target=serve)
    thread.start()
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    with (
        listener,
        socket.create_connection(listener.getsockname()) as raw,
        trusting.wrap_socket(raw) as secure,
    ):
        shown = secure.getpeercert(binary_form=True)
        assert secure.recv(1) == b"x"
    thread.join()

    assert shown is not None
    digest = hashlib.sha256(shown).hexdigest().upper()
    assert made.fingerprint.replace(":", "") == digest
