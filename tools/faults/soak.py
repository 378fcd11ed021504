"""Hours of simulated driving with a random fault in every half minute: `make soak`.

    python -m tools.faults.soak [--hours 8] [--fps 10] [--seed 1] [--landmarks mesh+iris]

Runs ``wakeful run`` in this process with every output there is on a camera whose time is simulated (as quick as the
machine allows), and breaks something every 30 simulated seconds: see ``tools.faults.soak_faults``. Promised: every
alert of the script is delivered exactly once on each way out (by MQTT, whose QoS 1 may bring one again, once by its
``id``), no gap of heartbeats over 700 ms of real time outside the stalls of the receiver itself, memory within 10 MB,
threads and descriptors constant, every fault over within 5 s. Time in which another process on the same
cores could not run either is the machine's and not the monitor's: gaps are given with and without it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from tools.faults.soak_ears import CanEar, Ear, Metronome, MqttEar, SerialEar, Span, SpawnedBroker, overlap_s
from tools.faults.soak_faults import Bench, Fault
from tools.faults.soak_source import CYCLE_S, SHUT_FROM_S, SoakSource
from tools.measure_memory import resident_mb
from tools.rigs.broker import MOSQUITTO
from tools.rigs.waiting import eventually
from wakeful.device.alerts.can.frames import IDENTIFIERS
from wakeful.device.alerts.output import Output
from wakeful.device.app import run
from wakeful.device.config.layers import load_settings
from wakeful.device.messages import Alert, DriverState
from wakeful.device.reload import Configuration
from wakeful.device.supervision.workers import Liveness

MAX_GAP_S = 0.7
MAX_GROWTH_MB = 10.0
RECOVERS_WITHIN_S = 5.0
WARM_S = 600.0
# Real time a fault outside lasts, and what the monitor is given to be well again before the next one.
OUTSIDE_S = (0.2, 0.6)
HOLD_S = 0.02


class Conductor(Output):
    """Begins and ends the faults by the simulated clock, and notes how the monitor took each."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._cycle = -1
        self._fault: Fault | None = None
        self._begin_s = self._end_s = 0.0
        self._begun_wall_s = self._ended_wall_s = 0.0
        self._lasts_s = 0.0
        self._ended = True
        self._healths: set[str] = set()
        self.faults: list[Fault] = []
        self.source: SoakSource | None = None
        self.newest: DriverState | None = None
        self.told: list[tuple[int, str]] = []
        self.counts: Counter[str] = Counter()
        self.slowest_s: dict[str, float] = {}
        self.complaints: list[str] = []
        self.stalls: defaultdict[str, list[Span]] = defaultdict(list)
        self.faulted: list[tuple[float, float, str]] = []
        self.memory_mb: list[float] = []
        self.threads: set[int] = set()
        self.descriptors: set[int] = set()

    # What the monitor tells, as an output.

    def alert(self, alert: Alert) -> None:
        self.told.append((alert.seq, sys.intern(str(alert.phase))))

    def state(self, state: DriverState) -> None:
        self.newest = state
        if self._fault is not None and not self._ended:
            self._healths.add(str(state.health))

    # What the source asks before each look.

    def conduct(self, now_s: float) -> None:
        """Simulated time is ``now_s``."""
        if self._fault is None:
            cycle = int(now_s // CYCLE_S)
            if cycle != self._cycle:
                self._cycle = cycle
                self._plan(now_s)
        elif self._ended:
            self._await_recovery(now_s)
        elif self._begun_wall_s == 0.0:
            if now_s >= self._begin_s:
                self._begin()
        elif self._is_over(now_s):
            self._end(now_s)

    def _plan(self, now_s: float) -> None:
        if now_s > WARM_S:
            self.memory_mb.append(resident_mb())
            self.threads.add(sum(thread.name != "broker starts" for thread in threading.enumerate()))
            self.descriptors.add(len(list(Path("/proc/self/fd").iterdir())))
        self._fault = self.faults[int(self._random.integers(len(self.faults)))]
        first_s = SHUT_FROM_S - 1.0 if self._fault.outside else 2.0
        self._begin_s = now_s + first_s + float(self._random.uniform(0.0, 3.0))
        self._end_s = self._begin_s + float(self._random.uniform(2.0, 6.0))
        self._lasts_s = float(self._random.uniform(*OUTSIDE_S))
        self._ended, self._begun_wall_s = False, 0.0
        self._healths = set()

    def _begin(self) -> None:
        assert self._fault is not None and self.source is not None
        self._begun_wall_s = time.monotonic()
        self._healths = set()
        if self._fault.outside:
            self.source.hold_s = HOLD_S
        self._fault.begin()

    def _is_over(self, now_s: float) -> bool:
        assert self._fault is not None
        if self._fault.outside:
            return time.monotonic() - self._begun_wall_s > self._lasts_s
        return now_s >= self._end_s

    def _end(self, now_s: float) -> None:
        assert self._fault is not None
        self._fault.end()
        self._ended, self._ended_wall_s, self._end_s = True, time.monotonic(), now_s
        self.counts[self._fault.name] += 1
        if self._fault.health is not None and self._fault.health not in self._healths:
            self._complain(now_s, f"was told as {sorted(self._healths)}, not {self._fault.health}")

    def _await_recovery(self, now_s: float) -> None:
        assert self._fault is not None and self.source is not None
        outside = self._fault.outside
        taken_s = time.monotonic() - self._ended_wall_s if outside else now_s - self._end_s
        if not self._is_well() and taken_s <= RECOVERS_WITHIN_S:
            return
        if taken_s > RECOVERS_WITHIN_S:
            self._complain(now_s, f"not over after {taken_s:.1f} s: {self.newest}")
        name = self._fault.name
        self.slowest_s[name] = max(self.slowest_s.get(name, 0.0), taken_s)
        self.faulted.append((self._begun_wall_s, time.monotonic(), name))
        if self._fault.deafens:
            self.stalls[self._fault.deafens].append((self._begun_wall_s, time.monotonic()))
        self.source.hold_s = 0.0
        self._fault = None

    def is_quiet(self) -> bool:
        """Whether nothing outside is amiss; set by ``main``, which knows the outputs."""
        return True

    def _is_well(self) -> bool:
        state = self.newest
        if state is None or not state.face or state.health.value not in ("ok", "calibrating"):
            return False
        return set(state.notes) <= {"restarted"} and self.is_quiet()

    def _complain(self, now_s: float, what: str) -> None:
        assert self._fault is not None
        self.complaints.append(f"{now_s:.1f} s: {self._fault.name}: {what}")
        print(self.complaints[-1], file=sys.stderr, flush=True)


def main() -> None:
    """Runs the soak; status 0 if all that is promised was kept."""
    parser = argparse.ArgumentParser(description="Hours of driving with a fault every half minute.")
    parser.add_argument("--hours", type=float, default=8.0, help="simulated hours")
    parser.add_argument("--fps", type=float, default=10.0, help="frames of a simulated second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--landmarks", default="mesh+iris")
    parser.add_argument("--can-layout", choices=IDENTIFIERS, default="plain")
    parser.add_argument("--summary", type=Path, help="write the figures as JSON")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = soak(
            Path(folder), chosen.hours * 3600.0, chosen.fps, chosen.seed, chosen.landmarks, chosen.can_layout
        )
    text = json.dumps(figures, indent=1)
    if chosen.summary:
        chosen.summary.write_text(text + "\n", encoding="utf-8")
    print(text)
    sys.exit(1 if figures["broken"] else 0)


def soak(
    folder: Path, duration_s: float, fps: float, seed: int, landmarks: str, can_layout: str = "plain"
) -> dict[str, Any]:
    """The figures; ``broken`` names the promises that were not kept."""
    receiver, conductor = SerialEar(), Conductor(seed)
    source = SoakSource(duration_s, fps, conductor.conduct)
    conductor.source = source
    bus = CanEar("soak") if find_spec("can") and find_spec("cantools") else None
    broker = SpawnedBroker(folder) if MOSQUITTO else None
    subscriber = MqttEar(broker.start(), "wakeful/soak/alert") if broker else None
    metronome = Metronome(folder)
    events = folder / "events.jsonl"
    overrides: dict[str, object] = {
        "device": "soak",
        "perception.landmarks": landmarks,
        "perception.expression": False,
        "vehicle.speed_kmh": 100.0,
        "serial.url": receiver.path,
        "outputs.events": str(events),
        "stream.path": str(folder / "stream"),
        "outputs.status": str(folder / "status"),
        "terminal.live": False,
    }
    if bus:
        overrides |= {"can.address": "virtual:soak", "can.layout": can_layout}
    if broker:
        overrides["mqtt.broker"] = f"mqtt://{broker.address}"

    def load() -> Configuration:
        return load_settings(None, None, overrides)

    events.touch()
    liveness = Liveness()
    bench = Bench(source, receiver, bus, broker, [events], seed, liveness)
    conductor.faults = bench.faults()
    conductor.is_quiet = lambda: nothing_ails(liveness) and (not subscriber or subscriber.connected)  # type: ignore[method-assign]
    begun_s = time.monotonic()
    try:
        settings, profile = load()
        status = run(
            settings,
            profile,
            load,
            source=source,
            watching=[conductor],
            clock_ns=source.clock_ns,
            liveness=liveness,
        )
    finally:
        bench.close()
    wall_s = time.monotonic() - begun_s
    ears = {"serial": receiver.ear}
    ears |= {"can": bus.ear} if bus else {}
    ears |= {"mqtt": subscriber.ear} if subscriber else {}
    eventually(lambda: all(len(ear.alerts) >= len(conductor.told) for ear in ears.values()), 2.0)
    figures = _figures(conductor, ears, metronome.close(), events, duration_s)
    for peer in (receiver, bus, subscriber):
        if peer:
            peer.close()
    if broker:
        broker.stop()
        broker.close()
    return figures | {"status": status, "wall_s": round(wall_s)}


def nothing_ails(liveness: Liveness) -> bool:
    """Whether every part lives, and every output that a part belongs to says that it gets through."""
    for part in liveness.parts:
        worker = getattr(part._restart, "__self__", None)
        owner = getattr(getattr(worker, "_run", None), "__self__", None)
        if part.fault() is not None or getattr(owner, "problem", None) is not None:
            return False
    return True


def _figures(
    conductor: Conductor, ears: dict[str, Ear], still: list[Span], events: Path, duration_s: float
) -> dict[str, Any]:
    told = conductor.told
    lines = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    heard = {name: ear.alerts for name, ear in ears.items()}
    heard["file"] = [(line["seq"], line["phase"]) for line in lines if line["kind"] == "alert"]
    naps = int(duration_s // CYCLE_S)
    beating = [name for name in ("serial", "can") if name in ears]
    gaps = {name: ears[name].gaps(conductor.stalls[name]) for name in beating}
    own_s = {name: max((_length_s(gap) - overlap_s(gap, still) for gap in gaps[name]), default=0.0) for name in beating}
    long = {name: [gap for gap in gaps[name] if _length_s(gap) > MAX_GAP_S] for name in beating}
    memory = conductor.memory_mb
    growth_mb = round(max(memory) - memory[0], 1) if memory else None
    promises = {
        "each nap of the script told": sum(phase == "raised" for _, phase in told) == naps,
        **{f"{name}: each alert once, in order": alerts == told for name, alerts in heard.items()},
        **{f"{name}: heartbeats": own_s[name] <= MAX_GAP_S for name in beating},
        "memory": growth_mb is None or growth_mb <= MAX_GROWTH_MB,
        "threads": max(conductor.threads, default=0) == min(conductor.threads, default=0),
        "descriptors": max(conductor.descriptors, default=0) == min(conductor.descriptors, default=0),
        "each fault told and over in time": not conductor.complaints,
    }
    return {
        "simulated_h": round(duration_s / 3600.0, 2),
        "naps": naps,
        "alerts_told": len(told),
        "alerts_heard": {name: len(alerts) for name, alerts in heard.items()},
        "alerts_repeated_by_mqtt": ears["mqtt"].repeated if "mqtt" in ears else None,
        "heartbeats": {name: len(ears[name].beats_s) for name in beating},
        "longest_heartbeat_gap_s": {name: _longest_s(gaps[name]) for name in beating},
        "longest_without_the_machine_s": {name: round(own, 3) for name, own in own_s.items()},
        "machine_stood_still_s": [round(_length_s(one), 2) for one in still[:50]],
        "long_gaps": {name: [_told(gap, conductor.faulted) for gap in long[name][:20]] for name in beating},
        "memory_mb": [round(memory[0], 1), round(memory[-1], 1)] if memory else None,
        "memory_growth_mb": growth_mb,
        "threads": sorted(conductor.threads),
        "descriptors": sorted(conductor.descriptors),
        "faults": dict(sorted(conductor.counts.items())),
        "slowest_recovery_s": {name: round(taken, 2) for name, taken in sorted(conductor.slowest_s.items())},
        "complaints": conductor.complaints[:20],
        "broken": [promise for promise, kept in promises.items() if not kept],
    }


def _length_s(span: Span) -> float:
    return span[1] - span[0]


def _longest_s(spans: list[Span]) -> float:
    return round(max(map(_length_s, spans), default=0.0), 3)


def _told(gap: Span, faulted: list[tuple[float, float, str]]) -> str:
    """How long it was, and which faults it touched or came soon after."""
    names = [name for begin, end, name in faulted if begin < gap[1] and gap[0] < end + 2.0]
    return f"{_length_s(gap):.2f} s, {', '.join(names) or 'no fault'}"


if __name__ == "__main__":
    main()
