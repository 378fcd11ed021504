"""One name opens the right kind of source."""

from __future__ import annotations

import importlib
import sys
import types
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from wakeful import ConfigError, SourceError
from wakeful.sensors import camera, discovery
from wakeful.sensors.camera import BACKENDS, kind_of, open_source
from wakeful.sensors.discovery import CameraDevice
from wakeful.sensors.source import EndOfSource, SourceNotFound


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "drive.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20.0, (64, 48))
    for value in (10, 20, 30):
        writer.write(np.full((48, 64, 3), value, np.uint8))
    writer.release()
    return path


@pytest.fixture
def no_cameras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera, "cameras", list)


@pytest.fixture
def synthetic_calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, float]]:
    """Stands in the synthetic driver's place and notes how it was opened."""
    calls: list[tuple[str, str, float]] = []
    module = types.ModuleType("wakeful.sensors.synthetic")
    module.open_synthetic = lambda *given: calls.append(given)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "wakeful.sensors.synthetic", module)
    return calls


def test_names_lead_to_their_backend(tmp_path: Path, video: Path) -> None:
    (tmp_path / "face.PNG").touch()
    (tmp_path / "loop.gif").touch()
    assert kind_of("0") == ("v4l2", "/dev/video0")
    assert kind_of("/dev/video3") == ("v4l2", "/dev/video3")
    assert kind_of("/dev/v4l/by-id/usb-cam-index0") == ("v4l2", "/dev/v4l/by-id/usb-cam-index0")
    assert kind_of(str(video)) == ("video", str(video))
    assert kind_of(str(tmp_path / "loop.gif"))[0] == "video"
    assert kind_of(str(tmp_path / "face.PNG"))[0] == "images"
    assert kind_of(str(tmp_path)) == ("images", str(tmp_path))
    assert kind_of("synthetic") == ("synthetic", "demo")
    assert kind_of("synthetic:sleep") == ("synthetic", "sleep")


def test_every_shipped_backend_but_the_synthetic_one_is_where_the_table_says() -> None:
    for kind in ("v4l2", "video", "images"):
        module, function = BACKENDS[kind]
        assert callable(getattr(importlib.import_module(module), function))


@pytest.mark.parametrize("name", ["~nobody-of-that-name/a.mp4", "x" * 5000])
def test_a_name_that_cannot_even_be_looked_up_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(SourceNotFound) as caught:
        open_source(name)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


@pytest.mark.parametrize("name", ["", "nowhere.mp4", "usb-cam-that-is-not-plugged-in", "/dev/nothing"])
def test_a_name_of_nothing_says_what_to_do(name: str) -> None:
    with pytest.raises(SourceNotFound, match="wakeful devices") as caught:
        open_source(name)
    assert name in str(caught.value) and caught.value.exit_status == 3


def test_a_camera_number_that_is_not_there_says_what_to_do() -> None:
    with pytest.raises(SourceNotFound, match="no camera at /dev/video987"):
        open_source("987")


def test_a_file_is_fast_unless_told_otherwise(video: Path) -> None:
    with closing(open_source(str(video))) as source:
        assert not source.info.live
        assert [source.read_latest(0.0).t_ns for _ in range(3)] == [0, 50_000_000, 100_000_000]
        with pytest.raises(EndOfSource):
            source.read_latest(0.0)


def test_a_file_plays_in_real_time_when_told(video: Path) -> None:
    with closing(open_source(str(video), pace="realtime")) as source:
        assert source.info.live
        assert source.read_latest(1.0).seq == 0


def test_a_folder_is_played_at_the_rate_asked_for(tmp_path: Path) -> None:
    for name in ("1.png", "2.png"):
        assert cv2.imwrite(str(tmp_path / name), np.zeros((4, 4), np.uint8))
    with closing(open_source(str(tmp_path), fps=5.0)) as source:
        assert [source.read_latest(0.0).t_ns for _ in range(2)] == [0, 200_000_000]


def test_the_synthetic_driver_runs_in_real_time_unless_told_otherwise(
    synthetic_calls: list[tuple[str, str, float]],
) -> None:
    open_source("synthetic")
    open_source("synthetic:sleep", pace="fast", fps=10.0)
    assert synthetic_calls == [("demo", "realtime", 30.0), ("sleep", "fast", 10.0)]


def test_auto_without_a_camera_is_the_synthetic_driver(
    no_cameras: None, synthetic_calls: list[tuple[str, str, float]]
) -> None:
    open_source("auto")
    assert synthetic_calls == [("demo", "realtime", 30.0)]


def test_auto_takes_the_first_camera_by_its_stable_name(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [CameraDevice("/dev/video2", "Cam", "/dev/v4l/by-id/cam", 2), CameraDevice("/dev/video4", "Other", "", 4)]
    monkeypatch.setattr(camera, "cameras", lambda: found)
    assert camera.first_camera_or_synthetic() == "/dev/v4l/by-id/cam"
    with pytest.raises(SourceNotFound, match="/dev/v4l/by-id/cam"):
        open_source("auto")


def test_a_camera_cannot_be_hurried() -> None:
    with pytest.raises(ConfigError, match="real time"):
        open_source("0", pace="fast")


def test_a_device_of_another_kind_is_refused_as_a_camera() -> None:
    with pytest.raises(SourceError, match="/dev/null opens but gives no video"):
        open_source("/dev/null")


def test_a_bare_stable_name_is_found_in_its_folder(tmp_path: Path) -> None:
    by_id = tmp_path / "v4l" / "by-id"
    by_id.mkdir(parents=True)
    (by_id / "usb-cam-video-index0").symlink_to("../../video0")
    assert discovery.camera_path("usb-cam-video-index0", tmp_path) == by_id / "usb-cam-video-index0"
    assert discovery.camera_path("usb-other", tmp_path) is None
    assert discovery.camera_path("../by-id/usb-cam-video-index0", tmp_path) is None
