"""Writes the identity network as ONNX: ``python -m wakeful.models.identity.export --weights FILE --out identity.onnx``.

The output is the embedding before it is brought to length 1. ``--keep FILE`` also writes the weights without the
directions of the people in training, which are embeddings of theirs and belong to nobody else.
"""

from __future__ import annotations

from pathlib import Path

import torch

from wakeful.files import replace_file
from wakeful.models.identity.layout import CROP_PX, EMBEDDING_SIZE
from wakeful.models.identity.net import NAME, PEOPLE, IdentityNet
from wakeful.models.training.export import Chosen, export, parser
from wakeful.models.training.run import load_state, load_weights


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


def keep(weights: Path, out: Path) -> None:
    """Writes the weights of a training as they are shipped."""
    state = load_state(weights, NAME)
    kept = {name: one for name, one in load_weights(weights, NAME).items() if name != PEOPLE}
    kept[PEOPLE] = torch.zeros(1, EMBEDDING_SIZE)
    content = {"task": NAME, "settings": state["settings"], "weights": kept}
    replace_file(out, lambda part: torch.save(content, part), private=False)


def main() -> None:
    """The command."""
    options = parser(__doc__)
    options.add_argument("--keep", type=Path, help="the .pt file to ship")
    given = options.parse_args()
    write(given.weights, given.out)
    if given.keep:
        keep(given.weights, given.keep)


if __name__ == "__main__":
    main()
