"""A network is compiled for a Hexagon and simulated; whatever is wrong with a context is told in one line."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from wakeful.device.cli import status
from wakeful.device.perception.qnn_probe import sample
from wakeful.device.perception.runtime_choice import choose
from wakeful.models import registry, variants
from wakeful.models.expression.face import standardise
from wakeful.models.variants import SOCS, data_of
from wakeful.sensors.opencv import cv2

pytest.importorskip("onnx", reason="needs the extra [convert]")
pytest.importorskip("onnxruntime_qnn", reason="needs the extra [qnn]")
if platform.machine() != "x86_64":
    pytest.skip("contexts are compiled on x86-64", allow_module_level=True)

from tests.conversion.test_measure import Given
from wakeful import ConfigError
from wakeful.conversion import measure, qnn
from wakeful.conversion.qnn import CompileFailed, ContextBroken, ContextForeign
from wakeful.conversion.quantize import output_steps
from wakeful.conversion.resume import SLICE, compile_once, simulate_in_slices
from wakeful.conversion.stages import Places

NETWORK = "expression"
CHIP = SOCS["sm8650"]
PORTRAIT = Path(__file__).parents[2] / "sensors" / "assets" / "driver_head.png"


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("contexts") / variants.context_name(NETWORK, CHIP.name)
    compile_once(variants.file(NETWORK, "a16w8", "onnx"), CHIP, target, target.parent)
    return target


@pytest.fixture
def copy(context: Path, tmp_path: Path) -> Path:
    for file in (context, data_of(context)):
        shutil.copy(file, tmp_path)
    return tmp_path / context.name


def test_a_compiled_file_names_its_chip(context: Path) -> None:
    assert qnn.target_of(data_of(context)) == ("SM8650", 75)
    qnn.probe(context, CHIP)


def test_the_simulated_hexagon_answers_as_onnx_runtime_within_two_steps(context: Path) -> None:
    source = variants.file(NETWORK, "a16w8", "onnx")
    grey = np.asarray(cv2.imread(str(PORTRAIT), cv2.IMREAD_GRAYSCALE), np.uint8)
    face = standardise(np.stack([np.asarray(cv2.resize(one, (48, 48)), np.uint8) for one in (grey, grey[:, ::-1])]))
    given, same = qnn.simulate(context, face), measure.run_onnx(source, face)
    for name, step in output_steps(source).items():
        assert np.abs(given[name] - same[name]).max() <= 2.01 * step


def test_the_face_mesh_answers_on_the_simulated_v68_as_in_onnx_runtime(tmp_path: Path) -> None:
    source, target = variants.file("face_landmark", "a16w8", "onnx"), tmp_path / "mesh.onnx"
    qnn.compile_context(source, SOCS["qcs6490"], target)
    face = sample(registry.network("face_landmark"))
    given, same = qnn.simulate(target, face), measure.run_onnx(source, face)
    for name, step in output_steps(source).items():
        assert np.abs(given[name] - same[name]).max() <= 2.01 * step
    assert measure.points_error_px(given, same) < 0.05


def test_a_board_takes_all_networks_of_the_better_reader_onto_its_npu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAKEFUL_QNN_SIMULATOR", "qcs6490")
    monkeypatch.setenv("WAKEFUL_MODELS", str(tmp_path))  # what is compiled goes there
    names = ["face_detection_short_range", "face_landmarks_detector", "expression"]
    chosen = choose("qnn", names)
    assert (chosen.name, chosen.fallback, sorted(chosen.carriers)) == ("qnn", "", sorted(names))


@pytest.mark.parametrize("chip", variants.SHIPPED_SOCS)
def test_a_board_takes_the_shipped_contexts_of_the_reader_wakeful_and_compiles_none(
    chip: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAKEFUL_QNN_SIMULATOR", chip)
    monkeypatch.setenv("WAKEFUL_MODELS", str(tmp_path))
    chosen = choose("qnn", variants.OWN)
    assert (chosen.name, chosen.fallback) == ("qnn", "")
    assert {name: one.file for name, one in chosen.carriers.items()} == {
        name: variants.shipped_context(name, chip) for name in variants.OWN
    }
    assert not list(tmp_path.rglob("*.onnx"))


def test_what_was_compiled_and_simulated_is_not_done_again(context: Path, tmp_path: Path) -> None:
    source, compiled = variants.file(NETWORK, "a16w8", "onnx"), data_of(context).stat().st_mtime_ns
    compile_once(source, CHIP, context, context.parent)
    assert data_of(context).stat().st_mtime_ns == compiled
    faces = Given("noise", np.random.default_rng(3).normal(size=(3, 1, 48, 48)).astype(np.float32), None, "a" * 64)
    first = simulate_in_slices(context, faces, tmp_path)
    (kept,) = tmp_path.iterdir()
    assert first["ferplus"].shape == (3, 8) and len(faces.tensors) <= SLICE
    np.savez(kept, ferplus=np.zeros((3, 8), np.float32))  # what is kept is believed
    assert simulate_in_slices(context, faces, tmp_path)["ferplus"].sum() == 0
    other = Given("others", faces.tensors, None, "b" * 64)
    assert np.array_equal(simulate_in_slices(context, other, tmp_path)["ferplus"], first["ferplus"])


def test_a_context_for_another_chip_is_refused(context: Path) -> None:
    with pytest.raises(ContextForeign, match=r"compiled for SM8650 \(v75\), not for QCS6490"):
        qnn.probe(context, SOCS["qcs6490"])


def test_a_context_that_was_cut_short_is_refused_without_harm(copy: Path) -> None:
    data = data_of(copy).read_bytes()
    data_of(copy).write_bytes(data[:-4096])
    with pytest.raises(ContextBroken, match="compile it again"):
        qnn.probe(copy, CHIP)


def test_a_context_with_damaged_bytes_is_refused_without_harm(copy: Path) -> None:
    data = bytearray(data_of(copy).read_bytes())
    data[:64] = bytes(64)
    data_of(copy).write_bytes(data)
    with pytest.raises(ContextBroken, match="does not load"):
        qnn.probe(copy, CHIP)


def test_a_file_that_names_no_chip_is_refused(copy: Path) -> None:
    data_of(copy).write_bytes(b"nothing of that kind")
    with pytest.raises(ContextBroken, match="names 0 chips"):
        qnn.probe(copy, CHIP)


def test_a_context_without_its_data_is_refused(copy: Path) -> None:
    data_of(copy).unlink()
    with pytest.raises(ContextBroken, match="cannot be read"):
        qnn.probe(copy, CHIP)


def test_a_network_that_is_none_does_not_compile(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"no network")
    with pytest.raises(CompileFailed, match="sm8650"):
        qnn.compile_context(tmp_path / "broken.onnx", CHIP, tmp_path / "c" / "x.onnx")
    assert list((tmp_path / "c").iterdir()) == []


def test_a_child_that_dies_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    assert "ended its process" in qnn.child({"do": "run"})["error"]


def test_contexts_are_not_compiled_on_other_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    with pytest.raises(ConfigError, match="x86-64"):
        qnn.require_host()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["qnn", "--soc", "sm9999"], "no context is compiled for the chip 'sm9999'"),
        (["qnn", "--networks", "nobody"], "'nobody' cannot be converted this way"),
        (["qnn", "--data", "/nowhere"], "contains no images of faces"),
        (["onnx", "--data", "/nowhere"], "contains no images of faces"),
    ],
)
def test_the_command_refuses_in_one_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    data = [] if "--data" in arguments else ["--data", "/nowhere"]
    begun = time.monotonic()
    assert status(["convert", *arguments, *data]) == 2
    (line,) = [one for one in capsys.readouterr().err.splitlines() if one.startswith("wakeful:")]
    assert said in line
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize(("extra", "package"), [("convert", "tflite"), ("qnn", "onnxruntime_qnn")])
def test_a_missing_extra_is_named(
    extra: str, package: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = importlib.util.find_spec
    found = lambda name: None if name == package else real(name)  # noqa: E731
    monkeypatch.setattr("wakeful.device.extras.find_spec", found)
    assert status(["convert", "qnn", "--data", "/nowhere"]) == 2
    assert f"pip install 'wakeful[{extra}]'" in capsys.readouterr().err


def test_a_step_before_its_time_names_the_one_before(tmp_path: Path) -> None:
    from wakeful.conversion.stages import made

    with pytest.raises(ConfigError, match="wakeful convert onnx"):
        made(Places(tmp_path).float_onnx("face_landmark"), "onnx")
