"""The judge: observations in, driver state, alerts and events out.

Pure: time is what the observations carry, nothing is read or written. Signals over time live in files of their own
beside this one; this file only joins them in their order. Rules other than the closure ladder find their place in
``_judge``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from device.messages import (
    Acknowledge,
    Alert,
    Command,
    DriverState,
    Event,
    Health,
    Level,
    Observation,
    ReaderTraits,
    VehicleSpeed,
)
from device.state.baseline import OpenEyeBaseline, opening
from device.state.closure import ClosureTracker, EyeState
from device.state.frame_rate import FrameRate
from device.state.health import HealthJudge
from device.state.perclos import PerclosWindows
from device.state.profile import Profile
from device.state.standing import StandingAlerts

# Two frames further apart than this say nothing of the eyes between them.
MAX_GAP_S = 0.5
CALIBRATION_STEP_PCT = 10.0


@dataclass(frozen=True, slots=True)
class Step:
    """What one moment brought."""

    state: DriverState
    alerts: tuple[Alert, ...] = ()
    events: tuple[Event, ...] = ()


class Engine:
    """Judges one person by one profile.

    Args:
        profile: the rules.
        reader: what to know of the landmark reader whose measures come in.
        speed_kmh: the vehicle's speed until it says otherwise; None is unknown, and opens every speed gate.
    """

    def __init__(self, profile: Profile, reader: ReaderTraits, speed_kmh: float | None = None) -> None:
        self._profile = profile
        self._wide_mouth = reader.wide_mouth_aspect
        self._closed_ratio = reader.closed_ratio
        self._speed_kmh = speed_kmh
        eyes = profile.eyes
        self._left = OpenEyeBaseline(eyes.baseline_s, eyes.baseline_floor)
        self._right = OpenEyeBaseline(eyes.baseline_s, eyes.baseline_floor)
        self._eyes = EyeState(eyes.closed_below, eyes.open_above)
        self._closure = ClosureTracker(eyes.bridge_s)
        self._perclos = PerclosWindows(180.0, profile.perclos.min_closure_s, MAX_GAP_S)
        self._rate = FrameRate()
        self._health = HealthJudge(profile.health)
        self._standing = StandingAlerts(profile.latch)
        self._last = DriverState(t_ns=0, seq=-1, health=Health.STALE)
        self._last_frame_ns: int | None = None
        self._told_health: Health | None = None
        self._told_calibration_pct = 0.0

    def step(self, seen: Observation) -> Step:
        """Judge one frame. Frames must come in the order of their times; one that does not is left out."""
        if self._last_frame_ns is not None and seen.t_ns <= self._last_frame_ns:
            return Step(self._last)
        self._last_frame_ns = seen.t_ns
        left, right, closed = self._judge_eyes(seen)
        fps = self._rate.step(seen.t_ns)
        slow = fps is not None and fps < self._profile.perclos.min_fps
        ended = self._closure.step(seen.t_ns, closed)
        self._perclos.see(seen.t_ns, closed is not None and not slow)
        if ended:
            self._perclos.add_closure(ended.start_ns, ended.end_ns)
        health = self._health.see(
            seen.t_ns,
            face=seen.face,
            readable=closed is not None and not slow,
            calibrated=self.calibration_pct >= 100.0,
        )
        alerts = tuple(self._judge(seen.t_ns, closed))
        state = self._state(seen, health, left, right, closed)
        events = []
        if ended:
            events.append(Event(seen.t_ns, "closure", {"start_ns": ended.start_ns, "end_ns": ended.end_ns}))
        return self._told(state, alerts, events)

    def tick(self, t_ns: int, health: Health) -> Step:
        """Time went by without a frame; ``health`` says why. Nothing is known of the driver, and nothing clears."""
        state = DriverState(
            t_ns=t_ns,
            seq=self._last.seq,
            health=health,
            level=self._last.level,
            code=self._last.code,
            calibration_pct=self._last.calibration_pct,
            speed_kmh=self._speed_kmh,
        )
        return self._told(state, (), [])

    def command(self, t_ns: int, command: Command) -> Iterable[Alert]:
        """Take in what the outside world says."""
        if isinstance(command, VehicleSpeed):
            self._speed_kmh = command.kmh
        elif isinstance(command, Acknowledge):
            yield from self._standing.acknowledge(t_ns, command.alert_seq)

    @property
    def calibration_pct(self) -> float:
        """How much of the personal baseline is learned: that of the eye seen longer."""
        return max(self._left.progress_pct, self._right.progress_pct)

    def _judge_eyes(self, seen: Observation) -> tuple[float | None, float | None, bool | None]:
        left = opening(seen.eye_aspect_left, self._left.aspect, self._closed_ratio)
        right = opening(seen.eye_aspect_right, self._right.aspect, self._closed_ratio)
        closed = self._eyes.step(left, right)
        if closed is False:
            if seen.eye_aspect_left is not None:
                self._left.add(seen.t_ns, seen.eye_aspect_left)
            if seen.eye_aspect_right is not None:
                self._right.add(seen.t_ns, seen.eye_aspect_right)
        return left, right, closed

    def _judge(self, t_ns: int, closed: bool | None) -> Iterable[Alert]:
        yield from self._standing.see_eyes(t_ns, closed)
        start_ns = self._closure.start_ns
        if start_ns is None or not closed:
            return
        closure_s = self._closure.duration_s()
        for code, rule in self._profile.closure_rules.items():
            if closure_s >= rule.closure_s and self._fast_enough(rule.from_kmh):
                yield from self._standing.raise_once(
                    t_ns, code, rule.rank, start_ns, {"closure_s": round(closure_s, 3)}
                )

    def _fast_enough(self, from_kmh: float) -> bool:
        return self._speed_kmh is None or self._speed_kmh >= from_kmh

    def _state(
        self, seen: Observation, health: Health, left: float | None, right: float | None, closed: bool | None
    ) -> DriverState:
        bounds = self._profile.perclos
        minute = self._perclos.over(60.0, seen.t_ns, bounds.min_coverage, self._closure.start_ns)
        three = self._perclos.over(180.0, seen.t_ns, bounds.min_coverage, self._closure.start_ns)
        return DriverState(
            t_ns=seen.t_ns,
            seq=seen.seq,
            health=health,
            face=seen.face,
            eye_open_left=left,
            eye_open_right=right,
            mouth_open=None if seen.mouth_aspect is None else min(1.0, seen.mouth_aspect / self._wide_mouth),
            yaw_deg=seen.yaw_deg,
            pitch_deg=seen.pitch_deg,
            roll_deg=seen.roll_deg,
            gaze_yaw_deg=seen.gaze_yaw_deg,
            gaze_pitch_deg=seen.gaze_pitch_deg,
            eyes_closed=closed,
            closure_s=None if closed is None else self._closure.duration_s(),
            perclos_60s=minute.share,
            perclos_180s=three.share,
            perclos_coverage=minute.coverage,
            calibration_pct=self.calibration_pct,
            speed_kmh=self._speed_kmh,
        )

    def _told(self, state: DriverState, alerts: tuple[Alert, ...], events: list[Event]) -> Step:
        """Add level and the events of what changed, and remember."""
        worst = self._standing.worst()
        state = replace(state, level=worst.level if worst else Level.NONE, code=worst.code if worst else "")
        if state.health != self._told_health:
            self._told_health = state.health
            events.append(Event(state.t_ns, "health", {"health": state.health.value}))
        if state.calibration_pct >= self._told_calibration_pct + CALIBRATION_STEP_PCT:
            self._told_calibration_pct = state.calibration_pct - state.calibration_pct % CALIBRATION_STEP_PCT
            events.append(Event(state.t_ns, "calibration", {"progress_pct": self._told_calibration_pct}))
        self._last = state
        return Step(state, alerts, tuple(events))
