"""What is judged is what runs: the exported file, with as many inputs at a time as in the monitor."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra [train]")

from wakeful.models import registry  # noqa: E402
from wakeful.models.face.net import NAME, FaceNet  # noqa: E402
from wakeful.models.lids.layout import COLUMNS, OPENING, ROWS  # noqa: E402
from wakeful.models.mouth import layout as mouth_layout  # noqa: E402
from wakeful.models.training.exported import Exported, trained_or_exported  # noqa: E402


def test_a_network_for_two_eyes_reads_an_odd_number_as_it_reads_each() -> None:
    net = Exported(registry.path("lids"))
    crops = torch.from_numpy(np.random.default_rng(3).normal(size=(3, 1, ROWS, COLUMNS)).astype(np.float32))
    together = net(crops)[0].numpy()
    assert together.shape[0] == 3
    for crop, answer in zip(crops, together, strict=True):
        assert net(crop[None])[0].numpy()[0] == pytest.approx(answer, abs=1e-5)
    assert np.ptp(together[:, OPENING]) > 0.0


def test_the_ending_says_which_of_both_a_file_is() -> None:
    exported = trained_or_exported(FaceNet(), registry.path("face"), NAME)
    trained = trained_or_exported(FaceNet(), registry.WEIGHTS / "training" / "face.pt", NAME)
    noise = torch.from_numpy(np.random.default_rng(4).normal(size=(1, 1, 112, 112)).astype(np.float32))
    with torch.no_grad():
        meshes = [net(noise)[0].numpy().reshape(-1) for net in (exported, trained)]
    assert np.abs(meshes[0] - meshes[1]).max() < 0.1


def test_the_only_output_comes_by_itself() -> None:
    net = Exported(registry.path("mouth"))
    answer = net(torch.zeros(2, 1, mouth_layout.ROWS, mouth_layout.COLUMNS))
    assert isinstance(answer, torch.Tensor) and answer.shape == (2, mouth_layout.OUTPUTS)
