"""Stages of a frame, counted when somebody asks."""

from __future__ import annotations

from wakeful.device.stages import UNWATCHED, WatchedStages


def test_each_stage_gets_the_time_since_the_one_before_was_done() -> None:
    clock = iter([0, 100, 130, 180, 185]).__next__
    stages = WatchedStages(clock)
    stages.begin()
    stages.done("capture")
    stages.done("detect")
    stages.done("capture")
    assert stages.take() == {"capture": 30 + 5, "detect": 50}
    assert stages.take() == {}


def test_nobody_watches_by_default() -> None:
    UNWATCHED.done("capture")
