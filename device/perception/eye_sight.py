"""Whether something covers an eye: a small network rates the eye's patch, and its answers are averaged over time.

A hand has lines as an eye has, so the bounds on grey levels in ``wakeful.device.perception.readability`` cannot
distinguish them. The network learned how eyes look, open and closed, and how hands, cloth and other things look where
the landmark readers place an eye (``models/cards/eye_visibility.md``). A single answer is not trusted: a sleeper whose
closed eyes are taken for covered would not be warned, so low answers have to last before an eye counts as covered, and
it counts as seen again sooner than that.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wakeful.device.perception.landmarks import require_finite
from wakeful.device.perception.network import Loader, load
from wakeful.frozen import dataclass
from wakeful.models.eyes.patch import standardise

NETWORK = "eye_visibility"
# Logits beyond are clipped: no single answer outweighs the others, and every change takes the same time.
SURE = 2.0
# Answers older than this hardly count.
MEMORY_S = 0.5
# After this long without an answer the earlier ones are dropped.
FORGOTTEN_S = 4.0
# An eye is covered once its mean logit is below the first, and seen again once it is above the second. Eyes that are
# seen lie above 1.7 on recordings of a dozen people, open and closed, but for lenses that mirror and the eye behind the
# nose; real hands laid over photographs mostly below 0.
COVERED_BELOW, SEEN_ABOVE = 0.2, 0.8
# What covers one eye is near the other: beside a covered eye, one below this counts as covered too.
BESIDE_BELOW = 1.2


class EyeSight:
    """The network; it rates one eye's patch per call.

    Raises:
        ModelError: the network is missing or corrupt.
    """

    def __init__(self, threads: int = 1, load: Loader = load) -> None:
        self._network = load(NETWORK, threads)

    def __call__(self, patch: NDArray[np.uint8]) -> float:
        """Logit that the eye in grey ``patch`` [48, 48] is visible, open or closed, clipped at ``SURE``.

        Raises:
            NetworkOutputError: the network answered NaN.
        """
        logit = float(require_finite(self._network(standardise(patch))[0], NETWORK)[0, 0])
        return min(max(logit, -SURE), SURE)


@dataclass(frozen=True, slots=True)
class OcclusionFilter:
    """A running mean of the answers for one eye. It starts as an eye that is seen.

    Attributes:
        mean: of the logits; recent ones weigh more.
        t_ns: time of the last answer.
        covered: whether something covers the eye.
    """

    mean: float = SURE
    t_ns: int | None = None
    covered: bool = False

    def updated(self, t_ns: int, logit: float) -> OcclusionFilter:
        """With one more answer. The first one after a pause never makes an eye covered by itself."""
        before = self.at(t_ns)
        if before.t_ns is None:
            return OcclusionFilter((SURE + logit) / 2.0, t_ns)
        kept = math.exp(-(t_ns - before.t_ns) / (MEMORY_S * 1e9))
        mean = kept * before.mean + (1.0 - kept) * logit
        return OcclusionFilter(mean, t_ns, mean < (SEEN_ABOVE if before.covered else COVERED_BELOW))

    def at(self, t_ns: int) -> OcclusionFilter:
        """Its value at ``t_ns`` without a new answer: unchanged, or reset after a pause."""
        return self if self.t_ns is not None and 0 <= t_ns - self.t_ns < FORGOTTEN_S * 1e9 else OcclusionFilter()


def covered(left: OcclusionFilter, right: OcclusionFilter) -> tuple[bool, bool]:
    """Whether something covers the left and the right eye, each compared with the other."""
    return (
        left.covered or (right.covered and left.mean < BESIDE_BELOW),
        right.covered or (left.covered and right.mean < BESIDE_BELOW),
    )
