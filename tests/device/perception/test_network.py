"""Networks behind one call, whichever runtime carries them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime.datasets
import pytest

from wakeful import ConfigError, ModelError
from wakeful.device.perception.network import NetworkLoadError, load, load_file


def test_a_litert_network_answers_with_its_outputs_in_order() -> None:
    network = load("face_detection_short_range")
    boxes, scores = network(np.zeros(network.input_shape, dtype=np.float32))
    assert (boxes.shape, scores.shape) == ((1, 896, 16), (1, 896, 1))


def test_outputs_stay_valid_after_the_next_run() -> None:
    network = load("face_detection_short_range")
    first = network(np.zeros(network.input_shape, dtype=np.float32))[0]
    kept = first.copy()
    network(np.ones(network.input_shape, dtype=np.float32))
    assert np.array_equal(first, kept)


def test_an_onnx_network_runs() -> None:
    network = load_file(Path(onnxruntime.datasets.get_example("sigmoid.onnx")))
    [answer] = network(np.zeros(network.input_shape, dtype=np.float32))
    assert answer == pytest.approx(0.5)


@pytest.mark.parametrize("ending", [".tflite", ".onnx"])
def test_a_file_that_is_no_network_is_refused_in_one_line(tmp_path: Path, ending: str) -> None:
    broken = tmp_path / f"broken{ending}"
    broken.write_bytes(b"this is no network")
    with pytest.raises(NetworkLoadError, match="cannot load it") as caught:
        load_file(broken)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_status == 4


def test_an_unknown_ending_is_refused() -> None:
    with pytest.raises(ConfigError, match="no runtime reads"):
        load_file(Path("network.caffemodel"))


def test_a_missing_network_says_how_to_get_it(empty_cache: Path) -> None:
    with pytest.raises(ModelError, match="wakeful models pull"):
        load("face_landmark")
