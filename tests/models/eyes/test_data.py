"""Packed patches of eyes are checked when they are read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wakeful.models.eyes.data import EyeDataError, Eyes, load, save
from wakeful.models.eyes.patch import standardise


def made_up(count: int, split: str = "train", seed: int = 0) -> Eyes:
    """Seen eyes are dark in the middle, covered ones evenly striped: half of each."""
    rng = np.random.default_rng(seed)
    covered = np.arange(count) % 2 == 1
    grey = rng.integers(140, 160, (count, 64, 64), dtype=np.uint8)
    grey[~covered, 28:36, 20:44] = 20
    grey[covered, ::6] = 60
    return Eyes(
        grey, covered.astype(np.float32), np.arange(count) % 4 == 0, np.full(count, split), np.full(count, "made up")
    )


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    eyes = made_up(6)
    save(tmp_path / "eyes.npz", eyes)
    read = load(tmp_path / "eyes.npz")
    assert np.array_equal(read.grey, eyes.grey) and read.split.tolist() == eyes.split.tolist()
    assert [file.name for file in tmp_path.iterdir()] == ["eyes.npz"]


def test_eyes_that_are_half_covered_are_neither() -> None:
    eyes = made_up(4)
    eyes.covered[:] = (0.0, 0.5, 0.86, 1.0)
    assert eyes.clear("train").covered.tolist() == pytest.approx([0.0, 0.86, 1.0])
    assert len(eyes.clear("test")) == 0


@pytest.mark.parametrize("content", [b"", b"nonsense", None])
def test_anything_else_is_told_in_one_line(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "eyes.npz"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(EyeDataError, match="wakeful data build eyes") as told:
        load(file)
    assert "\n" not in str(told.value)


def test_patches_of_another_kind_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "faces.npz", images=np.zeros((3, 48, 48), np.uint8))
    with pytest.raises(EyeDataError):
        load(tmp_path / "faces.npz")


def test_a_patch_is_given_in_its_own_contrast() -> None:
    patch = np.random.default_rng(0).integers(90, 110, (48, 48), dtype=np.uint8)
    brighter = (patch * 2.0).astype(np.uint8)
    assert standardise(patch).shape == (1, 1, 48, 48)
    assert np.allclose(standardise(patch), standardise(brighter), atol=1e-4)
    assert not standardise(np.full((48, 48), 7, np.uint8)).any()
