"""One training on the faces of FER+ at 32 pixels: what most studies repeat, with one thing changed.

A face counts in the class that more than half of its ten voters chose; faces without one are left out, for training
and for judging alike. Every trial of a study sees the same number of faces, however many different ones there are: so
a small set is not judged by a shorter training.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from wakeful.frozen import dataclass
from wakeful.models.expression.augment import Augmentation, augmented, standardised
from wakeful.models.expression.copies import near_copies
from wakeful.models.expression.data import Faces, load, paper_labels
from wakeful.models.expression.face import FERPLUS_CLASSES
from wakeful.models.expression.metrics import calibration_error, confusion, figures, macro_f1, softmax
from wakeful.models.studies.nets import CLASSES, SIZE_PX, Shape, build
from wakeful.models.training.run import CPU, Batch, Run, Settings, load_weights

Labels = NDArray[np.int64]
Pixels = NDArray[np.uint8]
Balance = Literal["as they come", "under-sampled", "over-sampled", "both", "logit adjustment"]

ASIDE = 0.3
"""Weight of a second head's loss (Szegedy et al. 2015)."""
STEPS, BATCH = 1600, 128


@dataclass(frozen=True, slots=True)
class Labelled:
    """Faces with one label each: uint8 [N, 48, 48] and int64 [N]."""

    images: Pixels
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)

    def where(self, chosen: NDArray[Any]) -> Labelled:
        """Those chosen."""
        return Labelled(self.images[chosen], self.labels[chosen])

    def joined(self, other: Labelled) -> Labelled:
        """These and the others."""
        return Labelled(np.concatenate([self.images, other.images]), np.concatenate([self.labels, other.labels]))


@dataclass(frozen=True, slots=True)
class Splits:
    """Training and validation faces, and test faces without those that are in training too."""

    train: Labelled
    valid: Labelled
    test: Labelled


def read(file: Path) -> Splits:
    """The splits of a packed file.

    Raises:
        DataError: as ``wakeful.models.expression.data.load``.
    """
    faces = load(file)
    train, valid, test = (_clear(faces.of(split)) for split in ("train", "valid", "test"))
    return Splits(train, valid, test.where(~near_copies(test.images, faces.of("train").images)))


def _clear(faces: Faces) -> Labelled:
    labels = paper_labels(faces.votes)
    return Labelled(faces.images[labels >= 0], labels[labels >= 0])


@dataclass(frozen=True, slots=True)
class FaceSettings(Settings):
    """Everything that decides what comes out of one training; ``shape`` as a dictionary, as checkpoints keep it."""

    steps: int = STEPS
    batch: int = BATCH
    peak_rate: float = 0.08
    warm_up: int = 150
    weight_decay: float = 5e-4
    averaging: float = 0.995
    momentum: float = 0.9
    checkpoint_every: int = 400
    validate_every: int = 400
    exact: float = 0.0
    clip: float = 5.0
    bfloat16: bool = False
    balance: Balance = "as they come"
    shape: Mapping[str, Any] = field(default_factory=lambda: asdict(Shape()))


