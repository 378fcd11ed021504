"""Each shipped profile judges as the standard it is named after says, and says where every rule comes from."""

from __future__ import annotations

from typing import Any

import pytest

from tests.device.state.drives import Outcome, Part
from tests.device.state.drives import drive as drive_at
from wakeful.device.config.layers import PROFILES, load, load_profile, profile_names
from wakeful.device.config.settings import Settings
from wakeful.device.messages import Level, Phase
from wakeful.device.state.profile import Profile

AWAKE = Part(10.0)
# Eyes that close for longer than a blink in every two seconds, after half a minute awake.
SLEEPY = (Part(30.0), *[Part(0.6, 0.0), Part(1.4)] * 35)
# PERCLOS over three minutes is known once half of them were seen.
DROWSY_AT = pytest.approx(90.0, abs=0.5)


def drive(*parts: Part, profile: str, speed_kmh: float | None = None) -> Outcome:
    return drive_at(*parts, profile=profile, speed_kmh=speed_kmh, fps=15.0)


def looks(seconds: float, *, yaw_deg: float = 0.0, pitch_deg: float = 0.0) -> tuple[Part, ...]:
    """An attentive driver looks somewhere else for a while, and back."""
    return AWAKE, Part(seconds, yaw_deg=yaw_deg, pitch_deg=pitch_deg), AWAKE


def steps(outcome: Outcome, code: str) -> list[Level]:
    """The levels at which alerts of this code were raised and to which they rose."""
    told = (Phase.RAISED, Phase.ESCALATED)
    return [alert.level for alert in outcome.alerts if alert.code == code and alert.phase in told]


def times(outcome: Outcome, code: str) -> Any:
    """When that was, in seconds after the first ten."""
    told = outcome.times(code, Phase.RAISED) + outcome.times(code, Phase.ESCALATED)
    return pytest.approx([t_s - 10.0 for t_s in told], abs=0.2)


def test_there_is_a_profile_for_each_use() -> None:
    assert profile_names() == ["eu-gsr", "r171", "robot", "vehicle"]


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_says_whom_it_is_for_and_where_each_rule_and_section_comes_from(name: str) -> None:
    profile, _ = load_profile(name)
    assert isinstance(profile, Profile)
    assert profile.about
    assert all(rule.source for rule in profile.rules)
    assert all((profile.eyes.source, profile.perclos.source, profile.gaze.source))


@pytest.mark.parametrize("name", profile_names())
def test_no_profile_disturbs_an_attentive_driver(name: str) -> None:
    mirrors = [Part(4.0), Part(1.0, yaw_deg=40.0), Part(4.0), Part(0.2, 0.0)] * 10
    assert drive(AWAKE, *mirrors, profile=name, speed_kmh=100.0).alerts == []


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_notices_a_person_who_sleeps(name: str) -> None:
    outcome = drive(AWAKE, Part(7.0, 0.0), AWAKE, profile=name, speed_kmh=100.0)
    assert outcome.raised("sleep") == [pytest.approx(13.0, abs=0.2)]


# (EU) 2023/2590: 3.5 s from 50 km/h, 6 s from 20 to 50 km/h, more than 30 degrees down.
@pytest.mark.parametrize(
    ("speed_kmh", "after_s"), [(60.0, 3.5), (50.0, 3.5), (None, 3.5), (49.0, 6.0), (40.0, 6.0), (20.0, 6.0)]
)
def test_addw_warns_of_a_look_at_the_lap_by_speed(speed_kmh: float | None, after_s: float) -> None:
    outcome = drive(*looks(8.0, pitch_deg=-40.0), profile="eu-gsr", speed_kmh=speed_kmh)
    assert outcome.raised("long_distraction") == [pytest.approx(10.0 + after_s, abs=0.2)]
    assert outcome.times("long_distraction", Phase.ESCALATED) == []
    assert drive(*looks(after_s - 0.3, pitch_deg=-40.0), profile="eu-gsr", speed_kmh=speed_kmh).alerts == []


def test_addw_is_silent_below_20_kmh() -> None:
    assert drive(*looks(8.0, pitch_deg=-40.0), profile="eu-gsr", speed_kmh=19.0).alerts == []


@pytest.mark.parametrize(
    ("yaw_deg", "pitch_deg", "warned"),
    [(0.0, -33.0, True), (0.0, -27.0, False), (50.0, 0.0, False), (60.0, 0.0, True), (-60.0, 0.0, True)],
)
def test_addw_tells_areas_apart_at_30_degrees_down_and_55_to_a_side(
    yaw_deg: float, pitch_deg: float, warned: bool
) -> None:
    outcome = drive(*looks(5.0, yaw_deg=yaw_deg, pitch_deg=pitch_deg), profile="eu-gsr", speed_kmh=60.0)
    assert bool(outcome.raised("long_distraction")) == warned


