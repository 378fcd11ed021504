"""The shipped network: small, its threshold its own, and one face in two pictures more alike than two faces."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wakeful import ModelError
from wakeful.device.perception.embedder import Embedder
from wakeful.device.perception.one_image import look_at
from wakeful.device.perception.pipeline import Perception
from wakeful.models import manifest, registry
from wakeful.models.identity import threshold
from wakeful.models.identity.crop import align
from wakeful.models.identity.layout import CROP_PX, EMBEDDING_SIZE
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.opencv import cv2


def embedded(embedder: Embedder, pose: DriverPose) -> np.ndarray:
    image = render(pose)
    points = look_at(image, Perception()).landmarks
    assert points is not None
    return embedder.embed(align(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8), points))


def test_it_is_as_small_and_as_cheap_as_it_has_to_be() -> None:
    assert registry.path("identity").stat().st_size <= 1_200_000
    made = manifest.load().find("identity", "int8", "litert")
    assert made is not None and made.macs <= 40_000_000


def test_embeddings_have_length_1_and_say_of_which_network_they_are() -> None:
    embedder = Embedder()
    crop = np.random.default_rng(0).integers(0, 256, (CROP_PX, CROP_PX), dtype=np.uint8)
    numbers = embedder.embed(crop)
    assert numbers.shape == (EMBEDDING_SIZE,) and numbers.dtype == np.float32
    assert float(np.linalg.norm(numbers)) == pytest.approx(1.0, abs=1e-5)
    assert embedder.embed(np.zeros((CROP_PX, CROP_PX), np.uint8)).shape == (EMBEDDING_SIZE,)
    assert registry.sha256_of(registry.path("identity")).startswith(embedder.network_version)


def test_a_driver_is_alike_to_himself_with_eyes_shut_mouth_open_and_in_the_dark() -> None:
    embedder = Embedder()
    own = embedded(embedder, DriverPose())
    bound = threshold.load().similarity
    for pose in (
        replace(DriverPose(), eye_left=0.0, eye_right=0.0),
        replace(DriverPose(), mouth=0.6),
        replace(DriverPose(), brightness=0.4),
        replace(DriverPose(), yaw_deg=15.0),
    ):
        assert float(own @ embedded(embedder, pose)) > bound


def test_the_threshold_is_of_the_installed_network_and_another_is_refused(tmp_path: Path) -> None:
    chosen = threshold.load()
    assert chosen.network == threshold.network_version()
    assert 0.0 < chosen.similarity < 1.0 and chosen.false_acceptance <= 0.001
    foreign, broken = tmp_path / "foreign.json", tmp_path / "broken.json"
    foreign.write_text(threshold.FILE.read_text(encoding="utf-8").replace(chosen.network, "0" * 16), encoding="utf-8")
    broken.write_text("{", encoding="utf-8")
    for file, reason in (
        (foreign, "another network"),
        (broken, "not a threshold"),
        (tmp_path / "none", "not a threshold"),
    ):
        with pytest.raises(ModelError, match=reason):
            threshold.load(file)
