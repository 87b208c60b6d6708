"""A network that takes straightened plates, as an ONNX file of bytes in, chances out."""

import argparse
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs
import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

from training.crops import Sample
from training.quantise import quantise

_EXAMPLES: Final = 320
_AT_ONCE: Final = 8


@attrs.frozen(kw_only=True)
class Exported:
    """What is particular to one network.

    Attributes:
        name: of its files, `.safetensors` and `.onnx`.
        net: to be loaded with the weights of the first.
        telling: takes N x rows x columns x 3, uint8, and gives the chances by `net`.
        gives: the name of the output.
        rows: of a plate,
        columns: likewise.
        looks: drawn plates, examples for eight bits.
    """

    name: str
    net: nn.Module
    telling: nn.Module
    gives: str
    rows: int
    columns: int
    looks: Iterator[Sample]


def export(made: Exported, about: str | None) -> None:
    """The command line: weights of a folder to ONNX there, and its list of SHA-256."""
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--float", action="store_true", help="keep 32 bits")
    given = parser.parse_args()
    file = given.folder / f"{made.name}.onnx"
    made.net.load_state_dict(load_file(file.with_suffix(".safetensors")))
    torch.onnx.export(
        made.telling.eval(),
        (torch.zeros(2, made.rows, made.columns, 3, dtype=torch.uint8),),
        str(file),
        input_names=["plates"],
        output_names=[made.gives],
        dynamic_axes={each: {0: "N"} for each in ("plates", made.gives)},
        opset_version=17,
        dynamo=False,
    )
    if not given.float:
        plates = (
            np.stack([next(made.looks).picture for _ in range(_AT_ONCE)])
            for _ in range(_EXAMPLES // _AT_ONCE)
        )
        quantise(file, "plates", plates)
    _sums(given.folder)


def _sums(folder: Path) -> None:
    """Write the list of SHA-256 of all that the folder holds."""
    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}"
        for file in sorted(folder.iterdir())
        if file.suffix in {".onnx", ".safetensors", ".toml"}
    ]
    (folder / "SHA256SUMS").write_text("\n".join([*lines, ""]), "ascii")
