"""Crops of faces with known points are cut as the reader cuts them, and people are never in both sets."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from wakeful import ConfigError
from wakeful.device.evaluation.crop_inputs import crop_inputs, identity_inputs, labelled_lids
from wakeful.models import registry
from wakeful.models.face.points import INNER_LIPS, LEFT_EYE, OUTER_LIPS, RIGHT_EYE
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.opencv import cv2

FACES = 20
KNOWN = np.unique([*RIGHT_EYE, *LEFT_EYE, *OUTER_LIPS, *INNER_LIPS, 4, 10, 152, 234, 454])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rendered drivers, each a little brighter than the one before, with points laid by hand."""
    made = tmp_path_factory.mktemp("faces")
    parts = []
    for i in range(FACES):
        picture = render(DriverPose())[100:420, 160:480].astype(np.float32) * (0.6 + 0.4 * i / FACES)
        parts.append(cv2.imencode(".png", picture.astype(np.uint8))[1].tobytes())
    (made / "faces.bin").write_bytes(b"".join(parts))
    points = np.zeros((478, 2))
    points[RIGHT_EYE] = np.linspace((95, 140), (135, 140), 16)
    points[LEFT_EYE] = np.linspace((225, 140), (185, 140), 16)
    points[[RIGHT_EYE[8], LEFT_EYE[8]]] = (135, 140), (185, 140)
    points[[*OUTER_LIPS, *INNER_LIPS]] = np.linspace((130, 220), (190, 230), 40)
    points[4] = (160, 190)
    points[[10, 152, 234, 454]] = (160, 60), (160, 280), (70, 160), (250, 160)
    np.savez(
        made / "faces_labels.npz",
        offset=np.cumsum([0, *map(len, parts)]),
        points=np.tile(np.round(points[KNOWN] * 32).astype(np.int16), (FACES, 1, 1)),
        point_index=KNOWN,
        fold=np.arange(FACES) % 10,
        source=np.zeros(FACES, int),
        source_names=np.array(["lfw"]),
        person=np.arange(FACES) % 10,
        pose=np.random.default_rng(0).normal(size=(FACES, 3)),
        opening=np.full((FACES, 2), 0.3),
    )
    with (made / "lid_labels.csv").open("w", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerows([["face", "label"], [3, "l"], [4, "c"], [5, "u"], [6, "s"]])
    return made


def test_crops_have_the_shapes_that_the_networks_take_and_are_standardised(folder: Path) -> None:
    given = crop_inputs(folder, "calibration", 8)
    for name, one in given.items():
        taken = registry.network(name).inputs[0].shape
        assert one.tensors.shape[-3:] == taken[-3:] and one.tensors.dtype == np.float32
        assert one.tensors.mean(axis=(-1, -2)) == pytest.approx(np.zeros(one.tensors.shape[:-2]), abs=1e-3)
        assert one.tensors.std(axis=(-1, -2)).max() < 1.01
    assert given["lids"].tensors.shape[1] == 2


def test_people_of_one_fold_judge_and_all_others_calibrate(folder: Path) -> None:
    judged, calibrated = (crop_inputs(folder, purpose, FACES) for purpose in ("judgement", "calibration"))
    assert len(judged["face"].tensors) == FACES // 10
    assert 0 < len(calibrated["face"].tensors) <= FACES - FACES // 10


def test_the_same_folder_gives_the_same_crops(folder: Path) -> None:
    first, again = (crop_inputs(folder, "judgement", 2) for _ in range(2))
    assert [one.sha256 for one in first.values()] == [one.sha256 for one in again.values()]


def test_lids_that_cannot_be_told_judge_nothing(folder: Path) -> None:
    labelled = labelled_lids(folder)
    assert labelled.labels is not None and labelled.labels.tolist() == [1, 3, 2]
    assert labelled.tensors.shape == (3, 2, 1, 48, 64)


def test_left_eyes_are_mirrored_so_that_both_look_alike(folder: Path) -> None:
    right, left = labelled_lids(folder).tensors[0, :, 0]
    assert np.corrcoef(right.ravel(), left.ravel())[0, 1] > np.corrcoef(right.ravel(), left[:, ::-1].ravel())[0, 1]


def test_a_folder_without_such_faces_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"faces\.bin"):
        crop_inputs(tmp_path, "calibration", 3)


def test_nobody_of_the_folds_that_judge_calibrates_the_identity_network(folder: Path) -> None:
    learned, judged = (identity_inputs(folder, purpose, FACES) for purpose in ("calibration", "judgement"))
    assert len(learned.tensors) == FACES * 7 // 10
    assert judged.labels is not None and judged.labels.tolist() == [0, 0]
    assert learned.tensors.shape[1:] == registry.network("identity").inputs[0].shape[1:]
