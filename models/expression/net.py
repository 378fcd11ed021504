"""The expression network: plain 3x3 convolutions, batch normalisation and ReLU in three residual stages.

Nothing in it is hard to quantize: batch normalisation folds into the convolutions, and what is left are convolutions,
additions, ReLU, one mean and one matrix product. Widths are whole vectors of the Hexagon and of x86 processors. Two
heads share all of it: the eight emotions of FER+ and the seven labels of FER2013.
"""

from __future__ import annotations

from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from wakeful.models.expression.face import FER2013_CLASSES, FERPLUS_CLASSES

# Channels of the stem and of the three stages, which work on 24x24, 12x12 and 6x6 pixels.
WIDTHS = (32, 32, 80, 128)
NAME = "expression"
BLOCKS = 2  # residual blocks a stage


class ExpressionNet(nn.Module):
    """Logits of both label sets for standardised grey faces.

    Takes [N, 1, 48, 48] float32 (see ``face.standardise``) and gives ([N, 8], [N, 7]), in the order of
    ``FERPLUS_CLASSES`` and ``FER2013_CLASSES``.
    """

    def __init__(self, widths: tuple[int, ...] = WIDTHS, dropout: float = 0.2) -> None:
        super().__init__()
        self.stem = nn.Sequential(convolution(1, widths[0]), nn.ReLU())
        self.stages = nn.Sequential(*(stage(a, b) for a, b in pairwise(widths)))
        self.dropout = nn.Dropout(dropout)
        self.ferplus = nn.Linear(widths[-1], len(FERPLUS_CLASSES))
        self.fer2013 = nn.Linear(widths[-1], len(FER2013_CLASSES))

    def forward(self, faces: Tensor) -> tuple[Tensor, Tensor]:
        features = F.adaptive_avg_pool2d(self.stages(self.stem(faces)), 1).flatten(1)
        features = self.dropout(features)
        return self.ferplus(features), self.fer2013(features)


def stage(inputs: int, outputs: int) -> nn.Sequential:
    """A block that halves the picture, and those that go on at its size."""
    return nn.Sequential(Residual(inputs, outputs, stride=2), *(Residual(outputs, outputs) for _ in range(BLOCKS - 1)))


class Residual(nn.Module):
    """Two 3x3 convolutions beside a way past them: a 1x1 convolution where the picture is halved, else nothing."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.first = convolution(inputs, outputs, stride)
        self.second = convolution(outputs, outputs)
        self.past = convolution(inputs, outputs, stride, kernel=1) if stride > 1 else nn.Identity()
        self.relu_inside = nn.ReLU()
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        inner = self.second(self.relu_inside(self.first(x)))
        return self.relu(inner + self.past(x))


def convolution(inputs: int, outputs: int, stride: int = 1, kernel: int = 3) -> nn.Sequential:
    """A convolution without bias and its batch normalisation."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False), nn.BatchNorm2d(outputs)
    )
