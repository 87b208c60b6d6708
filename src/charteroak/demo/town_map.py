"""Write the plan of Fernwood as a street map: one PMTiles file of vector tiles.

Layers and kinds are those of the Protomaps basemap, version 4
(https://docs.protomaps.com/basemaps/layers), so that a style made for real towns draws
this one too. The same plan gives the same file, byte for byte.
"""

import gzip
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import attrs
import mapbox_vector_tile
import numpy as np
import numpy.typing as npt
import shapely
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer
from shapely import affinity
from shapely.geometry import LineString, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from charteroak.demo import plan
from charteroak.demo.plan import HALF_M, Metres, RoadKind, place

ATTRIBUTION: Final = "Fernwood is made up; drawn by Charter Oak"
LEAST_ZOOM: Final = 10
MOST_ZOOM: Final = 16

_EXTENT: Final = 4096
_BUFFER: Final = 96
"""Tiles overlap by so many units, so that no seam shows."""

_ROADS: Final[Mapping[RoadKind, tuple[str, str, int]]] = {
    "highway": ("highway", "motorway", 10),
    "major_road": ("major_road", "primary", 10),
    "medium_road": ("major_road", "tertiary", 11),
    "minor_road": ("minor_road", "residential", 12),
    "path": ("path", "footway", 14),
    "rail": ("rail", "rail", 11),
}
"""Kind, detail and least zoom of each kind of road."""

_FAR_ZOOM: Final = 13
_FAR_M: Final = 14_000.0
_BEND_M: Final = 70.0
_CORNER_M: Final = 45.0
_BEYOND_M: Final = 15_000.0
_HOUSES_FROM: Final = 14
_PLOT_M: Final = 31.0
_SETBACK_M: Final = 19.0
_LEAST_PIECE: Final = 2.0
"""Smaller polygons are left out of a tile, tile units squared."""

Properties = dict[str, str | int]


@attrs.frozen(eq=False)
class _Feature:
    """One thing of the map.

    Attributes:
        layer: name of its layer.
        shape: in the square of the web map, 0 to 1, y down.
        properties: as the schema names them.
        least_zoom: it is on the map from here on.
    """

    layer: str
    shape: BaseGeometry
    properties: Properties
    least_zoom: int = LEAST_ZOOM


def write_map(file: Path) -> None:
    """Draw Fernwood into a PMTiles file; takes about a second.

    Args:
        file: is made or replaced.
    """
    features = list(_features())
    tree = shapely.STRtree([each.shape for each in features])
    with file.open("wb") as opened:
        writer = Writer(opened)  # type: ignore[no-untyped-call]  # has no types
        for zoom, column, row in _tiles():
            tile = _tile(features, tree, zoom, column, row)
            content = gzip.compress(tile, compresslevel=6, mtime=0)
            tile_id = zxy_to_tileid(zoom, column, row)
            writer.write_tile(tile_id, content)  # type: ignore[no-untyped-call]  # same
        west, south, east, north = (round(edge * 1e7) for edge in _bounds(_FAR_M))
        writer.finalize(  # type: ignore[no-untyped-call]  # same
            {
                "tile_type": TileType.MVT,
                "tile_compression": Compression.GZIP,
                "min_lon_e7": west,
                "min_lat_e7": south,
                "max_lon_e7": east,
                "max_lat_e7": north,
                "center_zoom": 13,
                "center_lon_e7": round(plan.LONGITUDE * 1e7),
                "center_lat_e7": round(plan.LATITUDE * 1e7),
            },
            {
                "name": "Fernwood",
                "attribution": ATTRIBUTION,
                "type": "baselayer",
                "vector_layers": [
                    {"id": name, "fields": {"kind": "String", "name": "String"}}
                    for name in sorted({each.layer for each in features})
                ],
            },
        )


def on_streets() -> BaseGeometry:
    """The middles of all streets that cars drive on, metres of the plan."""
    driven = [each for each in plan.ROADS if each.kind not in {"path", "rail"}]
    return shapely.union_all([_running(each.line) for each in driven])


def rounded(line: plan.Line, *, most_m: float) -> plan.Line:
    """A line with its corners cut round, as roads and rivers bend; its ends stay.

    Args:
        line: at least two points.
        most_m: a curve begins at most so far before its corner.
    """
    points = [line[0]]
    for before, corner, after in zip(line, line[1:], line[2:], strict=False):
        into, out = _towards(corner, before, most_m), _towards(corner, after, most_m)
        # A quadratic Bezier curve with the corner as its handle.
        points.extend(
            (
                (1 - t) ** 2 * into[0] + 2 * t * (1 - t) * corner[0] + t * t * out[0],
                (1 - t) ** 2 * into[1] + 2 * t * (1 - t) * corner[1] + t * t * out[1],
            )
            for t in (0.0, 0.25, 0.5, 0.75, 1.0)
        )
    return (*points, line[-1])


