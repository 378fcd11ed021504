"""The mean of weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="training needs the extra [train]")

from wakeful.models.training.average import average  # noqa: E402
from wakeful.models.training.blocks import convolution  # noqa: E402
from wakeful.models.training.run import Settings, TrainingError, load_weights, save_weights  # noqa: E402

SETTINGS = Settings(steps=1)


def network() -> Any:
    return torch.nn.Sequential(convolution(1, 4, 2), torch.nn.Flatten(), torch.nn.Linear(4 * 4 * 4, 3))


def test_the_mean_of_weights_lies_between_them(tmp_path: Path) -> None:
    files = [tmp_path / "a.pt", tmp_path / "b.pt"]
    nets = [network(), network()]
    for file, net in zip(files, nets, strict=True):
        save_weights(file, "eyes", net, SETTINGS)
    average(files, tmp_path / "mean.pt")
    mean = load_weights(tmp_path / "mean.pt", "eyes")
    expected = (nets[0][2].weight + nets[1][2].weight) / 2
    torch.testing.assert_close(mean["2.weight"], expected.detach())
    assert mean["0.1.num_batches_tracked"].dtype == torch.int64


def test_weights_of_different_networks_have_no_mean(tmp_path: Path) -> None:
    files = [tmp_path / "a.pt", tmp_path / "b.pt"]
    save_weights(files[0], "eyes", network(), SETTINGS)
    save_weights(files[1], "mouth", network(), SETTINGS)
    with pytest.raises(TrainingError, match="different networks"):
        average(files, tmp_path / "mean.pt")
