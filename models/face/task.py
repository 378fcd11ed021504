"""What the face network learns: points, presence, and to keep still between two crops of one face."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wakeful.models.face.net import NAME, FaceNet
from wakeful.models.face.points import LEFT_EYE, RIGHT_EYE, eye_span, lid_gap, mouth_gap, weights
from wakeful.models.face.samples import HALF, FaceSamples, Sample
from wakeful.models.training.covers import load_covers
from wakeful.models.training.light import Light
from wakeful.models.training.run import Batch

PAIRS, NONE = 0.22, 0.16
"""Shares of a batch: second crops of faces that are in it already, and crops without a face."""
DEPTH_WEIGHT = 0.3
FINE = 0.02
"""Half crop sides (1.1 px); errors under this weigh more than in proportion."""


class FaceTask:
    """Learns the faces of the split ``train``; validates on up to ``valid`` faces of the split ``valid``."""

    name = NAME

    def __init__(self, data: Path, cache: Path, valid: int = 1200) -> None:
        self.train = FaceSamples(cache, load_covers(data / "covers.npz"), "train")
        self.valid = FaceSamples(cache, load_covers(data / "covers.npz", held_out=True), "valid")
        self.ibug68 = _ibug68(data)
        self.net: nn.Module = FaceNet()
        self._weights = torch.tensor(weights(), dtype=torch.float32)
        known = self.valid.chosen[np.isfinite(self.valid.targets.points[self.valid.chosen, 0, 0])]
        self._valid_chosen = known[:: max(1, len(known) // valid)]

    def start(self, rng: np.random.Generator, faces: int = 4000) -> float:
        """Lays the mesh's principal components into the network; gives the share of variance they hold."""
        chosen = self.train.chosen[np.isfinite(self.train.targets.points[self.train.chosen, 0, 0])]
        chosen = rng.choice(chosen, min(faces, len(chosen)), replace=False)
        meshes = np.stack([self.train.plain(int(i)).points for i in chosen])
        mirrored = meshes[:, self.train.targets.flip] * np.array([-1.0, 1.0, 1.0], np.float32)
        assert isinstance(self.net, FaceNet)
        return self.net.start_from(np.concatenate([meshes, mirrored]), self.ibug68)

    def batch(self, rng: np.random.Generator, size: int, calm: bool) -> Batch:
        """Crops of faces, of the same faces again (``twin`` of ``pair``), and of no face."""
        light = Light().calmer() if calm else Light()
        pairs, none = int(size * PAIRS), int(size * NONE)
        singles = size - pairs - none
        chosen = self.train.draw(rng, singles + none)
        samples = [self.train.face(rng, int(i), light) for i in chosen[:singles]]
        samples += [
            self.train.face(rng, int(i), light, near=sample.place)
            for i, sample in zip(chosen[:pairs], samples[:pairs], strict=True)
        ]
        back = np.stack([_between(a.place, b.place) for a, b in zip(samples, samples[singles:], strict=False)])
        samples += [self.train.no_face(rng, int(i), light) for i in chosen[singles:]]
        return {**collated(samples), "moved": torch.from_numpy(back), "singles": torch.tensor(singles)}

    def loss(self, answers: Any, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Sum of the losses of points, human points, presence and stillness."""
        mesh, presence, human = answers
        mesh, human = mesh.view(-1, 478, 3), human.view(-1, 68, 2)
        known = torch.isfinite(batch["points"][:, 0, 0])
        off = (mesh[known] - batch["points"][known]).abs()
        off = off + FINE * torch.log1p(off / FINE)
        flat = (off[..., :2].sum(dim=2) * self._weights).mean()
        deep = off[..., 2].mean()
        set_by_people = torch.isfinite(batch["human"][:, 0, 0])
        people = (
            (human[set_by_people] - batch["human"][set_by_people]).abs().mean() if set_by_people.any() else flat * 0
        )
        present = F.binary_cross_entropy_with_logits(presence[:, 0], batch["present"])
        still = self._unsteady(mesh, batch)
        loss = flat + DEPTH_WEIGHT * deep + 0.5 * people + 0.05 * present + 1.5 * still
        parts = {"points": flat, "depth": deep, "people": people, "presence": present, "still": still}
        return loss, {name: float(value.detach()) for name, value in parts.items()}

    def _unsteady(self, mesh: Tensor, batch: Batch) -> Tensor:
        """How far two crops of one face disagree about its points."""
        moved, singles = batch["moved"], int(batch["singles"])
        count = len(moved)
        first, second = mesh[:count, :, :2], mesh[singles : singles + count, :, :2]
        there = torch.einsum("nij,npj->npi", moved[:, :, :2], first) + moved[:, None, :, 2]
        return ((there - second).abs().sum(dim=2) * self._weights).mean()

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Errors on plain crops, in % of the outer eye corners' distance; presence on crops without a face."""
        samples = [self.valid.plain(int(i)) for i in self._valid_chosen]
        rng = np.random.default_rng(5)
        none = [self.valid.no_face(rng, int(i), Light().calmer()) for i in self._valid_chosen[::2]]
        mesh, presence = predicted(net, np.stack([sample.crop for sample in samples]))
        _, absent = predicted(net, np.stack([sample.crop for sample in none]))
        truth = np.stack([sample.points for sample in samples])
        off = np.linalg.norm(mesh[..., :2] - truth[..., :2], axis=-1).mean(axis=1) / eye_span(truth)
        gaps = [(lid_gap(points[:, RIGHT_EYE, :2]), lid_gap(points[:, LEFT_EYE, :2])) for points in (mesh, truth)]
        return {
            "valid_points_pct": round(float(off.mean()) * 100, 3),
            "valid_depth_pct": round(
                float((np.abs(mesh[..., 2] - truth[..., 2]).mean(1) / eye_span(truth)).mean()) * 100, 3
            ),
            "valid_gap_r": round(float(np.corrcoef(np.ravel(gaps[0]), np.ravel(gaps[1]))[0, 1]), 4),
            "valid_mouth": round(float(np.abs(mouth_gap(mesh) - mouth_gap(truth)).mean()), 4),
            "valid_kept_pct": round(float((presence > 0).mean()) * 100, 2),
            "valid_false_pct": round(float((absent > 0).mean()) * 100, 2),
        }


def predicted(net: nn.Module, crops: np.ndarray[Any, Any]) -> tuple[Any, Any]:
    """Points [N, 478, 3] and presence logits [N] of standardised crops [N, 112, 112]."""
    net.eval()
    with torch.no_grad():
        parts = [net(part[:, None]) for part in torch.from_numpy(crops).split(256)]
    mesh = torch.cat([part[0] for part in parts]).view(-1, 478, 3).numpy()
    return mesh, torch.cat([part[1] for part in parts])[:, 0].numpy()


def collated(samples: Sequence[Sample]) -> Batch:
    """Samples as one batch of tensors."""
    return {
        "crops": torch.from_numpy(np.stack([sample.crop for sample in samples]))[:, None],
        "points": torch.from_numpy(np.stack([sample.points for sample in samples])),
        "human": torch.from_numpy(np.stack([sample.human for sample in samples])),
        "present": torch.tensor([sample.present for sample in samples]),
    }


def _between(first: Any, second: Any) -> Any:
    """float32 [2, 3]: points in the first crop's unit to the second's."""
    a, b = np.vstack([first.matrix(), [0, 0, 1]]), np.vstack([second.matrix(), [0, 0, 1]])
    pixels = b @ np.linalg.inv(a)
    unit = np.array([[HALF, 0, HALF], [0, HALF, HALF], [0, 0, 1]])
    return (np.linalg.inv(unit) @ pixels @ unit)[:2].astype(np.float32)


def _ibug68(data: Path) -> Any:
    labels = np.load(data / "faces_labels.npz")
    return labels["point_index"][labels["ibug68"]].astype(np.intp)
