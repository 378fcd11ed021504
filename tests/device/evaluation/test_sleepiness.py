"""``wakeful evaluate sleepiness``: people who blink longer when drowsy are told apart; how often is no part of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.device.state.blinking import FINE_FPS, blinking
from wakeful.device.cli import status
from wakeful.device.config.layers import load_profile
from wakeful.device.evaluation import opening_series, sleepiness
from wakeful.device.evaluation.sleepiness_fit import fit
from wakeful.errors import ConfigError

LEVELS = (0, 5, 10)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve people in two folds; duration grows and depth falls with the level, the number of blinks does neither."""
    rng = np.random.default_rng(0)
    people, counts, blinks = range(12), [], []
    for _ in people:
        for level in LEVELS:
            count = int(rng.integers(20, 60))
            duration = rng.normal(0.12 * level, 1.0 + 0.1 * level, count)
            depth = rng.normal(-0.06 * level, 1.0, count)
            counts.append(count)
            blinks.append(np.stack([rng.normal(size=count), depth, duration, depth], axis=1))
    np.savez(
        tmp_path / sleepiness.BLINKS,
        person=np.repeat(people, 3),
        label=np.tile(LEVELS, 12),
        fold=np.repeat([2, 3], 18),
        count=counts,
        blinks=np.concatenate(blinks).astype(np.float32),
        features=np.array(["freq_z", "amplitude_z", "duration_z", "opening_speed_z"]),
    )
    return tmp_path


def test_people_who_blink_longer_are_told_apart_and_the_number_of_blinks_tells_nothing(folder: Path) -> None:
    profile, _ = load_profile("vehicle")
    found = sleepiness.figures(sleepiness.every_way(sleepiness.load(folder), profile, "vehicle")[sleepiness.BY_FOLDS])
    middle, low, high = found["auc_95"]["sleepiness"]["drowsy"]
    assert 0.95 < middle <= 1.0 and low <= middle <= high
    assert 0.2 < found["auc_95"]["number_of_blinks"]["drowsy"][0] < 0.8
    assert found["alerted"]["alert"][0] == 0 and found["alerted"]["drowsy"][0] > 6
    assert sum(count for _, _, count in found["reliability"]) == 36


def test_what_is_usual_comes_from_the_first_alert_blinks_as_in_a_drive(folder: Path) -> None:
    profile, _ = load_profile("vehicle")
    given = sleepiness.load(folder)
    moved = [replace(one, deviations=3.0 + 2.0 * one.deviations) for one in given]
    for one, other in zip(*(sleepiness.as_in_drives(each, profile.blinks) for each in (given, moved)), strict=True):
        assert abs(one.deviations.mean() - other.deviations.mean()) < 1.0
    few = [replace(one, deviations=one.deviations[:14]) for one in given]
    assert sleepiness.as_in_drives(few, profile.blinks) == []
    later = sleepiness.without_learned(given, profile.blinks)
    counts = [len(one.deviations) for one in given if one.level == 0]
    assert [len(one.deviations) for one in later if one.level == 0] == [n - 30 for n in counts if n >= 40]


def test_both_coefficients_are_found_with_their_signs(folder: Path) -> None:
    profile, _ = load_profile("vehicle")
    recordings = [(one.deviations, one.level) for one in sleepiness.load(folder)]
    intercept, duration, shallow = fit(recordings, profile.blinks)
    assert intercept < 0.0 < min(duration, shallow)


def test_the_command_writes_all_figures_and_replays_openings(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fine = blinking(3, sleepy=False)[:: round(FINE_FPS / 60.0)]
    fine[-60:] = 1.0
    mm = np.stack([8.0 * fine, 8.0 * fine], axis=1)
    np.savez(folder / "series.npz", calm_t=np.arange(len(fine)) / 60.0, calm_mm=mm)
    target = tmp_path / "out.json"
    assert status(["evaluate", "sleepiness", "--data", str(folder), "--json", str(target)]) == 0
    said = capsys.readouterr().out
    assert "fitted with folds by person," in said
    assert "calm" in said and "none" in said
    written = json.loads(target.read_text())
    assert list(written["coefficients"])[:2] == ["profile vehicle", "fitted with folds by person"]
    assert [len(one["auc_95"]) for one in written["coefficients"].values()] == [4] * 4
    assert [one["name"] for one in written["openings"]] == ["calm"]
    assert len(written["openings"][0]["closures_s"]) == 3


def test_a_picture_shows_reliability_and_alerts(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    target = tmp_path / "figure.png"
    assert status(["evaluate", "sleepiness", "--data", str(folder), "--figure", str(target)]) == 0
    assert target.read_bytes().startswith(b"\x89PNG")


def test_a_folder_without_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"rldd_blinks\.npz is missing: name the folder"):
        sleepiness.load(tmp_path)


def test_a_file_of_another_kind_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / sleepiness.BLINKS, person=[1])
    with pytest.raises(ConfigError, match="is not a file of blinks"):
        sleepiness.load(tmp_path)


def test_a_slower_camera_sees_fewer_moments() -> None:
    series = opening_series.Series("one", np.arange(120) / 120.0, np.ones((120, 2)))
    assert len(series.at(15.0).t_s) == 15


def test_nobody_is_alerted_before_the_first_blink(folder: Path) -> None:
    profile, _ = load_profile("vehicle")
    rules = sleepiness.blink_rules(profile)
    scored = [sleepiness.replay(one, profile.blinks, rules) for one in sleepiness.load(folder)]
    assert sleepiness.alerted(scored, 10, 0) == (0, 12)
    assert sleepiness.alerted(scored, 10)[0] >= sleepiness.alerted(scored, 10, 25)[0]
