"""The street map's file on its way to a browser, and the drawing that is always there."""

import gzip
import itertools
import struct
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from tests.support.a_map import write_map
from tests.support.alerts import CAMERA, raised
from tests.support.web import PASSWORD, ClientAs, Desk, browser, somebody

from charteroak.core.camera import Camera, CameraId
from charteroak.core.people import Role
from charteroak.server.actions.sign_in import SignedInAs, sign_in
from charteroak.server.agency import Agency
from charteroak.server.bootstrap import open_site
from charteroak.server.settings import Settings
from charteroak.server.vault.street_map import UnusableMapError, read_street_map
from charteroak.server.web.app import create_app
from charteroak.server.web.map_view import STREETS, Spot, draw_map
from charteroak.server.web.session import COOKIE


@pytest.fixture(scope="module")
def street_map(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_map(tmp_path_factory.mktemp("map") / "town.pmtiles")


def desk_with(agency: Agency, street_map: Path | None, *roles: Role) -> Desk:
    settings = agency.settings.model_copy(update={"map_file": street_map})
    desk = browser(create_app(attrs.evolve(agency, settings=settings)))
    desk.person = somebody(agency, *roles)
    answer = sign_in(agency, desk.person.login, PASSWORD)
    assert isinstance(answer, SignedInAs)
    desk.http.cookies.set(COOKIE, answer.token, domain="localhost.local")
    return desk


def test_a_browser_gets_the_part_that_it_asks_for(
    agency: Agency, street_map: Path
) -> None:
    desk = desk_with(agency, street_map, Role.DISPATCHER)
    content = street_map.read_bytes()

    whole = desk.get(STREETS)
    part = desk.get(STREETS, {"range": "bytes=100-199"})
    beyond = desk.get(STREETS, {"range": f"bytes={len(content)}-"})

    assert (whole.status_code, whole.content) == (200, content)
    assert whole.headers["accept-ranges"] == "bytes"
    assert (part.status_code, part.content) == (206, content[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(content)}"
    assert beyond.status_code == 416
    assert beyond.headers["content-range"] == f"bytes */{len(content)}"


def test_a_part_of_a_file_that_was_replaced_is_not_given(
    agency: Agency, tmp_path: Path
) -> None:
    file = write_map(tmp_path / "town.pmtiles")
    desk = desk_with(agency, file, Role.DISPATCHER)
    tag = desk.get(STREETS).headers["etag"]
    asked = {"range": "bytes=0-6", "if-range": tag}
    assert desk.get(STREETS, asked).status_code == 206

    write_map(file, attribution="another")

    answer = desk.get(STREETS, asked)
    assert (answer.status_code, answer.content) == (200, file.read_bytes())
    assert answer.headers["etag"] != tag


def test_only_who_is_signed_in_gets_it_and_nothing_beside_it(
    agency: Agency, street_map: Path, client_as: ClientAs
) -> None:
    (street_map.parent / "secret").write_text("a key")
    settings = agency.settings.model_copy(update={"map_file": street_map})
    stranger = browser(create_app(attrs.evolve(agency, settings=settings)))
    desk = desk_with(agency, street_map, Role.AUDITOR)

    turned_away = stranger.get(STREETS)

    assert turned_away.status_code == 401
    assert b"PMTiles" not in turned_away.content
    for path in ("secret", "../secret", "%2e%2e/secret", "streets.pmtiles/../secret"):
        assert desk.get(f"/map/{path}").status_code == 404
    assert client_as(Role.AUDITOR).get(STREETS).status_code == 404


def test_a_map_that_goes_bad_takes_no_page_away(agency: Agency, tmp_path: Path) -> None:
    file = write_map(tmp_path / "town.pmtiles")
    alert = raised(agency)
    desk = desk_with(agency, file, Role.ADMINISTRATOR, Role.DISPATCHER)
    page = desk.page("/cameras")
    assert page.select_one(f'[data-streets="{STREETS}"]') is not None
    assert "© OpenStreetMap contributors" in page.get_text()

    file.unlink()

    for path in ("/cameras", f"/alerts/{alert}", "/search"):
        page = desk.page(path)
        assert page.select_one('[data-streets=""]') is not None
        assert "OpenStreetMap" not in page.get_text()
        assert "No street map is installed" in page.get_text()
    assert desk.get(STREETS).status_code == 404


def test_thanks_are_text_and_never_markup(agency: Agency, tmp_path: Path) -> None:
    file = write_map(tmp_path / "a.pmtiles", attribution='<b onclick="x">© Us</b> & <i')
    raised(agency)

    html = desk_with(agency, file, Role.OFFICER).get("/cameras").text

    assert "<figcaption>© Us &amp; &lt;i</figcaption>" in html


def _put(content: bytes, at: int, shape: str, value: int) -> bytes:
    changed = bytearray(content)
    struct.pack_into(shape, changed, at, value)
    return bytes(changed)


def _other_layers(content: bytes) -> bytes:
    about = gzip.compress(b'{"vector_layers": [{"id": "transportation"}]}')
    head = bytearray(content)
    struct.pack_into("<QQ", head, 24, len(content), len(about))
    return bytes(head) + about


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda _content: b"", "is not a PMTiles file"),
        (lambda _content: b"\xff\xd8\xff\xe0" * 99, "is not a PMTiles file"),
        (lambda content: content[:90], "is cut off"),
        (lambda content: content[:200], "is cut off"),
        (lambda content: _put(content, 7, "B", 2), "is PMTiles of version 2, not 3"),
        (lambda content: _put(content, 99, "B", 2), "holds pictures"),
        (lambda content: _put(content, 98, "B", 3), "is not packed with gzip"),
        (lambda content: _put(content, 32, "<Q", 2**40), "is damaged in its head"),
        (lambda content: _put(content, 24, "<Q", 0), "does not say what it holds"),
        (_other_layers, "other layers than the Protomaps basemap: transportation"),
    ],
    ids=itertools.count(1),
)
def test_a_file_that_is_no_map_is_said_plainly(
    street_map: Path, tmp_path: Path, spoil: Callable[[bytes], bytes], says: str
) -> None:
    bad = tmp_path / "bad.pmtiles"
    bad.write_bytes(spoil(street_map.read_bytes()))

    with pytest.raises(UnusableMapError, match=says):
        read_street_map(bad)


