"""Small pictures of what happened, out of whatever a log calls a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mcap", reason="logs need mcap: pip install 'wakeful[record]'")

from tools.rigs.log_samples import CONFIG, at, log_bytes
from wakeful.device.record.reader import Recording, recording
from wakeful.device.record.schema import Picture
from wakeful.device.view.thumbnails import WIDTH_PX, jpeg_size, shrunk, thumbnails
from wakeful.sensors.opencv import cv2


def jpeg(grey: int = 100, width: int = 640, height: int = 480) -> bytes:
    return cv2.imencode(".jpg", np.full((height, width, 3), grey, np.uint8))[1].tobytes()


def filmed(folder: Path, *pictures: tuple[float, bytes]) -> Recording:
    file = folder / "film.mcap"
    messages = [Picture(at(t_s), seq, data) for seq, (t_s, data) in enumerate(pictures)]
    file.write_bytes(log_bytes(messages, CONFIG))
    return recording(file)


def test_a_moment_gets_the_pictures_nearest_to_it_in_their_order(tmp_path: Path) -> None:
    film = filmed(tmp_path, *((i / 2, jpeg(min(255, 10 * i))) for i in range(40)))
    found = thumbnails(film, [10.2])
    assert [one.t_s for one in found[10.2]] == [7.0, 9.0, 10.0, 11.0, 13.0]
    assert jpeg_size(found[10.2][0].jpeg) == (WIDTH_PX, WIDTH_PX * 3 // 4)


def test_a_moment_that_was_not_filmed_gets_none(tmp_path: Path) -> None:
    film = filmed(tmp_path, *((i / 2, jpeg()) for i in range(10)))
    assert list(thumbnails(film, [2.0, 60.0])) == [2.0]
    assert thumbnails(film, []) == {}


def test_the_moments_named_first_get_pictures_if_there_are_many(tmp_path: Path) -> None:
    film = filmed(tmp_path, *((float(i), jpeg(width=64, height=48)) for i in range(150)))
    assert sorted(thumbnails(film, [float(i) for i in range(149, -1, -1)]))[0] == 70.0


def test_what_is_no_picture_is_left_out(tmp_path: Path) -> None:
    whole = jpeg()
    huge = bytearray(whole)
    at_size = huge.index(b"\xff\xc0") + 5
    huge[at_size : at_size + 4] = b"\xff\xff\xff\xff"
    for bad in (b"", b"\xff\xd8", b"\xff\xd8" + b"\xff\xe0\x00\x00" * 1000, b"GIF89a" * 10, bytes(huge)):
        assert shrunk(bad) is None
    film = filmed(tmp_path, (1.0, b"no picture"), (4.0, whole))
    assert [one.t_s for one in thumbnails(film, [1.0])[1.0]] == [4.0]


def test_the_size_that_a_picture_claims_is_read_without_decoding_it() -> None:
    assert jpeg_size(jpeg(width=123, height=45)) == (123, 45)
    assert jpeg_size(jpeg()[:20]) is None
