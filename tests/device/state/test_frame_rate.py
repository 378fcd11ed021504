"""Rates of any kind: low ones are reported, and closures that two frames show raise their alerts all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.device.state.drives import Camera, Outcome, Part, drive
from wakeful.device.state.frame_rate import FrameRate

KMH = 40.0
# s between two frames: from just below the bound of 8 frames a second to one in 5 s.
SLOW_S = (0.13, 0.2, 0.3, 0.5, 0.65, 0.75, 0.9, 0.95, 1.0, 1.05, 1.3, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0)
WITHIN_S = 6.0
MEASURED = Path(__file__).parents[3] / "docs" / "measured.md"
LIDS = {"open": (0.97, 0.01, 0.01, 0.01), "closed": (0.01, 0.02, 0.01, 0.96)}


def slow_s(outcome: Outcome) -> list[float]:
    """When the low rate was reported."""
    return [t_s for t_s, health in outcome.health() if health == "degraded slow"]


@pytest.mark.parametrize("gap_s", SLOW_S)
def test_a_low_rate_is_reported_within_six_seconds_and_once(gap_s: float) -> None:
    outcome = drive(Part(60.0, fps=1.0 / gap_s))
    assert [t_s <= WITHIN_S for t_s in slow_s(outcome)] == [True]
    assert outcome.health_at(60.0) == "degraded slow"


@pytest.mark.parametrize("gap_s", [one for one in SLOW_S if one <= 3.0])
def test_a_rate_that_drops_on_the_way_is_reported_too(gap_s: float) -> None:
    outcome = drive(Part(30.0), Part(60.0, fps=1.0 / gap_s))
    assert [30.0 < t_s <= 30.0 + WITHIN_S + 1e-6 for t_s in slow_s(outcome)] == [True]


@pytest.mark.parametrize("gap_s", [0.2, 0.65, 0.95, 1.05, 2.0])
def test_a_low_rate_that_jitters_is_reported_without_flicker(gap_s: float) -> None:
    outcome = drive(Part(60.0, fps=1.0 / gap_s), jitter_s=0.9 * gap_s)
    assert [t_s <= WITHIN_S for t_s in slow_s(outcome)] == [True]


def test_a_rate_that_recovers_is_reported_as_well() -> None:
    outcome = drive(Part(20.0, fps=1.0), Part(10.0))
    assert outcome.health_at(20.0) == "degraded slow"
    assert outcome.health_at(24.0) == "calibrating"


@pytest.mark.parametrize("hole_s", [1.0, 2.5, 5.0, 20.0])
def test_one_pause_is_no_rate(hole_s: float) -> None:
    outcome = drive(Part(20.0), Part(20.0, clock_s=hole_s))
    assert [health for _, health in outcome.health()] == ["calibrating"]


@pytest.mark.parametrize("lids", [None, LIDS])
@pytest.mark.parametrize("gap_s", SLOW_S)
def test_closures_that_frames_prove_raise_their_alerts_and_these_end(
    gap_s: float, lids: dict[str, tuple[float, float, float, float]] | None
) -> None:
    """Each level needs a frame more than the one before it, and the seconds of its bound."""
    shut, awake = (lids["closed"], lids["open"]) if lids else (None, None)
    rate = 1.0 / gap_s
    asleep = Part(max(12.0, 5.0 * gap_s), 0.0, lids=shut, fps=rate)
    outcome = drive(Part(40.0, lids=awake, fps=rate), asleep, Part(40.0, lids=awake, fps=rate), speed_kmh=KMH)
    start_s = next(step.state.t_ns / 1e9 for step in outcome.steps if step.state.eyes_closed)
    for code, bound_s, frames in (("microsleep", 1.0, 1), ("sleep", 3.0, 2), ("unresponsive", 6.0, 3)):
        assert outcome.raised(code) == [pytest.approx(start_s + max(bound_s, frames * gap_s), abs=gap_s)], code
    assert outcome.steps[-1].state.code == ""


def test_one_frame_with_closed_eyes_is_no_closure_of_a_second() -> None:
    outcome = drive(*[Part(9.0, fps=1.0), Part(1.0, 0.0, fps=1.0)] * 6, speed_kmh=KMH)
    assert outcome.alerts == []
    assert all(end_s == start_s for start_s, end_s in outcome.closures())


@pytest.mark.parametrize("fps", [5.0, 10.0, 15.0, 30.0])
@pytest.mark.parametrize("phase", [0.01, 0.35, 0.7, 0.99])
def test_alerts_come_within_a_fifth_of_a_second_and_one_frame(fps: float, phase: float) -> None:
    start_s = 20.0 + phase / fps
    outcome = drive(Part(start_s), Part(7.0, 0.0), Part(20.0), camera=Camera(fps), speed_kmh=KMH)
    for code, bound_s in (("microsleep", 1.0), ("sleep", 3.0), ("unresponsive", 6.0)):
        [raised_s] = outcome.raised(code)
        assert bound_s - 1e-6 <= raised_s - start_s <= bound_s + 0.2 + 1.0 / fps, code


def test_the_table_of_delays_in_the_documentation_is_what_is_measured() -> None:
    """``pytest -s`` prints the table of docs/measured.md: mean and worst of ten moments between two frames."""
    lines = []
    for fps in (1, 2, 5, 10, 15, 30):
        delays: dict[str, list[float]] = {code: [] for code in ("microsleep", "sleep", "unresponsive")}
        for tenth in range(10):
            start_s = 20.0 + (tenth + 0.5) / 10.0 / fps
            outcome = drive(Part(start_s), Part(9.0, 0.0), camera=Camera(float(fps)), speed_kmh=KMH)
            for code, found in delays.items():
                found.append(outcome.raised(code)[0] - start_s)
        figures = [f"{sum(found) / len(found):.2f}, {max(found):.2f}" for found in delays.values()]
        lines.append(f"| {fps} | {' | '.join(figures)} |")
    print("", *lines, sep="\n")
    documented = MEASURED.read_text(encoding="utf-8")
    assert [line for line in lines if line not in documented] == []


def test_the_rate_is_known_from_two_frames_where_they_are_far_apart() -> None:
    rate = FrameRate()
    assert [rate.step(t_ns) for t_ns in (0, 2_000_000_000, 4_000_000_000)] == [None, 0.5, 0.5]
    assert [FrameRate().step(0), rate.step(4_100_000_000)] == [None, pytest.approx(2 / 2.1)]
