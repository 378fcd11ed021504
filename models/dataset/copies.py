"""Pictures that are in a set more than once: exactly, or cut, lit, compressed or mirrored a little differently.

Near copies are pairs whose normalised cross-correlation, as small grey pictures at the same place, is ``SAME`` or more:
the cosine between pictures whose mean is taken off. All pairs are compared, and none is missed: a picture's lowest 256
cosine terms and the length of the rest bound the correlation from above, and what passes the bound is computed in full.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from wakeful.frozen import dataclass

Array = NDArray[np.intp]

SAME = 0.98
"""As the near copies of FER2013 were found, and looked at: below it, different pictures of one person begin."""
LOW = 16
BLOCK = 2048
CHECKED_AT_ONCE = 4096
ROUNDING = 1e-4
"""By so much the bound, in 32 bits, may be too low."""


@dataclass(frozen=True, slots=True)
class Copies:
    """Groups of copies, and where else the copies of each picture are.

    Attributes:
        group: [N], the same number for copies of each other; a picture without copies is alone in its group.
        seen_in: bool [N, K], a copy of the picture is in this split (another picture, where it is the own split).
    """

    group: Array
    seen_in: NDArray[np.bool_]

    def groups(self) -> list[Array]:
        """The members of each group of two and more, largest groups first."""
        order = np.argsort(self.group, kind="stable")
        starts = np.flatnonzero(np.diff(self.group[order], prepend=-1))
        parts = np.split(order, starts[1:])
        return sorted((one for one in parts if len(one) > 1), key=lambda one: (-len(one), int(one[0])))


def exact_copies(digest: NDArray[np.uint64], split: Array, splits: int, usable: NDArray[np.bool_]) -> Copies:
    """Pictures with the same pixels; what is not ``usable`` is nobody's copy."""
    count = len(digest)
    _, group = np.unique(digest, axis=0, return_inverse=True)
    group = np.where(usable, group.reshape(-1), count + np.arange(count)).astype(np.intp)
    _, group = np.unique(group, return_inverse=True)
    present = np.zeros((group.max(initial=-1) + 1, splits), np.int64)
    np.add.at(present, (group, split), 1)
    others = present[group]
    others[np.arange(count), split] -= 1
    return Copies(group.astype(np.intp), others > 0)


def near_copies(
    small: NDArray[np.uint8],
    split: Array,
    exact: Copies,
    usable: NDArray[np.bool_],
    stepped: Callable[[float], None] = lambda share: None,
) -> Copies:
    """Near copies, exact ones among them, also mirrored; of exact copies one stands for all."""
    _, first = np.unique(exact.group, return_index=True)
    # Which splits each group of exact copies is in.
    held = np.zeros((len(first), exact.seen_in.shape[1]), bool)
    held[exact.group, split] = True
    shown = usable[first]
    finder = _Finder(small[first[shown]], held[shown])
    finder.search(stepped)
    stands_for = np.arange(len(first), dtype=np.intp)
    stands_for[shown] = np.flatnonzero(shown)[finder.roots()]
    seen = np.zeros_like(held)
    seen[shown] = finder.seen_in
    _, group = np.unique(stands_for[exact.group], return_inverse=True)
    return Copies(group.astype(np.intp), seen[exact.group] | exact.seen_in)


class _Finder:
    """Joins near copies block by block.

    Args:
        held: bool [M, K], each one, or an exact copy of it, is in this split.

    Attributes:
        seen_in: bool [M, K], a near copy of this one is in that split.
    """

    def __init__(self, small: NDArray[np.uint8], held: NDArray[np.bool_]) -> None:
        self._small, self._held = small, held
        self._root = np.arange(len(small), dtype=np.intp)
        self.seen_in = np.zeros_like(held)
        self._low, self._mirrored = _bounds(small)

    def search(self, stepped: Callable[[float], None]) -> None:
        """Compares all pairs, plain and mirrored."""
        count = len(self._small)
        for start in range(0, count, BLOCK):
            for other in range(start, count, BLOCK):
                for mirrored in (False, True):
                    self._compare(start, other, mirrored)
            stepped(1.0 - (1.0 - min(start + BLOCK, count) / count) ** 2)

    def roots(self) -> Array:
        """The first member of each one's group."""
        while True:
            above = self._root[self._root]
            if (above == self._root).all():
                return self._root
            self._root = above

    def _compare(self, start: int, other: int, mirrored: bool) -> None:
        mine = (self._mirrored if mirrored else self._low)[start : start + BLOCK]
        bound = mine @ self._low[other : other + BLOCK].T
        rows, columns = np.nonzero(bound >= SAME - ROUNDING)
        rows, columns = rows + start, columns + other
        later = rows < columns
        rows, columns = rows[later], columns[later]
        for at in range(0, len(rows), CHECKED_AT_ONCE):
            self._check(rows[at : at + CHECKED_AT_ONCE], columns[at : at + CHECKED_AT_ONCE], mirrored)

    def _check(self, rows: Array, columns: Array, mirrored: bool) -> None:
        """Computes the correlations of these pairs, but for those that would say nothing new."""
        roots = self.roots()
        fresh = (
            (roots[rows] != roots[columns])
            | (self._held[columns] & ~self.seen_in[rows]).any(axis=1)
            | (self._held[rows] & ~self.seen_in[columns]).any(axis=1)
        )
        rows, columns = rows[fresh], columns[fresh]
        if not len(rows):
            return
        mine = self._small[rows][:, :, ::-1] if mirrored else self._small[rows]
        same = np.einsum("nd,nd->n", directions(mine), directions(self._small[columns])) >= SAME
        for one, another in zip(rows[same].tolist(), columns[same].tolist(), strict=True):
            self._join(one, another)

    def _join(self, one: int, another: int) -> None:
        self.seen_in[one] |= self._held[another]
        self.seen_in[another] |= self._held[one]
        a, b = self._top(one), self._top(another)
        self._root[max(a, b)] = min(a, b)

    def _top(self, one: int) -> int:
        while (above := int(self._root[one])) != one:
            one = above
        return one


def directions(small: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Each picture as a vector of length 1 whose mean is 0; a blank one is all zeros and resembles none."""
    flat = small.reshape(len(small), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.asarray(flat / np.maximum(length, 1e-6), np.float32)


def low_terms(small: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The lowest 16 x 16 cosine terms [N, 16, 16] of each picture's direction: broad light and shade."""
    side = small.shape[1]
    at = np.arange(side)
    basis = np.cos(np.pi / side * (at[np.newaxis] + 0.5) * np.arange(LOW)[:, np.newaxis]) * np.sqrt(2.0 / side)
    basis[0] /= np.sqrt(2.0)
    basis = basis.astype(np.float32)
    parts = [
        basis @ directions(small[i : i + BLOCK]).reshape(-1, side, side) @ basis.T for i in range(0, len(small), BLOCK)
    ]
    return np.concatenate(parts) if parts else np.empty((0, LOW, LOW), np.float32)


def _bounds(small: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Vectors whose products are at least the correlations, of the pictures and of their mirror images."""
    low = low_terms(small)
    # Of a vector of length 1; a blank picture has length 0 and stays below every bound.
    length = (low**2).sum(axis=(1, 2))
    rest = np.sqrt(np.clip(1.0 - length, 0.0, 1.0))
    rest[length < 1e-6] = 0.0
    flipped = low.copy()
    flipped[:, :, 1::2] *= -1.0
    return tuple(  # type: ignore[return-value]
        np.concatenate([one.reshape(len(one), -1), rest[:, np.newaxis]], axis=1) for one in (low, flipped)
    )
