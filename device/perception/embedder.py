"""A face as 128 numbers of length 1: the dot product of two says how alike they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.landmarks import require_finite
from wakeful.device.perception.network import Loader, load
from wakeful.models.identity.crop import standardised
from wakeful.models.identity.threshold import NETWORK, network_version


class Embedder:
    """Runs the network ``identity`` of the registry.

    Attributes:
        network_version: marks embeddings; those of two versions cannot be compared.

    Raises:
        ModelError: the network is missing or corrupt.
    """

    def __init__(self, threads: int = 1, load: Loader = load) -> None:
        self._network = load(NETWORK, threads)
        self.network_version = network_version()

    def embed(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        """float32 [128] of length 1.

        Args:
            crop: uint8 [112, 112], as ``wakeful.models.identity.crop.align`` cuts it.

        Raises:
            NetworkOutputError: the network answered NaN.
        """
        numbers = require_finite(self._network(standardised(crop)[np.newaxis, np.newaxis])[0], NETWORK)[0]
        length = max(float(np.linalg.norm(numbers)), 1e-9)
        return np.asarray(numbers / np.float32(length), np.float32)
