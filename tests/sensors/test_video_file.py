"""Video files and GIFs give every frame once, at the time the file says."""

from __future__ import annotations

import json
import math
import struct
import time
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from wakeful import SourceError
from wakeful.sensors.frame import Frame
from wakeful.sensors.request import CaptureRequest
from wakeful.sensors.slot import PacedSource
from wakeful.sensors.source import EndedEarly, EndOfSource
from wakeful.sensors.video_file import open_video, rising_pts_ns

RED, GREEN, BLUE = 1, 2, 3
PALETTE = bytes([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
LEAVE, CLEAR, RESTORE = 1, 2, 3


def write_video(path: Path, frames: int = 20, fps: float = 25.0, contrast: int = 1) -> Path:
    """An MJPG film whose grey level is 10 times the frame number, and noise on top that makes it bigger."""
    noise = np.random.default_rng(5)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (64, 48))
    assert writer.isOpened()
    for index in range(frames):
        writer.write(noise.integers(index * 10, index * 10 + contrast, (48, 64, 3)).astype(np.uint8))
    writer.release()
    return path


def gif_part(left: int, top: int, width: int, height: int, colour: int, delay_cs: int, disposal: int) -> bytes:
    """One image of a GIF: a rectangle of one colour, with its duration and what becomes of it afterwards."""
    bits: list[int] = []
    for index in range(width * height):
        # A clear code before every second pixel keeps all codes 3 bits long.
        codes = ([4] if index % 2 == 0 else []) + [colour]
        bits += [code >> bit & 1 for code in codes for bit in range(3)]
    bits += [1, 0, 1]
    bits += [0] * (-len(bits) % 8)
    data = bytes(sum(bits[at + bit] << bit for bit in range(8)) for at in range(0, len(bits), 8))
    blocks = b"".join(bytes([len(data[at : at + 255])]) + data[at : at + 255] for at in range(0, len(data), 255))
    control = b"\x21\xf9\x04" + struct.pack("<BHBB", disposal << 2, delay_cs, 0, 0)
    return control + b"\x2c" + struct.pack("<HHHHB", left, top, width, height, 0) + b"\x02" + blocks + b"\x00"


def write_gif(path: Path, *parts: bytes) -> Path:
    header = b"GIF89a" + struct.pack("<HHBBB", 8, 8, 0b10010001, 0, 0) + PALETTE
    path.write_bytes(header + b"".join(parts) + b"\x3b")
    return path


def opened(path: Path, *, realtime: bool = False, request: CaptureRequest | None = None) -> PacedSource:
    return open_video(path, realtime=realtime, request=request or CaptureRequest())


def all_frames(source: PacedSource) -> list[Frame]:
    frames = []
    with pytest.raises(EndOfSource):
        while True:
            frames.append(source.read_latest(1.0))
    source.close()
    return frames


def colours(image: NDArray[np.uint8]) -> str:
    """The diagonal of a picture as letters."""
    letters = {(0, 0, 0): ".", (0, 0, 255): "R", (0, 255, 0): "G", (255, 0, 0): "B"}
    return "".join(letters.get((int(image[i, i, 0]), int(image[i, i, 1]), int(image[i, i, 2])), "?") for i in range(8))


def test_every_frame_comes_once_in_order_with_the_time_of_the_file(tmp_path: Path) -> None:
    source = opened(write_video(tmp_path / "a.avi"))
    assert (source.info.width, source.info.height, source.info.fps, source.info.live) == (64, 48, 25.0, False)
    frames = all_frames(source)
    assert [frame.seq for frame in frames] == list(range(20))
    assert [frame.t_ns for frame in frames] == [index * 40_000_000 for index in range(20)]
    for index, frame in enumerate(frames):
        assert abs(float(frame.image.mean()) - index * 10) < 3
    assert (source.dropped, source.lost) == (0, None)


def test_realtime_plays_by_the_clock_and_ends(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.avi")

    def lasts_s() -> float:
        source = opened(video, realtime=True)
        assert source.info.live
        start = time.monotonic()
        frames = all_frames(source)
        lasted_s = time.monotonic() - start
        assert len(frames) + source.dropped == 20
        assert all((b.t_ns - a.t_ns) == (b.seq - a.seq) * 40_000_000 for a, b in pairwise(frames))
        return lasted_s

    # Other work on the machine may spoil a round, but not every one.
    assert any(0.7 < lasts_s() < 1.5 for _ in range(5))


def test_a_gif_is_composed_and_each_frame_has_its_own_duration(tmp_path: Path) -> None:
    path = write_gif(
        tmp_path / "a.gif",
        gif_part(0, 0, 8, 8, RED, 8, LEAVE),
        gif_part(2, 2, 2, 2, GREEN, 20, LEAVE),
        gif_part(4, 4, 2, 2, BLUE, 3, RESTORE),
        gif_part(0, 0, 2, 2, BLUE, 50, CLEAR),
        gif_part(6, 6, 2, 2, GREEN, 7, LEAVE),
    )
    frames = all_frames(opened(path))
    assert [colours(frame.image) for frame in frames] == ["RRRRRRRR", "RRGGRRRR", "RRGGBBRR", "BBGGRRRR", "..GGRRGG"]
    assert [frame.t_ns // 1_000_000 for frame in frames] == [0, 80, 280, 310, 810]


def test_a_request_that_a_file_cannot_grant_is_told(tmp_path: Path) -> None:
    source = opened(write_video(tmp_path / "a.avi"), request=CaptureRequest(640, 480, 30.0, "MJPG"))
    assert source.info.requested == "640x480 -> 64x48, 30 fps -> 25 fps"
    source.close()


@pytest.mark.parametrize("keep", [0.9, 0.5])
def test_a_cut_off_video_gives_what_can_be_decoded_then_ends(
    tmp_path: Path, keep: float, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write_video(tmp_path / "a.avi", contrast=100)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    frames = all_frames(opened(path))
    assert 0 < len(frames) < 20
    assert [frame.seq for frame in frames] == list(range(len(frames)))
    assert capfd.readouterr().err == ""


def how_it_ends(source: PacedSource) -> EndOfSource:
    with pytest.raises(EndOfSource) as end:
        while True:
            source.read_latest(1.0)
    source.close()
    return end.value


@pytest.mark.parametrize("keep", [0.6, 0.3])
@pytest.mark.parametrize("realtime", [False, True])
def test_a_file_that_ends_before_its_length_says_so(tmp_path: Path, keep: float, realtime: bool) -> None:
    path = write_video(tmp_path / "a.avi", frames=60, fps=30.0, contrast=100)
    assert not isinstance(how_it_ends(opened(path)), EndedEarly)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    end = how_it_ends(opened(path, realtime=realtime))
    assert isinstance(end, EndedEarly)
    assert "of 2.0 s, cut off or damaged there" in str(end)


def test_a_gif_without_its_end_says_so(tmp_path: Path) -> None:
    part = gif_part(0, 0, 8, 8, RED, 10, LEAVE)
    path = write_gif(tmp_path / "a.gif", part, part, part)
    assert not isinstance(how_it_ends(opened(path)), EndedEarly)
    path.write_bytes(path.read_bytes()[: -len(part)])
    assert isinstance(how_it_ends(opened(path)), EndedEarly)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.mp4", b"", "is empty"),
        ("text.mp4", b"hello\n" * 100, "is not a video"),
        ("random.avi", np.random.default_rng(1).bytes(20_000), "is not a video"),
        ("notes.txt", b"hello", "is not a video"),
        ("header.gif", b"GIF89a\x08\x00\x08\x00\x91\x00\x00" + PALETTE, "no frame can be decoded"),
    ],
)
def test_what_is_no_video_is_refused_in_one_line_and_silence(
    tmp_path: Path, name: str, content: bytes, reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError, match=reason) as caught:
        opened(path)
    assert name in str(caught.value) and "\n" not in str(caught.value)
    assert caught.value.exit_status == 3
    assert capfd.readouterr().err == ""


def test_a_name_with_a_colon_or_a_percent_sign_is_still_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_video(tmp_path / "plain.avi", frames=3).rename(tmp_path / "a:b%02d.avi")
    monkeypatch.chdir(tmp_path)
    assert len(all_frames(opened(Path("a:b%02d.avi")))) == 3


def repaired_ms(*pts_ms: float) -> list[float]:
    previous: int | None = None
    repaired = []
    for value in pts_ms:
        previous = rising_pts_ns(value, previous, 40_000_000)
        repaired.append(previous / 1e6)
    return repaired


def test_good_time_stamps_stay_as_they_are() -> None:
    assert repaired_ms(0.0, 33.0, 100.0, 101.5) == [0.0, 33.0, 100.0, 101.5]


def test_missing_time_stamps_become_the_frame_number_over_the_rate() -> None:
    assert repaired_ms(0.0, 0.0, 0.0, 0.0) == [0.0, 40.0, 80.0, 120.0]
    assert repaired_ms(math.nan, -1.0, math.nan) == [0.0, 40.0, 80.0]


def test_time_stamps_never_fall_or_stand_still() -> None:
    assert repaired_ms(0.0, 40.0, 40.0, 20.0, 200.0) == [0.0, 40.0, 80.0, 120.0, 200.0]


@pytest.mark.shared
@pytest.mark.parametrize("name", ["two-faces.gif", "head-roll-male.gif", "long-closure-dim.mp4", "glances-car.avi"])
def test_the_development_clips_have_the_frames_and_seconds_they_are_known_to_have(name: str) -> None:
    clips = Path(__file__).parents[3] / "shared" / "data" / "clips"
    if not clips.exists():
        pytest.skip("the clips of the development data are not here")
    known = json.loads((clips / "annotations.json").read_text())["clips"][name]
    frames = all_frames(opened(clips / name))
    assert len(frames) == known["frames"]
    last_period_ns = frames[-1].t_ns - frames[-2].t_ns
    assert (frames[-1].t_ns + last_period_ns) / 1e9 == pytest.approx(known["seconds"], abs=0.1)


def test_a_grey_film_of_sixteen_bits_uses_the_range_that_it_has(tmp_path: Path) -> None:
    path = tmp_path / "infrared.mkv"
    shape = [cv2.VIDEOWRITER_PROP_DEPTH, cv2.CV_16U, cv2.VIDEOWRITER_PROP_IS_COLOR, 0]
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"FFV1"), 10.0, (64, 48), shape)
    if not writer.isOpened():
        pytest.skip("this OpenCV writes no film of 16 bits")
    values = np.random.default_rng(5).integers(0, 1024, (48, 64), dtype=np.uint16)
    writer.write(values)
    writer.release()
    source = open_video(path, realtime=False, request=CaptureRequest())
    np.testing.assert_array_equal(source.read_latest(0.0).image[..., 1], values >> 2)
