"""Alert latency over scenarios."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from wakeful.device.bench.plan import Plan
from wakeful.device.bench.record import Subject
from wakeful.device.bench.scenarios import cold, paced, single_stream, sustained
from wakeful.device.bench.session import Session, contender, measure
from wakeful.device.bench.store import load
from wakeful.device.bench.subject import candidate
from wakeful.device.bench.turns import Contender
from wakeful.device.bench.worker import WorkerError
from wakeful.device.cli import status

SHORT = Plan(runs=60, seconds=0.02, turn_s=0.005, starts=1, paced_s=0.5, fps=60.0, sustained_s=0.3, minute_s=0.1)
SLEEPER = """
import json, sys, time
print("[]", flush=True)
for line in sys.stdin:
    times = []
    for _ in range(int(line)):
        time.sleep({seconds})
        times.append(1000 * {seconds})  # what it took is longer on a busy machine, and not the same twice
    print(json.dumps(times), flush=True)
"""


def sleeper(name: str, seconds: float) -> Contender:
    """A peer whose runs take a known time."""
    return Contender(Subject("peer", name), [sys.executable, "-c", SLEEPER.format(seconds=seconds)])


def test_a_single_stream_tells_the_time_it_took_and_that_it_equals_itself() -> None:
    rows, comparisons = single_stream([sleeper("one", 0.002), sleeper("two", 0.004)], SHORT)
    assert [row.subject.network for row in rows] == ["one", "two"]
    assert all(isinstance(row.figures["runs"], int) and row.figures["runs"] >= SHORT.runs for row in rows)
    assert 2.0 <= float(rows[0].figures["p50_ms"] or 0) < 4.0 <= float(rows[1].figures["p50_ms"] or 0) < 8.0
    itself, other = comparisons
    assert (itself.first, itself.second) == ("one", "one again")
    assert itself.verdict == "no difference"
    assert other.verdict == "slower"
    assert 1.2 < other.ratio < 2.5


def test_a_peer_whose_input_is_over_ends_the_stream() -> None:
    program = """
import sys
print("[]", flush=True)
for left, line in zip((9, 9, 1), sys.stdin):
    print([1.0] * min(int(line), left), flush=True)
"""
    rows, _ = single_stream([Contender(Subject("peer", "short"), [sys.executable, "-c", program])], SHORT)
    assert 1 < int(rows[0].figures["runs"] or 0) <= 10


def test_a_peer_that_times_nothing_is_told_in_one_line() -> None:
    program = "import sys\nprint([], flush=True)\nfor line in sys.stdin: print([], flush=True)"
    with pytest.raises(WorkerError, match="input ended before a run"):
        single_stream([Contender(Subject("peer", "empty"), [sys.executable, "-c", program])], SHORT)


def test_a_real_network_starts_streams_keeps_pace_and_lasts(tmp_path: Path) -> None:
    out = tmp_path / "record.json"
    session = Session(SHORT, out)
    measure(session, [contender(candidate("expression"))], ["cold", "single-stream", "paced", "sustained"], SHORT)
    session.end()
    read = load(out)
    assert read == session.record
    assert session.failed == 0
    assert read.networks == {"expression.int8.tflite": read.rows[0].subject.sha256}
    start, stream, pace, lasting = read.rows
    for name in ("import_ms", "load_ms", "first_ms", "second_ms", "start_ms"):
        assert float(start.figures[name] or 0) > 0
    assert start.absent["load_uncached_ms"]
    assert stream.figures["macs"] == 70_670_208
    assert float(stream.figures["cpu_ms"] or 0) > 0
    assert float(stream.figures["peak_mb"] or 0) >= float(stream.figures["resident_mb"] or 0) > 10
    assert pace.figures["frames"] == 30
    assert float(pace.figures["frame_age_p50_ms"] or 0) >= float(pace.figures["p50_ms"] or 0)
    assert len(lasting.minutes) >= 2


def test_a_camera_faster_than_the_network_makes_it_miss_frames_and_this_is_counted() -> None:
    hurried = replace(SHORT, fps=5000.0, paced_s=0.02)
    told = paced(contender(candidate("face_landmark")), hurried)
    assert int(told.figures["frames_missed"] or 0) > 0
    assert told.figures["frames"] == int(told.figures["runs"] or 0) + int(told.figures["frames_missed"] or 0)


def test_a_peer_does_not_tell_what_only_we_know() -> None:
    told = cold(sleeper("one", 0.001), SHORT)
    assert told.figures["load_ms"] is None
    assert told.absent["load_ms"] == "not reported by a peer"
    assert float(told.figures["start_ms"] or 0) > 0


def test_what_fails_becomes_a_row_that_says_why_and_finished_rows_stay(tmp_path: Path) -> None:
    dies = Contender(Subject("peer", "dies"), [sys.executable, "-c", "raise SystemExit('no camera')"])
    out = tmp_path / "record.json"
    session = Session(SHORT, out)
    measure(session, [sleeper("one", 0.001)], ["single-stream"], SHORT)
    measure(session, [dies], ["single-stream", "cold"], SHORT)
    assert session.failed == 2
    one, *failed = load(out).rows
    assert one.figures["p50_ms"]
    assert all("no camera" in str(row.error) for row in failed)


def test_a_sustained_run_tells_how_its_last_minute_was_to_its_first() -> None:
    told = sustained(sleeper("one", 0.001), SHORT)
    assert 0.3 < float(told.figures["last_minute_to_first"] or 0) < 3.0


@pytest.mark.parametrize(
    ("words", "exit_status", "said"),
    [
        (["model", "nobody"], 4, "no network has this name"),
        (["model", "expression", "--runtime", "abacus"], 2, "no runtime 'abacus'"),
        (["model", "expression", "--out", "figures.txt"], 2, "should end in .json"),
        (["model", "expression", "--out", "/nowhere/r.json"], 2, "cannot be written"),
        (["model", "expression", "--scenario", "dreaming"], 2, "--scenario"),
        (["model", "expression", "--threads", "0"], 2, "--threads"),
    ],
)
def test_what_a_user_can_do_wrong_is_one_line_and_a_status(
    words: list[str], exit_status: int, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert status(["bench", *words]) == exit_status
    told = capfd.readouterr().err.strip()
    assert said in told
    assert len(told.splitlines()) == 1
