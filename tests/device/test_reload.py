"""SIGHUP: a good configuration is taken over without losing a frame or an alert, a bad one is refused."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tools.rigs.scripts import eyes_shut
from tools.rigs.serial_receiver import Receiver
from tools.rigs.waiting import eventually
from wakeful import ConfigError
from wakeful.device.config.layers import load_profile
from wakeful.device.config.settings import Settings, SourceSettings, VehicleSettings
from wakeful.device.reload import LIVE_PROFILE, LIVE_SETTINGS, refuse_fixed

PATIENCE_S = 60.0
BLINKING = eyes_shut(60.0, (1.1, 58.0))
"""Falls asleep for good after a second."""


class Running:
    """``wakeful run`` on a configuration file that can be written anew."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.events = folder / "events.jsonl"
        (folder / "sleeper.toml").write_text(BLINKING)
        self.write(**settings)
        command = [sys.executable, "-m", "wakeful", "run", "--plain", "--config", str(folder / "board.toml")]
        command += ["--source", f"synthetic:{folder / 'sleeper.toml'}", "--pace", "realtime"]
        command += ["--landmarks", "mesh+iris", "--events", str(self.events)]
        command += ["--signals", str(folder / "signals.csv"), "--summary", str(folder / "s.json")]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def write(self, text: str = "", **settings: str) -> None:
        (self.folder / "board.toml").write_text(
            text or "".join(f"{key} = {value}\n" for key, value in settings.items())
        )

    def hang_up(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def said(self, **wanted: object) -> list[dict[str, Any]]:
        """Events so far that carry all of these."""
        if not self.events.exists():
            return []
        lines = [
            json.loads(line) for line in self.events.read_text(encoding="utf-8").splitlines() if line.endswith("}")
        ]
        return [line for line in lines if all(line.get(key) == value for key, value in wanted.items())]

    def end(self) -> dict[str, Any]:
        self.process.terminate()
        self.process.communicate(timeout=PATIENCE_S)
        assert self.process.returncode == 0
        summary: dict[str, Any] = json.loads((self.folder / "s.json").read_text(encoding="utf-8"))
        return summary


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Running]:
    run = Running(folder, **settings)
    try:
        yield run
    finally:
        run.process.kill()
        run.process.communicate()


def test_a_new_configuration_is_taken_over_in_the_middle_of_an_alert(tmp_path: Path) -> None:
    first, second = Receiver(), Receiver()
    with running(tmp_path, profile='"vehicle"', serial=f'{{ url = "{first.path}" }}') as run:
        assert eventually(lambda: run.said(code="microsleep") != [], PATIENCE_S)
        run.write("[broken")
        run.hang_up()
        assert eventually(lambda: run.said(note="config_refused") != [], PATIENCE_S)
        run.write(profile='"vehicle"', serial=f'{{ url = "{second.path}" }}')
        run.hang_up()
        assert eventually(lambda: run.said(kind="configuration") != [], PATIENCE_S)
        assert eventually(lambda: second.of("WKS") != [], PATIENCE_S)
        time.sleep(0.3)
        summary = run.end()
    refused = run.said(note="config_refused")
    assert "board.toml" in refused[0]["text"] and "stays in effect" in refused[0]["text"]
    assert refused[-1]["over"] == 1
    assert run.said(kind="configuration")[0]["changed"] == "serial"
    told = [event["seq"] for event in run.said(kind="alert")]
    heard = [int(sentence.fields[0]) for receiver in (first, second) for sentence in receiver.of("WKA")]
    assert heard == told
    rows = (tmp_path / "signals.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert len(rows) == summary["frames"]
    first.close()
    second.close()


def test_what_can_change_only_at_a_start_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"\[source\] cannot change while the monitor runs"):
        refuse_fixed(Settings(), Settings(source=SourceSettings(source="0")), LIVE_SETTINGS)
    refuse_fixed(Settings(), Settings(vehicle=VehicleSettings(speed_kmh=5.0)), LIVE_SETTINGS)


def test_rules_may_change_and_how_eyes_are_measured_may_not() -> None:
    vehicle, robot = load_profile("vehicle")[0], load_profile("robot")[0]
    assert vehicle.rules != robot.rules
    if vehicle.eyes == robot.eyes and vehicle.gaze == robot.gaze:
        refuse_fixed(vehicle, robot, LIVE_PROFILE)
    with pytest.raises(ConfigError, match=r"\[eyes\] cannot change while the monitor runs"):
        refuse_fixed(vehicle, replace(vehicle, eyes=replace(vehicle.eyes, closed_below=0.3)), LIVE_PROFILE)


def test_a_terminal_that_goes_away_ends_the_monitor(tmp_path: Path) -> None:
    far, near = os.openpty()
    events = tmp_path / "events.jsonl"
    command = [sys.executable, "-m", "wakeful", "run", "--plain", "--source", "synthetic:attentive"]
    process = subprocess.Popen(
        [*command, "--landmarks", "mesh+iris", "--events", str(events)],
        stdin=near,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(near)
    assert eventually(lambda: events.exists() and events.stat().st_size > 0, PATIENCE_S)
    os.close(far)
    _, complaints = process.communicate(timeout=PATIENCE_S)
    # A machine that has no time for it is no fault of the monitor's, which says so.
    told = [line for line in complaints.splitlines() if b"the board is too slow" not in line]
    assert (process.returncode, told) == (0, [])
