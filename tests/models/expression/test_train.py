"""Training learns, is repeatable, goes on where it stopped, and refuses what does not belong together."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch: make test-train")
pytest.importorskip("matplotlib", reason="training needs matplotlib: make test-train")

from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from tests.models.expression.samples import made_up, together  # noqa: E402
from wakeful.models.expression import train as training  # noqa: E402
from wakeful.models.expression.augment import Augmentation, augmented  # noqa: E402
from wakeful.models.expression.curve import CURVE_PNG  # noqa: E402
from wakeful.models.expression.net import ExpressionNet  # noqa: E402
from wakeful.models.expression.train import ExpressionTask, Settings, reader, train  # noqa: E402
from wakeful.models.expression.weights import WEIGHTS, load_weights  # noqa: E402
from wakeful.models.training.blocks import parameters  # noqa: E402
from wakeful.models.training.epochs import EpochRun  # noqa: E402
from wakeful.models.training.run import CHECKPOINT, CURVE, TrainingError, rate  # noqa: E402

FACES = together(made_up(192), made_up(32, "valid", seed=1))
FAST = Settings(
    epochs=2, batch=32, peak_rate=0.05, averaging=0.8, dropout=0.0, bfloat16=False, sizes_px=(32, 48), seed=3
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a short training."""
    folder = tmp_path_factory.mktemp("trained")
    train(FACES, folder, FAST)
    return folder


def weights(folder: Path) -> dict[str, object]:
    return dict(load_weights(folder / WEIGHTS).state_dict())


def test_the_network_keeps_its_budget() -> None:
    net = ExpressionNet()
    assert parameters(net) < 850_000
    with FlopCounterMode(display=False) as counted:
        net.eval()(torch.zeros(1, 1, 48, 48))
    # A multiplication and its addition count as two.
    assert counted.get_total_flops() <= 160_000_000


def test_the_loss_falls(tmp_path: Path) -> None:
    curve = train(FACES, tmp_path, replace(FAST, epochs=6, sizes_px=(32,)))
    assert curve[-1]["loss"] < 0.8 * curve[0]["loss"]


def test_training_leaves_weights_checkpoint_and_curve(trained: Path) -> None:
    assert {file.name for file in trained.iterdir()} == {WEIGHTS, CHECKPOINT, CURVE, CURVE_PNG}
    assert (trained / CURVE_PNG).read_bytes().startswith(b"\x89PNG")
    rows = list(csv.DictReader((trained / CURVE).open()))
    assert [row["epoch"] for row in rows] == ["1", "2"]


def test_the_same_seed_gives_the_same_weights(trained: Path, tmp_path: Path) -> None:
    train(FACES, tmp_path, FAST)
    again = weights(tmp_path)
    assert all(torch.allclose(again[key].float(), value.float(), atol=1e-5) for key, value in weights(trained).items())  # type: ignore[attr-defined]


def test_a_resumed_training_equals_one_that_was_not_interrupted(trained: Path, tmp_path: Path) -> None:
    class Interrupted(Exception):
        """The end of the process, in the middle of the second epoch."""

    def interrupt(step: int) -> None:
        if step == 8:
            raise Interrupted

    with pytest.raises(Interrupted):
        train(FACES, tmp_path, FAST, stepped=interrupt)
    assert not (tmp_path / WEIGHTS).exists()
    curve = train(FACES, tmp_path, FAST, resume=True)
    assert [row["epoch"] for row in curve] == [1, 2]
    resumed = weights(tmp_path)
    assert all(
        torch.allclose(resumed[key].float(), value.float(), atol=1e-5)  # type: ignore[attr-defined]
        for key, value in weights(trained).items()
    )


def test_a_teacher_pulls_the_targets_towards_what_it_says(trained: Path) -> None:
    net = load_weights(trained / WEIGHTS)
    alone, taught = ExpressionTask(FACES, FAST).train_set, ExpressionTask(FACES, FAST, reader(net)).train_set
    assert not torch.allclose(alone.votes, taught.votes)
    assert torch.allclose(taught.votes.sum(dim=1), torch.ones(192), atol=1e-5)
    assert torch.allclose(taught.fer2013.sum(dim=1), torch.ones(192), atol=1e-5)


