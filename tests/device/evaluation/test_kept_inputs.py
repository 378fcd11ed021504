"""Faces that conversion has looked at are kept for its next step, and looked at again when anything has changed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from wakeful import ConfigError
from wakeful.device.evaluation import kept_inputs
from wakeful.device.evaluation.kept_inputs import kept_face_inputs
from wakeful.device.evaluation.network_inputs import Purpose
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.opencv import cv2

PURPOSES: tuple[Purpose, ...] = ("calibration", "judgement")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with two clips of one frame each, of which the first calibrates."""
    clips = tmp_path / "data" / "clips"
    clips.mkdir(parents=True)
    for number in (0, 1):
        writer = cv2.VideoWriter(str(clips / f"{number}.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (640, 480))
        writer.write(render(DriverPose(yaw_deg=5.0 * number)))
        writer.release()
    return clips.parent


def test_a_second_step_is_given_the_same_without_looking(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = tmp_path / "build"
    first = kept_face_inputs(pictures, "calibration", 1, keep)
    (file,) = keep.iterdir()
    assert file.stat().st_mode & 0o077 == 0
    with monkeypatch.context() as patch:
        patch.setattr(kept_inputs, "face_inputs", None)
        again = kept_face_inputs(pictures, "calibration", 1, keep)
    assert {name: (one.name, one.sha256) for name, one in again.items()} == {
        name: (one.name, one.sha256) for name, one in first.items()
    }
    assert "face_landmark" in again and again["face_landmark"].tensors.shape == (1, 192, 192, 3)
    os.utime(pictures / "clips" / "0.avi", (1.0, 1.0))
    kept_face_inputs(pictures, "calibration", 1, keep)
    assert len(list(keep.iterdir())) == 2


def test_those_who_judge_are_others_than_those_who_calibrate(pictures: Path, tmp_path: Path) -> None:
    one, other = (kept_face_inputs(pictures, purpose, 1, tmp_path / "build") for purpose in PURPOSES)
    network = "face_detection_short_range"
    assert not np.array_equal(one[network].tensors, other[network].tensors)


def test_a_folder_without_faces_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="contains no images of faces"):
        kept_face_inputs(tmp_path, "judgement", 1, tmp_path / "build")
    assert not (tmp_path / "build").exists()
