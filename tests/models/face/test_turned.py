"""Faces turned further aside: the picture goes where the mesh goes, and what is hidden then is hidden."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from wakeful.device.perception.landmarks_wakeful import WakefulReader
from wakeful.device.perception.region import Region
from wakeful.models.face import turned
from wakeful.models.face.teacher import around
from wakeful.models.training.covers import Covers
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2

FACE = Region(318.0, 230.0, 300.0)


Seen = tuple[NDArray[np.uint8], NDArray[np.float64], NDArray[np.intp]]


@pytest.fixture(scope="module")
def seen() -> Seen:
    """The rendered driver's face a little aside: grey picture, mesh [478, 3] and triangles."""
    reader = WakefulReader()
    front, side = (render(DriverPose(yaw_deg=yaw)) for yaw in (0.0, 22.0))
    meshes = []
    for picture in (front, side):
        landmarks = reader(Frame(picture, 0, 0), FACE)
        assert landmarks is not None
        meshes.append(np.pad(landmarks.points.astype(np.float64), ((0, 10), (0, 0)), mode="edge"))
    level = around(meshes[0], 1.0).points(meshes[0])
    return np.asarray(cv2.cvtColor(side, cv2.COLOR_BGR2GRAY), np.uint8), meshes[1], turned.triangles(level)


def _covers() -> Covers:
    return Covers([], [], [np.full((40, 40), 7, np.uint8)])


def test_the_front_of_a_face_is_covered_with_triangles_that_turn_one_way(seen: Seen) -> None:
    _, mesh, faces = seen
    assert 800 < len(faces) < 1000
    a, b, c = np.moveaxis(mesh[faces][..., :2], 1, 0)
    facing = np.linalg.det(np.stack([b - a, c - a], axis=1)) > 0
    assert facing.mean() > 0.8


def test_a_face_is_turned_on_the_way_it_looks(seen: Seen) -> None:
    picture, mesh, faces = seen
    before = turned.aside(mesh)
    for seed in range(4):
        after = turned.aside(turned.turn_on(np.random.default_rng(seed), picture, mesh, faces, _covers()).mesh)
        assert after * before > 0
        assert abs(after) > abs(before) + 0.1


def test_the_picture_moves_with_its_points(seen: Seen) -> None:
    picture, mesh, faces = seen
    side = 1.0 if turned.aside(mesh) > 0 else -1.0
    cheek = 234 if side > 0 else 454  # the side of the face that stays in view
    marked = picture.copy()
    for point in (cheek, turned.NOSE_TIP):
        x, y = np.round(mesh[point, :2]).astype(int)
        plain = turned.turn_on(np.random.default_rng(1), marked, mesh, faces, _covers())
        dotted = marked.copy()
        cv2.circle(dotted, (int(x), int(y)), 3, 255, -1)
        after = turned.turn_on(np.random.default_rng(1), dotted, mesh, faces, _covers())
        changed = np.abs(after.picture.astype(int) - plain.picture)
        rows, columns = np.nonzero(changed > 0.5 * changed.max())
        np.testing.assert_allclose([columns.mean(), rows.mean()], after.mesh[point, :2], atol=4.0)


def test_beyond_the_outline_lies_another_scene(seen: Seen) -> None:
    picture, mesh, faces = seen
    after = turned.turn_on(np.random.default_rng(0), np.full_like(picture, 100), mesh, faces, _covers())
    nose = after.mesh[turned.NOSE_TIP]
    side = 1 if turned.aside(mesh) > 0 else -1
    edge = after.picture[int(nose[1]), 0 if side < 0 else -1]
    behind = after.picture[int(nose[1]), int(nose[0]) - side * 40]
    assert int(edge) != int(behind)
