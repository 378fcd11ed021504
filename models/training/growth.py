"""A wider network that begins with the answers of a narrower one of the same layers.

Its further channels start at random and nothing listens to them yet, so the answers are the same; training lets the
layers after them listen (weights of 0 have a gradient, as long as what they weigh is not 0).
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from wakeful.models.training.run import TrainingError


def grown(narrow: Mapping[str, Tensor], wide: nn.Module) -> dict[str, Tensor]:
    """The weights of ``wide`` that give the answers of ``narrow``: weights of the same names, nowhere larger.

    A matrix after a convolution must see the same number of pixels in both, and as many channels or more.

    Raises:
        TrainingError: it is another network, or a wider one.
    """
    weights = {name: values.clone() for name, values in wide.state_dict().items()}
    if narrow.keys() != weights.keys():
        raise TrainingError("these weights are of a network with other layers: start without them")
    for name, old in narrow.items():
        new = weights[name]
        if old.dim() != new.dim() or any(few > many for few, many in zip(old.shape, new.shape, strict=True)):
            raise TrainingError(f"{name} is {tuple(old.shape)} there and {tuple(new.shape)} here: start without it")
        if old.dim() > 1:
            new[: len(old)] = 0.0
        new[tuple(slice(size) for size in old.shape)] = old
    return weights