def test_addw_counts_single_looks_and_starts_anew_after_a_look_at_the_road() -> None:
    lap = Part(3.0, pitch_deg=-40.0)
    assert drive(AWAKE, *[lap, Part(1.0)] * 4, profile="eu-gsr", speed_kmh=60.0).alerts == []


@pytest.mark.parametrize(("speed_kmh", "warned"), [(69.0, False), (70.0, True)])
def test_ddaw_warns_of_drowsiness_from_70_kmh(speed_kmh: float, warned: bool) -> None:
    outcome = drive(*SLEEPY, profile="eu-gsr", speed_kmh=speed_kmh)
    assert outcome.raised("drowsy") == ([DROWSY_AT] if warned else [])


# UN R171 5.5.4.2.6: 5 s, 3 s more, 5 s more; unavailable 10 s after the first escalated request.
def test_r171_escalates_eyes_off_the_road_step_by_step_to_unavailability() -> None:
    outcome = drive(*looks(20.0, pitch_deg=-40.0), profile="r171", speed_kmh=60.0)
    assert steps(outcome, "long_distraction") == [Level.WARNING, Level.URGENT, Level.EMERGENCY]
    assert times(outcome, "long_distraction") == [5.0, 8.0, 13.0]
    assert steps(outcome, "unresponsive") == [Level.EMERGENCY]
    assert times(outcome, "unresponsive") == [18.0]


@pytest.mark.parametrize(("away_s", "expected"), [(4.7, []), (5.3, [5.0]), (7.7, [5.0]), (8.3, [5.0, 8.0])])
def test_r171_goes_no_further_than_the_eyes_are_away(away_s: float, expected: list[float]) -> None:
    outcome = drive(*looks(away_s, pitch_deg=-40.0), profile="r171", speed_kmh=60.0)
    assert expected == times(outcome, "long_distraction")


def test_r171_counts_the_instruments_as_away_and_is_silent_below_10_kmh() -> None:
    assert drive(*looks(6.0, pitch_deg=-20.0), profile="r171", speed_kmh=60.0).raised("long_distraction")
    assert drive(*looks(20.0, pitch_deg=-40.0), profile="r171", speed_kmh=9.0).alerts == []


def test_r171_waits_with_an_urgent_alert_for_the_eyes_to_stay_on_the_road() -> None:
    outcome = drive(AWAKE, Part(9.0, pitch_deg=-40.0), Part(15.0), profile="r171", speed_kmh=60.0)
    (cleared_s,) = outcome.times("long_distraction", Phase.CLEARED)
    assert cleared_s >= 18.0 + 10.0


def test_the_robot_tells_of_sleep_inattention_and_drowsiness_at_any_speed() -> None:
    for speed_kmh in (0.0, None):
        slept = drive(AWAKE, Part(7.0, 0.0), AWAKE, profile="robot", speed_kmh=speed_kmh)
        assert steps(slept, "sleep") == [Level.ADVISORY, Level.WARNING]
        assert times(slept, "sleep") == [3.0, 6.0]
        away = drive(*looks(8.0, yaw_deg=40.0), profile="robot", speed_kmh=speed_kmh)
        assert steps(away, "long_distraction") == [Level.ADVISORY]
        assert times(away, "long_distraction") == [6.0]
        assert drive(*SLEEPY, profile="robot", speed_kmh=speed_kmh).raised("drowsy") == [DROWSY_AT]


def test_the_robot_leaves_people_alone_who_rest_their_eyes_or_look_away_to_think() -> None:
    outcome = drive(AWAKE, Part(2.5, 0.0), AWAKE, *looks(5.0, yaw_deg=40.0), profile="robot")
    assert outcome.alerts == []
    assert len(outcome.closures()) == 1


def test_nothing_that_the_robot_tells_waits_to_be_acknowledged() -> None:
    assert all(rule.rank < Level.URGENT and rule.from_kmh == 0.0 for rule in load_profile("robot")[0].rules)


def test_who_looks_at_the_robot_looks_into_its_camera() -> None:
    driver = load(profile="robot").settings.driver
    assert (driver.road_yaw_deg, driver.road_pitch_deg) == (0.0, 0.0)
    assert load(profile="robot").origin["driver.road_yaw_deg"] == "profile robot"


def test_profiles_for_drivers_change_no_setting_but_their_own_name() -> None:
    for name in ("vehicle", "eu-gsr", "r171"):
        assert load(profile=name).settings == Settings(profile=name)


def test_a_profile_may_stand_anywhere() -> None:
    assert load_profile(str(PROFILES / "r171.toml")) == load_profile("r171")
