"""The NPU where there is one, else LiteRT; what cannot be had is told, and an order for it is an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from wakeful import ModelError
from wakeful.device.perception import runtime_choice
from wakeful.device.perception.hexagon import Hexagon
from wakeful.device.perception.network import load
from wakeful.device.perception.qnn_probe import Candidate, Verdict, sample
from wakeful.device.perception.runtime_choice import Replaceable, RuntimeMissing, candidates, choose, reader_for
from wakeful.device.supervision.notes import Notes
from wakeful.models import manifest, registry, variants

LAPTOP = Hexagon("", False, (), "")
BARE_SNAPDRAGON = Hexagon("qcs6490", True, (Path("/dev/null"),), "")
SNAPDRAGON = Hexagon("qcs6490", True, (Path("/dev/null"),), "2.7.0")
MESH = ("face_detection_short_range", "face_landmark", "iris_landmark")
Answer = Callable[[Verdict], None]


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Decides what the probe finds."""

    def decide(verdict: Verdict) -> None:
        monkeypatch.setattr(runtime_choice, "probe", lambda candidates, soc_model: verdict)

    return decide


def test_a_machine_without_a_hexagon_runs_litert_and_that_is_no_fall_back() -> None:
    notes = Notes()
    chosen = choose("auto", MESH, notes, LAPTOP)
    assert (chosen.name, chosen.fallback, notes.codes) == ("litert", "", ())


def test_a_snapdragon_without_the_package_falls_back_and_that_is_noted() -> None:
    notes = Notes()
    chosen = choose("auto", MESH, notes, BARE_SNAPDRAGON)
    assert (chosen.name, notes.codes) == ("litert", ("runtime_fallback",))
    assert "pip install 'wakeful[qnn]'" in notes.changes()[0].text


@pytest.mark.parametrize("machine", [LAPTOP, BARE_SNAPDRAGON])
def test_an_order_for_the_npu_where_there_is_none_is_an_error_of_the_configuration(machine: Hexagon) -> None:
    with pytest.raises(RuntimeMissing, match="the Hexagon cannot be used") as raised:
        choose("qnn", MESH, Notes(), machine)
    assert raised.value.exit_status == 2


def test_a_chip_that_nothing_is_compiled_for_is_told_with_those_that_are_known() -> None:
    chosen = choose("auto", MESH, Notes(), Hexagon("", True, (Path("/dev/null"),), "2.7.0"))
    assert "known chips: qcs6490" in chosen.fallback


def test_all_networks_on_the_npu(answer: Answer) -> None:
    answer(Verdict({name: Candidate(name, Path(f"{name}.onnx")) for name in MESH}, {}))
    notes = Notes()
    chosen = choose("auto", MESH, notes, SNAPDRAGON)
    assert (chosen.name, chosen.soc, notes.codes) == ("qnn", "qcs6490", ())
    assert {carrier.runtime for carrier in chosen.carriers.values()} == {"qnn"}


def test_a_network_that_stays_behind_is_named_and_the_others_run_on_the_npu(answer: Answer) -> None:
    answer(Verdict({MESH[1]: Candidate(MESH[1], Path("a.onnx"))}, {MESH[0]: "operator missing", MESH[2]: "torn"}))
    notes = Notes()
    chosen = choose("auto", MESH, notes, SNAPDRAGON)
    assert chosen.name == "qnn+litert"
    assert notes.codes == ("runtime_fallback",)
    assert MESH[0] in chosen.fallback and MESH[2] in chosen.fallback and MESH[1] not in chosen.fallback


def test_an_order_for_the_npu_with_a_network_that_does_not_run_there_is_an_error_of_the_model(answer: Answer) -> None:
    answer(Verdict({}, dict.fromkeys(MESH, "operator missing")))
    with pytest.raises(ModelError, match="not all networks run on the Hexagon") as raised:
        choose("qnn", MESH, Notes(), SNAPDRAGON)
    assert raised.value.exit_status == 4


def test_a_provider_that_lists_no_npu_falls_back(answer: Answer) -> None:
    answer(Verdict({}, {}, "the QNN provider lists no Hexagon on this machine"))
    assert choose("auto", MESH, Notes(), SNAPDRAGON).name == "litert"
    with pytest.raises(RuntimeMissing, match="lists no Hexagon"):
        choose("qnn", MESH, Notes(), SNAPDRAGON)


