"""A network from bytes that were checked: nothing but those bytes is ever opened.

An ONNX file may name other files to take its numbers from, by a path of its own choice.
ONNX Runtime follows such names, so they are looked for first, by our own reading of the
file's Protocol Buffers, and a file with any of them is refused.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import onnxruntime as ort  # type: ignore[import-untyped]  # it ships no types

from charteroak.core.errors import CharterOakError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
"""Wire types of Protocol Buffers (encoding specification, "Message Structure")."""
_WIDTHS: Final = {_FIXED64: 8, _FIXED32: 4}
_LONGEST_VARINT: Final = 10
_LARGEST_FIELD: Final = (1 << 29) - 1
"""Larger field numbers are none, and other readers cut their upper bits off."""
_DEEPEST: Final = 32
"""Networks inside networks (loops, branches); more is an attack on the stack."""

# Where tensors can stand: field number -> message, after onnx.proto of ONNX 1.19.
_FIELDS: Final[Mapping[str, Mapping[int, str]]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {
        5: "tensor",
        6: "graph",
        10: "tensor",
        11: "graph",
        22: "sparse",
        23: "sparse",
    },
    "sparse": {1: "tensor", 2: "tensor"},
}
_EXTERNAL_DATA: Final = 13
_DATA_LOCATION: Final = 14


class UnusableWeightsError(CharterOakError):
    """A file is no network, or none that may or can be used here."""

    code = "charteroak.models.unusable"
    hint = "Get the file again from where it is published, and compare its SHA-256."

    def __init__(self, file: str, why: str) -> None:
        super().__init__(f"cannot use {file}: {why}")


class _NoMessageError(Exception):
    """The bytes are no Protocol Buffers message."""


def open_session(file: str, content: bytes, *, threads: int) -> ort.InferenceSession:
    """Make a network ready to run.

    One session serves any number of threads at once; one run uses up to `threads`
    cores. Memory is given back after each run.

    Args:
        file: its name, for the message of an error only: it is not opened.
        content: the whole file.
        threads: cores one run may use.

    Raises:
        UnusableWeightsError: the bytes are no ONNX network, or name other files.
    """
    try:
        elsewhere = _names_other_files(content)
    except _NoMessageError as broken:
        raise UnusableWeightsError(file, "it is no ONNX file") from broken
    if elsewhere:
        raise UnusableWeightsError(file, "it takes its numbers from other files")
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # The arena keeps the peak of the largest run for ever.
    options.enable_cpu_mem_arena = False
    # A plan is kept for every size of picture; plates and patches come in hundreds.
    options.enable_mem_pattern = False
    # Waiting threads would otherwise spin, which is heat where many cameras share cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    try:
        return ort.InferenceSession(
            content, options, providers=["CPUExecutionProvider"]
        )
    # ONNX Runtime raises a dozen types of its own, all of RuntimeError or Exception.
    except Exception as refused:
        raise UnusableWeightsError(file, "ONNX Runtime cannot load it") from refused


def _names_other_files(content: bytes) -> bool:
    """Whether any tensor of a model is kept outside of the file.

    Raises:
        _NoMessageError: the bytes are no message, or nest absurdly deep.
    """
    waiting = [("model", memoryview(content), 0)]
    while waiting:
        kind, message, depth = waiting.pop()
        if depth > _DEEPEST:
            raise _NoMessageError
        for number, value in _fields(message):
            if kind == "tensor":
                if number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value):
                    return True
                continue
            inner = _FIELDS[kind].get(number)
            if inner is not None:
                if isinstance(value, int):
                    raise _NoMessageError
                waiting.append((inner, value, depth + 1))
    return False


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of a message: number, and a varint's value or the bytes."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        if not 0 < number <= _LARGEST_FIELD:
            raise _NoMessageError
        if wire == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if wire == _BYTES:
            size, at = _varint(message, at)
        elif wire in _WIDTHS:
            size = _WIDTHS[wire]
        else:
            raise _NoMessageError
        if at + size > len(message):
            raise _NoMessageError
        yield number, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(message[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:  # noqa: PLR2004 - the top bit says that more follow
            return value, at + place + 1
    raise _NoMessageError
