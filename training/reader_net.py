"""The reader: a rectified plate in, characters by slot out.

Each slot of the output looks at one place of the picture: its attention is taught to
lie on the n-th character in reading order, which the generator knows, stacked ones too.
What the character is, is then read from the features at that place, by one classifier
for all slots. Those features know of the whole line, which counting needs, so a habit of
serials can seep in; drawing free texts and rare formats often is what speaks against it.
"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.crops import COLUMNS, ROWS

SLOTS: Final = 9
SIGNS: Final = 37
STATES: Final = 52
GRID: Final = (ROWS // 4, COLUMNS // 4)
"""Rows and columns of the places that attention chooses among."""


def evened(picture: Tensor) -> Tensor:
    """Brightness and contrast taken out of a picture of 0 to 255: they are no news."""
    x = (picture - 127.5) / 64.0
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    spread = x.std(dim=(1, 2, 3), keepdim=True)
    return (x - mean) / (spread + 0.05)


def conv(inside: int, outside: int, stride: int | tuple[int, int] = 1) -> nn.Sequential:
    """3 x 3, normalised, rectified."""
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride, 1, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU(inplace=True),
    )


class Block(nn.Module):
    """Two convolutions and a way around them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = conv(width, width)
        self.second = nn.Sequential(
            nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Same shape."""
        return functional.relu(x + self.second(self.first(x)))


class _Along(nn.Module):
    """Lets each column know of all others: counting characters needs the whole line."""

    def __init__(self, width: int, columns: int, layers: int = 2) -> None:
        super().__init__()
        self.inside = nn.Linear(2 * width, width)
        self.place = nn.Parameter(torch.randn(1, columns, width) * 0.02)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, 4, 2 * width, dropout=0.0, batch_first=True, norm_first=True
            )
            for _ in range(layers)
        )
        self.outside = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """N x width x rows x columns to the same."""
        line = torch.cat([x.mean(dim=2), x.amax(dim=2)], dim=1).transpose(1, 2)
        line = self.inside(line) + self.place
        for layer in self.layers:
            line = layer(line)
        return x + self.outside(line).transpose(1, 2)[:, :, None]


class ReaderNet(nn.Module):
    """See the module.

    Input: N x 3 x ROWS x COLUMNS, float, 0 to 255. Output: logits of characters
    (N x SLOTS x SIGNS), and log attention (N x SLOTS x places + 1, the last for "no
    character").
    """

    def __init__(self, widths: tuple[int, int, int] = (24, 48, 96)) -> None:
        super().__init__()
        low, middle, high = widths
        self.widths = widths
        self.stem = nn.Sequential(conv(3, low, 2), Block(low))
        self.fine = nn.Sequential(conv(low, middle, 2), Block(middle), Block(middle))
        self.coarse = nn.Sequential(
            conv(middle, high, (2, 1)),
            Block(high),
            _Along(high, GRID[1]),
            Block(high),
        )
        self.lift = nn.Conv2d(high, high, 1)
        self.side = nn.Conv2d(middle, high, 1)
        self.merge = conv(high, high)
        self.rows = nn.Parameter(torch.randn(1, high, GRID[0], 1) * 0.02)
        self.look = nn.Conv2d(high, SLOTS, 1)
        self.empty = nn.Linear(high, SLOTS)
        self.nothing = nn.Parameter(torch.randn(high) * 0.1)
        self.read = nn.Sequential(
            nn.Linear(high, 2 * high), nn.ReLU(inplace=True), nn.Linear(2 * high, SIGNS)
        )

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        fine = self.fine(self.stem(evened(picture)))
        coarse = self.coarse(fine)
        both = functional.interpolate(self.lift(coarse), scale_factor=(2.0, 1.0))
        both = self.merge(functional.relu(both + self.side(fine) + self.rows))
        looks = self.look(both).flatten(2)
        empty = self.empty(coarse.mean(dim=(2, 3)))[:, :, None]
        attention = functional.log_softmax(
            torch.cat([looks, empty], dim=2).float(), dim=2
        )
        places = torch.cat(
            [
                both.flatten(2),
                self.nothing[None, :, None].expand(both.shape[0], -1, 1),
            ],
            dim=2,
        )
        seen = torch.matmul(attention.exp().to(places.dtype), places.transpose(1, 2))
        return self.read(seen), attention
