"""The network's shape and operators, who may be learned, and that the losses do what they are for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.models.training.test_pictures import unlike
from wakeful.models.identity import people
from wakeful.models.identity.layout import CROP_PX, EMBEDDING_SIZE
from wakeful.models.identity.teacher import directions

torch = pytest.importorskip("torch", reason="training needs the extra [train]")

from wakeful.models.identity.export import keep, load_identity_net, write  # noqa: E402
from wakeful.models.identity.net import NAME, IdentityNet  # noqa: E402
from wakeful.models.identity.samples import shaken  # noqa: E402
from wakeful.models.identity.task import kept_apart  # noqa: E402
from wakeful.models.training.run import Settings, save_weights  # noqa: E402


class Known:
    """Some pictures of five people, and one without points."""

    source = np.array(["lfw", "lfw", "lfw", "lfw", "ytf", "ytf", "utk", "yawdd", "yawdd"])
    person = np.array(["Ann", "Bea", "Cleo", "Dora", "Ann", "Cleo", "", "yawdd_1", "yawdd_1"])
    points = np.zeros((9, 478, 3))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    np.savez(
        tmp_path / people.LABELS,
        source_names=np.array(["lfw"]),
        source=np.zeros(4, int),
        person_names=np.array(["Ann", "Bea", "Cleo", "Dora"]),
        person=np.arange(4),
        fold=np.array([0, 2, 2, 5]),
    )
    return tmp_path


def test_nobody_of_the_test_is_learned_under_any_set_and_who_chooses_the_threshold_is_not_either(data: Path) -> None:
    known = Known()
    known.points[8] = np.nan
    split = people.splits(known, data)  # type: ignore[arg-type]
    assert split.tolist() == ["out", "valid", "valid", "train", "out", "out", "train", "train", "out"]


def test_people_named_once_have_no_number(data: Path) -> None:
    known = Known()
    known.points = np.zeros((9, 478, 3))
    number = people.numbered(known, people.splits(known, data))  # type: ignore[arg-type]
    assert number.tolist() == [-1, -1, -1, -1, -1, -1, -1, 0, 0]


def test_what_all_embeddings_have_in_common_is_taken_off() -> None:
    numbers = np.random.default_rng(1).normal(3.0, 1.0, (50, EMBEDDING_SIZE)).astype(np.float32)
    found = directions(numbers, np.arange(50) < 40)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(50), abs=1e-5)
    assert np.abs(found[:40].mean(axis=0)).max() < 0.05


def test_a_shaken_crop_lies_near_the_true_one() -> None:
    from wakeful.models.identity.crop import PLACES

    rng = np.random.default_rng(2)
    off = [PLACES @ (one := shaken(rng, PLACES))[:, :2].T + one[:, 2] - PLACES for _ in range(200)]
    assert 0.8 < np.std(off) < 4.0


def test_a_person_nearest_to_his_own_direction_costs_less() -> None:
    own, other = torch.tensor([[0.9, 0.1]]), torch.tensor([[0.1, 0.9]])
    assert kept_apart(own, torch.tensor([0])) < 0.1 < kept_apart(other, torch.tensor([0]))


def test_shapes_and_operators(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    net = unlike(IdentityNet(7)).eval()
    embedding, cosines = net(torch.zeros(2, 1, CROP_PX, CROP_PX))
    assert embedding.shape == (2, EMBEDDING_SIZE) and cosines.shape == (2, 7)
    save_weights(tmp_path / "weights.pt", NAME, net, Settings(steps=1))
    assert len(load_identity_net(tmp_path / "weights.pt").people.weight) == 7
    keep(tmp_path / "weights.pt", tmp_path / "shipped.pt")
    shipped = load_identity_net(tmp_path / "shipped.pt")
    assert not shipped.people.weight.any() and torch.equal(shipped.embedding.weight, net.embedding.weight)
    model = onnx.load(write(tmp_path / "weights.pt", tmp_path / "identity.onnx"))
    assert {node.op_type for node in model.graph.node} <= {"Conv", "Relu", "Gemm", "Flatten", "Add"}
    assert [one.name for one in model.graph.output] == ["embedding"]
