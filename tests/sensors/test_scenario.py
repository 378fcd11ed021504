"""Scenarios: exact truth at every time, and one-line words for what is wrong with a file."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from wakeful import ConfigError
from wakeful.sensors.driver_face import DriverPose
from wakeful.sensors.scenario import Blink, Scenario, bundled_scenarios
from wakeful.sensors.source import SourceNotFound

STATUE = """
duration_s = 10.0
keyframes = [
    { t = 2.0, yaw_deg = 0, eyes = 1 },
    { t = 4.0, yaw_deg = 30, present = true },
    { t = 5.0, eyes = 0.5, eye_left = 0.25, eyewear = "glasses" },
    { t = 7.0, present = false, eyewear = "none" },
]
"""


@pytest.fixture
def statue(tmp_path: Path) -> Scenario:
    file = tmp_path / "statue.toml"
    file.write_text(STATUE)
    return Scenario.load(str(file))


class TestTruth:
    def test_at_a_keyframe_it_is_the_keyframes(self, statue: Scenario) -> None:
        assert statue.pose_at(2.0).yaw_deg == 0.0
        assert statue.pose_at(4.0).yaw_deg == 30.0
        assert (statue.pose_at(5.0).eye_left, statue.pose_at(5.0).eye_right) == (0.25, 0.5)

    def test_between_keyframes_it_runs_straight(self, statue: Scenario) -> None:
        assert statue.pose_at(2.5).yaw_deg == pytest.approx(7.5)
        assert statue.pose_at(3.5).eye_right == pytest.approx(0.75)

    def test_before_the_first_and_after_the_last_it_stays(self, statue: Scenario) -> None:
        assert statue.pose_at(0.0).yaw_deg == 0.0
        assert statue.pose_at(9.9).yaw_deg == 30.0

    def test_what_is_no_number_steps(self, statue: Scenario) -> None:
        assert [statue.pose_at(t).present for t in (0.0, 6.99, 7.0)] == [True, True, False]
        assert [statue.pose_at(t).eyewear for t in (5.0, 6.99, 7.0)] == ["glasses", "glasses", "none"]

    def test_fields_that_no_keyframe_names_keep_their_default(self, statue: Scenario) -> None:
        assert statue.pose_at(3.0).mouth == DriverPose().mouth

    def test_truth_is_the_same_every_time_it_is_loaded(self) -> None:
        one, other = Scenario.load("attentive"), Scenario.load("attentive")
        assert one.blinks == other.blinks
        assert [one.pose_at(t / 7) for t in range(200)] == [other.pose_at(t / 7) for t in range(200)]


class TestLife:
    def test_blinks_come_at_the_intervals_asked_for(self) -> None:
        scenario = Scenario.load("attentive")
        starts = [blink.start_s for blink in scenario.blinks]
        gaps = [after - before for before, after in itertools.pairwise(starts)]
        assert len(starts) >= 12
        assert all(3.0 <= gap <= 5.0 for gap in gaps)
        assert all(0.15 <= blink.end_s - blink.start_s <= 0.25 for blink in scenario.blinks)

    def test_a_blink_shuts_both_eyes_and_opens_them_again(self) -> None:
        scenario = Scenario.load("attentive")
        blink = scenario.blinks[0]
        shut = scenario.pose_at(blink.start_s + 0.4 * (blink.end_s - blink.start_s))
        assert (shut.eye_left, shut.eye_right) == (0.0, 0.0)
        assert scenario.pose_at(blink.start_s).eye_left == 1.0
        assert scenario.pose_at(blink.end_s).eye_left == 1.0

    def test_lids_fall_faster_than_they_rise(self) -> None:
        blink = Blink(0.0, 1.0)
        assert blink.opening(0.1) < blink.opening(0.9) < 1.0

    def test_no_blink_touches_a_scripted_closure(self) -> None:
        scenario = Scenario.load("demo")
        for blink in scenario.blinks:
            for t_s in (blink.start_s - 0.4, blink.end_s + 0.4):
                assert scenario.pose_at(t_s).eye_left > 0.9

    def test_the_head_sways_within_its_bound_and_starts_straight(self) -> None:
        scenario = Scenario.load("attentive")
        start = scenario.pose_at(0.0)
        assert (start.yaw_deg, start.pitch_deg, start.roll_deg) == (0.0, 0.0, 0.0)
        yaws = [scenario.pose_at(t / 5).yaw_deg for t in range(300)]
        assert 1.0 < max(map(abs, yaws)) <= 2.0


class TestBundled:
    def test_they_are_the_documented_ones(self) -> None:
        assert bundled_scenarios() == ["absent", "attentive", "dark", "demo", "hand", "sweep"]

    @pytest.mark.parametrize("name", ["absent", "attentive", "dark", "demo", "hand", "sweep"])
    def test_every_one_loads_and_says_what_it_is_about(self, name: str) -> None:
        scenario = Scenario.load(name)
        assert scenario.about
        assert isinstance(scenario.pose_at(scenario.duration_s), DriverPose)

    def test_the_demo_has_its_microsleep_and_its_sleep(self) -> None:
        scenario = Scenario.load("demo")
        assert longest_closures(scenario)[:2] == [pytest.approx(4.0, abs=0.03), pytest.approx(1.6, abs=0.03)]

    def test_the_demo_is_attentive_until_the_monitor_knows_the_driver(self) -> None:
        scenario = Scenario.load("demo")
        for t_s in (0.02 * step for step in range(1000)):
            pose = scenario.pose_at(t_s)
            assert abs(pose.yaw_deg) < 5 and pose.mouth == 0.0
        assert max(blink.end_s - blink.start_s for blink in scenario.blinks) <= 0.25


class TestMistakes:
    @pytest.mark.parametrize(
        "text, named",
        [
            ("duration_s = 5\nkeyframes = [{ t = 1, yaw = 3 }]", "keyframes.0.yaw"),
            ("duration_s = 5\nkeyframes = [{ t = 1, mouth = 1.5 }]", "keyframes.0.mouth"),
            ("duration_s = 5\nkeyframes = [{ t = 1, yaw_deg = nan }]", "keyframes.0.yaw_deg"),
            ("duration_s = 5\nkeyframes = [{ t = 3 }, { t = 1 }]", "keyframes.1.t"),
            ("duration_s = 5\nkeyframes = [{ yaw_deg = 1 }]", "keyframes.0.t"),
            ("duration_s = 5\n[life]\nblink_s = [0.3, 0.1]", "life.blink_s"),
            ("duration_s = 5\n[life]\nsway = 2", "life.sway"),
            ("duration_s = inf", "duration_s"),
            ("keyframes = []", "duration_s"),
            ("duration_s = ", "not valid TOML"),
        ],
    )
    def test_the_message_names_the_key_in_one_line(self, tmp_path: Path, text: str, named: str) -> None:
        file = tmp_path / "broken.toml"
        file.write_text(text)
        with pytest.raises(ConfigError, match=named) as raised:
            Scenario.load(str(file))
        assert "\n" not in str(raised.value) and str(file) in str(raised.value)

    def test_an_unknown_name_is_answered_with_the_known_ones(self) -> None:
        with pytest.raises(ConfigError, match="absent, attentive, dark, demo, hand, sweep"):
            Scenario.load("sleepy")

    def test_a_missing_file_is_a_missing_source(self, tmp_path: Path) -> None:
        with pytest.raises(SourceNotFound, match="no such scenario file"):
            Scenario.load(str(tmp_path / "none.toml"))


def longest_closures(scenario: Scenario) -> list[float]:
    """Times with both eyes fully shut, longest first, s."""
    step_s, runs, run = 0.01, [], 0
    for index in range(int(scenario.duration_s / step_s)):
        pose = scenario.pose_at(index * step_s)
        if max(pose.eye_left, pose.eye_right) < 0.01:
            run += 1
        elif run:
            runs.append(run * step_s)
            run = 0
    return sorted(runs, reverse=True)
