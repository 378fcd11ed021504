"""The reader of the project's own networks: where its crops lie, and what it says of rendered faces."""

from __future__ import annotations

from typing import Literal, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from wakeful.device.perception.landmarks import LEFT_CORNERS, RIGHT_CORNERS, NetworkOutputError
from wakeful.device.perception.landmarks_wakeful import WakefulReader, is_residue
from wakeful.device.perception.network import Network, load
from wakeful.device.perception.pipeline import Perception
from wakeful.device.perception.region import Region
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2

FACE = Region(318.0, 230.0, 300.0)
"""Around the rendered driver's face, as tracking lays it."""


class Counting:
    """A network that counts its runs and keeps what it was last given."""

    def __init__(self, network: Network, spoiled: bool = False) -> None:
        self.input_shape = network.input_shape
        self._network, self._spoiled = network, spoiled
        self.runs = 0
        self.given: NDArray[np.float32] = np.empty(0, np.float32)

    def __call__(self, tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        self.runs, self.given = self.runs + 1, tensor
        answers = self._network(tensor)
        return [np.full_like(answer, np.nan) for answer in answers] if self._spoiled else answers


def reader_and_networks(spoiled: str = "") -> tuple[WakefulReader, dict[str, Counting]]:
    networks: dict[str, Counting] = {}

    def counting(name: str, threads: int = 1) -> Network:
        networks[name] = Counting(load(name, threads), name == spoiled)
        return networks[name]

    return WakefulReader(load=counting), networks


class TestRuns:
    def test_a_followed_face_takes_one_run_of_each_network(self) -> None:
        reader, networks = reader_and_networks()
        assert reader(Frame(render(DriverPose()), 0, 0), FACE) is not None
        assert {name: network.runs for name, network in networks.items()} == {"face": 1, "lids": 1, "mouth": 1}

    def test_a_face_beside_the_place_where_it_was_looked_for_is_read_again_in_its_own(self) -> None:
        reader, networks = reader_and_networks()
        beside = Region(FACE.x_px + 50.0, FACE.y_px - 38.0, FACE.size_px * 1.2)
        face = reader(Frame(render(DriverPose()), 0, 0), beside)
        followed = reader(Frame(render(DriverPose()), 0, 0), FACE)
        assert face is not None and followed is not None
        assert networks["face"].runs == 3
        assert np.abs(face.points - followed.points)[:, :2].mean() < 2.0

    def test_nothing_but_the_face_network_runs_where_there_is_no_face(self) -> None:
        reader, networks = reader_and_networks()
        assert reader(Frame(render(DriverPose(present=False)), 0, 0), FACE) is None
        assert (networks["face"].runs, networks["lids"].runs, networks["mouth"].runs) == (1, 0, 0)

    @pytest.mark.parametrize("name", ["face", "lids", "mouth"])
    def test_answers_that_are_no_numbers_are_an_error(self, name: str) -> None:
        reader, _ = reader_and_networks(spoiled=name)
        with pytest.raises(NetworkOutputError, match=name):
            reader(Frame(render(DriverPose()), 0, 0), FACE)

    def test_a_presence_that_is_no_number_is_an_error_too(self) -> None:
        def load_one(name: str, threads: int = 1) -> Network:
            network = load(name, threads)
            if name != "face":
                return network
            counting = Counting(network)

            def answer(tensor: NDArray[np.float32]) -> list[NDArray[np.float32]]:
                mesh, presence = counting(tensor)
                return [mesh, np.full_like(presence, np.nan)]

            answer.input_shape = network.input_shape  # type: ignore[attr-defined]
            return cast(Network, answer)

        with pytest.raises(NetworkOutputError):
            WakefulReader(load=load_one)(Frame(render(DriverPose()), 0, 0), FACE)

    def test_both_eyes_reach_the_network_with_the_outer_corner_on_the_left(self) -> None:
        reader, _ = reader_and_networks()
        face = reader(Frame(render(DriverPose(gaze_yaw_deg=25.0)), 0, 0), FACE)
        assert face is not None
        # Both look to the person's left: the right eye towards the nose, the left eye away from it.
        right, left = (
            float((eye.iris[0] - eye.contour[0]) @ (eye.contour[8] - eye.contour[0]))
            / float(np.square(eye.contour[8] - eye.contour[0]).sum())
            for eye in (face.right, face.left)
        )
        assert right > 0.5 > left


class TestFaces:
    @pytest.mark.parametrize("eyewear", ["none", "glasses"])
    def test_the_states_of_the_lids(self, eyewear: Literal["none", "glasses"]) -> None:
        states = {}
        for opening in (1.0, 0.0):
            pose = DriverPose(eye_left=opening, eye_right=opening, eyewear=eyewear)
            states[opening] = Perception("wakeful").observe(Frame(render(pose), 0, 0)).lid_states
        awake, asleep = states[1.0], states[0.0]
        assert awake is not None and asleep is not None
        assert sum(awake) == pytest.approx(1.0) and sum(asleep) == pytest.approx(1.0)
        assert awake[0] > 0.8
        assert asleep[3] > 0.8

    def test_corners_and_lips_of_the_mesh_are_those_of_the_finer_networks(self) -> None:
        reader, _ = reader_and_networks()
        face = reader(Frame(render(DriverPose(mouth=0.8)), 0, 0), FACE)
        assert face is not None
        for eye, corners in ((face.right, RIGHT_CORNERS), (face.left, LEFT_CORNERS)):
            assert face.points[corners[0], :2] == pytest.approx(eye.contour[0])
            assert face.points[corners[1], :2] == pytest.approx(eye.contour[8])
        assert face.mouth_aspect is not None and face.mouth_aspect > 0.3

    @pytest.mark.parametrize(("contrast", "ground"), [(1.0, 0.0), (0.3, 130.0), (0.2, 150.0), (0.12, 0.0)])
    def test_a_face_in_fog_or_in_the_dark_is_one(self, contrast: float, ground: float) -> None:
        shown = np.clip(render(DriverPose(noise=0.0)) * contrast + ground, 0, 255).astype(np.uint8)
        assert WakefulReader()(Frame(shown, 0, 0), FACE) is not None

    @pytest.mark.parametrize("contrast", [0.3, 0.6, 1.0])
    def test_edges_without_shading_are_what_a_decoder_leaves_and_no_face(self, contrast: float) -> None:
        grey = cv2.cvtColor(render(DriverPose(noise=0.0)), cv2.COLOR_BGR2GRAY).astype(np.float32)
        edges = grey - cv2.GaussianBlur(grey, (0, 0), 3.0)
        slope = np.linspace(0.0, 30.0, grey.shape[1], dtype=np.float32)
        shown = np.clip(80.0 + slope + contrast * edges, 0, 255).astype(np.uint8)
        assert WakefulReader()(Frame(np.dstack([shown] * 3), 0, 0), FACE) is None
        assert is_residue(shown[100:360, 190:450], 90.0)

    def test_the_brightness_of_the_face_is_that_of_its_pixels(self) -> None:
        seen = [
            Perception("wakeful").observe(Frame(render(DriverPose(brightness=light)), 0, 0)).brightness
            for light in (1.0, 0.5)
        ]
        assert seen[0] is not None and seen[1] is not None
        assert 1.6 < seen[0] / seen[1] < 2.4
