"""Pages of the networks that read points say what they read, and count what they are made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="counting beside torch needs the extra train: make test-train")
pytest.importorskip("onnx", reason="explaining needs onnx: make test-train")
pytest.importorskip("matplotlib", reason="explaining needs matplotlib: make test-train")

from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from wakeful.device.cli import status  # noqa: E402
from wakeful.models import registry  # noqa: E402
from wakeful.models.explain.points import PointsExplanation, Seen, explain, open_points  # noqa: E402
from wakeful.models.mouth.layout import COLUMNS, LIPS, ROWS, SPAN_PX  # noqa: E402
from wakeful.models.mouth.net import MouthNet  # noqa: E402
from wakeful.models.training.blocks import parameters  # noqa: E402

STAGES = {"face": 3, "lids": 2, "mouth": 2}


@pytest.fixture(scope="module")
def explained() -> PointsExplanation:
    crop = np.random.default_rng(0).standard_normal((1, 1, ROWS, COLUMNS)).astype(np.float32)
    seen = Seen(np.full((480, 640, 3), 90, np.uint8), crop, np.array([[300.0, 200.0], [340.0, 220.0]], np.float32))
    file = registry.path("mouth_float")
    return explain("mouth", file, open_points("mouth", file), seen)


@pytest.mark.parametrize(
    ("network", "read"), [("face", "present 100%"), ("lids", "right eye open 9"), ("mouth", "covered 0%")]
)
def test_the_rendered_driver_is_read_and_the_page_holds_all_pictures(
    network: str, read: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(["explain", network, "--out", str(tmp_path / "out")]) == 0
    assert f"index.html: {network}: " in (told := capsys.readouterr().out) and read in told
    stages = [f"stage_{i}" for i in range(1, STAGES[network] + 1)]
    names = {"index.html", *(f"{name}.png" for name in ("points", "filters", "stem", *stages))}
    assert {file.name for file in (tmp_path / "out").iterdir()} == names
    page = (tmp_path / "out" / "index.html").read_text()
    assert page.count("data:image/png;base64,") == len(names) - 1
    assert "Silent channels" in page and "multiply-accumulates for one crop" in page


def test_the_layer_table_adds_up_to_the_network_that_was_trained(explained: PointsExplanation) -> None:
    net, layers = MouthNet(), explained.anatomy.layers
    with FlopCounterMode(display=False) as counted:
        net.eval()(torch.zeros(1, 1, ROWS, COLUMNS))
    # A multiplication and its addition count as two.
    assert 2 * sum(one.macs for one in layers) == counted.get_total_flops()
    # Batch normalisation is folded: of four values for each channel, a bias is left.
    norms = [m.num_features for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert sum(one.parameters for one in layers) == parameters(net) - sum(norms)
    assert {one.kind for one in layers} == {"Conv", "Conv, 32 groups", "Relu", "Add", "Flatten", "Gemm"}


def test_points_are_drawn_where_the_crop_and_the_image_hold_them(explained: PointsExplanation) -> None:
    crop, whole = explained.draw().axes
    drawn, placed = (np.asarray(axes.lines[0].get_xydata(), np.float64) for axes in (crop, whole))
    expected = explained.answers[0].points * SPAN_PX + (COLUMNS / 2, ROWS / 2)
    assert drawn.shape == (len(LIPS), 2)
    assert np.allclose(drawn, expected)
    assert np.allclose(placed, explained.seen.points)
    assert whole.get_xlim() == pytest.approx((286.0, 354.0)) and whole.get_ylim() == pytest.approx((234.0, 186.0))


@pytest.mark.parametrize("weights", ["mouth_int8", "face_float"])
def test_other_networks_and_int8_ones_are_refused(
    weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--weights", str(registry.path(weights)), "--out", str(tmp_path / "out")]
    assert status(["explain", "mouth", *options]) == 4
    assert "is not a float mouth network; an int8 one cannot be explained" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
