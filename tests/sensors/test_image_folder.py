"""Folders of images are played in natural order; broken images leave a gap and nothing else."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from wakeful import SourceError
from wakeful.sensors.image_folder import decode_image, natural_order, open_images
from wakeful.sensors.request import CaptureRequest
from wakeful.sensors.slot import PacedSource
from wakeful.sensors.source import EndOfSource


def write(path: Path, value: int, size: tuple[int, int] = (48, 64)) -> Path:
    assert cv2.imwrite(str(path), np.full((*size, 3), value, np.uint8))
    return path


def opened(path: Path, **request: float) -> PacedSource:
    return open_images(path, realtime=False, request=CaptureRequest(**request))  # type: ignore[arg-type]


def test_the_frames_come_in_natural_order_at_thirty_a_second(tmp_path: Path) -> None:
    for number in (10, 9, 1, 100):
        write(tmp_path / f"frame{number}.png", number)
    write(tmp_path / ".hidden.png", 255)
    (tmp_path / "notes.txt").write_text("not an image")
    source = opened(tmp_path)
    frames = [source.read_latest(0.0) for _ in range(4)]
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [1, 9, 10, 100]
    assert [frame.t_ns for frame in frames] == [0, 33_333_333, 66_666_667, 100_000_000]
    assert (source.info.width, source.info.height, source.info.fps) == (64, 48, 30.0)
    with pytest.raises(EndOfSource):
        source.read_latest(0.0)


def test_the_rate_can_be_set(tmp_path: Path) -> None:
    write(tmp_path / "a.png", 1)
    write(tmp_path / "b.png", 2)
    source = opened(tmp_path, fps=10.0)
    assert [source.read_latest(0.0).t_ns, source.read_latest(0.0).t_ns] == [0, 100_000_000]


def test_names_are_compared_as_people_do(tmp_path: Path) -> None:
    names = ["a2.png", "a10.PNG", "B1.jpg", "b1x.jpg", "2.png", "010.png"]
    for name in names:
        (tmp_path / name).touch()
    assert [file.name for file in natural_order(tmp_path)] == [
        "2.png",
        "010.png",
        "a2.png",
        "a10.PNG",
        "B1.jpg",
        "b1x.jpg",
    ]


def test_broken_images_leave_a_gap_are_counted_and_make_no_noise(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "0.png").write_bytes(b"not a picture")
    for number in (1, 2, 3, 4):
        write(tmp_path / f"{number}.png", number)
    write(tmp_path / "5.jpg", 5, size=(200, 200))
    write(tmp_path / "6.png", 6)
    for name in ("2.png", "5.jpg"):
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) // 2])
    damaged = bytearray((tmp_path / "3.png").read_bytes())
    damaged[60] ^= 0xFF
    (tmp_path / "3.png").write_bytes(damaged)
    source = opened(tmp_path, fps=10.0)
    frames = [source.read_latest(0.0) for _ in range(3)]
    assert [frame.seq for frame in frames] == [1, 4, 6]
    assert [frame.t_ns for frame in frames] == [100_000_000, 400_000_000, 600_000_000]
    assert source.dropped == 4
    assert capfd.readouterr().err == ""


def test_sizes_may_differ_from_image_to_image(tmp_path: Path) -> None:
    write(tmp_path / "1.png", 1)
    write(tmp_path / "2.png", 2, size=(1, 1))
    source = opened(tmp_path)
    assert [source.read_latest(0.0).image.shape, source.read_latest(0.0).image.shape] == [(48, 64, 3), (1, 1, 3)]


def test_one_image_is_a_source_of_one_frame(tmp_path: Path) -> None:
    source = opened(write(tmp_path / "face.jpg", 77))
    frame = source.read_latest(0.0)
    assert (frame.seq, frame.t_ns, frame.image.shape) == (0, 0, (48, 64, 3))
    with pytest.raises(EndOfSource):
        source.read_latest(0.0)


def test_a_series_of_few_bits_uses_its_range_which_is_learned_and_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number, brightest in enumerate((1000, 1000, 4095, 900)):
        assert cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((8, 8), brightest, np.uint16))
    learned = opened(tmp_path)
    assert [int(learned.read_latest(0.0).image.max()) for _ in range(4)] == [250, 250, 255, 56]
    assert [record.getMessage() for record in caplog.records] == [
        f"{tmp_path}: 16-bit images with values below 1024: read as 10 bits",
        f"{tmp_path}: 16-bit images with values below 4096: read as 12 bits",
    ]
    told = open_images(tmp_path, realtime=False, request=CaptureRequest(pixel_format="Y12"))
    assert [int(told.read_latest(0.0).image.max()) for _ in range(4)] == [62, 62, 255, 56]


@pytest.mark.parametrize(
    "image",
    [
        np.full((8, 8), 120, np.uint8),
        np.full((8, 8, 3), 120, np.uint8),
        np.full((8, 8, 4), 120, np.uint8),
        np.full((8, 8), 120 * 256, np.uint16),
        np.full((8, 8, 3), 120 * 256, np.uint16),
    ],
)
def test_grey_alpha_and_sixteen_bit_images_become_bgr(image: NDArray[np.uint8]) -> None:
    encoded = cv2.imencode(".png", image)[1]
    decoded = decode_image(encoded.tobytes())
    assert decoded is not None
    np.testing.assert_array_equal(decoded, np.full((8, 8, 3), 120, np.uint8))


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(SourceError, match="holds no images") as caught:
        opened(tmp_path)
    assert str(tmp_path) in str(caught.value) and caught.value.exit_status == 3


def test_a_folder_of_nothing_but_broken_images_is_refused(tmp_path: Path) -> None:
    for name in ("a.png", "b.jpg", "c.tif"):
        (tmp_path / name).write_bytes(b"hello")
    with pytest.raises(SourceError, match="none of its 3 images can be decoded"):
        opened(tmp_path)


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff\xd8\xff\xe0 cut off"])
def test_a_broken_image_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "face.jpg"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"face.jpg: the image cannot be decoded"):
        opened(path)


def test_a_picture_of_fractions_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    assert cv2.imwrite(str(path), np.zeros((8, 8), np.float32))
    with pytest.raises(SourceError, match="convert to 8- or 16-bit PNG"):
        opened(path)
