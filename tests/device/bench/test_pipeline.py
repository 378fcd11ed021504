"""Time of each stage of the whole monitor."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import numpy as np
import pytest

from wakeful.device.bench.endless import EndlessSource
from wakeful.device.bench.pipeline import as_arguments, measure, monitors
from wakeful.device.bench.plan import Plan
from wakeful.device.bench.session import Session
from wakeful.device.bench.store import load
from wakeful.device.cli import status
from wakeful.device.stages import STAGES
from wakeful.sensors.frame import Frame
from wakeful.sensors.slot import PacedSource
from wakeful.sensors.source import EndOfSource, SourceInfo

SHORT = Plan(runs=15, seconds=0.05, turn_s=0.05, starts=1, paced_s=0.5)
PEER = "import sys\nprint([])\nfor line in sys.stdin: print([2.0] * int(line), flush=True)"


def test_the_stages_of_the_whole_monitor_add_up_to_its_frames(tmp_path: Path) -> None:
    entrants = monitors("synthetic:attentive", ["auto"], "litert", 1, "vehicle", None, [])
    session = Session(SHORT, tmp_path / "r.json")
    measure(session, entrants, ["pipeline", "paced"], SHORT)
    session.end()
    whole, paced = load(tmp_path / "r.json").rows
    assert whole.error is None and paced.error is None
    assert 0.95 <= float(whole.figures["stages_to_whole"] or 0) <= 1.05
    assert whole.figures["stages_add_up"] is True
    assert 0 < float(whole.figures["measuring_share"] or 1) < 0.01
    ran = [str(stage["stage"]) for stage in whole.stages]
    assert {"capture", "landmarks", "pose", "eyes", "state", "alerts", "loop"} <= set(ran)
    assert ran == [name for name in STAGES if name in ran]
    assert float(whole.figures["whole_p50_ms"] or 0) > float(whole.figures["p50_ms"] or 0) > 0
    assert int(paced.figures["frames"] or 0) >= 14
    assert float(paced.figures["frame_age_p50_ms"] or 0) >= float(paced.figures["p50_ms"] or 0)
    assert {"face_detection_short_range", "expression"} < set(session.record.networks)
    (cost,) = session.record.comparisons
    assert cost.second.endswith("stages not counted")


def test_a_peer_takes_turns_with_the_monitor(tmp_path: Path) -> None:
    program = tmp_path / "other.py"
    program.write_text(PEER, encoding="utf-8")
    command = f"{sys.executable} {program}"
    entrants = monitors("synthetic:attentive", ["auto"], "litert", 1, "vehicle", None, [command])
    session = Session(SHORT, None)
    measure(session, entrants, ["pipeline"], SHORT)
    _, other = session.record.rows
    assert (other.subject.kind, other.subject.network, other.subject.command) == ("peer", "other", command)
    assert other.figures["p50_ms"] == 2.0
    assert not other.stages
    found = [(one.second, one.by) for one in session.record.comparisons[1:]]
    assert found[0][0] == "other"
    # Beside other programs the means say nothing.
    assert found[1:] in ([("other", "mean time")], [])


def test_the_cold_start_is_that_of_the_command_a_user_types() -> None:
    (entrant,) = monitors("synthetic:attentive", ["auto"], "litert", 1, "robot", None, [])
    assert entrant.job is not None
    words = as_arguments(entrant.job)
    assert words[words.index("--source") + 1] == "synthetic:attentive"
    assert words[words.index("--profile") + 1] == "robot"


def frames(count: int) -> PacedSource:
    pictures = ((round(n * 1e8), np.zeros((40, 40, 3), np.uint8)) for n in range(count))
    return PacedSource(SourceInfo("three", False, 40, 40, 10.0), pictures, realtime=False)


def test_a_source_that_is_played_again_goes_on_in_time() -> None:
    source = EndlessSource(lambda: frames(3))
    seen: list[Frame] = [source.read_latest(0.1) for _ in range(7)]
    assert [frame.seq for frame in seen] == list(range(7))
    steps = {later.t_ns - earlier.t_ns for earlier, later in itertools.pairwise(seen)}
    assert steps == {round(1e8)}
    source.close()
    with pytest.raises(EndOfSource):
        source.read_latest(0.1)


def test_a_source_without_a_frame_is_not_played_for_ever() -> None:
    with pytest.raises(EndOfSource):
        EndlessSource(lambda: frames(0)).read_latest(0.1)


@pytest.mark.parametrize(
    ("words", "exit_status", "said"),
    [
        (["--source", "nowhere.mp4", "--scenario", "pipeline"], 3, "nowhere.mp4"),
        (["--profile", "nobody"], 2, "nobody"),
        (["--config", "nowhere.toml"], 2, "nowhere.toml"),
        (["--peer", "python 'unclosed"], 2, "cannot be read"),
        (["--runtime", "abacus"], 2, "--runtime"),
        (["--landmarks", "dots"], 2, "--landmarks"),
        (["--runtime", "qnn"], 2, "Hexagon"),
    ],
)
def test_what_a_user_can_do_wrong_is_one_line_and_a_status(
    words: list[str], exit_status: int, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert status(["bench", "pipeline", "--quick", *words]) == exit_status
    told = capfd.readouterr().err.strip()
    assert said in told
    assert len(told.splitlines()) == 1
