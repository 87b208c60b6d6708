"""The town's street map: one PMTiles file that an administrator has put somewhere.

It lies outside the data folder, is never written here, and holds no secret.
"""

import gzip
import re
import struct
import zlib
from pathlib import Path
from typing import Final

import attrs
import msgspec

from charteroak.core.errors import CharterOakError

LAYERS: Final = frozenset({"earth", "water", "landuse", "roads", "buildings", "places"})
"""Layers that our style draws, by the names of the Protomaps basemap."""

# https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md, section 3
_MAGIC: Final = b"PMTiles"
_HEAD_LENGTH: Final = 127
_VERSION_AT: Final = 7
_ABOUT_AT: Final = 24
_PACKING_AT: Final = 97
_NOT_PACKED: Final = 1
_GZIP: Final = 2
_MVT: Final = 1
_MOST_ABOUT: Final = 1024 * 1024
_MOST_WORDS: Final = 200
_TAG: Final = re.compile(r"<[^>]*>")


class UnusableMapError(CharterOakError):
    """The file that the setting names cannot be the street map."""

    code = "charteroak.server.unusable-map"
    hint = (
        "Give CHARTEROAK_MAP_FILE a PMTiles file of version 3 with the layers of the "
        "Protomaps basemap, or leave it out: then maps have a plain ground."
    )

    def __init__(self, path: Path, trouble: str) -> None:
        super().__init__(f"the map {path} {trouble}")


@attrs.frozen(kw_only=True)
class StreetMap:
    """What the file says about itself.

    Attributes:
        attribution: whom the map owes thanks to, plain text; may be empty.
    """

    path: Path
    attribution: str


class _Layer(msgspec.Struct):
    id: str


class _About(msgspec.Struct):
    attribution: str = ""
    vector_layers: list[_Layer] = []


def read_street_map(path: Path) -> StreetMap:
    """Look into the head of the file: a few kilobytes, however large it is.

    Raises:
        UnusableMapError: it is not there, cannot be read, or is something else.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_LENGTH)
            offset, length = _place_of_about(path, head)
            file.seek(offset)
            about = file.read(length)
    except OSError as refused:
        trouble = f"cannot be read: {refused.strerror}"
        raise UnusableMapError(path, trouble) from refused
    if len(about) < length:
        raise UnusableMapError(path, "is cut off: copy it again")
    told = _unpacked(path, about, packing=head[_PACKING_AT])
    layers = {layer.id for layer in told.vector_layers}
    # A map of another schema would show nothing, and nobody would know why.
    if layers and not layers & LAYERS:
        given = ", ".join(sorted(layers)[:6])
        trouble = f"has other layers than the Protomaps basemap: {given}"
        raise UnusableMapError(path, trouble)
    thanks = _TAG.sub("", told.attribution).strip()
    return StreetMap(path=path, attribution=thanks[:_MOST_WORDS])


def _place_of_about(path: Path, head: bytes) -> tuple[int, int]:
    """Where in the file it says what it is: offset and length, bytes."""
    if not head.startswith(_MAGIC):
        raise UnusableMapError(path, "is not a PMTiles file")
    if len(head) < _HEAD_LENGTH:
        raise UnusableMapError(path, "is cut off: copy it again")
    if (version := head[_VERSION_AT]) != 3:  # noqa: PLR2004  the version that we read
        raise UnusableMapError(path, f"is PMTiles of version {version}, not 3")
    _, tile_packing, tiles = head[_PACKING_AT : _PACKING_AT + 3]
    if tiles != _MVT:
        raise UnusableMapError(path, "holds pictures, not vector tiles")
    if tile_packing not in {_NOT_PACKED, _GZIP}:
        raise UnusableMapError(path, "is not packed with gzip")
    offset, length = struct.unpack_from("<QQ", head, _ABOUT_AT)
    if length > _MOST_ABOUT or offset >= 2**63:
        raise UnusableMapError(path, "is damaged in its head")
    return offset, length


def _unpacked(path: Path, about: bytes, *, packing: int) -> _About:
    try:
        text = gzip.decompress(about) if packing == _GZIP else about
        return msgspec.json.decode(text, type=_About)
    except (EOFError, OSError, zlib.error, msgspec.DecodeError):
        raise UnusableMapError(path, "does not say what it holds") from None
