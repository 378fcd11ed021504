"""The identity network: plain 3x3 convolutions, two residual blocks, and one matrix to 128 numbers."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wakeful.models.identity.layout import CROP_PX, EMBEDDING_SIZE
from wakeful.models.training.blocks import convolution, exact

WIDTHS = (16, 32, 56, 128)
LAST = 32
"""Channels that the last matrix sees at each of its 7x7 places."""
NAME = "identity"
PEOPLE = "people.weight"


class IdentityNet(nn.Module):
    """Standardised grey crops [N, 1, 112, 112] to embeddings [N, 128] and cosines with ``people`` [N, people].

    An embedding is brought to length 1 by whoever reads it. The directions of the people in training are learned
    beside it and are not exported.
    """

    def __init__(self, people: int = 1) -> None:
        super().__init__()
        a, b, c, d = WIDTHS
        self.features = nn.Sequential(
            convolution(1, a, 2),
            convolution(a, b, 2),
            convolution(b, c, 2),
            Residual(c),
            convolution(c, d, 2),
            Residual(d),
            convolution(d, LAST, kernel=1),
        )
        self.embedding = nn.Linear(LAST * (CROP_PX // 16) ** 2, EMBEDDING_SIZE)
        self.people = nn.Linear(EMBEDDING_SIZE, people, bias=False)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        features = self.features(crops)
        if not torch.is_autocast_enabled("cpu"):
            return self._heads(features)
        # Angles between people are learned to a hundredth: from here on 16 bits are too few.
        with torch.autocast("cpu", enabled=False):
            return self._heads(exact(features))

    def _heads(self, features: Tensor) -> tuple[Tensor, Tensor]:
        embedding = self.embedding(features.flatten(1))
        return embedding, F.normalize(embedding) @ F.normalize(self.people.weight).T


class Residual(nn.Module):
    """Two 3x3 convolutions added to what goes in; the sum passes ReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = convolution(channels, channels)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.relu(self.second(self.first(x)) + x)
        return out