def test_the_server_does_not_start_on_a_bad_map(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", map_file=tmp_path / "none.pmtiles")

    with pytest.raises(UnusableMapError, match="No such file"), open_site(settings):
        pass

    assert not settings.data.exists()


places = st.builds(
    Camera,
    camera_id=st.integers(0, 10**6).map(lambda n: CameraId(f"c-{n}")),
    name=st.just("somewhere"),
    latitude=st.floats(41.7, 41.9),
    longitude=st.floats(-72.7, -72.4),
    heading_deg=st.floats(0, 360),
)


@given(st.lists(places, min_size=1, max_size=30))
def test_every_camera_lies_on_the_drawing(cameras: list[Camera]) -> None:
    spots = [Spot(camera=each, kind="bare") for each in cameras]
    spots[0] = attrs.evolve(spots[0], kind="here")

    drawing = draw_map(spots, thanks=None)

    assert len(drawing.pins) == len(cameras)
    assert drawing.pins[-1].spot.kind == "here", "it would be covered by another"
    assert all(0 <= pin.x <= drawing.width for pin in drawing.pins)
    assert all(0 <= pin.y <= drawing.height for pin in drawing.pins)
    assert 0 < drawing.bar <= 110


def test_north_is_up_and_east_is_right() -> None:
    north = attrs.evolve(CAMERA, latitude=CAMERA.latitude + 0.01, name="n")
    east = attrs.evolve(CAMERA, longitude=CAMERA.longitude + 0.01, name="e")
    spots = [Spot(camera=each, kind="good") for each in (CAMERA, north, east)]

    pins = {pin.spot.camera.name: pin for pin in draw_map(spots, thanks=None).pins}

    assert pins["n"].y < pins["e"].y
    assert pins["n"].x < pins["e"].x


def test_the_alert_says_where_and_which_way_in_words(
    agency: Agency, street_map: Path
) -> None:
    alert = raised(agency)
    page = desk_with(agency, street_map, Role.OFFICER).page(f"/alerts/{alert}")

    figure = page.select_one(".co-alert__where [data-map]")
    assert figure is not None
    drawn = BeautifulSoup(str(figure), "html.parser").select_one("svg")
    assert drawn is not None
    assert (
        drawn["aria-label"] == f"{CAMERA.name}, looking N; the other cameras around it"
    )
    assert len(drawn.select(".co-pin--here .co-pin__wedge")) == 1
    sources = [str(each["src"]) for each in page.select("script[src]")]
    assert any("/map-" in source for source in sources)
