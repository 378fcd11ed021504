"""Scenarios of rendered drives can be played, and each is its own."""

from __future__ import annotations

from pathlib import Path

from tools.rendered_drives import scenario
from wakeful.sensors.scenario import Scenario


def test_drives_are_playable_distinct_and_the_same_for_a_seed(tmp_path: Path) -> None:
    texts = [scenario(seed, 120.0) for seed in range(8)]
    assert len(set(texts)) == 8 and scenario(3, 120.0) == texts[3]
    for seed, text in enumerate(texts):
        file = tmp_path / f"{seed}.toml"
        file.write_text(text)
        played = Scenario.load(str(file))
        assert played.duration_s == 120.0 and played.blinks
        # Before its first episode somebody is there, awake.
        first = played.pose_at(0.0)
        assert first.present and first.eye_left > 0.9
