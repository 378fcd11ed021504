"""What the lids network learns: points and their uncertainty, the opening, lids that meet, what hides an eye."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from wakeful.models.face.points import lid_gap
from wakeful.models.lids.bank import Bank, load_bank
from wakeful.models.lids.drawing import CLEAR
from wakeful.models.lids.layout import IRIS, LIDS, OPENING, POINTS, REASON, SHUT, SPREAD
from wakeful.models.lids.net import NAME, LidsNet
from wakeful.models.lids.samples import EyeSamples, Sample
from wakeful.models.training.covers import load_covers
from wakeful.models.training.light import Light
from wakeful.models.training.run import Batch

NO_EYES, PAIRS = 0.05, 0.15
"""Shares of a batch: crops without an eye, and eyes that come twice, as in two frames of a still face."""
LIGHT = Light(sun=0.0, dim=0.0, brightest=1.8)
"""Sun that washes out all of an eye, and too little light, are reasons not to read it, drawn with the others."""
FINE = 0.025
"""Eye widths (0.9 px); errors under this weigh more than in proportion."""


class LidsTask:
    """Learns the eyes of the split ``train``."""

    name = NAME

    def __init__(self, data: Path, cache: Path, bank: Bank | None = None, valid: int = 2500) -> None:
        bank = bank or load_bank(data, cache)
        self.train = EyeSamples(bank, load_covers(data / "covers.npz"), "train")
        self.valid = EyeSamples(bank, load_covers(data / "covers.npz", held_out=True), "valid")
        self.net: nn.Module = LidsNet()
        rng = np.random.default_rng(3)
        self._valid_chosen = rng.choice(self.valid.chosen, min(valid, len(self.valid.chosen)), replace=False)
        weights = torch.ones(LIDS + IRIS, 2)
        weights[:LIDS, 1] = 1.5
        weights[[*range(2, 7), *range(10, 15)], 1] = 3.0
        self._weights = weights

    def start(self, rng: np.random.Generator, eyes: int = 2000) -> None:
        """Lets the network begin with the mean eye."""
        chosen = rng.choice(self.train.chosen, min(eyes, len(self.train.chosen)), replace=False)
        mean = np.mean([self.train.plain(int(i)).points for i in chosen], axis=0)
        assert isinstance(self.net, LidsNet)
        with torch.no_grad():
            self.net.out.weight.mul_(0.3)
            self.net.out.bias.zero_()
            self.net.out.bias[POINTS] = torch.tensor(mean, dtype=torch.float32).reshape(-1)
            self.net.out.bias[OPENING] = 0.27
            self.net.out.bias[SPREAD] = -3.0

    def batch(self, rng: np.random.Generator, size: int, calm: bool) -> Batch:
        """Varied eyes and crops without one."""
        light = LIGHT.calmer() if calm else LIGHT
        none, pairs = int(size * NO_EYES), int(size * PAIRS)
        chosen = self.train.draw(rng, size - none - pairs).tolist()
        twice = [self.train.pair(rng, i, light) for i in chosen[:pairs]]
        samples = [first for first, _ in twice]
        samples += [self.train.eye(rng, i, light) for i in chosen[pairs:]]
        samples += [self.train.no_eye(rng, light) for _ in range(none)]
        samples += [second for _, second in twice]
        return {**collated(samples), "pairs": torch.tensor(pairs)}

    def loss(self, answers: Any, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Sum of the losses of all that is read; see ``net.LidsNet``."""
        out, _ = answers
        points = out[:, POINTS].reshape(-1, LIDS + IRIS, 2)
        known, opening = batch["known"], batch["opening"]
        off = (points - batch["points"]).abs()
        off = (off + FINE * torch.log1p(off / FINE)) * self._weights
        seen = (0.15 + 0.85 * (opening.nan_to_num(0.2) / 0.2).clamp(max=1.0)) * known
        lids = (off[:, :LIDS].mean(dim=(1, 2)) * known).sum() / known.sum().clamp(min=1.0)
        iris = (off[:, LIDS:].mean(dim=(1, 2)) * seen).sum() / seen.sum().clamp(min=1.0)
        gap = _masked((torch_gap(points[:, :LIDS]) - opening).abs(), torch.isfinite(opening))
        direct = _masked((out[:, OPENING] - opening).abs(), torch.isfinite(opening))
        shut = _masked(
            F.binary_cross_entropy_with_logits(out[:, SHUT], batch["shut"].nan_to_num(), reduction="none"),
            torch.isfinite(batch["shut"]),
        )
        spread = self._spread(out[:, SPREAD], points, batch, known > 0.5)
        reasoned = batch["reason"] >= 0
        weight = torch.where(batch["reason"] == CLEAR, 1.0, 2.0)
        reason = F.cross_entropy(out[:, REASON], batch["reason"].clamp(min=0), reduction="none") * weight
        reasons = _masked(reason, reasoned)
        still = _unsteady(out, points, int(batch["pairs"]))
        loss = 10 * lids + 6 * iris + 3 * gap + 4 * direct + 0.25 * shut + 0.05 * spread + 0.25 * reasons + 6 * still
        parts = {
            "lids": lids, "iris": iris, "gap": gap, "opening": direct, "shut": shut, "spread": spread,
            "reason": reasons, "still": still,
        }  # fmt: skip
        return loss, {name: float(value.detach()) for name, value in parts.items()}

    def _spread(self, spread: Tensor, points: Tensor, batch: Batch, chosen: Tensor) -> Tensor:
        """Log likelihood of the points' errors under the spread that is given for them; moves the spread alone."""
        off = (points.detach() - batch["points"]).abs()
        means = torch.stack([off[:, :LIDS].mean(dim=(1, 2)), off[:, LIDS:].mean(dim=(1, 2))], dim=1)
        return _masked((means * torch.exp(-spread) + spread).mean(dim=1), chosen)

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Errors on plain crops in crop pixels; how drawn and real things are distinguished on varied ones."""
        plain = [self.valid.plain(int(i)) for i in self._valid_chosen]
        out = read(net, np.stack([sample.crop for sample in plain]))
        truth = np.stack([sample.points for sample in plain])
        opening = np.array([sample.opening for sample in plain])
        off = np.linalg.norm(points_of(out) - truth, axis=-1) * 36.0
        gap = lid_gap(points_of(out)[:, :LIDS])
        rng = np.random.default_rng(5)
        light = LIGHT.calmer()
        varied = [self.valid.eye(rng, int(i), light) for i in self._valid_chosen]
        varied += [self.valid.no_eye(rng, light) for _ in range(200)]
        answers = read(net, np.stack([sample.crop for sample in varied]))
        shut, reason = np.array([s.shut for s in varied]), np.array([s.reason for s in varied])
        clear = answers[:, REASON].argmax(axis=1) == CLEAR
        small = opening < 0.15
        return {
            "valid_lids_px": round(float(off[:, :LIDS].mean()), 3),
            "valid_iris_px": round(float(off[opening > 0.15, LIDS:].mean()), 3),
            "valid_gap_r": round(float(np.corrcoef(gap, opening)[0, 1]), 4),
            "valid_gap_small": round(float(np.abs(gap - opening)[small].mean()), 4),
            "valid_opening_r": round(float(np.corrcoef(out[:, OPENING], opening)[0, 1]), 4),
            "valid_shut_auc": round(auc(answers[shut == 1, SHUT], answers[shut == 0, SHUT]), 4),
            "valid_clear_kept": round(float(clear[reason == CLEAR].mean()), 4),
            "valid_hidden_found": round(float(1.0 - clear[reason > CLEAR].mean()), 4),
        }


def _unsteady(out: Tensor, points: Tensor, pairs: int) -> Tensor:
    """How far the first and the last ``pairs`` of a batch, which are the same eyes, disagree about the opening."""
    gaps = torch_gap(points[:, :LIDS])
    first, second = slice(0, pairs), slice(len(out) - pairs, len(out))
    direct = (out[first, OPENING] - out[second, OPENING]).abs().mean()
    return direct + (gaps[first] - gaps[second]).abs().mean()


def _masked(values: Tensor, chosen: Tensor) -> Tensor:
    chosen = chosen.float()
    return (torch.nan_to_num(values) * chosen).sum() / chosen.sum().clamp(min=1.0)


def torch_gap(contour: Tensor) -> Tensor:
    """``lid_gap`` of contours [N, 16, 2], for training."""
    along = contour[:, 8] - contour[:, 0]
    gaps = contour[:, 2:7] - contour[:, 10:15]
    across = along[:, None, 0] * gaps[..., 1] - along[:, None, 1] * gaps[..., 0]
    return across.abs().mean(dim=1) / along.square().sum(dim=1).clamp(min=0.05)


def read(net: nn.Module, crops: NDArray[np.float32]) -> NDArray[np.float32]:
    """Everything the network gives for standardised crops [N, 48, 64]."""
    net.eval()
    with torch.no_grad():
        parts = [net(part[:, None])[0] for part in torch.from_numpy(crops).split(512)]
    out: NDArray[np.float32] = torch.cat(parts).numpy()
    return out


def points_of(out: NDArray[np.float32]) -> NDArray[np.float32]:
    """Points [N, 21, 2] in eye widths of what the network gave."""
    return out[:, POINTS].reshape(-1, LIDS + IRIS, 2)


def auc(high: NDArray[Any], low: NDArray[Any]) -> float:
    """Share of pairs in which a value of ``high`` is above one of ``low``; ties count half."""
    if not len(high) or not len(low):
        return float("nan")
    order = np.sort(low)
    below = np.searchsorted(order, high, "left") + np.searchsorted(order, high, "right")
    return float(below.mean() / (2 * len(low)))


def collated(samples: Sequence[Sample]) -> Batch:
    """Samples as one batch of tensors."""
    return {
        "crops": torch.from_numpy(np.stack([sample.crop for sample in samples]))[:, None],
        "points": torch.from_numpy(np.stack([sample.points for sample in samples])),
        "known": torch.tensor([sample.known for sample in samples]),
        "opening": torch.tensor([sample.opening for sample in samples], dtype=torch.float32),
        "shut": torch.tensor([sample.shut for sample in samples], dtype=torch.float32),
        "reason": torch.tensor([sample.reason for sample in samples]),
    }
