"""A picture in which nobody could be found is told from one in which nobody is."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from wakeful.device.config.layers import load_profile
from wakeful.device.messages import Health, Unreadable
from wakeful.device.perception.picture_light import is_burnt_out, is_too_dark, noise_of, why_nobody
from wakeful.device.perception.pipeline import Perception
from wakeful.device.state.engine import Engine
from wakeful.device.state.engine_config import EngineConfig
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.frame import Frame
from wakeful.sensors.opencv import cv2

READ_IN_THE_DARK = [(0.12, 8.0), (0.08, 4.0)]


def lit(brightness: float, noise: float, *, empty: bool = False, seed: int = 0) -> NDArray[np.uint8]:
    """The rendered driver, or a wall, in this light and with this noise of the sensor."""
    scene = np.full((480, 640, 3), 120, np.uint8) if empty else render(DriverPose(noise=0.0))
    shown = scene * brightness + np.random.default_rng(seed).normal(0.0, noise, scene.shape)
    return np.clip(shown, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("noise", [1.5, 4.0, 8.0])
def test_the_noise_of_pixels_is_measured_beside_edges(noise: float) -> None:
    grey = np.tile(np.linspace(60, 180, 640, dtype=np.float32), (480, 1))
    shown = grey + np.random.default_rng(0).normal(0.0, noise, grey.shape)
    assert noise_of(np.clip(shown, 0, 255).astype(np.uint8)) == pytest.approx(noise, rel=0.1)


@pytest.mark.parametrize(("brightness", "noise"), [(0.08, 4.0), (0.05, 4.0), (0.12, 8.0), (0.05, 8.0)])
@pytest.mark.parametrize("empty", [False, True])
def test_a_picture_whose_light_is_lost_in_noise_is_too_dark(brightness: float, noise: float, empty: bool) -> None:
    assert is_too_dark(lit(brightness, noise, empty=empty))


@pytest.mark.parametrize(("brightness", "noise"), [(1.0, 2.0), (1.0, 16.0), (0.3, 3.0), (0.12, 0.5), (0.0, 0.0)])
@pytest.mark.parametrize("empty", [False, True])
def test_bright_pictures_and_clean_ones_are_not(brightness: float, noise: float, empty: bool) -> None:
    assert not is_too_dark(lit(brightness, noise, empty=empty))


@pytest.mark.parametrize(("brightness", "noise"), [(0.12, 8.0), (0.08, 4.0), (0.08, 8.0), (0.05, 4.0), (0.05, 8.0)])
def test_a_driver_in_the_dark_is_dark_all_the_while_and_never_no_face(brightness: float, noise: float) -> None:
    perception = Perception("wakeful")
    engine = Engine(EngineConfig(load_profile("vehicle")[0], perception.traits))
    healths = []
    for index in range(80):
        frame = Frame(lit(brightness, noise, seed=index), round(index * 1e8), index)
        state = engine.step(perception.observe(frame)).state
        healths.append((state.health, state.reason))
    assert [health for health, _ in healths].count(Health.NO_FACE) == 0
    said = set(healths[60:])
    # What is left between the light and dark parts of its eyes is still above that noise: see the next test.
    read = (brightness, noise) in READ_IN_THE_DARK
    assert said == {(Health.CALIBRATING, "") if read else (Health.DEGRADED, Unreadable.DARK.value)}


@pytest.mark.parametrize(("brightness", "noise"), READ_IN_THE_DARK)
def test_what_little_light_leaves_of_an_eye_tells_open_from_closed(brightness: float, noise: float) -> None:
    for opening in (1.0, 0.0):
        perception = Perception("wakeful")
        for index in range(3):
            pose = DriverPose(brightness=brightness, noise=noise, eye_left=opening, eye_right=opening)
            seen = perception.observe(Frame(render(pose, seed=index), index, index))
        assert seen.lid_states is not None and seen.lid_states[0 if opening else 3] > 0.8


@pytest.mark.parametrize(("light", "why"), [(3.0, Unreadable.GLARE), (0.0, Unreadable.BLUR)])
def test_a_picture_that_is_burnt_out_or_fogged_is_named(light: float, why: Unreadable) -> None:
    scene = render(DriverPose())
    assert why_nobody(scene) is None
    shown = scene * (light or 0.05) + (60.0 if light else 180.0)
    picture = np.clip(shown, 0, 255).astype(np.uint8)
    assert why_nobody(picture) is why
    assert is_burnt_out(picture) == (why is Unreadable.GLARE)


def test_an_empty_seat_by_day_is_no_face() -> None:
    perception = Perception("wakeful")
    assert perception.observe(Frame(lit(0.8, 3.0, empty=True), 0, 0)).unreadable is None


@pytest.mark.parametrize("upright", [False, True])
def test_black_bars_beside_or_above_a_picture_do_not_hide_that_it_is_burnt_out(upright: bool) -> None:
    burnt = np.full((360, 480, 3), 255, np.uint8)
    burnt[:, :150] = 90
    shown = np.full((480, 640, 3), 16, np.uint8)
    inner = cv2.resize(burnt, (640, 200) if upright else (260, 480))
    top, left = (480 - inner.shape[0]) // 2, (640 - inner.shape[1]) // 2
    shown[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    assert is_burnt_out(burnt)
    assert is_burnt_out(shown)