def test_what_is_compiled_here_is_kept_under_a_name_that_changes_with_network_and_provider() -> None:
    (compiled,) = (one for one in candidates("expression", SNAPDRAGON) if one.compile_to is not None)
    assert compiled.file == registry.path("expression_a16w8")
    other = Hexagon("qcs6490", True, SNAPDRAGON.nodes, "2.8.0")
    (again,) = (one for one in candidates("expression", other) if one.compile_to is not None)
    assert compiled.runs != again.runs
    assert f"{registry.network('expression_a16w8').sha256[:12]}-2.7.0" in compiled.runs.name


def test_a_network_that_is_not_shipped_as_onnx_is_taken_from_where_the_user_put_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WAKEFUL_MODELS", str(tmp_path))
    place = tmp_path / "onnx" / "face_landmarks_detector.onnx"
    quantized = choose("ort", ["face_landmarks_detector"]).carriers["face_landmarks_detector"].file
    assert quantized == registry.path("face_landmarks_detector_a16w8")
    place.parent.mkdir()
    place.write_bytes(b"a network")
    chosen = choose("ort", ["face_landmarks_detector"])
    assert chosen.carriers["face_landmarks_detector"].file == place


def test_onnx_runtime_takes_the_float_files_of_the_reader_wakeful() -> None:
    carriers = choose("ort", variants.OWN).carriers
    assert {name: one.file for name, one in carriers.items()} == {
        name: registry.path(f"{name}_float") for name in variants.OWN
    }


def test_a_shipped_context_of_an_older_network_is_left_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = variants.shipped_context("mouth", "qcs6490")
    assert shipped in [one.file for one in candidates("mouth", SNAPDRAGON)]
    older = manifest.Manifest(tuple(replace(one, source_sha256="0" * 64) for one in manifest.load().variants))
    monkeypatch.setattr(manifest, "load", lambda: older)
    assert shipped not in [one.file for one in candidates("mouth", SNAPDRAGON)]


def test_what_is_tried_on_an_npu_has_the_shape_that_the_network_takes() -> None:
    for name in (*variants.OWN, "expression", "face_landmark"):
        entry = registry.network(name)
        assert sample(entry).shape == entry.inputs[0].shape


def test_a_network_that_is_nowhere_as_onnx_tells_how_to_make_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WAKEFUL_MODELS", str(tmp_path))
    monkeypatch.setattr(variants, "_ONNX", {})
    place = tmp_path / "onnx" / "face_landmarks_detector.onnx"
    with pytest.raises(ModelError, match=f"wakeful convert onnx` makes at {place}"):
        choose("ort", ["face_landmarks_detector"])
    assert not runtime_choice.is_made_for("face_landmarks_detector", "ort")


class Npu:
    """Runs once, then its DSP has restarted."""

    input_shape: tuple[int, ...] = (1, 192, 192, 3)
    runs = 0

    def __call__(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        self.runs += 1
        if self.runs > 1:
            raise RuntimeError("QNN graph execute failed: 1003\nmore")
        return [np.zeros((1, 1, 1, 1404), np.float32), np.ones((1, 1, 1, 1), np.float32)]


def test_a_network_that_fails_on_the_npu_goes_on_in_litert_with_the_same_frame() -> None:
    notes, npu = Notes(), Npu()
    network = Replaceable("face_landmark", npu, lambda: load("face_landmark"), notes)
    grey = np.full(network.input_shape, 0.5, np.float32)
    assert network(grey)[0].sum() == 0.0
    answers = [network(grey)[0] for _ in range(3)]
    assert all(np.array_equal(answer, load("face_landmark")(grey)[0]) for answer in answers)
    assert (npu.runs, notes.codes) == (2, ("runtime_fallback",))
    assert notes.changes()[0].text.startswith("face_landmark failed on the NPU (QNN graph execute failed: 1003)")


def test_a_reader_without_files_for_an_ordered_runtime_gives_way_to_one_that_has_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runtime_choice, "which_reader", lambda name: "v2" if name == "auto" else name)
    monkeypatch.setattr(runtime_choice, "is_made_for", lambda name, wanted: name != "face_landmarks_detector")
    assert reader_for("auto", "ort") == reader_for("auto", "qnn") == "mesh+iris"
    assert reader_for("auto", "litert") == reader_for("auto", "auto") == reader_for("v2", "ort") == "v2"
