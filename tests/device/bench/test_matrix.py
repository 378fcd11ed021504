"""Many networks, runtimes and precisions in turns."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from wakeful import ConfigError
from wakeful.device.bench.compare import NotComparable, compare, share
from wakeful.device.bench.matrix import groups, read
from wakeful.device.bench.plan import QUICK
from wakeful.device.bench.record import Record, Row, Subject
from wakeful.device.bench.store import load, save
from wakeful.device.cli import status

WHOLE = """
networks = ["expression", "face_landmark"]
runtimes = ["ort", "litert"]
precisions = ["float", "int8"]
threads = [1, 2]
scenarios = ["single-stream"]

[[peers]]
name = "another"
network = "face_landmark"
command = "{command}"
"""
PEER = "import sys\nprint([])\nfor line in sys.stdin: print([2.0] * int(line), flush=True)"


def matrix_file(folder: Path, text: str) -> Path:
    file = folder / "matrix.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_matrix_is_every_variant_that_is_made_network_by_network(tmp_path: Path) -> None:
    expression, face = groups(read(matrix_file(tmp_path, WHOLE.format(command="python other.py"))))
    names = [one.subject.name for one in expression.contenders]
    assert names[:4] == [
        "expression, float, ort, 1 thread",
        "expression, float, ort, 2 threads",
        "expression, int8, ort, 1 thread",
        "expression, int8, ort, 2 threads",
    ]
    assert "expression in float for litert" in expression.left_out
    assert face.contenders[0].subject.name.startswith("face_landmark, float")
    assert face.contenders[-1].subject.network == "another"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("networks = [", "is not valid TOML"),
        ("runtimes = ['ort']", "networks is missing"),
        ("networks = ['expression']\nthread = [1]", ":2: unknown key thread: did you mean threads?"),
        ("networks = ['expression']\nruntimes = ['abacus']", ":2: runtimes"),
        ("networks = []", ":1: networks"),
        ("networks = ['expression']\nthreads = [0]", "1 to 64"),
        ("networks = ['expression']\n[[peers]]\nname = 'x'", "command is missing"),
        ("networks = ['expression']\n[[peers]]\ncommand = 'x'\nnetwork = 'y'", "is not one of the matrix's networks"),
        ("networks = 'expression'", ":1: networks"),
    ],
)
def test_a_mistake_in_a_matrix_is_one_line_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as told:
        read(matrix_file(tmp_path, text))
    assert said in str(told.value)
    assert "\n" not in str(told.value)


def test_a_runtime_that_is_not_there_fails_its_row_and_finished_rows_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("wakeful.device.bench.plan.QUICK", replace(QUICK, runs=20, seconds=0.02, turn_s=0.01))
    program = tmp_path / "other.py"
    program.write_text(PEER, encoding="utf-8")
    file = matrix_file(
        tmp_path,
        f"networks = ['expression']\nruntimes = ['ort', 'qnn']\n[[peers]]\ncommand = '{sys.executable} {program}'\n",
    )
    out = tmp_path / "r.json"
    assert status(["bench", "matrix", str(file), "--quick", "--out", str(out)]) == 1
    rows = load(out).rows
    told = {row.subject.name: row.error for row in rows}
    assert told["expression, int8, ort, 1 thread"] is None
    assert told["other"] is None
    assert "Hexagon" in str(told["expression, qnn"])
    assert "Hexagon" in capfd.readouterr().out


def record(p50_ms: float, **changes: object) -> Record:
    row = Row(
        Subject("model", "nod", "litert", "int8", 1), "single-stream", turns_ms=tuple([p50_ms, p50_ms * 1.01] * 20)
    )
    base = Record("wakeful bench", "2026-01-01T00:00:00+00:00", False, False, None, {}, {}, {"governor": "performance"})
    return replace(base, rows=(row,), ended=True, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before_ms", "after_ms", "allowed", "verdict", "fails"),
    [
        (2.0, 2.0, 0.05, "no difference", False),
        (2.0, 2.06, 0.05, "slower", False),
        (2.0, 2.2, 0.05, "slower", True),
        (2.0, 2.2, None, "slower", False),
        (2.0, 1.5, 0.05, "faster", False),
    ],
)
def test_a_record_is_judged_against_the_one_before(
    before_ms: float, after_ms: float, allowed: float | None, verdict: str, fails: bool
) -> None:
    judged = compare(record(before_ms), record(after_ms), allowed)
    assert judged.comparisons[0].verdict == verdict
    assert bool(judged.slower) is fails


def test_what_else_differs_is_told() -> None:
    after = record(2.0, host={"governor": "powersave"}, versions={"onnxruntime": "2"}, quick=True)
    told = "; ".join(compare(record(2.0), after).warnings)
    for words in ("governor differs: performance and powersave", "onnxruntime differs: none and 2", "quick"):
        assert words in told


def test_times_of_an_emulator_are_compared_with_nothing() -> None:
    with pytest.raises(NotComparable, match="emulated"):
        compare(record(2.0), record(2.0, emulated=True, emulation="qemu-user runs this process"))


def test_records_without_a_common_row_are_refused() -> None:
    other = replace(record(2.0), rows=(replace(record(2.0).rows[0], scenario="cold"),))
    with pytest.raises(NotComparable, match="no row in common"):
        compare(record(2.0), other)


@pytest.mark.parametrize("text", ["5", "%", "-5%", "five%", ""])
def test_a_share_that_is_no_percentage_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="should be a percentage"):
        share(text)


def test_the_command_fails_if_a_row_is_slower_by_more_than_allowed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before, after = str(tmp_path / "a.json"), str(tmp_path / "b.json")
    save(record(2.0), Path(before))
    save(record(2.3), Path(after))
    assert status(["bench", "compare", before, after]) == 0
    assert status(["bench", "compare", before, after, "--fail-if-slower", "5%"]) == 1
    assert "slower by more than 5%" in capfd.readouterr().err
    assert status(["bench", "compare", before, after, "--fail-if-slower", "20 %"]) == 0
    assert status(["bench", "compare", before, str(tmp_path / "c.json")]) == 2
    assert "c.json" in capfd.readouterr().err
