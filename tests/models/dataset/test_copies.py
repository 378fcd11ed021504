"""All copies are found, exact and near ones, and none that is not: beside the plain comparison of every pair."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.models.dataset.samples import pictures
from wakeful.models.dataset import copies
from wakeful.models.dataset.copies import SAME, directions, exact_copies, near_copies

Digest = NDArray[np.uint64]


def digests(shown: NDArray[np.uint8]) -> Digest:
    """Tells pictures apart."""
    _, number = np.unique(shown.reshape(len(shown), -1), axis=0, return_inverse=True)
    return np.stack([number.reshape(-1).astype(np.uint64)] * 2, axis=1)


def varied(count: int, seed: int) -> NDArray[np.uint8]:
    """Pictures of which many are near copies: lit, shifted, mirrored, with more grain; some blank."""
    rng = np.random.default_rng(seed)
    shown = pictures(count, seed).astype(np.float32)
    for i in range(count // 3, count):
        source = shown[rng.integers(0, count // 3)]
        kind = rng.integers(0, 5)
        if kind == 0:
            shown[i] = source * rng.uniform(0.6, 0.9) + 20
        elif kind == 1:
            shown[i] = np.roll(source, rng.integers(0, 4), axis=1)
        elif kind == 2:
            shown[i] = source[:, ::-1] + rng.normal(0, 4, source.shape)
        elif kind == 3:
            shown[i] = source + rng.normal(0, rng.uniform(2, 14), source.shape)
        else:
            shown[i] = 90
    return np.clip(shown, 0, 255).astype(np.uint8)


def plainly(shown: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether two pictures correlate, each with each, plain or mirrored."""
    mine, mirrored = directions(shown), directions(shown[:, :, ::-1])
    return np.asarray((mine @ mine.T >= SAME) | (mirrored @ mine.T >= SAME))


def test_near_copies_are_those_of_the_plain_comparison() -> None:
    shown, split = varied(240, 3), np.arange(240) % 3
    usable = np.ones(240, bool)
    exact = exact_copies(digests(shown), split.astype(np.intp), 3, usable)
    found = near_copies(shown, split.astype(np.intp), exact, usable)
    alike = plainly(shown)
    np.fill_diagonal(alike, False)
    # Blank pictures are exact copies of each other, though they correlate with nothing.
    alike |= (exact.group[:, None] == exact.group[None]) & ~np.eye(240, dtype=bool)
    for k in range(3):
        # A copy of an exact copy is one too.
        assert np.array_equal(found.seen_in[:, k], (alike & (split == k)[None]).any(axis=1))
    reached = alike | np.eye(240, dtype=bool)
    for _ in range(8):
        reached = (reached.astype(np.int32) @ reached.astype(np.int32)) > 0
    assert np.array_equal(found.group[:, None] == found.group[None], reached)


def test_blocks_give_the_same_as_one() -> None:
    shown, split, usable = varied(150, 5), np.zeros(150, np.intp), np.ones(150, bool)
    exact = exact_copies(digests(shown), split, 1, usable)
    whole = near_copies(shown, split, exact, usable)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copies, "BLOCK", 32)
        patch.setattr(copies, "CHECKED_AT_ONCE", 7)
        parts = near_copies(shown, split, exact, usable)
    assert np.array_equal(whole.seen_in, parts.seen_in)
    assert np.array_equal(whole.group[:, None] == whole.group[None], parts.group[:, None] == parts.group[None])


def test_what_cannot_be_read_is_nobody_s_copy() -> None:
    shown = np.repeat(pictures(1), 4, axis=0)
    usable = np.array([True, True, False, False])
    exact = exact_copies(digests(shown), np.array([0, 1, 0, 1]), 2, usable)
    assert [one.tolist() for one in exact.groups()] == [[0, 1]]
    assert exact.seen_in.tolist() == [[False, True], [True, False], [False, False], [False, False]]
    near = near_copies(shown, np.array([0, 1, 0, 1]), exact, usable)
    assert [one.tolist() for one in near.groups()] == [[0, 1]]
