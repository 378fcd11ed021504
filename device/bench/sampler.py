"""Reads the machine's counters every half second while something is measured, in its own thread."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from threading import Event, Thread
from types import TracebackType

from wakeful.device.bench.busy import OtherPrograms, busy_reason
from wakeful.device.bench.counters import Counters, EnergyCounter, Reading
from wakeful.device.bench.record import Value

PERIOD_S = 0.5
KEPT = 600
"""Most samples kept for plots; in longer runs only every second one, every fourth, ... is kept."""
MEASURED = ("temperature_c", "clock_mhz", "load", "busy", "stolen")


class Sampler:
    """A context manager that samples until it is left.

    Args:
        pids: workers that run all the time; see ``wakeful.device.bench.busy.OtherPrograms``.

    Attributes:
        samples: each ``t_s`` since the beginning and the counters by name; None for an absent one.
        absent: why a counter is None in all samples.
        energy_j: since the beginning, None without a counter.
        cpu_s: CPU time the sampler itself used.
    """

    def __init__(self, counters: Counters | None = None, period_s: float = PERIOD_S, pids: Iterable[int] = ()) -> None:
        self._counters = counters or Counters()
        self._energy: EnergyCounter | None = self._counters.energy()
        self._period_s = period_s
        self._stop = Event()
        self._thread = Thread(target=self._run, name="bench sampler", daemon=True)
        self._others = OtherPrograms(pids, self._counters.root)
        self._others_cores = Reading(None, "not finished")
        self._every = 1
        self._taken = 0
        self._began_s = self._ended_s = time.monotonic()
        self.samples: list[dict[str, Value]] = []
        self.absent: dict[str, str] = {}
        self.energy_j: float | None = None
        self.cpu_s = 0.0
        if self._energy is None:
            self.absent["energy_j"] = self._counters.no_energy()

    def __enter__(self) -> Sampler:
        self._counters.busy()  # the first call only sets the starting point
        self._others.cores()
        self._began_s = time.monotonic()
        self._sample()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._others_cores = self._others.cores()
        self._stop.set()
        self._thread.join()

    @property
    def busy(self) -> str:
        """Why the machine counts as busy between beginning and end, "" if it does not."""
        return busy_reason(self._others_cores.value, _mean(self.samples, "load"), os.cpu_count())

    def figures(self) -> tuple[dict[str, Value], dict[str, str]]:
        """Temperature at both ends, means of the other counters, the sampler's share of a core; and why one is None."""
        figures: dict[str, Value] = {
            "temperature_start_c": _first(self.samples, "temperature_c"),
            "temperature_end_c": _first(reversed(self.samples), "temperature_c"),
            "clock_mhz": _mean(self.samples, "clock_mhz"),
            "load": _mean(self.samples, "load"),
            "busy": _mean(self.samples, "busy"),
            "stolen": _mean(self.samples, "stolen"),
            "others_cores": None if self._others_cores.value is None else round(self._others_cores.value, 3),
            "sampler_share": round(self.cpu_s / max(self._ended_s - self._began_s, 1e-3), 6),
        }
        absent = {
            name: self.absent.get("temperature_c" if name.startswith("temperature") else name, "shorter than a sample")
            for name, value in figures.items()
            if value is None
        }
        if self._others_cores.value is None:
            absent["others_cores"] = self._others_cores.reason
        return figures, absent

    def _run(self) -> None:
        due_s = self._began_s
        while True:
            due_s += self._period_s
            if self._stop.wait(max(due_s - time.monotonic(), 0.0)):
                self._sample()
                self.cpu_s = time.thread_time()
                self._ended_s = time.monotonic()
                return
            self._sample()

    def _sample(self) -> None:
        now_s = time.monotonic()
        if self._energy is not None:
            self.energy_j = self._energy.step(now_s)
        busy, stolen = self._counters.busy()
        readings = (self._counters.temperature_c(), self._counters.clock_mhz(), self._counters.load(), busy, stolen)
        self._taken += 1
        if self._taken % self._every == 0:
            self._keep(now_s - self._began_s, dict(zip(MEASURED, readings, strict=True)))

    def _keep(self, t_s: float, readings: dict[str, Reading]) -> None:
        sample: dict[str, Value] = {"t_s": round(t_s, 2), "energy_j": self.energy_j}
        for name, reading in readings.items():
            sample[name] = None if reading.value is None else round(reading.value, 3)
            if reading.value is None:
                self.absent.setdefault(name, reading.reason)
            else:
                self.absent.pop(name, None)
        self.samples.append(sample)
        if len(self.samples) > KEPT:
            del self.samples[1::2]
            self._every *= 2


def _first(samples: Iterable[dict[str, Value]], name: str) -> float | None:
    return next((float(value) for one in samples if isinstance(value := one[name], (int, float))), None)


def _mean(samples: list[dict[str, Value]], name: str) -> float | None:
    values = [float(value) for one in samples if isinstance(value := one[name], (int, float))]
    return round(sum(values) / len(values), 3) if values else None
