"""Both networks that look at a straightened plate as one ONNX file.

    python -m training.export_reader src/charteroak/edge/engines/weights

From `reader.safetensors` and `states.safetensors` in the folder it makes `reader.onnx`.
"""

import argparse
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from training.crops import COLUMNS, ROWS
from training.reader_net import ReaderNet
from training.state_net import StateNet, named


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


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    export(parser.parse_args().folder)
