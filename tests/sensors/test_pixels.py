"""Pictures of every kind become uint8 BGR, or are refused in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tools.rigs.grey_bytes import grey_bytes
from wakeful import SourceError
from wakeful.sensors.pixels import GREY_LAYOUTS, Depth, bits_of, to_bgr8, unpacked

BGR = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)


def test_bgr_is_handed_on_without_a_copy() -> None:
    assert to_bgr8(BGR) is BGR


@pytest.mark.parametrize("grey", [BGR[..., 0], BGR[..., :1]])
def test_grey_fills_all_three_channels(grey: NDArray[np.uint8]) -> None:
    picture = to_bgr8(grey)
    assert picture.shape == (4, 5, 3) and picture.flags.c_contiguous
    for channel in range(3):
        np.testing.assert_array_equal(picture[..., channel], BGR[..., 0])


def test_alpha_is_left_out() -> None:
    bgra = np.dstack([BGR, np.zeros((4, 5), np.uint8)])
    np.testing.assert_array_equal(to_bgr8(bgra), BGR)


def test_sixteen_bit_keeps_the_upper_byte() -> None:
    picture = to_bgr8(np.array([[0, 255, 256, 65535]], np.uint16))
    assert picture[0, :, 0].tolist() == [0, 0, 1, 255]


@pytest.mark.parametrize(("bits", "white", "half"), [(10, 1023, 512), (12, 4095, 2048), (16, 65535, 32768)])
def test_low_bit_sensors_get_their_full_range(bits: int, white: int, half: int) -> None:
    picture = to_bgr8(np.array([[0, half, white]], np.uint16), bits=bits)
    assert picture[0, :, 0].tolist() == [0, 128, 255]


def test_a_value_above_the_sensors_range_is_white_not_black() -> None:
    assert to_bgr8(np.array([[4096, 65535]], np.uint16), bits=12)[0, :, 0].tolist() == [255, 255]


@pytest.mark.parametrize(
    ("pixel_format", "bits"), [(None, 16), ("MJPG", 16), ("Y10 ", 10), ("y12", 12), ("Y16", 16), ("Y8", 16)]
)
def test_the_pixel_format_tells_the_bits(pixel_format: str | None, bits: int) -> None:
    assert bits_of(pixel_format) == bits


@pytest.mark.parametrize("shape", [(1, 1, 3), (6000, 8000)])
def test_tiny_and_huge_pictures_are_let_through(shape: tuple[int, ...]) -> None:
    assert to_bgr8(np.zeros(shape, np.uint8)).shape == (*shape[:2], 3)


def test_a_view_becomes_contiguous() -> None:
    picture = to_bgr8(BGR[:, ::-1])
    assert picture.flags.c_contiguous
    np.testing.assert_array_equal(picture, BGR[:, ::-1])


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (np.zeros((0, 0, 3), np.uint8), "empty"),
        (np.zeros((5,), np.uint8), "not a picture"),
        (np.zeros((4, 4, 3), np.float32), "float32"),
        (np.zeros((4, 4), np.int16), "int16"),
        (np.zeros((4, 4, 2), np.uint8), "2 channels"),
        (np.zeros((4, 4, 5), np.uint8), "5 channels"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_line(image: NDArray[Any], reason: str) -> None:
    with pytest.raises(SourceError, match=reason) as caught:
        to_bgr8(image)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("letters", GREY_LAYOUTS)
@pytest.mark.parametrize(("width", "padding"), [(8, 0), (6, 0), (7, 12)])
def test_every_grey_format_is_read_as_the_kernel_documents_it(letters: str, width: int, padding: int) -> None:
    bits = GREY_LAYOUTS[letters].bits
    values = np.random.default_rng(3).integers(0, 1 << bits, (5, width))
    packed = grey_bytes(letters, values, padding)
    image = unpacked(memoryview(packed), GREY_LAYOUTS[letters], width, 5, len(packed) // 5)
    np.testing.assert_array_equal(to_bgr8(image, bits=bits)[..., 0], values >> (bits - 8))


def test_the_example_of_the_kernels_page_on_y10p() -> None:
    # Y'00[9:2] Y'01[9:2] Y'02[9:2] Y'03[9:2], then Y'03[1:0] Y'02[1:0] Y'01[1:0] Y'00[1:0]
    assert grey_bytes("Y10P", np.array([[0x3FC, 0x155, 0x2AA, 0x003]])).hex() == "ff55aa00" + f"{0b11_10_01_00:02x}"


@pytest.mark.parametrize(("brightest", "bits"), [(1023, 10), (1024, 12), (4095, 12), (4096, 16), (65535, 16), (0, 16)])
def test_how_many_bits_are_used_is_learned_from_the_brightest_value(brightest: int, bits: int) -> None:
    assert Depth("x").of(np.array([[0, brightest]], np.uint16)) == bits


def test_what_was_learned_only_rises_and_what_the_format_says_stays() -> None:
    learned, told = Depth("x"), Depth("x", 12)
    pictures = [np.full((2, 2), value, np.uint16) for value in (0, 500, 3000, 500, 60_000, 500)]
    assert [learned.of(picture) for picture in pictures] == [16, 10, 12, 12, 16, 16]
    assert {told.of(picture) for picture in pictures} == {12}
    assert Depth("x").of(np.full((2, 2), 200, np.uint8)) == 16
