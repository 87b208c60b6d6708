"""The detector's network: cell by cell, is here a plate's centre, and where its corners?"""

from collections.abc import Sequence
from typing import Final

import torch
from torch import nn
from torch.nn.utils import fuse_conv_bn_eval

CELL: Final = 8
CHANNELS: Final = 9
_PIXELS: Final = 64.0
"""What an answer of one in a corner's channel means, in pixels."""
_ROUND: Final = 0.01
"""Share of the width below which an error of a corner hardly counts."""
_RARE: Final = -4.6
"""First answer for the centre: one cell in a hundred."""


def _conv(
    inside: int, outside: int, *, stride: int = 1, dilation: int = 1
) -> nn.Sequential:
    conv = nn.Conv2d(
        inside, outside, 3, stride, dilation, dilation=dilation, bias=False
    )
    return nn.Sequential(conv, nn.BatchNorm2d(outside), nn.ReLU())


class Block(nn.Module):
    """Two convolutions beside a path that changes nothing."""

    def __init__(self, channels: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = _conv(channels, channels, dilation=dilation)
        self.second = nn.Sequential(
            nn.Conv2d(channels, channels, 3, 1, 1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        """Keep the shape (n, channels, h, w)."""
        return torch.relu(seen + self.second(self.first(seen)))


class DetectorNet(nn.Module):
    """A small network without a pyramid: plates of one octave and a half are its job.

    What lies within some 240 pixels around a cell's middle reaches its answer.
    """

    def __init__(
        self,
        widths: Sequence[int] = (16, 24, 48, 64),
        dilations: Sequence[int] = (1, 2, 3),
    ) -> None:
        super().__init__()
        one, two, three, four = widths
        self.body = nn.Sequential(
            _conv(3, one, stride=2),
            _conv(one, two, stride=2),
            _conv(two, two),
            _conv(two, three, stride=2),
            Block(three),
            Block(three),
            _conv(three, four),
            *(Block(four, dilation) for dilation in dilations),
            _conv(four, four),
        )
        self.head = nn.Conv2d(four, CHANNELS, 1)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)
        with torch.no_grad():
            self.head.bias[0] = _RARE

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Answer for a picture.

        Args:
            picture: uint8, shape (n, 3, h, w), RGB.

        Returns:
            Shape (n, 9, h / 8, w / 8): the centre's logit, then the corners x and y of
            top left, top right, bottom right, bottom left from the cell's middle, in
            units of 64 pixels.
        """
        seen = (picture.float() - 114.0) / 64.0
        seen = self.body(seen)
        # Sixteen bits would round the corners to a quarter of a pixel.
        with torch.autocast(seen.device.type, enabled=False):
            answer: torch.Tensor = self.head(seen.float())
        return answer


class Shipped(nn.Module):
    """The network as it is shipped: rows of pixels in, probabilities and pixels out."""

    def __init__(self, net: DetectorNet) -> None:
        super().__init__()
        self.net = folded(net)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Take uint8, shape (1, h, w, 3); give float32, shape (1, 9, h / 8, w / 8)."""
        answer = self.net(picture.permute(0, 3, 1, 2))
        return torch.cat([torch.sigmoid(answer[:, :1]), answer[:, 1:] * _PIXELS], 1)


def folded(net: DetectorNet) -> DetectorNet:
    """Fold every batch norm into the convolution before it, for inference."""
    copy = DetectorNet()
    copy.load_state_dict(net.state_dict())
    copy.eval()
    for module in list(copy.modules()):
        if not isinstance(module, nn.Sequential):
            continue
        for place in range(len(module) - 1):
            conv, norm = module[place], module[place + 1]
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                module[place] = fuse_conv_bn_eval(conv, norm)
                module[place + 1] = nn.Identity()
    return copy


def loss_of(
    answer: torch.Tensor,
    heat: torch.Tensor,
    offsets: torch.Tensor,
    weights: torch.Tensor,
    counted: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Tell how wrong an answer is: about the centres, and about the corners.

    Args:
        answer: float32, shape (n, 9, h, w), of the network.
        heat: shape (n, h, w), the centres as `scenes.Targets` has them.
        offsets: shape (n, 8, h, w), pixels.
        weights: shape (n, h, w), one over the plate's width where corners count.
        counted: shape (n, h, w).

    Returns:
        CenterNet's focal loss per plate, and the mean error of the corners as a smooth
        share of the plate's width.
    """
    logit = answer[:, 0]
    sure, unsure = nn.functional.logsigmoid(logit), nn.functional.logsigmoid(-logit)
    probability = torch.sigmoid(logit)
    centre = (heat > 1 - 1e-4).float() * counted
    hit = -((1 - probability) ** 2) * sure * centre
    away = -((1 - heat) ** 4) * probability**2 * unsure * (1 - centre) * counted
    plates = centre.sum().clamp(min=1.0)
    gap = (answer[:, 1:] * _PIXELS - offsets) * weights[:, None]
    # Nearly the plain distance, with a round bottom at a hundredth of the width.
    soft = torch.sqrt(gap**2 + _ROUND**2) - _ROUND
    share = (weights > 0).float()
    corners = (soft.mean(1) * share).sum() / share.sum().clamp(min=1.0)
    return (hit.sum() + away.sum()) / plates, corners
