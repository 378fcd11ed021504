"""Training is a command of its own, which says what it needs before it does anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.models.expression.samples import made_up, together, write
from wakeful.device import extras
from wakeful.device.cli import status


def test_without_torch_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "torch" else name)
    out = tmp_path / "out"
    assert status(["train", "expression", "--data", "faces.npz", "--out", str(out)]) == 2
    assert capsys.readouterr().err == "wakeful: this needs torch: pip install 'wakeful[train]'\n"
    assert not out.exists()


def test_data_that_cannot_be_read_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _need_torch()
    out = tmp_path / "out"
    assert status(["train", "expression", "--data", "/no/faces.npz", "--out", str(out)]) == 1
    assert "/no/faces.npz cannot be read" in capsys.readouterr().err
    assert not out.exists()


def test_a_training_ends_with_networks_that_can_be_evaluated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _need_torch()
    data = write(together(made_up(64), made_up(32, "valid", seed=1)), tmp_path / "faces.npz")
    out = tmp_path / "out"
    options = ["--epochs", "1", "--batch", "16", "--float32", "--threads", "1", "--device", "auto"]
    assert status(["train", "expression", "--data", str(data), "--out", str(out), *options]) == 0
    assert "epoch 1: loss" in capsys.readouterr().out
    assert {"expression.onnx", "expression_float.onnx", "expression.pt", "curve.csv", "curve.png"} <= {
        file.name for file in out.iterdir()
    }
    weights = str(out / "expression.onnx")
    assert status(["evaluate", "expression", "--weights", weights, "--data", str(data), "--split", "valid"]) == 0
    assert status(["train", "expression", "--data", str(data), "--out", str(out), *options, "--resume"]) == 0


def _need_torch() -> None:
    for package in ("torch", "onnx", "matplotlib"):
        pytest.importorskip(package, reason="training needs the extra train: make test-train")
