"""The face network: plain and separable 3x3 convolutions, a code of 96 numbers, one matrix to the mesh."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wakeful.models.training.blocks import SeparableResidual, convolution, exact, separable

POINTS = 478
CODE = 96
NAME = "face"


class FaceNet(nn.Module):
    """Standardised grey crops [N, 1, 112, 112] to points [N, 478 * 3], presence [N, 1] and human points [N, 68 * 2].

    Points lie in half crop sides about the crop's middle, depth in the same unit. The last matrix starts as the
    principal components of the teacher's meshes, so that the network has to find the shape of the face alone. The 68
    points as people set them are learned beside them and are not exported.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            convolution(1, 12, 2),
            convolution(12, 24, 2),
            separable(24, 32),
            convolution(32, 48, 2),
            *(SeparableResidual(48) for _ in range(5)),
            convolution(48, 96, 2),
            *(SeparableResidual(96) for _ in range(4)),
            convolution(96, 48, kernel=1),
        )
        self.code = nn.Linear(48 * 7 * 7, CODE)
        self.mesh = nn.Linear(CODE, POINTS * 3)
        self.presence = nn.Linear(CODE, 1)
        self.human = nn.Linear(CODE, 68 * 2)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features = self.features(crops)
        if not torch.is_autocast_enabled("cpu"):
            return self._heads(features)
        # Places are wanted to a hundredth of a pixel: from here on 16 bits are too few.
        with torch.autocast("cpu", enabled=False):
            return self._heads(exact(features))

    def _heads(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        code = self.code(features.flatten(1))
        return self.mesh(code), self.presence(code), self.human(code)

    def start_from(self, meshes: NDArray[Any], human: NDArray[np.intp]) -> float:
        """Sets the last matrices to the principal components of meshes [N, 478, 3] in the unit of the points.

        Args:
            human: [68], the mesh points nearest to those that people set.

        Returns:
            The share of the variance that the code can hold.
        """
        flat = meshes.reshape(len(meshes), -1)
        mean = flat.mean(axis=0)
        _, spread, axes = np.linalg.svd(flat - mean, full_matrices=False)
        spread = spread / np.sqrt(len(flat))
        basis = torch.tensor((axes[:CODE] * spread[:CODE, None]).T, dtype=torch.float32)
        columns = np.stack([human * 3, human * 3 + 1], axis=1).reshape(-1)
        with torch.no_grad():
            self.mesh.weight.copy_(basis)
            self.mesh.bias.copy_(torch.tensor(mean, dtype=torch.float32))
            self.human.weight.copy_(basis[columns])
            self.human.bias.copy_(torch.tensor(mean[columns], dtype=torch.float32))
        return float(np.square(spread[:CODE]).sum() / np.square(spread).sum())
