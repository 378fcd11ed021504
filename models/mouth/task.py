"""What the mouth network learns: the lips, the gap between them, and what hides them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from wakeful.models.mouth.layout import COVERED, LIPS, OPENING, POINTS, SPREAD
from wakeful.models.mouth.net import NAME, MouthNet
from wakeful.models.mouth.samples import MouthSamples, Sample
from wakeful.models.training.covers import load_covers
from wakeful.models.training.light import Light
from wakeful.models.training.run import Batch

FINE = 0.015
"""Outer eye corner distances (1 px); errors under this weigh more than in proportion."""


class MouthTask:
    """Learns the mouths of the split ``train``."""

    name = NAME

    def __init__(self, data: Path, cache: Path, valid: int = 2000) -> None:
        self.train = MouthSamples(cache, load_covers(data / "covers.npz"), "train")
        self.valid = MouthSamples(cache, load_covers(data / "covers.npz", held_out=True), "valid")
        self.net: nn.Module = MouthNet()
        rng = np.random.default_rng(3)
        self._valid_chosen = rng.choice(self.valid.chosen, min(valid, len(self.valid.chosen)), replace=False)

    def start(self, rng: np.random.Generator, mouths: int = 2000) -> None:
        """Lets the network begin with the mean mouth."""
        chosen = rng.choice(self.train.chosen, min(mouths, len(self.train.chosen)), replace=False)
        mean = np.mean([self.train.plain(int(i)).points for i in chosen], axis=0)
        assert isinstance(self.net, MouthNet)
        with torch.no_grad():
            self.net.out.weight.mul_(0.3)
            self.net.out.bias.zero_()
            self.net.out.bias[POINTS] = torch.tensor(mean, dtype=torch.float32).reshape(-1)
            self.net.out.bias[OPENING] = 0.1
            self.net.out.bias[SPREAD] = -4.0
            self.net.out.bias[COVERED] = -2.0

    def batch(self, rng: np.random.Generator, size: int, calm: bool) -> Batch:
        """Varied mouths."""
        light = Light().calmer() if calm else Light()
        return collated([self.train.mouth(rng, int(i), light) for i in self.train.draw(rng, size)])

    def loss(self, answers: Any, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Sum of the losses of points, opening, spread and cover."""
        points = answers[:, POINTS].reshape(-1, len(LIPS), 2)
        seen = torch.isfinite(batch["opening"])
        off = (points - batch["points"]).abs()
        fine = (off + FINE * torch.log1p(off / FINE)).mean(dim=(1, 2))
        lips = fine[seen].mean() + 0.1 * fine[~seen].sum() / max(int((~seen).sum()), 1)
        opening = (answers[seen, OPENING] - batch["opening"][seen]).abs().mean()
        truth, gap = inner_gap(batch["points"]), inner_gap(points)
        gaps = (gap - truth)[seen].abs().mean()
        means = off.detach().mean(dim=(1, 2))
        spread = (means * torch.exp(-answers[:, SPREAD]) + answers[:, SPREAD])[seen].mean()
        judged = torch.isfinite(batch["covered"])
        covered = F.binary_cross_entropy_with_logits(answers[judged, COVERED], batch["covered"][judged])
        loss = 10 * lips + 3 * opening + 10 * gaps + 0.05 * spread + 0.1 * covered
        parts = {"lips": lips, "opening": opening, "gap": gaps, "spread": spread, "covered": covered}
        return loss, {name: float(value.detach()) for name, value in parts.items()}

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Errors on plain crops, and whether a cover is noticed on varied ones."""
        plain = [self.valid.plain(int(i)) for i in self._valid_chosen]
        out = read(net, np.stack([sample.crop for sample in plain]))
        truth = np.stack([sample.points for sample in plain])
        opening = np.array([sample.opening for sample in plain])
        free = np.array([sample.covered for sample in plain]) == 0.0
        points = out[:, POINTS].reshape(truth.shape)
        error = np.abs(out[:, OPENING] - opening)[free]
        wide, shut = opening[free] > 0.4, opening[free] < 0.04
        rng = np.random.default_rng(5)
        varied = [self.valid.mouth(rng, int(i), Light().calmer()) for i in self._valid_chosen]
        answers = read(net, np.stack([sample.crop for sample in varied]))[:, COVERED] > 0.0
        covered = np.array([sample.covered for sample in varied])
        return {
            "valid_lips_pct": round(float(np.linalg.norm(points - truth, axis=-1)[free].mean()) * 100, 3),
            "valid_opening": round(float(error.mean()), 4),
            "valid_opening_wide": round(float(error[wide].mean()), 4) if wide.any() else float("nan"),
            "valid_opening_shut": round(float(error[shut].mean()), 4) if shut.any() else float("nan"),
            "valid_free_kept": round(float(1.0 - answers[covered == 0.0].mean()), 4),
            "valid_covered_found": round(float(answers[covered == 1.0].mean()), 4),
        }


def inner_gap(points: Tensor) -> Tensor:
    """Mean of the three middle gaps of the inner lips, points [N, 40, 2] in the order of ``LIPS``."""
    upper, lower = ([LIPS.index(p) for p in side] for side in ((82, 13, 312), (87, 14, 317)))
    return torch.linalg.vector_norm(points[:, lower] - points[:, upper] + 1e-6, dim=2).mean(dim=1)


def read(net: nn.Module, crops: NDArray[np.float32]) -> NDArray[np.float32]:
    """Everything the network gives for standardised crops [N, 56, 64]."""
    net.eval()
    with torch.no_grad():
        parts = [net(part[:, None]) for part in torch.from_numpy(crops).split(512)]
    out: NDArray[np.float32] = torch.cat(parts).numpy()
    return out


def collated(samples: Sequence[Sample]) -> Batch:
    """Samples as one batch of tensors."""
    return {
        "crops": torch.from_numpy(np.stack([sample.crop for sample in samples]))[:, None],
        "points": torch.from_numpy(np.stack([sample.points for sample in samples])),
        "opening": torch.tensor([sample.opening for sample in samples], dtype=torch.float32),
        "covered": torch.tensor([sample.covered for sample in samples], dtype=torch.float32),
    }
