"""Everything the lids tell: openings, closures, PERCLOS, and whether lids are lowered rather than closed."""

from __future__ import annotations

from dataclasses import dataclass

from wakeful.device.messages import Calibration, Observation, ReaderTraits
from wakeful.device.state.baseline import OpenEyeBaseline, opening
from wakeful.device.state.closure import Closure, ClosureTracker, EyeState
from wakeful.device.state.closure_length import ClosureLength
from wakeful.device.state.lids import LoweredLids
from wakeful.device.state.perclos import Perclos, PerclosWindows
from wakeful.device.state.profile import Profile

# Two frames further apart than this say nothing of the eyes between them.
MAX_GAP_S = 0.5
PERCLOS_EVERY_NS = 250_000_000
# Lids are reported as lowered from this length on: shorter closures raise nothing, and some blinks look alike.
MIN_LOWERED_S = 0.8
# A closure from this length on is more than a blink.
LONG_BLINK_S = 0.5
UNKNOWN = Perclos(None, 0.0)


@dataclass(frozen=True, slots=True)
class LidView:
    """The lids at one moment.

    Attributes:
        left, right: openings, 0 to 1.
        closed: None where no eye is seen, or where lids are lowered.
        lowered_since_ns: when lids that are lowered went down, else None.
        closure_s: length of the running closure, None where ``closed`` is.
        ended: the closure that ended with this moment.
        states: probabilities of the lids, as in ``Observation.lid_states``.
        ended_lowered: lids that were lowered and came up with this moment, as a closure.
    """

    left: float | None
    right: float | None
    closed: bool | None
    lowered_since_ns: int | None
    closure_s: float | None
    ended: Closure | None
    ended_lowered: Closure | None
    eyes_open_s: float
    states: tuple[float, float, float, float] | None

    @property
    def opening(self) -> float | None:
        """Mean of the eyes that are seen."""
        seen = [eye for eye in (self.left, self.right) if eye is not None]
        return sum(seen) / len(seen) if seen else None


class Eyelids:
    """Follows both eyes over time."""

    def __init__(self, profile: Profile, reader: ReaderTraits, known: Calibration | None) -> None:
        eyes = profile.eyes
        self._profile = profile
        self._closed_ratio = reader.closed_ratio
        self.left = OpenEyeBaseline(eyes.baseline_s, eyes.baseline_floor, known.eye_aspect_left if known else None)
        self.right = OpenEyeBaseline(eyes.baseline_s, eyes.baseline_floor, known.eye_aspect_right if known else None)
        self._eyes = EyeState(eyes.closed_below, eyes.open_above)
        self._lids = LoweredLids(eyes.lowered_drop)
        self.restart()

    def restart(self) -> None:
        """Forget what was going on, but not the person: time has jumped."""
        profile = self._profile
        self.left.restart()
        self.right.restart()
        self._lids.restart()
        self._closures = ClosureTracker(profile.eyes.bridge_s)
        self._lowered = False
        self._windows = PerclosWindows(180.0, profile.perclos.min_closure_s, MAX_GAP_S)
        self._lengths = ClosureLength()
        self._open_ns = 0
        self._last_ns: int | None = None
        self._figures_ns: int | None = None
        self.perclos_60s = self.perclos_180s = UNKNOWN
        self.closure_ratio: float | None = None

    @property
    def progress_pct(self) -> float:
        """How much of the personal baseline is learned: that of the eye seen longer."""
        return max(self.left.progress_pct, self.right.progress_pct)

    @property
    def learned_aspect(self) -> float | None:
        """Mean aspect of this person's open eyes, None while it is not learned."""
        learned = [eye.learned for eye in (self.left, self.right) if eye.learned is not None]
        return sum(learned) / len(learned) if learned else None

    def step(self, seen: Observation, fps: float | None) -> LidView:
        """Take in one frame."""
        t_ns = seen.t_ns
        left = opening(seen.eye_aspect_left, self.left.aspect, self._closed_ratio)
        right = opening(seen.eye_aspect_right, self.right.aspect, self._closed_ratio)
        shut = self._eyes.step(left, right)
        self._lids.see(t_ns, shut, seen.lid_drop)
        if shut is False:
            self._learn(seen)
        ended = self._closures.step(t_ns, shut)
        was_lowered, self._lowered = self._lowered, self._judge_lowered()
        closed = None if self._lowered else shut
        slow = fps is not None and fps < self._profile.perclos.min_fps
        self._windows.see(t_ns, closed is not None and not slow)
        ended_lowered = None
        if ended and was_lowered:
            ended, ended_lowered = None, ended
        if ended:
            self._note_closure(ended, fps)
        self._count_open(t_ns, closed)
        self._refresh(t_ns)
        return LidView(
            left,
            right,
            closed,
            self._closures.start_ns if self._lowered else None,
            None if closed is None else self._closures.duration_s(),
            ended,
            ended_lowered,
            self._open_ns / 1e9,
            seen.lid_states,
        )

    def _judge_lowered(self) -> bool:
        eyes = self._profile.eyes
        if self._closures.start_ns is None:
            return False
        return MIN_LOWERED_S <= self._closures.duration_s() < eyes.lowered_max_s and self._lids.lowered

    def _learn(self, seen: Observation) -> None:
        if seen.eye_aspect_left is not None:
            self.left.add(seen.t_ns, seen.eye_aspect_left)
        if seen.eye_aspect_right is not None:
            self.right.add(seen.t_ns, seen.eye_aspect_right)

    def _note_closure(self, ended: Closure, fps: float | None) -> None:
        self._windows.add_closure(ended.start_ns, ended.end_ns)
        if fps is not None and fps >= self._profile.perclos.blink_min_fps:
            self._lengths.add(ended.end_ns, (ended.end_ns - ended.start_ns) / 1e9)

    def _count_open(self, t_ns: int, closed: bool | None) -> None:
        """Open time counts while eyes are seen open; blinks and unseen eyes hold it, closures wipe it out."""
        since_ns = 0 if self._last_ns is None else t_ns - self._last_ns
        if closed is False and since_ns <= MAX_GAP_S * 1e9:
            self._open_ns += since_ns
        elif closed and self._closures.duration_s() >= LONG_BLINK_S:
            self._open_ns = 0
        self._last_ns = t_ns

    def _refresh(self, t_ns: int) -> None:
        """Windowed figures change slowly; four times a second is enough."""
        if self._figures_ns is not None and t_ns - self._figures_ns < PERCLOS_EVERY_NS:
            return
        self._figures_ns = t_ns
        running_ns = None if self._lowered else self._closures.start_ns
        coverage = self._profile.perclos.min_coverage
        self.perclos_60s = self._windows.over(60.0, t_ns, coverage, running_ns)
        self.perclos_180s = self._windows.over(180.0, t_ns, coverage, running_ns)
        self.closure_ratio = self._lengths.ratio(t_ns)
