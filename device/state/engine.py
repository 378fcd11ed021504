"""The engine: observations in, driver state, alerts and events out.

Pure: time is what the observations carry, nothing is read or written. What happens over time lives in files of its own
beside this one (``eyelids``, ``attention``, ``episodes``, ``engagement``, ``health``); they give the signals that
the rules of the profile are applied to (``rules``). This file only joins them in their order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wakeful.device.drivers import Calibration, DriverRecognized, SetDriver
from wakeful.device.messages import (
    Acknowledge,
    Alert,
    Command,
    DriverState,
    Event,
    Gear,
    Health,
    Ignition,
    Level,
    Observation,
    Pause,
    Phase,
    Unreadable,
    VehicleSpeed,
)
from wakeful.device.state.attention import AttentionView
from wakeful.device.state.engagement import Engagement, EngagementView
from wakeful.device.state.engine_config import EngineConfig
from wakeful.device.state.episodes import EpisodeView
from wakeful.device.state.eyelids import LidView
from wakeful.device.state.frame_rate import FrameRate
from wakeful.device.state.health import SLOW, HealthMonitor, off_axis_deg
from wakeful.device.state.hidden_sleep import HiddenSleep
from wakeful.device.state.moment_signals import signals_of
from wakeful.device.state.person import WatchedPeople
from wakeful.device.state.plausible import without_impossible
from wakeful.device.state.profile import Profile
from wakeful.device.state.rules import RuleBook
from wakeful.device.state.signals import Signals
from wakeful.frozen import dataclass

CALIBRATION_STEP_PCT = 10.0
# Frames a little out of order are left out; a clock that jumps back further starts a new count of time.
CLOCK_JUMP_NS = 1_000_000_000
# Turned or bowed further than this, an eye or a brow may be seen past the rim of lenses that hide it from the front.
PAST_RIM_DEG = 30.0
NOT_ENGAGED = EngagementView()


@dataclass(frozen=True, slots=True)
class Step:
    """What one moment brought."""

    state: DriverState
    alerts: tuple[Alert, ...] = ()
    events: tuple[Event, ...] = ()


class Engine:
    """Applies one profile to one person."""

    def __init__(self, config: EngineConfig) -> None:
        self._profile = config.profile
        self._speed_kmh = config.speed_kmh
        self._rules = RuleBook(config.profile.rules, config.profile.latch)
        self._people = WatchedPeople(config)
        self._alerted: int | None = None
        self._begin()
        self._last = DriverState(t_ns=0, seq=-1, health=Health.STARTING)
        self._last_frame_ns: int | None = None
        self._told_health: tuple[Health, str] | None = None
        self._told_calibration_pct = 0.0
        self._ignition: bool | None = None
        self._gear = ""
        self._paused_until_ns: int | None = None
        self._to_tell: list[Event] = []

    def _begin(self) -> None:
        """Time starts, or starts again."""
        self._health = HealthMonitor(self._profile.health)
        self._hidden = HiddenSleep()
        self._rate = FrameRate()
        self._engagement = Engagement(self._profile.engagement) if self._profile.engagement else None

    def step(self, seen: Observation) -> Step:
        """Evaluate one frame. A frame that is older than the one before it is left out."""
        events: list[Event] = []
        if self._last_frame_ns is not None and seen.t_ns <= self._last_frame_ns:
            if self._last_frame_ns - seen.t_ns < CLOCK_JUMP_NS:
                return Step(self._last)
            self._begin()
            self._people.restart()
            self._rules.restart(seen.t_ns)
            # Nobody knows how much of a pause is left, so nothing is.
            self._paused_until_ns = None
        self._last_frame_ns = seen.t_ns
        seen = without_impossible(seen)
        fps = self._rate.step(seen.t_ns)
        alerts = list(self._watch(seen, events))
        who = self._people.now
        defers = self._rules.watches_looks_away(self._speed_kmh)
        # Nobody knows what the eyes of a person did while another one was watched.
        lids = who.lids.step(seen, fps, defers=defers, steady=not (self._rate.hole or events))
        if who.is_somebody_else(seen, lids):
            alerts.extend(self._replace_person(seen.t_ns, events))
            who = self._people.now
            lids = who.lids.step(seen, None)
        attention = who.attend(seen, lids)
        if misfit := who.misfit(seen, lids):
            events.append(self._dropped(seen.t_ns, misfit))
        episodes = who.episodes.step(seen, lids.closure_s)
        events.extend(_ended(seen.t_ns, lids, attention))
        events.extend(episodes.events)
        signals = signals_of(who.lids, lids, attention, episodes)
        engaged = self._engage(seen, lids, events)
        paused = self._is_paused(seen.t_ns)
        if not paused:
            steps = self._rules.step(seen.t_ns, signals, self._speed_kmh)
            if any(alert.phase in (Phase.RAISED, Phase.ESCALATED) for alert in steps):
                self._alerted = self._people.number
            alerts.extend(steps)
        # A look away is one that is watched.
        counted_s = max(lids.closure_s or 0.0, attention.running_s if defers else 0.0)
        health = self._updated_health(seen, lids, fps, counted_s)
        if paused:
            health = Health.PAUSED
        state = self._state(seen, health, lids, attention, episodes, signals, engaged)
        return self._told(state, alerts, events)

    def tick(self, t_ns: int, health: Health) -> Step:
        """Time went by without a frame; ``health`` says why. Nothing is known of the driver, and nothing clears."""
        worst = self._rules.worst()
        state = DriverState(
            t_ns=t_ns,
            seq=self._last.seq,
            health=health,
            level=worst.rule.rank if worst else Level.NONE,
            code=worst.rule.code if worst else "",
            calibration_pct=self._last.calibration_pct,
            speed_kmh=self._speed_kmh,
            ignition=self._ignition,
            gear=self._gear,
            driver=self._people.now.name,
        )
        return self._told(state, [], [])

    def command(self, t_ns: int, command: Command) -> tuple[Alert, ...]:
        """Handle what the outside world reports or asks for."""
        if isinstance(command, VehicleSpeed):
            self._speed_kmh = command.kmh
        elif isinstance(command, Acknowledge):
            return self._rules.acknowledge(t_ns, command.alert_seq)
        elif isinstance(command, Ignition):
            self._ignition = command.on
        elif isinstance(command, Gear):
            self._gear = command.name
        elif isinstance(command, Pause):
            return self._pause(t_ns, command.duration_s)
        elif isinstance(command, SetDriver):
            return self._set_driver(t_ns, command)
        elif isinstance(command, DriverRecognized):
            self._recognized(t_ns, command)
        return ()

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of all rules, in their order."""
        return tuple(rule.code for rule in self._profile.rules)

    def adopt(self, t_ns: int, profile: Profile) -> tuple[Alert, ...]:
        """Apply the rules and the latch of another profile from now on; how things are measured stays as it is.

        Active alerts and what has lasted so far are kept. An alert that no rule of the new profile raises is cleared.
        """
        self._profile = replace(self._profile, about=profile.about, rules=profile.rules, latch=profile.latch)
        return self._rules.adopt(t_ns, profile.rules, profile.latch)

    def calibration(self) -> Calibration | None:
        """What was learned of the person with a name, to be kept; None while the eyes are not learned."""
        return self._people.named.calibration()

    def _pause(self, t_ns: int, duration_s: float) -> tuple[Alert, ...]:
        """No rule is applied for a while, and no alert is active.

        Measuring goes on, so that afterwards a closure has its whole length.
        """
        self._paused_until_ns = t_ns + round(duration_s * 1e9) if duration_s > 0.0 else None
        return () if self._paused_until_ns is None else self._rules.clear_all(t_ns)

    def _is_paused(self, t_ns: int) -> bool:
        return self._paused_until_ns is not None and t_ns < self._paused_until_ns

    def _set_driver(self, t_ns: int, command: SetDriver) -> tuple[Alert, ...]:
        self._people.replace(command.known, command.name)
        self._told_calibration_pct = 0.0
        self._to_tell.append(Event(t_ns, "driver", {"name": command.name}))
        return self._rules.clear_all(t_ns)

    def _recognized(self, t_ns: int, driver: DriverRecognized) -> None:
        """Somebody is taken for a person who is known. Everything that goes on goes on."""
        self._people.recognize(driver.known, driver.name)
        if driver.name:
            data: dict[str, float | int | str] = {"name": driver.name}
            if driver.similarity is not None:
                data["similarity"] = round(driver.similarity, 3)
            if driver.live is not None:
                data["live"] = int(driver.live)
            self._to_tell.append(Event(t_ns, "driver", data))

    def _dropped(self, t_ns: int, measure: str) -> Event:
        """What was known of the person does not fit what is measured."""
        progress_pct = self._people.now.progress_pct
        self._told_calibration_pct = progress_pct - progress_pct % CALIBRATION_STEP_PCT
        told_pct = self._told_calibration_pct
        data: dict[str, float | int | str] = {"progress_pct": told_pct, "reason": "driver_mismatch", "measure": measure}
        return Event(t_ns, "calibration", data)

    def _engage(self, seen: Observation, lids: LidView, events: list[Event]) -> EngagementView:
        if self._engagement is None:
            return NOT_ENGAGED
        engaged = self._engagement.step(seen, closed=lids.closed, closure_s=lids.closure_s)
        events.extend(engaged.events)
        return engaged

    def _watch(self, seen: Observation, events: list[Event]) -> tuple[Alert, ...]:
        """Another person is watched than before. Nothing of that one is applied, nor forgotten."""
        before = self._people.watch(seen.person)
        if before is None or seen.person is None:
            return ()
        self._health.forget_eyes()
        self._hidden.restart()
        if self._engagement is not None:
            self._engagement.forget_look()
        self._told_calibration_pct = self._people.now.progress_pct
        data = {"person": seen.person, "previous": before, "unsure": int(seen.unsure)}
        events.append(Event(seen.t_ns, "watched", data))
        if seen.unsure or self._alerted in (None, seen.person):
            # Who sleeps and slides out of view is not awake because a guest is.
            return ()
        return self._rules.clear_all(seen.t_ns)

    def _replace_person(self, t_ns: int, events: list[Event]) -> tuple[Alert, ...]:
        self._people.replace(None)
        self._told_calibration_pct = 0.0
        events.append(Event(t_ns, "calibration", {"progress_pct": 0.0, "reason": "driver_changed"}))
        return self._rules.clear_all(t_ns)

    def _updated_health(self, seen: Observation, lids: LidView, fps: float | None, counted_s: float) -> Health:
        unreadable = seen.doubt.value if seen.doubt else ""
        if fps is not None and fps < self._profile.perclos.min_fps:
            unreadable = SLOW
        elif lids.left is None and lids.right is None:
            unreadable = seen.unreadable.value if seen.unreadable else Unreadable.OCCLUDED.value
        elif self._health.eyes_reason == Unreadable.OCCLUDED and off_axis_deg(seen) > PAST_RIM_DEG:
            unreadable = Unreadable.OCCLUDED.value
        health = self._health.see(
            seen.t_ns,
            face=seen.face or seen.unreadable is not None,
            unreadable=unreadable,
            calibrated=self._people.now.progress_pct >= 100.0,
            rotated=seen.rotate_deg != 0,
            unsure=seen.unsure,
            unclear_s=lids.unclear_s,
            hidden=self._hidden.see(seen, lids, counted_s),
        )
        if health is Health.NO_FACE:
            self._hidden.restart()
        return health

    def _state(
        self,
        seen: Observation,
        health: Health,
        lids: LidView,
        attention: AttentionView,
        episodes: EpisodeView,
        signals: Signals,
        engaged: EngagementView,
    ) -> DriverState:
        worst, watched = self._rules.worst(), self._people.now.lids
        return DriverState(
            t_ns=seen.t_ns,
            seq=seen.seq,
            health=health,
            reason=self._health.reason if health is Health.DEGRADED else "",
            face=seen.face,
            eye_open_left=lids.left,
            eye_open_right=lids.right,
            mouth_open=None if episodes.mouth_open is None else min(1.0, episodes.mouth_open),
            yaw_deg=seen.yaw_deg,
            pitch_deg=seen.pitch_deg,
            roll_deg=seen.roll_deg,
            gaze_yaw_deg=seen.gaze_yaw_deg,
            gaze_pitch_deg=seen.gaze_pitch_deg,
            gaze_zone=attention.zone,
            off_road_s=attention.off_road_s,
            eyes_closed=lids.closed,
            closure_s=lids.closure_s,
            perclos_60s=signals["perclos_60s"],
            perclos_180s=signals["perclos_180s"],
            perclos_coverage=watched.perclos_60s.coverage,
            kss_estimate=signals["kss_estimate"],
            sleepiness=signals["sleepiness"],
            sleepiness_coverage=watched.sleepiness.coverage,
            level=worst.rule.rank if worst else Level.NONE,
            code=worst.rule.code if worst else "",
            calibration_pct=self._people.now.progress_pct,
            speed_kmh=self._speed_kmh,
            expression=episodes.expression.expression,
            expression_p=episodes.expression.p,
            ignition=self._ignition,
            gear=self._gear,
            looking=engaged.looking,
            looking_s=engaged.looking_s,
            awake=engaged.awake,
            distance_m=engaged.distance_m,
            lid_open=signals["lid_open"],
            lid_lowered=signals["lid_lowered"],
            lid_narrowed=signals["lid_narrowed"],
            lid_closed=signals["lid_closed"],
            person=seen.person,
            driver=self._people.now.name,
        )

    def _told(self, state: DriverState, alerts: list[Alert], events: list[Event]) -> Step:
        """Add the events of what changed in the monitor itself, and remember."""
        if self._to_tell:
            events[:0] = self._to_tell
            self._to_tell.clear()
        if (state.health, state.reason) != self._told_health:
            self._told_health = (state.health, state.reason)
            data = {"health": state.health.value} | ({"reason": state.reason} if state.reason else {})
            events.append(Event(state.t_ns, "health", data))
        if state.calibration_pct >= self._told_calibration_pct + CALIBRATION_STEP_PCT:
            self._told_calibration_pct = state.calibration_pct - state.calibration_pct % CALIBRATION_STEP_PCT
            events.append(Event(state.t_ns, "calibration", {"progress_pct": self._told_calibration_pct}))
        self._last = state
        return Step(state, tuple(alerts), tuple(events))


def _ended(t_ns: int, lids: LidView, attention: AttentionView) -> Iterator[Event]:
    """The closure, the long blink and the glance that ended with this frame."""
    yield from lids.events(t_ns)
    if attention.ended:
        ended = attention.ended
        yield Event(t_ns, "glance", {"start_ns": ended.start_ns, "end_ns": ended.end_ns, "zone": ended.zone})
