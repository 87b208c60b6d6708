"""Tiny real ONNX networks, written byte by byte: a detector and a reader that know one
plate each, in the shapes of the fast-alpr family. They need no weights from anywhere.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
SLOTS = 8
SIDE = 416

CONFIGURATION = f"""\
max_plate_slots: {SLOTS}
alphabet: '{ALPHABET}'
pad_char: '_'
img_height: 64
img_width: 128
keep_aspect_ratio: false
interpolation: linear
image_color_mode: rgb
""".encode()

FLOAT, UINT8, INT64 = 1, 2, 7


def field(number: int, value: int | bytes | str) -> bytes:
    """One field of a Protocol Buffers message."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    content = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def tensor(name: str, values: npt.NDArray[np.float32] | npt.NDArray[np.int64]) -> bytes:
    kind = INT64 if values.dtype == np.int64 else FLOAT
    shape = b"".join(field(1, size) for size in values.shape)
    return shape + field(2, kind) + field(8, name) + field(9, values.tobytes())


def value(name: str, kind: int, shape: Sequence[int | str]) -> bytes:
    sizes = b"".join(
        field(1, field(2, each) if isinstance(each, str) else field(1, each))
        for each in shape
    )
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, sizes)))


def node(kind: str, inputs: Sequence[str], output: str, *attributes: bytes) -> bytes:
    given = b"".join(field(1, name) for name in inputs)
    own = b"".join(field(5, each) for each in attributes)
    return given + field(2, output) + field(4, kind) + own


def whole(name: str, value: int) -> bytes:
    return field(1, name) + field(3, value) + field(20, 2)


def wholes(name: str, *values: int) -> bytes:
    return field(1, name) + b"".join(field(8, each) for each in values) + field(20, 7)


def model(
    nodes: Sequence[bytes], tensors: Sequence[bytes], taken: bytes, *given: bytes
) -> bytes:
    graph = (
        b"".join(field(1, node) for node in nodes)
        + field(2, "g")
        + b"".join(field(5, each) for each in tensors)
        + field(11, taken)
        + b"".join(field(12, each) for each in given)
    )
    return field(1, 8) + field(7, graph) + field(8, field(2, 13))


def detector(
    *rows: tuple[float, float, float, float, float], columns: int = 7
) -> bytes:
    """Finds the same plates in every picture: edges in the square, and certainty."""
    found = np.zeros((len(rows), columns), np.float32)
    for number, (*edges, certainty) in enumerate(rows):
        found[number, 1:5], found[number, 6:7] = edges, certainty
    return model(
        [
            # The picture counts for nothing, but a network must use what it takes.
            node("ReduceMean", ["images"], "m", whole("keepdims", 0)),
            node("Mul", ["m", "nought"], "z"),
            node("Add", ["found", "z"], "output0"),
        ],
        [tensor("found", found), tensor("nought", np.zeros(1, np.float32))],
        value("images", FLOAT, [1, 3, SIDE, SIDE]),
        value("output0", FLOAT, ["batch", columns]),
    )


def reader(text: str, sure: float = 0.99, *, slots: int = SLOTS) -> bytes:
    """Reads the same text from every plate; each sign with the same probability."""
    rest = (1 - sure) / (len(ALPHABET) - 1)
    known = np.full((1, slots, len(ALPHABET)), rest, np.float32)
    for slot, sign in enumerate(text.ljust(slots, "_")):
        known[0, slot, ALPHABET.index(sign)] = sure
    each = np.array([-1, 1, 1], np.int64)
    axes = wholes("axes", 1, 2, 3)
    return model(
        [
            node("Cast", ["input"], "f", whole("to", FLOAT)),
            node("ReduceMean", ["f"], "m", axes, whole("keepdims", 0)),
            node("Reshape", ["m", "each"], "r"),
            node("Mul", ["r", "nought"], "z"),
            node("Add", ["known", "z"], "plate"),
        ],
        [
            tensor("known", known),
            tensor("each", each),
            tensor("nought", np.zeros(1, np.float32)),
        ],
        value("input", UINT8, ["n", 64, 128, 3]),
        value("plate", FLOAT, ["n", slots, len(ALPHABET)]),
    )


def with_outside_data(name: str = "../secret") -> bytes:
    """A network whose numbers lie in another file."""
    named = field(1, "location") + field(2, name)
    outside = field(1, 1) + field(2, FLOAT) + field(8, "c")
    outside += field(13, named) + field(14, 1)
    return model(
        [node("Add", ["images", "c"], "output0")],
        [outside],
        value("images", FLOAT, [1, 3, SIDE, SIDE]),
        value("output0", FLOAT, [1, 3, SIDE, SIDE]),
    )


def a_folder(folder: Path, *, text: str = "KRT4826", sure: float = 0.99) -> Path:
    """A folder of weights whose detector sees one plate in the middle."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plates.onnx").write_bytes(detector((158, 190, 258, 226, 0.9)))
    (folder / "letters.onnx").write_bytes(reader(text, sure))
    (folder / "letters_plate_config.yaml").write_bytes(CONFIGURATION)
    return folder
