"""A profile whose rules cannot be meant is refused: each contradiction is told where it is, with the mend."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from wakeful.device.config.layers import load_profile, profile_names
from wakeful.device.messages import Level
from wakeful.device.state.profile import EyesSection, GazeSection, HealthSection, MouthSection, Profile, Rule, Zone
from wakeful.device.state.profile_check import problems
from wakeful.device.state.profile_problem import Problem

SLEEP = Rule("sleep", "urgent", {"closure_s": 3.0}, "a study", clear={"eyes_open_s": 2.0})
DROWSY = Rule("drowsy", "warning", {"perclos_60s": 0.15}, "a study", clear_below={"perclos_60s": 0.1})
AWAY = Rule("long_distraction", "warning", {"off_road_s": 3.0}, "a study", clear={"on_road_s": 0.5})


def profile(*rules: Rule, **sections: Any) -> Profile:
    return Profile("a test", rules, **sections)


def only(found: Profile) -> Problem:
    (problem,) = problems(found)
    return problem


@pytest.mark.parametrize("name", profile_names())
def test_the_shipped_profiles_contradict_nothing(name: str) -> None:
    assert list(problems(load_profile(name)[0])) == []


def test_rules_that_are_right_pass() -> None:
    assert list(problems(profile(SLEEP, DROWSY, AWAY))) == []


@pytest.mark.parametrize(
    ("rule", "at", "told"),
    [
        (replace(SLEEP, source=" "), ("source",), "has no source: name the standard or study"),
        (replace(SLEEP, when={}), ("when",), "when is empty"),
        (replace(SLEEP, clear={}), (), "nothing ends the rule sleep: add clear"),
        (replace(SLEEP, clear={"eyes_opn_s": 2.0, "eyes_open_s": 2.0}), ("clear", "eyes_opn_s"), "mean eyes_open_s?"),
        (replace(DROWSY, clear_below={"perclos_60s": 0.1, "mood": 1.0}), ("clear_below", "mood"), "signals` lists"),
        (replace(SLEEP, when={"closure_s": 3.0, "heart": 1.0}), ("when", "heart"), "there is no signal heart (when)"),
        (replace(SLEEP, from_kmh=50.0, below_kmh=20.0), ("below_kmh",), "leave no speed"),
        (replace(SLEEP, from_kmh=20.0, below_kmh=20.0), ("below_kmh",), "leave no speed"),
        (replace(SLEEP, from_kmh=-1.0), ("from_kmh",), "from_kmh = -1: it should be a number from 0 on"),
        (replace(SLEEP, dwell_s=math.inf), ("dwell_s",), "dwell_s = inf: it should be a number from 0 on"),
        (replace(SLEEP, rewarn_s=0.0), ("rewarn_s",), "it should be 2 s or more"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_told(rule: Rule, at: tuple[str, ...], told: str) -> None:
    problem = only(profile(DROWSY if rule.code != "drowsy" else SLEEP, rule))
    assert problem.where == ("rules", 1, *at)
    assert told in problem.text


@pytest.mark.parametrize(
    ("bound", "told"),
    [
        (15.0, "it is a share of 1, not percent: 0.15?"),
        (150.0, "perclos_60s never exceeds 1"),
        (-0.1, "it should be a number above 0"),
        (math.nan, "it should be a number above 0"),
        (math.inf, "it should be a number above 0"),
        (0.0, "when.perclos_60s = 0 always holds"),
    ],
)
def test_a_bound_that_the_signal_never_or_always_reaches_is_told(bound: float, told: str) -> None:
    problem = only(profile(replace(DROWSY, when={"perclos_60s": bound})))
    assert problem.where == ("rules", 0, "when", "perclos_60s")
    assert told in problem.text


def test_a_misspelt_signal_is_told_alone_and_not_as_a_contradiction_too() -> None:
    assert "did you mean closure_s?" in only(profile(replace(SLEEP, when={"closur_s": 3.0}))).text


def test_an_end_that_never_comes_is_told() -> None:
    problem = only(profile(replace(DROWSY, clear_below={"perclos_60s": 0.0})))
    assert "clear_below.perclos_60s = 0 never holds" in problem.text


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (replace(DROWSY, clear_below={"perclos_60s": 0.2}), "above the bound of when, 0.15: it should be 0.15 or less"),
        (replace(DROWSY, clear_below={}, clear={"perclos_60s": 0.3}), "name perclos_60s in clear_below"),
        (replace(AWAY, clear={"off_road_s": 1.0}), "name on_road_s in clear"),
        (replace(AWAY, clear={"eyes_open_s": 1.0}), "can be cleared while its cause lasts: name on_road_s in clear"),
        (replace(AWAY, when={"off_road_in_30s": 10.0}), "name on_road_s in clear, 2 or more"),
        (replace(SLEEP, level="warning", when={"closure_s": 0.3}), "closure_s from 0.5 on in when"),
    ],
)
def test_an_alert_that_could_end_while_its_cause_lasts_is_told(rule: Rule, told: str) -> None:
    assert told in only(profile(rule)).text


def test_an_end_at_the_very_bound_that_raises_is_no_contradiction() -> None:
    assert list(problems(profile(replace(DROWSY, clear_below={"perclos_60s": 0.15})))) == []


@pytest.mark.parametrize(("level", "refused"), [("advisory", 0), ("warning", 0), ("urgent", 1), ("emergency", 1)])
def test_urgent_alerts_of_closed_eyes_ask_for_two_seconds_of_open_ones(level: Any, refused: int) -> None:
    found = list(problems(profile(replace(SLEEP, level=level, clear={"eyes_open_s": 1.9}))))
    assert len(found) == refused
    assert all("eyes_open_s should be 2 or more" in one.text for one in found)


def test_two_rules_of_one_level_for_the_same_signals_are_told_with_both_places() -> None:
    problem = only(profile(SLEEP, DROWSY, replace(SLEEP, when={"closure_s": 5.0})))
    assert (problem.where, problem.against) == (("rules", 2), ("rules", 0))


def test_two_rules_of_one_level_may_part_the_speeds_or_name_other_signals() -> None:
    slow = replace(AWAY, when={"off_road_s": 6.0}, from_kmh=20.0, below_kmh=50.0)
    assert list(problems(profile(slow, replace(AWAY, from_kmh=50.0)))) == []
    assert len(list(problems(profile(slow, replace(AWAY, from_kmh=49.0))))) == 1
    other = replace(SLEEP, when={"off_road_s": 10.0}, clear={"on_road_s": 2.0})
    assert list(problems(profile(SLEEP, other))) == []


@pytest.mark.parametrize(
    ("when", "refused"),
    [
        ({"closure_s": 3.0}, 0),
        ({"closure_s": 2.0}, 1),
        ({"closure_s": 1.0}, 1),
        ({"closure_s": 2.0, "perclos_60s": 0.1}, 0),
    ],
)
def test_the_higher_step_of_a_ladder_needs_more_than_the_lower(when: dict[str, float], refused: int) -> None:
    low = replace(SLEEP, level="warning", when={"closure_s": 2.0})
    high = replace(SLEEP, when=when)
    for rules in ((low, high), (high, low)):
        found = list(problems(profile(*rules)))
        assert len(found) == refused
        assert all(one.where == ("rules", rules.index(high)) and "it is never raised" in one.text for one in found)


def test_a_higher_step_may_need_no_more_where_it_holds_at_other_speeds_or_for_longer() -> None:
    low = replace(SLEEP, level="warning", from_kmh=20.0)
    assert list(problems(profile(low, replace(SLEEP, from_kmh=100.0)))) == []
    assert list(problems(profile(low, replace(SLEEP, dwell_s=1.0)))) == []


def zones(*given: tuple[str, float, float, float, float]) -> Profile:
    made = tuple(Zone(name, (left, right), (low, high)) for name, left, right, low, high in given)
    return profile(SLEEP, gaze=GazeSection(zones=made))


ROAD = ("road", -20.0, 20.0, -15.0, 20.0)


@pytest.mark.parametrize(
    ("found", "at", "told"),
    [
        (zones(("lap", -20, 20, -90, -20)), (), "no zone is called road"),
        (zones(ROAD, ("lap", -9, 9, -90, -20), ("lap", 20, 40, 0, 9)), (2, "name"), "two zones are called lap"),
        (zones(ROAD, (" ", -9, 9, -90, -20)), (1, "name"), "a zone has no name"),
        (zones(ROAD, ("lap", -9, 9, -20, -90)), (1, "pitch_deg"), "[-20, -90] of the zone lap: the first angle should"),
        (zones(ROAD, ("lap", 9, 9, -90, -20)), (1, "yaw_deg"), "the first angle should be the smaller one"),
        (zones(ROAD, ("lap", -9, 9, -99, -20)), (1, "pitch_deg"), "from -90 to 90"),
        (zones(ROAD, ("lap", -math.inf, 9, -90, -20)), (1, "yaw_deg"), "from -180 to 180"),
        (zones(ROAD, ("hud", -5, 5, -5, 5)), (1,), "the zone hud is never reached"),
        (zones(ROAD, ("left", 20, 60, -15, 20), ("both", 0, 50, 0, 10)), (2,), "the zone both is never reached"),
    ],
)
def test_zones_that_cannot_be_meant_are_told(found: Profile, at: tuple[int | str, ...], told: str) -> None:
    problem = only(found)
    assert problem.where == ("gaze", "zones", *at)
    assert told in problem.text


def test_a_zone_that_sticks_out_of_those_before_it_is_reached() -> None:
    assert list(problems(zones(ROAD, ("left", 20, 60, -15, 20), ("both", 0, 61, 0, 10)))) == []


@pytest.mark.parametrize(
    ("sections", "where", "told"),
    [
        ({"eyes": EyesSection(closed_below=0.5)}, ("eyes", "closed_below"), "is above open_above = 0.45"),
        ({"eyes": EyesSection(baseline_floor=1.2)}, ("eyes", "baseline_floor"), "should be a share from 0 to 1"),
        ({"eyes": EyesSection(closed_below=0.0)}, ("eyes", "closed_below"), "should be a share from 0.1 to 1"),
        ({"eyes": EyesSection(bridge_s=0.0)}, ("eyes", "bridge_s"), "should be 0.2 or more"),
        ({"mouth": MouthSection(yawn_min_s=15.0)}, ("mouth", "yawn_min_s"), "is above yawn_max_s = 12"),
        ({"health": HealthSection(stale_s=-1.0)}, ("health", "stale_s"), "health.stale_s = -1: it should be 0 or more"),
        ({"health": HealthSection(no_face_s=math.nan)}, ("health", "no_face_s"), "= nan: it should be 0 or more"),
    ],
)
def test_numbers_of_the_sections_that_cannot_be_are_told(
    sections: dict[str, Any], where: tuple[str, ...], told: str
) -> None:
    problem = only(profile(SLEEP, **sections))
    assert problem.where == where
    assert told in problem.text


def test_a_profile_without_rules_or_a_word_on_whom_it_is_for_is_told() -> None:
    assert [one.where for one in problems(Profile(" ", ()))] == [("about",), ("rules",)]


@pytest.mark.parametrize("signal", ["sleepiness", "long_blink_share"])
def test_blinks_alone_are_no_ground_for_more_than_an_advisory(signal: str) -> None:
    rule = Rule("drowsy", "warning", {signal: 0.4}, "a study", clear_below={signal: 0.2})
    assert "warning by blinks alone: make it an advisory" in only(profile(rule)).text
    assert list(problems(profile(replace(rule, level="advisory")))) == []
    with_perclos = replace(rule, when={signal: 0.4, "perclos_60s": 0.1})
    assert list(problems(profile(with_perclos))) == []


def test_a_rule_on_the_estimate_alone_loads_and_is_an_advisory() -> None:
    rule = Rule("drowsy", "warning", {"kss_estimate": 8.0}, "a study", clear_below={"kss_estimate": 7.0})
    assert list(problems(profile(rule))) == []
    assert rule.rank is Level.ADVISORY
