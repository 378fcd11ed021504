"""A machine that other programs keep busy is recognised, and comparisons then use CPU time."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from wakeful.device.bench.busy import OtherPrograms, busy_reason, cpu_s, no_cpu_comparison, queued_s
from wakeful.device.bench.compare import compare as compare_records
from wakeful.device.bench.page import page
from wakeful.device.bench.plan import Plan
from wakeful.device.bench.record import Comparison, Record, Row, Subject
from wakeful.device.bench.scenarios import single_stream
from wakeful.device.bench.store import as_csv, load, save
from wakeful.device.bench.table import show
from wakeful.device.bench.turns import Contender, Lane, compare
from wakeful.device.bench.worker import Worker

PLAN = Plan(runs=40, seconds=0.5, turn_s=0.03)
LONG_RUNS = Plan(runs=12, seconds=0.5, turn_s=0.03)
"""For runs of 40 ms and more: a virtual machine's processor is taken away for 10 ms at a time, counted as CPU time."""
ATTEMPTS = 3
"""Where a dozen programs wait for the processors, a run may get too little of them to be compared by CPU time."""
COUNTER = """
import json, sys, time
print("[]", flush=True)
for line in sys.stdin:
    times = []
    for _ in range(int(line)):
        began = time.perf_counter()
        for _ in range({count}): pass
        times.append(1000 * (time.perf_counter() - began))
    print(json.dumps(times), flush=True)
"""
ONE = Subject("model", "nod", "litert", "int8", 1)


