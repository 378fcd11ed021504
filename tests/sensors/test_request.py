"""What was asked for and not granted is told in words."""

from __future__ import annotations

import pytest

from wakeful import ConfigError
from wakeful.sensors.request import CaptureRequest


def test_nothing_asked_nothing_to_tell() -> None:
    assert CaptureRequest().not_granted(640, 480, None, "YUYV") == ""


def test_everything_granted_nothing_to_tell() -> None:
    assert CaptureRequest(640, 480, 30, "mjpg").not_granted(640, 480, 30.00003, "MJPG") == ""


def test_each_difference_is_told() -> None:
    told = CaptureRequest(1280, 720, 60, "MJPG").not_granted(640, 480, 30.0, "YUYV")
    assert told == "1280x720 -> 640x480, 60 fps -> 30 fps, MJPG -> YUYV"


def test_what_the_camera_does_not_tell_is_unknown() -> None:
    assert CaptureRequest(fps=25, pixel_format="GREY").not_granted(64, 48, None) == (
        "25 fps -> unknown, GREY -> unknown"
    )


@pytest.mark.parametrize("bad", [{"width": 0}, {"height": -1}, {"fps": 0.0}, {"fps": float("nan")}])
def test_a_size_or_rate_that_cannot_be_is_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="must be above 0"):
        CaptureRequest(**bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", "MJPEG"])
def test_a_pixel_format_has_four_letters(name: str) -> None:
    with pytest.raises(ConfigError, match="four letters"):
        CaptureRequest(pixel_format=name)
