"""The mouth network: five 3x3 convolutions and a separable one, a hidden layer, and one matrix."""

from __future__ import annotations

from torch import Tensor, nn

from wakeful.models.mouth.layout import COLUMNS, OUTPUTS, ROWS
from wakeful.models.training.blocks import SeparableResidual, convolution, exact

WIDTHS = (12, 16, 32, 48)
HIDDEN = 64
NAME = "mouth"


class MouthNet(nn.Module):
    """Standardised grey crops [N, 1, 56, 64] to [N, ``OUTPUTS``].

    ``POINTS``: ``LIPS``, x and y in outer eye corner distances about the crop's middle. ``OPENING``: inner lip gap
    over the inner lips' width, in depth too. ``SPREAD``: log of the points' expected error. ``COVERED``: logit of a
    mask, a hand or a thing before the mouth.
    """

    def __init__(self) -> None:
        super().__init__()
        a, b, c, d = WIDTHS
        self.features = nn.Sequential(
            convolution(1, a, 2),
            convolution(a, b),
            convolution(b, c, 2),
            SeparableResidual(c),
            convolution(c, d, 2),
            convolution(d, d),
        )
        self.hidden = nn.Sequential(nn.Linear(d * (ROWS // 8) * (COLUMNS // 8), HIDDEN), nn.ReLU())
        self.out = nn.Linear(HIDDEN, OUTPUTS)

    def forward(self, crops: Tensor) -> Tensor:
        out: Tensor = self.out(self.hidden(self.features(crops).flatten(1)))
        return exact(out)
