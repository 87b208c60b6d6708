"""The reader as an ONNX file.

    python -m training.export_reader src/charteroak/edge/engines/weights

From `reader.safetensors` in the folder it makes `reader.onnx`, with convolutions of eight
bits unless `--float` says otherwise, and the folder's list of SHA-256.
"""

import torch
from torch import Tensor, nn

from training.crops import COLUMNS, ROWS
from training.export_plates import Exported, export
from training.reader_net import ReaderNet
from training.train_reader import looks


class _Characters(nn.Module):
    """Bytes in, probabilities out."""

    def __init__(self, reader: ReaderNet) -> None:
        super().__init__()
        self.reader = reader

    def forward(self, plates: Tensor) -> Tensor:
        """N x ROWS x COLUMNS x 3, uint8, to characters."""
        characters, _ = self.reader(plates.permute(0, 3, 1, 2).float())
        return torch.softmax(characters, dim=2)


def main() -> None:
    """Command line."""
    net = ReaderNet()
    made = Exported(
        name="reader",
        net=net,
        telling=_Characters(net),
        gives="characters",
        rows=ROWS,
        columns=COLUMNS,
        looks=looks([90_003]),
    )
    export(made, __doc__)


if __name__ == "__main__":
    main()