@contextmanager
def spinning(processes: int = 1) -> Iterator[list[int]]:
    """Other programs that each use a core as far as they get one."""
    with ExitStack() as stack:
        found = []
        for _ in range(processes):
            process = stack.enter_context(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            stack.callback(process.kill)
            found.append(process.pid)
        yield found


def counting(name: str, count: int) -> Contender:
    """A peer that computes, for a time that grows with ``count``."""
    return Contender(Subject("peer", name), [sys.executable, "-c", COUNTER.format(count=count)])


def lane(name: str, turns_ms: list[float], turns_cpu_ms: list[float]) -> Lane:
    contender = Contender(replace(ONE, network=name), [])
    return Lane(
        contender, Worker.__new__(Worker), times_ms=[2.0, *turns_ms], turns_ms=turns_ms, turns_cpu_ms=turns_cpu_ms
    )


def record(*rows: Row, comparisons: tuple[Comparison, ...] = ()) -> Record:
    return Record(
        "wakeful bench", "2026-01-01T00:00:00+00:00", False, False, None, {}, {}, {"cores": 2}, rows, comparisons
    )


@pytest.mark.parametrize(
    ("others", "load", "cores", "reason"),
    [
        (0.0, 0.1, 2, ""),
        (0.8, 2.0, 2, ""),
        (0.81, 0.1, 2, "other programs used 0.8 of 2 cores"),
        (None, 2.5, 2, "the load was 2.5 on 2 cores"),
        (1.9, 5.0, 2, "other programs used 1.9 of 2 cores and the load was 5.0 on 2 cores"),
        (None, None, None, ""),
    ],
)
def test_more_than_most_of_a_core_or_a_load_above_the_cores_is_busy(
    others: float | None, load: float | None, cores: int | None, reason: str
) -> None:
    assert busy_reason(others, load, cores) == reason


def test_what_others_used_is_what_the_machine_did_less_the_benchmark_itself(tmp_path: Path) -> None:
    stat = tmp_path / "proc/stat"
    stat.parent.mkdir()
    now_s, own_s = 10.0, 3.0
    stat.write_text("cpu 100 0 0 900 0 0 0 0 0 0\n")
    others = OtherPrograms((), tmp_path, lambda pids: own_s, lambda: now_s)
    # Within 2 s the machine was busy for 3 s (of which 0.2 s went to the hypervisor), the benchmark for 1.6 s.
    stat.write_text("cpu 300 50 30 1000 0 0 0 20 0 0\n")
    now_s, own_s = 12.0, 4.6
    assert others.cores().value == pytest.approx(0.7)
    now_s = 13.0
    assert others.cores().value == 0.0


def test_without_proc_stat_nothing_is_known_about_others(tmp_path: Path) -> None:
    reading = OtherPrograms((), tmp_path).cores()
    assert (reading.value, reading.reason) == (None, "no /proc/stat")


def test_another_program_counts_and_a_worker_of_the_benchmark_does_not() -> None:
    with spinning() as (pid,):
        every, except_it = OtherPrograms(), OtherPrograms([pid])
        before_s, began_s = cpu_s(pid), time.monotonic()
        while (cpu_s(pid) or 0.0) < (before_s or 0.0) + 0.5 and time.monotonic() < began_s + 20.0:
            time.sleep(0.05)
        spun = ((cpu_s(pid) or 0.0) - (before_s or 0.0)) / (time.monotonic() - began_s)
        assert (every.cores().value or 0.0) - (except_it.cores().value or 0.0) == pytest.approx(spun, abs=0.25)


def test_the_processes_of_a_worker_belong_to_it() -> None:
    program = f"import subprocess; subprocess.run([{sys.executable!r}, '-c', 'while True: pass'])"
    with subprocess.Popen([sys.executable, "-c", program]) as parent:
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
        try:
            if not children.exists():
                pytest.skip("this kernel does not list the children of a process")
            deadline_s = time.monotonic() + 20.0
            while not children.read_text().split() and time.monotonic() < deadline_s:
                time.sleep(0.02)
            (child,) = map(int, children.read_text().split())
            every, except_them = OtherPrograms(), OtherPrograms([parent.pid])
            before_s, began_s = cpu_s(child) or 0.0, time.monotonic()
            while (cpu_s(child) or 0.0) < before_s + 0.5 and time.monotonic() < deadline_s:
                time.sleep(0.05)
            spun = ((cpu_s(child) or 0.0) - before_s) / (time.monotonic() - began_s)
            assert (every.cores().value or 0.0) - (except_them.cores().value or 0.0) == pytest.approx(spun, abs=0.25)
        finally:
            for one in map(int, children.read_text().split()):
                os.kill(one, signal.SIGKILL)
            parent.kill()


def test_a_process_that_has_ended_has_no_cpu_time() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pid = process.pid
    assert cpu_s(pid) is None
    assert (cpu_s(os.getpid()) or 0.0) > 0.0


@pytest.mark.parametrize(
    ("turns_ms", "turns_cpu_ms", "reason"),
    [
        ([2.0, 3.0], [1.9, 1.9], ""),
        ([2.0, 3.0], [3.9, 3.9], ""),  # two threads
        ([2.0, 3.0], [0.5, 0.5], "it waits for something other than the CPU"),
        ([2.0, 3.0], [1.9], "not measured turn by turn"),
        ([2.0], [0.0], "not measured turn by turn"),
    ],
)
def test_cpu_time_is_no_measure_of_what_waits(turns_ms: list[float], turns_cpu_ms: list[float], reason: str) -> None:
    found = no_cpu_comparison(turns_ms, turns_cpu_ms, 2.0)
    assert reason in found
    assert bool(reason) == bool(found)


def test_a_subject_that_waited_for_a_core_in_every_run_does_not_wait_for_something_else() -> None:
    turns_ms, turns_cpu_ms = [300.0, 320.0], [100.0, 100.0]
    assert no_cpu_comparison(turns_ms, turns_cpu_ms, 300.0)
    assert not no_cpu_comparison(turns_ms, turns_cpu_ms, 300.0, [190.0, 210.0])
    assert no_cpu_comparison(turns_ms, turns_cpu_ms, 300.0, [20.0, 10.0])  # an NPU computes meanwhile


def test_waiting_for_a_core_is_counted_and_sleeping_is_not() -> None:
    before_s = queued_s(os.getpid())
    if before_s is None:
        pytest.skip("this kernel does not count what waits for a core")
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as asleep, spinning(4) as spinners:
        began_s = time.monotonic()
        while (cpu_s(spinners[0]) or 0.0) < 0.3 and time.monotonic() < began_s + 20.0:
            time.sleep(0.05)
        waited_s, slept_s = queued_s(spinners[0]), queued_s(asleep.pid)
        asleep.kill()
    assert slept_s is not None
    assert slept_s < 0.5 * (time.monotonic() - began_s)
    assert waited_s is not None
    if (os.cpu_count() or 1) < 4:
        assert waited_s > 0.0
    assert queued_s(asleep.pid) is None


def test_a_busy_machine_is_compared_by_cpu_time_and_an_idle_one_by_the_clock() -> None:
    first, second = lane("a", [2.0] * 20, [2.0] * 20), lane("b", [6.0] * 20, [2.0] * 20)
    idle, busy = compare(first, second, "single-stream", ""), compare(first, second, "single-stream", "load")
    assert (idle.by, idle.ratio, idle.verdict) == ("wall time", 3.0, "slower")
    assert (busy.by, busy.ratio, busy.verdict, busy.note) == ("CPU time", 1.0, "no difference", "")


def test_a_subject_without_cpu_time_is_compared_by_the_clock_and_the_reason_is_given() -> None:
    busy = compare(lane("a", [2.0] * 20, [2.0] * 20), lane("b", [6.0] * 20, [0.1] * 20), "single-stream", "load")
    assert (busy.by, busy.ratio) == ("wall time", 3.0)
    assert "b, int8, litert, 1 thread: it waits" in busy.note


def test_two_records_are_compared_by_cpu_time_if_one_machine_was_busy() -> None:
    idle = Row(ONE, "single-stream", turns_ms=(2.0,) * 20, turns_cpu_ms=(2.0,) * 20, quantiles_ms=(2.0,) * 101)
    busy = replace(idle, turns_ms=(5.0,) * 20, busy="the load was 5.0 on 2 cores")
    found = compare_records(record(idle), record(busy), 0.05)
    assert (found.comparisons[0].by, found.comparisons[0].ratio, found.slower) == ("CPU time", 1.0, ())
    assert "the second record: busy machine, the load was 5.0 on 2 cores" in found.warnings
    old = replace(idle, turns_cpu_ms=())
    (by_clock,) = compare_records(record(old), record(busy)).comparisons
    assert (by_clock.by, by_clock.ratio, by_clock.note) == (
        "wall time",
        2.5,
        "its CPU time was not measured turn by turn",
    )


def test_a_busy_machine_is_shown_in_the_terminal_the_page_and_the_csv() -> None:
    row = Row(ONE, "single-stream", {"p50_ms": 1.0}, turns_ms=(1.0,) * 8, busy="other programs used 1.2 of 2 cores")
    compared = Comparison("a", "b", "single-stream", 0.5, 0.4, 0.6, 20, "faster", "CPU time")
    unusable = replace(compared, second="c", by="wall time", note="c: it waits for something other than the CPU")
    shown = record(row, comparisons=(compared, unusable))
    out = io.StringIO()
    show(shown, Console(file=out, width=200))
    for text in (out.getvalue(), page(shown)):
        assert "other programs used 1.2 of 2 cores" in text
        assert "the CPU time of a" in text
        assert "c: it waits for something other than the CPU" in text
    assert "other programs used 1.2 of 2 cores" in as_csv(shown)


def test_a_record_of_a_version_without_these_fields_is_loaded(tmp_path: Path) -> None:
    row = Row(ONE, "single-stream", {"p50_ms": 1.0}, turns_ms=(1.0,) * 8)
    old = record(row, comparisons=(Comparison("a", "b", "single-stream", 0.5, 0.4, 0.6, 20, "faster"),))
    (path, *_) = save(old, tmp_path / "r.json")
    table = json.loads(path.read_text(encoding="utf-8"))
    for name in ("turns_cpu_ms", "turns_queued_ms", "turns_others", "busy"):
        del table["rows"][0][name]
    for name in ("by", "note"):
        del table["comparisons"][0][name]
    path.write_text(json.dumps(table), encoding="utf-8")
    assert load(path) == old


def test_beside_busy_processes_the_work_is_still_compared_rightly() -> None:
    for _ in range(ATTEMPTS):
        with spinning(os.cpu_count() or 1):
            rows, (itself, other) = single_stream([counting("one", 1_500_000), counting("two", 4_500_000)], LONG_RUNS)
        if itself.by == other.by == "CPU time" and other.ratio > 1.5:
            break
    assert all("other programs used" in row.busy for row in rows)
    assert all(len(row.turns_cpu_ms) == len(row.turns_others) == len(row.turns_ms) for row in rows)
    assert float(rows[0].figures["others_cores"] or 0.0) > 0.8
    assert itself.by == other.by == "CPU time"
    # Three times the work; caches and cores are shared with the other programs.
    assert 1.5 < other.ratio < 4.5, [row.turns_cpu_ms for row in rows]
