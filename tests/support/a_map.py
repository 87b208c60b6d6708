"""A small street map in PMTiles, in the schema of the Protomaps basemap.

A park, a pond, a few streets with names: enough to see whether something is painted.
"""

import gzip
import math
from pathlib import Path
from typing import Final

import mapbox_vector_tile
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

CENTRE: Final = (-72.53, 41.805)
"""Degrees east and north."""

ATTRIBUTION: Final = '<a href="https://example.org">© OpenStreetMap contributors</a>'
_DEEPEST: Final = 14
_EXTENT: Final = 4096

Point = tuple[float, float]


def _around(east: float, north: float) -> Point:
    """A place so many thousandths of a degree from the centre."""
    return CENTRE[0] + east / 1000, CENTRE[1] + north / 1000


def _ring(*places: tuple[float, float]) -> list[Point]:
    return [_around(*place) for place in (*places, places[0])]


_EVERYWHERE: Final = ((-60, -40), (60, -40), (60, 40), (-60, 40))
_POLYGONS: Final = (
    ("earth", "earth", _ring(*_EVERYWHERE)),
    ("landuse", "residential", _ring((-12, -9), (12, -9), (12, 9), (-12, 9))),
    ("landuse", "park", _ring((-6, 1), (-1, 1), (-1, 6), (-6, 6))),
    ("water", "lake", _ring((2, -6), (8, -6), (8, -2), (2, -2))),
    ("buildings", "building", _ring((1, 1), (2, 1), (2, 2), (1, 2))),
)
_LINES: Final = (
    ("highway", "Route 83", [_around(-14, -8), _around(14, 8)]),
    ("major_road", "Main Street", [_around(0, -12), _around(0, 12)]),
    ("minor_road", "Mill Road", [_around(-12, 0), _around(12, 0)]),
    ("minor_road", "Elm Street", [_around(-12, 4), _around(12, 4)]),
)


def write_map(path: Path, *, attribution: str = ATTRIBUTION) -> Path:
    """Write the map; gives the path."""
    with path.open("wb") as file:
        writer = Writer(file)  # type: ignore[no-untyped-call]  # has no types
        for zoom in range(_DEEPEST + 1):
            west, south = _tile_of(*_around(-30, -20), zoom)
            east, north = _tile_of(*_around(30, 20), zoom)
            for x in range(int(west), int(east) + 1):
                for y in range(int(north), int(south) + 1):
                    tile = gzip.compress(_tile(zoom, x, y), mtime=0)
                    number = zxy_to_tileid(zoom, x, y)
                    writer.write_tile(number, tile)  # type: ignore[no-untyped-call]
        low, high = _around(-30, -20), _around(30, 20)
        writer.finalize(  # type: ignore[no-untyped-call]
            {
                "tile_type": TileType.MVT,
                "tile_compression": Compression.GZIP,
                "min_lon_e7": round(low[0] * 1e7),
                "min_lat_e7": round(low[1] * 1e7),
                "max_lon_e7": round(high[0] * 1e7),
                "max_lat_e7": round(high[1] * 1e7),
            },
            {
                "attribution": attribution,
                "vector_layers": [
                    {"id": name, "fields": {}}
                    for name in ("earth", "landuse", "water", "buildings", "roads")
                ],
            },
        )
    return path


def _tile_of(longitude: float, latitude: float, zoom: int) -> tuple[float, float]:
    """Web Mercator, in tiles of a zoom level; y grows to the south."""
    count = 2**zoom
    rise = math.asinh(math.tan(math.radians(latitude)))
    return (longitude + 180) / 360 * count, (1 - rise / math.pi) / 2 * count


def _tile(zoom: int, x: int, y: int) -> bytes:
    def inside(place: Point) -> tuple[int, int]:
        east, south = _tile_of(*place, zoom)
        # Far beyond its tile a shape needs no more than to lie there.
        return tuple(  # type: ignore[return-value]  # two, as were put in
            round(max(-1, min(2, at)) * _EXTENT) for at in (east - x, south - y)
        )

    layers: dict[str, list[dict[str, object]]] = {}
    for layer, kind, ring in _POLYGONS:
        corners = ", ".join("{} {}".format(*inside(each)) for each in ring)
        layers.setdefault(layer, []).append(
            {"geometry": f"POLYGON (({corners}))", "properties": {"kind": kind}}
        )
    for kind, name, line in _LINES:
        # In short steps, so that cutting it at the tile's rim does not bend it.
        steps = [
            (
                line[0][0] + (line[1][0] - line[0][0]) * step / 400,
                line[0][1] + (line[1][1] - line[0][1]) * step / 400,
            )
            for step in range(401)
        ]
        near = [inside(each) for each in steps]
        near = [
            each for each in near if all(-_EXTENT < at < 2 * _EXTENT for at in each)
        ]
        if len(near) > 1 and near[0] != near[-1]:
            ends = ", ".join(f"{a} {b}" for a, b in (near[0], near[-1]))
            layers.setdefault("roads", []).append(
                {
                    "geometry": f"LINESTRING ({ends})",
                    "properties": {"kind": kind, "name": name},
                }
            )
    packed = mapbox_vector_tile.encode(
        [{"name": name, "features": features} for name, features in layers.items()],
        default_options={"y_coord_down": True, "extents": _EXTENT},
    )
    return bytes(packed)
