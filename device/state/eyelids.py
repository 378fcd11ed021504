"""Everything the lids tell: openings, closures, PERCLOS, and what lids do that cover the eyes.

A closure begins and ends by the opening. What it is comes from the probabilities of the reader where it gives any
(``cover``), else from what the lower lid does (``lids``).
"""

from __future__ import annotations

from collections.abc import Iterator

from wakeful.device.drivers import BlinkBaseline, Calibration
from wakeful.device.messages import Event, Observation, ReaderTraits
from wakeful.device.state.baseline import OpenEyeBaseline, opening
from wakeful.device.state.blinks import Blink, BlinkMeter
from wakeful.device.state.closure import Closure, ClosureTracker, EyeState
from wakeful.device.state.closure_length import ClosureLength
from wakeful.device.state.cover import LONG_BLINK_S, Cover
from wakeful.device.state.lid_states import CERTAIN, LidKind, StateMean, States
from wakeful.device.state.lids import LoweredLids
from wakeful.device.state.lowered_look import LoweredLook
from wakeful.device.state.own_blinks import OwnBlinks
from wakeful.device.state.perclos import Perclos, PerclosWindows
from wakeful.device.state.profile import Profile
from wakeful.device.state.sleepiness import OwnSleepiness, Sleepiness
from wakeful.device.state.squint import SquintWatch
from wakeful.frozen import dataclass

# Two frames further apart than this say nothing of the eyes between them.
MAX_GAP_S = 0.5
PERCLOS_EVERY_NS = 250_000_000
# Lids are reported as lowered from this length on: shorter closures raise nothing, and some blinks look alike.
MIN_LOWERED_S = 0.8
# With open eyes the lids are assessed over this last time.
OPEN_FORGETS_S = 0.5
LIKELY = 0.5
# Eyes that were closed for this long and are lost, as under a head that sinks or in a flare of light, still count as
# closed, for as long as a closure may go unseen: nobody is told a moment too late because the last frame was missing.
ASLEEP_S = 1.0
UNKNOWN = Perclos(None, 0.0)


