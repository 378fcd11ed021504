"""The eye visibility network: four 3x3 convolutions and one matrix, small enough to be asked beside all else."""

from __future__ import annotations

from torch import Tensor, nn

WIDTHS = (16, 24, 40, 40)
"""Channels after each convolution; they work on 24x24, 12x12, 6x6 and 6x6 pixels."""


class EyeNet(nn.Module):
    """Takes standardised patches [N, 1, 48, 48] float32 (see ``patch.standardise``) and gives logits [N, 1].

    Above 0 the eye is seen, open or closed; below 0 something lies before it.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 1
        for i, width in enumerate(WIDTHS):
            stride = 2 if i < 3 else 1
            layers += [nn.Conv2d(before, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            before = width
        self.features = nn.Sequential(*layers, nn.AvgPool2d(2), nn.Flatten(), nn.Dropout(0.2))
        self.seen = nn.Linear(before * 9, 1)

    def forward(self, patches: Tensor) -> Tensor:
        seen: Tensor = self.seen(self.features(patches))
        return seen
