"""Frames between flashes and empty colour channels are recognised, left out, and named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count, islice
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tools.rigs.scripted_camera import ScriptedCamera
from tools.rigs.waiting import eventually
from wakeful.device.supervision.notes import Notes
from wakeful.sensors.channels import CHANNELS, carrying, in_grey
from wakeful.sensors.driver_face import DriverPose, render
from wakeful.sensors.opencv import cv2
from wakeful.sensors.request import CaptureRequest
from wakeful.sensors.slot import PacedSource
from wakeful.sensors.source import EndOfSource, SourceInfo
from wakeful.sensors.strobe import WINDOW
from wakeful.sensors.usable import CHANNELS_EVERY, UsableFrames, sample_of
from wakeful.sensors.v4l2 import V4l2Camera

Picture = NDArray[np.uint8]
FPS = 30
FACE = np.asarray(cv2.resize(render(DriverPose()), (160, 120), interpolation=cv2.INTER_AREA), np.uint8)
RANDOM = np.random.default_rng(5)


def lit(gain: float = 1.0, noise: float = 2.0) -> Picture:
    shown = FACE * gain + RANDOM.normal(0.0, noise, FACE.shape)
    return np.clip(shown, 0, 255).astype(np.uint8)


def one_channel(channel: int) -> Picture:
    picture = np.zeros_like(FACE)
    picture[..., channel] = cv2.cvtColor(FACE, cv2.COLOR_BGR2GRAY)
    return picture


def source(pictures: Iterator[Picture | None], fps: float = FPS) -> PacedSource:
    info = SourceInfo("test", live=False, width=160, height=120, fps=fps)
    return PacedSource(info, ((round(seq * 1e9 / fps), one) for seq, one in enumerate(pictures)), realtime=False)


def read(frames: UsableFrames) -> list[int]:
    """Numbers of the frames that are handed on, to the end."""
    numbers = []
    while True:
        try:
            numbers.append(frames.read_latest(1.0).seq)
        except EndOfSource:
            return numbers


def played(gain_of: Callable[[int], float], length: int = 60) -> tuple[list[int], Notes]:
    notes = Notes()
    return read(UsableFrames(source(lit(gain_of(seq)) for seq in range(length)), notes)), notes


@pytest.mark.parametrize("channel", range(3))
def test_a_picture_in_one_channel_is_read_in_grey_and_named(channel: int) -> None:
    notes = Notes()
    frame = UsableFrames(source(iter([one_channel(channel)])), notes).read_latest(1.0)
    np.testing.assert_array_equal(frame.image, np.repeat(one_channel(channel)[..., channel, None], 3, axis=2))
    assert notes.codes == ("one_channel",)
    assert f"in the {CHANNELS[channel]} channel only" in notes.changes()[0].text


@pytest.mark.parametrize("fourcc", ["MJPG", "mp4v"])
def test_one_channel_is_still_recognised_after_coding(tmp_path_factory: pytest.TempPathFactory, fourcc: str) -> None:
    file = str(tmp_path_factory.mktemp("coded") / "blue.avi")
    writer = cv2.VideoWriter(file, cv2.VideoWriter.fourcc(*fourcc), 30, (160, 120))
    for _ in range(3):
        writer.write(one_channel(0))
    writer.release()
    capture = cv2.VideoCapture(file)
    coded = np.asarray(capture.read()[1], np.uint8)
    capture.release()
    assert carrying(sample_of(coded)) == 0
    assert np.abs(in_grey(coded, 0).astype(int) - in_grey(one_channel(0), 0)).mean() < 8.0


@pytest.mark.parametrize(
    "picture",
    [FACE, lit(0.05), np.zeros_like(FACE), np.full_like(FACE, 255), in_grey(FACE, 1)],
    ids=["colour", "dark", "black", "white", "grey"],
)
def test_other_pictures_stay_as_they_are(picture: Picture) -> None:
    notes = Notes()
    frame = UsableFrames(source(iter([picture])), notes).read_latest(1.0)
    assert frame.image is picture or np.array_equal(frame.image, picture)
    assert notes.codes == ()


def test_one_channel_lasts_while_the_lens_is_covered_and_ends_with_colour() -> None:
    notes = Notes()
    black, few = np.zeros_like(FACE), CHANNELS_EVERY
    frames = UsableFrames(source(iter([one_channel(0)] * few + [black] * few + [FACE] * few)), notes)
    codes = [notes.codes for _ in islice(count(), 3 * few) if frames.read_latest(1.0)]
    assert codes[: 2 * few] == [("one_channel",)] * 2 * few
    assert codes[-1] == ()


@pytest.mark.parametrize("period", [2, 3, 4])
def test_frames_between_flashes_are_left_out_and_named(period: int) -> None:
    numbers, notes = played(lambda seq: 1.0 if seq % period == 1 else 0.1)
    assert all(seq % period == 1 for seq in numbers if seq >= WINDOW)
    assert [seq for seq in range(WINDOW, 60) if seq % period == 1] == [seq for seq in numbers if seq >= WINDOW]
    assert notes.codes == ("strobed",)
    assert f"{FPS / period:.0f} frames per second remain" in notes.changes()[0].text


def test_a_face_in_the_lamp_is_enough_in_a_black_cabin() -> None:
    light = np.full(FACE.shape[:2], 0.02)
    light[35:85, 57:103] = 1.0
    dark = lit(0.02)
    pictures = ((FACE * light[..., None]).astype(np.uint8) if seq % 2 else dark for seq in range(60))
    numbers = read(UsableFrames(source(pictures), Notes()))
    assert all(seq % 2 for seq in numbers if seq >= WINDOW)


def test_a_bright_window_does_not_hide_the_dark_half() -> None:
    def picture(seq: int) -> Picture:
        shown = lit(1.0 if seq % 2 else 0.1)
        shown[:, :47] = 220
        return shown

    numbers = read(UsableFrames(source(map(picture, range(60))), Notes()))
    assert all(seq % 2 for seq in numbers if seq >= WINDOW)


@pytest.mark.parametrize(
    "gain_of",
    [
        lambda _: 1.0,
        lambda seq: 1.0 if seq % 2 else 0.7,
        lambda seq: 0.1 if seq % 17 == 0 else 1.0,
        lambda seq: 1.0 if seq < 30 else 0.1,
        lambda seq: 0.6 + 0.5 * np.sin(2.0 * np.pi * 8.0 * seq / FPS),
        lambda _: RANDOM.choice([0.1, 1.0]),
    ],
    ids=["even", "slightly", "now and then", "tunnel", "leaves, 8 Hz", "at random"],
)
def test_other_light_leaves_every_frame(gain_of: Callable[[int], float]) -> None:
    numbers, notes = played(gain_of)
    assert numbers == list(range(60))
    assert notes.codes == ()


@pytest.mark.parametrize("after", [0.1, 1.0], ids=["goes out", "stays lit"])
def test_a_lamp_that_no_longer_flashes_ends_it(after: float) -> None:
    numbers, notes = played(lambda seq: after if seq >= 40 else (0.1, 1.0)[seq % 2], 120)
    assert notes.codes == ()
    assert numbers[-60:] == list(range(60, 120))


def test_a_slow_reader_sees_the_flashes_too() -> None:
    pictures = (lit(1.0 if seq % 2 else 0.1) if seq % 3 else None for seq in range(120))
    numbers = read(UsableFrames(source(pictures), Notes()))
    assert all(seq % 2 for seq in numbers[-20:])


def test_a_camera_whose_dark_half_is_black_is_named_too(tmp_path: Path) -> None:
    device, notes = ScriptedCamera(tmp_path / "video0"), Notes()
    with closing(UsableFrames(V4l2Camera(device.device, CaptureRequest(), backend=device.open), notes)) as camera:

        def noted(codes: tuple[str, ...]) -> bool:
            camera.read_latest(5.0)
            return notes.codes == codes

        assert eventually(lambda: noted(()))
        device.mode = "strobed"
        assert eventually(lambda: noted(("strobed",)), 30.0)
        device.mode = "works"
        assert eventually(lambda: noted(()), 30.0)
