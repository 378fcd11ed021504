"""Carries a scenario out on a board that runs, and says of each step what happened and when."""

from __future__ import annotations

import fnmatch
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tools.board.machine import SLOWEST, Entry, Machine, share, slower
from tools.board.script import EVENTS, Do, Expect, Never, Scenario, Step, Verify, Wait

CONFIG = """profile = "vehicle"
[source]
source = "/dev/wakeful-camera"
fps = 15.0
[serial]
url = "/dev/wakeful-serial"
[gpio]
line = "/dev/gpiochip0:BUZZER"
heartbeat_line = "/dev/gpiochip0:HEARTBEAT"
[can]
address = "socketcan:vcan0"
[stream]
path = "/run/wakeful/stream"
rate_hz = 15.0
"""
"""What the board runs with in every scenario."""
LOOK_S = 0.03
SHARE_EVERY_S = 1.0
LOST_S = 1.5
"""What is older than this when the power is cut has to be in the log."""
SETTLE_S = 1.5
"""The slowest way of an alert: through a loop of this program into the board, and back through its time line."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one step.

    Attributes:
        begin_s, end_s: of the board's time.
        took_s: from the last ``do`` to what was expected; None where nothing was, or it did not come.
    """

    step: str
    ok: bool
    begin_s: float
    end_s: float
    took_s: float | None = None
    limit_s: float | None = None
    output: str = ""


@dataclass(slots=True)
class Result:
    """Of one scenario, with the part of the time line that it takes.

    Attributes:
        processor: share of the time in which the board wanted a processor and had one.
    """

    scenario: Scenario
    outcomes: list[Outcome] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    wall_s: float = 0.0
    processor: float = 1.0
    retried: str = ""

    @property
    def ok(self) -> bool:
        return not self.faults and all(one.ok for one in self.outcomes)

    def complaints(self) -> list[str]:
        """What was not as it should be, a line each."""
        failed = [one for one in self.outcomes if not one.ok]
        return [f"{one.step}: {' '.join(one.output.split())[-300:] or 'not'}" for one in failed] + self.faults


