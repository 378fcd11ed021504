"""The synthetic driver as a source."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import numpy as np
import pytest

from wakeful import ConfigError
from wakeful.sensors.camera import open_source
from wakeful.sensors.driver_face import render
from wakeful.sensors.scenario import Scenario
from wakeful.sensors.source import EndOfSource
from wakeful.sensors.synthetic import open_synthetic


@pytest.fixture
def short(tmp_path: Path) -> str:
    """A scenario of half a second."""
    file = tmp_path / "short.toml"
    file.write_text("duration_s = 0.5\nkeyframes = [{ t = 0, yaw_deg = 0 }, { t = 0.5, yaw_deg = 20 }]\n")
    return str(file)


def test_frames_show_the_pose_of_their_own_time(short: str) -> None:
    with contextlib.closing(open_synthetic(short, pace="fast", fps=10)) as source:
        frames = [source.read_latest(1.0) for _ in range(5)]
        with pytest.raises(EndOfSource):
            source.read_latest(1.0)
    assert [frame.seq for frame in frames] == [0, 1, 2, 3, 4]
    assert [frame.t_ns for frame in frames] == [0, 100_000_000, 200_000_000, 300_000_000, 400_000_000]
    truth = Scenario.load(short)
    for frame in frames:
        assert np.array_equal(frame.image, render(truth.pose_at(frame.t_ns / 1e9), seed=frame.seq))


def test_it_tells_what_it_delivers(short: str) -> None:
    for pace, live in (("realtime", True), ("fast", False)):
        with contextlib.closing(open_synthetic(short, pace=pace, fps=15)) as source:  # type: ignore[arg-type]
            info = source.info
        assert (info.name, info.live, info.width, info.height, info.fps) == (f"synthetic:{short}", live, 640, 480, 15)


def test_in_real_time_frames_come_with_the_clock(short: str) -> None:
    with contextlib.closing(open_synthetic(short, pace="realtime", fps=10)) as source:
        frames, ages_s = [], []
        with pytest.raises(EndOfSource):
            while True:
                frames.append(source.read_latest(2.0))
                ages_s.append((time.monotonic_ns() - frames[-1].t_ns) / 1e9)
    assert min(ages_s) >= 0.0
    assert sorted(ages_s)[len(ages_s) // 2] < 0.5
    assert len(frames) + source.dropped == 5
    for frame in frames[1:]:
        assert (frame.t_ns - frames[0].t_ns) / 1e9 == pytest.approx(frame.seq * 0.1, abs=1e-6)


def test_every_source_can_be_opened_by_name() -> None:
    with contextlib.closing(open_source("synthetic:attentive", pace="fast")) as source:
        assert source.info.name == "synthetic:attentive"
        assert source.read_latest(1.0).image.shape == (480, 640, 3)


@pytest.mark.parametrize("fps", [0.0, -5.0, 500.0, float("nan")])
def test_an_impossible_rate_is_refused(fps: float) -> None:
    with pytest.raises(ConfigError, match="frames a second"):
        open_synthetic("demo", fps=fps)


def test_an_unknown_scenario_is_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="no scenario is called 'nap'"):
        open_source("synthetic:nap")
