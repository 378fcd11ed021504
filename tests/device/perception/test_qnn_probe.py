"""What a vendor's library or a bad context does to a process happens to the probe, and is told in one line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wakeful.device.perception.qnn_probe import MAX_OFF, Candidate, Verdict, how_far_off, probe, run_child
from wakeful.models import registry

QCS6490 = 93
SHIPPED, CACHED, COMPILED = (Candidate("expression", Path(name)) for name in ("shipped", "cached", "source"))
FACE = Candidate("face_landmark", Path("face"))


class ScriptedChild:
    """Does with each candidate what a script says: ``ran``, ``why ...``, or an end of the whole process."""

    def __init__(self, **script: str) -> None:
        self._script = script
        self.runs: list[list[str]] = []

    def __call__(
        self, candidates: list[Candidate], soc_model: int | None, timeout_s: float
    ) -> tuple[list[dict[str, Any]], str]:
        self.runs.append([one.file.name for one in candidates])
        told: list[dict[str, Any]] = []
        ran: set[str] = set()
        for index, one in enumerate(candidates):
            if one.network in ran:
                continue
            told.append({"index": index})
            does = self._script[one.file.name]
            if does.startswith("was"):
                return told, does
            told.append({"index": index, **({"ran": True} if does == "ran" else {"why": does})})
            ran |= {one.network} if does == "ran" else set()
        return told, ""


def test_the_first_candidate_that_runs_is_taken() -> None:
    child = ScriptedChild(shipped="made for another version", cached="ran", face="ran")
    verdict = probe([SHIPPED, CACHED, FACE], run=child)
    assert verdict == Verdict({"expression": CACHED, "face_landmark": FACE}, {})


def test_a_network_of_which_none_runs_keeps_the_last_reason() -> None:
    child = ScriptedChild(shipped="made for another version", cached="operator missing")
    assert probe([SHIPPED, CACHED], run=child).bad == {"expression": "operator missing"}


def test_a_candidate_that_kills_the_probe_is_left_out_and_the_others_are_tried() -> None:
    child = ScriptedChild(shipped="was killed by SIGSEGV", source="ran", face="ran")
    verdict = probe([SHIPPED, COMPILED, FACE], run=child)
    assert child.runs == [["shipped", "source", "face"], ["source", "face"]]
    assert verdict.good == {"expression": COMPILED, "face_landmark": FACE}
    assert verdict.bad == {}


def test_what_ran_before_the_probe_was_killed_stays_good() -> None:
    child = ScriptedChild(face="ran", shipped="was killed by SIGSEGV")
    verdict = probe([FACE, SHIPPED], run=child)
    assert verdict.good == {"face_landmark": FACE}
    assert verdict.bad == {"expression": "shipped made the probe be killed by SIGSEGV"}


def test_a_library_that_kills_the_process_is_a_trouble_and_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "onnxruntime_qnn.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert probe([], QCS6490).trouble == "the probe of the NPU was killed by SIGSEGV"


def test_a_library_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "onnxruntime_qnn.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert probe([], QCS6490, timeout_s=2.0).trouble == "the probe of the NPU was still busy after 2 s"


def test_an_interpreter_that_is_gone_is_a_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert "cannot be started" in probe([]).trouble


@pytest.mark.skipif(sys.platform != "linux", reason="the simulator is a Linux library")
def test_the_simulator_compiles_once_and_a_torn_context_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime_qnn", reason="the simulator comes with wakeful[qnn]")
    source, kept, torn = registry.path("expression_int8"), tmp_path / "kept.onnx", tmp_path / "torn.onnx"
    compiled = Candidate("expression", source, compile_to=kept, reference=source)
    assert probe([compiled], QCS6490) == Verdict({"expression": compiled}, {})
    torn.write_bytes(kept.read_bytes()[:300_000])
    verdict = probe([Candidate("expression", torn), Candidate("expression", kept)], QCS6490)
    assert verdict.good["expression"].runs == kept
    assert [file.name for file in tmp_path.iterdir() if "part" in file.name] == []


def test_without_the_package_the_trouble_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "onnxruntime_qnn.py").write_text("raise ImportError('no module named onnxruntime_qnn')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    told, end = run_child([], QCS6490, 30.0)
    assert end == ""
    assert "no module named onnxruntime_qnn" in told[0]["trouble"]


def test_an_npu_that_answers_otherwise_than_the_processor_is_not_used(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime_qnn", reason="the simulator comes with wakeful[qnn]")
    other = registry.WEIGHTS / "expression_teacher.onnx"
    wrong = Candidate("expression", registry.path("expression_int8"), tmp_path / "kept.onnx", reference=other)
    assert "answers wrongly" in probe([wrong], QCS6490).bad["expression"]


def test_answers_are_far_off_by_their_largest_value_and_shares_by_one() -> None:
    points, logit, share = (np.array(one, np.float32) for one in ([189.0, -15.0], [5.0], [0.26]))
    near = how_far_off([points + 0.5, logit - 0.2, share + 0.02], [points, logit, share])
    assert near == pytest.approx(0.04) and near < MAX_OFF
    assert how_far_off([points + 25.0, logit, share], [points, logit, share]) > 2 * MAX_OFF
    assert how_far_off([points, logit, share + 0.5], [points, logit, share]) > MAX_OFF
