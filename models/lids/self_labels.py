"""Real eyes whose lids meet, found by a trained lids network in its own training pictures.

The lids drawn over open eyes teach what shut lids look like, but lashes and skin are then as they were drawn. What the
network says of real, nearly shut eyes, averaged over several cuts and both eyes of a face, is surer than one reading;
where it is sure enough, a further training learns it. No label by hand takes part.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from wakeful.models.lids.layout import SHUT
from wakeful.models.lids.samples import EyeSamples
from wakeful.models.lids.task import read

NEARLY_SHUT = 0.12
"""Lid gap over width by the teacher, below which a real eye may be shut."""
SURE = 0.06
"""Share of these at either end that counts as shut, or as not: a bound of the logit would let labels drift from one
training to the next. Of faces labelled by hand, which are in no training, the first bound (4 % of the eyes) took 42 %
of those closed, 23 % of those looking down, 2 % of those narrowed, and 4 of 57 labelled open."""
CUTS = 4


def self_labels(net: nn.Module, samples: EyeSamples, seed: int = 1) -> NDArray[np.float32]:
    """For every eye of the bank 1 (its lids meet), 0 (they do not), or NaN (not sure, or not one of the split)."""
    eyes = samples.bank.eyes
    chosen = samples.chosen[eyes.opening[samples.chosen] < NEARLY_SHUT]
    labels = np.full(len(eyes), np.nan, np.float32)
    if not len(chosen):
        return labels
    rng = np.random.default_rng(seed)
    logits = np.mean([_logits(net, samples, chosen, rng) for _ in range(CUTS)], axis=0)
    _, face = np.unique(2 * eyes.picture[chosen] + eyes.sharp[chosen], return_inverse=True)
    means = (np.bincount(face, logits) / np.bincount(face))[face]
    low, high = np.quantile(means, [SURE, 1.0 - SURE])
    labels[chosen[means >= high]] = 1.0
    labels[chosen[means <= low]] = 0.0
    return labels


def _logits(net: nn.Module, samples: EyeSamples, chosen: NDArray[np.intp], rng: np.random.Generator) -> NDArray[Any]:
    crops = np.stack([samples.recut(rng, int(i)) for i in chosen])
    logits: NDArray[Any] = read(net, crops)[:, SHUT]
    return logits
