"""Training runs: resumed ones equal those that were not interrupted, and the rate ends at zero."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the extra [train]")

from wakeful.models.training.bfloat16 import in_bfloat16  # noqa: E402
from wakeful.models.training.command import parser, train  # noqa: E402
from wakeful.models.training.run import (  # noqa: E402
    CHECKPOINT,
    CURVE,
    WEIGHTS,
    Run,
    Settings,
    TrainingError,
    load_weights,
    prepared,
    rate,
)

SETTINGS = Settings(steps=6, batch=4, warm_up=2, bfloat16=False, checkpoint_every=3, validate_every=3)


class Toy:
    """Learns the mean of noise."""

    name = "toy"

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.Flatten())
        self.net.append(torch.nn.Linear(2 * 4 * 4, 1))

    def batch(self, rng: np.random.Generator, size: int, calm: bool) -> dict[str, Any]:
        crops = torch.from_numpy(rng.standard_normal((size, 1, 6, 6)).astype(np.float32))
        return {"crops": crops, "mean": crops.mean(dim=(1, 2, 3))}

    def loss(self, answers: Any, batch: dict[str, Any]) -> tuple[Any, dict[str, float]]:
        return (answers[:, 0] - batch["mean"]).square().mean(), {}

    def validate(self, net: Any) -> dict[str, float]:
        return {"valid": float(next(net.parameters()).detach().sum())}


def test_a_resumed_run_equals_one_that_was_not_interrupted(tmp_path: Path) -> None:
    whole = Run(Toy(), SETTINGS, tmp_path / "whole").go()
    half = Run(Toy(), SETTINGS, tmp_path / "half")
    half.out.mkdir()
    for _ in range(3):
        half.one_step()
        half.step += 1
    half.save()
    resumed = Run(Toy(), SETTINGS, tmp_path / "half")
    resumed.restore()
    again = resumed.go()
    for a, b in zip(whole.state_dict().values(), again.state_dict().values(), strict=True):
        torch.testing.assert_close(a, b)
    assert load_weights(tmp_path / "half" / WEIGHTS, "toy").keys() == whole.state_dict().keys()
    assert (tmp_path / "half" / CURVE).read_text().startswith("step,")


def test_only_the_length_may_change_on_resume(tmp_path: Path) -> None:
    Run(Toy(), SETTINGS, tmp_path).go()
    Run(Toy(), replace(SETTINGS, steps=9), tmp_path).restore()
    with pytest.raises(TrainingError, match="another peak_rate"):
        Run(Toy(), replace(SETTINGS, peak_rate=1.0), tmp_path).restore()


def test_a_network_learns_by_either_way_of_descent(tmp_path: Path) -> None:
    for momentum in (0.0, 0.9):
        settings = replace(SETTINGS, steps=60, peak_rate=0.02, momentum=momentum, fall_from_peak=momentum > 0.0)
        run = Run(Toy(), settings, tmp_path / str(momentum))
        run.go()
        assert run.rows[-1]["loss"] < 0.5 * run.rows[0]["loss"]


def test_a_device_is_chosen_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert prepared("cpu", 0) == prepared("auto", 0) == torch.device("cpu")
    with pytest.raises(TrainingError, match="no CUDA device can be used here: train with --device cpu"):
        prepared("cuda", 0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert prepared("cuda", 0) == prepared("auto", 0) == torch.device("cuda")
    assert prepared("cpu", 0) == torch.device("cpu")


@pytest.mark.parametrize(
    ("has", "wanted", "type_"),
    [
        ({"avx2": True, "avx512_bf16": False, "amx_bf16": True}, True, torch.bfloat16),
        ({"avx2": True, "avx512_bf16": True}, False, torch.float32),
        ({"avx2": True, "avx512_bf16": False}, True, torch.float32),
    ],
)
def test_convolutions_run_in_16_bits_only_where_the_processor_has_instructions_for_them(
    has: dict[str, bool], wanted: bool, type_: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has, raising=False)
    with in_bfloat16(wanted):
        answer = torch.nn.Conv2d(1, 2, 3)(torch.zeros(1, 1, 6, 6))
    assert answer.dtype == type_


def test_what_is_computed_elsewhere_is_validated_and_saved_in_main_memory(tmp_path: Path) -> None:
    """``cpu:0`` is another device than ``cpu`` for the loop, and takes its ways of copying."""
    here = Run(Toy(), SETTINGS, tmp_path / "here")
    there = Run(Toy(), SETTINGS, tmp_path / "there", torch.device("cpu:0"))
    for a, b in zip(here.go().state_dict().values(), there.go().state_dict().values(), strict=True):
        torch.testing.assert_close(a, b)
    figures = [[row["valid"] for row in run.rows] for run in (here, there)]
    assert figures[0] == pytest.approx(figures[1]) and len(figures[0]) == 2
    resumed = Run(Toy(), SETTINGS, tmp_path / "there")
    resumed.restore()
    assert resumed.step == 6


def test_options_reach_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = [
        "--data",
        "d",
        "--cache",
        "c",
        "--out",
        str(tmp_path),
        "--steps",
        "3",
        "--rate",
        "0.5",
        "--device",
        "cpu",
    ]
    run = train(parser("Trains.", 6).parse_args(options), SETTINGS, Toy)
    assert (run.settings.steps, run.settings.peak_rate, run.device.type) == (3, 0.5, "cpu")
    assert json.loads(capsys.readouterr().out)["step"] == 3.0


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    Run(Toy(), SETTINGS, tmp_path).go()
    with pytest.raises(TrainingError, match="not of the training of face"):
        load_weights(tmp_path / CHECKPOINT, "face")
    with pytest.raises(TrainingError, match="cannot be read"):
        load_weights(tmp_path / "missing.pt", "toy")


def test_the_rate_rises_then_falls_to_zero() -> None:
    settings = replace(SETTINGS, steps=1000, warm_up=100)
    assert rate(0, settings) < rate(50, settings) < rate(99, settings)
    assert rate(999, settings) < 1e-3 * settings.peak_rate
