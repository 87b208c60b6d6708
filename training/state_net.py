"""Which state a plate is of: by its name, colours and layout, not by its serial.

It sees plates twice as large as the reader does, or the name could not be read. Beside
the state it is taught the letters of all words at the places where they stand, and what
it takes for letters is among what it tells the state by: a name is the same row of
letters in any typeface.
"""

from typing import Final

import torch
from torch import Tensor, nn

from training.reader_net import STATES, Block, conv, evened

ROWS: Final = 128
COLUMNS: Final = 288
GRID: Final = (ROWS // 8, COLUMNS // 4)
"""Rows and columns of the places where letters are taught."""
LETTERS: Final = 26

_PLACES: Final = (ROWS // 16) * (COLUMNS // 16)


class StateNet(nn.Module):
    """Input: N x 3 x ROWS x COLUMNS, 0 to 255. Output: logits, N x STATES."""

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Sequential(
            conv(3, 16, 2), conv(16, 24, 2), Block(24), conv(24, 48, (2, 1)), Block(48)
        )
        self.letters = nn.Conv2d(48, LETTERS, 1)
        self.coarse = nn.Sequential(
            conv(48 + LETTERS, 96, 2), Block(96), conv(96, 96, (1, 2)), Block(96)
        )
        self.places = nn.Sequential(nn.Conv2d(96, 20, 1), nn.ReLU(inplace=True))
        self.forget = nn.Dropout(0.25)
        self.state = nn.Linear(20 * _PLACES + 2 * 96, STATES)

    def forward(self, picture: Tensor) -> Tensor:
        """See the class."""
        return self.taught(picture)[0]

    def read(self, picture: Tensor) -> Tensor:
        """Letters alone, of a picture whose sides are any multiples of 8."""
        letters: Tensor = self.letters(self.fine(evened(picture)))
        return letters

    def taught(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """What training follows: the logits, and those of letters, N x LETTERS x GRID."""
        fine = self.fine(evened(picture))
        letters = self.letters(fine)
        coarse = self.coarse(torch.cat([fine, letters], dim=1))
        all_seen = torch.cat(
            [
                self.places(coarse).flatten(1),
                coarse.amax(dim=(2, 3)),
                coarse.mean(dim=(2, 3)),
            ],
            dim=1,
        )
        return self.state(self.forget(all_seen)), letters


def named(net: StateNet, plates: Tensor) -> Tensor:
    """Probabilities, from N x 3 x ROWS x COLUMNS."""
    return torch.softmax(net(plates), dim=1)
