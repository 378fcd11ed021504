"""How long to measure: MLPerf's minimum for figures to be published, and less for a first look."""

from __future__ import annotations

from dataclasses import replace

from wakeful.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """Lengths of the scenarios.

    Attributes:
        runs, seconds: single-stream ends when both are reached (MLPerf Inference asks for 1,024 queries and 60 s of a
            single stream).
        turn_s: approximate length of a turn; short, so that disturbances affect all participants alike.
        starts: processes of a cold start.
        paced_s, fps: length of the paced scenario, and the rate of the camera.
        sustained_s: length of the sustained scenario; minute_s: length of one of its minutes.
    """

    runs: int = 1024
    seconds: float = 60.0
    turn_s: float = 0.25
    starts: int = 10
    paced_s: float = 60.0
    fps: float = 30.0
    sustained_s: float = 600.0
    minute_s: float = 60.0
    quick: bool = False


FULL = Plan()
QUICK = Plan(runs=128, seconds=2.0, turn_s=0.1, starts=3, paced_s=2.0, sustained_s=4.0, minute_s=1.0, quick=True)


def planned(quick: bool, fps: float = 30.0, minutes: float | None = None) -> Plan:
    """The plan a user asked for."""
    plan = replace(QUICK if quick else FULL, fps=fps)
    if minutes is None:
        return plan
    return replace(plan, sustained_s=60.0 * minutes, minute_s=min(60.0, 60.0 * minutes))
