"""Writes the lids network with its lid-state head as ONNX.

``python -m wakeful.models.lids.export --weights FILE --states FILE --out lids.onnx``
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from wakeful.models.lids.layout import COLUMNS, ROWS
from wakeful.models.lids.net import NAME, LidsNet
from wakeful.models.lids.states import StateHead, load_head
from wakeful.models.training.export import export, parser
from wakeful.models.training.run import loaded

EYES = 2
"""Both eyes in one batch, whose size is fixed: Hexagons and LiteRT want every size before they run."""


class LidsWithStates(nn.Module):
    """Crops [N, 1, 48, 64] to what ``LidsNet`` gives [N, 53] and the logits of ``STATES`` [N, 4]."""

    def __init__(self, net: LidsNet, head: StateHead) -> None:
        super().__init__()
        self.net, self.head = net, head

    def forward(self, crop: Tensor) -> tuple[Tensor, Tensor]:
        features = self.net.features(crop).flatten(1)
        return self.net.out(self.net.hidden(features)), self.head(features)


def load_lids_net(file: Path) -> LidsNet:
    """The network with averaged weights."""
    return loaded(LidsNet(), file, NAME)


def write(weights: Path, states: Path, out: Path) -> Path:
    """Writes ``out`` (.onnx) from the weights of a training and those of the lid-state head; gives its path."""
    both = LidsWithStates(load_lids_net(weights), load_head(states))
    return export(both, out, ROWS, COLUMNS, ("lids", "states"), EYES)


def main() -> None:
    """The command."""
    options = parser(__doc__)
    options.add_argument("--states", type=Path, required=True, help="lid-state head")
    given = options.parse_args()
    write(given.weights, given.states, given.out)


if __name__ == "__main__":
    main()
