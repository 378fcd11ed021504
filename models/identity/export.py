"""Writes the identity network as ONNX: ``python -m wakeful.models.identity.export --weights FILE --out identity.onnx``.

The output is the embedding before it is brought to length 1.
"""

from __future__ import annotations

from pathlib import Path

from wakeful.models.identity.layout import CROP_PX
from wakeful.models.identity.net import NAME, PEOPLE, IdentityNet
from wakeful.models.training.export import Chosen, export, parser
from wakeful.models.training.run import load_weights


def load_identity_net(weights: Path) -> IdentityNet:
    """The network of a training, ready to answer; how many people it learned does not matter."""
    state = load_weights(weights, NAME)
    net = IdentityNet(len(state[PEOPLE]))
    net.load_state_dict(state)
    net.eval()
    return net


def write(weights: Path, out: Path) -> Path:
    """Writes ``out`` (.onnx) from the weights of a training; gives its path."""
    return export(Chosen(load_identity_net(weights), 1), out, CROP_PX, CROP_PX, ("embedding",))


def main() -> None:
    """The command."""
    given = parser(__doc__).parse_args()
    write(given.weights, given.out)


if __name__ == "__main__":
    main()