@dataclass(frozen=True, slots=True)
class LidView:
    """The lids at one moment.

    Attributes:
        left, right: openings, 0 to 1.
        closed: None where no eye is seen, or where lids are lowered. Lids that are open enough to see through are not.
        lowered_since_ns: when lids that cover the eyes and are lowered went down, else None.
        down: by the probabilities the lids are lowered, whether they cover the eyes or not.
        lowered_s: length of the running look with lowered lids, by the probabilities; None where they are unknown.
        unclear_s: how long lids have covered the eyes that may be closed as well as lowered; else 0.
        narrow: the eyes see through lids that the opening takes for closed, or narrowed ones.
        long_blink: a blink that is over and was much longer than this person's own, and by how many of their standard
            deviations.
        closure_s: length of the running closure, None where ``closed`` is; a long one goes on for a moment unseen.
        ended: the closure that ended with this moment.
        states: probabilities of the lids: averaged over the running closure, else of this frame.
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
    states: States | None = None
    down: bool = False
    lowered_s: float | None = None
    narrow: bool = False
    long_blink: tuple[Blink, float] | None = None
    unclear_s: float = 0.0

    @property
    def opening(self) -> float | None:
        """Mean of the eyes that are seen."""
        return _mean(self.left, self.right)

    def events(self, t_ns: int) -> Iterator[Event]:
        """What ended with this moment."""
        if self.ended:
            yield Event(t_ns, "closure", {"start_ns": self.ended.start_ns, "end_ns": self.ended.end_ns})
        if self.long_blink:
            blink, deviation = self.long_blink
            span = {"start_ns": blink.start_ns, "end_ns": blink.end_ns}
            yield Event(t_ns, "long_blink", {**span, "deviation": round(deviation, 2)})


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
        self._blinks = OwnBlinks()
        self._own_sleepiness = OwnSleepiness(profile.blinks, known.blinks if known else None)
        self.restart()

    def restart(self) -> None:
        """Forget what was going on, but not the person: time has jumped."""
        profile = self._profile
        self.left.restart()
        self.right.restart()
        self._lids.restart()
        self._own_sleepiness.restart()
        self._meter = BlinkMeter()
        self._squint = SquintWatch(profile.eyes.squint_fall_s, profile.eyes.squint_open)
        self.sleepiness = Sleepiness()
        self._closures = ClosureTracker(profile.eyes.bridge_s)
        self._lowered = False
        self._cover = Cover(profile.eyes.unclear_max_s, self._blinks)
        self._open = StateMean(OPEN_FORGETS_S)
        self._look = LoweredLook()
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

    @property
    def learned_blinks(self) -> BlinkBaseline | None:
        """What is usual of this person's blinks, None while it is not learned."""
        return self._own_sleepiness.learned

    def recall(self, known: Calibration | None) -> None:
        """What was learned of these eyes in earlier drives, which fits; None: it no longer counts."""
        self.left.recall(known.eye_aspect_left if known else None)
        self.right.recall(known.eye_aspect_right if known else None)
        self._own_sleepiness.recall(known.blinks if known else None)

    def step(self, seen: Observation, fps: float | None, *, defers: bool = True, steady: bool = False) -> LidView:
        """Take in one frame.

        Args:
            steady: the pause since the frame before is one that this source always has.
            defers: lids that are lowered, by the probabilities, are no closure, since looks away are watched too.
        """
        t_ns, states = seen.t_ns, seen.lid_states
        left = opening(seen.eye_aspect_left, self.left.aspect, self._closed_ratio)
        right = opening(seen.eye_aspect_right, self.right.aspect, self._closed_ratio)
        shut = self._eyes.step(left, right, None if states is None else states[1] + states[3])
        height = _mean(left, right)
        self._lids.see(t_ns, shut, seen.lid_drop)
        self._squint.see(t_ns, height, closed=shut is True)
        if shut is False if states is None else states[0] >= LIKELY:
            self._learn(seen)
        ended, ended_lowered = self._end(self._closures.step(t_ns, shut, steady=steady), states, fps)
        begin_ns = self._closures.start_ns
        ended = self._note_closure(self._cover.see(seen, begin_ns, opening=height, defers=defers), fps) or ended
        kind = self._cover.kind_at(t_ns)
        since_ns = begin_ns if kind is None else self._cover.since_ns
        blink = self._meter.step(t_ns, height, ended)
        self._lowered = self._is_lowered(kind)
        squints = states is None and shut is True and self._squint.is_squint(self._closures.duration_s())
        seeing = kind is LidKind.SEEING or squints
        closed = None if self._lowered else False if seeing and shut else shut
        slow = fps is not None and fps < self._profile.perclos.min_fps
        self._windows.see(t_ns, closed is not None and not slow)
        self._count_open(t_ns, closed, since_ns, steady=steady)
        self._refresh(t_ns, None if self._lowered or seeing else since_ns)
        look = self._look_down(t_ns, shut, states, kind)
        return LidView(
            left,
            right,
            closed,
            since_ns if self._lowered else None,
            self._closure_s(t_ns, closed, None if self._lowered or seeing else since_ns),
            ended,
            ended_lowered,
            self._open_ns / 1e9,
            states if kind is None else self._cover.states,
            down=look is True,
            lowered_s=self._look.step(t_ns, look, since_ns if self._lowered else None),
            narrow=seeing or (states is not None and states[2] >= LIKELY),
            long_blink=self._long_blink(blink) if self._measures_blinks(fps) else None,
            unclear_s=self._closures.duration_s() if kind is LidKind.UNCLEAR else 0.0,
        )

    def _closure_s(self, t_ns: int, closed: bool | None, since_ns: int | None) -> float | None:
        if closed is not None:
            return self._closures.duration_s(since_ns) if closed else 0.0
        seen_s = 0.0 if since_ns is None else self._closures.duration_s(since_ns)
        return seen_s + self._closures.unseen_s(t_ns) if seen_s >= ASLEEP_S else None

    def _end(
        self, over: Closure | None, states: States | None, fps: float | None
    ) -> tuple[Closure | None, Closure | None]:
        """What the closure that is over was in the end: closed or lowered."""
        if over is None:
            return None, None
        # A reader that gives the states of the lids knows better.
        lowered = (
            self._lowered or self._squint.is_squint((over.end_ns - over.start_ns) / 1e9)
            if self._cover.states is None
            else False
        )
        in_look = self._look.running or (states is not None and states[1] >= CERTAIN)
        ended = None if lowered else self._cover.ended(over, in_look=in_look)
        return self._note_closure(ended, fps), over if ended is None else None

    def _is_lowered(self, kind: LidKind | None) -> bool:
        if kind is not None:
            return kind in (LidKind.LOWERED, LidKind.UNCLEAR)
        eyes = self._profile.eyes
        if self._closures.start_ns is None:
            return False
        return MIN_LOWERED_S <= self._closures.duration_s() < eyes.lowered_max_s and self._lids.lowered

    def _look_down(self, t_ns: int, shut: bool | None, states: States | None, kind: LidKind | None) -> bool | None:
        """Whether the lids are lowered by the probabilities, covering the eyes or not; None where that is unknown."""
        if states is None or shut is None or self._cover.is_blink(t_ns):
            return None
        if kind is not None:
            return self._lowered
        return self._open.see(t_ns, states)[1] >= LIKELY

    def _learn(self, seen: Observation) -> None:
        if seen.eye_aspect_left is not None:
            self.left.add(seen.t_ns, seen.eye_aspect_left)
        if seen.eye_aspect_right is not None:
            self.right.add(seen.t_ns, seen.eye_aspect_right)

    def _note_closure(self, ended: Closure | None, fps: float | None) -> Closure | None:
        if ended is None:
            return None
        self._windows.add_closure(ended.start_ns, ended.end_ns)
        if self._measures_blinks(fps):
            self._lengths.add(ended.end_ns, (ended.end_ns - ended.start_ns) / 1e9)
        return ended

    def _measures_blinks(self, fps: float | None) -> bool:
        return fps is not None and round(fps, 1) >= self._profile.perclos.blink_min_fps

    def _long_blink(self, blink: Blink | None) -> tuple[Blink, float] | None:
        """Let the blink count; it is given back if it was a long one."""
        if blink is None:
            return None
        deviation = self._own_sleepiness.add(blink)
        self.sleepiness = self._own_sleepiness.at(blink.end_ns)
        if deviation is None or not self._own_sleepiness.is_long(deviation):
            return None
        return blink, deviation.duration

    def _count_open(self, t_ns: int, closed: bool | None, begin_ns: int | None, *, steady: bool) -> None:
        """Open time counts while eyes are seen open; blinks and unseen eyes hold it, closures wipe it out."""
        since_ns = 0 if self._last_ns is None else t_ns - self._last_ns
        if closed is False and (steady or since_ns <= MAX_GAP_S * 1e9):
            self._open_ns += since_ns
        elif closed and self._closures.duration_s(begin_ns) >= LONG_BLINK_S:
            self._open_ns = 0
        self._last_ns = t_ns

    def _refresh(self, t_ns: int, running_ns: int | None) -> None:
        """Windowed figures change slowly; four times a second is enough."""
        if self._figures_ns is not None and t_ns - self._figures_ns < PERCLOS_EVERY_NS:
            return
        self._figures_ns = t_ns
        coverage = self._profile.perclos.min_coverage
        self.perclos_60s = self._windows.over(60.0, t_ns, coverage, running_ns)
        self.perclos_180s = self._windows.over(180.0, t_ns, coverage, running_ns)
        self.closure_ratio = self._lengths.ratio(t_ns)
        self.sleepiness = self._own_sleepiness.at(t_ns)


def _mean(left: float | None, right: float | None) -> float | None:
    seen = [eye for eye in (left, right) if eye is not None]
    return sum(seen) / len(seen) if seen else None
