"""Both networks that look at a straightened plate as one ONNX file.

    python -m training.export_reader src/charteroak/edge/engines/weights

From `reader.safetensors` and `states.safetensors` in the folder it makes `reader.onnx`,
with convolutions of eight bits unless `--float` says otherwise, and the folder's list of
SHA-256.
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
from training.state_net import StateNet, named
from training.train_reader import looks

_EXAMPLES: Final = 320
_AT_ONCE: Final = 8


class Exported(nn.Module):
    """Bytes in, probabilities out."""

    def __init__(self, reader: ReaderNet, states: StateNet) -> None:
        super().__init__()
        self.reader, self.states = reader, states

    def forward(self, plates: Tensor) -> tuple[Tensor, Tensor]:
        """N x ROWS x COLUMNS x 3, uint8, to characters and states."""
        picture = plates.permute(0, 3, 1, 2).float()
        characters, _ = self.reader(picture)
        return characters.softmax(dim=2), named(self.states, picture)


def export(folder: Path) -> None:
    """Write `reader.onnx`."""
    reader, states = ReaderNet(), StateNet()
    reader.load_state_dict(load_file(folder / "reader.safetensors"))
    states.load_state_dict(load_file(folder / "states.safetensors"))
    torch.onnx.export(
        Exported(reader, states).eval(),
        (torch.zeros(2, ROWS, COLUMNS, 3, dtype=torch.uint8),),
        str(folder / "reader.onnx"),
        input_names=["plates"],
        output_names=["characters", "states"],
        dynamic_axes={each: {0: "N"} for each in ("plates", "characters", "states")},
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