def _towards(start: Metres, end: Metres, most_m: float) -> Metres:
    """A point on the way, less than half of it from the start."""
    x, y = end[0] - start[0], end[1] - start[1]
    share = min(most_m / math.hypot(x, y), 0.45)
    return start[0] + x * share, start[1] + y * share


def _running(line: plan.Line, most_m: float = _BEND_M) -> LineString:
    """A road or a river; where it leaves the plan it goes on, straight."""
    first, last = _beyond(line[1], line[0]), _beyond(line[-2], line[-1])
    return LineString(rounded((*first, *line, *last), most_m=most_m))


def _beyond(before: Metres, end: Metres) -> plan.Line:
    if max(abs(end[0]), abs(end[1])) < HALF_M:
        return ()
    x, y = end[0] - before[0], end[1] - before[1]
    factor = _BEYOND_M / math.hypot(x, y)
    return ((end[0] + x * factor, end[1] + y * factor),)


def _grown(ground: plan.Ground) -> Polygon:
    """A piece of ground; what people did not measure out has no corners."""
    if ground.kind not in {"forest", "residential", "golf_course"}:
        return Polygon(ground.outline)
    inner = Polygon(ground.outline).buffer(-_CORNER_M)
    return inner.buffer(_CORNER_M)


def _bounds(reach_m: float) -> tuple[float, float, float, float]:
    """West, south, east and north edge, degrees."""
    south, west = place((-reach_m, -reach_m))
    north, east = place((reach_m, reach_m))
    return west, south, east, north


def _tiles() -> Iterator[tuple[int, int, int]]:
    """Every tile that shows a part of the plan, in the order of the file."""
    for zoom in range(LEAST_ZOOM, MOST_ZOOM + 1):
        # From far off one sees more of the land around.
        reach_m = HALF_M if zoom > _FAR_ZOOM else _FAR_M
        west, south, east, north = _bounds(reach_m)
        count = 1 << zoom
        left, top = _web_map(west, north)
        right, bottom = _web_map(east, south)
        columns = range(int(left * count), int(right * count) + 1)
        rows = range(int(top * count), int(bottom * count) + 1)
        found = [(zoom, column, row) for column in columns for row in rows]
        yield from sorted(found, key=lambda tile: zxy_to_tileid(*tile))


def _tile(
    features: Sequence[_Feature],
    tree: shapely.STRtree,
    zoom: int,
    column: int,
    row: int,
) -> bytes:
    scale = float(1 << zoom)
    slack = _BUFFER / _EXTENT
    left, top = (column - slack) / scale, (row - slack) / scale
    right, bottom = (column + 1 + slack) / scale, (row + 1 + slack) / scale
    layers: dict[str, list[Mapping[str, BaseGeometry | Properties]]] = {}
    for index in sorted(tree.query(box(left, top, right, bottom)).tolist()):
        each = features[index]
        if each.least_zoom > zoom:
            continue
        part = shapely.clip_by_rect(each.shape, left, top, right, bottom)
        units = affinity.affine_transform(
            part,
            (scale * _EXTENT, 0, 0, scale * _EXTENT, -column * _EXTENT, -row * _EXTENT),
        )
        if units.is_empty or (units.area and units.area < _LEAST_PIECE):
            continue
        layers.setdefault(each.layer, []).append(
            {"geometry": units, "properties": each.properties}
        )
    encoded: bytes = mapbox_vector_tile.encode(
        [{"name": name, "features": parts} for name, parts in layers.items()],
        default_options={"y_coord_down": True, "extents": _EXTENT},
    )
    return encoded


