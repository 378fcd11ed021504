"""The identity network, its crop and its threshold as one: what recognition and enrolment call."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wakeful.device.identity.embedding import Embedding
from wakeful.device.perception.embedder import Embedder as Network
from wakeful.device.perception.landmarks import FaceLandmarks
from wakeful.device.perception.network import Loader, load
from wakeful.models.identity import threshold
from wakeful.models.identity.crop import align
from wakeful.sensors.opencv import cv2

network_version = threshold.network_version


class FaceEmbedder:
    """See ``wakeful.device.identity.embedding.Embedder``."""

    def __init__(self, network: Network, threshold: float) -> None:
        self._network = network
        self.version = network.network_version
        self.threshold = threshold

    def __call__(self, image: NDArray[np.uint8], face: FaceLandmarks) -> Embedding:
        """The embedding of a face in a blue-green-red picture."""
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
        embedding: Embedding = self._network.embed(align(grey, face.points))
        return embedding


def load_embedder(threads: int = 1, load: Loader = load) -> FaceEmbedder:
    """The shipped network. Raises: ModelError: it or its threshold is missing or corrupt."""
    return FaceEmbedder(Network(threads, load), threshold.load().similarity)
