"""Converted networks are driven as their originals: same layout, same order and shapes of outputs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from wakeful.device.perception.network import NetworkLoadError
from wakeful.device.perception.runtime_onnx import Driven, OnnxNetwork, to_channels_first
from wakeful.models import registry

MESH = registry.network("face_landmark")


class ConvertedMesh:
    """A session of the face mesh as a converter leaves it: channels first, outputs in its own order."""

    def __init__(self, *names: str) -> None:
        self._names = names
        self.given: Any = None

    def get_inputs(self) -> list[Any]:
        return [SimpleNamespace(name="input_1", shape=[1, 3, 192, 192])]

    def get_outputs(self) -> list[Any]:
        return [SimpleNamespace(name=name) for name in self._names]

    def run(self, wanted: list[str], given: dict[str, Any]) -> list[Any]:
        self.given = given["input_1"]
        made = {"conv2d_21": np.zeros((1, 1404, 1, 1), np.float32), "conv2d_31": np.ones((1, 1, 1, 1), np.float32)}
        return [made[name] for name in wanted]


def test_pictures_with_channels_last_reach_a_network_that_wants_them_first() -> None:
    session = ConvertedMesh("conv2d_21", "conv2d_31")
    driven = Driven(session, MESH)
    picture = np.random.default_rng(3).random((1, 192, 192, 3), np.float32)
    driven(picture)
    assert driven.input_shape == (1, 192, 192, 3)
    assert session.given.shape == (1, 3, 192, 192)
    assert session.given[0, 2, 5, 7] == picture[0, 5, 7, 2]
    assert session.given.flags.c_contiguous


def test_outputs_come_in_the_order_and_shape_of_the_registry() -> None:
    points, presence = Driven(ConvertedMesh("conv2d_31", "conv2d_21"), MESH)(np.zeros((1, 192, 192, 3), np.float32))
    assert points.shape == (1, 1, 1, 1404)
    assert presence.item() == 1.0


def test_a_network_of_another_size_is_refused() -> None:
    with pytest.raises(NetworkLoadError, match="convert it again"):
        to_channels_first((1, 192, 192, 3), (1, 3, 128, 128))


def test_a_network_that_takes_what_is_described_is_left_alone() -> None:
    assert to_channels_first((1, 1, 48, 48), (1, 1, 48, 48)) is None


def test_the_shipped_expression_network_answers_the_same_with_its_entry_and_without() -> None:
    file, face = (
        registry.path("expression_int8"),
        np.random.default_rng(3).normal(size=(1, 1, 48, 48)).astype(np.float32),
    )
    plain, described = OnnxNetwork(file), OnnxNetwork(file, entry=registry.network("expression"))
    assert all(np.array_equal(a, b) for a, b in zip(plain(face), described(face), strict=True))
