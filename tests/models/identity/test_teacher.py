"""dlib's file is read as dlib reads it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from wakeful.sensors.driver_face import DriverPose, render

pytest.importorskip("torch", reason="training needs the extra [train]")

from wakeful.models.identity.dlib_network import DlibNetwork, _layers
from wakeful.models.identity.teacher import MESH68, WEIGHTS, Teacher


def whole(number: int) -> bytes:
    length = max((number.bit_length() + 7) // 8, 1)
    return bytes([length]) + number.to_bytes(length, "little")


def layer(name: str, numbers: np.ndarray, *before: int) -> bytes:
    """A layer as dlib writes it: name, sizes of a matrix, version and sizes of the tensor, floats."""
    heads = b"".join(whole(one) for one in (*before, 2, len(numbers), 1, 1, 1))
    return whole(len(name)) + name.encode() + heads + numbers.astype("<f4").tobytes()


def test_layers_are_read_in_their_order_with_their_numbers() -> None:
    first, second = np.arange(300.0), np.array([1.5, -2.0])
    found = list(_layers(b"head" + layer("con_4", first) + b"\x00\x01" + layer("fc_2", second, 2, 1)))
    assert [name for name, _ in found] == ["con_4", "fc_2"]
    assert (found[0][1] == first).all() and (found[1][1] == second).all()


def test_another_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.dat").write_bytes(layer("fc_2", np.zeros(4), 2, 2))
    with pytest.raises(ValueError, match="not dlib's face recognition network"):
        DlibNetwork(tmp_path / "other.dat")


@pytest.mark.skipif(
    not (find_spec("dlib") and find_spec("face_recognition_models")), reason="needs the extra [teacher]"
)
def test_it_answers_as_dlib_does() -> None:
    import dlib

    from wakeful.device.perception.one_image import look_at
    from wakeful.device.perception.pipeline import Perception

    image = render(DriverPose())
    points = look_at(image, Perception()).landmarks
    assert points is not None and len(MESH68) == 68
    teacher = Teacher()
    chip = teacher.chip(image, points)
    spec = find_spec("face_recognition_models")
    assert spec is not None and spec.submodule_search_locations
    own = dlib.face_recognition_model_v1(str(Path(spec.submodule_search_locations[0]) / WEIGHTS))
    assert teacher.embed([chip])[0] == pytest.approx(np.array(own.compute_face_descriptor(chip)), abs=1e-4)
