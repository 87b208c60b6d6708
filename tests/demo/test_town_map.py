"""The drawn map is a file that a map's own reader takes, and the cameras stand in it."""

import gzip
import math
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import mapbox_vector_tile
import pytest
from pmtiles.reader import MmapSource, Reader
from shapely.geometry import LineString, Point

from charteroak.demo import plan
from charteroak.demo.cameras import POSTS, Post
from charteroak.demo.town_map import ATTRIBUTION, MOST_ZOOM, on_streets, write_map

Layers = Mapping[str, list[dict[str, object]]]
"""Layer -> the properties of its features."""


def opened_map(file: BinaryIO) -> Reader:
    return Reader(MmapSource(file))  # type: ignore[no-untyped-call]  # has no types


@pytest.fixture(scope="module")
def town_map(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("map") / "fernwood.pmtiles"
    write_map(file)
    return file


def tile_at(file: Path, latitude: float, longitude: float, zoom: int) -> Layers:
    """What a map shows at a place, by the textbook formula of web maps."""
    count = 2**zoom
    column = int((longitude + 180) / 360 * count)
    lift = math.asinh(math.tan(math.radians(latitude)))
    row = int((1 - lift / math.pi) / 2 * count)
    with file.open("rb") as opened:
        content = opened_map(opened).get(zoom, column, row)  # type: ignore[no-untyped-call]  # same
    assert content is not None
    layers = mapbox_vector_tile.decode(gzip.decompress(content))
    return {
        name: [feature["properties"] for feature in layer["features"]]
        for name, layer in layers.items()
    }


@pytest.mark.parametrize("post", POSTS, ids=lambda post: str(post.camera.camera_id))
def test_a_camera_stands_on_the_street_that_its_name_tells(
    town_map: Path, post: Post
) -> None:
    camera = post.camera
    street = next(road.name for road in plan.ROADS if camera.name.startswith(road.name))
    layers = tile_at(town_map, camera.latitude, camera.longitude, MOST_ZOOM)
    assert street in {road.get("name") for road in layers["roads"]}
    line = LineString(next(road.line for road in plan.ROADS if road.name == street))
    assert line.distance(Point(post.at)) < 12


@pytest.mark.parametrize("post", POSTS, ids=lambda post: str(post.camera.camera_id))
def test_a_camera_looks_along_its_street(post: Post) -> None:
    apart = min(
        _angle(post.camera.heading_deg, bearing)
        for road in plan.ROADS
        if post.camera.name.startswith(road.name)
        for bearing in _bearings(road.line, Point(post.at))
    )
    assert apart < 12


def _bearings(line: plan.Line, at: Point) -> list[float]:
    nearest = min(pairwise(line), key=lambda piece: LineString(piece).distance(at))
    (x0, y0), (x1, y1) = nearest
    bearing = math.degrees(math.atan2(x1 - x0, y1 - y0))
    return [bearing, bearing + 180]


def _angle(one: float, other: float) -> float:
    return abs((one - other + 180) % 360 - 180)


def test_the_layers_are_those_of_the_schema(town_map: Path) -> None:
    layers = tile_at(town_map, plan.LATITUDE, plan.LONGITUDE, 14)
    assert set(layers) == {"earth", "landuse", "water", "roads", "buildings", "places"}
    assert {road["kind"] for road in layers["roads"]} <= {
        "highway", "major_road", "minor_road", "path", "rail",
    }  # fmt: skip
    assert {"kind": "locality", "name": "Fernwood"}.items() <= layers["places"][
        0
    ].items()
    assert len(layers["buildings"]) > 100


def test_far_out_only_the_large_roads_are_drawn(town_map: Path) -> None:
    far = tile_at(town_map, plan.LATITUDE, plan.LONGITUDE, 10)
    assert {road["kind"] for road in far["roads"]} == {"highway", "major_road"}
    assert "buildings" not in far


def test_the_map_says_whose_it_is_and_is_the_same_each_time(
    town_map: Path, tmp_path: Path
) -> None:
    with town_map.open("rb") as opened:
        metadata = opened_map(opened).metadata()  # type: ignore[no-untyped-call]  # same
    assert metadata["attribution"] == ATTRIBUTION
    write_map(tmp_path / "again.pmtiles")
    assert (tmp_path / "again.pmtiles").read_bytes() == town_map.read_bytes()


def test_no_street_is_an_island() -> None:
    assert on_streets().buffer(5).geom_type == "Polygon"
