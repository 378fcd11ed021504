"""What is judged is what runs: the exported network, eye by eye and face by face."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs torch: make test-train installs it")

from wakeful.models import registry
from wakeful.models.lids.evaluate import Exported, of_faces
from wakeful.models.lids.layout import COLUMNS, OPENING, ROWS
from wakeful.models.lids.task import read


def test_an_exported_network_reads_an_odd_number_of_eyes_as_it_reads_each() -> None:
    net = Exported(registry.path("lids"))
    crops = np.random.default_rng(3).normal(size=(3, ROWS, COLUMNS)).astype(np.float32)
    together = read(net, crops)
    assert together.shape[0] == 3
    for crop, answer in zip(crops, together, strict=True):
        assert read(net, crop[np.newaxis])[0] == pytest.approx(answer, abs=1e-5)
    assert np.ptp(together[:, OPENING]) > 0.0


def test_a_face_is_judged_by_the_mean_of_its_eyes() -> None:
    faces = np.array([7, 7, 3, 3, 5])
    closed = np.array([True, True, False, False, False])
    scores = np.array([0.9, 0.2, 0.5, 0.3, 0.45])
    # Face 7 has 0.55, the open faces 0.4 and 0.45: no eye alone would part them.
    assert of_faces(scores, faces, closed) == 1.0
