"""The network that names states as an ONNX file.

    python -m training.export_states src/charteroak/edge/engines/weights

From `states.safetensors` in the folder it makes `states.onnx`, with convolutions of
eight bits unless `--float` says otherwise, and the folder's list of SHA-256.
"""

import argparse
from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from training.export_reader import sums
from training.quantise import quantise
from training.state_net import COLUMNS, ROWS, StateNet, named
from training.train_states import looks

_EXAMPLES: Final = 320
_AT_ONCE: Final = 8


class Exported(nn.Module):
    """Bytes in, probabilities out."""

    def __init__(self, states: StateNet) -> None:
        super().__init__()
        self.states = states

    def forward(self, plates: Tensor) -> Tensor:
        """N x ROWS x COLUMNS x 3, uint8, to states."""
        return named(self.states, plates.permute(0, 3, 1, 2).float())


def export(folder: Path) -> None:
    """Write `states.onnx`."""
    states = StateNet()
    states.load_state_dict(load_file(folder / "states.safetensors"))
    torch.onnx.export(
        Exported(states).eval(),
        (torch.zeros(2, ROWS, COLUMNS, 3, dtype=torch.uint8),),
        str(folder / "states.onnx"),
        input_names=["plates"],
        output_names=["states"],
        dynamic_axes={each: {0: "N"} for each in ("plates", "states")},
        opset_version=17,
        dynamo=False,
    )


def in_eight_bits(folder: Path) -> None:
    """Quantise `states.onnx`, with drawn plates as examples."""
    stream = looks([90_004])
    plates = (
        np.stack([next(stream).picture for _ in range(_AT_ONCE)])
        for _ in range(_EXAMPLES // _AT_ONCE)
    )
    quantise(folder / "states.onnx", "plates", plates)


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
