"""From which similarity on two faces are called one person's: a number that belongs to one file of weights.

``wakeful.models.identity.choose`` writes the file.
"""

from __future__ import annotations

import json
from pathlib import Path

from wakeful.errors import ModelError
from wakeful.frozen import dataclass
from wakeful.models import registry

FILE = registry.WEIGHTS / "identity.json"
NETWORK = "identity"


class ThresholdUnreadable(ModelError, ValueError):
    """The threshold's file is missing, or is of another network."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """The bound.

    Attributes:
        similarity: dot product of two embeddings of length 1; above it they are taken for one person's.
        false_acceptance: share of pairs of two people above it, on ``different`` pairs of ``chosen_on``.
        accepted: share of the ``same`` pairs of one person above it.
        network: version of the network, as ``network_version`` gives it.
    """

    similarity: float
    false_acceptance: float
    accepted: float
    same: int
    different: int
    chosen_on: str
    network: str


def network_version() -> str:
    """What embeddings of the shipped network are marked with: embeddings of two versions cannot be compared."""
    return registry.network(NETWORK).sha256[:16]


def load(file: Path = FILE) -> Threshold:
    """The shipped threshold.

    Raises:
        ThresholdUnreadable: the file is damaged, or of another network than the registry's.
    """
    try:
        found = Threshold(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        text = f"{file} is not a threshold of the network identity ({error}): install wakeful again"
        raise ThresholdUnreadable(text) from None
    if found.network != network_version():
        raise ThresholdUnreadable(f"{file} is of another network than the installed one: install wakeful again")
    return found
