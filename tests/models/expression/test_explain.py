"""An explanation points at what mattered, and is written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="explaining needs onnx: make test-train")
pytest.importorskip("matplotlib", reason="explaining needs matplotlib: make test-train")

from tests.models.expression.samples import made_up
from wakeful.device.cli import status
from wakeful.models import registry
from wakeful.models.explain.page import write_page
from wakeful.models.expression.explain import ExpressionExplanation, explain, heat_map
from wakeful.models.expression.face import FERPLUS_CLASSES
from wakeful.models.expression.network import ExpressionFile, WeightsError

PORTRAIT = registry.WEIGHTS.parents[1] / "sensors" / "assets" / "driver_head.png"


@pytest.fixture(scope="module")
def explained() -> ExpressionExplanation:
    return explain(registry.path("expression_float"), made_up(1).images[0])


def test_the_answer_is_the_networks_own(explained: ExpressionExplanation) -> None:
    assert set(explained.probabilities) == set(FERPLUS_CLASSES)
    assert explained.answer == max(explained.probabilities, key=lambda name: explained.probabilities[name])
    assert sum(explained.probabilities.values()) == pytest.approx(1.0, abs=1e-5)


def test_the_layer_table_adds_up_to_the_network(explained: ExpressionExplanation) -> None:
    convolutions = [one for one in explained.anatomy.layers if one.kind == "Conv"]
    assert convolutions[0].kernel == "3x3" and convolutions[0].stride == "1x1" and convolutions[0].padding == "1"
    assert convolutions[0].output == "32x48x48"
    assert sum(one.macs for one in explained.anatomy.layers) <= 80_000_000
    size = registry.path("expression_float").stat().st_size
    assert sum(one.parameters for one in explained.anatomy.layers) * 4 == pytest.approx(size, rel=0.02)


def test_filters_stages_and_silent_shares_are_there(explained: ExpressionExplanation) -> None:
    assert explained.anatomy.filters.shape == (32, 3, 3)
    assert [maps.shape[1] for maps in explained.anatomy.stages.values()] == [48, 24, 12, 6]
    assert len(explained.anatomy.silent) == 13
    assert all(0.0 <= share <= 1.0 for share in explained.anatomy.silent.values())


def test_heat_lies_where_the_features_that_count_are() -> None:
    features = np.zeros((2, 6, 6), np.float32)
    features[0, 1, 4] = 1.0  # speaks for the answer
    features[1, 4, 1] = 1.0  # speaks against it
    heat = heat_map(features, np.array([2.0, -1.0], np.float32))
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert 8 <= row < 16 and 32 <= column < 40
    assert heat[36, 12] == 0.0


def test_the_page_holds_all_pictures(explained: ExpressionExplanation, tmp_path: Path) -> None:
    page = write_page(explained, tmp_path / "out").read_text()
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {"index.html", *(f"{n}.png" for n in ("heat", "filters", "stem", "stage_1", "stage_2", "stage_3"))}
    assert page.count("data:image/png;base64,") == 6
    assert "Silent channels" in page and "multiply-accumulates" in page


def test_an_int8_network_is_refused() -> None:
    with pytest.raises(WeightsError, match="an int8 one cannot be explained"):
        explain(registry.path("expression_int8"), made_up(1).images[0])


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="is not an ONNX network"):
        ExpressionFile(tmp_path / "net.onnx")


def test_the_command_finds_the_face_in_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--image", str(PORTRAIT), "--out", str(tmp_path / "out")]
    assert status(["explain", "expression", *arguments]) == 0
    assert "index.html: happiness" in capsys.readouterr().out


def test_a_picture_without_a_face_is_told_and_nothing_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import cv2

    blank = tmp_path / "blank.png"
    cv2.imwrite(str(blank), np.full((240, 320, 3), 90, np.uint8))
    for image, told in ((blank, "no face was found"), (Path(__file__), "is not an image that can be read")):
        assert status(["explain", "expression", "--image", str(image), "--out", str(tmp_path / "out")]) == 3
        assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
