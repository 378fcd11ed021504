"""What the board did, for people: a table, and a page with the time line of each scenario."""

from __future__ import annotations

import fnmatch
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tools.board.machine import Entry
from tools.board.play import Result

TEMPLATE = Path(__file__).with_name("report.html")
LANES = (
    "wakeful-camera",
    "watching",
    "health",
    "gpio.level",
    "heartbeat",
    "wakeful-serial",
    "serial",
    "can",
    "process",
)
"""Channels with a value at any time, in the order of the page; the alerts come below."""
ALERTS = ("alert", "serial.alert", "can.alert", "note")
GOOD = ("there", "yes", "alive", "ok", "active")
BAD = ("gone", "no", "silent", "camera_lost", "stale")
ON = "1"
WIDTH, LANE, LEFT = 900, 18, 110
FREE = 0.9
"""A board that had less than this of the processor was slowed down by other programs: its times are not its own."""
FIGURE = re.compile(r"(?m)^figure (\w+) (-?[\d.]+)$")

T = TypeVar("T")


@dataclass(slots=True)
class Figures:
    """How long the parts of the check took, s, and what was tried twice."""

    took_s: dict[str, float] = field(default_factory=dict)
    retries: int = 0

    def timed(self, name: str, work: Callable[[], T]) -> T:
        begun_s = time.monotonic()
        result = work()
        self.took_s[name] = time.monotonic() - begun_s
        return result


def as_text(results: Sequence[Result], figures: Figures) -> str:
    """A row a scenario: whether all was as expected, how long what was expected took, and the slowest of it."""
    lines = [f"{name:34}{took:8.1f} s" for name, took in figures.took_s.items()]
    lines += ["", f"{'scenario':48}{'':8}{'s':>6}  the slowest against its limit"]
    for result in results:
        word = "ok" if result.ok else "NOT"
        lines.append(f"{result.scenario.name[:47]:48}{word:8}{result.wall_s:6.0f}  {_slowest(result)}")
        lines += [
            f"    {name} {min(all_):g} to {max(all_):g} of {len(all_)}" for name, all_ in measured(result).items()
        ]
        lines += [f"    {line}" for line in start_parts(result)]
        lines += [f"    {line}" for line in result.complaints()]
        if result.processor < FREE:
            lines.append(f"    other programs left the board {result.processor:.0%} of a processor")
        lines += [f"    played twice: {result.retried}"] if result.retried else []
    passed = sum(result.ok for result in results)
    lines += ["", f"{passed} of {len(results)} scenarios as expected; {figures.retries} boots or scenarios tried twice"]
    return "\n".join(lines)


def measured(result: Result) -> dict[str, list[float]]:
    """Figures that scripts in the board have printed, by name."""
    found: dict[str, list[float]] = {}
    for outcome in result.outcomes:
        for name, value in FIGURE.findall(outcome.output):
            found.setdefault(name, []).append(float(value))
    return found


def start_parts(result: Result) -> list[str]:
    """Of each boot within the scenario, when the parts of the way to the first decision were over."""
    lines = []
    for boot in sorted({entry.boot for entry in result.entries})[1:]:
        of_boot = [entry for entry in result.entries if entry.boot == boot]
        parts = {
            "kernel and systemd": _first(of_boot, "agent", "starts"),
            "stand-ins": _first(of_boot, "agent", "hardware is there"),
            "camera there": _first(of_boot, "wakeful-camera", "there"),
            "process": _first(of_boot, "process", "[1-9]*"),
            "modules loaded": _first(of_boot, "start", "modules loaded"),
            "networks loaded, camera opened": _first(of_boot, "start", "camera opened"),
            "first decision": _first(of_boot, "watching", "yes"),
        }
        lines.append("power on: " + ", ".join(f"{name} {at}" for name, at in parts.items()))
    return lines


def _first(entries: Sequence[Entry], channel: str, value: str) -> str:
    found = next((one.t for one in entries if one.channel == channel and fnmatch.fnmatchcase(one.value, value)), None)
    return "never" if found is None else f"{found:.1f} s"


def as_json(results: Sequence[Result], figures: Figures) -> dict[str, Any]:
    """Everything but the time lines."""
    return {
        "took_s": {name: round(took, 1) for name, took in figures.took_s.items()},
        "retries": figures.retries,
        "scenarios": [
            {
                "name": one.scenario.name,
                "ok": one.ok,
                "wall_s": round(one.wall_s, 1),
                "processor": round(one.processor, 2),
                "steps": [
                    {"step": step.step, "ok": step.ok, "took_s": step.took_s, "limit_s": step.limit_s}
                    for step in one.outcomes
                ],
                "figures": measured(one),
                "faults": one.faults,
                "retried": one.retried,
            }
            for one in results
        ],
    }


def write_report(folder: Path, results: Sequence[Result], figures: Figures) -> Path:
    """Writes the page and the JSON file; gives the page."""
    from jinja2 import Environment

    page = folder / "index.html"
    template = Environment(autoescape=True).from_string(TEMPLATE.read_text(encoding="utf-8"))
    shown = [{"result": one, "lines": list(_timelines(one)), "slowest": _slowest(one)} for one in results]
    passed = sum(one.ok for one in results)
    text = template.render(shown=shown, figures=figures, passed=passed, width=WIDTH, lane=LANE, left=LEFT)
    page.write_text(text, encoding="utf-8")
    (folder / "board.json").write_text(json.dumps(as_json(results, figures), indent=1) + "\n", encoding="utf-8")
    return page


def _slowest(result: Result) -> str:
    timed = [one for one in result.outcomes if one.took_s is not None and one.limit_s]
    if not timed:
        return ""
    one = max(timed, key=lambda step: (step.took_s or 0.0) / (step.limit_s or 1.0))
    return f"{one.step} after {one.took_s:.2f} s of {one.limit_s:.3g}"


def _timelines(result: Result) -> Iterator[dict[str, Any]]:
    """What the page draws of each boot."""
    for boot in sorted({entry.boot for entry in result.entries}):
        entries = [entry for entry in result.entries if entry.boot == boot]
        first, last = entries[0].t, max(entries[-1].t, entries[0].t + 1.0)
        scale = (WIDTH - LEFT) / (last - first)
        yield {
            "boot": boot,
            "first": first,
            "last": last,
            "lanes": [{"name": name, "spans": list(_spans(entries, name, first, last, scale))} for name in LANES],
            "marks": [
                {
                    "x": LEFT + (one.t - first) * scale,
                    "row": ALERTS.index(one.channel),
                    "text": f"{one.t:.2f} {one.value}",
                }
                for one in entries
                if one.channel in ALERTS
            ],
            "rows": ALERTS,
            "ticks": [{"x": LEFT + (at - first) * scale, "s": at} for at in _ticks(first, last)],
        }


def _spans(entries: Sequence[Entry], channel: str, first: float, last: float, scale: float) -> Iterator[dict[str, Any]]:
    values = [one for one in entries if one.channel == channel]
    ends = [*(value.t for value in values[1:]), last]
    for one, after in zip(values, ends, strict=False):
        word = one.value.split()[0]
        kind = "good" if word in GOOD else "bad" if word in BAD else "on" if word == ON else "other"
        yield {
            "x": LEFT + (one.t - first) * scale,
            "width": max((after - one.t) * scale, 0.6),
            "kind": kind,
            "text": one.value,
        }


def _ticks(first: float, last: float) -> Iterator[float]:
    step = next(size for size in (1, 2, 5, 10, 20, 50, 100, 1000) if (last - first) / size <= 12)
    at = (first // step + 1) * step
    while at < last:
        yield at
        at += step
