"""Whether something lies before an eye: a small network looks at the eye's patch, and its answers add up over time.

A hand has lines as an eye has, so bounds on grey levels do not tell them apart
(``wakeful.device.perception.readability``). The network learned how eyes look, open and closed, and how hands, cloth
and other things look where the landmark readers believe an eye to be (``models/cards/eye_visibility.md``). A single
answer is not believed: a sleeper whose closed eyes are taken for covered would not be warned, so doubts have to last
before an eye counts as covered, and go faster than they come.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.landmarks import require_finite
from wakeful.device.perception.network import Loader, load
from wakeful.models.eyes.patch import standardise

NETWORK = "eye_visibility"
# Logits beyond are cut: no single answer outweighs the others, and a change of mind takes the same time for all.
SURE = 2.0
# Answers older than this hardly count.
MEMORY_S = 0.5
# Longer without an answer, and the old ones say nothing of this eye.
FORGOTTEN_S = 4.0
# An eye is covered once its mean logit is below the first, and seen again once it is above the second. Eyes that are
# seen lie above 1.7 on recordings of a dozen people, open and closed, but for lenses that mirror and the eye behind the
# nose; real hands laid over photographs mostly below 0.
COVERED_BELOW, SEEN_ABOVE = 0.2, 0.8
# What covers one eye lies near the other one: beside a covered eye, one below this is covered too.
BESIDE_BELOW = 1.2


class EyeSight:
    """The network, asked for one eye's patch at a time.

    Raises:
        ModelError: the network is missing or corrupt.
    """

    def __init__(self, threads: int = 1, load: Loader = load) -> None:
        self._network = load(NETWORK, threads)

    def __call__(self, patch: NDArray[np.uint8]) -> float:
        """Logit of the eye in grey ``patch`` [48, 48] being seen, open or closed, cut at ``SURE``.

        Raises:
            NetworkOutputError: the network answered NaN.
        """
        logit = float(require_finite(self._network(standardise(patch))[0], NETWORK)[0, 0])
        return min(max(logit, -SURE), SURE)


@dataclass(frozen=True, slots=True)
class Doubt:
    """What the answers of the last moments come to, for one eye. It starts as an eye that is seen.

    Attributes:
        mean: of the logits, recent ones weighing more.
        t_ns: of the last one.
        covered: whether something lies before the eye.
    """

    mean: float = SURE
    t_ns: int | None = None
    covered: bool = False

    def then(self, t_ns: int, logit: float) -> Doubt:
        """With one more answer. The first one after a pause covers nothing by itself."""
        before = self.at(t_ns)
        if before.t_ns is None:
            return Doubt((SURE + logit) / 2.0, t_ns)
        kept = math.exp(-(t_ns - before.t_ns) / (MEMORY_S * 1e9))
        mean = kept * before.mean + (1.0 - kept) * logit
        return Doubt(mean, t_ns, mean < (SEEN_ABOVE if before.covered else COVERED_BELOW))

    def at(self, t_ns: int) -> Doubt:
        """What is left of it without another answer: all, and after a pause nothing."""
        return self if self.t_ns is not None and 0 <= t_ns - self.t_ns < FORGOTTEN_S * 1e9 else Doubt()


def covered(left: Doubt, right: Doubt) -> tuple[bool, bool]:
    """Whether something lies before the left and the right eye, each judged with an eye on the other."""
    return (
        left.covered or (right.covered and left.mean < BESIDE_BELOW),
        right.covered or (left.covered and right.mean < BESIDE_BELOW),
    )
