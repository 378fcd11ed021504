"""Whether other programs keep this machine busy while something is measured.

A run that waits for a core takes longer by the clock, but not more CPU time. So the CPU time of everything that does
not belong to the benchmark is measured beside each turn. On a busy machine, comparisons use CPU time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from wakeful.device.bench.counters import Reading, machine_ticks

BUSY_CORES = 0.8
"""CPU time of other programs per second, in cores, above which the machine counts as busy."""
WAITING = 0.5
"""A run whose CPU time is below this share of its shortest time waits for something else: an NPU, a camera, a timer.

What its threads waited for a core is subtracted before.
"""


def cpu_s(pid: int) -> float | None:
    """CPU time of all threads of a process so far, seconds; None if there is no such process."""
    try:
        return time.clock_gettime((~pid << 3) | 2)  # Linux's clock of another process, as clock_getcpuclockid(3) gives
    except OSError:
        return None


def queued_s(pid: int) -> float | None:
    """Time that the running threads of a process waited for a core so far, seconds; None if the kernel does not say."""
    try:  # nanoseconds on a core, nanoseconds ready to run without one, number of turns on a core
        files = Path(f"/proc/{pid}/task").glob("*/schedstat")
        waited_ns = [int(file.read_text().split()[1]) for file in files]
    except (OSError, IndexError, ValueError):
        return None
    return sum(waited_ns) / 1e9 if waited_ns else None


def benchmark_cpu_s(pids: Iterable[int]) -> float:
    """CPU time of this process, of its children that have ended, and of the running children ``pids`` and theirs.

    Without /proc/PID/task/TID/children in the kernel, the processes that a peer starts count as other programs.
    """
    own = os.times()
    return own.user + own.system + own.children_user + own.children_system + sum(map(_tree_cpu_s, pids))


class OtherPrograms:
    """Measures the CPU time of everything that is not part of the benchmark.

    The hypervisor's share ("steal") is part of it: it delays the benchmark just as another program does.

    Args:
        pids: running workers; those that start and end between two readings need not be named.
        root: of the tree that holds ``proc``.
        own_s: CPU time of the benchmark so far.
    """

    def __init__(
        self,
        pids: Iterable[int] = (),
        root: Path = Path("/"),
        own_s: Callable[[Iterable[int]], float] = benchmark_cpu_s,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pids = tuple(pids)
        self._root = root
        self._own_s = own_s
        self._clock_s = clock_s
        self._before = self._now()

    def cores(self) -> Reading:
        """Mean number of cores that others used since the last call, or since this object was made."""
        before, self._before = self._before, self._now()
        if before is None or self._before is None:
            return Reading(None, "no /proc/stat")
        elapsed_s, busy_s, own_s = (new - old for new, old in zip(self._before, before, strict=True))
        return Reading(max(busy_s - own_s, 0.0) / elapsed_s if elapsed_s > 0.0 else 0.0)

    def _now(self) -> tuple[float, float, float] | None:
        ticks = machine_ticks(self._root)
        if ticks is None:
            return None
        return self._clock_s(), (ticks.total - ticks.idle) / os.sysconf("SC_CLK_TCK"), self._own_s(self._pids)


def busy_reason(others_cores: object, load: object, cores: object) -> str:
    """Why the machine counts as busy; "" if it does not. What is not a number is unknown and shows nothing."""
    reasons = []
    if isinstance(others_cores, (int, float)) and others_cores > BUSY_CORES:
        reasons.append(f"other programs used {others_cores:.1f} of {cores} cores")
    if isinstance(load, (int, float)) and isinstance(cores, int) and load > cores:
        reasons.append(f"the load was {load:.1f} on {cores} cores")
    return " and ".join(reasons)


def no_cpu_comparison(
    turns_ms: Sequence[float], turns_cpu_ms: Sequence[float], shortest_ms: float, turns_queued_ms: Sequence[float] = ()
) -> str:
    """Why the CPU time of a subject cannot replace its wall time; "" if it can.

    Args:
        shortest_ms: wall time of its fastest run, the one that was disturbed least.
        turns_queued_ms: how long a run of each turn waited for a core; empty if unknown. Among many busy programs
            every run does, and is then no measure of what the subject itself waits for.
    """
    if not turns_cpu_ms or len(turns_cpu_ms) != len(turns_ms) or min(turns_cpu_ms) <= 0.0:
        return "its CPU time was not measured turn by turn"
    if len(turns_queued_ms) == len(turns_ms):
        shortest_ms = min(shortest_ms, float(np.min(np.subtract(turns_ms, turns_queued_ms))))
    if float(np.median(turns_cpu_ms)) < WAITING * shortest_ms:
        return "it waits for something other than the CPU"
    return ""


def _tree_cpu_s(pid: int) -> float:
    return (cpu_s(pid) or 0.0) + sum(map(_tree_cpu_s, _children(pid)))


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for file in Path(f"/proc/{pid}/task").glob("*/children") for word in file.read_text().split()]
    except OSError:
        return []
