"""A drive stored in one colour channel, or lit in every second frame, gives its alerts, and what is wrong is named."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tools.compare_events import Line, comparable
from tools.rigs.looped import FPS, MICROSLEEPS, looped, rendered, run_looped
from wakeful import look
from wakeful.device.doctor.placement import measure
from wakeful.device.doctor.placement_checks import checks
from wakeful.device.perception.pipeline import Perception
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.opencv import cv2
from wakeful.sensors.slot import PacedSource
from wakeful.sensors.source import Source, SourceInfo

Picture = NDArray[np.uint8]
ROUND_S = 2.4


@cache
def grey_drive() -> tuple[Picture, ...]:
    greys = (cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) for picture in rendered(MICROSLEEPS))
    return tuple(np.repeat(grey[..., None], 3, axis=2) for grey in greys)


def blue(picture: Picture) -> Picture:
    out = np.zeros_like(picture)
    out[..., 0] = picture[..., 0]
    return out


def strobed(fps: float, duration_s: float) -> Source:
    """The drive at this rate, each second frame unlit."""
    drive = grey_drive()
    count = round(duration_s * fps)
    shown = [drive[round(seq * FPS / fps) % len(drive)] for seq in range(count)]
    pictures = (one if seq % 2 else (one * 0.05).astype(np.uint8) for seq, one in enumerate(shown))
    info = SourceInfo("strobed", live=False, width=640, height=480, fps=fps)
    return PacedSource(info, ((round(seq * 1e9 / fps), one) for seq, one in enumerate(pictures)), realtime=False)


def events(folder: Path, source: Source) -> list[Line]:
    out = folder / "events.jsonl"
    assert run_looped(source, {"outputs.events": str(out), "terminal.live": False}) == 0
    lines = comparable(out.read_text(encoding="utf-8"))
    out.unlink()
    return lines


def notes(lines: list[Line]) -> dict[str, str]:
    return {line["note"]: line.get("text", "") for line in lines if "note" in line}


def test_a_drive_in_the_blue_channel_gives_the_events_of_the_grey_one_and_the_reason(tmp_path: Path) -> None:
    grey = events(tmp_path, looped(list(grey_drive()), realtime=False, duration_s=2 * ROUND_S))
    in_blue = events(tmp_path, looped(list(map(blue, grey_drive())), realtime=False, duration_s=2 * ROUND_S))
    assert any(line.get("code") == "microsleep" for line in grey)
    assert notes(grey) == {}
    assert "blue channel only" in notes(in_blue)["one_channel"]
    assert [line for line in in_blue if "note" not in line] == grey


def test_microsleeps_under_a_strobed_lamp_are_reported_and_the_lost_half_is_named(tmp_path: Path) -> None:
    lines = events(tmp_path, strobed(30.0, 4 * ROUND_S))
    raised = [line["t"] for line in lines if line.get("code") == "microsleep" and line["phase"] == "raised"]
    assert len(raised) == 4
    assert all(1.4 < t % ROUND_S < 1.9 for t in raised)
    assert "15 frames per second remain" in notes(lines)["strobed"]
    assert not any(line.get("reason") == "slow" for line in lines)


def test_a_strobed_lamp_that_leaves_too_few_frames_is_slow(tmp_path: Path) -> None:
    lines = events(tmp_path, strobed(14.0, 12.0))
    assert "7 frames per second remain" in notes(lines)["strobed"]
    assert {"degraded"} == {line["health"] for line in lines if line.get("reason") == "slow"}


def test_one_image_in_the_red_channel_shows_its_face() -> None:
    red = np.ascontiguousarray(blue(render(DriverPose()))[..., ::-1])
    assert look(red).face


@pytest.mark.parametrize(("make", "told"), [(blue, "blue channel"), (None, "every second frame")])
def test_the_placement_check_names_it(tmp_path: Path, make: object, told: str) -> None:
    for number in range(40):
        picture = grey_drive()[0]
        shown = blue(picture) if make else picture if number % 2 else (picture * 0.05).astype(np.uint8)
        assert cv2.imwrite(str(tmp_path / f"{number:02}.png"), shown)
    found = {check.name: check for check in checks(measure(str(tmp_path), Perception("wakeful")))}
    assert told in found["frames"].found
    assert found["frames"].result == "warn" and found["frames"].fix
