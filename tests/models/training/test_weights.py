"""Weights that begin another training: of a narrower network, and the mean of several."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="training needs the extra [train]")

from wakeful.models.training.average import average  # noqa: E402
from wakeful.models.training.blocks import convolution  # noqa: E402
from wakeful.models.training.growth import grown  # noqa: E402
from wakeful.models.training.run import Settings, TrainingError, load_weights, save_weights  # noqa: E402

SETTINGS = Settings(steps=1)


def network(first: int, second: int, hidden: int) -> Any:
    layers = [convolution(1, first, 2), convolution(first, second, 2), torch.nn.Flatten()]
    return torch.nn.Sequential(*layers, torch.nn.Linear(second * 2 * 2, hidden), torch.nn.Linear(hidden, 3))


def test_a_wider_network_begins_with_the_answers_of_the_narrower_one() -> None:
    torch.manual_seed(1)
    narrow, wide = network(4, 6, 5), network(7, 8, 9)
    crops = torch.randn(16, 1, 8, 8)
    narrow(crops)  # so that the normalisation has seen something
    wide.load_state_dict(grown(narrow.state_dict(), wide))
    torch.testing.assert_close(wide.eval()(crops), narrow.eval()(crops))


def test_its_further_channels_learn() -> None:
    torch.manual_seed(1)
    narrow, wide = network(4, 6, 5), network(7, 8, 9)
    wide.load_state_dict(grown(narrow.state_dict(), wide))
    wide(torch.randn(16, 1, 8, 8)).square().sum().backward()
    listens = wide[1][0].weight.grad[:6, 4:]
    assert float(listens.abs().min(dim=0).values.max()) > 0.0


@pytest.mark.parametrize("other", [(3, 6, 5), (4, 6, 4)])
def test_a_network_does_not_shrink(other: tuple[int, int, int]) -> None:
    with pytest.raises(TrainingError, match="start without it"):
        grown(network(4, 6, 5).state_dict(), network(*other))


def test_weights_of_other_layers_are_refused() -> None:
    with pytest.raises(TrainingError, match="other layers"):
        grown(convolution(1, 4).state_dict(), network(4, 6, 5))


def test_the_mean_of_weights_lies_between_them(tmp_path: Path) -> None:
    files = [tmp_path / "a.pt", tmp_path / "b.pt"]
    nets = [network(4, 6, 5), network(4, 6, 5)]
    for file, net in zip(files, nets, strict=True):
        save_weights(file, "eyes", net, SETTINGS)
    average(files, tmp_path / "mean.pt")
    mean = load_weights(tmp_path / "mean.pt", "eyes")
    expected = (nets[0][4].weight + nets[1][4].weight) / 2
    torch.testing.assert_close(mean["4.weight"], expected.detach())
    assert mean["0.1.num_batches_tracked"].dtype == torch.int64


def test_weights_of_different_networks_have_no_mean(tmp_path: Path) -> None:
    files = [tmp_path / "a.pt", tmp_path / "b.pt"]
    save_weights(files[0], "eyes", network(4, 6, 5), SETTINGS)
    save_weights(files[1], "mouth", network(4, 6, 5), SETTINGS)
    with pytest.raises(TrainingError, match="different networks"):
        average(files, tmp_path / "mean.pt")