class FaceTask:
    """Learns the label of a face.

    Args:
        start: weights to begin with. frozen: how many of the network's first parts stay as they are.
    """

    name = "study"

    def __init__(
        self, train: Labelled, valid: Labelled, settings: FaceSettings, start: Path | None = None, frozen: int = 0
    ) -> None:
        self.settings = settings
        self.train_set, self.valid = train, valid
        self.images, self.labels = torch.from_numpy(train.images), torch.from_numpy(train.labels)
        counts = np.bincount(train.labels, minlength=CLASSES).astype(np.float64)
        self.drawn_by = _chances(train.labels, counts, settings.balance)
        prior = np.log(np.maximum(counts, 0.5) / counts.sum())
        adjusted = settings.balance == "logit adjustment"
        self.prior = torch.from_numpy(prior if adjusted else np.zeros(CLASSES)).float()
        torch.manual_seed(settings.seed)
        self.net: nn.Module = build(Shape(**settings.shape))
        if start is not None:
            self.net.load_state_dict(load_weights(start, self.name))
        for part in list(self.net.children())[:frozen]:
            part.requires_grad_(False)

    def batch(self, rng: np.random.Generator, size: int, calm: bool) -> Batch:
        """Faces drawn with replacement, varied."""
        chosen = torch.from_numpy(rng.choice(len(self.labels), size, p=self.drawn_by))
        how = Augmentation().calmer() if calm else Augmentation()
        return {"crops": augmented(self.images[chosen], how, SIZE_PX), "chosen": chosen}

    def loss(self, answers: Any, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy; with the logarithm of the class shares added to the logits where they are to be balanced
        (Menon et al. 2021)."""
        labels = self.labels[batch["chosen"]]
        logits, aside = answers if isinstance(answers, tuple) else (answers, None)
        loss = F.cross_entropy(logits.float() + self.prior, labels)
        right = float((logits.argmax(dim=1) == labels).float().mean())
        if aside is not None:
            loss = loss + ASIDE * F.cross_entropy(aside.float() + self.prior, labels)
        return loss, {"train_accuracy": right}

    def validate(self, net: nn.Module) -> dict[str, float]:
        """Accuracy and macro F1 on validation faces."""
        return {f"valid_{key}": value for key, value in _plain(net, self.valid).items()}


def _chances(labels: Labels, counts: NDArray[np.float64], balance: Balance) -> NDArray[np.float64]:
    """How probably each face is drawn.

    Under-sampled: of each class as many as the rarest has, the same ones throughout. Over-sampled: each class is drawn
    equally often. Both: in proportion to the square root of the class, of at most ten times the rarest.
    """
    occurring = counts[counts > 0]
    weight = np.ones(len(labels))
    if balance in ("under-sampled", "both"):
        most = int(occurring.min()) * (1 if balance == "under-sampled" else 10)
        weight = np.zeros(len(labels))
        for label in np.flatnonzero(counts):
            members = np.flatnonzero(labels == label)
            weight[np.random.default_rng(int(label)).permutation(members)[:most]] = 1.0
    if balance == "over-sampled":
        weight = 1.0 / counts[labels]
    if balance == "both":
        left = np.bincount(labels, weights=weight, minlength=CLASSES)
        weight = weight / np.sqrt(left[labels])
    chances: NDArray[np.float64] = weight / weight.sum()
    return chances


def train_faces(
    train: Labelled,
    valid: Labelled,
    out: Path,
    settings: FaceSettings,
    *,
    start: Path | None = None,
    frozen: int = 0,
    device: torch.device = CPU,
    stepped: Callable[[int], None] = lambda step: None,
) -> tuple[nn.Module, list[dict[str, float]]]:
    """One training, continued where a checkpoint in ``out`` says; gives the network and its curve.

    Raises:
        TrainingError: the checkpoint belongs to other settings.
    """
    settings = replace(settings, checkpoint_every=min(settings.checkpoint_every, max(1, settings.steps // 4)))
    run = Run(FaceTask(train, valid, settings, start, frozen), settings, out, device)
    if (out / "checkpoint.pt").is_file():
        run.restore()
    net = run.go(stepped=stepped)
    return net, run.rows


def answers(net: nn.Module, images: Pixels) -> NDArray[np.float32]:
    """Logits [N, 8] of faces as the studies' networks see them."""
    net.eval()
    parts = []
    with torch.no_grad():
        for part in torch.from_numpy(images).split(512):
            small = F.interpolate(part[:, None].float(), (SIZE_PX, SIZE_PX), mode="area")
            parts.append(net(standardised(small).contiguous(memory_format=torch.channels_last)))
    logits: NDArray[np.float32] = torch.cat(parts).float().numpy()
    return logits


def judged(net: nn.Module, faces: Labelled) -> dict[str, Any]:
    """What a network reaches: accuracy and macro F1 with intervals, recall by class, calibration."""
    found = figures(softmax(answers(net, faces.images)), faces.labels, FERPLUS_CLASSES)
    return {key: value for key, value in asdict(found).items() if key not in ("classes", "confusion")}


def _plain(net: nn.Module, faces: Labelled) -> dict[str, float]:
    logits = answers(net, faces.images)
    said = logits.argmax(axis=1)
    p = softmax(logits)
    return {
        "accuracy": float(np.mean(said == faces.labels)),
        "macro_f1": macro_f1(confusion(said, faces.labels, CLASSES)),
        "loss": float(-np.log(np.maximum(p[np.arange(len(p)), faces.labels], 1e-9)).mean()),
        "calibration_error": calibration_error(p, faces.labels),
    }


def subset(faces: Labelled, count: int, seed: int) -> Labelled:
    """About ``count`` faces, the share of each class kept, at least two of each."""
    rng = np.random.default_rng((seed, count))
    chosen: list[NDArray[np.intp]] = []
    for label in np.unique(faces.labels):
        members = rng.permutation(np.flatnonzero(faces.labels == label))
        chosen.append(members[: max(2, math.floor(count * len(members) / len(faces)))])
    return faces.where(np.sort(np.concatenate(chosen)))


def shaped(settings: FaceSettings, shape: Shape) -> FaceSettings:
    """``settings`` with another network."""
    return replace(settings, shape=asdict(shape))
