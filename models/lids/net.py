"""The lids network: six plain 3x3 convolutions, a hidden layer, and one matrix for all that is read of an eye."""

from __future__ import annotations

from torch import Tensor, nn

from wakeful.models.lids.layout import COLUMNS, OUTPUTS, ROWS
from wakeful.models.training.blocks import convolution, exact

WIDTHS = (16, 16, 32, 48)
HIDDEN = 96
NAME = "lids"


class LidsNet(nn.Module):
    """Standardised grey crops [N, 1, 48, 64] to [N, ``OUTPUTS``] and the hidden layer [N, ``HIDDEN``].

    ``POINTS``: 16 lid points in the order of the monitor's ``Eye.contour`` and 5 of the iris, x and y in eye widths
    about the crop's middle. ``OPENING``: mean lid gap over the eye's width. ``SHUT``: logit of lids that meet, whatever
    the cause. ``SPREAD``: log of the expected error of lid and iris points, in eye widths. ``REASON``: logits of
    ``READABLE``.
    """

    def __init__(self) -> None:
        super().__init__()
        a, b, c, d = WIDTHS
        self.features = nn.Sequential(
            convolution(1, a, 2),
            convolution(a, b),
            convolution(b, c, 2),
            convolution(c, c),
            convolution(c, d, 2),
            convolution(d, d),
        )
        self.hidden = nn.Sequential(nn.Linear(d * (ROWS // 8) * (COLUMNS // 8), HIDDEN), nn.ReLU())
        self.out = nn.Linear(HIDDEN, OUTPUTS)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        hidden: Tensor = self.hidden(self.features(crops).flatten(1))
        return exact(self.out(hidden)), exact(hidden)
