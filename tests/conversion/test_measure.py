"""Figures of converted networks, and when the tools refuse to take them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from wakeful.models import registry

pytest.importorskip("onnx", reason="needs the extra [convert]")

from wakeful.conversion import measure
from wakeful.conversion.count import macs
from wakeful.conversion.measure import SignedWeightsUnsupported
from wakeful.models import variants


@dataclass(frozen=True)
class Given:
    name: str
    tensors: NDArray[np.float32]
    labels: NDArray[np.int64] | None
    sha256: str = "0" * 64


FACES = Given("four faces", np.zeros((4, 1, 48, 48), np.float32), np.array([0, 1, 2, 3]))


def test_top_1_is_the_share_of_right_answers_beside_float() -> None:
    floats, mine = np.eye(8, dtype=np.float32)[[0, 1, 2, 3]], np.eye(8, dtype=np.float32)[[0, 1, 2, 7]]
    figure = measure.task_figure("expression", {"ferplus": mine}, {"ferplus": floats}, FACES, "CPU")
    assert (figure.value, figure.reference, figure.loss, figure.passed) == (0.75, 1.0, 0.25, False)


def test_the_error_of_points_is_their_mean_distance_in_the_picture() -> None:
    floats = np.zeros((1, 6), np.float32)
    mine = np.array([[3.0, 4.0, 99.0, 0.0, 0.0, 99.0]], np.float32)  # depth does not count
    assert measure.points_error_px({"points": mine}, {"points": floats}) == 2.5


def test_parity_counts_steps_of_the_output() -> None:
    same, other = np.array([0.0, 0.5, 1.0, 1.0], np.float32), np.array([0.0, 1.0, 2.5, 1.0], np.float32)
    parity = measure.step_parity({"y": other}, {"y": same}, {"y": 0.5}, "the same", FACES, "CPU")
    assert (parity.worst, parity.share_within, parity.passed) == (3.0, 0.75, False)


def test_signed_weights_are_not_judged_where_sums_saturate(monkeypatch: pytest.MonkeyPatch) -> None:
    file = registry.path("expression_int8")
    measure.require_exact(file, flags="avx2")  # its weights are unsigned
    monkeypatch.setattr(measure, "has_signed_weights", lambda _: True)
    measure.require_exact(file, flags="avx2 avx512_vnni")
    with pytest.raises(SignedWeightsUnsupported, match="no VNNI"):
        measure.require_exact(file, flags="avx2 avx512f")


def test_16_bit_activations_are_computed_in_float_and_may_have_signed_weights() -> None:
    assert not measure.has_signed_weights(variants.file("face_landmark", "a16w8", "onnx"))
    assert not measure.has_signed_weights(variants.file("face_detection_short_range", "a16w8", "onnx"))


def test_multiplications_are_counted_with_additions() -> None:
    assert 5e6 < macs(registry.path("expression_float")) < 2e8
