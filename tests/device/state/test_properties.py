"""What holds for any drive, however strange."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import cache
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.device.state.drives import EXPRESSIONS, EYES_ALONE, Outcome, Part, drive
from wakeful.device.config.layers import load_profile
from wakeful.device.messages import Alert, Health, Level, Observation, Phase, Unreadable, VehicleSpeed
from wakeful.device.state.engine import Engine
from wakeful.device.state.engine_config import EngineConfig
from wakeful.device.state.profile import Profile
from wakeful.device.state.rules import RuleBook
from wakeful.device.state.signals import SIGNALS, Signals

# The same examples every time: a failure can be run again, and no machine is unlucky.
few = settings(
    max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)

durations = st.floats(0.05, 8.0).map(lambda s: round(s, 2))
parts = st.builds(
    Part,
    seconds=durations,
    opening=st.sampled_from([None, 0.0, 0.2, 0.4, 0.6, 1.0, 1.0]),
    face=st.sampled_from([True, True, True, False]),
    look=st.sampled_from([(0.0, 0.0), (0.0, 0.0), (0.0, -40.0), (40.0, 5.0), (-80.0, 0.0)]),
    pitch_deg=st.sampled_from([0.0, -20.0]),
    drop=st.sampled_from([0.0, 0.0, 0.12]),
    mouth=st.sampled_from([0.0, 0.95]),
    expression=st.sampled_from([None, (0.9, 0.05, 0.03, 0.02), (0.1, 0.0, 0.85, 0.05)]),
    command=st.sampled_from([None, None, VehicleSpeed(0.0), VehicleSpeed(60.0), VehicleSpeed(None)]),
)
drives = st.lists(parts, min_size=1, max_size=10)


@cache
def vehicle() -> Profile:
    return load_profile("vehicle")[0]


def driven(scenes: list[Part], start_s: float = 0.0) -> Outcome:
    return drive(*scenes, fps=10.0, start_s=start_s)


def by_number(outcome: Outcome) -> dict[int, list[Alert]]:
    found: dict[int, list[Alert]] = defaultdict(list)
    for alert in outcome.alerts:
        found[alert.seq].append(alert)
    return found


@few
@given(st.lists(parts.map(lambda part: replace(part, opening=None)), min_size=1, max_size=10))
def test_eyes_that_nobody_saw_raise_no_alert_of_closure_or_drowsiness(scenes: list[Part]) -> None:
    codes = {alert.code for alert in driven(scenes).alerts}
    assert not codes & {"microsleep", "sleep", "unresponsive", "drowsy"}


@few
@given(drives)
def test_levels_only_rise_while_an_alert_stands(scenes: list[Part]) -> None:
    for alerts in by_number(driven(scenes)).values():
        levels = [alert.level for alert in alerts]
        assert levels == sorted(levels)
        assert all(Level.ADVISORY <= level <= Level.EMERGENCY for level in levels)


@few
@given(drives)
def test_raised_and_cleared_alternate_for_each_code_and_no_two_alerts_of_one_code_stand(scenes: list[Part]) -> None:
    standing: dict[str, int] = {}
    for alert in driven(scenes).alerts:
        if alert.phase is Phase.RAISED:
            assert alert.code not in standing
            standing[alert.code] = alert.seq
        else:
            assert standing.get(alert.code) == alert.seq
            if alert.phase is Phase.CLEARED:
                del standing[alert.code]


@few
@given(drives, st.integers(1, 10**9))
def test_the_same_drive_later_gives_the_same_later(scenes: list[Part], shift_s: int) -> None:
    now, later = driven(scenes), driven(scenes, start_s=float(shift_s))
    shift_ns = shift_s * 1_000_000_000
    assert [replace(alert, t_ns=alert.t_ns + shift_ns) for alert in now.alerts] == later.alerts
    assert [event.t_ns + shift_ns for event in now.events] == [event.t_ns for event in later.events]


@few
@given(drives)
def test_time_goes_on_and_the_state_has_the_level_of_the_worst_alert(scenes: list[Part]) -> None:
    standing: dict[int, Level] = {}
    outcome = driven(scenes)
    for step in outcome.steps:
        for alert in step.alerts:
            standing[alert.seq] = alert.level
            if alert.phase is Phase.CLEARED:
                del standing[alert.seq]
        assert step.state.level == max(standing.values(), default=Level.NONE)


@few
@given(drives)
def test_every_signal_is_given_and_within_its_range(scenes: list[Part]) -> None:
    given_signals: list[Signals] = []
    step = RuleBook.step

    def listen(book: RuleBook, t_ns: int, signals: Signals, speed_kmh: float | None) -> object:
        given_signals.append(signals)
        return step(book, t_ns, signals, speed_kmh)

    with patch.object(RuleBook, "step", listen):
        driven(scenes)
    assert given_signals
    for signals in given_signals:
        assert signals.keys() == SIGNALS.keys()
        for name, value in signals.items():
            highest = SIGNALS[name].highest
            assert value is None or (value >= 0.0 and (highest is None or value <= highest)), name


numbers = st.none() | st.floats(allow_nan=True, allow_infinity=True) | st.floats(-1.0, 1.0)
strange = st.builds(
    Observation,
    t_ns=st.integers(0, 2**62) | st.integers(0, 10**10),
    seq=st.integers(),
    face=st.booleans(),
    presence=st.floats(),
    face_px=numbers,
    brightness=numbers,
    eye_aspect_left=numbers,
    eye_aspect_right=numbers,
    lid_drop=numbers,
    mouth_aspect=numbers,
    yaw_deg=numbers,
    pitch_deg=numbers,
    roll_deg=numbers,
    gaze_yaw_deg=numbers,
    gaze_pitch_deg=numbers,
    unreadable=st.none() | st.sampled_from(Unreadable),
    expression=st.none() | st.tuples(*[st.floats()] * len(EXPRESSIONS)),
    lid_states=st.none()
    | st.tuples(*[st.floats()] * 4)
    | st.sampled_from([(0.9, 0.05, 0.03, 0.02), (0.0, 0.8, 0.0, 0.2), (0.1, 0.1, 0.7, 0.1), (0.0, 0.0, 0.0, 1.0)]),
)


@few
@given(st.lists(strange | st.sampled_from(Health), max_size=60))
def test_nothing_that_is_seen_breaks_the_engine(seen: list[Observation | Health]) -> None:
    engine = Engine(EngineConfig(vehicle(), EYES_ALONE, expression_classes=EXPRESSIONS))
    t_ns = 0
    for one in seen:
        if isinstance(one, Health):
            engine.tick(t_ns, one)
        else:
            t_ns = one.t_ns
            state = engine.step(one).state
            assert state.eye_open_left is None or 0.0 <= state.eye_open_left <= 1.0
            assert state.kss_estimate is None or 1.0 <= state.kss_estimate <= 9.0
