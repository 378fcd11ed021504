"""The status file as ``wakeful health`` finds it: fresh, old, half, foreign."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.device.alerts.samples import AWAKE
from tools.rigs.waiting import eventually
from wakeful import ConfigError
from wakeful.device.alerts.status_file import StatusMissing, StatusOutput, read_status
from wakeful.device.cli import status
from wakeful.device.messages import Health


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "status.json"


@pytest.fixture
def output(file: Path) -> Iterator[StatusOutput]:
    one = StatusOutput(file)
    one.start(0)
    yield one
    one.close()


def written(file: Path, **changes: object) -> None:
    now_s = time.monotonic()
    good = {"pid": 1, "turn_s": now_s, "frame_s": now_s, "frames": 9, "health": "ok", "reason": ""}
    file.write_text(json.dumps(good | changes))


def test_the_file_follows_the_monitor_and_goes_with_it(output: StatusOutput, file: Path) -> None:
    output.state(AWAKE)
    output.state(replace(AWAKE, health=Health.DEGRADED, reason="dark"))
    eventually(lambda: read_status(file).frames == 2)
    found = read_status(file)
    assert (found.pid, found.health, found.reason) == (os.getpid(), "degraded", "dark")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    output.close()
    assert list(file.parent.iterdir()) == []


def test_turns_without_a_frame_are_no_frames(output: StatusOutput, file: Path) -> None:
    output.state(replace(AWAKE, health=Health.CAMERA_LOST))
    eventually(lambda: read_status(file).health == "camera_lost")
    assert (read_status(file).frames, read_status(file).frame_s) == (0, None)


def test_it_tells_nothing_about_the_person(output: StatusOutput, file: Path) -> None:
    assert set(json.loads(file.read_text())) == {"pid", "turn_s", "frame_s", "frames", "health", "reason"}


def test_a_folder_that_does_not_exist_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot write the status file"):
        StatusOutput(tmp_path / "no" / "status.json").start(0)


def test_health_is_0_while_frames_are_judged(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(file)
    assert status(["health", "--file", str(file)]) == 0
    assert capsys.readouterr().out == "processing frames; health ok, 9 frames so far\n"


@pytest.mark.parametrize("health", ["no_face", "calibrating", "degraded"])
def test_a_monitor_that_sees_badly_is_still_a_monitor(health: str, file: Path) -> None:
    written(file, health=health)
    assert status(["health", "--file", str(file)]) == 0


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"turn_s": 1.0}, "its loop has not completed a turn for 3 s"),
        ({"turn_s": 1e12}, "its loop has not completed a turn for 3 s"),
        ({"turn_s": float("nan")}, "its loop has not completed a turn for 3 s"),
        ({"frame_s": 1.0}, "no frame was analysed for 3 s"),
        ({"frame_s": None}, "no frame was analysed for 3 s"),
        ({"health": "camera_lost"}, "camera_lost"),
        ({"health": "stale"}, "stale"),
    ],
)
def test_health_is_1_and_says_why(
    changes: dict[str, object], told: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(file, **changes)
    assert status(["health", "--file", str(file), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["trouble"] == told


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", "{}", '{"pid": "x"}', "[" * 3000, '{"pid": 1e999}', " " * 10_000 + "{}", "\xff"]
)
def test_what_is_no_status_is_one_line_and_status_1(text: str, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(text.encode("latin-1"))
    assert status(["health", "--file", str(file)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_no_monitor_is_one_line_and_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    assert status(["health"]) == 1
    assert capsys.readouterr().err == (
        f"wakeful: {tmp_path}/status.json: No such file or directory: no running monitor writes its status there\n"
    )


def test_a_link_in_the_place_of_the_new_file_is_not_followed(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "urandom", bytes)  # The name, random otherwise, has been guessed.
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (tmp_path / f".part-{bytes(6).hex()}.json").symlink_to(victim)
    with pytest.raises(ConfigError):
        StatusOutput(file).start(0)
    assert victim.read_text() == "untouched"


def test_reading_needs_the_health_to_be_one_of_ours(file: Path) -> None:
    written(file, health="\x1b[31m")
    with pytest.raises(StatusMissing):
        read_status(file)