def test_the_end_of_the_training_is_calm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []
    settings = replace(FAST, epochs=4, calm=0.25, sizes_px=(32, 48))
    run = EpochRun(ExpressionTask(FACES, settings), settings, tmp_path)

    def noted(faces: Any, how: Augmentation, size: int) -> Any:
        given.append(how.hidden)
        return augmented(faces, how, size)

    monkeypatch.setattr(training, "augmented", noted)
    sizes = []
    for run.step in range(0, 24, 6):
        sizes.append(run.batch(np.random.default_rng(0))["crops"].shape[-1])
    assert given == [0.5, 0.5, 0.5, 0.0]
    assert sizes == [32, 32, 48, 48]


def test_an_epoch_sees_every_face_once(tmp_path: Path) -> None:
    run = EpochRun(ExpressionTask(FACES, FAST), FAST, tmp_path)
    orders = []
    for epoch in (0, 1):
        seen = []
        for run.step in range(6 * epoch, 6 * epoch + 6):
            seen += run.batch(np.random.default_rng(0))["chosen"].tolist()
        assert sorted(seen) == list(range(192))
        orders.append(seen)
    assert orders[0] != orders[1]


def test_the_rate_rises_and_then_falls_to_nothing(tmp_path: Path) -> None:
    settings = EpochRun(ExpressionTask(FACES, FAST), replace(Settings(), epochs=100, batch=192), tmp_path).settings
    rates = [rate(step, settings) for step in range(101)]
    assert max(rates) == pytest.approx(settings.peak_rate)
    assert rates.index(max(rates)) == 15
    assert rates[-1] == pytest.approx(0.0, abs=1e-9)


def test_resuming_with_other_settings_is_refused(trained: Path, tmp_path: Path) -> None:
    (tmp_path / CHECKPOINT).write_bytes((trained / CHECKPOINT).read_bytes())
    with pytest.raises(TrainingError, match="another seed"):
        train(FACES, tmp_path, replace(FAST, seed=4), resume=True)


def test_a_training_may_be_prolonged(trained: Path, tmp_path: Path) -> None:
    (tmp_path / CHECKPOINT).write_bytes((trained / CHECKPOINT).read_bytes())
    longer = replace(FAST, epochs=3)
    run = EpochRun(ExpressionTask(FACES, longer), longer, tmp_path)
    run.restore()
    assert (run.step, run.settings.steps) == (12, 18)


def test_resuming_from_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="to resume from"):
        train(FACES, tmp_path, FAST, resume=True)


def test_too_few_faces_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="at least 32 faces in train"):
        train(together(made_up(8), made_up(4, "valid")), tmp_path / "out", FAST)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"", b"no weights"])
def test_files_that_are_no_weights_are_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / WEIGHTS
    file.write_bytes(content)
    with pytest.raises(TrainingError, match="not a checkpoint"):
        load_weights(file)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    file = tmp_path / WEIGHTS
    torch.save({"settings": {}, "weights": {"layer.weight": torch.zeros(3)}}, file)
    with pytest.raises(TrainingError, match="does not hold weights of this expression network"):
        load_weights(file)


def test_weights_of_earlier_versions_load_and_their_checkpoints_are_refused(trained: Path, tmp_path: Path) -> None:
    weights_of = torch.load(trained / WEIGHTS, weights_only=True)
    assert weights_of.pop("task") == "expression"
    torch.save(weights_of, tmp_path / WEIGHTS)
    assert set(weights(tmp_path)) == set(weights(trained))
    torch.save({"settings": {}, "net": {}, "average": {}, "optimizer": {}, "curve": []}, tmp_path / CHECKPOINT)
    with pytest.raises(TrainingError, match="of an earlier version: start again, without --resume"):
        train(FACES, tmp_path, FAST, resume=True)
