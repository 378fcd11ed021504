"""Sleepiness from blinks: against this person's own, at any frame rate, and never more than an advisory."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.device.state.blinking import FINE_FPS, Floats, blinking, sampled
from tests.device.state.drives import EYES_ALONE, observation
from tests.device.state.drives import Part as DrivePart
from wakeful.device.config.layers import load_profile
from wakeful.device.messages import Alert, Level
from wakeful.device.state.blinks import Blink, BlinkMeter
from wakeful.device.state.closure import ClosureTracker, EyeState
from wakeful.device.state.engine import Engine, Step
from wakeful.device.state.engine_config import EngineConfig
from wakeful.device.state.profile import BlinksSection
from wakeful.device.state.sleepiness import (
    WINDOW_NS,
    Deviation,
    OwnSleepiness,
    Sleepiness,
    kss_estimate,
    sleepiness_of,
)

SECTION = BlinksSection()
SECOND_NS = 1_000_000_000
USUAL, LONG, SHALLOW = Deviation(0.0, 0.0), Deviation(4.0, 0.0), Deviation(0.0, -2.0)


def steps(fine: Floats, fps: float) -> list[Step]:
    engine = Engine(EngineConfig(load_profile("vehicle")[0], EYES_ALONE, 100.0))
    parts = [(t_ns, DrivePart(1.0, opening)) for t_ns, opening in sampled(fine, fps)]
    return [engine.step(observation(part, t_ns, seq)) for seq, (t_ns, part) in enumerate(parts)]


def measured(fine: Floats, fps: float, noise: float) -> list[Blink]:
    """The blinks of lids whose openings have noise of this deviation in each frame."""
    random, eyes, closures, meter = np.random.default_rng(5), EyeState(0.35, 0.45), ClosureTracker(0.3), BlinkMeter()
    found = []
    for t_ns, opening in sampled(fine, fps):
        seen = float(np.clip(opening + random.normal(0.0, noise), 0.0, 1.0))
        found.append(meter.step(t_ns, seen, closures.step(t_ns, eyes.step(seen, seen))))
    return [one for one in found if one is not None]


def alerts(taken: list[Step]) -> list[Alert]:
    return [alert for step in taken for alert in step.alerts]


def window(*blinks: Deviation) -> Sleepiness:
    return sleepiness_of(blinks[-SECTION.window :], SECTION)


def blink(number: int, duration_s: float = 0.2, depth: float = 0.8) -> Blink:
    end_ns = (number + 1) * SECOND_NS
    return Blink(end_ns - round(duration_s * 1e9), end_ns, duration_s, depth)


def test_the_shipped_coefficients_are_those_of_the_default() -> None:
    shipped = load_profile("vehicle")[0].blinks
    assert shipped.source
    assert (shipped.own, shipped.window, shipped.least, shipped.long_sd) == (30, 30, 5, 2.0)
    assert (shipped.intercept, shipped.duration, shipped.shallow) == (
        SECTION.intercept,
        SECTION.duration,
        SECTION.shallow,
    )


def test_it_is_unknown_with_too_few_blinks_and_says_how_few() -> None:
    few = window(*[USUAL] * 4)
    assert (few.p, few.long_share) == (None, None)
    assert few.coverage == pytest.approx(4 / 30)


def test_long_and_shallow_blinks_raise_it_and_their_number_does_not() -> None:
    usual = window(*[USUAL] * 30)
    assert usual.p == pytest.approx(1.0 / (1.0 + math.exp(-SECTION.intercept)))
    assert window(*[USUAL] * 10).p == pytest.approx(usual.p)
    assert (window(*[USUAL] * 15, *[LONG] * 15).p or 0.0) > 0.5
    assert (window(*[SHALLOW] * 30).p or 0.0) > 0.8


def test_a_share_of_long_blinks_is_one_of_the_whole_window() -> None:
    assert window(*[USUAL] * 24, *[LONG] * 6).long_share == pytest.approx(0.2)
    assert window(*[LONG] * 5).long_share == pytest.approx(5 / 30)


def test_one_closure_of_any_length_counts_as_one_long_blink() -> None:
    once = window(*[USUAL] * 29, Deviation(500.0, 0.0))
    assert (once.p or 1.0) < 0.1


def test_old_blinks_are_forgotten() -> None:
    person = OwnSleepiness(SECTION)
    for number in range(30):
        person.add(blink(number))
    assert person.at(31 * SECOND_NS).coverage == 1.0
    assert person.at(30 * SECOND_NS + WINDOW_NS).coverage == 0.0


def test_the_first_blinks_are_learned_and_nothing_changes_them_afterwards() -> None:
    person = OwnSleepiness(SECTION)
    assert [person.add(blink(number)) for number in range(14)] == [None] * 14
    for number in range(14, 30):
        usual = person.add(blink(number))
        assert usual is not None and usual.duration == pytest.approx(0.0, abs=1e-9)
    assert person.at(30 * SECOND_NS).coverage == 1.0
    first = person.add(blink(30, 0.4))
    for number in range(31, 90):
        person.add(blink(number, 0.4))
    last = person.add(blink(90, 0.4))
    assert first is not None and person.is_long(first) and first == last


def test_more_own_blinks_than_the_least_make_what_is_usual_surer() -> None:
    random = np.random.default_rng(0)
    errors: dict[int, list[float]] = {15: [], 30: []}
    for _ in range(300):
        person = OwnSleepiness(SECTION)
        for number, duration_s in enumerate(random.normal(0.2, 0.04, 30), start=1):
            person.add(blink(number, float(duration_s)))
            if number in errors:
                assert person.usual is not None
                errors[number].append(person.usual.duration_s - 0.2)
    assert np.std(errors[30]) < 0.85 * np.std(errors[15])


def test_closures_that_are_no_blinks_do_not_teach_what_is_usual() -> None:
    person = OwnSleepiness(SECTION)
    for number in range(30):
        person.add(blink(2 * number))
        person.add(blink(2 * number + 1, 2.0))
    asleep = person.add(blink(70, 0.6))
    assert asleep is not None and person.is_long(asleep)


def test_alert_blinks_of_an_earlier_drive_make_sleepier_and_never_less_so() -> None:
    alert, sleepy = OwnSleepiness(SECTION), OwnSleepiness(SECTION)
    for number in range(30):
        alert.add(blink(number, 0.2))
        sleepy.add(blink(number, 0.32))
    assert alert.learned is not None and sleepy.learned is not None
    own = sleepy.at(30 * SECOND_NS)
    sleepy.recall(alert.learned)
    recalled = sleepy.at(30 * SECOND_NS)
    assert (own.p or 1.0) < 0.1 < 0.9 < (recalled.p or 0.0)
    assert (own.long_share, recalled.long_share) == (0.0, 1.0)
    before = alert.at(30 * SECOND_NS)
    alert.recall(sleepy.learned)
    assert alert.at(30 * SECOND_NS) == before
    sleepy.recall(None)
    assert sleepy.at(30 * SECOND_NS) == own


def test_who_is_known_by_name_is_compared_from_the_fifth_blink_on() -> None:
    known = OwnSleepiness(SECTION)
    for number in range(30):
        known.add(blink(number, 0.2))
    person = OwnSleepiness(SECTION, known.learned)
    for number in range(5):
        assert person.at(number * SECOND_NS).p is None
        person.add(blink(number, 0.32))
    assert (person.at(5 * SECOND_NS).p or 0.0) > 0.9
    assert person.learned == known.learned


def test_the_karolinska_estimate_is_the_probability_on_its_scale() -> None:
    assert [kss_estimate(p) for p in (None, 0.0, 0.5, 1.0)] == [None, 1.0, 5.0, 9.0]


def test_the_same_lids_give_the_same_sleepiness_at_any_frame_rate() -> None:
    awake, tired = blinking(32, sleepy=False), blinking(25, sleepy=True, seed=1)
    ends_s = (len(awake) / FINE_FPS, (len(awake) + len(tired)) / FINE_FPS - 0.5)
    found = {}
    for fps in (15.0, 30.0, 60.0, 120.0):
        taken = steps(np.concatenate([awake, tired]), fps)
        found[fps] = [taken[int(end_s * fps) - 1].state for end_s in ends_s]
        raised = alerts(taken)
        assert [alert.level for alert in raised] == [Level.ADVISORY]
        assert raised[0].code == "drowsy"
    for before, after in found.values():
        assert (before.sleepiness or 1.0) < 0.2 < 0.8 < (after.sleepiness or 0.0)
        assert before.sleepiness == pytest.approx(found[120.0][0].sleepiness, abs=0.05)
        assert after.sleepiness == pytest.approx(found[120.0][1].sleepiness, abs=0.05)
        assert after.kss_estimate == pytest.approx(1.0 + 8.0 * (after.sleepiness or 0.0))
        assert after.sleepiness_coverage == 1.0


@pytest.mark.parametrize("fps", [15.0, 24.0, 30.0, 60.0, 120.0])
def test_noise_changes_no_blink_at_any_frame_rate(fps: float) -> None:
    fine = blinking(25, sleepy=True, seed=2)
    clear, noisy = (measured(fine, fps, noise) for noise in (0.0, 0.03))
    assert len(clear) == len(noisy) == 25
    pairs = zip(noisy, clear, strict=True)
    differences = np.array([(one.duration_s - other.duration_s, one.depth - other.depth) for one, other in pairs])
    bias_s, bias = np.abs(differences.mean(axis=0)).tolist()
    assert bias_s < 0.005 and bias < 0.03
    assert differences.std(axis=0).max() < 0.03


def test_below_15_frames_a_second_nothing_is_known_of_it() -> None:
    last = steps(blinking(20, sleepy=False), 12.0)[-1].state
    assert (last.sleepiness, last.kss_estimate, last.sleepiness_coverage) == (None, None, 0.0)


def test_alert_blinks_raise_nothing() -> None:
    assert alerts(steps(blinking(60, sleepy=False, seed=3), 30.0)) == []


def test_lids_that_hang_halfway_are_not_blinks() -> None:
    fine = blinking(20, sleepy=False)
    squints = fine.copy()
    squints[squints < 0.5] = 0.5
    last = steps(np.concatenate([fine, squints]), 30.0)[-1].state
    assert last.sleepiness_coverage == pytest.approx(20 / 30, abs=0.05)
