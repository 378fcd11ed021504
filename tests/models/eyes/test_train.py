"""Training learns, and what it writes is a network that the monitor runs."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra train: make test-train")
pytest.importorskip("onnx", reason="training needs the extra train: make test-train")

from tests.models.eyes.test_data import made_up
from wakeful.device.perception.network import load_file
from wakeful.models.eyes.data import Eyes
from wakeful.models.eyes.export import export
from wakeful.models.eyes.patch import standardise
from wakeful.models.eyes.train import Settings, logits_of, train
from wakeful.models.training.run import CHECKPOINT, CURVE, Row, TrainingError

SETTINGS = Settings(epochs=6, batch=32, averaging=0.8)


def together(*parts: Eyes) -> Eyes:
    return Eyes(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Eyes)))


def test_what_differs_plainly_is_learned_and_exported_as_it_is(tmp_path: Path) -> None:
    eyes = together(made_up(256), made_up(32, "valid", seed=1))
    told: list[Row] = []
    net = train(eyes, tmp_path, SETTINGS, on_epoch=told.append)
    assert [row["epoch"] for row in told] == list(range(1, 7))
    assert told[-1]["found"] > 0.9 and told[-1]["lost_open"] < 0.1 and told[-1]["lost_closed"] < 0.1
    assert {CHECKPOINT, CURVE, "eyes.pt"} <= {file.name for file in tmp_path.iterdir()}
    valid = eyes.clear("valid")
    network = load_file(export(net, tmp_path))
    answers = [float(network(standardise(grey[8:56, 8:56]))[0][0, 0]) for grey in valid.grey]
    assert answers == pytest.approx(logits_of(net, valid).tolist(), abs=1e-3)


def test_too_few_eyes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="at least 32 eyes"):
        train(made_up(8), tmp_path, SETTINGS)
