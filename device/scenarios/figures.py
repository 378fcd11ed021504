"""The results of many cells as counts, lines of a table and plain values for JSON. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from wakeful.device.scenarios.matrix import OTHER_RATES, ROTATED, UPRIGHT, Cell
from wakeful.device.scenarios.runner import Result
from wakeful.device.scenarios.trace import Reported
from wakeful.device.scenarios.verdict import Outcome
from wakeful.frozen import dataclass
from wakeful.version import __version__


@dataclass(frozen=True, slots=True)
class Count:
    """How many cells ended how."""

    correct: int
    reported_blind: int
    failed: int

    @property
    def total(self) -> int:
        return self.correct + self.reported_blind + self.failed

    @property
    def passed(self) -> int:
        return self.correct + self.reported_blind


GROUPS: tuple[tuple[str, Callable[[Cell], bool]], ...] = (
    (
        "eyes visible, head within 20° of the camera",
        lambda cell: cell.expected.sight == "visible" and cell.camera == UPRIGHT,
    ),
    ("the same, image turned by 90, 180 or 270°", lambda cell: cell.camera in ROTATED),
    ("the same, 1, 2, 5, 10 or 30 frames per second", lambda cell: cell.camera in OTHER_RATES),
    ("sunglasses", lambda cell: cell.expected.sight == "blind"),
    ("near dark", lambda cell: cell.light.name == "dark" and cell.expected.sight == "either"),
    (
        "eyes visible, head 40° off the camera",
        lambda cell: cell.light.name != "dark" and cell.expected.sight == "either",
    ),
)
"""The groups that a reader asks for first: name, and which cells belong to it."""


TIMES = re.compile(r"(,? (but at|only at|at|between|from) [0-9.]+( and [0-9.]+)? s)|(; health was .*)")


def count(results: Sequence[Result]) -> Count:
    """How ``results`` ended."""
    outcomes = [result.verdict.outcome for result in results]
    return Count(*(outcomes.count(outcome) for outcome in (Outcome.CORRECT, Outcome.REPORTED_BLIND, Outcome.FAILED)))


def by_group(results: Sequence[Result]) -> list[tuple[str, Count]]:
    """Counts of each of ``GROUPS`` that was run."""
    groups = [(name, count([one for one in results if belongs(one.cell)])) for name, belongs in GROUPS]
    return [(name, counted) for name, counted in groups if counted.total]


def by_behaviour(results: Sequence[Result]) -> list[tuple[str, Count]]:
    """Counts of each behaviour."""
    names = dict.fromkeys(one.cell.behaviour.name for one in results)
    return [(name, count([one for one in results if one.cell.behaviour.name == name])) for name in names]


def by_reason(results: Sequence[Result]) -> list[tuple[str, int]]:
    """Why cells failed, without the times: sentence and number of cells, the most frequent first."""
    reasons = Counter(reason for result in results for reason in {TIMES.sub("", one) for one in result.verdict.reasons})
    return reasons.most_common()


def as_json(results: Sequence[Result], about: dict[str, Any]) -> dict[str, Any]:
    """All results as plain values; times in seconds of the script."""
    return {
        "version": __version__,
        **about,
        "count": _counted(count(results)),
        "groups": {name: _counted(counted) for name, counted in by_group(results)},
        "behaviours": {name: _counted(counted) for name, counted in by_behaviour(results)},
        "cells": [_cell(result) for result in results],
    }


def _counted(counted: Count) -> dict[str, int]:
    return {
        "cells": counted.total,
        "correct": counted.correct,
        "reported_blind": counted.reported_blind,
        "failed": counted.failed,
    }


def _cell(result: Result) -> dict[str, Any]:
    cell, trace = result.cell, result.trace
    expected = cell.expected
    return {
        "cell": cell.id,
        "light": cell.light.name,
        "eyewear": cell.eyewear,
        "yaw_deg": cell.head.yaw_deg,
        "pitch_deg": cell.head.pitch_deg,
        "rotated_deg": cell.camera.rotated_deg,
        "fps": cell.camera.fps,
        "behaviour": cell.behaviour.name,
        "expected": {
            "sight": expected.sight,
            "why": expected.why,
            "required": [
                {"any_of": list(one.any_of), "after_s": one.after_s, "by_s": one.by_s} for one in expected.required
            ],
            "tolerated": sorted(expected.tolerated),
        },
        "outcome": result.verdict.outcome.value,
        "reasons": list(result.verdict.reasons),
        "alerts": [_reported(one) | {"level": one.level} for one in trace.alerts],
        "events": [_reported(one) for one in trace.events],
        "health": [{"t": round(one.t_s, 3), "health": one.health, "reason": one.reason} for one in trace.health],
    }


def _reported(one: Reported) -> dict[str, Any]:
    return {"t": round(one.t_s, 3), "code": one.code}
