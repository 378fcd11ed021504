"""Trains the eye visibility network: ``wakeful train eyes``.

A sleeper whose closed eyes are taken for covered is worse than a hand that is not noticed: closed eyes that are seen
weigh several times as much, and the bound is laid where hardly any of them is lost.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from wakeful.models.eyes.augment import augmented, plain
from wakeful.models.eyes.data import COVERED_ABOVE, Eyes
from wakeful.models.eyes.net import EyeNet
from wakeful.models.training.run import TrainingError, averaged


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that decides what comes out of training.

    Attributes:
        closed_weight: how much more a closed eye that is seen weighs than any other.
        smoothing: share of certainty that is held back, for some faces wear what nobody marked.
    """

    epochs: int = 16
    batch: int = 128
    peak_rate: float = 4e-3
    weight_decay: float = 1e-3
    closed_weight: float = 3.0
    smoothing: float = 0.02
    averaging: float = 0.995
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Epoch:
    """How well the split ``valid`` is classified: shares of seen eyes taken for covered, and of covered eyes found."""

    epoch: int
    loss: float
    lost_open: float
    lost_closed: float
    found: float
    seconds: float


def train(eyes: Eyes, settings: Settings, on_epoch: Callable[[Epoch], None] | None = None) -> EyeNet:
    """Learns the split ``train``; ``on_epoch`` gets the figures of the split ``valid`` after each epoch.

    Raises:
        TrainingError: a split is empty.
    """
    known, valid = eyes.clear("train"), eyes.clear("valid")
    if len(known) < settings.batch or not len(valid):
        raise TrainingError(f"training needs at least {settings.batch} eyes in train and one in valid")
    torch.manual_seed(settings.seed)
    patches = torch.from_numpy(known.grey)
    covered = torch.from_numpy(known.covered >= COVERED_ABOVE)
    target = torch.where(covered, settings.smoothing, 1.0 - settings.smoothing)
    weight = torch.where(torch.from_numpy(known.closed) & ~covered, settings.closed_weight, 1.0)
    net = EyeNet()
    average = averaged(net, settings.averaging)
    optimizer = torch.optim.AdamW(net.parameters(), lr=settings.peak_rate, weight_decay=settings.weight_decay)
    steps = len(known) // settings.batch
    for epoch in range(settings.epochs):
        begun, losses = time.monotonic(), []
        order = torch.randperm(len(known))
        net.train()
        for step in range(steps):
            done = (epoch + step / steps) / settings.epochs
            for group in optimizer.param_groups:
                group["lr"] = settings.peak_rate * min(done / 0.1, 0.5 * (1.0 + math.cos(math.pi * done)))
            chosen = order[step * settings.batch : (step + 1) * settings.batch]
            logits = net(augmented(patches[chosen]))[:, 0]
            loss = F.binary_cross_entropy_with_logits(logits, target[chosen], weight[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            average.update_parameters(net)
            losses.append(float(loss.detach()))
        if on_epoch:
            on_epoch(_evaluated(epoch + 1, float(np.mean(losses)), average.module, valid, time.monotonic() - begun))
    trained: EyeNet = average.module.eval()
    return trained


def logits_of(net: EyeNet, eyes: Eyes) -> NDArray[np.float32]:
    """Logits [N] of patches as the monitor gives them."""
    net.eval()
    with torch.no_grad():
        parts = [net(plain(part))[:, 0] for part in torch.from_numpy(eyes.grey).split(512)]
    answers: NDArray[np.float32] = torch.cat(parts).numpy()
    return answers


def _evaluated(epoch: int, loss: float, net: EyeNet, valid: Eyes, seconds: float) -> Epoch:
    said = logits_of(net, valid) < 0.0
    covered = valid.covered >= COVERED_ABOVE
    return Epoch(
        epoch,
        loss,
        lost_open=_share(said[~covered & ~valid.closed]),
        lost_closed=_share(said[~covered & valid.closed]),
        found=_share(said[covered]),
        seconds=seconds,
    )


def _share(said: NDArray[np.bool_]) -> float:
    return float(said.mean()) if said.size else math.nan
