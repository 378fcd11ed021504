"""What recognition needs of a network: 128 numbers for a face, alike for pictures of one person."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.landmarks import FaceLandmarks

Levels = NDArray[np.uint8]
Embedding = NDArray[np.float32]


class Embedder(Protocol):
    """A network that tells people apart.

    Attributes:
        version: of the network; embeddings of two versions have nothing in common.
        threshold: similarity from which on two faces are one person's.
    """

    version: str
    threshold: float

    def __call__(self, image: NDArray[np.uint8], face: FaceLandmarks) -> Embedding:
        """The embedding float32 [128], of length 1, of a face in a blue-green-red picture.

        Raises:
            NetworkOutputError: the network answered NaN.
        """
        ...
