"""Uncompressed frames through a pipe: bytes in, the right picture out, whatever happens in between."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from tools.rigs.waiting import eventually
from wakeful import ConfigError, SourceError
from wakeful.sensors.raw_frames import ALIASES, LAYOUTS
from wakeful.sensors.source import EndedEarly, EndOfSource, StaleFrame
from wakeful.sensors.standard_input import PATIENCE, PipeStream
from wakeful.sensors.stream import StreamCamera

NOISE = np.random.default_rng(3)
SMOOTH = cv2.resize(NOISE.integers(80, 160, (3, 4, 3), dtype=np.uint8), (64, 48))


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Both ends; the one to write is closed by the test or here."""
    read, write = os.pipe()
    yield read, write
    for end in (read, write):
        with suppress(OSError):
            os.close(end)


def source_of(form: str, descriptor: int) -> StreamCamera:
    return StreamCamera(f"pipe:{form}", partial(PipeStream, form, descriptor), patience=PATIENCE)


def written(name: str) -> bytes:
    """``SMOOTH`` as the layout has it, by OpenCV's own conversions."""
    grey = cv2.cvtColor(SMOOTH, cv2.COLOR_BGR2GRAY)
    match name:
        case "BGR":
            return SMOOTH.tobytes()
        case "RGB":
            return SMOOTH[:, :, ::-1].tobytes()
        case "BGRA":
            return cv2.cvtColor(SMOOTH, cv2.COLOR_BGR2BGRA).tobytes()
        case "GREY":
            return grey.tobytes()
        case "I420":
            return cv2.cvtColor(SMOOTH, cv2.COLOR_BGR2YUV_I420).tobytes()
        case "NV12":
            planes = cv2.cvtColor(SMOOTH, cv2.COLOR_BGR2YUV_I420).reshape(-1)
            u, v = planes[64 * 48 :].reshape(2, -1)
            return planes[: 64 * 48].tobytes() + np.stack([u, v], axis=1).tobytes()
        case "YUYV":
            return cv2.cvtColor(SMOOTH, cv2.COLOR_BGR2YUV_YUY2).tobytes()
        case "UYVY":
            return cv2.cvtColor(SMOOTH, cv2.COLOR_BGR2YUV_UYVY).tobytes()
        case "Y10P":
            return np.pad(grey.reshape(-1, 4), ((0, 0), (0, 1))).tobytes()
        case "Y12P":
            return np.pad(grey.reshape(-1, 2), ((0, 0), (0, 1))).tobytes()
        case "Y14P":
            return np.pad(grey.reshape(-1, 4), ((0, 0), (0, 3))).tobytes()
        case _:
            return (grey.astype("<u2") << (int(name[1:]) - 8)).tobytes()


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_gives_the_picture(name: str, pipe: tuple[int, int]) -> None:
    read, write = pipe
    os.write(write, written(name))
    with closing(source_of(f"64x48:{name.lower()}", read)) as source:
        frame = source.read_latest(2.0)
    assert (source.info.width, source.info.height, source.info.pixel_format) == (64, 48, name)
    is_grey = name == "GREY" or name.startswith("Y1")
    expected = cv2.cvtColor(cv2.cvtColor(SMOOTH, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR) if is_grey else SMOOTH
    # Half of the colours is left out in YUV, and rounded.
    assert np.abs(frame.image.astype(int) - expected).max() <= (0 if is_grey or name in ("BGR", "RGB", "BGRA") else 12)


def test_words_of_ten_bits_that_are_called_sixteen_are_noticed(pipe: tuple[int, int]) -> None:
    read, write = pipe
    os.write(write, written("Y10"))
    with closing(source_of("64x48:gray16le", read)) as source:
        image = source.read_latest(2.0).image
    np.testing.assert_array_equal(image[..., 0], cv2.cvtColor(SMOOTH, cv2.COLOR_BGR2GRAY))


def test_other_names_mean_the_same() -> None:
    assert all(name in LAYOUTS for name in ALIASES.values())
    assert not set(ALIASES) & set(LAYOUTS)


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ("64x48:JPEG2", "no layout of frames is called 'JPEG2': use BGR, RGB"),
        ("64x47:I420", "no size of I420 frames: use even numbers"),
        ("0x48:BGR", "no size of BGR frames"),
        ("64x48", "should be pipe:WIDTHxHEIGHT:FORMAT, as in pipe:640x480:BGR"),
        ("", "should be pipe:WIDTHxHEIGHT:FORMAT"),
    ],
)
def test_a_form_that_cannot_be_is_refused(form: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        source_of(form, 0)


def frame_bytes(number: int) -> bytes:
    image = SMOOTH.copy()
    image[:, :, 0] = number
    return image.tobytes()


def numbers(source: StreamCamera, until: Callable[[list[int]], bool], timeout_s: float = 10.0) -> list[int]:
    """The frames that came, by their numbers."""
    found: list[int] = []

    def look() -> bool:
        try:
            found.append(int(source.read_latest(0.05).image[5, 5, 0]))
        except StaleFrame:
            return False
        return until(found)

    assert eventually(look, timeout_s), found
    return found


def test_the_end_of_a_pipe_is_the_end_of_the_source(pipe: tuple[int, int]) -> None:
    read, write = pipe
    os.write(write, frame_bytes(1))
    with closing(source_of("64x48:BGR", read)) as source:
        assert source.read_latest(2.0)
        os.close(write)
        with pytest.raises(EndOfSource, match="is over") as caught:
            source.read_latest(5.0)
    assert not isinstance(caught.value, EndedEarly)


def test_a_pipe_that_breaks_within_a_frame_ended_early(pipe: tuple[int, int]) -> None:
    read, write = pipe
    os.write(write, frame_bytes(1) + b"the beginning of another")
    with closing(source_of("64x48:BGR", read)) as source:
        assert source.read_latest(2.0)
        os.close(write)
        with pytest.raises(EndedEarly, match="check the size"):
            source.read_latest(5.0)


def test_a_pipe_without_a_frame_is_refused(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = pipe
    monkeypatch.setattr("wakeful.sensors.standard_input.START_S", 0.2)
    with pytest.raises(SourceError, match=r"no frame came on standard input in 0.2 s: pipe the program"):
        source_of("64x48:BGR", read)
    os.close(write)
    with pytest.raises(SourceError, match="ended before the first frame"):
        source_of("64x48:BGR", read)
    terminal, other = os.openpty()
    with pytest.raises(SourceError, match="standard input is a terminal"):
        source_of("64x48:BGR", other)
    os.close(terminal)
    os.close(other)


def test_a_writer_that_stops_within_a_frame_goes_on_there(pipe: tuple[int, int]) -> None:
    read, write = pipe
    os.write(write, frame_bytes(1))
    with closing(source_of("64x48:BGR", read)) as source:
        assert numbers(source, lambda found: found == [1])
        half = frame_bytes(2)
        os.write(write, half[:3000])
        assert eventually(lambda: source.lost == "hanging")
        os.write(write, half[3000:])
        for number in range(3, 60):
            time.sleep(0.03)
            os.write(write, frame_bytes(number))
        assert set(numbers(source, lambda found: 59 in found)) <= set(range(3, 60))
        assert source.lost is None


def test_a_named_pipe_may_get_another_writer(tmp_path: Path) -> None:
    name = tmp_path / "camera"
    os.mkfifo(name)
    read = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(read, True)
    writer = os.open(name, os.O_WRONLY)
    os.write(writer, frame_bytes(1))
    with closing(source_of("64x48:BGR", read)) as source:
        assert numbers(source, lambda found: found == [1])
        os.write(writer, frame_bytes(2)[:100])
        os.close(writer)
        assert eventually(lambda: source.lost is not None)
        writer = os.open(name, os.O_WRONLY)
        for number in range(10, 60):
            os.write(writer, frame_bytes(number))
            time.sleep(0.03)
        assert set(numbers(source, lambda found: 59 in found)) <= set(range(10, 60))
        os.close(writer)
    os.close(read)


def y4m(width: int, height: int, number: int, *, header: bool = True) -> bytes:
    image = np.full((height, width, 3), 0, np.uint8)
    image[:] = number
    head = f"YUV4MPEG2 W{width} H{height} F30:1 Ip A1:1 C420jpeg\n".encode() if header else b""
    return head + b"FRAME\n" + cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420).tobytes()


def test_yuv4mpeg_changes_its_size_and_survives_garbage(pipe: tuple[int, int]) -> None:
    read, write = pipe
    os.write(write, y4m(64, 48, 50))
    with closing(source_of("y4m", read)) as source:
        assert source.read_latest(2.0).image.shape == (48, 64, 3)

        def write_all() -> None:
            for number in range(100, 105):
                os.write(write, y4m(32, 16, number))
                time.sleep(0.03)
            os.write(write, NOISE.bytes(50_000))
            for number in range(150, 180):
                time.sleep(0.03)
                os.write(write, y4m(32, 16, number, header=False))

        writer = threading.Thread(target=write_all)
        writer.start()
        found = numbers(source, lambda found: abs(found[-1] - 179) < 3)
        writer.join()
        assert (source.info.width, source.info.height) == (32, 16)
        assert sum(97 < one < 108 for one in found) >= 3 and sum(147 < one < 182 for one in found) >= 10


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"YUV4MPEG2 W64 H48 C444\n", "64x48, 444: use even sizes and 4:2:0"),
        (b"YUV4MPEG2 W64 H48 C420p10\n", "use even sizes and 4:2:0"),
        (b"YUV4MPEG2 W63 H48\n", "use even sizes"),
        (b"YUV4MPEG2 W99999 H48\n", "impossible size"),
        (b"YUV4MPEG2\n", "impossible size"),
    ],
)
def test_yuv4mpeg_of_another_kind_is_refused_with_its_fix(head: bytes, reason: str, pipe: tuple[int, int]) -> None:
    read, write = pipe
    os.write(write, head + b"FRAME\n")
    with pytest.raises(SourceError, match=reason):
        source_of("y4m", read)