def _features() -> Iterator[_Feature]:
    earth = box(-_BEYOND_M * 2, -_BEYOND_M * 2, _BEYOND_M * 2, _BEYOND_M * 2)
    yield _of("earth", earth, {"kind": "earth"})
    for ground in plan.GROUNDS:
        yield _of("landuse", _grown(ground), _named(ground.kind, ground.name))
    flow = _running(plan.RIVER, HALF_M)
    river = flow.buffer(plan.RIVER_WIDTH_M / 2)
    yield _of("water", river.union(Polygon(plan.POND).buffer(15)), {"kind": "river"})
    yield _of("water", flow, _named("river", plan.RIVER_NAME))
    yield _of(
        "water", _running(plan.BROOK, HALF_M), _named("stream", plan.BROOK_NAME), 12
    )
    pond = Polygon(plan.POND).representative_point()
    yield _of("water", pond, _named("lake", plan.POND_NAME), 13)
    for road in plan.ROADS:
        kind, detail, least_zoom = _ROADS[road.kind]
        properties = _named(kind, road.name) | {"kind_detail": detail}
        properties |= {"min_zoom": least_zoom}
        if road.ref:
            properties |= {"ref": road.ref, "shield_text": road.ref, "network": "US:CT"}
        yield _of("roads", _running(road.line), properties, least_zoom)
    for name, outline in plan.HALLS:
        hall = Polygon(outline)
        yield _of("buildings", hall, {"kind": "building", "height": 11}, 13)
        if name:
            yield _of("pois", hall.centroid, _named("building", name), 15)
    for house in _houses():
        yield _of("buildings", house, {"kind": "building", "height": 7}, _HOUSES_FROM)
    yield _of(
        "places",
        Point(0, 0),
        _named("locality", "Fernwood") | {"population_rank": 6, "min_zoom": 8},
    )
    for name, at in plan.NEIGHBOURHOODS:
        properties = _named("neighbourhood", name) | {"min_zoom": 12}
        yield _of("places", Point(at), properties, 12)


def _houses() -> Iterator[Polygon]:
    """Houses along the streets that are built up, none on a street or in the water."""
    rng = np.random.default_rng(83)
    kept_free = shapely.union_all(
        [
            on_streets().buffer(10),
            _running(plan.RIVER, HALF_M).buffer(plan.RIVER_WIDTH_M / 2 + 8),
            Polygon(plan.POND).buffer(20),
            *(Polygon(outline).buffer(6) for _, outline in plan.HALLS),
            *(
                Polygon(each.outline)
                for each in plan.GROUNDS
                if each.kind in {"park", "cemetery", "school", "golf_course"}
            ),
            *(
                LineString(each.line).buffer(14)
                for each in plan.ROADS
                if not each.built
            ),
        ]
    )
    shapely.prepare(kept_free)
    built: list[Polygon] = []
    for road in plan.ROADS:
        if road.built:
            built.extend(_row(road.line, rng))
    free = [each for each in built if not kept_free.intersects(each)]
    tree = shapely.STRtree(free)
    for index, house in enumerate(free):
        # Of two that would overlap the later one is not built.
        if all(other >= index for other in tree.query(house.buffer(3)).tolist()):
            yield house


def _row(line: plan.Line, rng: np.random.Generator) -> Iterator[Polygon]:
    """Plots on both sides of a street."""
    for (x0, y0), (x1, y1) in pairwise(line):
        length = math.hypot(x1 - x0, y1 - y0)
        turn = math.degrees(math.atan2(y1 - y0, x1 - x0))
        for step in np.arange(_PLOT_M / 2, length, _PLOT_M).tolist():
            for side in (-1, 1):
                along = step + float(rng.uniform(-3, 3))
                away = side * (_SETBACK_M + float(rng.uniform(-2, 6)))
                wide, deep = float(rng.uniform(9, 15)), float(rng.uniform(8, 12))
                plot = box(-wide / 2, -deep / 2, wide / 2, deep / 2)
                plot = affinity.translate(plot, along, away)
                plot = affinity.rotate(plot, turn, origin=(0, 0))
                if rng.uniform() < 0.9:  # noqa: PLR2004 - some plots are gardens
                    yield affinity.translate(plot, x0, y0)


def _named(kind: str, name: str) -> Properties:
    return {"kind": kind, "name": name} if name else {"kind": kind}


def _of(
    layer: str,
    shape: BaseGeometry,
    properties: Properties,
    least_zoom: int = LEAST_ZOOM,
) -> _Feature:
    return _Feature(
        layer, shapely.transform(shape, _to_web_map), properties, least_zoom
    )


def _to_web_map(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.array([_at(point) for point in points.tolist()])


def _at(at: Metres) -> tuple[float, float]:
    latitude, longitude = place(at)
    return _web_map(longitude, latitude)


def _web_map(longitude: float, latitude: float) -> tuple[float, float]:
    """Mercator as web maps have it (EPSG:3857), scaled to 0 to 1, y down."""
    sine = math.sin(math.radians(latitude))
    y = 0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)
    return longitude / 360 + 0.5, y
