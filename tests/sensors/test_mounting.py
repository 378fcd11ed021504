"""Pictures of a camera that is mounted on its side, upside down, mirrored, or that has half of its lines."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from wakeful import ConfigError
from wakeful.device.config.layers import load_settings
from wakeful.device.opening import open_configured
from wakeful.sensors.camera import open_source
from wakeful.sensors.mounted import MountedSource, corrected
from wakeful.sensors.mounting import Cut, Mounting
from wakeful.sensors.opencv import cv2

CORNERS = {"top left": 10, "top right": 20, "bottom left": 30, "bottom right": 40}


def picture(width: int = 80, height: int = 60) -> NDArray[np.uint8]:
    """A picture whose four quarters have the grey levels of ``CORNERS``."""
    grey = np.zeros((height, width), np.uint8)
    half_y, half_x = height // 2, width // 2
    grey[:half_y, :half_x], grey[:half_y, half_x:], grey[half_y:, :half_x], grey[half_y:, half_x:] = CORNERS.values()
    return np.repeat(grey[:, :, np.newaxis], 3, axis=2)


def corners(image: NDArray[np.uint8]) -> list[int]:
    return [int(image[y, x, 0]) for y in (2, -3) for x in (2, -3)]


@pytest.mark.parametrize(
    ("mounting", "size", "expected"),
    [
        (Mounting(), (80, 60), [10, 20, 30, 40]),
        (Mounting(rotate=90), (60, 80), [30, 10, 40, 20]),
        (Mounting(rotate=180), (80, 60), [40, 30, 20, 10]),
        (Mounting(rotate=270), (60, 80), [20, 40, 10, 30]),
        (Mounting(mirror=True), (80, 60), [20, 10, 40, 30]),
        (Mounting(rotate=90, mirror=True), (60, 80), [10, 30, 20, 40]),
        (Mounting(crop=(0.5, 0.0, 1.0, 1.0)), (40, 60), [20, 20, 40, 40]),
        # The crop is of the picture as it is shown: rotated, then mirrored.
        (Mounting(rotate=90, crop=(0.0, 0.0, 1.0, 0.5)), (60, 40), [30, 10, 30, 10]),
        (Mounting(rotate=270, mirror=True, crop=(0.5, 0.0, 1.0, 1.0)), (30, 80), [20, 20, 10, 10]),
        (Mounting(rotate=180, crop=(0.0, 0.5, 0.5, 1.0)), (40, 30), [20, 20, 20, 20]),
        (Mounting(aspect=2 / 3), (80, 120), [10, 20, 30, 40]),
        (Mounting(aspect=2.0), (120, 60), [10, 20, 30, 40]),
        (Mounting(aspect=2.0, rotate=90, crop=(0.0, 0.0, 1.0, 0.5)), (60, 60), [30, 10, 30, 10]),
        (Mounting(aspect=4 / 3), (80, 60), [10, 20, 30, 40]),
    ],
)
def test_a_picture_is_stretched_rotated_mirrored_and_cut(
    mounting: Mounting, size: tuple[int, int], expected: list[int]
) -> None:
    image = corrected(picture(), mounting)
    assert image.shape == (size[1], size[0], 3)
    assert image.flags.c_contiguous
    assert corners(image) == expected
    assert mounting.size(80, 60) == size


def test_nothing_is_copied_where_nothing_is_asked() -> None:
    image = picture()
    assert np.shares_memory(corrected(image, Mounting()), image)
    assert np.shares_memory(corrected(image, Mounting(aspect=4 / 3)), image)
    source = open_source("synthetic", pace="fast", mounting=Mounting())
    assert not isinstance(source, MountedSource)


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("first", [0, 90, 180, 270])
@pytest.mark.parametrize("more", [90, 180, 270])
def test_a_turn_that_is_still_needed_adds_to_the_setting(first: int, more: int, mirror: bool) -> None:
    wrong = Mounting(rotate=first, mirror=mirror)
    seen = corrected(picture(), wrong)
    assert np.array_equal(corrected(picture(), wrong.turned(more)), corrected(seen, Mounting(rotate=more)))


@pytest.mark.parametrize(
    ("mounting", "cut"),
    [
        (Mounting(rotate=90), None),
        (Mounting(crop=(0.0, 0.0, 1.0, 1.0)), None),
        (Mounting(crop=(0.5, 0.25, 1.0, 1.0)), Cut(40, 15, 80, 60)),
        (Mounting(rotate=90, mirror=True, crop=(0.5, 0.25, 1.0, 1.0)), Cut(30, 20, 60, 80)),
        (Mounting(crop=(0.5, 0.5, 1.0, 1.0), aspect=2 / 3), Cut(40, 60, 80, 120)),
    ],
)
def test_a_cut_picture_says_where_it_lies_in_the_whole_one(mounting: Mounting, cut: Cut | None) -> None:
    assert mounting.cut(80, 60) == cut


def test_a_source_gives_corrected_pictures_and_says_their_size(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "0.png"), picture(640, 480))
    given = {"source.source": str(tmp_path), "source.rotate": 90, "source.crop": "0,0,1,0.5", "source.mirror": True}
    settings, _ = load_settings(overrides=given)
    with closing(open_configured(settings)) as source:
        frame = source.read_latest(1.0)
        assert (source.info.width, source.info.height) == (480, 320)
        assert corners(frame.image) == [10, 30, 10, 30]


def test_a_source_that_is_wrapped_still_tells_of_its_threads() -> None:
    class Supervised:
        def threads(self) -> list[str]:
            return ["camera supervisor"]

    assert MountedSource(Supervised(), Mounting(rotate=90)).threads() == ["camera supervisor"]  # type: ignore[arg-type, comparison-overlap]


def test_a_file_gives_the_settings_as_the_command_line_does(tmp_path: Path) -> None:
    file = tmp_path / "board.toml"
    file.write_text('[source]\nrotate = 270\nmirror = true\ncrop = [0, 0.25, 1, 1]\naspect = "4:3"\n')
    settings, _ = load_settings(file)
    assert settings.source.mounting == Mounting(270, True, (0.0, 0.25, 1.0, 1.0), 4 / 3)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("rotate = 45", "it should be 0, 90, 180 or 270"),
        ('rotate = "90"', "it should be 0, 90, 180 or 270"),
        ('mirror = "yes"', "it should be a valid boolean"),
        ("crop = [0, 0, 1]", "left, top, right and bottom edge .* as in 0.5,0,1,1 for its right half"),
        ("crop = [0.6, 0, 0.4, 1]", "left, top, right and bottom edge"),
        ("crop = [0, 0, 640, 480]", "as shares of the picture from 0 to 1"),
        ("crop = [nan, 0, 1, 1]", "left, top, right and bottom edge"),
        ('crop = "left"', "left, top, right and bottom edge"),
        ("crop = 1", "left, top, right and bottom edge"),
        ('aspect = "4:0"', "width over the height .* as in 4:3"),
        ("aspect = 0.01", "width over the height"),
        ("aspect = true", "width over the height"),
    ],
)
def test_a_wrong_value_is_one_line_with_its_fix(line: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "board.toml"
    file.write_text(f"[source]\n{line}\n")
    with pytest.raises(ConfigError, match=rf"board\.toml: line 2: source\.{line.split()[0]} = .*{told}") as caught:
        load_settings(file)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("wrong", [{"rotate": 30}, {"crop": (0.0, 0.0, 0.0, 1.0)}, {"aspect": 0.0}])
def test_a_program_is_refused_wrong_values_too(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong)).removesuffix("e")):
        Mounting(**wrong)  # type: ignore[arg-type]
