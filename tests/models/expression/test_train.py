"""Training learns, is repeatable, goes on where it stopped, and refuses what does not belong together."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs torch: make test-train")
pytest.importorskip("matplotlib", reason="training needs matplotlib: make test-train")

from tests.models.expression.samples import made_up, together  # noqa: E402
from wakeful.models.expression.augment import Augmentation  # noqa: E402
from wakeful.models.expression.curve import CURVE_CSV, CURVE_PNG  # noqa: E402
from wakeful.models.expression.net import ExpressionNet  # noqa: E402
from wakeful.models.expression.train import Run, Settings, rate, reader, train  # noqa: E402
from wakeful.models.expression.weights import CHECKPOINT, WEIGHTS, load_weights  # noqa: E402
from wakeful.models.training.blocks import multiplications, parameters  # noqa: E402
from wakeful.models.training.run import TrainingError  # noqa: E402

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
    assert multiplications(net, torch.zeros(1, 1, 48, 48)) <= 80_000_000


def test_the_loss_falls(tmp_path: Path) -> None:
    curve = train(FACES, tmp_path, replace(FAST, epochs=6, sizes_px=(32,)))
    assert curve[-1].loss < 0.8 * curve[0].loss


def test_training_leaves_weights_checkpoint_and_curve(trained: Path) -> None:
    assert {file.name for file in trained.iterdir()} == {WEIGHTS, CHECKPOINT, CURVE_CSV, CURVE_PNG}
    assert (trained / CURVE_PNG).read_bytes().startswith(b"\x89PNG")
    rows = list(csv.DictReader((trained / CURVE_CSV).open()))
    assert [row["epoch"] for row in rows] == ["1", "2"]


def test_the_same_seed_gives_the_same_weights(trained: Path, tmp_path: Path) -> None:
    train(FACES, tmp_path, FAST)
    again = weights(tmp_path)
    assert all(torch.allclose(again[key].float(), value.float(), atol=1e-5) for key, value in weights(trained).items())  # type: ignore[attr-defined]


def test_a_resumed_training_equals_one_that_was_not_interrupted(trained: Path, tmp_path: Path) -> None:
    run = Run(FACES, FAST)
    run.one_epoch(lambda _, count: iter(range(count)))
    run.save(tmp_path / CHECKPOINT)
    curve = train(FACES, tmp_path, FAST, resume=True)
    assert [row.epoch for row in curve] == [1, 2]
    resumed = weights(tmp_path)
    assert all(
        torch.allclose(resumed[key].float(), value.float(), atol=1e-5)  # type: ignore[attr-defined]
        for key, value in weights(trained).items()
    )


def test_a_teacher_pulls_the_targets_towards_what_it_says(trained: Path) -> None:
    net = load_weights(trained / WEIGHTS)
    alone, taught = Run(FACES, FAST).train_set, Run(FACES, FAST, reader(net)).train_set
    assert not torch.allclose(alone.votes, taught.votes)
    assert torch.allclose(taught.votes.sum(dim=1), torch.ones(192), atol=1e-5)
    assert torch.allclose(taught.fer2013.sum(dim=1), torch.ones(192), atol=1e-5)


def test_the_end_of_the_training_is_calm(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []
    run = Run(FACES, replace(FAST, epochs=4, calm=0.25, sizes_px=(32,)))

    def one_step(chosen: object, size: int, how: Augmentation) -> float:
        given.append(how.hidden)
        return 0.0

    monkeypatch.setattr(run, "_one_step", one_step)
    for _ in range(4):
        run.one_epoch(lambda _, count: iter(range(1)))
    assert given == [0.5, 0.5, 0.5, 0.0]


def test_the_rate_rises_and_then_falls_to_nothing() -> None:
    settings = Settings()
    rates = [rate(progress / 100, settings) for progress in range(101)]
    assert max(rates) == pytest.approx(settings.peak_rate)
    assert rates.index(max(rates)) == 15
    assert rates[-1] == pytest.approx(0.0, abs=1e-9)


def test_resuming_with_other_settings_is_refused(trained: Path, tmp_path: Path) -> None:
    (tmp_path / CHECKPOINT).write_bytes((trained / CHECKPOINT).read_bytes())
    with pytest.raises(TrainingError, match="another seed"):
        train(FACES, tmp_path, replace(FAST, seed=4), resume=True)


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
