"""What similarities are worth: pairs of the same and of different people, accuracy at equal error, acceptance, rank 1.

Everything takes similarities, larger for more alike, whatever method they come from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass

Array = NDArray[Any]
Pairs = NDArray[np.intp]

DIFFERENT = 100_000
SEED = 20
RESAMPLED = 200
FALSE_ACCEPTANCE = 0.001


@dataclass(frozen=True, slots=True)
class Verification:
    """How well pairs of one person are distinguished from pairs of two.

    Attributes:
        accuracy: share of right answers where both errors are equal, and the same without anybody of a random choice of
            people left in (95 % interval over people).
        accepted: share of pairs of one person above the bound that lets ``FALSE_ACCEPTANCE`` of the others pass.
        bound: that similarity.
    """

    same: int
    different: int
    accuracy: float
    accuracy_95: tuple[float, float]
    accepted: float
    accepted_95: tuple[float, float]
    bound: float
    equal_bound: float


def same_pairs(person: Array) -> Pairs:
    """[N, 2], every pair of pictures of one person."""
    first, second = np.triu_indices(len(person), 1)
    same = person[first] == person[second]
    return np.stack([first[same], second[same]], axis=1)


def different_pairs(person: Array, count: int = DIFFERENT, seed: int = SEED) -> Pairs:
    """[N, 2], ``count`` pairs of pictures of two people, drawn once for all; all of them where there are fewer."""
    first, second = np.triu_indices(len(person), 1)
    different = person[first] != person[second]
    pairs = np.stack([first[different], second[different]], axis=1)
    if len(pairs) <= count:
        return pairs
    return pairs[np.sort(np.random.default_rng(seed).choice(len(pairs), count, replace=False))]


def equal_error(same: Array, different: Array) -> tuple[float, float]:
    """Accuracy where as many of the same pairs fall below a bound as different ones above, in shares; and the bound."""
    bounds = np.sort(np.concatenate([same, different]))
    rejected = np.searchsorted(np.sort(same), bounds, side="left") / len(same)
    passed = 1.0 - np.searchsorted(np.sort(different), bounds, side="left") / len(different)
    at = int(np.argmin(np.abs(rejected - passed)))
    return 1.0 - float(rejected[at] + passed[at]) / 2.0, float(bounds[at])


def accepted_at(same: Array, different: Array, false_acceptance: float = FALSE_ACCEPTANCE) -> tuple[float, float]:
    """Share of the same pairs above the bound that lets this share of the different ones pass, and the bound."""
    bound = float(np.quantile(different, 1.0 - false_acceptance))
    return float((same > bound).mean()), bound


def verified(person: Array, similarity: Callable[[Pairs], Array], resampled: int = RESAMPLED) -> Verification:
    """Figures over all same and ``DIFFERENT`` different pairs; intervals by drawing people again, with their pairs."""
    same, different = same_pairs(person), different_pairs(person)
    alike, others = similarity(same), similarity(different)
    accuracy, equal_bound = equal_error(alike, others)
    accepted, bound = accepted_at(alike, others)
    drawn = []
    rng = np.random.default_rng(SEED)
    people, number = np.unique(person, return_inverse=True)
    for _ in range(resampled):
        weight = np.bincount(rng.integers(len(people), size=len(people)), minlength=len(people))
        mine = np.repeat(alike, weight[number[same[:, 0]]])
        theirs = np.repeat(others, weight[number[different[:, 0]]] * weight[number[different[:, 1]]])
        drawn.append((equal_error(mine, theirs)[0], accepted_at(mine, theirs)[0]))
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0) if drawn else ((accuracy, accepted),) * 2
    return Verification(
        len(same),
        len(different),
        accuracy,
        (float(low[0]), float(high[0])),
        accepted,
        (float(low[1]), float(high[1])),
        bound,
        equal_bound,
    )


def curve(person: Array, similarity: Callable[[Pairs], Array], rates: Array) -> Array:
    """Share of same pairs accepted at each of ``rates`` of false acceptance."""
    alike, others = similarity(same_pairs(person)), similarity(different_pairs(person))
    bounds = np.quantile(others, 1.0 - rates)
    return np.array([(alike > bound).mean() for bound in bounds])


def draws(person: Array, enrolled: int, count: int = 10, seed: int = SEED) -> list[tuple[Array, Array]]:
    """``count`` times: places of ``enrolled`` pictures of each person, and of all the others."""
    found = []
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        mine = [rng.permutation(np.flatnonzero(person == one))[:enrolled] for one in np.unique(person)]
        gallery = np.sort(np.concatenate(mine))
        found.append((gallery, np.setdiff1d(np.arange(len(person)), gallery)))
    return found
