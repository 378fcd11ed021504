"""A network is judged by each protocol, with and without faces seen in training, and on folders of classes."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import onnxruntime.datasets
import pytest

from tests.models.expression.samples import made_up, together, write
from wakeful.device.cli import status
from wakeful.models import registry
from wakeful.models.expression.data import paper_labels
from wakeful.models.expression.evaluate import evaluate
from wakeful.models.expression.network import ExpressionFile, WeightsError

SHIPPED = registry.path("expression")


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """Made-up faces; ten of the forty in test are copies of training faces."""
    train, test = made_up(60), made_up(40, "test", seed=2)
    test.images[:10] = train.images[:10]
    return write(together(train, test), tmp_path / "faces.npz")


def test_every_protocol_is_judged_with_and_without_copies(packed: Path) -> None:
    report = evaluate(SHIPPED, packed, "test")
    assert report.copies == 10
    assert {name: one.faces for name, one in report.protocols.items()} == {
        "ferplus": 40,
        "ferplus_unseen": 30,
        "ferplus_plurality": 40,
        "ferplus_plurality_unseen": 30,
        "fer2013": 40,
        "fer2013_unseen": 30,
    }
    for one in report.protocols.values():
        assert np.sum(one.confusion) == one.faces
        assert one.accuracy_95[0] <= one.accuracy <= one.accuracy_95[1]


def test_accuracy_is_that_of_the_networks_own_answers(packed: Path) -> None:
    test = made_up(40, "test", seed=2)
    test.images[:10] = made_up(60).images[:10]
    logits, _ = ExpressionFile(SHIPPED).logits(test.images)
    expected = (logits.argmax(axis=1) == paper_labels(test.votes)).mean()
    assert evaluate(SHIPPED, packed, "test").protocols["ferplus"].accuracy == pytest.approx(expected)


def test_a_folder_is_judged_on_the_classes_it_has(tmp_path: Path) -> None:
    for name in ("happiness", "sadness"):
        (tmp_path / name).mkdir()
        for i, image in enumerate(made_up(3, seed=len(name)).images):
            cv2.imwrite(str(tmp_path / name / f"{i}.png"), image)
    (one,) = evaluate(SHIPPED, tmp_path, "test").protocols.values()
    assert (one.faces, one.classes) == (6, ("happiness", "sadness"))


def test_the_command_writes_figures_and_picture(
    packed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="drawing needs matplotlib: make test-train")
    out, picture = tmp_path / "figures.json", tmp_path / "confusion.png"
    arguments = ["--data", str(packed), "--json", str(out), "--confusion", str(picture)]
    assert status(["evaluate", "expression", *arguments]) == 0
    assert "ferplus" in capsys.readouterr().out
    figures = json.loads(out.read_text())["protocols"]["ferplus"]
    assert set(figures) >= {"accuracy", "macro_f1", "recall", "confusion", "calibration_error", "accuracy_95"}
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--data", "/no/faces.npz"], "/no/faces.npz cannot be read"),
        (["--data", "FACES", "--split", "valid"], "holds no faces of the split 'valid'; it has: test, train"),
        (["--data", "FACES", "--weights", "/no/net.onnx"], "there is no weights file /no/net.onnx"),
        (["--data", "FACES", "--weights", "FACES"], "is not an ONNX network"),
        (["--data", "FACES", "--json", "/no/such/folder/out.json"], "cannot be written"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(
    packed: Path, tmp_path: Path, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(tmp_path.iterdir())
    given = [str(packed) if one == "FACES" else one for one in arguments]
    assert status(["evaluate", "expression", *given]) != 0
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1
    assert set(tmp_path.iterdir()) == before


def test_another_onnx_network_is_refused() -> None:
    with pytest.raises(WeightsError, match="is not an expression network: it takes"):
        ExpressionFile(Path(onnxruntime.datasets.get_example("sigmoid.onnx")))
