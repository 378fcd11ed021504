"""Patches to train with are cut by the real readers from faces with known eyes; here, from rendered ones."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from tools.rigs.networks import kept
from wakeful import ConfigError
from wakeful.device.evaluation import eye_patches
from wakeful.device.evaluation.eye_patches import MARGIN_PX, build_eyes
from wakeful.device.evaluation.eye_scenes import Portraits
from wakeful.device.perception.pipeline import Perception
from wakeful.models.eyes.data import Eyes
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2

# Points of the mesh at the places of the 68-point scheme: jaw, brows, nose, eyes, mouth.
PLACES = [
    *(127, 234, 93, 132, 172, 136, 149, 148, 152, 377, 378, 365, 397, 288, 323, 454, 356),
    *(70, 63, 105, 66, 107, 336, 296, 334, 293, 300, 168, 6, 195, 4, 98, 97, 2, 326, 327),
    *(33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380),
    *(61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91, 78, 81, 13, 311, 308, 402, 14, 178),
]
SETS = ("helen-train", "helen-train", "helen-test", "ytf", "ytf")
SUBJECTS = ("a", "b", "c", "one person", "one person")


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory, v2: str) -> Path:
    """A table of five faces and the pictures beside it, and photographed closed eyes."""
    folder = tmp_path_factory.mktemp("faces")
    picture = render(DriverPose())
    seen = Perception("mesh+iris", load=kept).look(Frame(picture, 0, 0))
    assert seen.landmarks is not None
    corner, scale = np.array([200.0, 70.0], np.float32), 192 / 240
    face = cv2.resize(picture[70:310, 200:440], (192, 192), interpolation=cv2.INTER_AREA)
    points = (seen.landmarks.points[PLACES, :2] - corner) * scale
    names = [f"{kind}-{i}" for i, kind in enumerate(SETS)]
    with zipfile.ZipFile(folder / "faces.zip", "w") as pictures:
        for name in names:
            pictures.writestr(f"images/{name}.jpg", cv2.imencode(".jpg", face)[1].tobytes())
    np.savez(
        folder / "faces.npz", name=names, points=np.stack([points] * 5).astype(np.float32), set=SETS, subject=SUBJECTS
    )
    closed = np.random.default_rng(0).integers(90, 110, (10, 24, 24), dtype=np.uint8)
    np.savez(folder / "closed.npz", images=closed, open=np.zeros(10), face=np.arange(10))
    return folder


@pytest.fixture(scope="module")
def eyes(faces: Path) -> Eyes:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(eye_patches, "DRIVERS", 4)
        return build_eyes(faces / "faces.npz", faces / "closed.npz", count=12, seed=1)


def test_eyes_are_seen_closed_and_covered(eyes: Eyes) -> None:
    assert len(eyes) > 40 and eyes.grey.shape[1:] == (MARGIN_PX, MARGIN_PX)
    sure = eyes.clear("train")
    assert (sure.covered > 0.8).any() and (sure.covered < 0.2).any() and sure.closed.any() and not sure.closed.all()
    assert not eyes.covered[eyes.source == "driver"].any()


def test_nobody_is_in_two_splits(faces: Path, eyes: Eyes) -> None:
    assert set(eyes.split) == {"train", "valid", "test"}
    assert set(eyes.source[eyes.split == "test"]) == {"helen-test"}
    assert set(eyes.source[eyes.split == "train"]) == {"helen-train", "driver"}
    portraits = Portraits(faces / "faces.npz")
    assert portraits.chosen(1, ("train", "valid")) == [0, 1, 3]


def test_an_eye_that_nothing_covers_lies_in_the_middle_of_its_patch(eyes: Eyes) -> None:
    opened = eyes.grey[(eyes.covered == 0.0) & ~eyes.closed & (eyes.source != "driver")].astype(int)
    dark = np.median(opened, axis=0)
    assert dark[28:36, 24:40].mean() < dark[40:52, 24:40].mean() - 15


def test_files_of_another_kind_are_refused(tmp_path: Path, faces: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read as faces"):
        Portraits(tmp_path / "none.npz")
    with pytest.raises(ConfigError, match="cannot be read as photographed eyes"):
        build_eyes(faces / "faces.npz", faces / "faces.npz", count=1, seed=1)
