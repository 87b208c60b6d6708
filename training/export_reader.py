"""The reader as an ONNX file.

    python -m training.export_reader src/charteroak/edge/engines/weights

From `reader.safetensors` in the folder it makes `reader.onnx`, with convolutions of eight
bits unless `--float` says otherwise, and the folder's list of SHA-256.
"""

import argparse
import hashlib
from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from training.crops import COLUMNS, ROWS
from training.quantise import quantise
from training.reader_net import ReaderNet
from training.train_reader import looks

_EXAMPLES: Final = 320
_AT_ONCE: Final = 8


class Exported(nn.Module):
    """Bytes in, probabilities out."""

    def __init__(self, reader: ReaderNet) -> None:
        super().__init__()
        self.reader = reader

    def forward(self, plates: Tensor) -> Tensor:
        """N x ROWS x COLUMNS x 3, uint8, to characters."""
        characters, _ = self.reader(plates.permute(0, 3, 1, 2).float())
        return torch.softmax(characters, dim=2)


def export(folder: Path) -> None:
    """Write `reader.onnx`."""
    reader = ReaderNet()
    reader.load_state_dict(load_file(folder / "reader.safetensors"))
    torch.onnx.export(
        Exported(reader).eval(),
        (torch.zeros(2, ROWS, COLUMNS, 3, dtype=torch.uint8),),
        str(folder / "reader.onnx"),
        input_names=["plates"],
        output_names=["characters"],
        dynamic_axes={each: {0: "N"} for each in ("plates", "characters")},
        opset_version=17,
        dynamo=False,
    )


def in_eight_bits(folder: Path) -> None:
    """Quantise `reader.onnx`, with drawn plates as examples."""
    stream = looks([90_003])
    plates = (
        np.stack([next(stream).picture for _ in range(_AT_ONCE)])
        for _ in range(_EXAMPLES // _AT_ONCE)
    )
    quantise(folder / "reader.onnx", "plates", plates)


def sums(folder: Path) -> None:
    """Write the list of SHA-256 of all that the folder holds."""
    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}"
        for file in sorted(folder.iterdir())
        if file.suffix in {".onnx", ".safetensors", ".toml"}
    ]
    (folder / "SHA256SUMS").write_text("\n".join([*lines, ""]), "ascii")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--float", action="store_true", help="keep 32 bits")
    given = parser.parse_args()
    export(given.folder)
    if not given.float:
        in_eight_bits(given.folder)
    sums(given.folder)


if __name__ == "__main__":
    main()
