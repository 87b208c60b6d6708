"""Which state a plate is of: by its name, colours and layout, not by its serial."""

import torch
from torch import Tensor, nn

from training.reader_net import STATES, Block, conv, evened


class StateNet(nn.Module):
    """Input: N x 3 x ROWS x COLUMNS, 0 to 255. Output: logits, N x STATES."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            conv(3, 24, 2),
            Block(24),
            conv(24, 48, 2),
            Block(48),
            conv(48, 72, 2),
            Block(72),
            Block(72),
            conv(72, 96, 2),
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(96 * 4 * 9, STATES),
        )

    def forward(self, picture: Tensor) -> Tensor:
        """See the class."""
        logits: Tensor = self.layers(evened(picture))
        return logits


def named(net: StateNet, plates: Tensor) -> Tensor:
    """Probabilities, from N x 3 x ROWS x COLUMNS."""
    return torch.softmax(net(plates), dim=1)
