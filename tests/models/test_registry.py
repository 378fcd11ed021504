"""The registry names every network, and lets none pass that is not the one it names."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from tools.rigs.waiting import within
from wakeful import ModelError
from wakeful.models import registry
from wakeful.models.registry import ModelCorrupt, ModelMissing, ModelUnknown, State

NAMES = list(registry.networks())
ARCHIVES = [name for name, one in registry.networks().items() if one.file == one.origin.file]


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_is_complete(name: str) -> None:
    one = registry.network(name)
    assert re.fullmatch("[0-9a-f]{64}", one.sha256)
    assert one.bytes > 100_000
    assert one.licence == "Apache-2.0"
    assert one.about and one.member and one.outputs
    assert re.match(
        "unknown: |FER2013: research|HELEN/300-W: non-commercial research|LFW, .*: research", one.training_terms
    )
    assert one.readers or one.origin.kind == "project"  # the expression and the eyes' visibility serve every reader
    assert all(tensor.meaning and tensor.shape for tensor in (*one.inputs, *one.outputs))
    assert all(tensor.range is not None for tensor in one.inputs)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ARCHIVES])
def test_shapes_are_those_of_the_network_itself(name: str) -> None:
    if not registry.available(name):
        pytest.skip(f"{name} is not in the cache: {registry.how_to_get(registry.network(name))}")
    one = registry.network(name)
    read = _shapes_of_onnx if one.file.endswith(".onnx") else _shapes_of_tflite
    inputs, outputs = read(registry.path(name))
    assert [(tensor.name, tensor.shape) for tensor in one.inputs] == inputs
    assert [(tensor.name, tensor.shape) for tensor in one.outputs] == outputs


Shapes = list[tuple[str, tuple[int, ...]]]


def _shapes_of_tflite(file: Path) -> tuple[Shapes, Shapes]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(file))
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    return [(one["name"], tuple(one["shape"])) for one in inputs], [
        (one["name"], tuple(one["shape"])) for one in outputs
    ]


def _shapes_of_onnx(file: Path) -> tuple[Shapes, Shapes]:
    """A free batch size is told by its name, and counts as 1."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file))

    def shapes(tensors: list[onnxruntime.NodeArg]) -> Shapes:
        return [(one.name, tuple(n if isinstance(n, int) else 1 for n in one.shape)) for one in tensors]

    return shapes(session.get_inputs()), shapes(session.get_outputs())


def test_outputs_that_are_classes_name_each_of_them() -> None:
    for one in registry.networks().values():
        assert all(len(output.classes) == output.shape[-1] for output in one.outputs if output.classes)


def test_nothing_that_is_required_is_fetched() -> None:
    assert {one.origin.kind for one in registry.networks().values() if one.required} == {"project"}


def test_the_reader_wakeful_and_the_detector_need_nothing_that_is_fetched(empty_cache: Path) -> None:
    needed = [one for one in registry.networks().values() if "wakeful" in one.readers]
    assert {one.name for one in needed} == {"face_detection_short_range", "face", "lids", "mouth"}
    assert [registry.state(one.name) for one in needed] == [State.PRESENT] * 4
    assert all(one.required for one in needed)


def test_a_file_that_others_made_is_named_with_its_licence_beside_it() -> None:
    notice = (registry.WEIGHTS / "NOTICE").read_text(encoding="utf-8")
    borrowed = [one for one in registry.networks().values() if one.training_terms.startswith("unknown: ")]
    assert all(one.file in notice for one in borrowed if one.origin.kind == "project")
    assert "Apache License, Version 2.0" in notice


def test_verifying_the_largest_network_takes_less_than_a_frame() -> None:
    def processor_s() -> float:
        begun = time.process_time()
        registry.path("iris_landmark")
        return time.process_time() - begun

    assert within(0.03, processor_s)


def test_a_missing_network_tells_the_command_that_fetches_it(empty_cache: Path) -> None:
    with pytest.raises(ModelMissing, match="run `wakeful models pull`") as caught:
        registry.path("face_landmark")
    assert str(empty_cache) in str(caught.value)
    assert isinstance(caught.value, FileNotFoundError)
    assert caught.value.exit_status == 4
    assert not registry.available("face_landmark")
    assert registry.state("face_landmark") is State.MISSING


def test_a_network_that_no_package_carries_tells_its_address(empty_cache: Path) -> None:
    with pytest.raises(ModelMissing, match=r"https://storage\.googleapis\.com/.*pull --from FOLDER"):
        registry.path("face_landmarks_detector")


@pytest.fixture
def mesh() -> bytes:
    """The content of a right network, from the user's cache."""
    return registry.path("face_landmark").read_bytes()


def test_one_changed_byte_is_refused(mesh: bytes, empty_cache: Path) -> None:
    content = bytearray(mesh)
    content[1000] ^= 1
    empty_cache.mkdir()
    (empty_cache / "face_landmark.tflite").write_bytes(content)
    with pytest.raises(ModelCorrupt, match="wrong sha256") as caught:
        registry.path("face_landmark")
    assert isinstance(caught.value, ValueError)
    assert registry.state("face_landmark") is State.CORRUPT
    assert registry.path("face_landmark", verify=False).is_file()


def test_a_corrupt_network_counts_as_available_so_that_loading_it_fails_loudly(empty_cache: Path) -> None:
    empty_cache.mkdir()
    (empty_cache / "face_landmarks_detector.tflite").write_bytes(b"half a downl")
    assert registry.available("face_landmarks_detector")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for root")
def test_a_file_that_cannot_be_read_is_an_error_of_one_line(empty_cache: Path) -> None:
    empty_cache.mkdir()
    file = empty_cache / "face_landmark.tflite"
    file.write_bytes(b"")
    file.chmod(0)
    with pytest.raises(ModelError, match="cannot be read"):
        registry.path("face_landmark")


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ModelUnknown, match=r"'face_landmrk'.*face_landmark, iris_landmark"):
        registry.path("face_landmrk")


def test_the_cache_is_where_the_user_says_else_in_the_users_cache_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAKEFUL_MODELS", "~/nets")
    assert registry.cache_folder() == Path.home() / "nets"
    monkeypatch.delenv("WAKEFUL_MODELS")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert registry.cache_folder() == Path.home() / ".cache" / "wakeful"
