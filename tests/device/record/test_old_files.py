"""What version 0.1.0 wrote is still read: its logs replay to the same alerts, its settings and profiles load."""

from __future__ import annotations

from pathlib import Path

import pytest

from wakeful.device.cli import status
from wakeful.device.config.layers import load
from wakeful.device.messages import Alert
from wakeful.device.record.outcome import Job, replay_job
from wakeful.device.record.reader import recording
from wakeful.device.record.replay import replay

OLD = Path(__file__).with_name("old")
LOG = OLD / "nap-0.1.0.mcap"
"""Eight seconds of the synthetic driver with eyes closed from 3.1 to 6.5 s, at 60 km/h, without images."""


def test_an_old_log_replays_to_the_alerts_that_were_raised_then() -> None:
    pytest.importorskip("mcap", reason="the extra [record] is not installed")
    assert recording(LOG).config.version == "0.1.0"
    done = replay(recording(LOG))
    origin_ns = recording(LOG).config.origin_ns
    alerts = [
        (round((one.t_ns - origin_ns) / 1e9, 3), one.code, one.level.label, str(one.phase), one.seq)
        for one in done.now
        if isinstance(one, Alert)
    ]
    assert alerts == [
        (4.1, "microsleep", "warning", "raised", 1),
        (6.1, "sleep", "urgent", "raised", 2),
        (7.067, "microsleep", "warning", "cleared", 1),
    ]
    assert replay_job(Job((LOG,))).same


@pytest.mark.parametrize("name", ["config-0.1.0.toml", "vehicle-0.1.0.toml"])
def test_old_settings_and_profiles_load(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["config", "check", str(OLD / name)]) == 0
    assert ": ok, " in capsys.readouterr().out


def test_old_settings_are_those_of_today() -> None:
    """The file is what ``config show`` printed without a configuration."""
    assert load(OLD / "config-0.1.0.toml").settings == load().settings
