"""What the expression network is taught: how people voted on a face, its FER2013 label, what a teacher says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from wakeful.frozen import dataclass
from wakeful.models.expression.data import Faces, distributions
from wakeful.models.expression.face import FER2013_CLASSES

Reader = Callable[[NDArray[np.uint8]], tuple[NDArray[np.float32], NDArray[np.float32]]]
"""Says logits ([N, 8], [N, 7]) of grey faces [N, 48, 48]."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Training faces and what the network shall say of them.

    Attributes:
        images: [N, 48, 48] uint8.
        votes: [N, 8], distribution over the emotions; weight: [N], how far it counts.
        fer2013: [N, 7], distribution over the FER2013 labels.
    """

    images: Tensor
    votes: Tensor
    weight: Tensor
    fer2013: Tensor

    @classmethod
    def of(cls, faces: Faces) -> Targets:
        """From labelled faces."""
        votes, weight = distributions(faces.votes)
        return cls(
            torch.from_numpy(faces.images),
            torch.from_numpy(votes),
            torch.from_numpy(weight),
            F.one_hot(torch.from_numpy(faces.fer2013.astype(np.int64)), len(FER2013_CLASSES)).float(),
        )

    def taught_by(self, teacher: Reader, share: float) -> Targets:
        """Targets of which ``share`` is what a teacher says of each face and its mirror image."""
        images = self.images.numpy()
        straight, mirrored = teacher(images), teacher(np.ascontiguousarray(images[..., ::-1]))
        votes, fer2013 = (torch.from_numpy((a + b) / 2.0) for a, b in zip(straight, mirrored, strict=True))
        return replace(
            self,
            votes=(1.0 - share) * self.votes + share * votes.softmax(dim=1),
            fer2013=(1.0 - share) * self.fer2013 + share * fer2013.softmax(dim=1),
        )

    def loss(
        self, chosen: Tensor, ferplus: Tensor, fer2013: Tensor, *, fer2013_share: float, smoothing: float
    ) -> Tensor:
        """Cross-entropy of logits [B, 8] with the votes, plus that of [B, 7] with the FER2013 label by its share."""
        by_votes = (F.cross_entropy(ferplus, self.votes[chosen], reduction="none") * self.weight[chosen]).mean()
        by_label = F.cross_entropy(fer2013, self.fer2013[chosen], label_smoothing=smoothing)
        return by_votes + fer2013_share * by_label
