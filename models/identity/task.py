"""What the identity network learns: the teacher's directions, and to keep the people it knows by name apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wakeful.frozen import dataclass
from wakeful.models.identity.net import NAME, IdentityNet
from wakeful.models.identity.rates import accepted_at, different_pairs, equal_error, same_pairs
from wakeful.models.identity.samples import NAMED, IdentitySamples
from wakeful.models.training.covers import load_covers
from wakeful.models.training.light import Light
from wakeful.models.training.run import Batch

HARD = 0.4
"""Share of the faces under light as hard as it gets in a car; the others as frames mostly are."""
SCALE, MARGIN = 24.0, 0.25
"""Of the cosines with the people in training (CosFace, Wang et al., CVPR 2018)."""


@dataclass(frozen=True, slots=True)
class Parts:
    """How much each part of the loss counts.

    Attributes:
        teacher: the angle to the teacher's direction.
        relation: the cosines between the faces of a batch, beside those of the teacher.
        people: telling people with several pictures apart, with a margin.
    """

    teacher: float
    relation: float
    people: float


WAYS = {"teacher": Parts(1.0, 4.0, 0.0), "people": Parts(0.0, 0.0, 1.0), "both": Parts(1.0, 4.0, 0.06)}


class IdentityTask:
    """Learns ``way`` of ``WAYS``; validates on pairs of the people who choose the threshold."""

    name = NAME

    def __init__(self, data: Path, cache: Path, way: str = "both") -> None:
        self.samples = IdentitySamples(data, cache, load_covers(data / "covers.npz"))
        self.parts = WAYS[way]
        self.net: nn.Module = IdentityNet(self.samples.count)
        self._crops = np.stack([self.samples.plain(int(row)) for row in self.samples.valid])

    def batch(self, rng: np.random.Generator, size: int, calm: bool) -> Batch:
        """Varied faces."""
        usual, hard = Light().calmer(), Light()
        named = NAMED if self.parts.teacher else 1.0
        rows = self.samples.draw(rng, size, named)
        lights = [hard if not calm and chance < HARD else usual for chance in rng.random(size)]
        crops = np.stack([self.samples.face(rng, int(row), light) for row, light in zip(rows, lights, strict=True)])
        return {
            "crops": torch.from_numpy(crops)[:, None],
            "direction": torch.from_numpy(self.samples.direction[rows]),
            "person": torch.from_numpy(self.samples.number[rows]),
        }

    def loss(self, answers: Any, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Sum of the parts that count."""
        embedding, cosines = answers
        own, taught = F.normalize(embedding), batch["direction"]
        angle = (1.0 - (own * taught).sum(dim=1)).mean()
        relation = (own @ own.T - taught @ taught.T).square().mean()
        named = batch["person"] >= 0
        apart = kept_apart(cosines[named], batch["person"][named])
        parts = self.parts
        loss = parts.teacher * angle + parts.relation * relation + parts.people * apart
        return loss, {
            "angle": float(angle.detach()),
            "relation": float(relation.detach()),
            "people": float(apart.detach()),
        }

    def validate(self, net: nn.Module) -> dict[str, float]:
        """On plain crops of people who are not learned: verification, and the angle to the teacher."""
        rows = self.samples.valid
        own = embedded(net, self._crops)
        person = np.unique(self.samples.targets.person[rows], return_inverse=True)[1]
        alike, others = (
            (own[pairs[:, 0]] * own[pairs[:, 1]]).sum(axis=1) for pairs in (same_pairs(person), different_pairs(person))
        )
        return {
            "valid_equal_pct": round(equal_error(alike, others)[0] * 100, 2),
            "valid_accepted_pct": round(accepted_at(alike, others)[0] * 100, 2),
            "valid_cosine": round(float((own * self.samples.direction[rows]).sum(axis=1).mean()), 4),
        }


def kept_apart(cosines: Tensor, person: Tensor) -> Tensor:
    """Cross entropy of cosines [N, people], each one's own less a margin."""
    own = F.one_hot(person, cosines.shape[1]).to(cosines.dtype)
    return F.cross_entropy(SCALE * (cosines - MARGIN * own), person)


def embedded(net: nn.Module, crops: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Embeddings [N, 128] of length 1 of standardised crops [N, 112, 112]."""
    net.eval()
    with torch.no_grad():
        parts = [F.normalize(net(part[:, None])[0]) for part in torch.from_numpy(crops).split(256)]
    return torch.cat(parts).numpy()
