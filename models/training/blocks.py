"""Layers that quantize well and map whole onto a Hexagon: convolutions, batch normalisation, ReLU, additions."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def convolution(inputs: int, outputs: int, stride: int = 1, kernel: int = 3, groups: int = 1) -> nn.Sequential:
    """Convolution without bias, batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


def separable(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """A 3x3 convolution of each channel, then a 1x1 convolution across them."""
    return nn.Sequential(convolution(inputs, inputs, stride, groups=inputs), convolution(inputs, outputs, kernel=1))


class SeparableResidual(nn.Module):
    """A separable convolution added to what goes in; the sum passes ReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.each = convolution(channels, channels, groups=channels)
        self.across = nn.Sequential(nn.Conv2d(channels, channels, 1, bias=False), nn.BatchNorm2d(channels))
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.relu(self.across(self.each(x)) + x)
        return out


def exact(x: Tensor) -> Tensor:
    """``x`` in float32; a tensor that is so already passes without an operator in an exported network."""
    return x if x.dtype == torch.float32 else x.float()


def parameters(net: nn.Module) -> int:
    """Number of trained values."""
    return sum(p.numel() for p in net.parameters())