class Player:
    """Plays scenarios on one machine, one after the other."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._settings: str | None = None
        self._done_s = self._begun_s = 0.0
        self._done_at = 0
        self._met_at: dict[str, int] = {}
        self._cut_s = 0.0
        self._cut_slower = 1.0
        self._logged = ""
        self._random = random.Random(0)
        self._spent = (0.0, 0.0)

    def play(self, scenario: Scenario) -> Result:
        """Raises: Locked: the board does not answer."""
        result, begun_s, before = Result(scenario), time.monotonic(), self._machine.processor_s()
        boots = self._machine.boots
        self._configure(scenario)
        first = len(self._machine.entries)
        self._random = random.Random(scenario.name)
        for _ in range(scenario.repeat):
            for step in scenario.steps:
                outcome = self._step(step)
                result.outcomes.append(outcome)
                if not outcome.ok:
                    break
            if not result.ok:
                break
        time.sleep(SETTLE_S)
        result.entries = [*self._values_at(first), *self._machine.entries[first:]]
        result.faults += disorders(result.entries)
        if scenario.alerts == "once":
            result.faults += lost_alerts(result.entries)
        result.wall_s = time.monotonic() - begun_s
        result.processor = share(before if self._machine.boots == boots else (0.0, 0.0), self._machine.processor_s())
        return result

    def _configure(self, scenario: Scenario) -> None:
        """Starts the service anew where it has to run with other settings than before."""
        # Whatever a scenario that ended early has left.
        self._begin_at(self._machine.run("camera 0 ok").t)
        if scenario.settings == self._settings:
            return
        write = f"cat > /etc/wakeful/wakeful.toml <<'END'\n{CONFIG}{scenario.settings}\nEND\n"
        self._do(Do(do=f"{write}sync\nsystemctl restart wakeful\n", limit_s=90.0))
        self._settings = scenario.settings

    def _step(self, step: Step) -> Outcome:
        if isinstance(step, Do):
            return self._do(step)
        if isinstance(step, Expect):
            return self._expect(step)
        if isinstance(step, Never):
            return self._never(step)
        begun_s = self._machine.run("now").t
        if isinstance(step, Wait):
            wait_s = self._random.uniform(*step.wait_s) if isinstance(step.wait_s, tuple) else step.wait_s
            time.sleep(wait_s)
            return Outcome(f"wait {wait_s:.3g} s", True, begun_s, begun_s + wait_s)
        assert isinstance(step, Verify)
        known = f"export CUT={self._cut_s:.3f} LOGGED='{self._logged}' SLOWER={self._cut_slower:.2f}\n"
        answer = self._machine.run(known + step.verify, step.limit_s * self._slower())
        return Outcome(_first_line(step.verify), answer.status == 0, begun_s, answer.t, output=answer.output)

    def _do(self, step: Do) -> Outcome:
        if step.do == "power on":
            self._machine.boot()
            self._begin_at(0.0)
            self._done_at = self._first_of_boot()
            self._spent = (0.0, 0.0)
            return Outcome(step.do, True, 0.0, 0.0)
        if step.do == "power cut":
            return self._cut_power()
        begun_s = self._machine.run("now").t
        self._begin_at(begun_s)
        if step.do == "power off":
            return Outcome(step.do, self._machine.power_off(step.limit_s * SLOWEST), begun_s, begun_s)
        answer = self._machine.run(step.do, step.limit_s * SLOWEST)
        # What a command causes can be seen before it has ended: it counts from its beginning.
        ok = answer.status == 0 or step.may_fail
        return Outcome(_first_line(step.do), ok, begun_s, answer.t, output=answer.output)

    def _cut_power(self) -> Outcome:
        """For what is verified later: when it was, how slow the board, and which alerts must be in the log by now."""
        self._cut_slower = self._slower()
        answer, asked_s, first = self._machine.run("now"), time.monotonic(), self._done_at
        self._machine.cut_power()
        self._cut_s = answer.t + time.monotonic() - asked_s
        latest_s = self._cut_s - LOST_S * self._cut_slower
        sure = [one for one in self._machine.entries[first:] if one.channel == "alert" and one.t < latest_s]
        self._logged = ",".join(" ".join(one.value.split()[1::2]) for one in sure)
        self._begin_at(self._cut_s)
        return Outcome("power cut", True, self._cut_s, self._cut_s)

    def _first_of_boot(self) -> int:
        return len(self._machine.entries) - len(self._machine.now_boot())

    def _expect(self, step: Expect) -> Outcome:
        name = f"{step.expect} is {step.is_}"
        begun_s, looked_s, limit_s = time.monotonic(), float("-inf"), step.within_s
        while True:
            met, now_s = self._met(step), time.monotonic()
            if met is not None or now_s - looked_s > SHARE_EVERY_S:
                looked_s, limit_s = now_s, step.within_s * self._slower()
            if met is not None or now_s - begun_s > limit_s + SETTLE_S:
                break
            time.sleep(LOOK_S)
        if met is None:
            until_s = self._done_s + limit_s
            return Outcome(name, False, self._done_s, until_s, None, limit_s, f"it is: {self._value(step.expect)}")
        # The clock of a kernel of this kind has been seen to jump ahead by a minute and a half while it boots.
        took_s = max(0.0, min(met.t - self._done_s, now_s - self._begun_s))
        return Outcome(name, took_s <= limit_s, self._done_s, met.t, took_s, limit_s, met.value)

    def _begin_at(self, t_s: float) -> None:
        """What follows is counted from here."""
        self._done_s, self._done_at = t_s, len(self._machine.entries)
        self._begun_s = time.monotonic()
        self._met_at.clear()
        self._spent = self._machine.processor_s()

    def _slower(self) -> float:
        """How much longer things take than on a free machine: others had the processor, since the last ``do``."""
        return slower(self._spent, self._machine.processor_s())

    def _met(self, step: Expect) -> Entry | None:
        of_channel = [(at, one) for at, one in enumerate(self._machine.entries) if one.channel == step.expect]
        if step.expect in EVENTS:
            return next((one for at, one in of_channel if at >= self._done_at and alike(one.value, step.is_)), None)
        if step.anew:
            # What came before a value that was waited for is not what follows it.
            first = self._met_at.get(step.expect, self._done_at)
            found = [(at, one) for at, one in of_channel if at >= first and alike(one.value, step.is_)][:1]
        else:
            found = [(at, one) for at, one in of_channel[-1:] if alike(one.value, step.is_)]
        for at, _ in found:
            self._met_at[step.expect] = at + 1
        return found[0][1] if found else None

    def _values_at(self, first: int) -> list[Entry]:
        """What each channel had when the scenario began."""
        entries = self._machine.entries
        if first >= len(entries):
            return []
        begin, before = entries[first], entries[:first]
        values = {one.channel: one for one in before if one.boot == begin.boot and one.channel not in EVENTS}
        return [Entry(begin.boot, begin.t, one.channel, one.value) for one in values.values()]

    def _value(self, channel: str) -> str:
        values = [one.value for one in self._machine.entries if one.channel == channel]
        return values[-1] if values else "nothing"

    def _never(self, step: Never) -> Outcome:
        first = self._done_at if step.since == "do" else len(self._machine.entries)
        begun_s = self._machine.run("now").t
        time.sleep(step.for_s)
        found = [
            one
            for one in self._machine.entries[first:]
            if fnmatch.fnmatchcase(one.channel, step.never) and alike(one.value, step.is_)
        ]
        said = ", ".join(f"{one.channel} {one.value}" for one in found)
        return Outcome(f"never {step.never} {step.is_}", not found, begun_s, begun_s + step.for_s, output=said)


def alike(value: str, patterns: str) -> bool:
    """Whether a value is as one of the patterns, between which there are bars."""
    return any(fnmatch.fnmatchcase(value, pattern) for pattern in patterns.split("|"))


def disorders(entries: Sequence[Entry]) -> list[str]:
    """Frames that came out of order, and what was no sentence."""
    return [f"{one.channel}: {one.value}" for one in entries if one.channel in ("disorder", "serial.broken")]


def lost_alerts(entries: Sequence[Entry]) -> list[str]:
    """Steps of alerts that are not on each wire exactly once, or not on the GPIO line at all."""
    sent = [one for one in entries if one.channel == "alert"]
    steps = Counter((one.value.split()[0], one.value.split()[-1]) for one in sent)
    phases = ("raised", "escalated", "acknowledged", "cleared")
    wires = {
        "serial.alert": Counter(
            (v[0], v[-1]) for one in entries if one.channel == "serial.alert" for v in [one.value.split()]
        ),
        "can.alert": Counter(
            (v[0], phases[int(v[-1])]) for one in entries if one.channel == "can.alert" for v in [one.value.split()]
        ),
    }
    faults = [] if steps else ["there was no alert"]
    for wire, arrived in wires.items():
        faults += [
            f"{wire}: {' '.join(step)} came {arrived[step]} times, not {count}"
            for step, count in steps.items()
            if arrived[step] != count
        ]
        faults += [f"{wire}: {' '.join(step)} came and was no alert" for step in arrived if step not in steps]
    for one in sent:
        # An advisory is a single pulse of 0.2 s, too short to be seen for certain on a machine that others use.
        if one.value.endswith("raised") and " advisory " not in one.value and not _shown(one, entries):
            faults.append(f"gpio: {one.value} was not shown within {SETTLE_S:g} s")
    return faults


def _shown(alert: Entry, entries: Sequence[Entry]) -> bool:
    levels = [one for one in entries if one.channel == "gpio" and one.boot == alert.boot]
    before = [one for one in levels if one.t <= alert.t][-1:]
    after = [one for one in levels if alert.t < one.t < alert.t + SETTLE_S]
    return any(one.value == "active" for one in (*before, *after))


def _first_line(text: str) -> str:
    line = text.strip().splitlines()[0]
    return line if len(line) <= 90 else f"{line[:87]}..."
