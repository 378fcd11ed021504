"""Whether one cell passed: what was reported, compared with what is expected. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from wakeful.device.scenarios.behaviour import DURATION_S, START_S
from wakeful.device.scenarios.matrix import (
    CLOSURE_CODES,
    DEGRADED_BY_S,
    ROTATED_BY_S,
    SLOW_BY_S,
    Cell,
    Expected,
    Required,
)
from wakeful.device.scenarios.trace import Trace
from wakeful.device.state.health import ROTATED, SLOW
from wakeful.frozen import dataclass

BLIND = frozenset({"degraded", "no_face"})
"""Health values with which the monitor reports that it cannot assess the driver at present."""


class Outcome(StrEnum):
    """How a cell ended."""

    CORRECT = "correct"
    """The driver was assessed, and correctly."""
    REPORTED_BLIND = "reported_blind"
    """The monitor reported in time that it cannot assess the driver, as required or allowed, without a false alert."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a cell ended, and why it failed (one sentence each)."""

    outcome: Outcome
    reasons: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return self.outcome is not Outcome.FAILED


def assess(cell: Cell, trace: Trace) -> Verdict:
    """How ``cell`` ended, after a run of the whole script."""
    expected = cell.expected
    false_alarms = (
        *_false_alarms(expected, trace),
        *_health_mistaken(ROTATED, expected.rotated, ROTATED_BY_S, "the turned image", "an upright image", trace),
        *_health_mistaken(SLOW, expected.slow, SLOW_BY_S, "the low frame rate", "a sufficient frame rate", trace),
    )
    unseen = (*false_alarms, *_not_assessed(expected, trace))
    unreported = (*false_alarms, *_not_reported_blind(expected, trace))
    if expected.sight != "blind" and not unseen:
        return Verdict(Outcome.CORRECT)
    if expected.sight != "visible" and not unreported:
        return Verdict(Outcome.REPORTED_BLIND)
    return Verdict(Outcome.FAILED, unreported if expected.sight == "blind" else unseen)


def _false_alarms(expected: Expected, trace: Trace) -> Iterator[str]:
    for alert in trace.alerts:
        early = alert.t_s < START_S
        if early or alert.code not in expected.tolerated:
            kind = "false closure alert" if alert.code in CLOSURE_CODES else "false alert"
            yield f"{kind} {alert.code} at {alert.t_s:.1f} s"


def _health_mistaken(
    reason: str, expected: bool, by_s: float, cause: str, opposite: str, trace: Trace
) -> Iterator[str]:
    """A cause of ``degraded`` that is not reported in time, or its opposite that is reported as that cause."""
    reported = [one.t_s for one in trace.health if one.reason == reason]
    if expected and not any(t_s <= by_s for t_s in reported):
        yield f"{cause} was not reported within {by_s:.0f} s; health was {_course(trace)}"
    if reported and not expected:
        yield f"{opposite} was reported as {reason} at {reported[0]:.1f} s"


def _not_assessed(expected: Expected, trace: Trace) -> Iterator[str]:
    for moment, when in ((START_S, "before the behaviour began"), (DURATION_S, "at the end")):
        said = trace.health_at(moment)
        if said.health in BLIND and said.reason not in (ROTATED, SLOW):
            yield f"{_named(said.health, said.reason)} {when}"
    for required in expected.required:
        complaint = _missing(required, trace)
        if complaint:
            yield complaint


def _missing(required: Required, trace: Trace) -> str | None:
    reported = sorted(one.t_s for one in (*trace.alerts, *trace.events) if one.code in required.any_of)
    in_time = [t_s for t_s in reported if required.after_s <= t_s <= required.by_s]
    if in_time:
        return None
    what = " or ".join(required.any_of)
    window = f"between {required.after_s:.1f} and {required.by_s:.1f} s"
    late = [t_s for t_s in reported if t_s > required.after_s] or reported
    return f"no {what} {window}" + (f", but at {late[0]:.1f} s" if late else "")


def _not_reported_blind(expected: Expected, trace: Trace) -> Iterator[str]:
    first = next((change.t_s for change in trace.health if change.health in expected.blind_healths), None)
    names = " or ".join(sorted(expected.blind_healths))
    if first is None:
        yield f"never reported {names}; health was {_course(trace)}"
    elif first > DEGRADED_BY_S:
        yield f"reported {names} only at {first:.1f} s; health was {_course(trace)}"
    elif expected.sight == "blind" and trace.health_at(DURATION_S).health not in expected.blind_healths:
        yield f"no longer {names} at the end; health was {_course(trace)}"


def _course(trace: Trace) -> str:
    return (
        ", ".join(f"{_named(one.health, one.reason)} from {one.t_s:.1f} s" for one in trace.health) or "never reported"
    )


def _named(health: str, reason: str) -> str:
    return f"{health} ({reason})" if reason else health
